"""The real server on a database of its own, for GIS clients in processes of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.config import ROOT
from app.db import open_database
from tests.databases import cloned
from tests.gis_clients.city import City, build

READY_S = 60.0


@dataclass(frozen=True)
class Server:
    """A running server, its city, and the list of what it was asked."""

    url: str
    city: City
    log: Path

    @property
    def api(self) -> str:
        """The address that clients are given."""
        return f"{self.url}/api"

    def asked(self, since: int = 0) -> list[str]:
        """The addresses asked since there were so many."""
        return self.log.read_text().splitlines()[since:]


@pytest.fixture(scope="session")
def gis_url(server_url: str, template: str, worker_id: str) -> Iterator[str]:
    """A database that no other test empties."""
    yield from cloned(server_url, template, f"pocit_gis_{os.getpid()}_{worker_id}")


@pytest.fixture(scope="session")
def server(gis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The city, served by gunicorn as in a town: clients inside this process must not wait for themselves."""
    database = open_database(gis_url)
    with database.session() as session:
        city = build(session)
    database.engine.dispose()
    home = tmp_path_factory.mktemp("gis")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = home / "asked"
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "deploy" / "gunicorn.conf.py")]
    command += ["--bind", f"127.0.0.1:{port}", "--access-logfile", str(log), "--access-logformat", "%(U)s?%(q)s"]
    settings = {"DATABASE_URL": gis_url, "POCIT_HOME": str(home), "POCIT_WORKERS": "1", "PYTHONPATH": str(ROOT)}
    with (home / "log").open("wb") as said:
        running = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **settings}, stdout=said, stderr=said, process_group=0
        )
    try:
        _wait_until_ready(f"http://127.0.0.1:{port}", running, home / "log")
        yield Server(f"http://127.0.0.1:{port}", city, log)
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(30)


def _wait_until_ready(url: str, running: subprocess.Popen[bytes], said: Path) -> None:
    limit = time.monotonic() + READY_S
    while time.monotonic() < limit:
        if running.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the server did not start:\n{said.read_text()[-3000:]}")
