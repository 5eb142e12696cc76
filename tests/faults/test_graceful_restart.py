"""Restarts and upgrades under load, with clients that keep their connections: no request is dropped."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Self

import pytest

from deploy.handover import parent_of
from deploy.local.cluster import Cluster
from deploy.local.places import CHECKOUT
from deploy.local.surroundings import Surroundings
from tests.builders import a_feature, bearer
from tests.faults.stack import LIMITLESS, Installation, an_installation, children_of, eventually, free_port
from tests.faults.writers import Writers, check_promises

SOME = 60
RELEASE = """
from app import create_app
app = create_app()
app.after_request(lambda answer: answer.headers.set("X-Release", "{name}") or answer)
"""
AS_SYSTEMD = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
"""
BROKEN = "raise SystemExit('this release can not start')"


class Releases:
    """What systemd starts: gunicorn in the folder of the current release, maybe on a socket that it was given."""

    def __init__(
        self, folder: Path, installed: Installation, port: int, held: socket.socket | None = None
    ) -> None:
        """Nothing runs yet."""
        self.folder = folder
        self.port = port
        self.current = folder / "current"
        self._held = held
        around = Surroundings(installed.places, installed.url, installed.cluster)
        self._environment = around.environment(PWD=str(self.current), POCIT_WORKERS="2", **LIMITLESS)
        self._log = (folder / "log").open("ab")
        self.pid = 0
        self._child: subprocess.Popen[bytes] | None = None

    def switch_to(self, name: str, code: str) -> None:
        """Have `current` mean this release, at once."""
        (self.folder / name).mkdir(exist_ok=True)
        (self.folder / name / "served.py").write_text(code.replace("{name}", name))
        made = self.folder / "next"
        made.symlink_to(self.folder / name)
        made.replace(self.current)

    def start(self) -> None:
        """Start gunicorn and wait until it serves."""
        configuration = str(CHECKOUT / "deploy" / "gunicorn.conf.py")
        command = [sys.executable, "-m", "gunicorn", "-c", configuration, "served:app"]
        keep = ()
        if self._held is None:
            command += ["--bind", f"127.0.0.1:{self.port}"]
        else:
            keep = (self._held.fileno(),)
            command = [sys.executable, "-c", AS_SYSTEMD, str(self._held.fileno()), *command]
        self._child = subprocess.Popen(
            command,
            cwd=self.current,
            env=self._environment,
            stdout=self._log,
            stderr=self._log,
            pass_fds=keep,
            process_group=0,
        )
        self.pid = self._child.pid
        eventually(lambda: self.release() != "")

    def release(self) -> str:
        """The release that answers now."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with closing(connection), suppress(OSError, http.client.HTTPException):
            connection.request("GET", "/healthz", headers={"Connection": "close"})
            return connection.getresponse().getheader("X-Release") or ""
        return ""

    def wait_for_end(self, pid: int) -> None:
        """Wait until a master is gone."""
        if self._child is not None and self._child.pid == pid:
            self._child.wait(60)
        eventually(lambda: not Path(f"/proc/{pid}").exists() or parent_of(pid) == 0, 60)

    def close(self) -> None:
        """End all that was started here."""
        if self._child is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()
        self._log.close()


@contextmanager
def serving(folder: Path, installed: Installation, held: socket.socket | None = None) -> Iterator[Releases]:
    """The first release, served."""
    folder.mkdir()
    made = Releases(folder, installed, held.getsockname()[1] if held else free_port(), held)
    try:
        made.switch_to("one", RELEASE)
        made.start()
        yield made
    finally:
        made.close()


@pytest.fixture(scope="module")
def installed(private_cluster: Cluster, fault_homes: Path) -> Iterator[Installation]:
    """A database with a map; its own server is not used here."""
    with an_installation(private_cluster, fault_homes / "restarted", "pocit_restarted", serving=False) as made:
        yield made


def test_an_upgrade_by_usr2_drops_no_request(installed: Installation, tmp_path: Path) -> None:
    with (
        serving(tmp_path / "r", installed) as releases,
        Writers(releases.port) as load,
        HalfSent(releases.port) as half,
    ):
        load.wait_for(SOME)
        half.begin()
        releases.switch_to("two", RELEASE)
        os.kill(releases.pid, signal.SIGUSR2)
        eventually(lambda: releases.release() == "two")
        assert half.finish() == 201  # begun with the old version, answered by it
        releases.wait_for_end(releases.pid)
        load.wait_for(SOME)
        assert {releases.release() for _ in range(8)} == {"two"}
    assert (load.cut, set(load.statuses)) == (0, {201})
    load.acknowledged.add(half.id)
    load.sent.add(half.id)
    check_promises(load, installed)


def test_a_version_that_can_not_start_leaves_the_old_one_serving(installed: Installation, tmp_path: Path) -> None:
    with serving(tmp_path / "r", installed) as releases, Writers(releases.port) as load:
        load.wait_for(SOME)
        workers = children_of(releases.pid)
        releases.switch_to("broken", BROKEN)
        os.kill(releases.pid, signal.SIGUSR2)
        eventually(lambda: "this release can not start" in (releases.folder / "log").read_text())
        eventually(lambda: children_of(releases.pid) == workers)
        # And the next one can.
        releases.switch_to("three", RELEASE)
        os.kill(releases.pid, signal.SIGUSR2)
        eventually(lambda: releases.release() == "three")
        releases.wait_for_end(releases.pid)
        load.wait_for(SOME)
    assert (load.cut, set(load.statuses)) == (0, {201})


def test_a_restart_of_the_workers_by_hup_drops_no_request(installed: Installation, tmp_path: Path) -> None:
    with serving(tmp_path / "r", installed) as releases, Writers(releases.port) as load:
        load.wait_for(SOME)
        before = set(children_of(releases.pid))
        os.kill(releases.pid, signal.SIGHUP)
        eventually(lambda: len(children_of(releases.pid)) == 2 and not before & set(children_of(releases.pid)))
        load.wait_for(SOME)
    assert (load.cut, set(load.statuses)) == (0, {201})


def test_with_a_socket_that_systemd_holds_even_a_stop_and_start_only_makes_people_wait(
    installed: Installation, tmp_path: Path
) -> None:
    with (
        socket.create_server(("127.0.0.1", 0), backlog=128) as held,
        serving(tmp_path / "r", installed, held) as releases,
        Writers(releases.port) as load,
    ):
        load.wait_for(SOME)
        os.kill(releases.pid, signal.SIGTERM)
        releases.wait_for_end(releases.pid)
        releases.switch_to("two", RELEASE)
        releases.start()
        load.wait_for(SOME)
    assert (load.cut, set(load.statuses)) == (0, {201})


class HalfSent:
    """A request whose second half is still on its way."""

    def __init__(self, port: int) -> None:
        """Nobody is connected yet."""
        self._port = port
        feature = a_feature(comment="Psáno dlouho")
        self.id = feature["id"]
        self._body = json.dumps(feature).encode()
        self._line: socket.socket | None = None

    def __enter__(self) -> Self:
        """Nothing is sent yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.close()

    def begin(self) -> None:
        """Connect, and send the first half."""
        self._line = socket.create_connection(("127.0.0.1", self._port), timeout=30)
        headers = bearer(**{"Host": "127.0.0.1", "Content-Type": "application/json"})
        headers["Content-Length"] = str(len(self._body))
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._line.sendall(f"POST /api/collections/testov/items HTTP/1.1\r\n{head}\r\n".encode() + self._body[:40])
        time.sleep(0.2)

    def finish(self) -> int:
        """Send the other half; the status of the answer."""
        assert self._line is not None
        self._line.sendall(self._body[40:])
        return int(self._line.recv(100).split()[1])
