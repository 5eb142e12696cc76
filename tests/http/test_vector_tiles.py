"""The pins as vector tiles: what is in one, who sees it, and when it is another."""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import shapely
from flask.testing import FlaskClient
from pyogrio import raw
from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.models import Pin, PinState, Respondent, Support
from app.queries.maps import MapRecord
from app.queries.vector_tiles import MOST_SINGLE
from gis.mercator import lon_lat_bounds, tile_bounds
from tests.builders import CENTRE, a_draft, a_map, a_pin, a_token, an_event, an_official, bearer, moment

ZOOM = 16
QUESTION = {
    "key": "when",
    "type": "multiple",
    "label": {"cs": "Kdy?"},
    "options": [{"key": "day", "label": {"cs": "Ve dne"}}, {"key": "night", "label": {"cs": "V noci"}}],
}
PROGRAM = {"Accept": "application/json", "Accept-Language": "en"}


def tile_at(at: tuple[float, float], zoom: int = ZOOM) -> tuple[int, int, int]:
    """Zoom, row and column of the tile in which a place lies."""
    lon, lat = at
    row = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**zoom
    return zoom, int(row), int((lon + 180) / 360 * 2**zoom)


def address(tile: tuple[int, int, int], slug: str = "testov") -> str:
    zoom, row, col = tile
    return f"/api/collections/{slug}/tiles/WebMercatorQuad/{zoom}/{row}/{col}"


def read(data: bytes, tile: tuple[int, int, int], *, clip: bool = True) -> list[dict[str, Any]]:
    """The features of a tile as GDAL reads them, each with its place in degrees as `at`."""
    zoom, row, col = tile
    options = {"X": col, "Y": row, "Z": zoom, "CLIP": "YES" if clip else "NO"}
    meta, _, geometry, columns = raw.read(data, layer="pins", **options)
    found = []
    for n, point in enumerate(shapely.from_wkb(geometry)):
        lon, lat, *_ = lon_lat_bounds((point.x, point.y, point.x, point.y))
        properties = {str(name): column[n] for name, column in zip(meta["fields"], columns, strict=True)}
        found.append({**properties, "at": (lon, lat)})
    return found


@pytest.fixture
def town(session: Session) -> MapRecord:
    return a_map(session, questions=[QUESTION])


@pytest.fixture
def pin(session: Session, town: MapRecord) -> Pin:
    return a_pin(session, town, "unsafe", comment="Příliš tmavý průchod", answers={"when": ["night"]})


def test_a_tile_holds_the_pin_at_its_place_with_what_is_public(client: FlaskClient, pin: Pin) -> None:
    answer = client.get(address(tile_at(CENTRE)))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/vnd.mapbox-vector-tile")
    [found] = read(answer.data, tile_at(CENTRE))
    lon, lat = found.pop("at")
    assert math.hypot((lon - CENTRE[0]) * 72_000, (lat - CENTRE[1]) * 111_200) < 0.2
    item = client.get(f"/api/collections/testov/items/{pin.id}").json
    expected = {name: value for name, value in item["properties"].items() if value is not None}
    expected |= {"id": item["id"], "pins": 1, "when": '["night"]'}
    del found["mvt_id"]
    assert found == expected


def test_the_row_stands_before_the_column(client: FlaskClient, pin: Pin) -> None:
    zoom, row, col = tile_at(CENTRE)
    assert client.get(address((zoom, col, row))).status_code == 204


def test_an_empty_tile_is_no_content(client: FlaskClient, town: MapRecord) -> None:
    answer = client.get(address(tile_at(CENTRE)))
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Cache-Control"] == "public, no-cache"


@pytest.mark.parametrize(
    "place", ["23/0/0", "1/2/0", "1/0/2", "0/0/1", "99999999999999999999/0/0", "-1/0/0", "1/a/0"]
)
def test_a_tile_that_cannot_be_is_not_there(client: FlaskClient, town: MapRecord, place: str) -> None:
    answer = client.get(f"/api/collections/testov/tiles/WebMercatorQuad/{place}")
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_another_tile_matrix_set_is_not_there(client: FlaskClient, town: MapRecord) -> None:
    assert client.get("/api/collections/testov/tiles/WorldCRS84Quad/0/0/0").status_code == 404


def test_a_pin_at_the_edge_is_also_in_the_neighbours_buffer(
    client: FlaskClient, session: Session, town: MapRecord
) -> None:
    zoom, row, col = tile_at(CENTRE)
    west, south, east, north = tile_bounds(zoom, col, row)
    near = (east - west) / 1000
    lon, lat, *_ = lon_lat_bounds((east - near, (south + north) / 2, east, north))
    a_pin(session, town, at=(lon, lat))
    here, there = (zoom, row, col), (zoom, row, col + 1)
    assert len(read(client.get(address(here)).data, here)) == 1
    beside = client.get(address(there)).data
    assert len(read(beside, there, clip=False)) == 1
    assert read(beside, there) == []


def _comes(session: Session, the_map: MapRecord, pin: Pin) -> None:
    a_pin(session, the_map, "safe")


def _goes(session: Session, the_map: MapRecord, pin: Pin) -> None:
    session.delete(pin)


def _is_hidden(session: Session, the_map: MapRecord, pin: Pin) -> None:
    pin.state = PinState.HIDDEN


def _moves(session: Session, the_map: MapRecord, pin: Pin) -> None:
    pin.position = f"SRID=4326;POINT({CENTRE[0] + 0.0001} {CENTRE[1]})"


def _is_reworded(session: Session, the_map: MapRecord, pin: Pin) -> None:
    pin.comment = "Příliš tmavý podchod"


def _is_of_another_category(session: Session, the_map: MapRecord, pin: Pin) -> None:
    pin.category = "safe"


def _is_supported(session: Session, the_map: MapRecord, pin: Pin) -> None:
    other = uuid.uuid4()
    session.add(Respondent(map_id=the_map.id, id=other))
    session.flush()
    session.add(Support(map_id=the_map.id, pin_id=pin.id, respondent_id=other))
    pin.supports = 1


def _gets_a_status(session: Session, the_map: MapRecord, pin: Pin) -> None:
    pin.status = "planned"


def _is_answered(session: Session, the_map: MapRecord, pin: Pin) -> None:
    pin.answer, pin.answered_at = "Lampy vyměníme.", moment("2026-10-01T08:00+02:00")


def _answers_otherwise(session: Session, the_map: MapRecord, pin: Pin) -> None:
    pin.answers = {"when": ["day"]}


def _gets_an_event(session: Session, the_map: MapRecord, pin: Pin) -> None:
    an_event(session, the_map)
    pin.event = "FORUM1"


@pytest.mark.parametrize(
    "change",
    [
        _comes,
        _goes,
        _is_hidden,
        _moves,
        _is_reworded,
        _is_of_another_category,
        _is_supported,
        _gets_a_status,
        _is_answered,
        _answers_otherwise,
        _gets_an_event,
    ],
)
def test_the_mark_is_new_where_a_pin_changed_and_nowhere_else(
    client: FlaskClient, session: Session, town: MapRecord, pin: Pin, change: Callable[..., None]
) -> None:
    far = (CENTRE[0] + 0.015, CENTRE[1])
    a_pin(session, town, at=far)
    around = [address(tile_at(CENTRE, zoom)) for zoom in (8, 12, ZOOM, 18)]
    away = [address(tile_at(far, zoom)) for zoom in (ZOOM, 18)]
    before = {url: client.get(url).headers["ETag"] for url in around + away}
    assert len(set(before.values())) == len(before)

    change(session, town, session.merge(pin))
    session.commit()

    for url in around:
        answer = client.get(url, headers={"If-None-Match": before[url]})
        assert answer.status_code in (200, 204)
        assert answer.headers["ETag"] != before[url]
    for url in away:
        answer = client.get(url, headers={"If-None-Match": before[url]})
        assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", before[url])


def test_a_hidden_pin_is_back_under_its_old_mark(client: FlaskClient, session: Session, pin: Pin) -> None:
    url = address(tile_at(CENTRE))
    first = client.get(url)
    for state in (PinState.HIDDEN, PinState.VISIBLE):
        pin.state = state
        session.commit()
        last = client.get(url)
    assert (last.data, last.headers["ETag"]) == (first.data, first.headers["ETag"])


def test_marks_hold_for_compressed_tiles_and_for_head(
    client: FlaskClient, session: Session, town: MapRecord
) -> None:
    for n in range(30):
        a_pin(session, town, comment=f"U lavičky číslo {n} je vždycky klid.")
    url, asked = address(tile_at(CENTRE)), {"Accept-Encoding": "gzip"}
    plain, small = client.get(url), client.get(url, headers=asked)
    assert small.headers["Content-Encoding"] == "gzip"
    assert len(small.data) < len(plain.data) / 2
    again = client.get(url, headers={**asked, "If-None-Match": small.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    head = client.head(url)
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", plain.headers["ETag"])


def test_everybody_may_keep_a_tile_but_asks_whether_it_holds(client: FlaskClient, pin: Pin) -> None:
    answer = client.get(address(tile_at(CENTRE)))
    assert answer.headers["Cache-Control"] == "public, no-cache"
    assert "Authorization" in answer.headers["Vary"]


def test_the_office_sees_more_and_nobody_keeps_it(client: FlaskClient, session: Session, pin: Pin) -> None:
    the_map = a_map(
        session, "lhotka", publish={"pins": False}, about=[QUESTION | {"key": "age", "type": "single"}]
    )
    a_pin(session, the_map, state=PinState.HIDDEN, comment="Skryté", about={"age": "day"}, zoom=17)
    token = a_token(session, an_official(session, town="lhotka", role="viewer"))
    for url in (address(tile_at(CENTRE), "lhotka"), *_documents("lhotka")):
        refused = client.get(url, headers=PROGRAM)
        assert (refused.status_code, refused.mimetype) == (403, "application/problem+json")
        assert "does not publish" in refused.json["detail"]
    answer = client.get(address(tile_at(CENTRE), "lhotka"), headers=bearer(token))
    [found] = read(answer.data, tile_at(CENTRE))
    assert (found["state"], found["about_age"], found["zoom"]) == ("hidden", "day", 17)
    assert found["respondent"]
    assert answer.headers["Cache-Control"] == "private, no-store"
    fields = client.get(_documents("lhotka")[1], headers=bearer(token)).json["vector_layers"][0]["fields"]
    assert {"state", "respondent", "about_age"} <= fields.keys()
    # The same token is nobody in particular on the map of another town.
    other = client.get(address(tile_at(CENTRE)), headers=bearer(token))
    [found] = read(other.data, tile_at(CENTRE))
    assert "respondent" not in found


@pytest.mark.parametrize("zoom", [0, ZOOM])
def test_nobody_learns_of_pins_that_wait_or_are_hidden(
    client: FlaskClient, session: Session, town: MapRecord, zoom: int
) -> None:
    for state in (PinState.PENDING, PinState.HIDDEN):
        a_pin(session, town, state=state, comment="Tajné")
    assert client.get(address(tile_at(CENTRE, zoom))).status_code == 204


def test_a_draft_is_not_there(client: FlaskClient, session: Session) -> None:
    a_draft(session)
    for url in (address(tile_at(CENTRE), "koncept"), *_documents("koncept")):
        assert client.get(url).status_code == 404


def test_pins_are_chosen_by_category_and_time(client: FlaskClient, session: Session, town: MapRecord) -> None:
    a_pin(session, town, "safe", created_at=moment("2026-09-01T08:00+00:00"))
    a_pin(session, town, "unsafe", created_at=moment("2026-09-10T08:00+00:00"))
    tile = tile_at(CENTRE)

    def chosen(query: str) -> list[str]:
        answer = client.get(f"{address(tile)}?{query}")
        return sorted(found["category"] for found in read(answer.data, tile)) if answer.data else []

    assert chosen("f=mvt") == ["safe", "unsafe"]
    assert chosen("category=safe") == ["safe"]
    assert chosen("category=safe,unsafe") == ["safe", "unsafe"]
    assert chosen("datetime=2026-09-05T00:00:00Z/..") == ["unsafe"]
    assert chosen("datetime=../2026-08-01T00:00:00Z") == []
    assert chosen("status=received") == ["safe", "unsafe"]
    assert chosen("filter=category+LIKE+'un%25'+AND+supports=0") == ["unsafe"]
    assert chosen("filter=T_BEFORE(created_at,TIMESTAMP('2026-09-05T00:00:00Z'))&filter-lang=cql2-text") == [
        "safe"
    ]


def test_a_filter_holds_for_numbers_too(client: FlaskClient, session: Session, town: MapRecord) -> None:
    _many(session, town, np.array([CENTRE] * (3 * (MOST_SINGLE + 1))))
    tile = tile_at(CENTRE, 5)
    found = read(client.get(f"{address(tile)}?filter=category='safe'").data, tile)
    assert [(one["category"], one["pins"]) for one in found] == [("safe", MOST_SINGLE + 1)]


@pytest.mark.parametrize(
    "query",
    [
        "category=nonsense",
        "datetime=yesterday",
        "f=png",
        "f=",
        "limit=5",
        "bbox=15,49,16,50",
        "category=safe&category=unsafe",
        "filter=category+=",
        "filter=respondent+IS+NOT+NULL",
        "filter-lang=sql",
    ],
)
def test_what_a_tile_does_not_know_is_refused(client: FlaskClient, town: MapRecord, query: str) -> None:
    answer = client.get(f"{address(tile_at(CENTRE))}?{query}", headers=PROGRAM)
    assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")


def _many(session: Session, the_map: MapRecord, positions: np.ndarray[Any, Any]) -> None:
    """Pins of one person at these places, of the three categories in turn."""
    person = uuid.uuid4()
    session.add(Respondent(map_id=the_map.id, id=person))
    session.flush()
    keys = ["safe", "unsafe", "improve"]
    rows = [
        {
            "map_id": the_map.id,
            "id": uuid.uuid4(),
            "respondent_id": person,
            "category": keys[n % 3],
            "position": f"SRID=4326;POINT({lon} {lat})",
            "square_x": 0,
            "square_y": 0,
            "channel": "web",
        }
        for n, (lon, lat) in enumerate(positions)
    ]
    session.execute(insert(Pin), rows)
    session.commit()


def test_a_crowd_becomes_numbers_from_afar_and_single_pins_nearby(
    client: FlaskClient, session: Session, town: MapRecord
) -> None:
    spread = np.array(CENTRE) + np.random.default_rng(4).uniform(-0.008, 0.008, (MOST_SINGLE + 1000, 2))
    _many(session, town, spread)
    seen = {}
    for zoom in (0, 6, 10, 12, 15, 17):
        tile = tile_at(CENTRE, zoom)
        answer = client.get(address(tile))
        found = read(answer.data, tile, clip=False)
        assert len(found) <= MOST_SINGLE * 1.3
        assert client.get(address(tile)).data == answer.data
        seen[zoom] = (len(found), sum(one["pins"] for one in found), "id" in found[0])
    assert seen[0] == (3, len(spread), False)
    assert seen[6][1:] == seen[10][1:] == (len(spread), False)
    assert seen[17][0] == seen[17][1] < len(spread)
    assert seen[17][2]


def test_a_number_stands_in_the_middle_of_its_pins(client: FlaskClient, session: Session, town: MapRecord) -> None:
    _many(session, town, np.array([CENTRE] * (3 * MOST_SINGLE)))
    for zoom in (9, 22):
        tile = tile_at(CENTRE, zoom)
        found = read(client.get(address(tile)).data, tile)
        assert [(one["category"], one["pins"]) for one in found] == [
            ("improve", MOST_SINGLE),
            ("safe", MOST_SINGLE),
            ("unsafe", MOST_SINGLE),
        ]
        unit_deg = 360 / 2**zoom / 4096
        assert all(abs(one["at"][0] - CENTRE[0]) <= unit_deg for one in found)


def test_numbers_are_new_once_one_of_the_crowd_is_hidden(
    client: FlaskClient, session: Session, town: MapRecord
) -> None:
    _many(session, town, np.array([CENTRE] * (MOST_SINGLE + 10)))
    url = address(tile_at(CENTRE, 12))
    mark = client.get(url).headers["ETag"]
    assert client.get(url, headers={"If-None-Match": mark}).status_code == 304
    one = session.query(Pin).filter_by(map_id=town.id).limit(1).one()
    one.state = PinState.HIDDEN
    session.commit()
    assert client.get(url, headers={"If-None-Match": mark}).status_code == 200


def _documents(slug: str = "testov") -> list[str]:
    return [f"/api/collections/{slug}/tiles", f"/api/collections/{slug}/tiles/WebMercatorQuad"]


def test_the_tileset_leads_to_its_tiles(client: FlaskClient, pin: Pin) -> None:
    listed = client.get(_documents()[0]).json
    [one] = listed["tilesets"]
    assert (one["dataType"], one["crs"]) == ("vector", "http://www.opengis.net/def/crs/EPSG/0/3857")
    here = next(link["href"] for link in one["links"] if link["rel"] == "self")
    found = client.get(here).json
    tile = next(link for link in found["links"] if link["rel"] == "item")
    assert (tile["templated"], tile["type"]) == (True, "application/vnd.mapbox-vector-tile")
    zoom, row, col = tile_at(CENTRE)
    href = tile["href"]
    for name, value in (("tileMatrix", zoom), ("tileRow", row), ("tileCol", col)):
        href = href.replace("{" + name + "}", str(value))
    assert client.get(href).status_code == 200
    assert client.get(found["tiles"][0].format(z=zoom, y=row, x=col)).status_code == 200
    scheme = next(link["href"] for link in found["links"] if link["rel"].endswith("/tiling-scheme"))
    matrices = client.get(scheme).json["tileMatrices"]
    assert [matrix["id"] for matrix in matrices] == [limit["tileMatrix"] for limit in found["tileMatrixSetLimits"]]


def test_the_tileset_says_where_tiles_are_and_what_they_hold(client: FlaskClient, pin: Pin) -> None:
    found = client.get(_documents()[1]).json
    west, south, east, north = found["bounds"]
    assert found["boundingBox"]["lowerLeft"] == [west, south]
    for limit in found["tileMatrixSetLimits"]:
        zoom, row, col = tile_at(CENTRE, int(limit["tileMatrix"]))
        assert limit["minTileRow"] <= row <= limit["maxTileRow"]
        assert limit["minTileCol"] <= col <= limit["maxTileCol"]
        first = lon_lat_bounds(tile_bounds(zoom, limit["minTileCol"], limit["minTileRow"]))
        last = lon_lat_bounds(tile_bounds(zoom, limit["maxTileCol"], limit["maxTileRow"]))
        assert first[0] <= west < first[2]
        assert last[0] < east <= last[2]
        assert first[1] < north <= first[3]
        assert last[1] <= south < last[3]
    [layer] = found["layers"]
    [described] = found["vector_layers"]
    assert layer["id"] == described["id"] == "pins"
    assert layer["propertiesSchema"]["properties"].keys() == described["fields"].keys()
    tile = tile_at(CENTRE)
    [held] = read(client.get(address(tile)).data, tile)
    assert held.keys() - {"mvt_id", "at"} <= described["fields"].keys()


def test_the_scheme_is_that_of_web_maps(client: FlaskClient) -> None:
    found = client.get("/api/tileMatrixSets/WebMercatorQuad").json
    assert found["tileMatrices"][0]["scaleDenominator"] == pytest.approx(559082264.028717, rel=1e-9)
    assert found["tileMatrices"][22]["cellSize"] == pytest.approx(0.037322767712, rel=1e-9)
    assert found["tileMatrices"][22]["matrixWidth"] == 2**22


def test_the_documents_take_no_other_form(client: FlaskClient, town: MapRecord) -> None:
    for url in _documents():
        assert client.get(f"{url}?f=json").json == client.get(url).json
        assert client.get(f"{url}?f=xml").status_code == 400
        assert client.get(f"{url}?x=1").status_code == 400


def test_a_question_of_any_name_leaves_the_tile_whole(client: FlaskClient, session: Session) -> None:
    keys = ["pins", "geom", "tile", "near"]
    the_map = a_map(session, questions=[QUESTION | {"key": key, "type": "text", "options": []} for key in keys])
    a_pin(session, the_map, answers=dict.fromkeys(keys, "odpověď"))
    [found] = read(client.get(address(tile_at(CENTRE))).data, tile_at(CENTRE))
    assert [found[key] for key in keys] == [1, "odpověď", "odpověď", "odpověď"]


def test_a_tile_knows_no_person(client: FlaskClient, session: Session, pin: Pin) -> None:
    said = json.dumps([str(one) for one in read(client.get(address(tile_at(CENTRE))).data, tile_at(CENTRE))])
    assert str(pin.respondent_id) not in said
    assert not {"respondent", "zoom", "state", "hidden_reason"} & set(json.loads(said)[0])
