"""Boxes and shapes that an asker drew in any coordinate system, as they lie in WGS 84, longitude first."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from app.errors import Malformed, Problem
from app.i18n import N_
from app.inputs.crs_parameters import Crs, Placed
from gis.crs import WGS84, is_geographic, transform_geometry, transformer

AROUND_M = 200_000
"""How far around the map a metric system is trusted; no pin of the map lies outside."""
MOST = 1e9
"""No place on Earth has a larger coordinate in any system."""
STEPS = 48
"""Into how many pieces an edge is cut: what is straight in one system bends in another."""

SHAPES = frozenset(
    {
        "Point",
        "LineString",
        "Polygon",
        "MultiPoint",
        "MultiLineString",
        "MultiPolygon",
        "GeometryCollection",
    }
)
Box = tuple[float, float, float, float]


def parse_box(text: str, crs: Crs, parameter: str = "bbox") -> Box:
    """Least and greatest x and y of `bbox=`: four numbers or, heights ignored, six, in the axes of the system."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    return box_of(numbers, crs, parameter)


def box_of(numbers: list[float], crs: Crs, parameter: str) -> Box:
    """The box of four or six numbers, x before y; only a box in degrees may run over the 180th meridian."""
    if len(numbers) == 6:
        numbers = [numbers[0], numbers[1], numbers[3], numbers[4]]
    if len(numbers) == 4 and crs.lat_first:
        numbers = [numbers[1], numbers[0], numbers[3], numbers[2]]
    if (
        len(numbers) != 4
        or not all(math.isfinite(number) for number in numbers)
        or numbers[1] > numbers[3]
        or (numbers[0] > numbers[2] and not is_geographic(crs.epsg))
    ):
        raise Malformed(Problem(parameter, N_("A box is four numbers: west, south, east, north.")))
    west, south, east, north = (min(max(number, -MOST), MOST) for number in numbers)
    return west, south, east, north


def box_shape(box: Box, crs: Crs, the_map: Placed) -> BaseGeometry:
    """A box as a shape in WGS 84; one over the 180th meridian in two parts."""
    west, south, east, north = box
    if west > east:
        east_half, west_half = (west, max(180.0, west)), (min(-180.0, east), east)
        return shapely.MultiPolygon([shapely.box(a, south, b, north) for a, b in (east_half, west_half)])
    return in_wgs84(shapely.box(*box), crs, the_map)


def read_shape(document: Mapping[str, Any], crs: Crs, the_map: Placed, parameter: str) -> BaseGeometry:
    """The shape of a GeoJSON geometry whose coordinates are in this system; Malformed for what is none."""
    try:
        drawn = shapely.force_2d(shape(_checked(document)))
    except (ValueError, TypeError, IndexError, KeyError, AttributeError, shapely.GEOSException) as error:
        raise Malformed(Problem(parameter, N_("This is no geometry: %(name)s."), _name(document))) from error
    if drawn.is_empty or not np.isfinite(shapely.get_coordinates(drawn)).all():
        raise Malformed(Problem(parameter, N_("This is no geometry: %(name)s."), _name(document)))
    if np.abs(shapely.get_coordinates(drawn)).max() > MOST:
        raise Malformed(Problem(parameter, N_("These coordinates lie outside of the Earth.")))
    if not drawn.is_valid:
        raise Malformed(Problem(parameter, N_("This shape crosses or touches itself, or has too few points.")))
    if crs.lat_first:
        drawn = shapely.transform(drawn, lambda xy: xy[:, ::-1])
    return in_wgs84(drawn, crs, the_map)


def in_wgs84(drawn: BaseGeometry, crs: Crs, the_map: Placed) -> BaseGeometry:
    """A valid shape, x first, as it lies in WGS 84; empty where it is nowhere near the map."""
    if is_geographic(crs.epsg):
        return drawn
    near = _surroundings(the_map, crs.epsg)
    try:
        kept = shapely.intersection(drawn, near)
        if kept.is_empty:
            return kept
        west, south, east, north = kept.bounds
        finer = shapely.segmentize(kept, max(east - west, north - south, 1.0) / STEPS)
        return transform_geometry(finer, transformer(crs.epsg, WGS84))
    except shapely.GEOSException:
        return shapely.Polygon()


def _surroundings(the_map: Placed, epsg: int) -> BaseGeometry:
    """A box far around the map, in this metric system."""
    ring = shapely.segmentize(shapely.box(*the_map.boundary.bounds), 0.1)
    west, south, east, north = transform_geometry(ring, transformer(WGS84, epsg)).bounds
    return shapely.box(west - AROUND_M, south - AROUND_M, east + AROUND_M, north + AROUND_M)


def _checked(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The document, if its names are those of GeoJSON: shapely takes more than that."""
    parts: Iterable[Mapping[str, Any]] = document.get("geometries", [])
    if document.get("type") not in SHAPES or not all(part.get("type") in SHAPES for part in parts):
        raise ValueError
    return document


def _name(document: Mapping[str, Any]) -> dict[str, object]:
    return {"name": str(document.get("type", "?"))[:40]}
