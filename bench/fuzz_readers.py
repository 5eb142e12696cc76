"""Spoiled files through the real readers, many thousand of them: each kind in forks of a process that has loaded.

What the server does once for each file (start a process, `reading_apart.run_apart`) is done here once for many:
the reader's own `main` runs with the same environment, drivers and memory in a fork, and both its sides are those
of the server. A part goes the server's own way, with a process each. `python -m bench.fuzz_readers` is the process
that forks.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final

from shapely import MultiPolygon, box

from app.config import ROOT
from app.errors import InvalidInput, Problem, Refusal
from app.inputs import boundary_files, fact_files, fact_reader, older_maps, pin_photos, reading_apart
from app.inputs.older_reader import ROWS_FILE
from app.services.tile_packs import keep_pack
from app.services.tiles import tile_at
from bench.fuzz_files import CENTRE, layers, photos, spoiled_file, tile_pack
from bench.fuzz_watch import MOST_S, Tally, peak_bytes, place_of, timed

TOWN: Final = MultiPolygon([box(CENTRE[0] - 0.03, CENTRE[1] - 0.03, CENTRE[0] + 0.03, CENTRE[1] + 0.03)])
AT_ONCE: Final = 50
"""Files that one fork reads."""
READERS: Final = (
    "app.inputs.boundary_reader", "app.inputs.fact_reader", "app.inputs.older_reader",
    "app.inputs.pin_photo_reader",
)  # fmt: skip
Read = Callable[[str, bytes, Path], object]


@dataclass(frozen=True)
class Reader:
    """One way for a file into the server."""

    kind: str
    files: Mapping[str, bytes]
    read: Read
    skipped: str = ""
    """The drivers that GDAL goes without."""


@cache
def readers() -> tuple[Reader, ...]:
    """All of them."""
    many = layers()
    packs = {"tiles.pmtiles": tile_pack(lambda z: (z, *tile_at(*CENTRE, z)))}
    return (
        Reader("boundary files", many, _boundary, boundary_files.SKIPPED_DRIVERS),
        Reader("fact files", many, _facts, older_maps.OUR_SKIPPED_DRIVERS),
        Reader("older maps", many, _older, older_maps.OUR_SKIPPED_DRIVERS),
        Reader("photos of pins", photos(), _photo),
        Reader("tile packs", packs, _pack),
    )


def _boundary(name: str, content: bytes, _folder: Path) -> object:
    return boundary_files.read_boundary_file(io.BytesIO(content), name, boundary_files.Wanted(900_001, "Vzorov"))


def _facts(name: str, content: bytes, _folder: Path) -> object:
    wanted = fact_reader.FactWanted("name", "day", None, TOWN.bounds)
    return fact_files.read_fact_file(io.BytesIO(content), name, wanted)


def _older(name: str, content: bytes, folder: Path) -> object:
    file = older_maps.older_file(older_maps.read_older_file(io.BytesIO(content), name, folder))
    choice = older_maps.parse_choice({}, file)
    return len(list(older_maps.older_rows(folder / ROWS_FILE, choice)))


def _photo(_name: str, content: bytes, _folder: Path) -> object:
    return pin_photos.make_photo(pin_photos.parse_sent_photo(io.BytesIO(content), ""), "here")


def _pack(_name: str, content: bytes, folder: Path) -> object:
    return keep_pack(io.BytesIO(content), folder, TOWN, 100 << 20)


def run(reader: Reader, count: int, dice: int, *, apart: bool = False) -> Tally:
    """So many spoiled files; `apart` with a process for each, as the server has."""
    tally = Tally(reader.kind + (", each apart" if apart else ""))
    with timed(tally):
        if apart:
            _one_by_one(reader, range(count), dice, tally)
        else:
            told = _in_forks(reader, count, dice)
            tally.add(told)
            tally.peak_bytes, tally.seconds = told.peak_bytes, 0.0
    return tally


def _in_forks(reader: Reader, count: int, dice: int) -> Tally:
    """What a process of its own says, which has the drivers, the memory and the environment of a reader."""
    with tempfile.TemporaryDirectory(prefix="pocit-fuzz-") as name:
        folder = Path(name)
        for n, content in enumerate(reader.files.values()):
            (folder / f"file-{n}").write_bytes(content)
        (folder / "names.json").write_text(json.dumps(list(reader.files)))
        done = subprocess.run(
            [sys.executable, "-m", "bench.fuzz_readers", reader.kind, str(count), str(dice), name],
            cwd=ROOT,
            env=reading_apart.bare_environment(folder, reader.skipped),
            stdout=subprocess.PIPE,
            check=True,
        )
        return Tally(**json.loads(done.stdout))


WAYS: Final[Mapping[str, Callable[[], Read]]] = {
    "boundary files": lambda: _boundary,
    "fact files": lambda: _facts,
    "older maps": lambda: _older,
    "photos of pins": lambda: _photo,
    "tile packs": lambda: _pack,
}


def main() -> None:
    """Read so many spoiled files in forks, and tell the tally as JSON."""
    kind, count, dice, folder = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])
    names = json.loads((folder / "names.json").read_text())
    files = {name: (folder / f"file-{n}").read_bytes() for n, name in enumerate(names)}
    reader, tally, done = Reader(kind, files, WAYS[kind]()), Tally(kind), 0
    for name in READERS:
        importlib.import_module(name)
    while done < count:
        done += _forked(reader, range(done, min(count, done + AT_ONCE)), dice, tally)
    json.dump(asdict(tally), sys.stdout)


def _one_by_one(reader: Reader, numbers: Sequence[int], dice: int, tally: Tally) -> None:
    for number in numbers:
        _note(json.loads(_read_one(reader, number, dice)), tally)


def _forked(reader: Reader, numbers: Sequence[int], dice: int, tally: Tally) -> int:
    """Read these in a fork; gives back how many of them it came through with."""
    receiving, sending = os.pipe()
    child = os.fork()
    if not child:
        os.close(receiving)
        _work(reader, numbers, dice, sending)
    os.close(sending)
    read = 0
    with os.fdopen(receiving, "rb") as pipe:
        while read < len(numbers):
            ready, _, _ = select.select([pipe], [], [], 3 * MOST_S)
            line = pipe.readline() if ready else b""
            if not ready:
                tally.broke("hang: killed", (reader.kind, dice, numbers[read]))
                os.kill(child, signal.SIGKILL)
            if not line:
                break
            _note(json.loads(line), tally)
            read += 1
    _, status = os.waitpid(child, 0)
    if read < len(numbers):  # it died in the middle of one, as it may: in the server that is a refusal
        tally.took(0.0, (reader.kind, numbers[read]))
        tally.contained += 1
        if os.WIFEXITED(status) and os.WEXITSTATUS(status):
            tally.broke(f"the reader left with {os.WEXITSTATUS(status)}", (reader.kind, dice, numbers[read]))
        read += 1
    return read


def _work(reader: Reader, numbers: Sequence[int], dice: int, sending: int) -> None:
    """The fork: read file by file, tell what came of each, and end without any farewell of Python's."""
    code = 1
    try:
        resource.setrlimit(resource.RLIMIT_AS, (reading_apart.MOST_MEMORY_BYTES,) * 2)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)
        with _here(), os.fdopen(sending, "wb") as pipe:
            for number in numbers:
                pipe.write(_read_one(reader, number, dice) + b"\n")
                pipe.flush()
        code = 0
    finally:
        os._exit(code)


@contextlib.contextmanager
def _here() -> Iterator[None]:
    """Let the asking side run the reader within this process."""
    for name in READERS:
        module: Any = importlib.import_module(name)
        module.confine = lambda *_: None  # a fork is confined once
    asking: Any
    for asking in (reading_apart, pin_photos):
        asking.run_apart = _run_here
    yield


def _run_here(
    module: str, arguments: Sequence[str], _folder: Path, *, too_hard: Problem, **_limits: object
) -> dict[str, Any]:
    """What `reading_apart.run_apart` gives back, without a new process."""
    out = io.StringIO()
    before, sys.argv = sys.argv, [module, *arguments]
    try:
        with contextlib.redirect_stdout(out):
            importlib.import_module(module).main()
    except MemoryError as error:
        raise InvalidInput(too_hard) from error
    finally:
        sys.argv = before
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


def _read_one(reader: Reader, number: int, dice: int) -> bytes:
    """Spoil and read the file of this number; what came of it as JSON."""
    name, content = spoiled_file(reader.files, Random(f"{dice} {reader.kind} {number}"))
    begun, broken, refused = time.perf_counter(), None, False
    used = time.process_time()
    with tempfile.TemporaryDirectory(prefix="pocit-fuzz-") as folder:
        try:
            reader.read(name, content, Path(folder))
        except Refusal:
            refused = True
        except Exception as error:
            broken = (place_of(error), str(error)[:200])
    took = time.perf_counter() - begun
    if took > MOST_S:  # of a busy machine only what was used counts
        took = time.process_time() - used
    what = f"{reader.kind} {number}: {name[:40]!a} of {len(content)} bytes"
    return json.dumps([took, refused, broken, peak_bytes(), what]).encode()


def _note(told: list[Any], tally: Tally) -> None:
    seconds, refused, broken, peak, what = told
    tally.took(seconds, what)
    tally.refused += refused
    tally.grew(peak)
    if broken:
        tally.broke(broken[0], (what, broken[1]))


if __name__ == "__main__":
    main()
