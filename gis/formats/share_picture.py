"""The picture that goes with a link to a map: the town as a quiet map, its name and what can be said there.

1200 × 630 pixels, as social networks and messengers show links (Open Graph). Drawn at twice the size and halved,
which smooths every edge. Only what is seen at that size is drawn of a vector layer.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from shapely.geometry.base import BaseGeometry

from gis.mercator import mercator_of
from gis.palette import palette, shades
from gis.shapes import SHAPES, placed

SIZE: Final = (1200, 630)
FINE: Final = 2
"""How many times larger it is drawn than kept."""
PANEL: Final = 560
"""Pixels of the panel with the words; the map takes the rest."""
EDGE: Final = 44
TICK: Final = 30
"""The striped frame of printed maps: length of a stripe."""
MOST_CHOICES: Final = 6
TITLE_SIZES: Final = (58, 50, 44, 38, 33, 29)
MOST_TITLE_LINES: Final = 4
MOST_CHARACTERS: Final = 500
"""Of a text that are looked at: no more can be seen."""
LEAST_PIXELS: Final = 2.0
"""Fine ones: what is smaller is not drawn."""
MOST_FEATURES: Final = 20_000
"""Of a larger layer the buildings are left out: at this size they are dust."""
VEIL: Final = 0.66

Pixels = NDArray[np.float64]
ToPicture = Callable[[Pixels], Pixels]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

# (kind, classes or None for all, tone), from the bottom up.
AREAS: Final[Sequence[tuple[str, frozenset[str] | None, str]]] = (
    ("area", frozenset({"industrial", "railway", "parking"}), "area.industrial"),
    ("green", None, "green.fill"),
    ("green", frozenset({"park", "forest", "cemetery"}), "green.park"),
    ("area", frozenset({"square"}), "area.square"),
    ("water", None, "water.fill"),
    ("building", None, "building.line"),
)
# (kind, classes, tone, pixels), from the bottom up.
LINES: Final[Sequence[tuple[str, frozenset[str] | None, str, float]]] = (
    ("river", None, "water.line", 2.0),
    ("street", frozenset({"lane", "street"}), "street.main.casing", 2.4),
    ("street", frozenset({"main"}), "street.main.casing", 4.6),
    ("street", frozenset({"lane", "street"}), "street.main.fill", 1.3),
    ("street", frozenset({"main"}), "street.main.fill", 3.0),
    ("rail", None, "rail.line", 1.6),
)


@dataclass(frozen=True)
class Choice:
    """A category: its shape, its colour and its word."""

    shape: str
    color: str
    word: str


@dataclass(frozen=True)
class Words:
    """What stands beside the map, in one language."""

    town: str
    title: str
    question: str
    choices: Sequence[Choice]


@dataclass(frozen=True)
class Typefaces:
    """Files of fonts; a name that is not there is answered by Pillow's own small one."""

    plain: str | None = None
    bold: str | None = None
    title: str | None = None


def share_picture(
    features: Iterable[Mapping[str, Any]], boundary: BaseGeometry, words: Words, typefaces: Typefaces
) -> bytes:
    """The PNG of a map: GeoJSON features of its own layer (may be none), its boundary (WGS 84) and its words."""
    width, height = SIZE[0] * FINE, SIZE[1] * FINE
    picture = Image.new("RGB", (width, height), _tone("land"))
    to_picture = _way_to_picture(boundary)
    _draw_ground(picture, _layers(features), boundary, to_picture)
    _draw_panel(picture, words, typefaces)
    small = picture.reduce(FINE).quantize(256, dither=Image.Dither.NONE)
    kept = BytesIO()
    small.save(kept, "PNG", optimize=True)
    return kept.getvalue()


def _layers(features: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[BaseGeometry]]:
    """The geometries by kind and class; unreadable ones are left out."""
    found: dict[tuple[str, str], list[BaseGeometry]] = defaultdict(list)
    known = {kind for kind, *_ in (*AREAS, *LINES)}
    told = [(feature.get("properties") or {}, feature.get("geometry")) for feature in features]
    drops = {"building"} if len(told) > MOST_FEATURES else set()
    wanted = [(p, geometry) for p, geometry in told if geometry and p.get("kind") in known - drops]
    shapes = shapely.from_geojson([json.dumps(geometry) for _, geometry in wanted], on_invalid="ignore")
    for (properties, _), shape in zip(wanted, shapes, strict=True):
        if shape is not None:
            found[str(properties.get("kind")), str(properties.get("class"))].append(shape)
    return found


def _way_to_picture(boundary: BaseGeometry) -> ToPicture:
    """From degrees to fine pixels: the boundary fills what the panel leaves."""
    west, south, east, north = boundary.bounds
    (left, right), (bottom, top) = mercator_of([west, east], [south, north])
    room = ((SIZE[0] - PANEL - 2 * EDGE) * FINE, (SIZE[1] - 2 * EDGE) * FINE)
    scale = min(room[0] / max(right - left, 1.0), room[1] / max(top - bottom, 1.0))
    centre = ((PANEL + SIZE[0]) / 2 * FINE, SIZE[1] / 2 * FINE)

    def to_picture(lon_lat: Pixels) -> Pixels:
        x, y = mercator_of(lon_lat[:, 0], lon_lat[:, 1])
        return np.column_stack(
            [centre[0] + (x - (left + right) / 2) * scale, centre[1] - (y - (bottom + top) / 2) * scale]
        )

    return to_picture


def _draw_ground(
    picture: Image.Image,
    layers: Mapping[tuple[str, str], list[BaseGeometry]],
    boundary: BaseGeometry,
    to_picture: ToPicture,
) -> None:
    pen = ImageDraw.Draw(picture)
    for kind, classes, tone in AREAS:
        _fill(pen, _chosen(layers, kind, classes, "Polygon"), to_picture, _tone(tone), _tone("land"))
    for kind, classes, tone, pixels in LINES:
        for line in _placed(_chosen(layers, kind, classes, "LineString"), to_picture):
            _line(pen, line, _tone(tone), pixels)
    veil = Image.new("L", picture.size, round(255 * VEIL))
    parts = shapely.get_parts(boundary)
    mask = ImageDraw.Draw(veil)
    # The largest first: a part that lies in another's hole is drawn after that hole.
    for part in sorted(parts, key=lambda part: -part.area):
        _fill(mask, [part], to_picture, 0, round(255 * VEIL))
    picture.paste(_tone("outside"), mask=veil)
    for edge in _placed(shapely.get_rings(parts), to_picture):
        _line(pen, edge, _tone("land"), 6.0)
        _line(pen, edge, _tone("boundary.line"), 2.4)


def _chosen(
    layers: Mapping[tuple[str, str], list[BaseGeometry]], kind: str, classes: frozenset[str] | None, geometry: str
) -> Sequence[BaseGeometry]:
    found = [
        one
        for (its_kind, its_class), ones in layers.items()
        if its_kind == kind and (classes is None or its_class in classes)
        for one in ones
    ]
    return [part for part in shapely.get_parts(found) if part.geom_type == geometry]


def _placed(lines: Sequence[BaseGeometry], to_picture: ToPicture) -> list[Pixels]:
    """The places of each line that is large enough to be seen and not wholly beside the picture."""
    places, index = shapely.get_coordinates(lines, return_index=True)
    if not len(places):
        return []
    starts = np.flatnonzero(np.diff(index)) + 1
    found = []
    for line in np.split(to_picture(places), starts):
        low, high = line.min(axis=0), line.max(axis=0)
        seen = (high - low).max() >= LEAST_PIXELS and (high >= 0).all()
        if seen and low[0] <= SIZE[0] * FINE and low[1] <= SIZE[1] * FINE:
            found.append(line)
    return found


def _fill(
    pen: ImageDraw.ImageDraw, areas: Sequence[BaseGeometry], to_picture: ToPicture, ink: Any, hole: Any
) -> None:
    """All the areas, then what is cut out of them: areas of one kind do not lie in each other's holes."""
    outer = shapely.get_exterior_ring(areas)
    inner = [ring for area in areas for ring in area.interiors]
    for rings, colour in ((outer, ink), (inner, hole)):
        for places in _placed(rings, to_picture):
            if len(places) > 2:
                pen.polygon(places.ravel().tolist(), fill=colour)


def _line(pen: ImageDraw.ImageDraw, places: Pixels, ink: str, pixels: float) -> None:
    """The line, its points that fall together drawn once."""
    keep = np.r_[True, (np.diff(np.round(places), axis=0) != 0).any(axis=1)]
    if keep.sum() > 1:
        pen.line(places[keep].ravel().tolist(), fill=ink, width=round(pixels * FINE), joint="curve")


def _draw_panel(picture: Image.Image, words: Words, typefaces: Typefaces) -> None:
    """The words on paper at the left, under the striped frame of printed maps."""
    ui = palette().light.ui
    pen = ImageDraw.Draw(picture)
    height = SIZE[1] * FINE
    pen.rectangle((0, 0, PANEL * FINE, height), fill=ui["paper"])
    pen.rectangle((PANEL * FINE, 0, PANEL * FINE + 1, height), fill=ui["line_strong"])
    for start in range(0, SIZE[0], 2 * TICK):
        pen.rectangle((start * FINE, 0, (start + TICK) * FINE, 10 * FINE), fill=ui["ink"])
        pen.rectangle(((start + TICK) * FINE, 0, (start + 2 * TICK) * FINE, 10 * FINE), fill=ui["paper_raised"])
    room = (PANEL - 2 * EDGE) * FINE
    top = (EDGE + 14) * FINE
    kicker = _font(typefaces.plain, 25)
    pen.text((EDGE * FINE, top), _cut(words.town, kicker, room), font=kicker, fill=ui["ink_soft"])
    font, lines, step = _title(words.title, typefaces, room)
    top += 44 * FINE
    for line in lines:
        pen.text((EDGE * FINE, top), line, font=font, fill=ui["ink"])
        top += step
    _draw_choices(pen, words, typefaces, top + 20 * FINE)


def _draw_choices(pen: ImageDraw.ImageDraw, words: Words, typefaces: Typefaces, least_top: int) -> None:
    """The question and the categories under it, at the foot of the panel."""
    ui = palette().light.ui
    shown = words.choices[:MOST_CHOICES]
    row = (58 if len(shown) < 4 else 46) * FINE
    question = _font(typefaces.plain, 27)
    room = (PANEL - 2 * EDGE) * FINE
    foot = (SIZE[1] - EDGE) * FINE
    top = max(least_top, foot - row * len(shown) - 52 * FINE)
    pen.text((EDGE * FINE, top), _cut(words.question, question, room), font=question, fill=ui["ink_soft"])
    top += 52 * FINE
    font = _font(typefaces.bold, 32 if len(shown) < 4 else 27)
    radius = row * 0.33
    for choice in shown:
        if top + row > SIZE[1] * FINE:
            break
        shade = shades(choice.color, "light")
        centre = (EDGE * FINE + radius, top + row / 2)
        shape = choice.shape if choice.shape in SHAPES else "circle"
        pen.polygon(placed(shape, centre=centre, radius=radius), fill=shade.fill)
        start = EDGE * FINE + 2 * radius + 20 * FINE
        word = _cut(choice.word, font, room + EDGE * FINE - start)
        pen.text((start, top + row / 2), word, font=font, fill=shade.ink, anchor="lm")
        top += row


def _title(title: str, typefaces: Typefaces, room: float) -> tuple[Font, list[str], int]:
    """The largest letters in which the title fits its lines, those lines, and the pixels from one to the next."""
    for size in TITLE_SIZES:
        font = _font(typefaces.title, size)
        lines = _wrapped(title, font, room)
        if len(lines) <= (3 if size > 44 else MOST_TITLE_LINES) and all(
            font.getlength(line) <= room for line in lines
        ):
            break
    kept = [_cut(line, font, room) for line in lines[:MOST_TITLE_LINES]]
    if len(lines) > MOST_TITLE_LINES:
        kept[-1] = _cut(kept[-1] + "…", font, room)
    return font, kept, round(size * 1.18 * FINE)


def _wrapped(text: str, font: Font, room: float) -> list[str]:
    """Lines that fit; a word of one letter stays with the next."""
    lines: list[str] = []
    whole = " ".join(text[:MOST_CHARACTERS].split())
    for word in re.sub(r"(?<=\b\w) +", "\u00a0", whole).split(" "):
        if lines and font.getlength(f"{lines[-1]} {word}") <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _cut(text: str, font: Font, room: float) -> str:
    """The text as far as there is room, on one line, with an ellipsis where it goes on."""
    text = re.sub(r"[\r\n\t\v\f\x1c-\x1e\x85\u2028\u2029]+", " ", text)[:MOST_CHARACTERS]
    if font.getlength(text) <= room:
        return text
    while text and font.getlength(text.rstrip() + "…") > room:
        text = text[:-1]
    return text.rstrip() + "…"


def _font(file: str | None, size: int) -> Font:
    if file is not None:
        try:
            return ImageFont.truetype(file, size * FINE)
        except OSError:
            pass  # not on this server: better plain letters than no picture
    return ImageFont.load_default(size * FINE)


def _tone(name: str) -> str:
    return palette().light.map[name]
