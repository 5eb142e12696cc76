"""What is drawn in a sheet's frame: the town's own vector layer or a picture, and its boundary."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from gis.crs import to_metric, transform_geometry

KNOWN_KINDS: Final = frozenset(
    {"area", "green", "water", "river", "street", "rail", "building", "place", "district"}
)
"""Lamps and trees are not printed: people would take them for dots."""


@dataclass(frozen=True)
class GroundFeature:
    """One thing of a vector layer."""

    kind: str
    sort: str
    """Its `class`."""
    name: str
    shape: BaseGeometry
    bridge: bool = False
    width_m: float | None = None


@dataclass(frozen=True)
class Ground:
    """What a frame shows, in the sheet's metric CRS."""

    features: tuple[GroundFeature, ...]
    boundary: BaseGeometry
    picture: bytes | None = None
    """PNG or JPEG that fits the frame exactly."""
    attribution: str = ""


def ground_of(
    features: Iterable[Mapping[str, Any]],
    boundary: BaseGeometry,
    crs: int,
    *,
    picture: bytes | None = None,
    attribution: str = "",
) -> Ground:
    """The ground of a vector layer (GeoJSON features) and a boundary, both in WGS 84, for a sheet in `crs`."""
    way = to_metric(crs)
    known = [one for one in features if _kind(one) in KNOWN_KINDS and one.get("geometry")]
    if not known:
        return Ground((), transform_geometry(boundary, way), picture, attribution)
    read = shapely.from_geojson([json.dumps(one["geometry"]) for one in known])
    shapes = transform_geometry(np.array(read, dtype=object), way)
    reached = np.isfinite(shapely.bounds(shapes)).all(axis=1)  # empty ones have no bounds
    known, shapes = [one for one, is_reached in zip(known, reached, strict=True) if is_reached], shapes[reached]
    drawn = tuple(_feature(one["properties"], shape) for one, shape in zip(known, shapes, strict=True))
    return Ground(drawn, transform_geometry(boundary, way), picture, attribution)


def _kind(feature: Mapping[str, Any]) -> str:
    return str((feature.get("properties") or {}).get("kind"))


def _feature(properties: Mapping[str, Any], shape: BaseGeometry) -> GroundFeature:
    width = properties.get("width_m")
    return GroundFeature(
        str(properties["kind"]),
        str(properties.get("class") or ""),
        str(properties.get("name") or ""),
        shape,
        bool(properties.get("bridge")),
        float(width) if isinstance(width, (int, float)) and width > 0 else None,
    )
