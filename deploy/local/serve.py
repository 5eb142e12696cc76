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

from deploy.local.console import Console, Refused
from deploy.local.processes import SIGNALS
from deploy.local.surroundings import Surroundings

READY_S = 60.0
STOP_S = 25.0
"""A little more than gunicorn gives its own workers."""
LOOK_EVERY_S = 0.5
RESTARTS = 5
WITHIN_S = 60.0


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

    def __init__(self, around: Surroundings, host: str, port: int) -> None:
        self._around = around
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
                # A Ctrl-C is for us; gunicorn then gets a SIGTERM, which lets answers under way finish.
                process_group=0,
            )

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
    """Look after server and database for ever: what dies is started again, unless it dies over and over."""
    died: deque[float] = deque(maxlen=RESTARTS)
    while True:
        time.sleep(LOOK_EVERY_S)
        healed = around.cluster.heal() if around.cluster else False
        if healed:
            console.say("PostgreSQL had ended; it is started again.")
        fell = not server.is_running
        if fell:
            console.say("The server had ended; it is started again.")
            server.stop()
            server.start()
        if healed or fell:
            now = time.monotonic()
            if len(died) == RESTARTS and now - died[0] < WITHIN_S:
                raise Refused(
                    f"It ended {RESTARTS + 1} times within {WITHIN_S:.0f} s. Look at what it said above."
                )
            died.append(now)
