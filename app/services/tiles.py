"""A small store of basemap tiles, filled from the town's chosen source as people look."""

from __future__ import annotations

import hashlib
import http.client
import math
import os
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from shapely import MultiPolygon

TIMEOUT_S = 6
REST_S = 10.0
"""A source that can't be reached is left alone for so long: waiting for it would take all our threads."""
KEPT_S = 30 * 24 * 3600
MOST_BYTES = 2_000_000
LEAST_ZOOM = 8
MARGIN_SHARE = 1.0
"""Tiles are served over the boundary's box grown by its own size: what a page can show, not the whole world."""
USER_AGENT = "pocitova-mapa (basemap cache)"
SIGNATURES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"RIFF": "image/webp"}


_resting: dict[str, float] = {}
"""By host: until when it is not asked again."""


class TileUnavailable(Exception):
    """The source did not give a picture."""


class _WithinHost(urllib.request.HTTPRedirectHandler):
    """Follows redirects of a source only within its host: it shall not send us into our own network."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """The next request, or None, which makes the redirect a failure."""
        there = urlsplit(newurl)
        if there.scheme not in ("http", "https") or there.hostname != urlsplit(req.full_url).hostname:
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


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
        left, top = _tile_at(west - dx, north + dy, self.z)
        right, bottom = _tile_at(east + dx, south - dy, self.z)
        return left - 2 <= self.x <= right + 2 and top - 2 <= self.y <= bottom + 2


@dataclass(frozen=True)
class Picture:
    """The bytes of a tile and their type."""

    data: bytes
    mimetype: str


def fetch_tile(template: str, tile: Tile, folder: Path) -> Picture:
    """The tile from the store, or from its source and then stored; TileUnavailable when neither has it.

    A stored tile that is too old is used again when the source does not answer.
    """
    path = folder / hashlib.sha256(template.encode()).hexdigest()[:16] / str(tile.z) / str(tile.x) / str(tile.y)
    stored = _stored(path)
    if stored and time.time() - path.stat().st_mtime < KEPT_S:
        return stored
    address = template.replace("{z}", str(tile.z)).replace("{x}", str(tile.x)).replace("{y}", str(tile.y))
    try:
        fetched = _fetch(address)
    except TileUnavailable:
        if stored:
            return stored
        raise
    _store(path, fetched.data)
    return fetched


def _tile_at(lon: float, lat: float, z: int) -> tuple[int, int]:
    n = 2**z
    radians = math.radians(max(-85.0, min(85.0, lat)))
    return (
        math.floor((lon + 180) / 360 * n),
        math.floor((1 - math.asinh(math.tan(radians)) / math.pi) / 2 * n),
    )


def _fetch(address: str) -> Picture:
    # The address comes from the map's settings and has been checked to be http(s) (inputs/map_folder.py).
    request = urllib.request.Request(address, headers={"User-Agent": USER_AGENT})  # noqa: S310
    if time.monotonic() < _resting.get(request.host, 0.0):
        msg = f"{request.host} can't be reached"
        raise TileUnavailable(msg)
    try:
        with urllib.request.build_opener(_WithinHost).open(request, timeout=TIMEOUT_S) as answer:
            data: bytes = answer.read(MOST_BYTES + 1)
    except (urllib.error.HTTPError, ValueError) as error:
        raise TileUnavailable(str(error)) from error
    except (OSError, http.client.HTTPException) as error:
        _resting[request.host] = time.monotonic() + REST_S
        raise TileUnavailable(str(error)) from error
    if len(data) > MOST_BYTES:
        msg = "larger than any tile"
        raise TileUnavailable(msg)
    return Picture(data, _type_of(data))


def _type_of(data: bytes) -> str:
    """The picture's type by its first bytes: what the source says of it is not trusted."""
    for signature, mimetype in SIGNATURES.items():
        if data.startswith(signature):
            return mimetype
    msg = "not a picture"
    raise TileUnavailable(msg)


def _stored(path: Path) -> Picture | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return Picture(data, _type_of(data))


def _store(path: Path, data: bytes) -> None:
    """Write whole or not at all: two workers may fetch the same tile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    Path(name).replace(path)
