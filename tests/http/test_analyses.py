"""The office's pages of analyses: what there is, what came out, start and end of a run; none of them computes."""

from __future__ import annotations

import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.models import AnalysisRun, AuditEntry, RunState
from app.queries.analyses import ANALYSES
from app.queries.analysis_obstacles import NO_COMMENTS, NO_FACTS, NO_ROUND, ONE_FEELING, obstacle
from app.queries.maps import MapRecord, read_map
from app.services.analyses import FAILED, MOST_WAITING, begin_here, start_run
from app.services.audit import BY_ITSELF
from app.views.office.analyses.frame import Choice, chosen
from tests.builders import CENTRE, a_basemap, a_map, a_pin, an_analysis, an_official
from tests.doors import csrf_of, sign_in

HUB = "/office/maps/testov/analysis"
PAGE = f"{HUB}/places"
KINDS = list(ANALYSES)


def an_office(app: Flask, session: Session, people: int) -> FlaskClient:
    the_map = a_map(session, basemap_geojson=a_basemap("Lipová"))
    for n in range(people):
        where = (CENTRE[0] + 0.0003 * (n % 3), CENTRE[1] + 0.0002 * (n // 3 % 3))
        a_pin(session, the_map, "unsafe", where, respondent=f"r{n}")
    for n in range(min(people, 2)):
        a_pin(session, the_map, "safe", CENTRE, respondent=f"r{n}")
    return sign_in(app.test_client(), an_official(session))


def the_map(session: Session) -> MapRecord:
    return read_map(session, "testov")


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def read(official: FlaskClient, address: str = PAGE) -> str:
    answer = official.get(address, query_string={"lang": "en"})
    assert answer.status_code == 200
    return answer.text


def start(official: FlaskClient, kind: str = "places", **asked: str) -> int:
    form = {"csrf_token": csrf_of(official, HUB + "/places"), **asked}
    return official.post(f"{HUB}/{kind}/start", data=form).status_code


def run_of(session: Session) -> AnalysisRun:
    session.expire_all()
    return session.scalars(select(AnalysisRun).order_by(AnalysisRun.created_at.desc())).first()


def test_a_crowd_is_a_place_by_name_with_its_people_and_how_sure_it_is(app: Flask, session: Session) -> None:
    official = an_office(app, session, 40)
    an_analysis(session, the_map(session), "places")
    text = words_of(read(official))
    assert "Lipová 99 % 40 people , 40 pins" in text
    assert re.search(r"Here also: Safe 2", text)
    assert "Fewer than 30 people marked this" in text
    assert "Getis-Ord" in text
    assert "DBSCAN" in text
    assert "pins 42, people 40" in text
    assert "The most people in one place: 40 people, Lipová, “Unsafe”." in words_of(read(official, HUB))


def test_the_name_leads_to_the_map_with_the_pins_of_that_place(app: Flask, session: Session) -> None:
    official = an_office(app, session, 40)
    an_analysis(session, the_map(session), "places")
    link = re.search(r'class="analysis-place" href="([^"]+)"', read(official))
    assert link
    there = official.get(unescape(link[1]).replace("/office/maps/testov", "/office/maps/testov/pins.json"))
    assert there.status_code == 200
    assert there.json["count"] == 40


def test_the_page_says_when_pins_have_come_since_and_offers_to_compute_anew(app: Flask, session: Session) -> None:
    official = an_office(app, session, 40)
    an_analysis(session, the_map(session), "places")
    page = read(official)
    assert "Made of the pins as of" in page
    assert "Compute anew" not in page
    finished = run_of(session).finished_at
    a_pin(session, the_map(session), "unsafe", CENTRE, respondent="late", created_at=finished)
    page = read(official)
    assert "1 new pin since" in words_of(page)
    assert "Compute anew" in page
    assert "40 people" in page
    an_analysis(session, the_map(session), "places")
    assert "41 people" in read(official)


def test_before_the_first_run_there_are_words_and_a_button(app: Flask, session: Session) -> None:
    official = an_office(app, session, 40)
    page = read(official)
    assert "has not been computed on this map yet" in page
    assert re.search(r"<button[^>]*>Compute</button>", page)
    assert "Not computed yet." in words_of(read(official, HUB))


def test_start_makes_one_run_that_waits_and_one_deed(app: Flask, session: Session) -> None:
    official = an_office(app, session, 5)
    assert start(official) == 303
    assert start(official) == 303
    runs = session.scalars(select(AnalysisRun)).all()
    assert [(run.kind, run.state, run.asked_by) for run in runs] == [
        ("places", RunState.WAITING, "urad@testov.example")
    ]
    deeds = session.scalars(select(AuditEntry).where(AuditEntry.action == "analysis.start")).all()
    assert len(deeds) == 1
    log = words_of(read(official, "/office/towns/testov/audit"))
    assert "had an analysis computed" in log
    assert "analysis: Hot spots and clusters" in log


def test_while_it_runs_the_page_tells_how_far_it_is_with_and_without_a_script(
    app: Flask, session: Session
) -> None:
    official = an_office(app, session, 5)
    begin_here(session, BY_ITSELF, the_map(session), "places", {})
    session.execute(update(AnalysisRun).values(share=0.42, step="Reading the pins"))
    session.commit()
    page = read(official)
    assert '<progress id="progress" max="100" value="42"' in page
    assert "Reading the pins" in page
    assert '<noscript><meta http-equiv="refresh"' in page
    assert official.get(PAGE + ".json?lang=en").json == {
        "state": "running",
        "share": 0.42,
        "step": "Reading the pins",
    }
    assert "42 %" in words_of(read(official, HUB))


def test_cancel_ends_it_and_the_page_offers_to_begin_again(app: Flask, session: Session) -> None:
    official = an_office(app, session, 5)
    start(official)
    answer = official.post(PAGE + "/cancel", data={"csrf_token": csrf_of(official, PAGE)})
    assert answer.status_code == 303
    assert run_of(session).state == RunState.CANCELLED
    page = read(official)
    assert "<progress" not in page
    assert re.search(r"<button[^>]*>Compute</button>", page)
    assert official.get(PAGE + ".json").json["state"] is None


def test_who_only_reads_cannot_end_what_a_colleague_waits_for(app: Flask, session: Session) -> None:
    official = an_office(app, session, 5)
    start(official)
    reading = sign_in(app.test_client(), an_official(session, email="reads@testov.cz", role="viewer"))
    assert "/cancel" not in read(reading)
    reading.post(PAGE + "/cancel", data={"csrf_token": csrf_of(reading, HUB)})
    assert run_of(session).state == RunState.WAITING
    assert "/cancel" in read(official)


def test_a_failure_is_told_in_words_beside_what_came_out_before(app: Flask, session: Session) -> None:
    official = an_office(app, session, 40)
    an_analysis(session, the_map(session), "places")
    a_pin(session, the_map(session), respondent="late")
    begin_here(session, BY_ITSELF, the_map(session), "places", {})
    running = AnalysisRun.state == RunState.RUNNING
    session.execute(update(AnalysisRun).where(running).values(state=RunState.FAILED, problem=FAILED))
    session.commit()
    page = read(official)
    assert FAILED in page
    assert "40 people" in page
    assert FAILED in words_of(read(official, HUB))
    an_analysis(session, the_map(session), "places")
    assert FAILED not in read(official)


def test_who_starts_too_many_is_told_so(app: Flask, session: Session) -> None:
    official = an_office(app, session, 5)
    for n in range(MOST_WAITING):
        start_run(session, BY_ITSELF, the_map(session), "places", {"n": str(n)})
    session.commit()
    assert start(official) == 429


def test_only_what_is_offered_can_be_chosen() -> None:
    choices = [Choice("against", "Against", [("a", "A"), ("b", "B")], "a")]
    assert chosen(choices, {}) == {"against": "a"}
    assert chosen(choices, {"against": "b", "other": "x"}) == {"against": "b"}
    with pytest.raises(Exception, match="against"):
        chosen(choices, {"against": "c"})


def test_the_table_is_a_row_a_place_and_safe_to_open(app: Flask, session: Session) -> None:
    official = an_office(app, session, 40)
    assert official.get(PAGE + ".csv").status_code == 404
    an_analysis(session, the_map(session), "places")
    answer = official.get(PAGE + ".csv")
    assert answer.mimetype == "text/csv"
    heading, *rows = answer.data.decode("utf-8-sig").splitlines()
    assert heading.startswith("category;rank;name;sure;people;pins;lon;lat;people_safe;pins_safe;people_unsafe")
    assert len(rows) == 1
    assert rows[0].startswith("unsafe;1;Lipová;99;40;40;15.5")


def test_there_is_no_page_for_what_is_no_analysis(app: Flask, session: Session) -> None:
    official = an_office(app, session, 5)
    assert official.get(HUB + "/nonsense").status_code == 404
    assert official.get(HUB + "/nonsense.csv").status_code == 404
    assert official.get(HUB + "/nonsense.json").status_code == 404
    assert start(official, "nonsense") == 404


def test_what_stands_in_the_way_of_an_analysis_is_said_plainly(app: Flask, session: Session) -> None:
    one = a_map(session, "jeden", categories=[{"key": "safe", "label": {"cs": "Bezpečně"}, "color": "#009e73"}])
    assert obstacle(session, one, "contrast") == ONE_FEELING
    assert obstacle(session, one, "themes") == NO_COMMENTS
    assert obstacle(session, one, "rounds") == NO_ROUND
    assert obstacle(session, one, "facts") == NO_FACTS
    assert obstacle(session, one, "places") is None
    assert obstacle(session, one, "robustness") is None
    a_pin(session, one, comment="Tma")
    assert obstacle(session, one, "themes") is None


@pytest.mark.parametrize("kind", ["themes", "rounds", "facts"])
def test_the_page_of_what_cant_be_made_says_why_and_has_no_button(app: Flask, session: Session, kind: str) -> None:
    official = an_office(app, session, 5)
    said = {"themes": NO_COMMENTS, "rounds": NO_ROUND, "facts": NO_FACTS}[kind]
    page = read(official, f"{HUB}/{kind}")
    assert said in words_of(page)
    assert f"/{kind}/start" not in page
    assert start(official, kind) == 422
    assert said in words_of(read(official, HUB))
    assert ('href="/office/towns/testov/facts"' in page.partition("<main")[2]) == (kind == "facts")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("people", [0, 1, 4])
def test_with_a_handful_of_pins_there_are_words_and_no_picture(
    app: Flask, session: Session, kind: str, people: int
) -> None:
    official = an_office(app, session, 0)
    for n in range(people):
        a_pin(session, the_map(session), "unsafe", respondent=f"r{n}", comment="Večer je tu tma.")
    if obstacle(session, the_map(session), kind):
        pytest.skip("it can't be made of this map at all")
    an_analysis(session, the_map(session), kind)
    for language in ("en", "cs"):
        answer = official.get(f"{HUB}/{kind}", query_string={"lang": language})
        assert answer.status_code == 200
        assert 'role="img"' not in answer.text.partition("<main")[2]
        assert official.get(HUB, query_string={"lang": language}).status_code == 200
    assert official.get(f"{HUB}/{kind}.csv").status_code in {200, 404}
