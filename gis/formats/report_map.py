"""One map of a printed report as SVG: ground, heat, boundary, numbered places, scale bar and north arrow.

Self-contained: the heat is inside as a picture, nothing is loaded from anywhere. Colours are light, as on paper;
`dark_css` turns the ground for pages that are read on a screen at night.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from gis.formats.ground_svg import WIDTH, ground_svg
from gis.formats.scale_bar import metres_per_unit, scale_bar, scale_bar_svg
from gis.mercator import Bounds, lon_lat_bounds, mercator_of
from gis.palette import ThemeName, palette

TEXT: Final = 19.0
"""Size of a map's small letters in units of its width: 3.2 mm on a page of A4."""
_MARK_RADIUS: Final = 1.05
"""Of the size of letters."""
_BAR_SHARE: Final = 0.26
_BAR_GROWS: Final = 0.62
"""With its letters, so that its numbers don't touch."""
_MARGIN: Final = 26.0
_INK: Final = "#2b2621"
# The tones that a ground is drawn with, for turning them dark; see ground_svg.
_GROUND_TONES: Final = (
    "land",
    "outside",
    "area.industrial",
    "area.square",
    "green.fill",
    "green.park",
    "water.fill",
    "water.line",
    "building.line",
    "street.main.casing",
    "street.main.fill",
    "rail.line",
    "boundary.line",
)


Feature = Mapping[str, Any]
"""Of a GeoJSON layer in WGS 84."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A numbered place."""

    lon: float
    lat: float
    text: str


@dataclass(frozen=True, slots=True)
class Label:
    """A name written on the map, for finding one's way."""

    lon: float
    lat: float
    text: str
    angle: float = 0.0
    """Degrees clockwise from level, for names along streets."""


@dataclass(frozen=True, slots=True)
class ReportMap:
    """What one map shows; `heat` holds a PNG over the same bounds by theme, the light one for paper."""

    bounds: Bounds
    ground: str
    """Markup of the ground: `vector_ground`, `picture_ground`, or a `<use>` of one that stands elsewhere."""
    heat: Mapping[ThemeName, bytes]
    lines: str = ""
    """Markup over the heat, so that streets can be followed through it: `street_lines`."""
    marks: Sequence[Mark] = ()
    labels: Sequence[Label] = ()
    north: str = ""
    """The letter over the arrow; without one there is no arrow."""
    decimal_comma: bool = False
    ring_m: float = 0.0
    """Radius of a dashed ring around each mark; 0 for none."""
    text: float = TEXT
    """Size of its letters in its own units: a map that is printed small needs larger ones."""


def picture_height(bounds: Bounds) -> int:
    """Units of a picture's height, its width being 1000."""
    return round(WIDTH * (bounds[3] - bounds[1]) / (bounds[2] - bounds[0]))


def vector_ground(features: Sequence[Feature], boundary: BaseGeometry, bounds: Bounds) -> str:
    """The markup of a ground drawn from a vector layer (GeoJSON features, WGS 84); without one, of the boundary.

    What lies wholly outside the picture is left out: it would only make the file heavy.
    """
    return _inside(ground_svg(_shown(features, bounds), boundary, bounds))


def street_lines(features: Sequence[Feature], bounds: Bounds) -> str:
    """The markup of thin dark lines along the streets of a vector layer, to lay over heat."""
    groups: dict[str, list[Feature]] = {"street": [], "main": []}
    for feature in features:
        kind, name = (str(feature["properties"].get(key)) for key in ("kind", "class"))
        if kind == "street" and name in ("lane", "street", "main"):
            groups["main" if name == "main" else "street"].append(feature)
    return "".join(
        f'<path d="{_line_data(_shown(groups[name], bounds), bounds)}" fill="none" stroke="{_INK}"'
        f' stroke-width="{width}" stroke-opacity="{opacity}" stroke-linejoin="round"/>'
        for name, width, opacity in (("street", 1.1, 0.22), ("main", 1.8, 0.36))
        if groups[name]
    )


def street_names(features: Sequence[Feature], bounds: Bounds) -> list[Label]:
    """The names of the streets in a picture, each on its longest piece there, the main ones first."""
    # A margin, so that no name begins at the edge.
    inset = (bounds[2] - bounds[0]) * 0.06
    west, south, east, north = lon_lat_bounds(
        (bounds[0] + inset, bounds[1] + inset, bounds[2] - inset, bounds[3] - inset)
    )
    named = [f for f in features if f["properties"].get("kind") == "street" and f["properties"].get("name")]
    longest: dict[str, tuple[bool, float, Label]] = {}
    for feature in _shown(named, bounds):
        line = shapely.clip_by_rect(
            shapely.from_geojson(json.dumps(feature["geometry"])), west, south, east, north
        )
        for part in shapely.get_parts(line):
            name, is_main = str(feature["properties"]["name"]), feature["properties"].get("class") == "main"
            if part.length > longest.get(name, (False, 0.0))[1]:
                longest[name] = (is_main, part.length, _along(part, name, bounds))
    return [label for _, _, label in sorted(longest.values(), key=lambda entry: (not entry[0], -entry[1]))]


def picture_ground(jpeg: bytes, boundary: BaseGeometry, bounds: Bounds) -> str:
    """The markup of a ground that is a picture (JPEG over the same bounds), the boundary drawn over it."""
    height = picture_height(bounds)
    drawn = _inside(ground_svg((), boundary, bounds))
    # Its first element is the land, here the picture's place.
    return _image(jpeg, "image/jpeg", height, "ground-picture") + drawn[drawn.index("/>") + 2 :]


def report_map(shown: ReportMap, *, element: str = "") -> str:
    """The SVG; `element` are further attributes of its root, such as a role and a label."""
    height = picture_height(shown.bounds)
    parts = [f'<g class="ground">{shown.ground}</g>']
    for theme, png in shown.heat.items():
        # Set aside by attribute, not by style: who reads the file alone sees it in the light.
        hidden = ' style="display:none"' if theme == "dark" else ""
        parts.append(f'<g class="heat-{theme}"{hidden}>{_image(png, "image/png", height, "heat")}</g>')
    parts.append(f'<g class="lines">{shown.lines}</g>')
    marks = [_place(mark.lon, mark.lat, shown.bounds) for mark in shown.marks]
    parts += [_ring(place, shown) for place in marks if shown.ring_m]
    parts += _labels(shown, marks)
    parts += [_mark(mark.text, place, shown.text) for mark, place in zip(shown.marks, marks, strict=True)]
    unit_m = metres_per_unit(shown.bounds, WIDTH)
    bar = scale_bar(unit_m, WIDTH * _BAR_SHARE * max(1.0, shown.text / TEXT * _BAR_GROWS))
    corner = (_MARGIN, height - _MARGIN)
    parts.append(scale_bar_svg(bar, corner, shown.text, decimal_comma=shown.decimal_comma))
    if shown.north:
        parts.append(_north(shown.north))
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    face = 'font-family="Source Sans 3, Noto Sans, Open Sans, Liberation Sans, DejaVu Sans, sans-serif"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {face} {element}>{"".join(parts)}</svg>'


def dark_css(scope: str) -> str:
    """Style rules that turn a light ground within a CSS scope into the dark one."""
    light, dark = palette().light.map, palette().dark.map
    tones = {light[name]: dark[name] for name in _GROUND_TONES}
    return "".join(
        f'{scope} [fill="{seen}"]{{fill:{turned}}}{scope} [stroke="{seen}"]{{stroke:{turned}}}'
        for seen, turned in tones.items()
    )


def _shown(features: Sequence[Feature], bounds: Bounds) -> list[Feature]:
    if not features:
        return []
    shapes = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in features])
    x, y = mercator_of(*shapely.bounds(shapes).reshape(-1, 2).T)
    corners = x.reshape(-1, 2), y.reshape(-1, 2)
    meets = (
        (corners[0][:, 0] < bounds[2])
        & (corners[0][:, 1] > bounds[0])
        & (corners[1][:, 0] < bounds[3])
        & (corners[1][:, 1] > bounds[1])
    )
    return [feature for feature, seen in zip(features, meets, strict=True) if seen]


def _line_data(features: Sequence[Feature], bounds: Bounds) -> str:
    """Path data of features that are lines."""
    written = []
    for feature in features:
        for line in shapely.get_parts(shapely.from_geojson(json.dumps(feature["geometry"]))):
            lon, lat = shapely.get_coordinates(line).T
            x, y = _place(lon, lat, bounds)
            written.append("M" + "L".join(f"{px:.1f} {py:.1f}" for px, py in zip(x, y, strict=True)))
    return "".join(written)


def _along(line: BaseGeometry, name: str, bounds: Bounds) -> Label:
    """A name in the middle of a line, in the line's direction, never upside down."""
    middle = line.interpolate(0.5, normalized=True)
    lon, lat = shapely.get_coordinates([line.interpolate(at, normalized=True) for at in (0.4, 0.6)]).T
    x, y = _place(lon, lat, bounds)
    angle = float(np.degrees(np.arctan2(y[1] - y[0], x[1] - x[0])))
    return Label(middle.x, middle.y, name, (angle + 90) % 180 - 90)


def _inside(svg: str) -> str:
    """What stands between the tags of an SVG's root."""
    return svg[svg.index(">") + 1 : svg.rindex("</svg>")]


def _image(data: bytes, mimetype: str, height: int, name: str) -> str:
    source = f"data:{mimetype};base64,{b64encode(data).decode()}"
    return f'<image class="{name}" width="{WIDTH}" height="{height}" preserveAspectRatio="none" href="{source}"/>'


def _place(lon: Any, lat: Any, bounds: Bounds) -> tuple[Any, Any]:
    """Where places lie in the picture."""
    x, y = mercator_of(lon, lat)
    scale = WIDTH / (bounds[2] - bounds[0])
    return (x - bounds[0]) * scale, (bounds[3] - y) * scale


def _mark(text: str, place: tuple[float, float], size: float) -> str:
    """A white disc with a dark rim: it reads on every heat, in colour and in grey."""
    x, y = place
    return (
        f'<g class="mark"><circle cx="{x:.1f}" cy="{y:.1f}" r="{size * _MARK_RADIUS:.1f}" fill="#ffffff"'
        f' stroke="{_INK}" stroke-width="{size * 0.16:.1f}"/>'
        f'<text x="{x:.1f}" y="{y + size * 0.45:.1f}" text-anchor="middle" font-size="{size * 1.3:.1f}"'
        f' font-weight="700" fill="{_INK}">{escape(text)}</text></g>'
    )


def _ring(place: tuple[float, float], shown: ReportMap) -> str:
    radius = shown.ring_m / metres_per_unit(shown.bounds, WIDTH)
    line, dash, gap = (shown.text * share for share in (0.12, 0.5, 0.3))
    return (
        f'<circle class="ring" cx="{place[0]:.1f}" cy="{place[1]:.1f}" r="{radius:.1f}" fill="none"'
        f' stroke="{_INK}" stroke-width="{line:.1f}" stroke-dasharray="{dash:.0f} {gap:.0f}"/>'
    )


def _labels(shown: ReportMap, marks: Sequence[tuple[float, float]]) -> list[str]:
    """The names with a pale rim, each over its place; beside a disc, above it; none over another or the edge."""
    size, height = shown.text * 0.9, picture_height(shown.bounds)
    taken: list[NDArray[np.float64]] = []
    written = []
    for label in shown.labels:
        x, y = _place(label.lon, label.lat, shown.bounds)
        half = len(label.text) * size * 0.3
        for mark_x, mark_y in marks:
            if abs(x - mark_x) < half + shown.text and abs(y - size / 3 - mark_y) < shown.text * 1.5:
                y = mark_y - shown.text * 1.4
        body = _body(x, y - size / 3, half, label.angle)
        crowded = any(np.hypot(*(body[:, None] - other[None]).T).min() < size * 1.1 for other in taken)
        low, high = body.min(axis=0), body.max(axis=0)
        if crowded or low.min() < size or high[0] > WIDTH - size or high[1] > height - shown.text * 3:
            continue
        taken.append(body)
        written.append(_name(label, (x, y), size))
    return written


def _body(x: float, y: float, half: float, angle: float) -> NDArray[np.float64]:
    """Points along the middle of a name's letters, close enough to tell whether two names meet."""
    along = np.linspace(-half, half, max(2, round(half / 4)))
    turn = np.radians(angle)
    return np.column_stack([x + along * np.cos(turn), y + along * np.sin(turn)])


def _name(label: Label, place: tuple[float, float], size: float) -> str:
    x, y = place
    common = f'x="{x:.1f}" y="{y:.1f}" text-anchor="middle" font-size="{size:.1f}"'
    if label.angle:
        common += f' transform="rotate({label.angle:.0f} {x:.1f} {y:.1f})"'
    halo = f'stroke="#fbf9f4" stroke-width="{size * 0.28:.1f}" stroke-linejoin="round" fill="none"'
    text = escape(label.text)
    return (
        f'<text class="label-halo" {common} {halo}>{text}</text>'
        f'<text class="label" {common} fill="{_INK}">{text}</text>'
    )


def _north(letter: str) -> str:
    x, y = WIDTH - _MARGIN - 14, _MARGIN + 4
    return (
        f'<g class="north"><circle cx="{x}" cy="{y + 32}" r="37" fill="#ffffff" fill-opacity="0.86"/>'
        f'<path d="M{x} {y + 22}L{x + 12} {y + 58}L{x} {y + 50}L{x - 12} {y + 58}Z" fill="{_INK}"/>'
        f'<text x="{x}" y="{y + 16}" text-anchor="middle" font-size="{TEXT:g}" font-weight="700"'
        f' fill="{_INK}">{escape(letter)}</text></g>'
    )
