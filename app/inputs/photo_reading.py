"""Photos of sheets read by a process of its own (inputs/sheet_reader.py): this is the side that asks.

What that process says is taken for a stranger's word: it is checked like any other input, and it gets to know
only sheets whose serial it has read.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Annotated, Any, Final, Literal, Self

import msgspec

from app.config import ROOT
from app.inputs.left_files import NotAResult, create_new, put_new, read_result
from app.inputs.reading_apart import bare_environment
from gis.paper.sheet import PaperSheet, sheet_json
from gis.scan.failure import Failure, Reason

PAGE_S: Final = 90.0
"""How long one page may take; an ordinary photo takes three seconds of a core."""
FURTHER_PAGE_S: Final = 10.0
"""For each page that was read, a file may take so much longer than one page."""
MOST_FILE_S: Final = 600.0
MOST_PAGES: Final = 201
MOST_LINE: Final = 1 << 20
MOST_PICTURE_BYTES: Final = 64 << 20
ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}

Corners = Sequence[tuple[float, float]]
Millimetres = Annotated[float, msgspec.Meta(ge=-100, le=3000)]
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]


class MarkTold(msgspec.Struct, frozen=True):
    """One mark as the photo shows it, in millimetres on the page."""

    category: str
    kind: Literal["sticker", "dot", "cross"]
    x_mm: Millimetres
    y_mm: Millimetres
    diameter_mm: Annotated[float, msgspec.Meta(ge=0, le=300)] | None
    confidence: Share
    error_mm: Annotated[float, msgspec.Meta(ge=0, le=300)]


class HowTold(msgspec.Struct, frozen=True):
    """How well a photo was read."""

    error_mm: Annotated[float, msgspec.Meta(ge=0, le=1000)]
    error_m: Annotated[float, msgspec.Meta(ge=0)]
    px_per_mm: Annotated[float, msgspec.Meta(ge=0)]
    seen: Share
    """The part of the frame that the photo shows."""
    sharpness: float
    missing: list[int]


class _Line(msgspec.Struct, frozen=True):
    """Whatever the reading process may say."""

    ask: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    end: bool = False
    page: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 1
    serial: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    marks: Annotated[list[MarkTold], msgspec.Meta(max_length=5000)] = []
    told: HowTold | None = None
    refused: Reason | None = None
    evidence: dict[str, Any] = {}
    pictures: dict[Literal["frame", "small", "whole", "table"], str] = {}
    size: list[int] | None = None


@dataclass(frozen=True)
class PageRead:
    """A page whose sheet was recognised, with the marks on it."""

    page: int
    serial: str
    marks: Sequence[MarkTold]
    how: HowTold
    pictures: Mapping[str, bytes] = field(repr=False, default_factory=dict)


@dataclass(frozen=True)
class PageRefused:
    """A page that could not be read."""

    page: int
    failure: Failure
    pictures: Mapping[str, bytes] = field(repr=False, default_factory=dict)


@dataclass(frozen=True)
class SheetFiles:
    """What reading a photo needs to know of its sheet."""

    sheet: PaperSheet
    picture: bytes = field(repr=False)
    """The frame as printed: a PNG."""


@dataclass(frozen=True)
class Wanted:
    """How a file is to be read, and what is to be kept of its pixels."""

    serial: str | None = None
    """Said by somebody, where the photo does not tell."""
    corners: Corners | None = None
    """Of the frame, in pixels of the picture; top left of the sheet first, clockwise."""
    pictures: bool = False
    whole: bool = False


class _Broken(Exception):
    """The reading process ended, or said what it may not."""


class SheetReading:
    """A process that reads photos, for as long as the block lasts; `lookup` gives it sheets by their serials."""

    def __init__(
        self, lookup: Callable[[str], SheetFiles | Failure], place: Path | None = None, *, page_s: float = PAGE_S
    ) -> None:
        """Read in a folder of its own, made in `place` or where temporary files lie."""
        self._lookup = lookup
        self._page_s = page_s
        self._until = 0.0
        self._process: subprocess.Popen[bytes] | None = None
        self._known: dict[str, SheetFiles | Failure] = {}
        self._place = tempfile.TemporaryDirectory(prefix="pocit-photos-", dir=place)
        self.folder = Path(self._place.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process, and leave nothing of what it read."""
        self._end()
        self._place.cleanup()

    def read(self, path: Path, wanted: Wanted | None = None) -> Generator[PageRead | PageRefused]:
        """The pages of a file as they are read; one that breaks or takes too long ends it with TOO_HARD.

        Whoever wants no more of them closes it: then nothing goes on.
        """
        last, begun = 0, time.monotonic()
        # A copy: that process sees nothing outside its folder.
        given = self.folder / f"photo{path.suffix.lower()}"
        try:
            with path.open("rb") as photo, create_new(given) as copy:
                shutil.copyfileobj(photo, copy)
            self._say(_order(given, wanted or Wanted()))
            self._until = begun + file_seconds(0, self._page_s)
            while not (line := self._answer(last)).end:
                last = line.page
                self._until = begun + file_seconds(last, self._page_s)
                yield self._page(line)
        except GeneratorExit:
            self._end()
            raise
        except (_Broken, OSError, msgspec.MsgspecError):
            self._end()
            yield PageRefused(last + 1, Failure(Reason.TOO_HARD))
        finally:
            given.unlink(missing_ok=True)

    def _answer(self, last: int) -> _Line:
        """The next line that is no question; questions are answered. Pages come in order, and not for ever."""
        while (line := self._line()).ask is not None:
            self._say(self._sheet(line.ask))
        if not line.end and not last < line.page <= MOST_PAGES:
            raise _Broken
        return line

    def _sheet(self, serial: str) -> dict[str, Any]:
        if serial not in self._known:
            if len(self._known) > MOST_PAGES:
                raise _Broken
            self._known[serial] = self._lookup(serial)
        found = self._known[serial]
        if isinstance(found, Failure):
            return {"refused": str(found.reason), "evidence": dict(found.evidence)}
        n = list(self._known).index(serial)
        geometry, picture = self.folder / f"sheet-{n}.json", self.folder / f"sheet-{n}.png"
        put_new(geometry, json.dumps(sheet_json(found.sheet)).encode())
        put_new(picture, found.picture)
        return {"sheet": str(geometry), "picture": str(picture)}

    def _page(self, line: _Line) -> PageRead | PageRefused:
        pictures: dict[str, bytes] = {what: self._picture(name) for what, name in line.pictures.items()}
        if line.refused is not None:
            size = {"size": line.size} if line.size else {}
            return PageRefused(line.page, Failure(line.refused, _small(line.evidence) | size), pictures)
        known = self._known.get(line.serial or "")
        if not isinstance(known, SheetFiles) or line.serial is None or line.told is None:
            raise _Broken
        categories = {sticker.key for sticker in known.sheet.stickers}
        if not {mark.category for mark in line.marks} <= categories:
            raise _Broken
        return PageRead(line.page, line.serial, tuple(line.marks), line.told, pictures)

    def _picture(self, name: str) -> bytes:
        path = self.folder / name
        if Path(name).name != name:
            raise _Broken
        try:
            content = read_result(path, MOST_PICTURE_BYTES)
        except NotAResult as error:
            raise _Broken from error
        path.unlink()
        return content

    def _say(self, said: Mapping[str, Any]) -> None:
        pipe = self._running().stdin
        assert pipe is not None  # noqa: S101 - it was started with pipes
        pipe.write(json.dumps(said).encode() + b"\n")
        pipe.flush()

    def _line(self) -> _Line:
        process = self._running()
        left = min(self._page_s, self._until - time.monotonic())
        if left <= 0:
            raise _Broken
        late = threading.Timer(left, process.kill)
        late.daemon = True
        late.start()
        try:
            pipe: IO[bytes] | None = process.stdout
            line = pipe.readline(MOST_LINE) if pipe else b""
        finally:
            late.cancel()
        if not line.endswith(b"\n"):
            raise _Broken
        return msgspec.json.decode(line, type=_Line)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "app.inputs.sheet_reader", str(self.folder)],
                cwd=ROOT,
                env=bare_environment(self.folder, "") | ONE_THREAD,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._process

    def _end(self) -> None:
        """End the process; the next file gets a new one."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def file_seconds(pages: int, page_s: float = PAGE_S) -> float:
    """How long a file may take of which so many pages have been read."""
    return min(page_s + FURTHER_PAGE_S * pages, MOST_FILE_S)


def _order(path: Path, wanted: Wanted) -> dict[str, Any]:
    corners = [[float(x), float(y)] for x, y in wanted.corners] if wanted.corners else None
    return {
        "file": str(path.resolve()),
        "serial": wanted.serial,
        "corners": corners,
        "pictures": wanted.pictures,
        "whole": wanted.whole,
    }


def _small(evidence: Mapping[str, Any]) -> dict[str, Any]:
    """Evidence that is no larger than evidence is."""
    return dict(evidence) if len(json.dumps(evidence)) < 4000 else {}
