"""Coordinates: which metric system a map counts in, and exact ways between systems.

In Czechia that is S-JTSK / Krovak East North (EPSG:5514), elsewhere the UTM zone. WGS 84 ↔ S-JTSK always
goes through the seven-parameter key EPSG:5239 (±1 m), written out here: left to choose, PROJ takes the
Slovak key in south-east Moravia, up to a metre away from what PostGIS and GDAL give.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, TypeVar

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

WGS84: Final = 4326
WEB_MERCATOR: Final = 3857
KROVAK: Final = 5514
KROVAK_ACCURACY: Final = "±1 m (7-parameter key EPSG:5239)"

# Other systems of the same datum: left to itself, PROJ would leave them for WGS 84 by the Slovak key as well.
_KROVAK_KIN: Final = frozenset({2065, 4156, 5221, 5513})

Floats = NDArray[np.float64]
Transform = Callable[[ArrayLike, ArrayLike], tuple[Floats, Floats]]
GeometryT = TypeVar("GeometryT")

_LON_LAT_TO_KROVAK: Final = (
    "+proj=pipeline"
    " +step +proj=unitconvert +xy_in=deg +xy_out=rad"
    " +step +proj=push +v_3"
    " +step +proj=cart +ellps=WGS84"
    " +step +inv +proj=helmert +x=572.213 +y=85.334 +z=461.94 +rx=-4.9732 +ry=-1.529 +rz=-5.2484 +s=3.5378"
    " +convention=coordinate_frame"
    " +step +inv +proj=cart +ellps=bessel"
    " +step +proj=pop +v_3"
    " +step +proj=krovak +lat_0=49.5 +lon_0=24.8333333333333 +alpha=30.2881397527778 +k=0.9999"
    " +x_0=0 +y_0=0 +ellps=bessel"
)

# Czechia with some four kilometres around it, clockwise from the Aš salient, to a hundredth of a degree. A
# village just across the border gets 5514 too, which serves it as well as UTM would.
_CZECHIA: Final = shapely.polygons(
    [
        (12.02, 50.22), (12.05, 50.38), (12.22, 50.38), (12.30, 50.30), (12.49, 50.46), (12.80, 50.52),
        (12.94, 50.48), (12.98, 50.55), (13.15, 50.57), (13.36, 50.70), (13.43, 50.67), (13.52, 50.78),
        (13.82, 50.80), (14.18, 50.92), (14.16, 51.01), (14.27, 51.11), (14.52, 51.11), (14.70, 50.96),
        (14.72, 50.91), (14.90, 50.93), (14.88, 51.01), (14.97, 51.09), (15.17, 51.08), (15.31, 51.02),
        (15.35, 50.92), (15.40, 50.87), (15.81, 50.82), (16.05, 50.70), (16.38, 50.71), (16.51, 50.54),
        (16.34, 50.42), (16.40, 50.40), (16.68, 50.18), (16.88, 50.28), (16.78, 50.41), (16.87, 50.51),
        (17.21, 50.45), (17.45, 50.34), (17.74, 50.39), (17.83, 50.22), (17.78, 50.14), (17.82, 50.07),
        (17.88, 50.04), (18.02, 50.12), (18.31, 49.99), (18.60, 49.98), (18.68, 49.77), (18.85, 49.71),
        (18.92, 49.51), (18.76, 49.41), (18.59, 49.41), (18.43, 49.28), (18.24, 49.20), (18.13, 48.99),
        (17.97, 48.95), (17.93, 48.87), (17.76, 48.79), (17.54, 48.74), (17.16, 48.77), (16.97, 48.53),
        (16.84, 48.64), (16.52, 48.73), (16.38, 48.65), (16.07, 48.67), (15.78, 48.80), (15.67, 48.78),
        (15.33, 48.90), (15.13, 48.86), (15.04, 48.91), (15.02, 48.73), (14.85, 48.70), (14.74, 48.52),
        (14.46, 48.55), (14.31, 48.48), (13.99, 48.54), (13.94, 48.64), (13.77, 48.70), (13.68, 48.80),
        (13.52, 48.89), (13.39, 48.89), (12.91, 49.25), (12.74, 49.26), (12.59, 49.37), (12.31, 49.72),
        (12.42, 49.88), (12.18, 49.99),
    ]
)  # fmt: skip
shapely.prepare(_CZECHIA)

# What Krovak coordinates of Czech places look like, without their sign.
_WESTING_M: Final = (430_000.0, 905_000.0)
_SOUTHING_M: Final = (934_000.0, 1_230_000.0)


class UnknownCrs(ValueError):
    """An EPSG code that names no system we can go to."""

    def __init__(self, epsg: int) -> None:
        super().__init__(f"EPSG:{epsg} is not known")
        self.epsg = epsg


def metric_srid(lon: float, lat: float) -> int:
    """EPSG code of the metric system in which a map at this place counts."""
    if shapely.contains_xy(_CZECHIA, lon, lat):
        return KROVAK
    return (32600 if lat >= 0 else 32700) + _utm_zone(lon, lat)


@cache
def is_geographic(epsg: int) -> bool:
    """Whether the system counts in degrees; raises UnknownCrs."""
    try:
        return bool(CRS.from_epsg(epsg).is_geographic)
    except CRSError as error:
        raise UnknownCrs(epsg) from error


@cache
def is_flat(epsg: int) -> bool:
    """Whether the system gives places two coordinates, in degrees or metres; raises UnknownCrs.

    Heights, geocentric and compound systems do not.
    """
    _known(epsg)
    crs = CRS.from_epsg(epsg)
    return bool((crs.is_projected or crs.is_geographic) and not crs.is_compound and len(crs.axis_info) == 2)


NEARBY_DEG: Final = 6.0
"""A town at the edge of two UTM zones is drawn in either, and national systems are used a little beyond."""


def is_of_use(epsg: int, lon: float, lat: float) -> bool:
    """Whether the system is meant for this place, or nearly; raises UnknownCrs."""
    _known(epsg)
    area = CRS.from_epsg(epsg).area_of_use
    if area is None:
        return True
    west, south, east, north = area.bounds
    if not south - NEARBY_DEG <= lat <= north + NEARBY_DEG:
        return False
    if west > east:  # over the 180th meridian
        return lon >= west - NEARBY_DEG or lon <= east + NEARBY_DEG
    return bool(west - NEARBY_DEG <= lon <= east + NEARBY_DEG)


def to_metric(srid: int) -> Transform:
    """The way from (lon, lat) to metric (x, y), for arrays; points it can't reach become infinite."""
    return transformer(WGS84, srid)


def to_wgs84(srid: int) -> Transform:
    """The way from metric (x, y) to (lon, lat), for arrays."""
    return transformer(srid, WGS84)


def transformer(from_epsg: int, to_epsg: int) -> Transform:
    """The way between two systems, always in the order (x, y) or (lon, lat); raises UnknownCrs.

    Cheap to ask for again: what PROJ builds is kept, once for each thread, because it may not be shared.
    """
    if from_epsg == to_epsg:
        return _stay
    for epsg in (from_epsg, to_epsg):
        _known(epsg)
    between = _between(from_epsg, to_epsg)
    if between is not None:
        first, second = transformer(from_epsg, between), transformer(between, to_epsg)
        return lambda x, y: second(*first(x, y))

    def transform(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
        way, direction = _way(from_epsg, to_epsg)
        new_x, new_y = way.transform(*_floats(x, y), direction=direction)
        return np.asarray(new_x, dtype=np.float64), np.asarray(new_y, dtype=np.float64)

    return transform


def transform_geometry(geometry: GeometryT, transform: Transform) -> GeometryT:
    """A shapely geometry, or an array of them, with every vertex transformed."""
    moved: GeometryT = shapely.transform(geometry, transform, interleaved=False)
    return moved


@dataclass(frozen=True, slots=True)
class KrovakReading:
    """Numbers recognised as S-JTSK: `east`, `north` are EPSG:5514, `order` says how they had been written."""

    east: Floats
    north: Floats
    order: str

    @property
    def is_standard(self) -> bool:
        """Whether they were EPSG:5514 already."""
        return self.order == "east_north"


def recognise_krovak(x: ArrayLike, y: ArrayLike) -> KrovakReading | None:
    """Czech Krovak coordinates in any order or sign, turned to EPSG:5514; None when they are something else.

    `order` is `east_north` (5514), `north_east`, `southing_westing` (5513, positive) or `westing_southing`
    (positive, as many Czech tables list Y before X). The whole column decides: nine in ten rows must agree,
    and the others are turned the same way, to be refused later for where they lie.
    """
    one, other = _floats(x, y)
    westing_first = _share(np.abs(one), _WESTING_M, np.abs(other), _SOUTHING_M)
    southing_first = _share(np.abs(one), _SOUTHING_M, np.abs(other), _WESTING_M)
    if max(westing_first, southing_first) < 0.9:
        return None
    positive = bool(np.nanmedian(one) > 0)
    if westing_first >= southing_first:
        order = "westing_southing" if positive else "east_north"
        return KrovakReading(-np.abs(one), -np.abs(other), order)
    order = "southing_westing" if positive else "north_east"
    return KrovakReading(-np.abs(other), -np.abs(one), order)


def _between(from_epsg: int, to_epsg: int) -> int | None:
    """The system to go through so that the pinned key is taken; None when straight on is right."""
    ends = {from_epsg, to_epsg}
    if ends & _KROVAK_KIN and KROVAK not in ends:
        return None if ends <= _KROVAK_KIN else KROVAK
    if KROVAK in ends and WGS84 not in ends and not ends & _KROVAK_KIN:
        return WGS84
    return None


def _share(one: Floats, one_range: tuple[float, float], other: Floats, other_range: tuple[float, float]) -> float:
    if one.size == 0:
        return 0.0
    inside = (one > one_range[0]) & (one < one_range[1]) & (other > other_range[0]) & (other < other_range[1])
    return float(np.mean(inside))


def _floats(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    return np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)


def _stay(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    return _floats(x, y)


@cache
def _known(epsg: int) -> None:
    try:
        CRS.from_epsg(epsg)
    except CRSError as error:
        raise UnknownCrs(epsg) from error


_of_thread = threading.local()


def _way(from_epsg: int, to_epsg: int) -> tuple[Transformer, Any]:
    """PROJ's transformer and the direction to run it."""
    built: dict[tuple[int, int], Transformer] = _of_thread.__dict__.setdefault("built", {})
    if {from_epsg, to_epsg} == {KROVAK, WGS84}:
        if (WGS84, KROVAK) not in built:
            built[WGS84, KROVAK] = Transformer.from_pipeline(_LON_LAT_TO_KROVAK)
        return built[WGS84, KROVAK], "FORWARD" if to_epsg == KROVAK else "INVERSE"
    if (from_epsg, to_epsg) not in built:
        built[from_epsg, to_epsg] = Transformer.from_crs(from_epsg, to_epsg, always_xy=True)
    return built[from_epsg, to_epsg], "FORWARD"


def _utm_zone(lon: float, lat: float) -> int:
    """The UTM zone, with the wide zones of Norway and Svalbard."""
    if 56 <= lat < 64 and 3 <= lon < 12:
        return 32
    if 72 <= lat < 84 and 0 <= lon < 42:
        return 31 + 2 * int((lon + 3) // 12)
    return int((lon + 180) // 6) % 60 + 1
