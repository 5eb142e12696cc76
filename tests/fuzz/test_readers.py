"""Spoiled files through every reader: read or refused, soon and in little memory."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from app.errors import InvalidInput
from app.inputs import reading_apart
from app.inputs.address_files import Wanted as WantedTown
from app.inputs.address_files import read_address_file
from app.inputs.boundary_files import Wanted, read_boundary_file
from app.inputs.pin_files import open_pin_file
from bench.fuzz_files import layers
from bench.fuzz_readers import Reader, readers
from bench.fuzz_readers import run as run_reader
from bench.fuzz_watch import MOST_BYTES

EACH = 40


@pytest.mark.parametrize("kind", ["boundary files", "fact files", "older maps", "photos of pins", "tile packs"])
def test_spoiled_files_are_read_or_refused(kind: str) -> None:
    tally = run_reader(next(one for one in readers() if one.kind == kind), EACH, 8)
    assert tally.broken == {}
    assert tally.inputs == EACH
    assert 0 < tally.refused < EACH
    assert tally.peak_bytes < MOST_BYTES


def test_a_reader_that_dies_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    """A file may end its reading process; it is counted, and is no fault unless the reader left by itself."""
    from bench.fuzz_readers import _forked
    from bench.fuzz_watch import Tally

    def dies(name: str, _content: bytes, _folder: Path) -> None:
        import os
        import signal

        os.kill(os.getpid(), signal.SIGKILL)

    tally = Tally("dying")
    assert _forked(Reader("dying", {"a.csv": b"x"}, dies), range(3), 1, tally) == 1
    assert (tally.contained, tally.broken) == (1, {})


def nameless() -> bytes:
    """A zip whose one member is called nothing."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr(zipfile.ZipInfo(""), b"x")
    return whole.getvalue()


def test_a_zip_with_a_file_that_has_no_name_is_refused() -> None:
    with pytest.raises(InvalidInput):
        read_boundary_file(io.BytesIO(nameless()), "a.zip", Wanted(None, "Vzorov"))
    with pytest.raises(InvalidInput):
        read_address_file(io.BytesIO(nameless()), WantedTown(571164, "Chrudim"))


@pytest.mark.parametrize(
    "content", [b"category;\x98omment;x;y\nsafe;\x81;1;2\n", b"\xff\xfec\x00a", b"a;b\n" + b"\x00" * 3 + b"\xff\n"]
)
def test_a_table_in_no_encoding_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pins.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidInput):
        list(open_pin_file(path, "x", "y").parts)


@pytest.mark.parametrize("name", ["points.fgb", "points.gpkg", "points.geojson"])
def test_a_damaged_layer_is_refused_in_a_sentence(tmp_path: Path, name: str) -> None:
    """`pocit pins import` reads in its own process: there a failure of a library would be a traceback."""
    content, refused = layers()[name], 0
    path = tmp_path / name
    for cut in range(20, len(content), max(1, len(content) // 40)):
        path.write_bytes(content[:cut] + b"\xff" * 40 + content[cut + 40 :])
        try:
            list(open_pin_file(path).parts)
        except InvalidInput:
            refused += 1
    assert refused


def test_a_reader_is_let_to_hold_a_gigabyte_and_no_more() -> None:
    """What it may address is more: some of that is never filled (inputs/reading_apart.py)."""
    assert reading_apart.MOST_MEMORY_BYTES - (250 << 20) <= MOST_BYTES
