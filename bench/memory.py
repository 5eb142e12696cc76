"""How much memory the processes that we started take, watched all the time."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

EVERY_S = 0.05
PER_MEGABYTE = 1024
"""The kernel counts in kilobytes."""


@dataclass(frozen=True)
class Taken:
    """The most that was seen, in megabytes."""

    largest_rss: float = 0.0
    """Of one process, with all that it shares."""
    whole_pss: float = 0.0
    """Of all together, what they share counted once."""


class Watch:
    """Looks at all descendants of this process, twenty times a second."""

    def __init__(self) -> None:
        self._most = Taken()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> Self:
        self._most = _now()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._end.set()
        self._thread.join()

    def seen(self) -> Taken:
        """The most since the last time that was forgotten."""
        return self._most

    def forget(self) -> None:
        """Begin anew."""
        self._most = Taken()

    def _look(self) -> None:
        while not self._end.wait(EVERY_S):
            now, most = _now(), self._most
            self._most = Taken(max(now.largest_rss, most.largest_rss), max(now.whole_pss, most.whole_pss))


def _now() -> Taken:
    found = [_memory(pid) for pid in _descendants(os.getpid())]
    return Taken(max((rss for rss, _ in found), default=0.0), sum(pss for _, pss in found))


def _descendants(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in _read(task).split():
            yield int(child)
            yield from _descendants(int(child))


def _memory(pid: int) -> tuple[float, float]:
    """RSS and PSS of a process; nothing of one that has just ended."""
    lines = dict(line.split(":", 1) for line in _read(Path(f"/proc/{pid}/smaps_rollup")).splitlines()[1:])
    rss, pss = (float(lines.get(name, "0").split()[0]) / PER_MEGABYTE for name in ("Rss", "Pss"))
    return rss, pss


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
