"""A small store of basemap tiles, filled from the town's chosen source as people look."""

from __future__ import annotations

import hashlib
import math
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shapely import MultiPolygon

from app.services.outward import Asking, Forbidden, OutwardFailure, Unreachable, fetch, server_of
from app.services.tile_store import store_at

REST_S = 10.0
"""A source that can't be reached is left alone for so long: waiting for it would take all our threads."""
KEPT_S = 30 * 24 * 3600
MOST_BYTES = 2_000_000
LEAST_ZOOM = 8
MOST_RESTING = 1_000
MARGIN_SHARE = 1.0
"""Tiles are served over the boundary's box grown by its own size: what a page can show, not the whole world."""
USER_AGENT = "pocitova-mapa (basemap cache)"
SIGNATURES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}


WAYS_OUT = 4
PATIENCE_S = 3.0
"""So many requests of one process, half of its threads, may wait for sources; others stand behind for a while."""

_ways_out = threading.BoundedSemaphore(WAYS_OUT)
_resting: dict[str, float] = {}
"""By host: until when it is not asked again."""


class TileUnavailable(Exception):
    """The source did not give a picture."""

    def __init__(self, message: str, why: str = "unreachable") -> None:
        """Keep in one word what to do about it: `unreachable`, `busy`, `forbidden` or `no_picture`."""
        self.why = why
        super().__init__(message)


@dataclass(frozen=True)
class Tile:
    """One tile of the Web Mercator pyramid."""

    z: int
    x: int
    y: int

    def lies_near(self, boundary: MultiPolygon, max_zoom: int) -> bool:
        """Whether a page of this map can show the tile."""
        if not (LEAST_ZOOM <= self.z <= max_zoom and self.x < 2**self.z and self.y < 2**self.z):
            return False
        west, south, east, north = boundary.bounds
        dx, dy = (east - west) * MARGIN_SHARE, (north - south) * MARGIN_SHARE
        # Low zooms: a screen is wider than the grown box, so neighbours of its tiles belong to it.
        left, top = tile_at(west - dx, north + dy, self.z)
        right, bottom = tile_at(east + dx, south - dy, self.z)
        return left - 2 <= self.x <= right + 2 and top - 2 <= self.y <= bottom + 2


@dataclass(frozen=True)
class Picture:
    """The bytes of a tile and their type."""

    data: bytes
    mimetype: str


def ask_for_tile(template: str, tile: Tile, inner_hosts: Collection[str] = ()) -> Picture:
    """The tile straight from its source, not stored: for a look at a source that no map stands on yet."""
    return _fetch(_address(template, tile), inner_hosts)


def fetch_tile(template: str, tile: Tile, folder: Path, inner_hosts: Collection[str] = ()) -> Picture:
    """The tile from the store, or from its source and then stored; TileUnavailable when neither has it.

    A stored tile that is too old is used again when the source does not answer. Sources on private networks are
    asked only if named in `inner_hosts` (services/outward.py).
    """
    path = Path(hashlib.sha256(template.encode()).hexdigest()[:16], str(tile.z), str(tile.x), str(tile.y))
    store = store_at(folder)
    data = store.read(path)
    stored = Picture(data, picture_type(data)) if data is not None else None
    if stored and store.age_s(path) < KEPT_S:
        return stored
    try:
        with _way_out():
            fetched = _fetch(_address(template, tile), inner_hosts)
    except TileUnavailable:
        if stored:
            return stored
        raise
    store.keep(path, fetched.data)
    return fetched


@contextmanager
def _way_out() -> Iterator[None]:
    """One of the few ways to sources; TileUnavailable when none gets free soon, for the page asks again."""
    if not _ways_out.acquire(timeout=PATIENCE_S):
        msg = "too many tiles are being fetched"
        raise TileUnavailable(msg, "busy")
    try:
        yield
    finally:
        _ways_out.release()


def tile_at(lon: float, lat: float, z: int) -> tuple[int, int]:
    """Column and row of the tile of this zoom in which the place lies."""
    n = 2**z
    radians = math.radians(max(-85.0, min(85.0, lat)))
    return (
        math.floor((lon + 180) / 360 * n),
        math.floor((1 - math.asinh(math.tan(radians)) / math.pi) / 2 * n),
    )


def _address(template: str, tile: Tile) -> str:
    return template.replace("{z}", str(tile.z)).replace("{x}", str(tile.x)).replace("{y}", str(tile.y))


def _fetch(address: str, inner_hosts: Collection[str]) -> Picture:
    server = server_of(address)
    if time.monotonic() < _resting.get(server, 0.0):
        msg = f"{server} can't be reached"
        raise TileUnavailable(msg)
    try:
        data = fetch(address, Asking(USER_AGENT, MOST_BYTES, inner_hosts))
    except Unreachable as error:
        if len(_resting) > MOST_RESTING:
            _resting.clear()
        _resting[server] = time.monotonic() + REST_S
        raise TileUnavailable(str(error)) from error
    except OutwardFailure as error:
        raise TileUnavailable(str(error), "forbidden" if isinstance(error, Forbidden) else "no_picture") from error
    return Picture(data, picture_type(data))


def picture_type(data: bytes) -> str:
    """The picture's type by its first bytes: what the source says of it is not trusted."""
    for signature, mimetype in SIGNATURES.items():
        if data.startswith(signature):
            return mimetype
    msg = "not a picture"
    raise TileUnavailable(msg, "no_picture")
