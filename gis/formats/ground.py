"""An own vector basemap as phones fetch it: about half of what its GeoJSON takes when both are compressed.

Coordinates are whole steps of a power of ten of a degree, each told as the way from the one before it; what
features have in common is said once. `static/js/map/ground.js` makes GeoJSON of it again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

FORM: Final = "ground-1"
DECIMALS: Final = (5, 6, 7)
"""Of a degree: about 1 m, 10 cm, 1 cm. As many as the layer has, but no more than can be seen."""
DEPTH: Final = {
    "Point": 0,
    "MultiPoint": 1,
    "LineString": 1,
    "MultiLineString": 2,
    "Polygon": 2,
    "MultiPolygon": 3,
}
"""How deep lists of points are nested in each geometry."""
RINGS: Final = ("Polygon", "MultiPolygon")


def compact_ground(geojson: Mapping[str, Any]) -> dict[str, Any]:
    """The layer's features, in their order, in the compact form; what has no geometry to draw is left out.

    >>> compact_ground({"features": [{"properties": {"kind": "tree"},
    ...     "geometry": {"type": "Point", "coordinates": [15.5, 49.61]}}]})["at"]
    [[1550000, 4961000]]
    """
    features = [feature for feature in geojson.get("features", ()) if _is_drawn(feature)]
    scale = 10 ** _decimals(features)
    sorts: dict[str, int] = {}
    of: list[int] = []
    names: dict[str, str] = {}
    at: list[Any] = []
    pen = _Pen(scale)
    for number, feature in enumerate(features):
        properties = dict(feature.get("properties") or {})
        if isinstance(properties.get("name"), str):
            names[str(number)] = properties.pop("name")
        geometry = feature["geometry"]
        sort = json.dumps([geometry["type"], properties], ensure_ascii=False, sort_keys=True)
        of.append(sorts.setdefault(sort, len(sorts)))
        at.append(_steps(pen, geometry["coordinates"], DEPTH[geometry["type"]], ring=geometry["type"] in RINGS))
    return {
        "form": FORM,
        "scale": scale,
        "sorts": [json.loads(sort) for sort in sorts],
        "of": of,
        "names": names,
        "at": at,
    }


class _Pen:
    """Where the last point was."""

    def __init__(self, scale: int) -> None:
        self.scale = scale
        self.x = self.y = 0

    def to(self, point: Sequence[float]) -> tuple[int, int]:
        x, y = round(point[0] * self.scale), round(point[1] * self.scale)
        way = (x - self.x, y - self.y)
        self.x, self.y = x, y
        return way


def _steps(pen: _Pen, coordinates: Any, depth: int, *, ring: bool) -> list[Any]:
    if depth == 0:
        return list(pen.to(coordinates))
    if depth > 1:
        return [_steps(pen, part, depth - 1, ring=ring) for part in coordinates]
    # A ring ends where it began: that needs no telling.
    is_closed = ring and len(coordinates) > 1 and coordinates[0][:2] == coordinates[-1][:2]
    points = coordinates[:-1] if is_closed else coordinates
    return [step for point in points for step in pen.to(point)]


def _is_drawn(feature: Mapping[str, Any]) -> bool:
    geometry = feature.get("geometry") or {}
    return geometry.get("type") in DEPTH and bool(geometry.get("coordinates"))


def _decimals(features: Iterable[Mapping[str, Any]]) -> int:
    values = [value for feature in features for value in _numbers(feature["geometry"]["coordinates"])]
    return next((n for n in DECIMALS if all(round(value, n) == value for value in values)), DECIMALS[-1])


def _numbers(coordinates: Any) -> Iterator[float]:
    if isinstance(coordinates, (int, float)):
        yield coordinates
    else:
        for part in coordinates:
            yield from _numbers(part)
