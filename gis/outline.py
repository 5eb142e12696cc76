"""Areas as outlines: mended, joined, measured, and simplified to as few corners as a hand can move."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import shapely
from pyproj import Geod
from shapely import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from gis.crs import metric_srid, to_metric, to_wgs84, transform_geometry

_EARTH: Final = Geod(ellps="WGS84")
_SLIVER_DEG: Final = 1e-9
"""Neighbours' shared sides may differ by the last digit of a file; nearer than this (0.1 mm) they are one."""


@dataclass(frozen=True, slots=True)
class Simplified:
    """An outline of few corners, and how far it may lie from the one it stands for."""

    polygon: Polygon
    moved_m: float


def polygonal(geometry: BaseGeometry | None) -> MultiPolygon:
    """The areas of a geometry, outer rings counter-clockwise, without heights; empty where it has none."""
    if geometry is None:
        return MultiPolygon()
    flat = shapely.force_2d(geometry)
    parts = [part for part in _parts(flat) if isinstance(part, Polygon) and not part.is_empty]
    return MultiPolygon([orient(part) for part in parts])


def mended(geometry: BaseGeometry) -> MultiPolygon:
    """A valid area in the stead of one whose outline crosses itself; loops become parts of their own."""
    return polygonal(shapely.make_valid(shapely.force_2d(geometry)))


def joined(areas: Iterable[BaseGeometry]) -> MultiPolygon:
    """The areas as one; sides that neighbours share vanish."""
    return polygonal(shapely.union_all(list(areas), grid_size=_SLIVER_DEG))


def area_km2(area: BaseGeometry) -> float:
    """Square kilometres of a WGS 84 area on the ellipsoid."""
    square_m, _ = _EARTH.geometry_area_perimeter(polygonal(area))
    return abs(square_m) / 1e6


def simplified(area: MultiPolygon, most_corners: int) -> Simplified:
    """The largest part of a WGS 84 area as a polygon without holes, of at most so many corners (≥ 8)."""
    largest = max(area.geoms, key=lambda part: part.area)
    if len(area.geoms) == 1 and not largest.interiors and len(largest.exterior.coords) - 1 <= most_corners:
        return Simplified(largest, 0.0)
    centre = largest.centroid
    srid = metric_srid(centre.x, centre.y)
    ground = transform_geometry(Polygon(largest.exterior), to_metric(srid))
    tolerance_m, found = 0.0, ground
    while len(found.exterior.coords) - 1 > most_corners:
        tolerance_m = tolerance_m * 1.6 or 1.0
        found = ground.simplify(tolerance_m)
    moved_m = found.exterior.hausdorff_distance(ground.exterior) if tolerance_m else 0.0
    return Simplified(orient(transform_geometry(found, to_wgs84(srid))), float(moved_m))


def _parts(geometry: BaseGeometry) -> list[BaseGeometry]:
    inner = getattr(geometry, "geoms", None)
    if inner is None:
        return [geometry]
    return [part for one in inner for part in _parts(one)]
