"""`pocit analysis`: computing here and now, and seeing which there are."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import AnalysisRun, AuditEntry, RunState
from app.queries.analysis_runs import newest_result
from app.queries.maps import MapRecord
from tests.builders import a_map, a_pin
from tests.cli.conftest import Said

Pocit = Callable[..., Said]


@pytest.fixture
def town(live_session: Session) -> MapRecord:
    the_map = a_map(live_session)
    for n in range(40):
        a_pin(live_session, the_map, "unsafe", respondent=f"r{n}")
    return the_map


def test_what_comes_out_is_written_as_json_and_kept_for_the_office(
    pocit: Pocit, live_session: Session, town: MapRecord, tmp_path: Path
) -> None:
    file = tmp_path / "places.json"
    said = pocit("analysis", "run", "testov", "places", "-o", str(file))
    assert (said.status, said.out, said.err) == (0, "", "")
    written = json.loads(file.read_text())
    assert (written["map"], written["kind"], written["asked"]) == ("testov", "places", {})
    assert written["pins_as_of"]
    unsafe = next(one for one in written["result"]["categories"] if one["category"] == "unsafe")
    assert [place["spoken"]["unsafe"]["people"] for place in unsafe["places"]] == [40]
    kept = newest_result(live_session, town, "places")
    assert kept is not None
    assert kept.is_fresh
    assert kept.result.people == 40
    deed = live_session.scalars(select(AuditEntry).where(AuditEntry.action == "analysis.start")).one()
    assert deed.official == "server"


def test_without_a_file_it_goes_to_stdout(pocit: Pocit, town: MapRecord) -> None:
    said = pocit("analysis", "run", "testov", "places")
    assert said.status == 0
    assert json.loads(said.out)["result"]["pins"] == 40


def test_the_list_says_of_each_whether_it_is_of_todays_pins(
    pocit: Pocit, live_session: Session, town: MapRecord
) -> None:
    pocit("analysis", "run", "testov", "places")
    rows = [line.split("\t") for line in pocit("analysis", "list", "testov").out.splitlines()]
    assert [row[0] for row in rows] == ["places", "contrast", "themes", "rounds", "facts", "robustness"]
    assert (rows[0][1], rows[0][3]) == ("done", "fresh")
    assert rows[1][1:4] == ["not computed", "-", "-"]
    a_pin(live_session, town, respondent="late")
    assert pocit("analysis", "list", "testov").out.splitlines()[0].split("\t")[3] == "changed since"


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (["run", "nowhere", "places"], 1),
        (["list", "nowhere"], 1),
        (["run", "testov", "rounds"], 1),
        (["run", "testov", "contrast", "--asked", "one=nonsense"], 1),
        (["run", "testov", "nonsense"], 2),
        (["run", "testov", "places", "--asked", "without-a-value"], 2),
        (["run", "testov"], 2),
    ],
)
def test_what_cant_be_done_is_said_in_one_line(
    pocit: Pocit, live_session: Session, town: MapRecord, words: list[str], status: int
) -> None:
    said = pocit("analysis", *words)
    assert said.status == status
    assert said.out == ""
    if status == 1:
        assert len(said.err.strip().splitlines()) == 1
    assert live_session.scalars(select(AnalysisRun).where(AnalysisRun.state == RunState.RUNNING)).all() == []
