"""The disk full: pins are refused in words, what is stored can be read, and with room again all is well.

PostgreSQL gets a small disk of its own, in memory, and somebody fills it to the last byte. Only root may mount
one: as an ordinary user the test says that it could not look.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from deploy.local.console import Console
from deploy.local.serve import Healer
from deploy.local.surroundings import Surroundings
from tests.builders import a_feature, bearer
from tests.faults.stack import Installation, a_cluster, an_installation, eventually
from tests.faults.writers import Writers, check_promises

DISK = "240m"
SOME = 60
PHONE = bearer(**{"Content-Type": "application/geo+json"})


@pytest.fixture
def small_disk(fault_homes: Path) -> Iterator[Path]:
    """A disk of its own."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk; as a user nobody can tell how PostgreSQL takes a full one")
    place = Path(tempfile.mkdtemp(dir=fault_homes))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=755", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"this machine lets nobody mount a small disk: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@pytest.fixture
def on_small_disk(small_disk: Path, fault_homes: Path) -> Iterator[Installation]:
    """The app, with its database on the small disk; its own folder is elsewhere."""
    (small_disk / "home").mkdir()
    with a_cluster(small_disk / "home") as cluster, an_installation(cluster, fault_homes / "beside") as served:
        yield served


@contextmanager
def watched(installation: Installation) -> Iterator[io.StringIO]:
    """What looks after PostgreSQL under `./run demo`; what it says."""
    said = io.StringIO()
    around = Surroundings(installation.places, installation.url, installation.cluster)
    healer, stop = Healer(around, Console(said)), threading.Event()

    def look() -> None:
        while not stop.wait(0.5):
            healer.look()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield said
    finally:
        stop.set()
        thread.join()


def fill(disk: Path) -> Path:
    """Leave not a byte free; the file that takes it all."""
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(65536))
    with suppress(OSError), ballast.open("ab", buffering=0) as file:
        while True:
            file.write(bytes(512))
    return ballast


def test_a_full_disk_refuses_pins_in_words_and_is_forgotten_once_there_is_room(
    on_small_disk: Installation, small_disk: Path
) -> None:
    installation = on_small_disk
    with watched(installation) as said, Writers(installation.port) as load:
        load.wait_for(SOME)
        ballast = fill(small_disk)
        # What was made ready before takes pins for a while yet.
        eventually(lambda: load.statuses[503] > SOME, 60)
        refusal = installation.ask("/api/collections/testov/items", "POST", a_pin_sent(), PHONE)
        assert (refusal.status, refusal.headers["Content-Type"]) == (503, "application/problem+json")
        assert 1 <= int(refusal.headers["Retry-After"]) <= 60
        # Who reads does not notice.
        for path in ("/m/testov", "/m/testov/results", "/api/collections/testov/items", "/data/testov/pins.csv"):
            assert installation.ask(path).status == 200, path
        ballast.unlink()
        load.wait_for(SOME, 60)
    check_promises(load, installation)
    assert (load.cut, said.getvalue()) == (0, "")
    assert "Traceback" not in installation.said()


def test_no_room_even_for_the_log_ends_postgresql_and_still_no_pin_is_lost(
    on_small_disk: Installation, small_disk: Path
) -> None:
    installation = on_small_disk
    with watched(installation), Writers(installation.port) as load:
        load.wait_for(SOME)
        ballast = fill(small_disk)
        # The next piece of the log can't be made: PostgreSQL ends itself rather than promise what it can't keep.
        eventually(lambda: not log_goes_on(installation), 60)
        eventually(lambda: load.statuses[503] > 0)
        ballast.unlink()
        load.wait_for(SOME, 60)
    check_promises(load, installation)
    assert load.cut == 0


def log_goes_on(installation: Installation) -> bool:
    """Whether PostgreSQL could begin another piece of its log."""
    engine = create_engine(installation.cluster.admin_url())
    try:
        with engine.connect() as connection:
            connection.execute(text("SELECT pg_switch_wal()"))
            connection.execute(text("CREATE TEMP TABLE something AS SELECT txid_current()"))
    except DBAPIError:
        return False
    finally:
        engine.dispose()
    return True


def a_pin_sent() -> bytes:
    """A pin as a phone sends it."""
    return json.dumps(a_feature()).encode()
