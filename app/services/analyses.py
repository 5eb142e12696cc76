"""Runs of analyses: asked for by an official, made one after another by a process of their own, kept as JSON.

The row in the database says how far a run is, so that every page can tell. Who cancels it only changes the row:
its maker learns that the next time it tells how far it is. A run whose process was lost stands still, and counts
as failed (queries/analysis_runs.py).

Who makes runs is an edge of its own, like a command: it opens its sessions and commits.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, func, literal, select, true, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from app.errors import Refusal, TooMany, Unknown
from app.i18n import N_
from app.models import AnalysisRun, RunState, TownMap
from app.queries.analyses import ANALYSES, Asked, Cancelled
from app.queries.analysis_runs import (
    LOST,
    SILENT,
    UNFINISHED,
    RunRecord,
    mark_of,
    newest_result,
    packed,
    record_of,
)
from app.queries.maps import MapRecord, read_map
from app.services.audit import Actor, Deed, record

log = logging.getLogger(__name__)

MOST_WAITING = 6
"""Unfinished runs of one map: as many as there are kinds."""
WAIT_S = 60
KEPT = 3
"""Results of one kind and the same choices."""
KEPT_OF_KIND = 12
"""Results of one kind, whatever was chosen."""
TELL_EVERY_S = 0.5
BEAT_S = 5.0
CUT_OFF_S = 20.0
"""How long a cancelled run may go on without looking up."""
TAKEN_UP_FOR = timedelta(minutes=30)
"""A run whose process was ended goes back to those that wait, but for so long only; later it has failed."""

READS = N_("Reading the pins")
KEEPS = N_("Putting the result away")
FAILED = N_("Something broke on our side. Please try again; if it fails again, tell whoever runs this server.")

_UNFINISHED = AnalysisRun.state.in_(UNFINISHED)


@dataclass(frozen=True)
class Order:
    """One run to make."""

    map_id: int
    run_id: uuid.UUID
    kind: str
    asked: Asked


def start_run(session: Session, by: Actor, the_map: MapRecord, kind: str, asked: Asked) -> RunRecord | None:
    """A new run that waits to be made, or the one of the same choices that is under way.

    None where a result of these choices and of these very pins is there already. TooMany where enough of this map
    wait. Unknown for a kind that there is not.
    """
    if kind not in ANALYSES:
        raise Unknown
    # Held till the commit, so that of two clicks at once one is first; pins come in all the same.
    session.execute(select(TownMap.id).where(TownMap.id == the_map.id).with_for_update(key_share=True))
    _give_up_lost(session, the_map.id)
    unfinished = list(session.scalars(select(AnalysisRun).where(AnalysisRun.map_id == the_map.id, _UNFINISHED)))
    same = [run for run in unfinished if run.kind == kind and run.asked == dict(asked)]
    if same:
        return record_of(same[0])
    known = newest_result(session, the_map, kind, asked)
    if known is not None and known.is_fresh:
        return None
    if len(unfinished) >= MOST_WAITING:
        raise TooMany(WAIT_S)
    row = _new_row(session, by, the_map, kind, asked)
    record(session, by, Deed("analysis.start", the_map.slug, {"analysis": kind}), the_map=the_map)
    return record_of(row)


def begin_here(session: Session, by: Actor, the_map: MapRecord, kind: str, asked: Asked) -> Order:
    """A run that whoever asks for it makes at once, without waiting for others."""
    row = _new_row(session, by, the_map, kind, asked)
    row.state = RunState.RUNNING
    row.started_at = row.beat_at = datetime.now(UTC)
    session.flush()
    record(session, by, Deed("analysis.start", the_map.slug, {"analysis": kind}), the_map=the_map)
    return Order(row.map_id, row.id, row.kind, row.asked)


def cancel_run(session: Session, by: Actor, the_map: MapRecord, kind: str, *, only_own: bool = False) -> bool:
    """End the unfinished runs of this kind, with `only_own` those that `by` asked for; whether any was."""
    whose = AnalysisRun.asked_by == by.email if only_own else true()
    ended = session.execute(
        update(AnalysisRun)
        .where(AnalysisRun.map_id == the_map.id, AnalysisRun.kind == kind, whose, _UNFINISHED)
        .values(state=RunState.CANCELLED, finished_at=func.clock_timestamp())
        .returning(AnalysisRun.id)
    ).all()
    if ended:
        record(session, by, Deed("analysis.cancel", the_map.slug, {"analysis": kind}), the_map=the_map)
    return bool(ended)


def take_waiting(sessions: sessionmaker[Session]) -> Order | None:
    """The run that has waited longest, now running; None where none waits."""
    with sessions() as session:
        row = session.scalar(
            select(AnalysisRun)
            .where(AnalysisRun.state == RunState.WAITING)
            .order_by(AnalysisRun.created_at, AnalysisRun.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        if row is None:
            return None
        row.state = RunState.RUNNING
        row.step = READS
        row.started_at = row.beat_at = datetime.now(UTC)
        order = Order(row.map_id, row.id, row.kind, row.asked)
        session.commit()
        return order


def hand_back(sessions: sessionmaker[Session], order: Order) -> None:
    """Let a run wait again, as its process has to end; one that was asked for long ago has failed."""
    young = AnalysisRun.created_at > func.clock_timestamp() - literal(TAKEN_UP_FOR)
    with sessions() as session:
        session.execute(
            update(AnalysisRun)
            .where(*_this(order), AnalysisRun.state == RunState.RUNNING)
            .values(
                state=case((young, RunState.WAITING), else_=RunState.FAILED),
                problem=case((young, None), else_=LOST),
                step=None,
                share=0,
            )
        )
        session.commit()


class Progress:
    """How far one run is, told to everybody who asks the database; it raises Cancelled once nobody waits."""

    def __init__(
        self,
        sessions: sessionmaker[Session],
        order: Order,
        also: Callable[[float, str], None] | None = None,
    ) -> None:
        self._sessions, self._order, self._also = sessions, order, also
        self._told: tuple[float, str | None] = (0.0, None)
        self.is_over = False
        """Whether the run is nobody's any more."""

    def __call__(self, share: float, step: str) -> None:
        """Write it down, but not more often than anybody looks."""
        if self._also:
            self._also(share, step)
        at, before = self._told
        if not self.is_over and step == before and time.monotonic() - at < TELL_EVERY_S:
            return
        self._told = time.monotonic(), step
        if self.is_over or not self.beat(share=min(max(float(share), 0.0), 1.0), step=step):
            raise Cancelled

    def beat(self, **told: object) -> bool:
        """Say that we are still there; whether the run still is."""
        with self._sessions() as session:
            known = session.scalar(
                update(AnalysisRun)
                .where(*_this(self._order), AnalysisRun.state == RunState.RUNNING)
                .values(beat_at=func.clock_timestamp(), **told)
                .returning(AnalysisRun.id)
            )
            session.commit()
        self.is_over = known is None
        return not self.is_over


def make(sessions: sessionmaker[Session], order: Order, progress: Progress, cut_off: Callable[[], None]) -> Any:
    """Make one run and keep what comes out, which is also given back; None where it is cancelled.

    A refusal of what was asked is kept in words, and raised; any other failure is kept in words for the office and
    by its type for the log. `cut_off` is called for a cancelled run that goes on without looking up.
    """
    try:
        with _beating(progress, cut_off):
            progress(0.0, READS)
            made = _made(sessions, order, progress)
            progress(1.0, KEEPS)
            _keep(sessions, order, made)
    except Cancelled:
        log.info("analysis %s of map %s: nobody waits for it any more", order.kind, order.map_id)
        return None
    except Refusal as refusal:
        said = [problem.message for problem in refusal.problems if not problem.data]
        _fail(sessions, order, said[0] if said else refusal.title)
        raise
    except Exception as error:
        # Neither its message nor its values: what citizens wrote may be in them.
        where = "".join(traceback.format_tb(error.__traceback__))
        log.error(  # noqa: TRY400
            "analysis %s of map %s failed: %s\n%s", order.kind, order.map_id, type(error).__name__, where
        )
        _fail(sessions, order, FAILED)
        return None
    return made.result


@dataclass(frozen=True)
class _Made:
    """What came out, of which pins, as of when."""

    result: Any = field(repr=False)
    mark: str
    read_at: datetime


def _made(sessions: sessionmaker[Session], order: Order, progress: Progress) -> _Made:
    """Everything is read in one moment of the database, however long it takes."""
    with sessions() as session:
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        slug = session.scalar(select(TownMap.slug).where(TownMap.id == order.map_id))
        if slug is None:
            raise Cancelled
        read_at = session.scalar(select(func.clock_timestamp())) or datetime.now(UTC)
        the_map = read_map(session, slug)
        mark = mark_of(session, the_map, order.kind, order.asked)
        return _Made(ANALYSES[order.kind].make(session, the_map, order.asked, progress), mark, read_at)


def _keep(sessions: sessionmaker[Session], order: Order, made: _Made) -> None:
    """Put the result away; nothing happens where the run was cancelled meanwhile."""
    with sessions() as session:
        store_result(session, order, made.result, made.mark, made.read_at)
        session.commit()


def store_result(session: Session, order: Order, result: Any, mark: str, read_at: datetime) -> None:
    """The run done, with what came out; older ones of its kind go, but for the newest few."""
    session.execute(
        update(AnalysisRun)
        .where(*_this(order), AnalysisRun.state == RunState.RUNNING)
        .values(
            state=RunState.DONE,
            share=1,
            step=None,
            result=packed(result),
            mark=mark,
            started_at=read_at,
            finished_at=func.clock_timestamp(),
        )
    )
    of_kind = [AnalysisRun.map_id == order.map_id, AnalysisRun.kind == order.kind]
    newest = (
        select(AnalysisRun.id, AnalysisRun.asked)
        .where(*of_kind, AnalysisRun.state == RunState.DONE)
        .order_by(AnalysisRun.created_at.desc(), AnalysisRun.id)
    )
    done = session.execute(newest).all()
    same = [row.id for row in done if row.asked == dict(order.asked)]
    old = {row.id for row in done[KEPT_OF_KIND:]} | set(same[KEPT:])
    over = AnalysisRun.state.in_([RunState.FAILED, RunState.CANCELLED])
    session.execute(delete(AnalysisRun).where(*of_kind, over | AnalysisRun.id.in_(old)))


def _fail(sessions: sessionmaker[Session], order: Order, problem: str) -> None:
    with sessions() as session:
        session.execute(
            update(AnalysisRun)
            .where(*_this(order), _UNFINISHED)
            .values(state=RunState.FAILED, problem=problem, finished_at=func.clock_timestamp())
        )
        session.commit()


@contextmanager
def _beating(progress: Progress, cut_off: Callable[[], None]) -> Iterator[None]:
    """Says every few seconds that we are there, also while a long step tells nothing."""
    done = threading.Event()

    def beat() -> None:
        over_since: float | None = None
        while not done.wait(BEAT_S):
            try:
                alive = progress.beat()
            except SQLAlchemyError:  # the database rests for a moment; the next time, perhaps
                continue
            over_since = None if alive else over_since or time.monotonic()
            if over_since and time.monotonic() - over_since > CUT_OFF_S:
                cut_off()

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _give_up_lost(session: Session, map_id: int) -> None:
    """Whose process was not heard of for long has failed; should it live after all, it finds that nobody waits."""
    session.execute(
        update(AnalysisRun)
        .where(
            AnalysisRun.map_id == map_id,
            AnalysisRun.state == RunState.RUNNING,
            func.coalesce(AnalysisRun.beat_at, AnalysisRun.created_at) < func.clock_timestamp() - literal(SILENT),
        )
        .values(state=RunState.FAILED, problem=LOST, finished_at=func.clock_timestamp())
    )


def _new_row(session: Session, by: Actor, the_map: MapRecord, kind: str, asked: Asked) -> AnalysisRun:
    row = AnalysisRun(
        map_id=the_map.id,
        id=uuid.uuid4(),
        kind=kind,
        asked=dict(asked),
        mark="",
        state=RunState.WAITING,
        share=0.0,
        asked_by=by.email,
        created_at=func.clock_timestamp(),
    )
    session.add(row)
    session.flush()
    session.refresh(row)
    return row


def _this(order: Order) -> tuple[Any, Any]:
    return AnalysisRun.map_id == order.map_id, AnalysisRun.id == order.run_id
