"""Web Mercator, the plane of screen maps: tiles and their bounds, without PROJ."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bounds = tuple[float, float, float, float]

RADIUS_M: Final = 6_378_137.0
HALF_WORLD_M: Final = RADIUS_M * np.pi
MAX_LATITUDE: Final = 85.0511287798066
TILE_PIXELS: Final = 256
MAX_ZOOM: Final = 24


def mercator_of(lon: ArrayLike, lat: ArrayLike) -> tuple[Floats, Floats]:
    """Web Mercator metres (EPSG:3857) of longitudes and latitudes."""
    latitude = np.clip(np.asarray(lat, dtype=np.float64), -MAX_LATITUDE, MAX_LATITUDE)
    x = np.radians(np.asarray(lon, dtype=np.float64)) * RADIUS_M
    return x, np.arctanh(np.sin(np.radians(latitude))) * RADIUS_M


def lon_lat_of(x: ArrayLike, y: ArrayLike) -> tuple[Floats, Floats]:
    """Longitudes and latitudes of Web Mercator metres."""
    lon = np.degrees(np.asarray(x, dtype=np.float64) / RADIUS_M)
    return lon, np.degrees(np.arctan(np.sinh(np.asarray(y, dtype=np.float64) / RADIUS_M)))


def tile_bounds(z: int, x: int, y: int) -> Bounds:
    """(minx, miny, maxx, maxy) of an XYZ tile, row 0 in the north; ValueError for a tile that isn't there."""
    if not 0 <= z <= MAX_ZOOM or not 0 <= x < 2**z or not 0 <= y < 2**z:
        raise ValueError(f"no tile {z}/{x}/{y}")
    side = 2 * HALF_WORLD_M / 2**z
    west, north = x * side - HALF_WORLD_M, HALF_WORLD_M - y * side
    return west, north - side, west + side, north


def lon_lat_bounds(bounds: Bounds) -> Bounds:
    """(west, south, east, north) in degrees of Web Mercator bounds, as image overlays want them."""
    lon, lat = lon_lat_of(bounds[::2], bounds[1::2])
    return float(lon[0]), float(lat[0]), float(lon[1]), float(lat[1])
