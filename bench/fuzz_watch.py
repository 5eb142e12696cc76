"""What is noted of bad inputs while they run: how many, how long, how much memory, and what broke."""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from app.config import ROOT

MOST_S: Final = 10.0
"""An input that takes longer hangs the server."""
MOST_BYTES: Final = 1 << 30
"""Of one process."""
MOST_TOLD: Final = 400
LOOK_S: Final = 0.1


@dataclass
class Tally:
    """What came of the inputs of one kind."""

    kind: str
    inputs: int = 0
    refused: int = 0
    seconds: float = 0.0
    slowest_s: float = 0.0
    slowest: str = ""
    peak_bytes: int = 0
    contained: int = 0
    """Inputs that ended a reading process made to be ended: it broke for itself alone."""
    broken: dict[str, str] = field(default_factory=dict)
    """By where it broke: the first input that did it."""
    statuses: dict[str, int] = field(default_factory=dict)
    """How many answers of a server had each."""

    def took(self, seconds: float, what: object) -> None:
        """Note how long one input took; one that hangs is broken."""
        self.inputs += 1
        if seconds > self.slowest_s:
            self.slowest_s, self.slowest = seconds, told(what)
        if seconds > MOST_S:
            self.broke(f"hang: {seconds:.0f} s", what)

    def broke(self, how: str, what: object) -> None:
        """Note a fault, once for each place."""
        self.broken.setdefault(how, told(what))

    def grew(self, peak_bytes: int) -> None:
        """Note how much memory a process took at most."""
        self.peak_bytes = max(self.peak_bytes, peak_bytes)
        if peak_bytes > MOST_BYTES:
            self.broke(f"memory: more than {MOST_BYTES >> 20} MB", self.slowest)

    def add(self, other: Tally) -> None:
        """Take in what came of other inputs of the same kind."""
        self.inputs, self.refused = self.inputs + other.inputs, self.refused + other.refused
        self.seconds, self.contained = self.seconds + other.seconds, self.contained + other.contained
        if other.slowest_s > self.slowest_s:
            self.slowest_s, self.slowest = other.slowest_s, other.slowest
        self.peak_bytes = max(self.peak_bytes, other.peak_bytes)
        self.broken = other.broken | self.broken
        for status, number in other.statuses.items():
            self.statuses[status] = self.statuses.get(status, 0) + number


def told(what: object) -> str:
    """An input as it can be read in a report."""
    text = ascii(what)
    return text if len(text) <= MOST_TOLD else f"{text[:MOST_TOLD]}… ({len(text)})"


def place_of(error: BaseException) -> str:
    """Where an error came out of our own code."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if f"{ROOT}/app/" in frame.filename or f"{ROOT}/gis/" in frame.filename]
    frame = (ours or frames)[-1]
    return f"{type(error).__name__} in {Path(frame.filename).name}:{frame.lineno} {frame.name}"


def peak_bytes(pid: int | None = None) -> int:
    """How much memory the process has held at most; 0 when it is gone."""
    try:
        lines = (
            Path(f"/proc/{pid or os.getpid()}/status").read_text(encoding="ascii", errors="replace").splitlines()
        )
    except OSError:
        return 0
    return next((int(line.split()[1]) << 10 for line in lines if line.startswith("VmHWM")), 0)


def family(pid: int) -> list[int]:
    """The process and all that it started, as far as they still run."""
    found, looked = [pid], 0
    while looked < len(found):
        try:
            tasks = list(Path(f"/proc/{found[looked]}/task").iterdir())
            children = [one for task in tasks for one in (task / "children").read_text().split()]
        except OSError:
            children = []
        found += [int(one) for one in children]
        looked += 1
    return found


@contextmanager
def watched(pid: int) -> Iterator[dict[int, int]]:
    """The most memory that each process of the family held while the block lasts, by its number."""
    peaks: dict[int, int] = {}
    done = threading.Event()

    def look() -> None:
        while not done.wait(LOOK_S):
            for one in family(pid):
                peaks[one] = max(peaks.get(one, 0), peak_bytes(one))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield peaks
    finally:
        done.set()
        thread.join()


@contextmanager
def timed(tally: Tally) -> Iterator[None]:
    """Add the time of the block to the kind's."""
    begun = time.monotonic()
    try:
        yield
    finally:
        tally.seconds += time.monotonic() - begun
