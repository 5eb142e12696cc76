"""The office's pages: what officials read, find and take away."""

from __future__ import annotations

import json
import uuid
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models import Pin, PinState
from app.queries.maps import MapRecord
from tests.builders import CENTRE, a_map, a_pin, an_event, an_official, moment
from tests.doors import csrf_of, sign_in

ABOUT = [
    {
        "key": "gender",
        "label": {"cs": "Jste"},
        "options": [{"key": "woman", "label": {"cs": "Žena"}}, {"key": "man", "label": {"cs": "Muž"}}],
    }
]
PAGE = "/office/maps/testov"


@pytest.fixture
def town(session: Session) -> MapRecord:
    """A map that asks who one is."""
    return a_map(session, about=ABOUT)


@pytest.fixture
def office(client: FlaskClient, session: Session, town: MapRecord) -> FlaskClient:
    """A moderator at the desk."""
    return sign_in(client, an_official(session, role="moderator"))


def pins_of(client: FlaskClient, query: str = "") -> list[str]:
    """The ids of the dots for a filter."""
    answer = client.get(f"{PAGE}/pins.json?{query}")
    assert answer.status_code == 200, answer.text
    return answer.json["ids"]


def test_home_counts_people_pins_and_what_waits(office: FlaskClient, session: Session, town: MapRecord) -> None:
    a_pin(session, town)
    a_pin(session, town, state=PinState.PENDING)
    a_pin(session, town, respondent="other", state=PinState.HIDDEN)
    page = office.get("/office/", headers={"Accept-Language": "en"}).text
    assert '<dd><a href="/office/maps/testov/queue">1</a></dd>' in page
    assert "state=hidden" in page
    counts = [line.strip() for line in page.splitlines() if "<dd>" in line]
    assert [text.split("<dd>")[1].split("</dd>")[0] for text in counts[:2]] == ["2", "3"]


def test_home_of_a_town_without_maps_says_what_to_do(client: FlaskClient, session: Session) -> None:
    a_map(session)
    sign_in(client, an_official(session, "new@nowhere.example", town=None, role="admin"))
    assert "pocit map import" not in client.get("/office/").text


def test_map_shows_comments_newest_first_and_escapes_them(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    a_pin(session, town, comment="said before", created_at=moment("2026-09-01T10:00:00Z"))
    a_pin(session, town, comment="<script>alert(1)</script>", created_at=moment("2026-09-02T10:00:00Z"))
    a_pin(session, town, comment=None)
    page = office.get(PAGE).text
    assert page.index("&lt;script&gt;alert(1)") < page.index("said before")
    assert "<script>alert" not in page
    assert page.count("data-pin=") == 2


def test_silent_pins_are_listed_when_asked_for_and_when_they_wait(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    a_pin(session, town)
    a_pin(session, town, state=PinState.PENDING)
    assert office.get(PAGE).text.count("data-pin=") == 0
    assert office.get(f"{PAGE}?silent=1").text.count("data-pin=") == 2
    assert office.get(f"{PAGE}?state=pending").text.count("data-pin=") == 1


def test_list_pages_lose_and_repeat_nothing_while_pins_arrive(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    when = moment("2026-09-01T10:00:00.123456Z")
    stored = {str(a_pin(session, town, comment=f"n {n}", created_at=when).id) for n in range(95)}
    seen: list[str] = []
    address = PAGE
    for _ in range(5):
        page = office.get(address, headers={"X-Part": "list"}).text
        seen += [part.split('"')[0] for part in page.split('data-pin="')[1:]]
        a_pin(session, town, comment="arrives meanwhile")
        if "data-more" not in page:
            break
        address = page.split('data-more href="')[1].split('"')[0].replace("&amp;", "&")
    assert len(seen) == len(set(seen)) == 95
    assert set(seen) == stored


@pytest.mark.parametrize("cursor", ["x", "1.2", "99999999999999999." + "0" * 32, "0." + "g" * 32, "\x00"])
def test_strange_places_in_the_list_are_refused(office: FlaskClient, cursor: str) -> None:
    assert office.get(PAGE, query_string={"before": cursor}).status_code in (200, 400)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"a", "b", "c", "d"}),
        ("category=unsafe", {"b"}),
        ("state=hidden", {"c"}),
        ("state=visible", {"a", "b"}),
        ("since=2026-09-02&until=2026-09-02", {"b"}),
        ("since=2026-09-02&until=2026-09-01", {"a", "b"}),
        ("words=L%C3%81MPA", {"b"}),
        ("words=50%25", {"c"}),
        ("channel=paper", {"d"}),
        ("event=FORUM1", {"d"}),
        ("about_gender=woman", {"a", "b"}),
        ("category=&since=&words=&state=", {"a", "b", "c", "d"}),
        ("lang=cs", {"a", "b", "c", "d"}),
    ],
)
def test_filter_finds_what_its_sentence_says(
    office: FlaskClient, session: Session, town: MapRecord, query: str, found: set[str]
) -> None:
    an_event(session, town)
    woman = {"about": {"gender": "woman"}, "respondent": "woman"}
    ids = {
        "a": a_pin(session, town, created_at=moment("2026-09-01T21:59:59Z"), **woman),
        "b": a_pin(
            session,
            town,
            "unsafe",
            comment="lámpa nesvítí",
            created_at=moment("2026-09-01T22:00:00Z"),
            **woman,
        ),
        "c": a_pin(
            session,
            town,
            state=PinState.HIDDEN,
            comment="50% slev",
            created_at=moment("2026-09-10T10:00:00Z"),
        ),
        "d": a_pin(
            session,
            town,
            state=PinState.PENDING,
            channel="paper",
            event="FORUM1",
            created_at=moment("2026-09-11T10:00:00Z"),
        ),
    }
    assert set(pins_of(office, query)) == {str(ids[name].id) for name in found}
    assert office.get(f"{PAGE}?{query}").status_code == 200


def test_one_persons_pins_can_be_asked_for(office: FlaskClient, session: Session, town: MapRecord) -> None:
    mine = a_pin(session, town, respondent="me")
    a_pin(session, town)
    assert pins_of(office, f"person={mine.respondent_id}") == [str(mine.id)]


@pytest.mark.parametrize(
    "query",
    [
        "category=nonsense",
        "state=nonsense",
        "since=yesterday",
        "since=2026-02-30",
        "person=me",
        "words=%00",
        "channel=%00",
        "about_gender=%00",
        "about_gender=x",
        "event=%00",
        "since=9999-99-99",
        "until=10000-01-01",
    ],
)
@pytest.mark.parametrize("address", [PAGE, f"{PAGE}/pins.json"])
def test_filter_that_makes_no_sense_is_refused_in_words(office: FlaskClient, address: str, query: str) -> None:
    assert office.get(f"{address}?{query}").status_code == 400


def test_dots_carry_the_bits_of_their_pins(office: FlaskClient, session: Session, town: MapRecord) -> None:
    a_pin(session, town, comment="x", created_at=moment("2026-09-01T10:00:00Z"))
    a_pin(session, town, "improve", state=PinState.HIDDEN, created_at=moment("2026-09-02T10:00:00Z"))
    columns = office.get(f"{PAGE}/pins.json").json
    assert columns["count"] == 2
    assert columns["flags"] == [1, 4]
    assert [columns["categories"][n] for n in columns["category"]] == ["safe", "improve"]
    assert (columns["lon"][0], columns["lat"][0]) == CENTRE


def test_dots_are_compressed_for_who_can_read_it(office: FlaskClient, session: Session, town: MapRecord) -> None:
    a_pin(session, town)
    answer = office.get(f"{PAGE}/pins.json", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "no-store" in answer.headers["Cache-Control"]


def test_detail_says_who_when_how_and_what_else(office: FlaskClient, session: Session, town: MapRecord) -> None:
    pin = a_pin(
        session,
        town,
        comment="Tma",
        about={"gender": "woman"},
        state=PinState.HIDDEN,
        hidden_reason="Je to reklama.",
    )
    a_pin(session, town)
    page = office.get(f"{PAGE}/pins/{pin.id}", headers={"Accept-Language": "cs"}).text
    assert "Žena" in page
    assert "Je to reklama." in page
    assert f"person={pin.respondent_id}" in page


def test_detail_of_a_pin_of_another_map_is_not_there(office: FlaskClient, session: Session) -> None:
    elsewhere = a_pin(session, a_map(session, "jinde"))
    assert office.get(f"{PAGE}/pins/{elsewhere.id}").status_code == 404
    assert office.get(f"{PAGE}/pins/{uuid.uuid4()}").status_code == 404
    assert office.get(f"{PAGE}/pins/nonsense").status_code == 404


def test_viewer_reads_but_finds_nothing_to_press(client: FlaskClient, session: Session, town: MapRecord) -> None:
    pin = a_pin(session, town, comment="x")
    sign_in(client, an_official(session, role="viewer"))
    page = client.get(f"{PAGE}/pins/{pin.id}").text
    assert "data-decide" not in page
    assert "data-pin" in page


def test_geojson_has_everything_and_is_kept_private(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    a_pin(session, town, comment="x", about={"gender": "woman"})
    hidden = a_pin(session, town, state=PinState.HIDDEN, hidden_reason="rude")
    answer = office.get(f"{PAGE}/pins.geojson")
    assert answer.mimetype == "application/geo+json"
    assert answer.headers["Cache-Control"] == "private, no-store"
    features = {feature["id"]: feature["properties"] for feature in json.loads(answer.data)["features"]}
    assert len(features) == 2
    assert features[str(hidden.id)]["hidden_reason"] == "rude"
    assert {"respondent", "state", "about_gender"} <= features[str(hidden.id)].keys()
    only = json.loads(office.get(f"{PAGE}/pins.geojson?state=hidden").data)["features"]
    assert [feature["id"] for feature in only] == [str(hidden.id)]
    assert office.get(f"{PAGE}/pins.geojson?word=x").status_code == 400


def test_office_stays_out_of_search_engines_and_caches(office: FlaskClient) -> None:
    answer = office.get("/office/")
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert "no-store" in answer.headers["Cache-Control"]


def test_legend_speaks_of_what_heat_counts(office: FlaskClient, session: Session, town: MapRecord) -> None:
    english = {"Accept-Language": "en"}
    assert "people per hectare" not in office.get(f"{PAGE}/legend", headers=english).text
    for n in range(5):
        a_pin(session, town, respondent=f"person {n}")
    assert "people per hectare" in office.get(f"{PAGE}/legend?category=safe", headers=english).text
    assert "pins per hectare" in office.get(f"{PAGE}/legend?weight=pins", headers=english).text


@pytest.mark.parametrize("language", ["cs", "en"])
def test_pages_stand_in_every_language(
    office: FlaskClient, session: Session, town: MapRecord, language: str
) -> None:
    a_pin(session, town, comment="x", created_at=moment("2026-09-01T10:00:00Z"))
    pin = a_pin(session, town, comment="y", created_at=moment("2026-09-09T10:00:00Z"))
    for address in (
        "/office/",
        PAGE,
        f"{PAGE}/pins/{pin.id}",
        f"{PAGE}?since=2026-09-01",
        f"{PAGE}?until=2026-09-01",
    ):
        assert office.get(address, headers={"Accept-Language": language}).status_code == 200


def test_reading_changes_nothing(office: FlaskClient, session: Session, town: MapRecord) -> None:
    pin = a_pin(session, town, comment="x")
    before: datetime = pin.changed_at
    for address in (PAGE, f"{PAGE}/pins/{pin.id}", f"{PAGE}/pins.json"):
        office.get(address)
    session.expire_all()
    assert session.get_one(Pin, (town.id, pin.id)).changed_at == before


def test_public_api_needs_no_forms_token(client: FlaskClient, session: Session, town: MapRecord) -> None:
    answer = client.post("/api/collections/testov/items", json={})
    assert answer.status_code != 200
    assert b"form" not in answer.data.lower() or answer.status_code in (400, 401, 422)
    assert csrf_of(client)
