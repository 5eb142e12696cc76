"""Reading items as GIS clients do: exactly what is stored, in every system, for the right eyes, as pins arrive."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC
from typing import Any
from urllib.request import Request, urlopen

import pytest
from flask.testing import FlaskClient
from geoalchemy2.shape import to_shape
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.db import open_database
from app.inputs.crs_parameters import offered_crs
from app.inputs.filters import Scope
from app.inputs.token_forms import PREFIX
from app.models import Pin, PinState, Respondent
from app.queries.maps import MapRecord
from gis.crs import transformer
from tests.builders import TOKEN, a_feature, a_map, a_pin, a_token, an_event, an_official, bearer, moment

ITEMS = "/api/collections/testov/items"
CRS84 = "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"
QUESTIONS = [
    {
        "key": "reasons",
        "type": "multiple",
        "label": {"cs": "Proč?"},
        "options": [{"key": "dark", "label": {"cs": "tma"}}],
    },
    {"key": "more", "type": "text", "label": {"cs": "Víc?"}},
    {"key": "kept", "type": "text", "label": {"cs": "Tajné?"}, "published": False},
]
ABOUT = [{"key": "age", "type": "text", "label": {"cs": "Věk?"}}]
SAID = {"|jméno": "jméno"}
"""Reasons as they are stored, and as officials read them."""
NASTY = 'a "b" \\ \n\t\x01\x02 {"type":"Feature","id":"x"} ,\n🐍 </script> \u2028 %s %(x)s :y'


@pytest.fixture
def the_map(session: Session) -> MapRecord:
    return a_map(session, questions=QUESTIONS, about=ABOUT)


@pytest.fixture
def gis(session: Session, the_map: MapRecord) -> dict[str, str]:
    """The headers of an official's GIS client."""
    return bearer(a_token(session, an_official(session)))


def some_pins(session: Session, the_map: MapRecord) -> None:
    an_event(session, the_map)
    a_pin(
        session, the_map, comment=NASTY, event="FORUM1", answer=NASTY, supports=2, zoom=17, status="done",
        answers={"reasons": ["dark", NASTY], "more": NASTY, "kept": "k"}, about={"age": NASTY}, respondent="a",
        created_at=moment("2026-01-01T12:00:00.000001+02:00"), answered_at=moment("2026-02-01T00:00:00Z"),
    )  # fmt: skip
    a_pin(session, the_map, at=(15.5123456789, 49.6100000001), respondent="b")
    a_pin(session, the_map, state="hidden", hidden_reason="|jméno", comment="", answers={"reasons": []})
    a_pin(session, the_map, state="pending", hidden_reason="", answers={"reasons": None})


def a_stored_feature(session: Session, pin: Pin, *, office: bool) -> dict[str, Any]:
    """What the interface says of a pin, made from its row without the help of the database."""
    point = to_shape(session.scalar(select(Pin.position).where(Pin.id == pin.id)))
    names = [
        "category",
        "comment",
        "created_at",
        "channel",
        "event",
        "supports",
        "status",
        "answer",
        "answered_at",
    ]
    properties = {name: getattr(pin, name) for name in names}
    if not office:  # everybody is told the day
        properties["created_at"] = pin.created_at.astimezone(UTC).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
    for name in ("created_at", "answered_at"):
        if properties[name] is not None:
            properties[name] = f"{properties[name].astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    for question in QUESTIONS:
        if office or question.get("published", True):
            properties[str(question["key"])] = pin.answers.get(question["key"])
    if office:
        person = session.get(Respondent, (pin.map_id, pin.respondent_id))
        properties |= {"state": pin.state, "hidden_reason": SAID.get(pin.hidden_reason)}
        properties |= {
            "respondent": str(pin.respondent_id),
            "zoom": pin.zoom,
            "precision_m": pin.precision_m,
            "about_age": person.about.get("age"),
        }
    coordinates = [round(point.x, 6), round(point.y, 6)]
    return {
        "type": "Feature",
        "id": str(pin.id),
        "geometry": {"type": "Point", "coordinates": coordinates},
        "properties": properties,
    }


@pytest.mark.parametrize("scope", list(Scope))
def test_what_the_database_writes_is_what_a_feature_is(
    client: FlaskClient, session: Session, the_map: MapRecord, gis: dict[str, str], scope: Scope
) -> None:
    some_pins(session, the_map)
    office = scope is Scope.OFFICE
    pins = session.query(Pin).filter(Pin.state.in_(list(PinState) if office else [PinState.VISIBLE]))
    expected = {str(pin.id): a_stored_feature(session, pin, office=office) for pin in pins}
    answer = client.get(ITEMS, headers=gis if scope is Scope.OFFICE else {})
    assert len(expected) == (4 if scope is Scope.OFFICE else 2)
    assert {found["id"]: found for found in answer.json["features"]} == expected
    for found in answer.json["features"]:
        assert list(found["properties"]) == list(expected[found["id"]]["properties"])
        alone = client.get(f"{ITEMS}/{found['id']}", headers=gis if scope is Scope.OFFICE else {}).json
        assert {link["rel"] for link in alone.pop("links")} == {"self", "alternate", "collection"}
        assert alone == found


def test_positions_come_in_the_axes_of_every_system(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    lon, lat = 15.5178, 49.6123
    pin = a_pin(session, the_map, at=(lon, lat))
    own = client.post(ITEMS, json=a_feature(at=(lon, lat)), headers=bearer(TOKEN)).json["id"]
    for crs in offered_crs(the_map):
        x, y = (float(number) for number in transformer(4326, crs.epsg)(lon, lat))
        expected = pytest.approx([y, x] if crs.lat_first else [x, y], abs=1e-6 if abs(x) < 180 else 2e-3)
        for path, headers in (
            (ITEMS, {}),
            (f"{ITEMS}/{pin.id}", {}),
            (f"{ITEMS}/{pin.id}", bearer("another-device-0123456789abcdef")),
            (f"{ITEMS}/{own}", bearer(TOKEN)),
        ):
            answer = client.get(path, query_string={"crs": crs.uri}, headers=headers)
            assert answer.headers["Content-Crs"] == f"<{crs.uri}>"
            for found in answer.json.get("features", [answer.json]):
                assert found["geometry"]["coordinates"] == expected, crs
    assert client.get(f"{ITEMS}/{pin.id}?crs=EPSG:1").status_code == 400


def test_every_feature_says_its_system(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    sent = client.post(ITEMS, json=a_feature(), headers=bearer(TOKEN))
    own = f"{ITEMS}/{sent.json['id']}"
    body = {"type": "Feature", "properties": {"comment": "x"}}
    answers = [
        sent,
        client.get(ITEMS),
        client.head(ITEMS),
        client.get(own),
        client.get(own, headers=bearer(TOKEN)),
        client.patch(own, json=body, headers=bearer(TOKEN)),
    ]
    assert [answer.headers.get("Content-Crs") for answer in answers] == [CRS84] * 6
    lat_first = {"Content-Crs": "<http://www.opengis.net/def/crs/EPSG/0/4326>"}
    refused = client.post(ITEMS, json=a_feature(), headers=bearer(TOKEN, **lat_first))
    assert (refused.status_code, refused.json["errors"][0]["field"]) == (400, "Content-Crs")
    named = client.post(ITEMS, json=a_feature(), headers=bearer(TOKEN, **{"Content-Crs": CRS84}))
    assert named.status_code == 201


def test_public_answers_are_asked_for_again_and_office_answers_kept_by_nobody(
    client: FlaskClient, session: Session, the_map: MapRecord, gis: dict[str, str]
) -> None:
    pin = a_pin(session, the_map)
    for path in (ITEMS, f"{ITEMS}/{pin.id}"):
        first = client.get(path)
        assert first.headers["Cache-Control"] == "no-cache"
        assert "Authorization" in first.headers["Vary"]
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        private = client.get(path, headers=gis)
        assert private.headers["Cache-Control"] == "private, no-store"
        assert "Authorization" in private.headers["Vary"]
        assert "ETag" not in private.headers
    mark = client.get(ITEMS).headers["ETag"]
    pin.supports = 1
    session.commit()
    assert client.get(ITEMS, headers={"If-None-Match": mark}).status_code == 200


def test_an_official_reads_what_the_map_does_not_publish(client: FlaskClient, session: Session) -> None:
    the_map = a_map(session, publish={"pins": False})
    pin = a_pin(session, the_map)
    gis = bearer(a_token(session, an_official(session)))
    assert client.get(ITEMS).status_code == client.get(f"{ITEMS}/{pin.id}").status_code == 403
    assert len(client.get(ITEMS, headers=gis).json["features"]) == 1
    assert client.get(f"{ITEMS}/{pin.id}", headers=gis).json["properties"]["state"] == "visible"


def test_an_official_of_another_town_reads_what_everybody_reads(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    a_map(session, "jinde", town={"name": "Jinde", "slug": "jinde", "ruian": 999_123})
    stranger = bearer(a_token(session, an_official(session, "cizi@jinde.example", "jinde")))
    shown, hidden = a_pin(session, the_map), a_pin(session, the_map, state="hidden")
    answer = client.get(ITEMS, headers=stranger)
    assert [found["id"] for found in answer.json["features"]] == [str(shown.id)]
    assert "respondent" not in answer.json["features"][0]["properties"]
    assert client.get(f"{ITEMS}/{hidden.id}", headers=stranger).status_code == 404
    assert client.get(f"{ITEMS}?state=hidden", headers=stranger).status_code == 400


def test_an_officials_token_places_and_changes_nothing(
    client: FlaskClient, session: Session, the_map: MapRecord, gis: dict[str, str]
) -> None:
    pin = a_pin(session, the_map)
    one = f"{ITEMS}/{pin.id}"
    answers = [
        client.post(ITEMS, json=a_feature(), headers=gis),
        client.put(one, json=a_feature(id=pin.id), headers=gis),
        client.patch(one, json={"type": "Feature", "properties": {}}, headers=gis),
        client.delete(one, headers=gis),
        client.put(f"{one}/support", headers=gis),
    ]
    assert [answer.status_code for answer in answers] == [403] * 5
    assert all(answer.json["errors"][0]["field"] == "Authorization" for answer in answers)
    assert client.get(ITEMS, headers=bearer(PREFIX + "x" * 43)).status_code == 401


def test_the_author_reads_their_hidden_pin_and_nobody_else(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    made = client.post(ITEMS, json=a_feature(), headers=bearer(TOKEN)).json["id"]
    session.execute(text("UPDATE pin SET state = 'hidden' WHERE id = :id"), {"id": made})
    session.commit()
    own = client.get(f"{ITEMS}/{made}", headers=bearer(TOKEN))
    assert own.json["properties"]["state"] == "hidden"
    assert own.headers["Cache-Control"] == "private, no-store"
    assert client.get(f"{ITEMS}/{made}", headers=bearer("another-device-0123456789abcdef")).status_code == 404
    assert client.get(ITEMS, headers=bearer(TOKEN)).json["features"] == []


def test_links_lead_to_the_same_in_another_form(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    for _ in range(3):
        a_pin(session, the_map)
    document = client.get(f"{ITEMS}?limit=2&category=safe").json
    links = {link["rel"]: link["href"] for link in document["links"]}
    assert set(links) == {"self", "alternate", "next", "collection"}
    assert links["self"] == f"http://localhost{ITEMS}?limit=2&category=safe"
    assert links["alternate"] == f"{links['self']}&f=html"
    page = client.get(links["alternate"])
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert client.get(links["next"]).json["numberReturned"] == 1
    as_page = client.get(f"{ITEMS}/{document['features'][0]['id']}", headers={"Accept": "text/html"})
    assert (as_page.status_code, as_page.mimetype) == (200, "text/html")


def test_how_many_there_are_is_counted_once_a_reading_and_never_taken_from_a_stranger(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    pins = [a_pin(session, the_map) for _ in range(5)]
    first = client.get(f"{ITEMS}?limit=2").json
    address = next(link["href"] for link in first["links"] if link["rel"] == "next")
    a_pin(session, the_map, id=uuid.UUID(int=1, version=4))
    assert client.get(address).json["numberMatched"] == 5
    # Another question, a made-up number, or only an id: counted anew.
    assert client.get(f"{address}&category=unsafe").json["numberMatched"] == 0
    assert client.get(address.replace(".5.", ".999.")).json["numberMatched"] == 6
    assert client.get(f"{ITEMS}?limit=2&after={pins[0].id}").json["numberMatched"] == 6


def test_head_and_options_say_what_can_be_done(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    pin = a_pin(session, the_map)
    head = client.head(f"{ITEMS}?limit=1")
    assert (head.status_code, head.data) == (200, b"")
    assert set(client.options(ITEMS).headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
    allowed = client.options(f"{ITEMS}/{pin.id}").headers["Allow"]
    assert set(allowed.split(", ")) == {"GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"}


def test_a_page_after_the_last_pin_is_empty(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    a_pin(session, the_map)
    document = client.get(f"{ITEMS}?after=ffffffff-ffff-4fff-bfff-ffffffffffff").json
    assert (document["features"], document["numberReturned"], document["numberMatched"]) == ([], 0, 1)
    assert not any(link["rel"] == "next" for link in document["links"])


ARRIVE, WRITERS = 2_000, 4


@pytest.mark.parametrize("asked", ["", "&filter=category='safe'"])
def test_nothing_is_missed_or_read_twice_while_two_thousand_pins_arrive(
    live_server: str, live_session: Session, live_url: str, asked: str
) -> None:
    the_map = a_map(live_session)
    a_pin(live_session, the_map)
    fill(live_session, the_map, 1_500)
    live_session.commit()
    at_first = {str(found) for found in live_session.scalars(text("SELECT id FROM pin"))}
    live_session.commit()
    writers = [
        threading.Thread(target=arrive, args=(live_url, the_map, ARRIVE // WRITERS)) for _ in range(WRITERS)
    ]
    seen: list[str] = []
    for number, page in enumerate(pages(f"{live_server}{ITEMS}?limit=40{asked}")):
        assert page["numberMatched"] == len(at_first) or number
        seen += [found["id"] for found in page["features"]]
        if number == 0:
            for writer in writers:
                writer.start()
    for writer in writers:
        writer.join()
    assert live_session.scalar(text("SELECT count(*) FROM pin")) == len(at_first) + ARRIVE
    assert len(seen) == len(set(seen))
    assert at_first <= set(seen)
    # They did arrive in the midst of it.
    assert len(at_first) < len(seen)


def pages(address: str) -> Iterator[dict[str, object]]:
    """The pages of a reading, each by the link of the one before."""
    following: str | None = address
    while following:
        with urlopen(Request(following)) as answer:
            page = json.load(answer)
        yield page
        following = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)


def fill(session: Session, the_map: MapRecord, count: int) -> None:
    """So many more pins, like the one that is there."""
    session.execute(
        text(
            "INSERT INTO pin (map_id, id, respondent_id, category, position, square_x, square_y, channel) "
            "SELECT map_id, gen_random_uuid(), respondent_id, category, position, square_x, square_y, channel "
            "FROM pin, generate_series(1, :count) WHERE pin.map_id = :map AND pin.id = "
            "(SELECT id FROM pin WHERE map_id = :map ORDER BY id LIMIT 1)"
        ),
        {"count": count, "map": the_map.id},
    )


def arrive(url: str, the_map: MapRecord, count: int) -> None:
    """Pins that come one by one, each committed by itself."""
    database = open_database(url)
    with database.session() as session:
        for _ in range(count):
            fill(session, the_map, 1)
            session.commit()
    database.engine.dispose()
