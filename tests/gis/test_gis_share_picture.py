"""The picture that goes with a link: its size, what of the map is in it, and maps that are hard to draw."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from PIL import Image
from shapely import MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from gis.formats.share_picture import PANEL, SIZE, Choice, Typefaces, Words, share_picture
from gis.palette import palette

BOUNDARY = MultiPolygon([box(15.50, 49.61, 15.54, 49.63)])
WORDS = Words("Testov", "Pocitová mapa Testova", "Jak se tu cítíte?", [Choice("circle", "#009E73", "Bezpečně")])
DEJAVU = Typefaces("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSerif-Bold.ttf")


def drawn(
    features: list[dict[str, Any]] | None = None,
    boundary: BaseGeometry = BOUNDARY,
    words: Words = WORDS,
    typefaces: Typefaces = DEJAVU,
) -> Image.Image:
    """The picture, decoded."""
    return Image.open(io.BytesIO(share_picture(features or [], boundary, words, typefaces))).convert("RGB")


def is_there(picture: Image.Image, colour: str, *, least: int = 20) -> bool:
    """Whether so many pixels of about this colour are in the picture."""
    wanted = tuple(int(colour[n : n + 2], 16) for n in (1, 3, 5))
    near = lambda found: sum(abs(a - b) for a, b in zip(found, wanted, strict=True)) < 12  # noqa: E731
    return sum(n for n, found in picture.getcolors(1 << 20) or [] if near(found)) >= least


def a_feature(kind: str, geometry: BaseGeometry | None, **properties: str) -> dict[str, Any]:
    """One feature of an own layer."""
    shape = json.loads(json.dumps(geometry.__geo_interface__)) if geometry is not None else None
    return {"type": "Feature", "properties": {"kind": kind, **properties}, "geometry": shape}


def test_the_picture_has_the_size_that_networks_ask_for() -> None:
    assert drawn().size == SIZE == (1200, 630)


def test_water_lies_where_it_is_and_the_boundary_around_the_town() -> None:
    pond = a_feature("water", Point(15.52, 49.62).buffer(0.002))
    tones = palette().light.map
    picture = drawn([pond])
    assert is_there(picture, tones["water.fill"])
    assert is_there(picture, tones["boundary.line"])
    assert not is_there(drawn(), tones["water.fill"])
    x, y = (PANEL + SIZE[0]) // 2, SIZE[1] // 2
    assert is_there(picture.crop((x - 3, y - 3, x + 3, y + 3)), tones["water.fill"])


def test_a_town_of_several_parts_with_a_hole_is_drawn_whole() -> None:
    ring = Polygon(box(15.50, 49.61, 15.54, 49.63).exterior, [box(15.51, 49.615, 15.53, 49.625).exterior])
    picture = drawn(boundary=MultiPolygon([ring, box(15.56, 49.61, 15.57, 49.62)]))
    assert is_there(picture, palette().light.map["boundary.line"], least=1000)


@pytest.mark.parametrize(
    "features",
    [
        [a_feature("water", None)],
        [{"type": "Feature", "geometry": {"type": "Polygon", "coordinates": []}, "properties": None}],
        [
            {
                "type": "Feature",
                "geometry": {"type": "Polygon", "coordinates": [[[0, 0]]]},
                "properties": {"kind": "water"},
            }
        ],
        [a_feature("street", box(15.5, 49.6, 15.6, 49.7))],
        [a_feature("nothing we know", Point(15.52, 49.62))],
    ],
)
def test_what_can_t_be_drawn_of_a_layer_is_left_out(features: list[dict[str, Any]]) -> None:
    assert drawn(features).size == SIZE


@pytest.mark.parametrize(
    "title",
    [
        "",
        " ",
        "Dva\nřádky\r\n\u2028a\tkonec",
        "x" * 300,
        "x" * 100_000,
        "Slovo " * 200,
        "Карта відчуттів Острави",
        "🗺️",
    ],
)
def test_words_of_any_length_stay_in_the_panel(title: str) -> None:
    words = Words(title, title, title, [Choice("nothing we know", "#D55E00", title)] * 12)
    picture = drawn(words=words)
    edge = picture.crop((PANEL - 30, 12, PANEL - 2, SIZE[1]))
    assert len(edge.getcolors() or []) == 1


def test_without_its_fonts_a_server_draws_plain_letters() -> None:
    assert drawn(typefaces=Typefaces("nowhere.ttf", "nowhere.ttf", None)).size == SIZE
