"""PMTiles: one file with all the tiles of a town, checked when it comes and served tile by tile.

A stranger's file may say anything of itself, so every number in it is held against the file's size, and what is
packed is unpacked only so far.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import tempfile
import threading
import weakref
import zlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from shapely import MultiPolygon, box

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.services.tiles import LEAST_ZOOM, Picture, Tile, TileUnavailable, picture_type, tile_at

HEADER_BYTES = 127
MOST_DIRECTORY_BYTES = 1_000_000
MOST_TILE_BYTES = 2_000_000
MOST_DEPTH = 4
KEPT_DIRECTORIES = 64
MOST_ZOOM = 22
PIECE_BYTES = 1 << 20
FIELD = "pack"

NOT_PMTILES = N_(
    "This is not a PMTiles file (version 3); in QGIS make tiles as MBTiles, then run “pmtiles convert”."
)
VECTOR_TILES = N_(
    "These are vector tiles, which we don’t draw; make PNG tiles in your GIS, or upload the layer as GeoJSON."
)
NOT_PICTURES = N_("The tiles in it are not PNG, JPEG or WebP pictures; make them anew as one of these.")
BROKEN = N_("The file is damaged or was not uploaded whole; try once more, or make it anew.")
ELSEWHERE = N_("There are no tiles of your town in it; check which area they were made of.")


class BrokenPack(Exception):
    """The file does not hold what it says."""


class NotPictures(BrokenPack):
    """Its tiles are something else."""


@dataclass(frozen=True)
class PackFacts:
    """What a checked file holds."""

    fingerprint: str
    min_zoom: int
    max_zoom: int


class TilePack:
    """One PMTiles file, opened for reading; threads may share it."""

    def __init__(self, path: Path) -> None:
        """Read the header; BrokenPack when it is none."""
        from pmtiles.tile import Compression, TileType, deserialize_header

        file = path.open("rb")
        # Not before the last reader is gone: others may be in the middle of a tile.
        weakref.finalize(self, file.close)
        self._descriptor = file.fileno()
        self._size = os.fstat(self._descriptor).st_size
        try:
            self.header: dict[str, Any] = dict(deserialize_header(self._read(0, HEADER_BYTES)))
        except Exception as error:  # the package raises a different one for each thing that is wrong
            raise BrokenPack("header") from error
        self.is_vector = self.header["tile_type"] in (TileType.MVT, TileType.MLT)
        self.is_packed = self.header["tile_compression"] == Compression.GZIP
        self._internal = self.header["internal_compression"]
        self._directories: OrderedDict[tuple[int, int], list[Any]] = OrderedDict()
        self._lock = threading.Lock()

    def tile(self, tile: Tile) -> Picture | None:
        """The picture of this tile, or None where the file has none; BrokenPack."""
        from pmtiles.tile import find_tile, zxy_to_tileid

        if not self.header["min_zoom"] <= tile.z <= self.header["max_zoom"]:
            return None
        wanted = zxy_to_tileid(tile.z, tile.x, tile.y)
        offset, length = self.header["root_offset"], self.header["root_length"]
        for _ in range(MOST_DEPTH):
            entry = find_tile(self._directory(offset, length), wanted)
            if entry is None:
                return None
            if entry.run_length:
                return self._picture(self.header["tile_data_offset"] + entry.offset, entry.length)
            offset, length = self.header["leaf_directory_offset"] + entry.offset, entry.length
        raise BrokenPack("directories without an end")

    def _picture(self, offset: int, length: int) -> Picture:
        if length > MOST_TILE_BYTES:
            raise BrokenPack("a tile that is too large")
        data = self._read(offset, length)
        if self.is_packed:
            data = _unpacked(data, MOST_TILE_BYTES)
        try:
            return Picture(data, picture_type(data))
        except TileUnavailable as error:
            raise NotPictures("not a picture") from error

    def _directory(self, offset: int, length: int) -> list[Any]:
        with self._lock:
            known = self._directories.get((offset, length))
            if known is not None:
                self._directories.move_to_end((offset, length))
                return known
        found = self._parsed(offset, length)
        with self._lock:
            self._directories[offset, length] = found
            if len(self._directories) > KEPT_DIRECTORIES:
                self._directories.popitem(last=False)
        return found

    def _parsed(self, offset: int, length: int) -> list[Any]:
        from pmtiles.tile import Compression, deserialize_directory

        if length > MOST_DIRECTORY_BYTES:
            raise BrokenPack("a directory that is too large")
        raw = self._read(offset, length)
        if self._internal == Compression.GZIP:
            raw = _unpacked(raw, MOST_DIRECTORY_BYTES)
        elif self._internal != Compression.NONE:
            raise BrokenPack("directories packed in a way we don't read")
        # Each entry takes four bytes at least: a count beyond that would only fill the memory.
        if _first_number(raw) * 4 > len(raw):
            raise BrokenPack("a directory that lies about its length")
        try:
            return list(deserialize_directory(gzip.compress(raw, 1)))
        except (EOFError, ValueError, OverflowError, IndexError) as error:
            raise BrokenPack("directory") from error

    def _read(self, offset: int, length: int) -> bytes:
        if offset < 0 or length < 0 or offset + length > self._size:
            raise BrokenPack("it points beyond its own end")
        return os.pread(self._descriptor, length, offset)


def keep_pack(source: IO[bytes], folder: Path, boundary: MultiPolygon, most_bytes: int) -> PackFacts:
    """Store an uploaded file under its fingerprint once it is known to hold pictures of the town; InvalidInput."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=folder, suffix=".part")
    draft = Path(name)
    try:
        digest, size = hashlib.sha256(), 0
        with os.fdopen(descriptor, "wb") as file:
            while piece := source.read(PIECE_BYTES):
                size += len(piece)
                if size > most_bytes:
                    limit = {"megabytes": most_bytes // 1_000_000}
                    raise InvalidInput(Problem(FIELD, N_("The file is larger than %(megabytes)s MB."), limit))
                digest.update(piece)
                file.write(piece)
        facts = _checked(draft, digest.hexdigest()[:16], boundary)
        draft.rename(pack_path(folder, facts.fingerprint))
        return facts
    finally:
        draft.unlink(missing_ok=True)


def pack_path(folder: Path, fingerprint: str) -> Path:
    """Where the file of this fingerprint lies."""
    return folder / f"{fingerprint}.pmtiles"


def pack_tile(folder: Path, fingerprint: str, tile: Tile) -> Picture | None:
    """A tile of a stored file, None where it has none; TileUnavailable when the file is gone or broken."""
    try:
        return _opened(pack_path(folder, fingerprint)).tile(tile)
    except (OSError, BrokenPack) as error:
        raise TileUnavailable(str(error)) from error


@lru_cache(maxsize=16)
def _opened(path: Path) -> TilePack:
    # A file is named for its content, so what was opened once stays right.
    return TilePack(path)


def _checked(path: Path, fingerprint: str, boundary: MultiPolygon) -> PackFacts:
    try:
        pack = TilePack(path)
    except (BrokenPack, OSError) as error:
        raise InvalidInput(Problem(FIELD, NOT_PMTILES)) from error
    if pack.is_vector:
        raise InvalidInput(Problem(FIELD, VECTOR_TILES))
    header = pack.header
    if not 0 <= header["min_zoom"] <= header["max_zoom"] <= MOST_ZOOM or header["max_zoom"] < LEAST_ZOOM:
        raise InvalidInput(Problem(FIELD, BROKEN))
    covered = box(*(header[edge] / 1e7 for edge in ("min_lon_e7", "min_lat_e7", "max_lon_e7", "max_lat_e7")))
    if not covered.intersects(boundary):
        raise InvalidInput(Problem(FIELD, ELSEWHERE))
    try:
        first = next((found for tile in _samples(boundary, header) if (found := pack.tile(tile))), None)
    except NotPictures as error:
        raise InvalidInput(Problem(FIELD, NOT_PICTURES)) from error
    except BrokenPack as error:
        raise InvalidInput(Problem(FIELD, BROKEN)) from error
    if first is None:
        raise InvalidInput(Problem(FIELD, ELSEWHERE))
    return PackFacts(fingerprint, header["min_zoom"], header["max_zoom"])


def _samples(boundary: MultiPolygon, header: dict[str, Any]) -> Iterator[Tile]:
    """Tiles in the town's middle and at its corners, the finest first."""
    west, south, east, north = boundary.bounds
    inside = boundary.representative_point()
    places = [(inside.x, inside.y), (west, south), (west, north), (east, south), (east, north)]
    for z in range(header["max_zoom"], header["min_zoom"] - 1, -1):
        for lon, lat in places:
            yield Tile(z, *tile_at(lon, lat, z))


def _unpacked(data: bytes, most_bytes: int) -> bytes:
    unpacker = zlib.decompressobj(31)
    try:
        plain = unpacker.decompress(data, most_bytes)
    except zlib.error as error:
        raise BrokenPack("can't be unpacked") from error
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise BrokenPack("too large, or cut off")
    return plain


def _first_number(data: bytes) -> int:
    number = 0
    for n, byte in enumerate(data[:9]):
        number |= (byte & 0x7F) << (7 * n)
        if not byte & 0x80:
            return number
    raise BrokenPack("directory")
