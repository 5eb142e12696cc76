"""The overview of a map: its numbers, and who is missing."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models import PinState, Town, TownMap
from app.queries.dashboard import lorenz
from app.queries.maps import MapRecord, read_map
from tests.builders import a_map, a_pin, an_event, an_official, moment
from tests.doors import sign_in

PAGE = "/office/maps/testov/dashboard"
ENGLISH = {"Accept-Language": "en"}
OLD = {
    "source": "ČSÚ, 31. 12. 2025",
    "groups": [
        {"from": low, "to": high, "sex": sex, "people": people}
        for low, high, people in ((0, 14, 150), (15, 64, 600), (65, None, 250))
        for sex in "fm"
    ],
}


def option(key: str, label: str) -> dict[str, Any]:
    return {"key": key, "label": {"cs": label, "en": label}}


ABOUT = [
    {
        "key": "age",
        "label": {"cs": "Kolik je vám let?"},
        "options": [option("under15", "do 15"), option("15-64", "15–64"), option("65plus", "65+")],
    },
    {"key": "gender", "label": {"cs": "Jste"}, "options": [option("woman", "Žena"), option("man", "Muž")]},
]


@pytest.fixture
def town(session: Session) -> MapRecord:
    """A map that asks for age and gender."""
    return a_map(session, about=ABOUT)


@pytest.fixture
def office(client: FlaskClient, session: Session, town: MapRecord) -> FlaskClient:
    """A viewer at the desk."""
    return sign_in(client, an_official(session, role="viewer"))


def with_census(session: Session, census: dict[str, Any] = OLD) -> None:
    session.query(Town).filter_by(slug="testov").one().census = census
    session.commit()


def people(session: Session, town: MapRecord, n: int, age: str, gender: str, first: int = 0) -> None:
    for i in range(n):
        a_pin(session, town, respondent=f"{age} {gender} {first + i}", about={"age": age, "gender": gender})


def test_map_without_pins_says_so(office: FlaskClient) -> None:
    answer = office.get(PAGE, headers=ENGLISH)
    assert answer.status_code == 200
    assert "Nobody has pinned anything yet." in answer.text


def test_numbers_are_those_of_the_map(office: FlaskClient, session: Session, town: MapRecord) -> None:
    an_event(session, town, expected_people=10)
    a_pin(session, town, comment="x", event="FORUM1", channel="paper", created_at=moment("2026-09-01T10:00:00Z"))
    a_pin(session, town, state=PinState.PENDING, created_at=moment("2026-09-02T10:00:00Z"))
    a_pin(session, town, respondent="b", state=PinState.HIDDEN, flagged=True)
    a_pin(session, town, respondent="b", answer="Opravíme", status="planned")
    page = office.get(PAGE, headers=ENGLISH).text
    for words in (
        "<dd>2</dd>",
        "<dd>4</dd>",
        "<dd>25&nbsp;%</dd>",
        "September 1, 2026",
        '<span class="small soft">10 %',
    ):
        assert words in page
    for filtered in ("state=pending", "flagged=yes", "state=hidden", "answered=yes", "status=planned"):
        assert filtered in page


def test_who_is_missing_is_said_in_words_with_the_number(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    with_census(session)
    people(session, town, 20, "under15", "woman")
    people(session, town, 30, "15-64", "woman")
    people(session, town, 30, "15-64", "man")
    people(session, town, 2, "65plus", "man")
    page = office.get(PAGE, headers=ENGLISH).text
    assert "People aged 65 and over make up 25 % of the town and 2 % of those who took part: about 25" in page
    assert "seniors’ clubs" in page
    assert "ČSÚ, 31. 12. 2025" in page
    assert "82 of 82 people" in page
    czech = office.get(PAGE, headers={"Accept-Language": "cs"})
    assert czech.status_code == 200


def test_hint_without_a_census_leads_to_the_table(office: FlaskClient, session: Session, town: MapRecord) -> None:
    people(session, town, 1, "15-64", "woman")
    assert "/office/towns/testov/census" in office.get(PAGE).text


def test_few_answers_are_not_compared(office: FlaskClient, session: Session, town: MapRecord) -> None:
    with_census(session)
    people(session, town, 5, "15-64", "woman")
    assert "Too few people" in office.get(PAGE, headers=ENGLISH).text


def test_closed_map_gives_no_advice(office: FlaskClient, session: Session, town: MapRecord) -> None:
    with_census(session)
    people(session, town, 30, "15-64", "woman")
    session.query(TownMap).update({"closes_at": moment("2026-01-01T00:00:00Z"), "version": 99})
    session.commit()
    page = office.get(PAGE, headers=ENGLISH).text
    assert "People aged 65 and over" in page
    assert "seniors’ clubs" not in page


def test_anonymised_map_shows_what_was_kept(office: FlaskClient, session: Session, town: MapRecord) -> None:
    from app.services.retention import anonymise

    with_census(session)
    people(session, town, 30, "15-64", "woman")
    people(session, town, 30, "15-64", "man", first=30)
    session.query(TownMap).update({"closes_at": moment("2026-01-01T00:00:00Z"), "version": 99})
    session.commit()
    anonymise(session, read_map(session, "testov"), moment("2026-09-01T00:00:00Z"))
    session.commit()
    page = office.get(PAGE, headers=ENGLISH).text
    assert "<dd>60</dd>" in page
    assert "People aged 65 and over" in page
    assert "cover-pyramid" not in page


def test_curve_of_shares_is_straight_where_all_are_alike_and_bends_where_few_speak() -> None:
    assert lorenz([3] * 20) == [round(n / 10, 4) for n in range(1, 11)]
    curve = lorenz([1] * 9 + [91])
    assert curve[8] == 0.09
    assert curve[-1] == 1
    assert lorenz([]) == lorenz([0, 0]) == []
