"""Tiles on the disk: kept as they come, up to a number of bytes; the longest unused go first.

Anybody can ask for tiles without end, so what they fill must end somewhere: at its own limit, and well before the
disk, which the database needs more.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

MOST_BYTES: Final = 2_000_000_000

log = logging.getLogger(__name__)

LEAST_FREE_BYTES: Final = 1 << 30
"""So much of the disk is never taken by tiles."""
LOOK_EACH_PART: Final = 20
"""The store is measured whenever this part of its limit has been added by this process."""
LEFT_PART: Final = 0.8
"""So full is the store after the oldest have gone."""
USED_EACH_S: Final = 24 * 3600
"""A tile that is asked for is marked as used so often at most: a mark is a write."""


@dataclass(frozen=True)
class _Kept:
    path: Path
    n_bytes: int
    used: float


@dataclass
class TileStore:
    """A folder of tiles and the most bytes it takes on the disk, but for what comes while it is measured."""

    folder: Path
    most_bytes: int = MOST_BYTES
    _added: int | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _clearing: threading.Lock = field(default_factory=threading.Lock)

    def read(self, path: Path) -> bytes | None:
        """The tile of this path within the folder, marked as used; None where there is none."""
        whole = self.folder / path
        try:
            data = whole.read_bytes()
            if time.time() - whole.stat().st_atime > USED_EACH_S:
                os.utime(whole, (time.time(), whole.stat().st_mtime))
        except OSError:
            return None
        return data

    def age_s(self, path: Path) -> float:
        """For how long the tile has been there."""
        try:
            return time.time() - (self.folder / path).stat().st_mtime
        except OSError:
            return float("inf")

    def keep(self, path: Path, data: bytes) -> None:
        """Store a tile, whole or not at all: two workers may fetch the same. On a full disk none is stored."""
        whole = self.folder / path
        draft = None
        try:
            whole.parent.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(whole.parent).free < LEAST_FREE_BYTES + len(data):
                return
            descriptor, draft = tempfile.mkstemp(dir=whole.parent)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            Path(draft).replace(whole)
        except OSError as error:
            log.warning("tile not stored: %s", error)
            if draft is not None:
                Path(draft).unlink(missing_ok=True)
            return
        self._note(_on_disk(len(data)))

    def clear(self) -> int:
        """Take away the longest unused until the store is well within its limit; how many those were."""
        kept = sorted(self._kept(), key=lambda one: one.used)
        total = sum(one.n_bytes for one in kept)
        if total <= self.most_bytes:
            return 0
        gone = 0
        for one in kept:
            if total <= self.most_bytes * LEFT_PART:
                break
            with suppress(OSError):
                one.path.unlink()
            total -= one.n_bytes
            gone += 1
        return gone

    def _note(self, n_bytes: int) -> None:
        """Count what was added; the first tile of a process, and each so many bytes, have the store measured."""
        with self._lock:
            added = self.most_bytes if self._added is None else self._added + n_bytes
            is_due = added >= self.most_bytes // LOOK_EACH_PART
            self._added = 0 if is_due else added
        if is_due and self._clearing.acquire(blocking=False):
            try:
                self.clear()
            finally:
                self._clearing.release()

    def _kept(self) -> Iterator[_Kept]:
        for place, _, names in os.walk(self.folder):
            for name in names:
                path = Path(place, name)
                with suppress(OSError):  # another process took it away
                    said = path.stat()
                    yield _Kept(path, _on_disk(said.st_size), max(said.st_atime, said.st_mtime))


_stores: dict[Path, TileStore] = {}


def store_at(folder: Path) -> TileStore:
    """The store of this process in this folder, with the limit that was set for it."""
    return _stores.get(folder) or limit_store(folder, MOST_BYTES)


def limit_store(folder: Path, most_bytes: int) -> TileStore:
    """Have the store in this folder take no more than so many bytes from now on."""
    _stores[folder] = made = TileStore(folder, most_bytes)
    return made


def _on_disk(n_bytes: int) -> int:
    """What a file takes: whole blocks, and one for its name."""
    return -(-n_bytes // 4096) * 4096 + 512
