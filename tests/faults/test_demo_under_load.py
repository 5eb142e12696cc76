"""`./run demo` itself, under load: what is killed comes back by itself within moments, and no pin is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from deploy.local import postmaster
from deploy.local.places import CHECKOUT
from tests.faults.stack import LIMITLESS, children_of, eventually, free_port
from tests.faults.writers import Writers, eventually_counted

AT = (15.52, 49.615)
AWAY_S = 20.0
"""Far more than it takes (1.5 s on an idle machine), for machines with other work."""


class Demo:
    """A running `./run demo` and what it serves."""

    def __init__(self, home: Path) -> None:
        """Start it and wait until it says that it is ready."""
        self.port = free_port()
        variables = {**os.environ, "POCIT_HOME": str(home), **LIMITLESS}
        variables.pop("DATABASE_URL", None)
        self.log = home.parent / "demo.log"
        with self.log.open("wb") as output:
            self.run = subprocess.Popen(
                [sys.executable, str(CHECKOUT / "run"), "demo", "--port", str(self.port)],
                env=variables,
                stdout=output,
                stderr=output,
            )
        eventually(lambda: "Ctrl-C ends it" in self.log.read_text(), 90)
        self.data = home / "cluster" / "data"
        self.url = self._url()

    def _url(self) -> str:
        found = postmaster.running(self.data)
        assert found is not None
        return f"postgresql+psycopg://pocit@/pocit?host={found.socket_folder}"

    def postmaster(self) -> int:
        """PostgreSQL's first process."""
        found = postmaster.running(self.data)
        assert found is not None
        return found.pid

    def master(self) -> int:
        """The first process of gunicorn: the child that does not work in the data folder."""
        (found,) = [pid for pid in children_of(self.run.pid) if not postmaster.works_in(pid, self.data)]
        return found

    def stored(self) -> list[str]:
        """The ids of all pins of the map."""
        asked = "SELECT p.id FROM pin p JOIN town_map m ON m.id = p.map_id WHERE m.slug = 'vzorov'"
        engine = create_engine(self.url)
        try:
            with engine.connect() as connection:
                return [str(found) for found in connection.execute(text(asked)).scalars()]
        finally:
            engine.dispose()

    def stop(self) -> None:
        """Ctrl-C."""
        self.run.terminate()
        self.run.wait(60)


@pytest.fixture
def demo(fault_homes: Path) -> Iterator[Demo]:
    """A demo from nothing."""
    home = fault_homes / "demo"
    home.mkdir()
    made = Demo(home)
    try:
        yield made
    finally:
        made.stop()
        assert postmaster.left_over(made.data) == []


def test_postgresql_and_then_the_server_are_killed_and_come_back_by_themselves(
    demo: Demo, fault_homes: Path
) -> None:
    with Writers(demo.port, slug="vzorov", at=AT) as load:
        load.wait_for(60)
        os.kill(demo.postmaster(), signal.SIGKILL)
        eventually(lambda: load.statuses[503] > 0)
        load.wait_for(60)
        without_database_s = load.longest_pause_s
        os.kill(demo.master(), signal.SIGKILL)
        eventually(lambda: load.cut > 0)
        load.wait_for(60)
    print(f"nothing stored for {without_database_s:.1f} s, then for {load.longest_pause_s:.1f} s", load.statuses)
    assert without_database_s < AWAY_S
    assert "PostgreSQL had ended; it is started again." in demo.log.read_text()
    assert "The server had ended; it is started again." in demo.log.read_text()
    stored = demo.stored()
    assert len(stored) == len(set(stored))
    assert load.acknowledged <= set(stored)
    pins, different = eventually_counted(demo.url, "vzorov")
    assert (pins, different) == (len(stored), 0)
