"""The maps of a printed report: scale bar, north, numbered places, names, and their ground."""

from __future__ import annotations

import json
import re
from io import BytesIO
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PIL import Image
from shapely import MultiPolygon, box

from gis.formats.ground_svg import ground_svg
from gis.formats.report_map import (
    Label,
    Mark,
    ReportMap,
    dark_css,
    picture_ground,
    picture_height,
    report_map,
    street_lines,
    street_names,
    vector_ground,
)
from gis.formats.report_map_tiles import MOST_TILES, mosaic, tiles_over
from gis.formats.scale_bar import metres_per_unit, scale_bar, scale_bar_svg
from gis.mercator import lon_lat_bounds, mercator_of, tile_bounds

BOUNDARY = MultiPolygon([box(15.50, 49.61, 15.54, 49.63)])
SVG = "{http://www.w3.org/2000/svg}"


def bounds_of(west: float, south: float, east: float, north: float) -> tuple[float, float, float, float]:
    x, y = mercator_of([west, east], [south, north])
    return float(x[0]), float(y[0]), float(x[1]), float(y[1])


BOUNDS = bounds_of(15.51, 49.615, 15.53, 49.625)


def a_street(name: str | None, *places: tuple[float, float], cls: str = "street") -> dict:
    geometry = {"type": "LineString", "coordinates": [list(place) for place in places]}
    return {"type": "Feature", "properties": {"kind": "street", "class": cls, "name": name}, "geometry": geometry}


def drawn(**values) -> ET.Element:
    shown = ReportMap(**({"bounds": BOUNDS, "ground": "", "heat": {}} | values))
    return ET.fromstring(report_map(shown))  # noqa: S314 - our own drawing


@pytest.mark.parametrize(
    ("unit_m", "longest", "metres"), [(1.0, 260, 200), (2.5, 260, 500), (7.0, 300, 2000), (0.56, 400, 200)]
)
def test_scale_bar_is_the_longest_round_length_that_fits(unit_m: float, longest: float, metres: float) -> None:
    bar = scale_bar(unit_m, longest)
    assert bar.length_m == pytest.approx(metres)
    assert bar.width == pytest.approx(metres / unit_m)
    assert bar.width <= longest


def test_scale_bar_measures_the_ground_and_not_the_mercator_plane() -> None:
    """At 50 degrees a Mercator metre is 0.64 m of ground: a bar without that would lie by a half."""
    bar = scale_bar(metres_per_unit(BOUNDS, 1000), 260)
    lon_w, lat, lon_e, _ = 15.51, 49.62, 15.53, 0
    across_m = np.radians(lon_e - lon_w) * 6_371_000 * np.cos(np.radians(lat))
    assert bar.width == pytest.approx(bar.length_m / (across_m / 1000), rel=0.005)


def test_scale_bar_says_its_unit_once_and_writes_as_the_language_does() -> None:
    svg = scale_bar_svg(scale_bar(20, 300), (0, 100), 20, decimal_comma=True)
    texts = re.findall(r">([^<>]+)</text>", svg)
    assert texts == ["0", "2,5", "5 km"]


def test_no_scale_bar_for_nothing() -> None:
    with pytest.raises(ValueError, match="no scale bar"):
        scale_bar(0, 300)


def test_map_has_its_places_its_scale_and_its_north() -> None:
    svg = drawn(marks=[Mark(15.52, 49.62, "1"), Mark(15.525, 49.618, "2")], north="S")
    marks = svg.findall(f".//{SVG}g[@class='mark']")
    assert ["".join(mark.itertext()) for mark in marks] == ["1", "2"]
    circle = marks[0].find(f"{SVG}circle")
    assert float(circle.get("cx")) == pytest.approx(500, abs=1)
    assert float(circle.get("cy")) == pytest.approx(picture_height(BOUNDS) / 2, abs=1)
    assert "".join(svg.find(f".//{SVG}g[@class='north']").itertext()) == "S"
    assert svg.find(f".//{SVG}g[@class='scale-bar']") is not None


def test_texts_of_the_map_stay_texts() -> None:
    svg = drawn(labels=[Label(15.52, 49.62, '<script>alert("x")</script>')])
    assert svg.find(f".//{SVG}script") is None
    assert '<script>alert("x")</script>' in "".join(svg.itertext())


def test_dark_heat_is_there_for_screens_and_hidden_on_paper() -> None:
    svg = drawn(heat={"light": b"light", "dark": b"dark"})
    assert svg.find(f".//{SVG}g[@class='heat-light']").get("style") is None
    assert svg.find(f".//{SVG}g[@class='heat-dark']").get("style") == "display:none"


def test_names_don_t_lie_on_each_other_nor_under_a_number() -> None:
    labels = [Label(15.52, 49.62, "Náměstí"), Label(15.5201, 49.62, "Radnice"), Label(15.52, 49.618, "Kostel")]
    svg = drawn(labels=labels, marks=[Mark(15.52, 49.618, "1")])
    names = svg.findall(f".//{SVG}text[@class='label']")
    assert [name.text for name in names] == ["Náměstí", "Kostel"]
    disc = svg.find(f".//{SVG}g[@class='mark']/{SVG}circle")
    assert float(names[1].get("y")) < float(disc.get("cy")) - float(disc.get("r"))


def test_ground_holds_only_what_the_picture_shows() -> None:
    near = a_street("Lipová", (15.515, 49.62), (15.525, 49.62))
    far = a_street("Daleká", (15.60, 49.70), (15.61, 49.70))
    both, one = vector_ground([near, far], BOUNDARY, BOUNDS), vector_ground([near], BOUNDARY, BOUNDS)
    assert both == one
    assert one.count("<path") > vector_ground([], BOUNDARY, BOUNDS).count("<path")


def test_street_is_named_once_along_itself_and_never_upside_down() -> None:
    rising = a_street("Horní", (15.524, 49.622), (15.516, 49.618))
    again = a_street("Horní", (15.516, 49.618), (15.5155, 49.6178))
    main = a_street("Hlavní", (15.52, 49.617), (15.52, 49.619), cls="main")
    labels = street_names([rising, again, main, a_street(None, (15.52, 49.62), (15.53, 49.62))], BOUNDS)
    assert [label.text for label in labels] == ["Hlavní", "Horní"]
    assert all(-90 <= label.angle < 90 for label in labels)
    assert labels[1].angle == pytest.approx(-37.6, abs=2)


def test_streets_can_be_followed_through_heat() -> None:
    lines = street_lines([a_street("A", (15.515, 49.62), (15.525, 49.62))], BOUNDS)
    assert lines.startswith('<path d="M')
    assert street_lines([], BOUNDS) == ""


def test_every_tone_of_a_ground_has_its_dark_one() -> None:
    """A tone that `dark_css` does not know would shine white on a screen at night."""
    kinds = [("area", "industrial"), ("area", "square"), ("green", "park"), ("green", "field"), ("water", "river")]
    kinds += [("building", "house")]
    square = {
        "type": "Polygon",
        "coordinates": [[[15.515, 49.618], [15.52, 49.618], [15.52, 49.62], [15.515, 49.618]]],
    }
    features = [{"type": "Feature", "properties": {"kind": k, "class": c}, "geometry": square} for k, c in kinds]
    line = {"type": "LineString", "coordinates": [[15.515, 49.62], [15.525, 49.62]]}
    for kind, cls in [("street", "main"), ("street", "lane"), ("rail", None), ("river", "stream")]:
        features.append({"type": "Feature", "properties": {"kind": kind, "class": cls}, "geometry": line})
    ground = ground_svg(json.loads(json.dumps(features)), BOUNDARY, BOUNDS)
    rules = dark_css(".ground")
    for tone in set(re.findall(r'(?:fill|stroke)="(#[0-9a-f]{6})"', ground)):
        assert f'[fill="{tone}"]' in rules, tone


def test_tiles_cover_the_picture_and_are_few() -> None:
    keys = tiles_over(BOUNDS, 1500, 19)
    assert 0 < len(keys) <= MOST_TILES
    edges = np.array([tile_bounds(*key) for key in keys])
    assert edges[:, 0].min() <= BOUNDS[0]
    assert edges[:, 1].min() <= BOUNDS[1]
    assert edges[:, 2].max() >= BOUNDS[2]
    assert edges[:, 3].max() >= BOUNDS[3]
    assert len({z for z, _, _ in keys}) == 1


def test_tiles_lie_where_they_belong_in_the_picture() -> None:
    """The western half of the tiles is black: so must be the western half of the picture."""
    keys = tiles_over(BOUNDS, 800, 19)
    middle = sum(BOUNDS[::2]) / 2

    def tile(key) -> bytes:
        west, _, east, _ = tile_bounds(*key)
        shades = np.where(np.linspace(west, east, 256) < middle, 0, 255).astype(np.uint8)
        out = BytesIO()
        Image.fromarray(np.tile(shades, (256, 1))).save(out, "PNG")
        return out.getvalue()

    picture = np.asarray(Image.open(BytesIO(mosaic({key: tile(key) for key in keys}, BOUNDS))).convert("L"))
    width = picture.shape[1]
    assert picture[:, : width // 2 - 4].max() < 150
    assert picture[:, width // 2 + 4 :].min() > 240
    assert picture.shape[0] / width == pytest.approx(picture_height(BOUNDS) / 1000, abs=0.01)


def test_picture_ground_keeps_the_boundary_over_the_picture() -> None:
    inside = bounds_of(15.49, 49.60, 15.55, 49.64)
    markup = picture_ground(b"jpeg", BOUNDARY, inside)
    assert markup.startswith('<image class="ground-picture"')
    assert markup.count("<path") == 2


def test_a_map_can_be_read_back_as_degrees() -> None:
    west, south, east, north = lon_lat_bounds(BOUNDS)
    assert (west, south, east, north) == pytest.approx((15.51, 49.615, 15.53, 49.625))
