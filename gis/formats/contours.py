"""The heat surface as filled contours: GeoJSON areas from one class break to the next."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final, cast

import numpy as np
import shapely
from contourpy import FillType, contour_generator
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from gis.analysis.density import Surface
from gis.analysis.scale import Breaks, class_ranges
from gis.analysis.share import WHOLE_PERCENT, Share
from gis.crs import to_wgs84, transform_geometry
from gis.geojson import geometry_json

BELOW_ZERO: Final = -1.0
"""Areas from 0 % up also hold what is 0 %; contour lines would leave it out."""


def contour_features(surface: Surface | Share, breaks: Breaks, *, unit: str) -> list[dict[str, Any]]:
    """GeoJSON Features in WGS 84, one for each class that occurs, with `from`, `to` and `unit`.

    `to` of the highest class is the surface's highest value; of a share it is 100.
    """
    to_degrees = to_wgs84(surface.srid)
    features = []
    for low, high, area in bands(surface, breaks):
        # Rounding to 6 decimals can close a thin neck: mend it before it becomes someone's topology error.
        geometry = shapely.make_valid(shapely.set_precision(transform_geometry(area, to_degrees), 1e-6))
        geometry = _areas_only(geometry)
        if geometry.is_empty:
            continue
        features.append(
            {
                "type": "Feature",
                "geometry": geometry_json(geometry),
                "properties": {"from": low, "to": high, "unit": unit},
            }
        )
    return features


def bands(surface: Surface | Share, breaks: Breaks) -> Iterator[tuple[float, float, BaseGeometry]]:
    """From, to and metric area of each class that occurs, where the surface is given.

    `to` of the highest class is the surface's highest value; of a share it is 100.
    """
    frame = surface.frame
    lines = contour_generator(
        x=frame.x_centres(), y=frame.y_centres(), z=surface.values, fill_type=FillType.OuterOffset
    )
    for low, upper in class_ranges(breaks):
        high = _top(surface) if upper is None else upper
        points, offsets = cast(
            "tuple[list[Any], list[Any]]", lines.filled(low or BELOW_ZERO, np.inf if upper is None else upper)
        )
        polygons = [_polygon(p, o) for p, o in zip(points, offsets, strict=True)]
        sound = [shapely.make_valid(polygon) for polygon in polygons]
        area = shapely.union_all(sound) if sound else MultiPolygon()
        if not shapely.covers(surface.given, area):
            area = area.intersection(surface.given)
        if not area.is_empty:
            yield low, max(high, low), area


def _top(surface: Surface | Share) -> float:
    """Where the highest class ends."""
    return WHOLE_PERCENT if isinstance(surface, Share) else float(f"{surface.peak:.4g}")


def _polygon(points: Any, offsets: Any) -> Polygon:
    rings = [points[start:stop] for start, stop in pairwise(offsets)]
    return Polygon(rings[0], rings[1:])


def _areas_only(geometry: BaseGeometry) -> MultiPolygon:
    parts = shapely.get_parts(shapely.get_parts(geometry))
    return MultiPolygon([part for part in parts if isinstance(part, Polygon)])
