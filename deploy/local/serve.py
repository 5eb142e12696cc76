"""Serving the app with gunicorn, and watching over it and the database until told to stop."""

from __future__ import annotations

import errno
import http.client
import os
import signal
import socket
import subprocess
import time
from collections import deque
from contextlib import suppress
from typing import IO

from deploy.local.console import Console, Refused
from deploy.local.processes import SIGNALS
from deploy.local.surroundings import Surroundings

READY_S = 60.0
STOP_S = 25.0
"""A little more than gunicorn gives its own workers."""
LOOK_EVERY_S = 0.5
RESTARTS = 5
WITHIN_S = 60.0
LONGEST_PAUSE_S = 15.0


def refuse_taken_port(host: str, port: int) -> None:
    """Refuse, in one line, where something else listens already."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise Refused(f"Port {port} is taken. Choose another: ./run demo --port {port + 1}") from error
            raise Refused(f"Can't listen on {host}, port {port}: {error.strerror}") from error


class Server:
    """gunicorn as a child: in a group of its own, gone when we are gone."""

    def __init__(self, around: Surroundings, host: str, port: int, output: IO[bytes] | None = None) -> None:
        """Nothing runs yet; what it will say goes to `output`, else where our own words go."""
        self._around = around
        self._output = output
        self._host = host
        self._port = port
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start gunicorn."""
        bind = f"[{self._host}]:{self._port}" if ":" in self._host else f"{self._host}:{self._port}"
        configuration = str(self._around.places.checkout / "deploy" / "gunicorn.conf.py")
        with SIGNALS.deferred():
            self._child = subprocess.Popen(
                self._around.python("-m", "gunicorn", "-c", configuration, "--bind", bind, "app:create_app()"),
                cwd=self._around.places.checkout,
                env=self._around.environment(POCIT_LAUNCHER=str(os.getpid())),
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._output,
                # A Ctrl-C is for us; gunicorn then gets a SIGTERM, which lets answers under way finish.
                process_group=0,
            )

    @property
    def pid(self) -> int | None:
        """The first process of gunicorn, if it was started."""
        return self._child.pid if self._child else None

    @property
    def is_running(self) -> bool:
        """Whether gunicorn is there."""
        return self._child is not None and self._child.poll() is None

    def wait_until_ready(self) -> None:
        """Wait until /readyz says that the database and the migrations are there."""
        limit = time.monotonic() + READY_S
        said = "no answer"
        while time.monotonic() < limit:
            if not self.is_running:
                raise Refused("The server ended while starting; see above why.")
            try:
                said = self._readiness()
            except OSError:
                time.sleep(0.05)
                continue
            if said == "200":
                return
            time.sleep(0.2)
        raise Refused(f"The server was not ready within {READY_S:.0f} s (/readyz: {said}).")

    def _readiness(self) -> str:
        anywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - asked, not listened on
        connection = http.client.HTTPConnection(anywhere.get(self._host, self._host), self._port, timeout=5)
        try:
            connection.request("GET", "/readyz", headers={"Host": "localhost"})
            return str(connection.getresponse().status)
        finally:
            connection.close()

    def stop(self) -> None:
        """End gunicorn and whatever of its workers is left."""
        if self._child is None:
            return
        if self._child.poll() is None:
            self._child.terminate()
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(STOP_S)
        with suppress(ProcessLookupError):
            os.killpg(self._child.pid, signal.SIGKILL)
        self._child.wait()
        self._child = None


def watch(server: Server, around: Surroundings, console: Console) -> None:
    """Look after server and database for ever: what dies is started again, unless the server dies over and over.

    A database that does not start is tried again and again, at longer and longer intervals: its disk may be full,
    and somebody will make room. The server says meanwhile that it rests.
    """
    died: deque[float] = deque(maxlen=RESTARTS)
    database = Healer(around, console)
    while True:
        time.sleep(LOOK_EVERY_S)
        database.look()
        if server.is_running:
            continue
        console.say("The server had ended; it is started again.")
        server.stop()
        server.start()
        now = time.monotonic()
        if len(died) == RESTARTS and now - died[0] < WITHIN_S:
            raise Refused(f"It ended {RESTARTS + 1} times within {WITHIN_S:.0f} s. Look at what it said above.")
        died.append(now)


class Healer:
    """Starts the private PostgreSQL again when it has died; one that dies over and over at longer intervals."""

    def __init__(self, around: Surroundings, console: Console) -> None:
        """Nothing has happened yet."""
        self._cluster = around.cluster
        self._console = console
        self._trouble = 0
        self._last = -WITHIN_S
        self._said = ""

    def look(self) -> None:
        """Start it if it is not there, and if it is not too soon after the last time."""
        now = time.monotonic()
        if self._cluster is None or now - self._last < self._pause_s():
            return
        try:
            healed = self._cluster.heal()
        except Refused as refused:
            self._count(now)
            # The reason, which the log's last lines tell, once.
            if not self._said:
                self._said = str(refused)
                self._console.say(f"{refused}\nIt is tried again and again; meanwhile the pages say so.")
            return
        if healed:
            self._count(now)
            self._said = ""
            self._console.say("PostgreSQL had ended; it is started again.")

    def _count(self, now: float) -> None:
        self._trouble = self._trouble + 1 if now - self._last < WITHIN_S else 1
        self._last = now

    def _pause_s(self) -> float:
        """At once the first times; then ever longer."""
        return 0.0 if self._trouble < RESTARTS else min(LONGEST_PAUSE_S, 2.0 ** (self._trouble - RESTARTS))
