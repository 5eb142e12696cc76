"""Places that have a name, gathered from a map's own layer: each with one point and how far from it one may be.

Who names a place instead of pointing at it says less: somewhere in the street, somewhere in the park. How much
less is measured on the shape, so that it can be told and reckoned with.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import shapely
from shapely import LineString, MultiPolygon, Point
from shapely.geometry.base import BaseGeometry

from gis.crs import to_metric, to_wgs84, transform_geometry

ONE_M: Final = 1500.0
"""Pieces of one name nearer than this to its largest piece are one place."""
LEAST_M: Final = 25.0
"""Nobody means a point nearer than this when they name something."""
OF_POINT_M: Final = 60.0
"""Of things that the layer knows only as a point: a school, a stop."""
OF_DISTRICT_M: Final = 400.0
"""Of a quarter that is a point in the layer."""
MOST_M: Final = 5000.0
CROSSING_M: Final = 4.0
"""Lines nearer than this meet: layers are drawn to some metres."""
LEFT_OUT: Final = frozenset({"barrier", "lamp", "tree"})

_OF_KIND: Final = {
    "street": "street", "district": "district", "water": "water", "river": "water", "green": "green",
}  # fmt: skip
_OF_CLASS: Final = {
    "square": "square",
    "school": "school", "kindergarten": "school", "university": "school",
    "bus": "stop", "tram": "stop", "station": "stop", "underpass": "stop",
    "park": "green", "playground": "green", "cemetery": "green", "garden": "green", "sport": "green",
    "pond": "water", "swimming": "water",
}  # fmt: skip
KINDS: Final = ("street", "square", "stop", "school", "green", "water", "other", "district")
"""What places are listed by, in this order."""


@dataclass(frozen=True)
class NamedPlace:
    """Something by its name: where it is, and how far from there one may mean."""

    kind: str
    label: str
    lon: float
    lat: float
    precision_m: float
    shape: BaseGeometry = field(repr=False, compare=False)
    """In the metric CRS."""


def named_places(features: Iterable[Mapping[str, Any]], boundary: MultiPolygon, srid: int) -> list[NamedPlace]:
    """The named things of a GeoJSON layer in WGS 84 as far as they lie in the boundary, by kind and name."""
    named = [one for one in features if _is_named(one)]
    degrees = shapely.from_geojson([json.dumps(one["geometry"]) for one in named])
    shapes = transform_geometry(np.asarray(degrees, dtype=object), to_metric(srid))
    ground = transform_geometry(boundary, to_metric(srid))
    shapely.prepare(ground)
    pieces: dict[tuple[str, str], list[BaseGeometry]] = defaultdict(list)
    for one, shape in zip(named, shapes, strict=True):
        inside = shape if ground.contains(shape) else shapely.intersection(shape, ground)
        if not inside.is_empty:
            pieces[kind_of(one["properties"]), one["properties"]["name"].strip()].append(inside)
    found = [_place(kind, name, parts, srid) for (kind, name), parts in pieces.items()]
    return sorted(found, key=lambda place: (KINDS.index(place.kind), place.label.casefold()))


def crossings(street: NamedPlace, streets: Sequence[NamedPlace], srid: int) -> list[NamedPlace]:
    """The corners of a street with others, each by the other's name and as exact as a corner is."""
    found = []
    for other in streets:
        if other.label == street.label or shapely.distance(street.shape, other.shape) > CROSSING_M:
            continue
        meeting = shapely.intersection(street.shape, shapely.buffer(other.shape, CROSSING_M))
        point = shapely.get_parts(meeting)[0].centroid if not meeting.is_empty else None
        if point is not None and not point.is_empty:
            found.append(_at(point, "corner", other.label, LEAST_M, srid))
    return sorted(found, key=lambda place: place.label.casefold())


def kind_of(properties: Mapping[str, Any]) -> str:
    """Under which heading a feature of the layer is listed."""
    return _OF_KIND.get(properties.get("kind", "")) or _OF_CLASS.get(properties.get("class") or "", "other")


def _is_named(feature: Mapping[str, Any]) -> bool:
    properties = feature.get("properties") or {}
    name = properties.get("name")
    return isinstance(name, str) and bool(name.strip()) and properties.get("kind") not in LEFT_OUT


def _place(kind: str, name: str, parts: Sequence[BaseGeometry], srid: int) -> NamedPlace:
    """One place of all pieces of this name that lie together."""
    largest = max(parts, key=lambda one: (one.area, one.length))
    whole = shapely.union_all([one for one in parts if shapely.distance(one, largest) <= ONE_M])
    point = _middle(largest)
    reach = max((shapely.distance(point, Point(xy)) for xy in _corners(whole)), default=0.0)
    floor = OF_DISTRICT_M if kind == "district" else OF_POINT_M
    least = LEAST_M if largest.area or largest.length else floor
    return _at(point, kind, name, min(MOST_M, max(least, reach)), srid, whole)


def _corners(shape: BaseGeometry) -> Iterator[tuple[float, float]]:
    yield from (tuple(xy) for xy in shapely.get_coordinates(shape))


def _middle(shape: BaseGeometry) -> Point:
    """Half-way along the longest line, within the largest area, or the point itself."""
    part = max(shapely.get_parts(shape), key=lambda one: (one.area, one.length))
    if isinstance(part, LineString):
        return part.interpolate(0.5, normalized=True)
    point: Point = part if isinstance(part, Point) else shapely.point_on_surface(part)
    return point


def _at(
    point: Point, kind: str, label: str, precision_m: float, srid: int, shape: BaseGeometry | None = None
) -> NamedPlace:
    lon, lat = to_wgs84(srid)(point.x, point.y)
    at = (round(float(lon), 6), round(float(lat), 6))
    return NamedPlace(kind, label, *at, rounded_m(precision_m), shape if shape is not None else point)


def rounded_m(metres: float) -> float:
    """Metres as people say them, never less than they are: 30, 150, 800."""
    step = 10 if metres < 100 else 50 if metres < 1000 else 500
    return min(MOST_M, float(-(-metres // step) * step))
