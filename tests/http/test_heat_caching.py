"""Heat as an XYZ layer of a GIS: what may be kept, when it is another, and what is there outside the town."""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import brotli
import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import create_engine, event, update
from sqlalchemy.orm import Session

from app.inputs.filters import Scope
from app.inputs.heat import HeatQuery
from app.models import Pin, PinState, TownMap
from app.queries import heat
from app.queries.heat_store import HeatStore
from app.queries.maps import MapRecord
from app.services.counts import fold
from app.services.snapshots import ensure_snapshot
from tests.builders import CENTRE, a_map, a_pin, a_token, an_official, bearer, moment

PEOPLE = 7


def tile(zoom: int = 15, at: tuple[float, float] = CENTRE) -> str:
    lon, lat = at
    row = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**zoom
    return f"heat/{zoom}/{int((lon + 180) / 360 * 2**zoom)}/{int(row)}.png"


def a_felt_town(session: Session, **description: object) -> MapRecord:
    the_map = a_map(session, **description)
    for n in range(PEOPLE):
        a_pin(session, the_map, "unsafe", respondent=f"r{n}")
    return the_map


@pytest.fixture
def town(session: Session) -> MapRecord:
    return a_felt_town(session)


@pytest.fixture
def office(session: Session, town: MapRecord) -> dict[str, str]:
    """What an official's GIS sends."""
    return bearer(a_token(session, an_official(session, role="viewer")))


def _comes(session: Session, the_map: MapRecord, pin: Pin) -> None:
    a_pin(session, the_map, "unsafe", respondent="one more")


def _goes(session: Session, the_map: MapRecord, pin: Pin) -> None:
    session.delete(pin)


def _is_hidden(session: Session, the_map: MapRecord, pin: Pin) -> None:
    pin.state = PinState.HIDDEN


def _moves(session: Session, the_map: MapRecord, pin: Pin) -> None:
    pin.square_x += 3


def _is_of_another_category(session: Session, the_map: MapRecord, pin: Pin) -> None:
    pin.category = "safe"


@pytest.mark.parametrize("change", [_comes, _goes, _is_hidden, _moves, _is_of_another_category])
@pytest.mark.parametrize("door", ["/m/testov/", "/office/maps/testov/"])
def test_the_mark_is_new_once_a_pin_changes(
    client: FlaskClient,
    session: Session,
    town: MapRecord,
    office: dict[str, str],
    door: str,
    change: Callable[..., None],
) -> None:
    headers = office if door.startswith("/office") else {}
    url = door + tile()
    mark = client.get(url, headers=headers).headers["ETag"]
    known = {**headers, "If-None-Match": mark}
    assert client.get(url, headers=known).status_code == 304
    change(session, town, session.query(Pin).filter_by(map_id=town.id).limit(1).one())
    session.commit()
    answer = client.get(url, headers=known)
    assert answer.status_code == 200
    assert answer.headers["ETag"] != mark


def test_what_no_heat_is_made_of_leaves_the_mark(client: FlaskClient, session: Session, town: MapRecord) -> None:
    mark = client.get("/m/testov/" + tile()).headers["ETag"]
    pin = session.query(Pin).filter_by(map_id=town.id).limit(1).one()
    pin.supports = 3
    session.commit()
    assert client.get("/m/testov/" + tile(), headers={"If-None-Match": mark}).status_code == 304


def test_another_colour_of_the_map_is_another_picture(
    client: FlaskClient, session: Session, town: MapRecord
) -> None:
    mark = client.get("/m/testov/" + tile()).headers["ETag"]
    session.execute(update(TownMap).where(TownMap.id == town.id).values(version=TownMap.version + 1))
    session.commit()
    assert client.get("/m/testov/" + tile()).headers["ETag"] != mark


def test_the_mark_of_a_day_is_new_with_the_next_days_snapshot(client: FlaskClient, session: Session) -> None:
    the_map = a_felt_town(session, publish={"pins": False})
    url = "/m/testov/" + tile()
    first = client.get(url)
    a_pin(session, the_map, "unsafe", respondent="one more")
    known = {"If-None-Match": first.headers["ETag"]}
    assert client.get(url, headers=known).status_code == 304
    ensure_snapshot(session, the_map, today=(datetime.now(UTC) + timedelta(days=2)).date())
    session.commit()
    answer = client.get(url, headers=known)
    assert answer.status_code == 200
    assert answer.data != first.data


def test_everybodys_tiles_may_be_kept_a_minute(client: FlaskClient, town: MapRecord) -> None:
    answer = client.get("/m/testov/" + tile())
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("image/png", "public, max-age=60")


def test_the_offices_tiles_are_asked_for_each_time_and_kept_by_nobody_between(
    client: FlaskClient, office: dict[str, str]
) -> None:
    answer = client.get("/office/maps/testov/" + tile(), headers=office)
    assert (answer.status_code, answer.mimetype) == (200, "image/png")
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in answer.headers["Vary"]


def test_the_offices_tiles_of_a_filter_have_their_own_mark(
    client: FlaskClient, session: Session, town: MapRecord, office: dict[str, str]
) -> None:
    a_pin(session, town, "safe", respondent="paper", channel="paper", created_at=moment("2026-09-14T10:00+02:00"))
    url = "/office/maps/testov/" + tile()
    queries = ["", "?channel=paper", "?channel=web", "?category=safe", "?until=2026-09-13", "?weight=pins"]
    marks = {client.get(url + query, headers=office).headers["ETag"] for query in queries}
    assert len(marks) == len(queries)


@pytest.mark.parametrize("zoom", range(0, 23, 2))
def test_there_is_a_tile_at_every_zoom_that_a_gis_asks_for(
    client: FlaskClient, town: MapRecord, zoom: int
) -> None:
    answer = client.get("/m/testov/" + tile(zoom))
    picture = Image.open(io.BytesIO(answer.data))
    assert (answer.status_code, answer.mimetype, picture.size) == (200, "image/png", (256, 256))


def test_outside_the_town_tiles_are_clear_and_not_missing(client: FlaskClient, town: MapRecord) -> None:
    answer = client.get("/m/testov/" + tile(15, (14.42, 50.09)))
    assert answer.status_code == 200
    assert Image.open(io.BytesIO(answer.data)).convert("RGBA").getextrema()[3] == (0, 0)
    assert len(answer.data) < 1500


@pytest.mark.parametrize("place", ["23/0/0", "3/8/0", "3/0/8", "3/-1/0", "99999999999999999999/0/0"])
def test_a_tile_that_cannot_be_is_not_there(client: FlaskClient, town: MapRecord, place: str) -> None:
    assert client.get(f"/m/testov/heat/{place}.png").status_code == 404


class Meanwhile:
    """Another connection that hides or shows a pin at the very moment in which somebody begins to count."""

    def __init__(self, url: str, pin: Pin) -> None:
        self.engine = create_engine(url)
        self.pin = pin
        self.times = 0

    def set_state(self, state: PinState) -> None:
        with self.engine.begin() as connection:
            connection.execute(update(Pin).where(Pin.id == self.pin.id).values(state=state))

    def watch(self, *about: Any) -> None:
        """Called before each statement of the session under test."""
        if "heat_block" in about[2] and self.times:
            self.times -= 1
            self.set_state(PinState.HIDDEN if self.times % 2 == 0 else PinState.VISIBLE)


@pytest.fixture
def busy(live_url: str, live_session: Session) -> Iterator[tuple[MapRecord, Meanwhile]]:
    """A map in the live database, and somebody who changes it meanwhile."""
    the_map = a_felt_town(live_session)
    meanwhile = Meanwhile(live_url, a_pin(live_session, the_map, "unsafe", respondent="one more"))
    event.listen(live_session.get_bind(), "before_cursor_execute", meanwhile.watch)
    yield the_map, meanwhile
    event.remove(live_session.get_bind(), "before_cursor_execute", meanwhile.watch)
    live_session.rollback()
    meanwhile.engine.dispose()


def _total(store: HeatStore, session: Session, the_map: MapRecord) -> float:
    return store.heat(session, the_map, HeatQuery(), Scope.PUBLIC).surface.total


def test_a_pin_hidden_while_it_is_counted_is_there_again_once_it_is_shown(
    live_session: Session, busy: tuple[MapRecord, Meanwhile]
) -> None:
    the_map, meanwhile = busy
    store, meanwhile.times = HeatStore(), 1
    assert _total(store, live_session, the_map) == PEOPLE
    meanwhile.set_state(PinState.VISIBLE)
    assert _total(store, live_session, the_map) == PEOPLE + 1


def test_tiles_of_very_many_pins_stand_still_for_a_while_and_files_never(
    client: FlaskClient, session: Session, town: MapRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heat, "MANY_PINS", PEOPLE)
    monkeypatch.setattr(heat, "PINS_A_SECOND", 5)
    monkeypatch.setattr(heat, "time", SimpleNamespace(time=lambda: 1_000_000.0))
    fold(session, town.id)
    session.commit()
    before = {name: client.get(f"/m/{town.slug}/{name}").data for name in (tile(), "heat.geojson")}
    client.get(f"/m/{town.slug}/results")
    a_pin(session, town, "unsafe", respondent="one more")
    after = {name: client.get(f"/m/{town.slug}/{name}").data for name in before}
    assert after[tile()] == before[tile()]
    for codings in ("br", "identity"):
        pins = client.get(f"/m/{town.slug}/pins.json", headers={"Accept-Encoding": codings})
        assert pins.headers.get("Content-Encoding", "identity") == codings
        said = json.loads(brotli.decompress(pins.data) if codings == "br" else pins.data)
        assert len(said["ids"]) == PEOPLE + 1, said.keys()
        again = client.get(f"/m/{town.slug}/pins.json", headers={"If-None-Match": pins.headers["ETag"]})
        assert again.status_code == 304
    people = re.search(
        r'story-number">(\d+)<', client.get(f"/m/{town.slug}/results", headers={"Accept-Language": "en"}).text
    )
    assert people is not None
    assert int(people[1]) == PEOPLE
    assert after["heat.geojson"] != before["heat.geojson"]
    monkeypatch.setattr(heat, "time", SimpleNamespace(time=lambda: 1_000_100.0))
    assert client.get(f"/m/{town.slug}/{tile()}").data != before[tile()]
