"""A pin answered with 201 is there afterwards, whatever was killed meanwhile: counted under load."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.faults.stack import Installation, eventually
from tests.faults.writers import Writers, check_promises

SOME = 60


def test_pins_survive_kill_9_of_postgresql(installation: Installation) -> None:
    with Writers(installation.port) as load:
        load.wait_for(SOME)
        installation.end_postgres()
        eventually(lambda: load.statuses[503] > 0)
        assert installation.cluster.heal()
        load.wait_for(SOME)
    check_promises(load, installation)
    assert load.cut == 0  # whoever asked meanwhile was told to come again


def test_pins_survive_kill_9_of_one_process_of_postgresql(installation: Installation) -> None:
    with Writers(installation.port) as load:
        load.wait_for(SOME)
        os.kill(installation.backends()[0], signal.SIGKILL)
        # All its siblings end with it: their shared memory may be broken. Nobody need start anything.
        eventually(lambda: load.statuses[503] > 0)
        load.wait_for(SOME)
        assert not installation.cluster.heal()
    check_promises(load, installation)
    assert load.cut == 0


def test_pins_survive_kill_9_of_a_worker(installation: Installation) -> None:
    with Writers(installation.port, writers=8) as load:
        load.wait_for(SOME)
        before = set(installation.workers())
        os.kill(min(before), signal.SIGKILL)
        eventually(lambda: len(installation.workers()) == len(before) and set(installation.workers()) != before)
        load.wait_for(SOME)
    check_promises(load, installation)
    assert 0 < load.cut <= 8  # those on the killed worker's lines, once each
    assert set(load.statuses) == {201}


def test_pins_survive_kill_9_of_the_whole_server(installation: Installation) -> None:
    with Writers(installation.port) as load:
        load.wait_for(SOME)
        workers = installation.workers()
        os.kill(installation.master(), signal.SIGKILL)
        os.kill(installation.postmaster(), signal.SIGKILL)
        eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))
        installation.server.stop()
        installation.cluster.heal()
        installation.start()
        load.wait_for(SOME)
    check_promises(load, installation)
