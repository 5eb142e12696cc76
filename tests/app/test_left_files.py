"""What a process that was taken over leaves for us: nothing of it hangs, leads elsewhere, or fills the memory."""

from __future__ import annotations

import os
import resource
import socket
import sys
from pathlib import Path

import pytest

from app.errors import InvalidInput, Problem, Unacceptable
from app.inputs import fact_files, older_maps, pin_photos, reading_apart
from app.inputs.left_files import NotAResult, open_result, put_new, read_result

BROKEN = Problem("file", "broken")
MODULE = "stranger_reader"


@pytest.fixture(params=["fifo", "link", "socket", "folder", "device", "second name", "too large", "nothing"])
def left(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Something that is no honest result."""
    path, secret = tmp_path / "picture.jpg", tmp_path / "secret"
    secret.write_bytes(b"\xff\xd8\xff secret")
    match request.param:
        case "fifo":
            os.mkfifo(path)
        case "link":
            path.symlink_to(secret)
        case "socket":
            with socket.socket(socket.AF_UNIX) as listening:
                listening.bind(str(path))
        case "folder":
            path.mkdir()
        case "device":
            path = Path("/dev/zero")
        case "second name":
            path.hardlink_to(secret)
        case "too large":
            with path.open("wb") as file:
                file.truncate(1 << 40)
    return path


def test_only_a_plain_file_of_bounded_size_is_opened(left: Path) -> None:
    with pytest.raises(NotAResult):
        open_result(left, 1 << 20)
    with pytest.raises(Unacceptable):
        pin_photos._jpeg(left)
    with pytest.raises(InvalidInput):
        fact_files._rows(left)
    with pytest.raises(NotAResult):
        next(older_maps.older_rows(left, older_maps.Choice()))


def test_what_is_honest_is_read(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"content")
    assert read_result(tmp_path / "x", 7) == b"content"
    with pytest.raises(NotAResult):
        read_result(tmp_path / "x", 6)


def test_what_we_put_there_goes_nowhere_else(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_bytes(b"ours")
    (tmp_path / "sheet-0.json").symlink_to(precious)
    put_new(tmp_path / "sheet-0.json", b"{}")
    assert (precious.read_bytes(), (tmp_path / "sheet-0.json").read_bytes()) == (b"ours", b"{}")


@pytest.mark.parametrize(
    "deed",
    [
        "while True: os.write(1, b'[' * 65536)",  # gigabytes, if anybody took them
        "print('[' * 100_000)",
        "print('[1, 2]')",
        "print('3')",
        "print('{')",
        "pass",
        "os.close(1); time.sleep(600)",
        "os.write(2, b'x' * (8 << 20)); sys.exit(1)",
    ],
)
def test_what_a_reader_says_is_bounded_and_an_object(
    deed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{MODULE}.py").write_text(f"import os, sys, time\n{deed}\n")
    before = reading_apart.bare_environment

    def with_stranger(folder: Path, drivers: str) -> dict[str, str]:
        return before(folder, drivers) | {"PYTHONPATH": str(tmp_path)}

    monkeypatch.setattr(reading_apart, "bare_environment", with_stranger)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InvalidInput):
        reading_apart.run_apart(MODULE, (), tmp_path, skipped_drivers="", seconds=3, too_hard=BROKEN)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - most
    assert grown < 64 << 10, f"{grown >> 10} MB, {sys.platform}"
