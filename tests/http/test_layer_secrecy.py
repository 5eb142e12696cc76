"""What the office has in its layers never reaches the public, in no file and by no comparison of two of them."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from shapely import MultiPolygon, box
from shapely.geometry import shape
from sqlalchemy.orm import Session

from app.models import PinState
from app.queries.maps import MapRecord
from gis.hexagons import hexagon_of
from tests.builders import a_map, a_pin, an_answered_place, an_official
from tests.doors import sign_in

OF_HEAT = ["heat-cells", "heat-hexagons", "heat-contours", "hot-spots", "clusters"]
AROUND = MultiPolygon([box(15.49, 49.60, 15.55, 49.64)])
LONE = (15.535, 49.626)
CROWD = (15.52, 49.62)
TROLL = (15.505, 49.612)


def a_town(session: Session, *, pins: bool = True, heat: bool = True, people: int = 40) -> MapRecord:
    the_map = a_map(session, boundary=AROUND, publish={"pins": pins, "heat": heat})
    for n in range(people):
        where = (CROWD[0] + 0.0002 * (n % 3), CROWD[1] + 0.0002 * (n // 3 % 3))
        a_pin(session, the_map, "unsafe", where, respondent=f"r{n}")
    return the_map


def the_lone(session: Session, the_map: MapRecord) -> None:
    """One person far off, and ten whose pins were hidden."""
    a_pin(session, the_map, "unsafe", LONE, respondent="lone")
    for n in range(10):
        a_pin(session, the_map, "unsafe", TROLL, respondent=f"troll {n}", state=PinState.HIDDEN)


def features(client: FlaskClient, address: str) -> list[dict[str, Any]]:
    answer = client.get(address)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = json.loads(answer.data)["features"]
    return found


def reached(found: list[dict[str, Any]], place: tuple[float, float]) -> bool:
    """Whether anything is within some 150 m of a place."""
    spot = box(place[0] - 0.002, place[1] - 0.0015, place[0] + 0.002, place[1] + 0.0015)
    return any(shape(feature["geometry"]).intersects(spot) for feature in found)


@pytest.mark.parametrize("layer", OF_HEAT)
def test_a_lone_person_and_hidden_pins_are_in_no_public_layer(
    app: Flask, client: FlaskClient, session: Session, layer: str
) -> None:
    the_map = a_town(session)
    before = features(client, f"/data/testov/{layer}.geojson")
    the_lone(session, the_map)
    official = sign_in(app.test_client(), an_official(session))
    office = features(official, f"/office/maps/testov/{layer}.geojson")
    after = features(client, f"/data/testov/{layer}.geojson")
    assert after == before
    assert reached(after, CROWD)
    assert not reached(after, LONE)
    assert not reached(after, TROLL)
    assert not reached(office, TROLL)
    if layer.startswith("heat"):
        assert reached(office, LONE)


@pytest.mark.parametrize("layer", [*OF_HEAT, "places", "boundary"])
def test_two_downloads_of_a_day_around_a_new_pin_are_the_same_where_pins_are_kept(
    client: FlaskClient, session: Session, layer: str
) -> None:
    the_map = a_town(session, pins=False)
    an_answered_place(session, the_map)
    before = client.get(f"/data/testov/{layer}.geojson").data
    assert json.loads(before)["features"]
    for category in ("unsafe", "safe"):
        a_pin(session, the_map, category, CROWD, respondent="new")
    assert client.get(f"/data/testov/{layer}.geojson").data == before


def test_the_first_download_of_a_day_counts_the_day_itself(client: FlaskClient, session: Session) -> None:
    """Nobody has to open the results page first for the layers to have numbers."""
    a_town(session, pins=False)
    found = features(client, "/data/testov/heat-cells.geojson")
    assert sum(feature["properties"]["people"] for feature in found) == 40


def one_beside_the_crowd(session: Session, the_map: MapRecord) -> None:
    """Somebody with three pins in a 25 m square of their own, in one of the crowd's two 250 m squares."""
    for _ in range(3):
        a_pin(session, the_map, "unsafe", (CROWD[0] - 0.0006, CROWD[1] + 0.0002), respondent="one of them")


@pytest.mark.parametrize("ending", ["geojson", "csv"])
def test_a_map_that_keeps_its_pins_gives_no_square_of_a_single_person(
    client: FlaskClient, session: Session, ending: str
) -> None:
    the_map = a_town(session, pins=False)
    one_beside_the_crowd(session, the_map)
    answer = client.get(f"/data/testov/heat-cells.{ending}?crs=EPSG:5514")
    assert answer.status_code == 200
    if ending == "csv":
        rows = list(csv.DictReader(answer.data.decode("utf-8-sig").splitlines(), delimiter=";"))
        assert rows
        assert "pins" not in rows[0]
        assert [(row["people"], row["side_m"]) for row in rows] == [("15", "250"), ("25", "250")]
        return
    squares = json.loads(answer.data)["features"]
    assert [square["properties"]["people"] for square in squares] == [15, 25]
    for square in squares:
        assert square["properties"].keys() == {"category", "people", "people_per_ha", "side_m"}
        area = shape(square["geometry"])
        assert area.area == pytest.approx(62_500)
        assert all(edge / 250 == pytest.approx(round(edge / 250), abs=1e-4) for edge in area.bounds)


@pytest.mark.parametrize("pins", [True, False])
def test_public_hexagons_are_the_public_squares_added_up_and_nothing_more(
    app: Flask, client: FlaskClient, session: Session, *, pins: bool
) -> None:
    """So whoever has the squares learns nothing by them."""
    the_map = a_town(session, pins=pins)
    one_beside_the_crowd(session, the_map)
    the_lone(session, the_map)
    area_ha, keys = (1, {"pins"}) if pins else (100, set())
    squares = features(client, "/data/testov/heat-cells.geojson?crs=EPSG:5514")
    expected: Counter[tuple[int, int]] = Counter()
    for square in squares:
        middle = shape(square["geometry"]).centroid
        column, row = hexagon_of(middle.x, middle.y, area_ha)
        expected[int(column), int(row)] += square["properties"]["people"]
    found = features(client, "/data/testov/heat-hexagons.geojson?crs=EPSG:5514")
    told = {}
    for one in found:
        assert one["properties"].keys() == {"category", "counted", "counted_per_ha", "ground_ha"} | keys
        area = shape(one["geometry"])
        assert area.area == pytest.approx(area_ha * 10_000, rel=1e-3)
        column, row = hexagon_of(area.centroid.x, area.centroid.y, area_ha)
        told[int(column), int(row)] = one["properties"]["counted"]
    assert told == expected
    office = sign_in(app.test_client(), an_official(session))
    known = features(office, "/office/maps/testov/heat-hexagons.geojson")
    assert {"people", "counted", "pins"} <= known[0]["properties"].keys()


def test_nor_does_its_file_of_everything(client: FlaskClient, session: Session, tmp_path: Path) -> None:
    the_map = a_town(session, pins=False)
    one_beside_the_crowd(session, the_map)
    file = tmp_path / "everything.gpkg"
    with client.get("/data/testov/everything.gpkg") as answer:
        assert answer.status_code == 200
        file.write_bytes(answer.data)
    with sqlite3.connect(file) as opened:
        names = {row[0] for row in opened.execute("SELECT table_name FROM gpkg_contents")}
        (cells,) = [name for name in names if name.startswith("heat") and name.endswith("cells")]
        opened.row_factory = sqlite3.Row
        squares = [dict(row) for row in opened.execute(f'SELECT * FROM "{cells}"')]
    assert [(square["people"], square["side_m"]) for square in squares] == [(15, 250), (25, 250)]
    assert not any("pins" in square for square in squares)


def test_its_hot_spots_and_clusters_tell_nothing_that_one_person_moves(
    client: FlaskClient, session: Session
) -> None:
    the_map = a_town(session, pins=False)
    one_beside_the_crowd(session, the_map)
    spots = json.loads(client.get("/data/testov/hot-spots.geojson").data)["features"]
    assert {frozenset(spot["properties"]) for spot in spots} <= {frozenset({"category", "level", "class"})}
    clusters = [
        one["properties"] for one in json.loads(client.get("/data/testov/clusters.geojson").data)["features"]
    ]
    assert clusters
    for cluster in clusters:
        assert not [name for name in cluster if name.startswith("pins")]
        assert (round(cluster["lon"], 3), round(cluster["lat"], 3)) == (cluster["lon"], cluster["lat"])


def test_its_page_of_data_says_how_large_the_squares_are(client: FlaskClient, session: Session) -> None:
    a_town(session, pins=False)
    assert "in squares of 250 m" in client.get("/data/testov/?lang=en").text
    a_map(session, "otevrena")
    assert "in squares of 25 m" in client.get("/data/otevrena/?lang=en").text


def test_the_office_and_maps_that_publish_their_pins_keep_the_squares_of_25_m(
    app: Flask, client: FlaskClient, session: Session
) -> None:
    one_beside_the_crowd(session, a_town(session, pins=False))
    official = sign_in(app.test_client(), an_official(session))
    opened = a_map(session, "otevrena", boundary=AROUND)
    for n in range(6):
        a_pin(session, opened, "unsafe", (CROWD[0], CROWD[1] + 0.0002), respondent=f"open {n}")
    one_beside_the_crowd(session, opened)
    for reader, address in (
        (official, "/office/maps/testov/heat-cells.geojson?crs=EPSG:5514"),
        (client, "/data/otevrena/heat-cells.geojson?crs=EPSG:5514"),
    ):
        found = features(reader, address)
        assert all(one["properties"].keys() == {"category", "people", "pins", "people_per_ha"} for one in found)
        assert (1, 3) in {(one["properties"]["people"], one["properties"]["pins"]) for one in found}
        assert all(shape(one["geometry"]).area == pytest.approx(625, abs=1) for one in found)


@pytest.mark.parametrize("layer", OF_HEAT)
def test_a_map_that_keeps_its_heat_gives_none_of_its_layers_to_everybody(
    app: Flask, client: FlaskClient, session: Session, layer: str
) -> None:
    a_town(session, heat=False)
    assert client.get(f"/data/testov/{layer}.geojson").status_code == 403
    official = sign_in(app.test_client(), an_official(session))
    assert features(official, f"/office/maps/testov/{layer}.geojson")


def test_the_file_of_everything_holds_no_layer_of_a_map_that_keeps_its_heat(
    client: FlaskClient, session: Session, tmp_path: Path
) -> None:
    a_town(session, heat=False)
    file = tmp_path / "everything.gpkg"
    with client.get("/data/testov/everything.gpkg") as answer:
        assert answer.status_code == 200
        file.write_bytes(answer.data)
    with sqlite3.connect(file) as opened:
        layers = {row[0] for row in opened.execute("SELECT table_name FROM gpkg_contents")}
    assert not layers & {*OF_HEAT, *(name.replace("-", "_") for name in OF_HEAT)}
    assert "boundary" in layers


@pytest.mark.parametrize("layer", OF_HEAT)
def test_nobody_in_particular_gets_the_office_s_layers(client: FlaskClient, session: Session, layer: str) -> None:
    a_town(session, people=6)
    assert client.get(f"/office/maps/testov/{layer}.geojson").status_code in (302, 303, 401)


def test_no_public_layer_has_a_word_on_persons(client: FlaskClient, session: Session) -> None:
    the_map = a_town(session)
    an_answered_place(session, the_map)
    for layer in [*OF_HEAT, "places", "boundary"]:
        for feature in features(client, f"/data/testov/{layer}.geojson"):
            assert not {"respondent", "person", "state", "hidden_reason"} & feature["properties"].keys()
