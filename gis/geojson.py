"""GeoJSON after RFC 7946: boundaries read with care, features rounded and compact."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import geojson
import numpy as np
import shapely
from shapely.errors import ShapelyError
from shapely.geometry import MultiPolygon, Polygon, shape
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

from gis.crs import recognise_krovak

DECIMALS: Final = 6  # about 0.1 m
MAX_VERTICES: Final = 200_000  # a region drawn to the metre has fewer; more would only slow every answer
_CRS_OF_RFC7946: Final = ("CRS84", "EPSG:4326", "EPSG::4326", "OGC:CRS84")


class Reason(StrEnum):
    """Why a boundary can't be used; the words are said at the edge, in the reader's language."""

    NOT_JSON = "not_json"
    NOT_GEOJSON = "not_geojson"
    EMPTY = "empty"
    SEVERAL_FEATURES = "several_features"
    NOT_A_POLYGON = "not_a_polygon"
    NOT_A_NUMBER = "not_a_number"
    TOO_MANY_VERTICES = "too_many_vertices"
    KROVAK_NUMBERS = "krovak_numbers"
    NOT_WGS84 = "not_wgs84"
    SELF_CROSSING = "self_crossing"


class InvalidGeometry(ValueError):
    """A boundary that can't be used: the reason, and what there is to show for it."""

    def __init__(self, reason: Reason, **details: object) -> None:
        super().__init__(f"{reason}: {details}" if details else str(reason))
        self.reason = reason
        self.details = details


def read_boundary(source: str | bytes | Mapping[str, Any]) -> MultiPolygon:
    """The one area in a GeoJSON text or mapping, WGS 84, rings turned as RFC 7946 wants them.

    A bare geometry, a Feature, or a FeatureCollection of one Feature will do. Raises InvalidGeometry.
    """
    parsed = _parsed(source)
    _refuse_other_crs(parsed)
    geometry = _only_geometry(parsed)
    kind = geometry.get("type") if isinstance(geometry, Mapping) else None
    if kind not in ("Polygon", "MultiPolygon"):  # a tuple: what stands there may not be hashable
        raise InvalidGeometry(Reason.NOT_A_POLYGON, type=kind)
    if not geometry.get("coordinates"):
        raise InvalidGeometry(Reason.EMPTY)
    area = _area(geometry)
    _refuse_wrong_numbers(area)
    return _sound(area)


def geometry_json(geometry: BaseGeometry) -> dict[str, Any]:
    """A WGS 84 geometry as a GeoJSON mapping: 6 decimals, still valid, outer rings counter-clockwise."""
    rounded = shapely.set_precision(geometry, 10.0**-DECIMALS)
    if isinstance(rounded, Polygon):
        rounded = orient(rounded)
    elif isinstance(rounded, MultiPolygon):
        rounded = MultiPolygon([orient(part) for part in rounded.geoms])
    mapped: dict[str, Any] = shapely.geometry.mapping(rounded)
    return {**mapped, "coordinates": _rounded(mapped["coordinates"])}


def feature_collection(features: Iterable[Mapping[str, object]], **members: object) -> dict[str, object]:
    """A FeatureCollection in memory, for small ones; `members` are further top-level members."""
    return {"type": "FeatureCollection", **members, "features": list(features)}


def dumps(value: object) -> str:
    """Compact JSON in UTF-8; refuses NaN and infinity, which JSON does not have."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _parsed(source: str | bytes | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(source, Mapping):
        return source
    try:
        text = source.decode("utf-8-sig") if isinstance(source, bytes) else source.removeprefix("\ufeff")
        raw = json.loads(text, parse_constant=_refuse_constant)
    except InvalidGeometry:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidGeometry(Reason.NOT_JSON, at=getattr(error, "pos", None)) from error
    if not isinstance(raw, dict):
        raise InvalidGeometry(Reason.NOT_GEOJSON, found=type(raw).__name__)
    return raw


def _refuse_constant(name: str) -> float:
    raise InvalidGeometry(Reason.NOT_A_NUMBER, value=name)


def _refuse_other_crs(parsed: Mapping[str, Any]) -> None:
    """RFC 7946 has no `crs`; in older files it may say that the numbers mean something else."""
    crs = parsed.get("crs")
    if crs is None:
        return
    properties = crs.get("properties") if isinstance(crs, Mapping) else None
    name = str(properties.get("name", "")) if isinstance(properties, Mapping) else str(crs)
    if name.endswith((":5514", ":5513")):
        raise InvalidGeometry(Reason.KROVAK_NUMBERS, crs=name)
    if not any(known in name for known in _CRS_OF_RFC7946):
        raise InvalidGeometry(Reason.NOT_WGS84, crs=name)


def _only_geometry(parsed: Mapping[str, Any]) -> Any:
    kind = parsed.get("type")
    if kind == "FeatureCollection":
        features = parsed.get("features")
        if not isinstance(features, Sequence) or isinstance(features, str):
            raise InvalidGeometry(Reason.NOT_GEOJSON, found="features")
        if not features:
            raise InvalidGeometry(Reason.EMPTY)
        if len(features) > 1:
            raise InvalidGeometry(Reason.SEVERAL_FEATURES, count=len(features))
        parsed = features[0] if isinstance(features[0], Mapping) else {}
        kind = parsed.get("type")
    if kind == "Feature":
        return parsed.get("geometry")
    if kind is None:
        raise InvalidGeometry(Reason.NOT_GEOJSON, found="type")
    return parsed


def _area(geometry: Mapping[str, Any]) -> BaseGeometry:
    """The geometry as the `geojson` package and shapely understand it; structural faults end here."""
    reader = geojson.Polygon if geometry["type"] == "Polygon" else geojson.MultiPolygon
    try:
        read = reader(geometry["coordinates"], precision=15)
        faults = read.errors()
        area: BaseGeometry = shape(read)
    except (ValueError, TypeError, IndexError, AttributeError, RecursionError, ShapelyError) as error:
        raise InvalidGeometry(Reason.NOT_GEOJSON, errors=str(error)) from error
    if faults:
        raise InvalidGeometry(Reason.NOT_GEOJSON, errors=faults)
    return area


def _refuse_wrong_numbers(area: BaseGeometry) -> None:
    vertices = shapely.get_coordinates(area)
    if len(vertices) == 0:
        raise InvalidGeometry(Reason.EMPTY)
    if len(vertices) > MAX_VERTICES:
        raise InvalidGeometry(Reason.TOO_MANY_VERTICES, count=len(vertices), limit=MAX_VERTICES)
    if not np.isfinite(vertices).all():
        raise InvalidGeometry(Reason.NOT_A_NUMBER)
    x, y = vertices[:, 0], vertices[:, 1]
    krovak = recognise_krovak(x, y)
    if krovak is not None:
        raise InvalidGeometry(Reason.KROVAK_NUMBERS, order=krovak.order)
    wrong = (np.abs(x) > 180) | (np.abs(y) > 90)
    if wrong.any():
        raise InvalidGeometry(Reason.NOT_WGS84, coordinates=vertices[wrong][0].tolist())


def _sound(area: BaseGeometry) -> MultiPolygon:
    if not shapely.is_valid(area):
        raise InvalidGeometry(Reason.SELF_CROSSING, where=shapely.is_valid_reason(area))
    if area.area == 0:
        raise InvalidGeometry(Reason.EMPTY)
    flat = shapely.force_2d(area)
    parts = flat.geoms if isinstance(flat, MultiPolygon) else [flat]
    return MultiPolygon([orient(part) for part in parts])


def _rounded(coordinates: Any) -> Any:
    if isinstance(coordinates, (int, float)):
        return round(coordinates, DECIMALS)
    return [_rounded(part) for part in coordinates]
