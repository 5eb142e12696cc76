"""Stored tiles: whatever is asked for, they take no more of the disk than they may."""

from __future__ import annotations

import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest

from app.services import tile_store, tiles
from app.services.tile_store import TileStore
from app.services.tiles import TileUnavailable

TILE = b"\x89PNG" + bytes(20_000)
MOST = 2_000_000


def taken(folder: Path) -> int:
    """Bytes of all files there."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_ten_times_too_many_tiles_stay_within_the_limit(tmp_path: Path) -> None:
    store = TileStore(tmp_path, MOST)
    most = 0
    for n in range(10 * MOST // len(TILE)):
        store.keep(Path("17", str(n), "1"), TILE)
        most = max(most, taken(tmp_path)) if n % 20 == 0 else most
    assert 0.5 * MOST < taken(tmp_path) <= MOST
    assert most <= MOST * 1.1


def test_the_longest_unused_go_first(tmp_path: Path) -> None:
    store = TileStore(tmp_path, MOST)
    for n in range(90):
        store.keep(Path(str(n)), TILE)
        os.utime(tmp_path / str(n), (time.time() - 10 * 24 * 3600 + n, time.time() - 10 * 24 * 3600 + n))
    assert store.read(Path("3")) == TILE  # somebody looks at it still
    for n in range(90, 120):
        store.keep(Path(str(n)), TILE)
    left = {int(path.name) for path in tmp_path.iterdir()}
    assert 3 in left
    assert set(range(100, 120)) <= left
    assert 0 not in left
    assert 5 not in left


def test_a_store_that_was_too_full_before_the_start_is_cleared_by_the_first_tile(tmp_path: Path) -> None:
    TileStore(tmp_path, 100 * MOST).keep(Path("a"), bytes(MOST))
    TileStore(tmp_path, 100 * MOST).keep(Path("b"), bytes(MOST))
    TileStore(tmp_path, MOST).keep(Path("c"), TILE)
    assert taken(tmp_path) <= MOST


def test_on_a_disk_that_is_nearly_full_nothing_is_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nearly_full = SimpleNamespace(free=tile_store.LEAST_FREE_BYTES)
    monkeypatch.setattr(tile_store.shutil, "disk_usage", lambda _: nearly_full)
    store = TileStore(tmp_path, MOST)
    store.keep(Path("17", "1", "1"), TILE)
    assert taken(tmp_path) == 0
    assert store.read(Path("17", "1", "1")) is None


def test_processes_that_clear_at_once_do_not_mind(tmp_path: Path) -> None:
    stores = [TileStore(tmp_path, MOST) for _ in range(4)]

    def fill(store: TileStore, name: str) -> None:
        for n in range(200):
            store.keep(Path(name, str(n)), TILE)
            store.read(Path(name, str(n // 2)))

    threads = [threading.Thread(target=fill, args=(store, str(n))) for n, store in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken(tmp_path) <= MOST * 1.25
    assert list(tmp_path.rglob("tmp*")) == []


def test_sources_that_are_slow_take_no_more_than_half_of_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "PATIENCE_S", 0.2)
    free, asked, took = threading.Event(), [], []

    class Slow(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            free.wait(10)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(TILE)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    template = f"http://127.0.0.1:{server.server_port}/{{z}}/{{x}}/{{y}}"

    def look(n: int) -> None:
        try:
            tiles.fetch_tile(template, tiles.Tile(14, n, 1), tmp_path, {"127.0.0.1"})
            took.append("a tile")
        except TileUnavailable as error:
            took.append(error.why)

    threads = [threading.Thread(target=look, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 5
    while took.count("busy") < 4 and time.monotonic() < until:
        time.sleep(0.02)
    assert len(asked) == tiles.WAYS_OUT
    free.set()
    for thread in threads:
        thread.join()
    server.shutdown()
    server.server_close()
    assert sorted(took) == ["a tile"] * 4 + ["busy"] * 4
