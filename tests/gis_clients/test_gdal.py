"""GDAL reads the live API: Debian's by its command line, and the one in pyogrio's wheel."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import shapely
from pyogrio import raw
from pyogrio.errors import DataSourceError

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

PUBLIC_FIELDS = [
    "id",
    "category",
    "comment",
    "created_at",
    "channel",
    "event",
    "supports",
    "status",
    "answer",
    "answered_at",
    "when",
]
PAGES = ["-oo", "PAGE_SIZE=700"]
MIDDLE = (18.22, 49.79, 18.30, 49.84)
SJTSK_MIDDLE = (-475_000.0, -1_106_000.0, -468_000.0, -1_100_000.0)


def gdal(program: str, *arguments: str, fails: bool = False) -> str:
    """What a program of GDAL says."""
    if not shutil.which(program):
        pytest.fail(f"{program} is missing: ./run test installs gdal-bin")
    done = subprocess.run(
        [program, *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
        check=False,
    )
    if not fails:
        assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def pins_of(server: Server, *arguments: str, layer: str = CITY) -> list[dict[str, Any]]:
    """The features that ogr2ogr reads from the live API."""
    options = ["-lco", "RFC7946=NO", "-lco", "COORDINATE_PRECISION=8"]
    said = gdal(
        "ogr2ogr", "-f", "GeoJSON", *options, "/vsistdout/", f"OAPIF:{server.api}", layer, *PAGES, *arguments
    )
    features: list[dict[str, Any]] = json.loads(said)["features"]
    return features


def ids(features: Sequence[dict[str, Any]]) -> set[str]:
    return {feature["properties"]["id"] for feature in features}


def asked_items(server: Server, since: int) -> list[str]:
    """What was asked of items, once the log rests: lines are written a moment after GDAL has its answer."""
    until = time.monotonic() + 5
    found: list[str] = []
    while time.monotonic() < until:
        time.sleep(0.3)
        before, found = found, [line for line in server.asked(since) if "/items" in line]
        if found and found == before:
            break
    return found


def in_box(bounds: tuple[float, float, float, float]) -> Any:
    west, south, east, north = bounds

    def inside(row: dict[str, Any]) -> bool:
        lon, lat = position(row)
        return west <= lon <= east and south <= lat <= north

    return inside


def test_the_maps_are_layers(server: Server) -> None:
    said = gdal("ogrinfo", f"OAPIF:{server.api}")
    assert re.search(rf"^\d+: {CITY} \(title: .*\) \(Point\)$", said, re.MULTILINE)


def test_ogrinfo_tells_count_fields_and_extent(server: Server) -> None:
    said = gdal("ogrinfo", "-so", "-al", f"OAPIF:{server.api}/collections/{CITY}")
    assert f"Feature Count: {VISIBLE}" in said
    assert "Geometry: Point" in said
    assert re.findall(r"^(\w+): \w+ \(", said, re.MULTILINE) == PUBLIC_FIELDS
    assert "created_at: DateTime" in said
    assert "supports: Integer" in said
    extent = [float(n) for n in re.findall(r"-?\d+\.\d+", said.partition("Extent: ")[2].partition("\n")[0])]
    assert extent == pytest.approx([WEST, SOUTH, EAST, NORTH], abs=1e-6)


def test_every_pin_comes_once_over_all_pages(server: Server) -> None:
    since = len(server.asked())
    features = pins_of(server)
    assert len(features) == VISIBLE
    assert ids(features) == server.city.ids()
    pages = {line for line in asked_items(server, since) if "after=" in line}
    assert len(pages) == math.ceil(VISIBLE / 700) - 1


def test_each_pin_is_as_it_was_put_in(server: Server) -> None:
    by_id = {feature["properties"]["id"]: feature for feature in pins_of(server)}
    for row in server.city.rows:
        found = by_id[str(row["id"])]
        assert found["geometry"]["coordinates"] == pytest.approx(position(row), abs=1e-6)
        properties = found["properties"]
        assert properties["comment"] == row["comment"]
        assert (properties["category"], properties["when"]) == (row["category"], row["answers"]["when"])
        assert properties["answer"] == row["answer"]


def test_a_box_is_asked_of_the_server(server: Server) -> None:
    since = len(server.asked())
    found = pins_of(server, "-spat", *(str(edge) for edge in MIDDLE))
    assert ids(found) == server.city.ids(in_box(MIDDLE))
    assert 0 < len(found) < VISIBLE
    assert any("bbox=" in line for line in asked_items(server, since))


def test_a_time_is_asked_of_the_server(server: Server) -> None:
    since = len(server.asked())
    found = pins_of(server, "-where", "created_at >= '2026/05/20 00:00:00+00'")
    later = server.city.ids(lambda row: row["created_at"] >= FIRST.replace(day=20, hour=0))
    assert ids(found) == later
    assert 0 < len(later) < VISIBLE
    assert any("datetime=2026-05-20T00" in line for line in asked_items(server, since))


def test_a_condition_on_properties_is_asked_of_the_server(server: Server) -> None:
    since = len(server.asked())
    found = pins_of(server, "-where", "category = 'unsafe' AND supports = 3")
    assert ids(found) == server.city.ids(lambda row: row["category"] == "unsafe" and row["supports"] == 3)
    assert found
    assert any("filter=" in line or "category=unsafe" in line for line in asked_items(server, since))


def test_positions_are_within_a_metre_in_s_jtsk(server: Server) -> None:
    for feature in pins_of(server, "-t_srs", "EPSG:5514", layer=CONTROL):
        name = feature["properties"]["comment"]
        assert math.dist(feature["geometry"]["coordinates"], KNOWN_POINTS[name][1]) <= MOST_OFF_M, name


def test_a_geopackage_in_s_jtsk_is_made_of_the_live_api(server: Server, tmp_path: Path) -> None:
    made = tmp_path / "pins.gpkg"
    gdal("ogr2ogr", "-t_srs", "EPSG:5514", "-f", "GPKG", str(made), f"OAPIF:{server.api}", CITY, *PAGES)
    said = gdal("ogrinfo", "-so", "-al", str(made))
    assert f"Feature Count: {VISIBLE}" in said
    assert 'ID["EPSG",5514]' in said
    west, south, east, north = (
        float(n) for n in re.findall(r"-?\d+\.\d+", said.partition("Extent: ")[2].partition("\n")[0])
    )
    assert -490_000 < west < east < -455_000
    assert -1_118_000 < south < north < -1_090_000


def test_an_official_reads_all_by_a_token(server: Server) -> None:
    everything = VISIBLE + PENDING + HIDDEN
    source = f"OAPIF:{server.api}/collections/{CITY}"
    by_basic = ["-oo", f"USERPWD=gis:{server.city.token}"]
    by_bearer = ["--config", "GDAL_HTTP_HEADERS", f"Authorization: Bearer {server.city.token}"]
    for credentials in (by_basic, by_bearer):
        said = gdal("ogrinfo", "-so", "-al", source, *credentials)
        assert f"Feature Count: {everything}" in said
        assert {"state", "respondent", "hidden_reason"} <= set(re.findall(r"^(\w+): \w+ \(", said, re.MULTILINE))
    found = pins_of(server, *by_basic)
    assert len(found) == everything
    assert {feature["properties"]["state"] for feature in found} == {"visible", "pending", "hidden"}


def test_a_token_that_is_none_opens_nothing(server: Server) -> None:
    source = f"OAPIF:{server.api}/collections/{CITY}"
    said = gdal("ogrinfo", "-so", "-al", source, "-oo", "USERPWD=gis:pocit_wrong", fails=True)
    assert "401" in said
    assert "Feature Count" not in said


def wheel(server: Server, layer: str = CITY, **options: Any) -> tuple[dict[str, Any], Any, list[str]]:
    """What the wheel's GDAL knows of a layer, its shapes and its ids."""
    meta, _, geometry, columns = raw.read(f"OAPIF:{server.api}", layer=layer, PAGE_SIZE="700", **options)
    names = [str(name) for name in meta["fields"]]
    named = "comment" if layer == CONTROL else "id"
    return meta, shapely.from_wkb(geometry), list(columns[names.index(named)])


def test_the_wheels_gdal_reads_all_pages(server: Server) -> None:
    meta, shapes, found = wheel(server)
    assert [str(name) for name in meta["fields"]] == PUBLIC_FIELDS
    assert len(found) == VISIBLE
    assert set(found) == server.city.ids()
    at = {str(row["id"]): position(row) for row in server.city.rows}
    off = [math.dist(at[one], (shape.x, shape.y)) for one, shape in zip(found, shapes, strict=True)]
    assert max(off) < 1e-6


def test_the_wheels_gdal_has_the_server_turn_into_s_jtsk(server: Server) -> None:
    since = len(server.asked())
    meta, shapes, names = wheel(server, CONTROL, CRS="EPSG:5514")
    assert "5514" in meta["crs"]
    assert any("crs=http" in line and "5514" in line for line in asked_items(server, since))
    for name, shape in zip(names, shapes, strict=True):
        assert math.dist((shape.x, shape.y), KNOWN_POINTS[name][1]) < 0.01, name


def test_the_wheels_gdal_asks_for_a_box_in_s_jtsk(server: Server) -> None:
    since = len(server.asked())
    _, shapes, found = wheel(server, CRS="EPSG:5514", bbox=SJTSK_MIDDLE)
    _, everywhere, every = wheel(server, CRS="EPSG:5514")
    west, south, east, north = SJTSK_MIDDLE
    inside = {
        one for one, at in zip(every, everywhere, strict=True) if west <= at.x <= east and south <= at.y <= north
    }
    assert set(found) == inside
    assert 0 < len(found) < VISIBLE
    assert any("bbox-crs=http" in line and "5514" in line for line in asked_items(server, since))
    assert len(shapes) == len(found)


@pytest.mark.parametrize(
    ("where", "wanted", "sent"),
    [
        ("category = 'unsafe'", lambda row: row["category"] == "unsafe", "category=unsafe"),
        (
            "created_at >= '2026/05/20 00:00:00+00'",
            lambda row: row["created_at"] >= FIRST.replace(day=20, hour=0),
            "datetime=2026-05-20",
        ),
        # What GDAL has no plain parameter for, it chooses by itself.
        (
            "category IN ('safe', 'improve') AND supports > 1",
            lambda row: row["category"] != "unsafe" and row["supports"] > 1,
            "",
        ),
        ("comment LIKE '%prů%'", lambda row: "prů" in (row["comment"] or ""), ""),
        ("answer IS NOT NULL", lambda row: row["answer"] is not None, ""),
    ],
)
def test_the_wheels_gdal_chooses_by_properties(server: Server, where: str, wanted: Any, sent: str) -> None:
    since = len(server.asked())
    _, _, found = wheel(server, where=where)
    assert set(found) == server.city.ids(wanted)
    assert 0 < len(found) < VISIBLE
    assert any(sent in line for line in asked_items(server, since))


def test_the_wheels_gdal_is_refused_without_a_good_token(server: Server) -> None:
    with pytest.raises(DataSourceError):
        raw.read(f"OAPIF:{server.api}", layer=CITY, USERPWD="gis:pocit_wrong")
    _, _, found = wheel(server, USERPWD=f"gis:{server.city.token}")
    assert len(found) == VISIBLE + PENDING + HIDDEN


@pytest.mark.parametrize("ending", ["geojson", "gpkg", "fgb"])
def test_files_are_read_where_they_lie(server: Server, ending: str) -> None:
    said = gdal("ogrinfo", "-so", f"{server.url}/data/{CITY}/pins.{ending}", "pins")
    assert f"Feature Count: {VISIBLE}" in said
    assert set(PUBLIC_FIELDS) <= set(re.findall(r"^(\w+): \w+ \(", said, re.MULTILINE))


@pytest.mark.parametrize("ending", ["gpkg", "fgb"])
def test_files_in_s_jtsk_are_within_a_metre(server: Server, tmp_path: Path, ending: str) -> None:
    kept = tmp_path / f"pins.{ending}"
    fetch(f"{server.url}/data/{CONTROL}/pins.{ending}?crs=EPSG:5514", kept)
    meta, _, geometry, columns = raw.read(str(kept), **({"layer": "pins"} if ending == "gpkg" else {}))
    names = columns[[str(name) for name in meta["fields"]].index("comment")]
    assert "5514" in meta["crs"]
    assert len(names) == len(KNOWN_POINTS)
    for name, shape in zip(names, shapely.from_wkb(geometry), strict=True):
        assert math.dist((shape.x, shape.y), KNOWN_POINTS[name][1]) <= MOST_OFF_M, name


def test_a_vector_tile_opens_where_it_was_saved(server: Server, tmp_path: Path) -> None:
    zoom = 13
    lon, lat = KNOWN_POINTS["Ostrava"][0]
    col = int((lon + 180) / 360 * 2**zoom)
    row = int((1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * 2**zoom)
    # GDAL takes the place of a tile from its name: zoom/column/row.
    kept = tmp_path / str(zoom) / str(col) / f"{row}.pbf"
    kept.parent.mkdir(parents=True)
    fetch(f"{server.api}/collections/{CITY}/tiles/WebMercatorQuad/{zoom}/{row}/{col}", kept)
    said = gdal("ogr2ogr", "-f", "GeoJSON", "-t_srs", "EPSG:4326", "/vsistdout/", str(kept), "pins")
    features = json.loads(said)["features"]
    at = {str(one["id"]): position(one) for one in server.city.rows}
    assert features
    for feature in features:
        assert feature["geometry"]["coordinates"] == pytest.approx(at[feature["properties"]["id"]], abs=2e-5)


def test_heat_is_an_xyz_layer(server: Server, tmp_path: Path) -> None:
    edge = 20037508.342789
    service = (
        f'<GDAL_WMS><Service name="TMS"><ServerUrl>{server.url}/m/{CITY}/heat/${{z}}/${{x}}/${{y}}.png</ServerUrl>'
        f"</Service><DataWindow><UpperLeftX>{-edge}</UpperLeftX><UpperLeftY>{edge}</UpperLeftY>"
        f"<LowerRightX>{edge}</LowerRightX><LowerRightY>{-edge}</LowerRightY><TileLevel>22</TileLevel>"
        "<TileCountX>1</TileCountX><TileCountY>1</TileCountY><YOrigin>top</YOrigin></DataWindow>"
        "<Projection>EPSG:3857</Projection><BlockSizeX>256</BlockSizeX><BlockSizeY>256</BlockSizeY>"
        "<BandsCount>4</BandsCount></GDAL_WMS>"
    )
    layer, picture = tmp_path / "heat.xml", tmp_path / "heat.tif"
    layer.write_text(service)
    since = len(server.asked())
    window = ["-projwin", "2014900", "6425000", "2050500", "6393000", "-outsize", "512", "512"]
    gdal("gdal_translate", "-of", "GTiff", *window, str(layer), str(picture))
    assert any("/heat/" in line for line in server.asked(since))
    said = gdal("gdalinfo", "-mm", str(picture))
    assert "ColorInterp=Alpha" in said


def fetch(address: str, path: Path) -> None:
    """Save what an address answers."""
    with urllib.request.urlopen(address, timeout=60) as answer:
        assert answer.status == 200
        path.write_bytes(answer.read())
