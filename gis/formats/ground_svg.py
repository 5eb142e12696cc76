"""A town as a quiet small picture to lay heat on: SVG of its own vector layer, or of its boundary alone.

Drawn in Web Mercator over given bounds, so that it fits exactly under a heat picture of the same bounds. Only
what one needs to find one's way is in it: water, green, built-up blocks, streets, railway, the boundary.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gis.crs import Transform
from gis.mercator import Bounds, mercator_of
from gis.palette import Theme, ThemeName, palette

_DASHED: Final = 'stroke-width="2.4" stroke-dasharray="14 5 2 5" stroke-opacity="0.9"'
WIDTH: Final = 1000
"""Units of the picture's width."""

# (kind, classes or None for all, how it is painted), from the bottom up.
_AREAS: Final[Sequence[tuple[str, frozenset[str] | None, str]]] = (
    ("area", frozenset({"industrial", "railway", "parking"}), "area.industrial"),
    ("green", None, "green.fill"),
    ("green", frozenset({"park", "forest", "cemetery"}), "green.park"),
    ("area", frozenset({"square"}), "area.square"),
    ("water", None, "water.fill"),
    ("building", None, "building.line"),
)
_STREETS: Final[Sequence[tuple[frozenset[str], float, float]]] = (
    (frozenset({"lane", "street"}), 3.2, 1.8),
    (frozenset({"main"}), 5.0, 3.2),
)


def ground_svg(
    features: Iterable[Mapping[str, Any]], boundary: BaseGeometry, bounds: Bounds, theme: ThemeName = "light"
) -> str:
    """The SVG of a vector layer (GeoJSON features, WGS 84; may be none) over Web Mercator bounds."""
    tones = palette().theme(theme)
    height = round(WIDTH * (bounds[3] - bounds[1]) / (bounds[2] - bounds[0]))
    to_picture = _way_to_picture(bounds)
    layers = _by_kind(features)
    parts = [f'<rect width="{WIDTH}" height="{height}" fill="{_tone(tones, "land")}"/>']
    for kind, classes, tone in _AREAS:
        parts += _path(_chosen(layers, kind, classes), to_picture, f'fill="{_tone(tones, tone)}"')
    parts += _lines(layers, to_picture, tones)
    parts += _frame(boundary, to_picture, tones, height)
    size = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(parts)}</svg>'


def _by_kind(features: Iterable[Mapping[str, Any]]) -> dict[tuple[str, str], list[BaseGeometry]]:
    found: dict[tuple[str, str], list[BaseGeometry]] = defaultdict(list)
    for feature in features:
        properties = feature.get("properties") or {}
        geometry = shapely.from_geojson(json.dumps(feature["geometry"]))
        found[str(properties.get("kind")), str(properties.get("class"))].append(geometry)
    return found


def _chosen(
    layers: Mapping[tuple[str, str], list[BaseGeometry]], kind: str, classes: frozenset[str] | None
) -> list[BaseGeometry]:
    return [
        geometry
        for (its_kind, its_class), geometries in layers.items()
        if its_kind == kind and (classes is None or its_class in classes)
        for geometry in geometries
    ]


def _lines(layers: Mapping[tuple[str, str], list[BaseGeometry]], to_picture: Transform, tones: Theme) -> list[str]:
    line = 'fill="none" stroke-linecap="round" stroke-linejoin="round"'
    streams = _chosen(layers, "river", None)
    parts = _path(streams, to_picture, f'{line} stroke="{_tone(tones, "water.line")}" stroke-width="2"')
    for tone, order in (("street.main.casing", 1), ("street.main.fill", 2)):
        for entry in _STREETS:
            paint = f'{line} stroke="{_tone(tones, tone)}" stroke-width="{entry[order]}"'
            parts += _path(_chosen(layers, "street", entry[0]), to_picture, paint)
    rail = f'{line} stroke="{_tone(tones, "rail.line")}" stroke-width="2.4" stroke-dasharray="9 3"'
    return parts + _path(_chosen(layers, "rail", None), to_picture, rail)


def _frame(boundary: BaseGeometry, to_picture: Transform, tones: Theme, height: int) -> list[str]:
    """The world outside veiled, the boundary drawn."""
    outside = f"M0 0H{WIDTH}V{height}H0Z"
    edge = _data(boundary, to_picture)
    return [
        f'<path d="{outside}{edge}" fill-rule="evenodd" fill="{tones.map["outside"]}" fill-opacity="0.72"/>',
        f'<path d="{edge}" fill="none" stroke="{tones.map["boundary.line"]}" {_DASHED}/>',
    ]


def _path(geometries: Sequence[BaseGeometry], to_picture: Transform, paint: str) -> list[str]:
    if not geometries:
        return []
    return [f'<path {paint} d="{"".join(_data(geometry, to_picture) for geometry in geometries)}"/>']


def _data(geometry: BaseGeometry, to_picture: Transform) -> str:
    """Path data of lines and areas; points have none."""
    return "".join(
        _ring(shapely.get_coordinates(line), to_picture, closed=closed) for line, closed in _strokes(geometry)
    )


def _strokes(geometry: BaseGeometry) -> Iterable[tuple[BaseGeometry, bool]]:
    for part in shapely.get_parts(geometry):
        if part.geom_type == "Polygon":
            yield from ((ring, True) for ring in shapely.get_rings(part))
        elif part.geom_type == "LineString":
            yield part, False


def _ring(lon_lat: Any, to_picture: Transform, *, closed: bool) -> str:
    x, y = to_picture(lon_lat[:, 0], lon_lat[:, 1])
    # Tenths of a unit are below a pixel, and half the bytes; points that fall together are one.
    places = np.round(np.column_stack([x, y]), 1)
    keep = np.r_[True, (np.diff(places, axis=0) != 0).any(axis=1)]
    written = "L".join(f"{px:g} {py:g}" for px, py in places[keep])
    return f"M{written}{'Z' if closed else ''}"


def _way_to_picture(bounds: Bounds) -> Transform:
    scale = WIDTH / (bounds[2] - bounds[0])

    def to_picture(lon: Any, lat: Any) -> tuple[Any, Any]:
        east, north = mercator_of(lon, lat)
        return (east - bounds[0]) * scale, (bounds[3] - north) * scale

    return to_picture


def _tone(theme: Theme, name: str) -> str:
    return theme.map[name]
