"""Searching in comments and written answers, on real PostgreSQL."""

from __future__ import annotations

import random

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.inputs.filters import PinFilter
from app.inputs.search import parse_search
from app.models import Pin
from app.queries.maps import MapRecord
from app.queries.office import matching
from app.queries.search import says
from tests.builders import a_map, a_pin, an_official
from tests.doors import sign_in

PAGE = "/office/maps/testov"
WHY = {"key": "why", "type": "text", "label": {"cs": "Proč?"}}


@pytest.fixture
def town(session: Session) -> MapRecord:
    """A map with a written question."""
    return a_map(session, questions=[WHY])


@pytest.fixture
def office(client: FlaskClient, session: Session, town: MapRecord) -> FlaskClient:
    """A viewer at the desk."""
    return sign_in(client, an_official(session, role="viewer"))


def found(client: FlaskClient, words: str) -> list[str]:
    answer = client.get(f"{PAGE}/pins.json", query_string={"words": words})
    assert answer.status_code == 200, answer.text
    return answer.json["ids"]


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        ("Chybí tu lavičky.", "lavicky"),
        ("Chybi tu lavicky", "lavičky"),
        ("Chybí tu LAVIČKY", "lavička"),
        ("Na lavičce nejde sedět", "lavička"),
        ("Více laviček!", "lavička"),
        ("Přechod u školy je tmavý", "škola přechod"),
        ("Přechod u školy je tmavý", '"u školy"'),
        ("Nesvítí lampa", "lamp"),
        ("Sleva 50 % na vše", "50%"),
        ("Pěkné místo 🙂", "🙂"),
        ("Volejte na obec@testov.cz", "obec@testov.cz"),
        ("Auta tu parkují", "auto"),
    ],
)
def test_search_finds(office: FlaskClient, session: Session, town: MapRecord, comment: str, words: str) -> None:
    pin = a_pin(session, town, comment=comment)
    a_pin(session, town, comment="Něco docela jiného")
    assert found(office, words) == [str(pin.id)]


@pytest.mark.parametrize(
    ("comment", "words"),
    [
        ("Přechod u školy", "škola lampa"),
        ("školy u", '"u školy"'),
        ("Prasklý vodovod", "voda"),
        ("100 korun", "50%"),
    ],
)
def test_search_leaves_out(
    office: FlaskClient, session: Session, town: MapRecord, comment: str, words: str
) -> None:
    a_pin(session, town, comment=comment)
    assert found(office, words) == []


def test_written_answers_are_looked_through_as_well(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    answered = a_pin(session, town, answers={"why": "Protože tu chybí lavička"})
    said = a_pin(session, town, "improve", comment="lavičku sem")
    a_pin(session, town, answers={"why": "jen tak"})
    assert set(found(office, "lavicky")) == {str(answered.id), str(said.id)}
    page = office.get(PAGE, query_string={"words": "lavicky"}).text
    assert page.count("data-pin=") == 2  # the list has the one without a comment too


def test_no_text_is_an_error_for_postgresql(session: Session, town: MapRecord) -> None:
    a_pin(session, town, comment="lavička u školy")
    chance = random.Random(1907)  # noqa: S311 - the same every time
    letters = "aěščřž AZ09'\"\\&|!():*<>-_.,;%$„“🙂ŉßł´`’\u00a0\u0301\u02bc"
    texts = ["'", "\\", "':*", "a' | 'b", "!a", "()", "a & ", "<->", "ŉ", "\\'", "'' ''", ":*", "a:b"]
    texts += ["".join(chance.choice(letters) for _ in range(chance.randrange(1, 40))) for _ in range(250)]
    for typed in texts:
        wanted = PinFilter(search=parse_search(typed, ("why",)))
        assert matching(session, town, wanted).whole.pins in (0, 1)


@pytest.mark.parametrize("typed", ["' OR 1=1 --", "%", "_", "\\", "a\u0000b", "'; DROP TABLE pin; --"])
def test_page_answers_whatever_is_typed(office: FlaskClient, typed: str) -> None:
    assert office.get(PAGE, query_string={"words": typed}).status_code == (400 if "\u0000" in typed else 200)


def test_search_goes_by_the_index_of_words(session: Session, town: MapRecord) -> None:
    search = parse_search("lavička lampa")
    assert search is not None
    query = select(Pin.id).where(says(town.id, search)).compile(session.get_bind())
    session.execute(text("SET LOCAL enable_seqscan = off"))
    plan = session.connection().exec_driver_sql(f"EXPLAIN {query}", query.params).scalars().all()
    assert "ix_pin_words" in "\n".join(plan)
