"""Runs of analyses on really committed rows: who makes them, who sees how far they are, what is kept of them."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select, text, update
from sqlalchemy.orm import Session, sessionmaker

from app.config import ROOT
from app.db import open_database
from app.errors import InvalidInput, Problem, TooMany, Unknown
from app.models import AnalysisRun, AuditEntry, Pin, RunState
from app.queries.analyses import ANALYSES, AnalysisKind
from app.queries.analysis_runs import LOST, SILENT, newest_result, newest_run, runs_of
from app.queries.maps import MapRecord
from app.services import analyses
from app.services.analyses import KEPT, MOST_WAITING, Order, Progress, cancel_run, make, start_run, take_waiting
from app.services.analyst import ONE_AT_A_TIME, Analyst
from app.services.audit import BY_ITSELF
from tests.builders import a_map, a_pin

Sessions = sessionmaker[Session]
PATIENCE_S = 60
SAID = "what a citizen wrote"


@dataclass(frozen=True)
class Counted:
    """What the test's own kind of analysis finds."""

    pins: int
    again: int


@pytest.fixture
def engine(live_url: str) -> Iterator[Engine]:
    made = open_database(live_url).engine
    yield made
    made.dispose()


@pytest.fixture
def sessions(engine: Engine) -> Sessions:
    return sessionmaker(engine, expire_on_commit=False)


@pytest.fixture
def town(live_session: Session) -> MapRecord:
    the_map = a_map(live_session)
    for n in range(5):
        a_pin(live_session, the_map, "unsafe", respondent=f"r{n}")
    return the_map


@pytest.fixture
def between(monkeypatch: pytest.MonkeyPatch) -> list[Callable[..., None]]:
    """A kind of the test's own, `counting`: it counts pins, lets the test do something, and counts once more."""
    deeds: list[Callable[..., None]] = []

    def find(session: Session, the_map: MapRecord, asked: object, told: Callable[..., None]) -> Counted:
        def count() -> int:
            return session.scalar(select(func.count()).select_from(Pin).where(Pin.map_id == the_map.id)) or 0

        first = count()
        for deed in deeds:
            deed(told)
        return Counted(first, count())

    module = types.ModuleType("app.queries.analysis_counting")
    module.Result, module.find = Counted, find  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(ANALYSES, "counting", AnalysisKind("counting", "Counting", "How many?"))  # type: ignore[misc]
    return deeds


def never() -> None:
    raise AssertionError("cut off")


def started(session: Session, the_map: MapRecord, kind: str = "counting", **asked: str) -> None:
    start_run(session, BY_ITSELF, the_map, kind, asked)
    session.commit()


def made(sessions: Sessions) -> object:
    order = take_waiting(sessions)
    assert order is not None
    return make(sessions, order, Progress(sessions, order), never)


def state_of(session: Session, the_map: MapRecord, kind: str = "counting") -> RunState:
    session.rollback()
    run = runs_of(session, the_map.id, kind)[0]
    return run.state


def until(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < limit, "it did not come about"
        time.sleep(0.05)


def test_a_run_waits_is_made_and_kept_with_the_mark_of_its_pins(
    live_session: Session, sessions: Sessions, town: MapRecord, between: list[Callable[..., None]]
) -> None:
    started(live_session, town)
    assert state_of(live_session, town) == RunState.WAITING
    assert made(sessions) == Counted(5, 5)
    kept = newest_result(live_session, town, "counting")
    assert kept is not None
    assert kept.result == Counted(5, 5)
    assert kept.is_fresh
    a_pin(live_session, town, respondent="late")
    changed = newest_result(live_session, town, "counting")
    assert changed is not None
    assert not changed.is_fresh
    deed = live_session.scalars(select(AuditEntry).where(AuditEntry.action == "analysis.start")).one()
    assert deed.detail == {"analysis": "counting"}


def test_everything_is_read_in_one_moment(
    live_session: Session, sessions: Sessions, town: MapRecord, between: list[Callable[..., None]]
) -> None:
    between.append(lambda told: a_pin(live_session, town, respondent="meanwhile") and None)
    started(live_session, town)
    assert made(sessions) == Counted(5, 5)
    kept = newest_result(live_session, town, "counting")
    assert kept is not None
    assert not kept.is_fresh


def test_what_is_known_or_under_way_is_not_made_twice(
    live_session: Session, sessions: Sessions, town: MapRecord, between: list[Callable[..., None]]
) -> None:
    started(live_session, town)
    started(live_session, town)
    assert len(runs_of(live_session, town.id)) == 1
    made(sessions)
    assert start_run(live_session, BY_ITSELF, town, "counting", {}) is None
    other = start_run(live_session, BY_ITSELF, town, "counting", {"against": "other"})
    assert other is not None
    a_pin(live_session, town, respondent="late")
    assert start_run(live_session, BY_ITSELF, town, "counting", {}) is not None


def test_of_one_map_only_so_many_wait(live_session: Session, town: MapRecord, between: object) -> None:
    for n in range(MOST_WAITING):
        started(live_session, town, against=str(n))
    with pytest.raises(TooMany):
        start_run(live_session, BY_ITSELF, town, "counting", {"against": "one more"})
    elsewhere = a_map(live_session, "jinde")
    assert start_run(live_session, BY_ITSELF, elsewhere, "counting", {})
    with pytest.raises(Unknown):
        start_run(live_session, BY_ITSELF, town, "nonsense", {})


def test_others_see_how_far_it_is(
    live_session: Session, sessions: Sessions, town: MapRecord, between: list[Callable[..., None]]
) -> None:
    seen = []

    def look(told: Callable[..., None]) -> None:
        told(0.4, "Counting")
        live_session.rollback()
        run = newest_run(live_session, town.id, "counting")
        assert run
        seen.append((run.state, run.share, run.step))

    between.append(look)
    started(live_session, town)
    made(sessions)
    assert seen == [(RunState.RUNNING, 0.4, "Counting")]


def test_a_cancelled_run_ends_when_it_next_tells_how_far_it_is(
    live_session: Session, sessions: Sessions, town: MapRecord, between: list[Callable[..., None]]
) -> None:
    after = []

    def cancel(told: Callable[..., None]) -> None:
        cancel_run(live_session, BY_ITSELF, town, "counting")
        live_session.commit()
        told(0.5, "Counting")
        after.append("went on")

    between.append(cancel)
    started(live_session, town)
    assert made(sessions) is None
    assert after == []
    assert state_of(live_session, town) == RunState.CANCELLED
    assert newest_result(live_session, town, "counting") is None
    assert newest_run(live_session, town.id, "counting") is None
    assert not cancel_run(live_session, BY_ITSELF, town, "counting")


def test_a_run_cancelled_at_the_very_end_is_not_kept(
    live_session: Session, sessions: Sessions, town: MapRecord, between: list[Callable[..., None]]
) -> None:
    started(live_session, town)
    order = take_waiting(sessions)
    assert order
    cancel_run(live_session, BY_ITSELF, town, "counting")
    live_session.commit()
    with sessions() as session:
        analyses.store_result(session, order, Counted(1, 1), "mark", datetime.now(UTC))
        session.commit()
    assert newest_result(live_session, town, "counting") is None


def test_a_cancelled_run_that_never_looks_up_is_cut_off(
    live_session: Session,
    sessions: Sessions,
    town: MapRecord,
    between: list[Callable[..., None]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(analyses, "BEAT_S", 0.05)
    monkeypatch.setattr(analyses, "CUT_OFF_S", 0.1)
    cut: list[bool] = []

    def stubborn(told: Callable[..., None]) -> None:
        cancel_run(live_session, BY_ITSELF, town, "counting")
        live_session.commit()
        until(lambda: bool(cut))

    between.append(stubborn)
    started(live_session, town)
    order = take_waiting(sessions)
    assert order
    make(sessions, order, Progress(sessions, order), lambda: cut.append(True))
    assert cut


def test_a_failure_has_words_for_the_office_and_its_type_for_the_log(
    live_session: Session,
    sessions: Sessions,
    town: MapRecord,
    between: list[Callable[..., None]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(told: Callable[..., None]) -> None:
        raise ValueError(SAID)

    between.append(fail)
    started(live_session, town)
    with caplog.at_level(logging.ERROR):
        assert made(sessions) is None
    live_session.rollback()
    run = newest_run(live_session, town.id, "counting")
    assert run
    assert (run.state, run.problem) == (RunState.FAILED, analyses.FAILED)
    assert "ValueError" in caplog.text
    assert SAID not in caplog.text
    between.clear()
    started(live_session, town)
    assert made(sessions) == Counted(5, 5)


def test_a_refusal_is_told_as_it_is(
    live_session: Session, sessions: Sessions, town: MapRecord, between: list[Callable[..., None]]
) -> None:
    def refuse(told: Callable[..., None]) -> None:
        raise InvalidInput(Problem("against", "There is no such round."))

    between.append(refuse)
    started(live_session, town)
    with pytest.raises(InvalidInput):
        made(sessions)
    live_session.rollback()
    run = newest_run(live_session, town.id, "counting")
    assert run
    assert (run.state, run.problem) == (RunState.FAILED, "There is no such round.")


def test_a_run_not_heard_of_has_failed_and_can_be_started_again(
    live_session: Session, sessions: Sessions, town: MapRecord, between: list[Callable[..., None]]
) -> None:
    started(live_session, town)
    lost = take_waiting(sessions)
    assert lost
    long_ago = datetime.now(UTC) - SILENT - timedelta(seconds=1)
    live_session.execute(update(AnalysisRun).values(beat_at=long_ago))
    live_session.commit()
    run = newest_run(live_session, town.id, "counting")
    assert run
    assert (run.state, run.problem) == (RunState.FAILED, LOST)
    started(live_session, town)
    assert made(sessions) == Counted(5, 5)
    # Should the lost one live after all, it finds that nobody waits for it.
    assert make(sessions, lost, Progress(sessions, lost), never) is None


def test_only_the_newest_few_are_kept(
    live_session: Session, sessions: Sessions, town: MapRecord, between: list[Callable[..., None]]
) -> None:
    started(live_session, town, against="other")
    made(sessions)
    for n in range(KEPT + 2):
        a_pin(live_session, town, respondent=f"late {n}")
        started(live_session, town)
        made(sessions)
    live_session.rollback()
    known = runs_of(live_session, town.id)
    assert [run.asked for run in known] == [{}] * KEPT + [{"against": "other"}]
    kept = newest_result(live_session, town, "counting", {"against": "other"})
    assert kept is not None
    assert kept.result == Counted(5, 5)


def test_a_result_of_an_older_form_counts_as_none_and_is_made_anew(
    live_session: Session, sessions: Sessions, town: MapRecord, between: list[Callable[..., None]]
) -> None:
    started(live_session, town)
    made(sessions)
    live_session.execute(update(AnalysisRun).values(result=analyses.packed({"pins": "many"})))
    live_session.commit()
    assert newest_result(live_session, town, "counting") is None
    assert start_run(live_session, BY_ITSELF, town, "counting", {}) is not None


def test_a_process_of_its_own_makes_what_waits_and_ends(
    live_session: Session, live_url: str, town: MapRecord, tmp_path: Path
) -> None:
    analyst = Analyst(live_url, tmp_path)
    started(live_session, town, "places")
    analyst.call()
    analyst.call()
    until(lambda: state_of(live_session, town, "places") == RunState.DONE)
    kept = newest_result(live_session, town, "places")
    assert kept is not None
    assert kept.result.people == 5
    until(lambda: analyst._thread is None)
    a_pin(live_session, town, respondent="late")
    started(live_session, town, "places")
    analyst.call()
    until(lambda: state_of(live_session, town, "places") == RunState.DONE)


def test_a_second_process_ends_at_once(
    live_session: Session, live_url: str, engine: Engine, town: MapRecord, tmp_path: Path
) -> None:
    started(live_session, town, "places")
    analyst = Analyst(live_url, tmp_path)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ONE_AT_A_TIME})
        analyst.call()
        until(lambda: analyst._thread is None)
        assert state_of(live_session, town, "places") == RunState.WAITING
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ONE_AT_A_TIME})


def a_process(live_url: str) -> subprocess.Popen[bytes]:
    """The process at a run that does not end by itself: its pins are locked away."""
    return subprocess.Popen(
        [sys.executable, "-m", "app.services.analyst"],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": live_url},
        stdin=subprocess.PIPE,
    )


@pytest.mark.parametrize("how", ["its server ends", "Ctrl-C, then its server ends"])
def test_when_its_server_ends_the_process_gives_the_run_back_and_ends(
    live_session: Session, live_url: str, engine: Engine, town: MapRecord, how: str
) -> None:
    started(live_session, town, "places")
    with engine.connect() as other, other.begin():
        other.execute(text("LOCK TABLE pin IN ACCESS EXCLUSIVE MODE"))
        with a_process(live_url) as process:
            until(lambda: state_of(live_session, town, "places") == RunState.RUNNING)
            if how.startswith("Ctrl-C"):
                process.send_signal(signal.SIGINT)
                time.sleep(0.2)
                assert process.poll() is None
            assert process.stdin
            process.stdin.close()
            assert process.wait(PATIENCE_S) == 0
    assert state_of(live_session, town, "places") == RunState.WAITING


def test_a_run_given_back_for_too_long_has_failed(
    live_session: Session, sessions: Sessions, town: MapRecord, between: list[Callable[..., None]]
) -> None:
    started(live_session, town)
    order: Order | None = take_waiting(sessions)
    assert order
    old = datetime.now(UTC) - analyses.TAKEN_UP_FOR - timedelta(minutes=1)
    live_session.execute(update(AnalysisRun).values(created_at=old))
    live_session.commit()
    analyses.hand_back(sessions, order)
    assert state_of(live_session, town) == RunState.FAILED
