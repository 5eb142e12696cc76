"""Web servers under measurement, all run by gunicorn with the same settings."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection

from app.config import ROOT

READY_S = 30
UNLIMITED = {"POCIT_UNLIMITED_NETWORKS": "127.0.0.1"}
"""All of a crowd comes from this machine: what would hold up a flood is not what is measured."""


@contextmanager
def gunicorn(application: str, environment: Mapping[str, str], ready_path: str) -> Iterator[int]:
    """The port of a running application, such as "app:create_app()"."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        str(ROOT / "deploy" / "gunicorn.conf.py"),
        "-b",
        f"127.0.0.1:{port}",
        application,
    ]
    surroundings = {**os.environ, **UNLIMITED, **environment}
    process = subprocess.Popen(command, cwd=ROOT, env=surroundings, stdout=subprocess.DEVNULL)
    try:
        wait_ready(port, ready_path, process)
        yield port
    finally:
        process.terminate()
        process.wait(READY_S)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_ready(port: int, path: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until the path is answered with 200."""
    until = time.monotonic() + READY_S
    while time.monotonic() < until and process.poll() is None:
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    msg = f"the server on port {port} did not get ready"
    raise RuntimeError(msg)
