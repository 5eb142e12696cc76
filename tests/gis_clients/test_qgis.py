"""QGIS reads the live API, where PyQGIS is installed (apt-get install python3-qgis qgis-providers)."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from gis.crs import to_metric
from tests.gis_clients.city import (
    CITY,
    CONTROL,
    EAST,
    FIRST,
    HIDDEN,
    KNOWN_POINTS,
    MOST_OFF_M,
    NORTH,
    PENDING,
    SOUTH,
    VISIBLE,
    WEST,
    position,
)
from tests.gis_clients.conftest import Server

SYSTEM_PYTHON = "/usr/bin/python3"
SCRIPT = Path(__file__).with_name("qgis_reads.py")
PAGE = 700
BOX = (18.22, 49.79, 18.30, 49.84)
SJTSK_BOX = (-475_000.0, -1_106_000.0, -468_000.0, -1_100_000.0)
ZOOM = 12
SINCE = "2026-05-20T00:00:00Z"


def _has_qgis() -> bool:
    if not Path(SYSTEM_PYTHON).exists():
        return False
    tried = subprocess.run([SYSTEM_PYTHON, "-c", "import qgis.core"], capture_output=True, check=False)
    return tried.returncode == 0


def the_tile() -> tuple[int, int, int]:
    """Zoom, row and column of a tile in the city's middle."""
    lon, lat = KNOWN_POINTS["Ostrava"][0]
    row = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**ZOOM
    return ZOOM, int(row), int((lon + 180) / 360 * 2**ZOOM)


@pytest.fixture(scope="module")
def requests(seen: dict[str, Any]) -> list[str]:
    """Everything that QGIS asked the server for."""
    asked: list[str] = seen["requests"]
    return asked


@pytest.fixture(scope="module")
def seen(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What QGIS saw, in one run of it."""
    if not _has_qgis():
        pytest.skip("PyQGIS is not installed: apt-get install python3-qgis qgis-providers")
    folder = tmp_path_factory.mktemp("qgis")
    geopackage = folder / "pins.gpkg"
    with urllib.request.urlopen(f"{server.url}/data/{CITY}/pins.gpkg?crs=EPSG:5514", timeout=60) as answer:
        geopackage.write_bytes(answer.read())
    asked = {
        "api": server.api,
        "server": server.url,
        "map": CITY,
        "control": CONTROL,
        "token": server.city.token,
        "box": BOX,
        "sjtsk_box": SJTSK_BOX,
        "since": SINCE,
        "page_size": PAGE,
        "geopackage": str(geopackage),
        "tile": the_tile(),
    }
    quiet = {
        "QT_QPA_PLATFORM": "offscreen",
        "QGIS_CUSTOM_CONFIG_PATH": str(folder),
        "XDG_RUNTIME_DIR": str(folder),
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL"))}
    since = len(server.asked())
    done = subprocess.run(
        [SYSTEM_PYTHON, str(SCRIPT), json.dumps(asked)],
        capture_output=True,
        text=True,
        timeout=240,
        env={**environment, **quiet, "LC_ALL": "C.UTF-8"},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found | {"requests": server.asked(since)}


def test_the_layer_tells_count_fields_system_and_extent(seen: dict[str, Any]) -> None:
    whole = seen["whole"]
    assert whole["count"] == VISIBLE
    assert whole["crs"] in {"EPSG:4326", "OGC:CRS84"}
    assert whole["extent"] == pytest.approx([WEST, SOUTH, EAST, NORTH], abs=1e-6)
    fields = whole["fields"]
    assert list(fields)[:4] == ["id", "category", "comment", "created_at"]
    assert {fields["created_at"], fields["supports"]} == {"DateTime", "Integer"}
    assert "respondent" not in fields


def test_every_pin_comes_once_over_all_pages(server: Server, seen: dict[str, Any], requests: list[str]) -> None:
    assert len(seen["whole"]["ids"]) == VISIBLE
    assert set(seen["whole"]["ids"]) == server.city.ids()
    assert seen["whole"]["comments"] == {str(row["id"]): row["comment"] for row in server.city.rows}
    pages = {line for line in requests if f"limit={PAGE}" in line and "after=" in line}
    assert len(pages) >= math.ceil(VISIBLE / PAGE) - 1


def test_a_box_is_asked_of_the_server(server: Server, seen: dict[str, Any], requests: list[str]) -> None:
    west, south, east, north = BOX

    def inside(row: dict[str, Any]) -> bool:
        lon, lat = position(row)
        return west <= lon <= east and south <= lat <= north

    assert set(seen["in_boxes"]["degrees"]) == server.city.ids(inside)
    assert seen["in_boxes"]["degrees"]
    assert any("bbox=18.2" in line for line in requests)


def test_a_project_in_s_jtsk_gets_its_box(server: Server, seen: dict[str, Any]) -> None:
    west, south, east, north = SJTSK_BOX
    turn = to_metric(5514)
    metres = {str(row["id"]): turn(*position(row)) for row in server.city.rows}
    inside = {one for one, (x, y) in metres.items() if west <= x <= east and south <= y <= north}
    found = seen["in_boxes"]["metres"]
    # QGIS asks for the box around the turned box, which holds some pins at its corners more.
    assert inside <= found.keys()
    assert 50 < len(inside) <= len(found) < 2 * len(inside)
    assert max(math.dist(at, metres[one]) for one, at in found.items()) <= MOST_OFF_M


def test_a_filter_by_time_is_asked_of_the_server(
    server: Server, seen: dict[str, Any], requests: list[str]
) -> None:
    begin = FIRST.replace(day=20, hour=0)
    assert set(seen["since"]["time"]) == server.city.ids(lambda row: row["created_at"] >= begin)
    assert 0 < len(seen["since"]["time"]) < VISIBLE
    assert any("datetime=2026-05-20T00:00:00Z" in line for line in requests)


def test_a_filter_by_category_chooses(server: Server, seen: dict[str, Any]) -> None:
    assert set(seen["since"]["category"]) == server.city.ids(lambda row: row["category"] == "unsafe")


def test_positions_are_within_a_metre_in_s_jtsk(seen: dict[str, Any]) -> None:
    assert seen["known_points"].keys() == KNOWN_POINTS.keys()
    for name, found in seen["known_points"].items():
        assert math.dist(found, KNOWN_POINTS[name][1]) <= MOST_OFF_M, name


def test_the_server_turns_into_s_jtsk_for_a_qgis_that_asks(seen: dict[str, Any]) -> None:
    found = seen["turned_by_the_server"]
    if found is None:
        pytest.skip(
            f"QGIS {seen['version']} reads OGC API – Features in WGS 84 only: 3.30 is the first that can ask"
        )
    assert found.keys() == KNOWN_POINTS.keys()
    for name, at in found.items():
        assert math.dist(at, KNOWN_POINTS[name][1]) < 0.01, name


def test_an_official_reads_all_by_a_token(seen: dict[str, Any]) -> None:
    states = seen["official"]["states"]
    assert len(states) == VISIBLE + PENDING + HIDDEN
    assert {states.count(state) for state in ("pending", "hidden")} == {PENDING, HIDDEN}
    assert {"state", "respondent", "hidden_reason"} <= set(seen["official"]["fields"])


def test_the_geopackage_opens_in_the_categories_colours_and_shapes(server: Server, seen: dict[str, Any]) -> None:
    style = seen["style"]
    assert (style["type"], style["field"], style["count"]) == ("categorizedSymbol", "category", VISIBLE)
    assert style["crs"] == "EPSG:5514"
    for category in server.city.the_map.categories:
        label, colour, shape = style["categories"][category.key]
        assert label in category.label.values()
        assert (colour, shape) == (category.color.lower(), category.shape)


def test_vector_tiles_and_heat_are_drawn(seen: dict[str, Any], requests: list[str]) -> None:
    tiles = seen["tiles"]
    assert tiles["valid"] == [True, True]
    assert tiles["drawn_by_tiles"] > 100
    assert tiles["drawn_elsewhere"] == [0, 0]
    zoom, row, col = the_tile()
    assert f"/m/{CITY}/heat/{zoom}/{col}/{row}.png?" in requests
    template = re.compile(rf"/api/collections/{CITY}/tiles/WebMercatorQuad/(\d+)/(\d+)/(\d+)\?")
    asked = [[int(n) for n in found.groups()] for line in requests if (found := template.fullmatch(line))]
    # Which zoom QGIS takes for a scale is its own; row and column are those of the same place.
    assert any((y, x) == (row >> (zoom - z), col >> (zoom - z)) for z, y, x in asked if z in (zoom, zoom - 1))
