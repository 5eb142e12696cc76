"""The real server: what all its processes count together, and what it says when strangers misbehave."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.config import ROOT
from tests.builders import a_map
from tests.deploy.served import Served, ask, free_port, gunicorn, running


@pytest.fixture
def server(live_url: str, live_session: Session, tmp_path: Path) -> Iterator[Served]:
    a_map(live_session)
    with gunicorn(live_url, tmp_path, POCIT_LOG="json") as served:
        yield served


def sent(port: int, content: bytes, *, rudely: bool = False) -> bytes:
    """What comes back for these bytes; rudely: the connection is cut before it is read."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as line:
        line.sendall(content)
        if rudely:
            line.recv(64)
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return b""
        found = b""
        while part := line.recv(65536):
            found += part
        return found


def folders() -> set[str]:
    return {path.name for path in Path("/dev/shm").glob("pocit-meters-*")}  # noqa: S108 - looked at


def test_the_processes_count_together(server: Served) -> None:
    for _ in range(40):
        assert ask(f"{server.address}/m/testov")[0] == 200
    found = re.search(
        r'pocit_requests_total\{[^}]*route="citizen.citizen_page"[^}]*\} (\d+)',
        ask(f"{server.address}/metrics")[1],
    )
    assert found
    assert int(found[1]) == 40
    # Also when the processes that counted have gone.
    for pid in Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split():
        os.kill(int(pid), 15)
    time.sleep(1)
    text = ask(f"{server.address}/metrics")[1]
    assert 'route="citizen.citizen_page",status="200"} 40' in text
    assert "\npocit_requests_under_way 1.0" in text


def test_what_is_counted_leaves_nothing_behind(live_url: str, live_session: Session, tmp_path: Path) -> None:
    a_map(live_session)
    with gunicorn(live_url, tmp_path) as served:
        mine = {name for name in folders() if f"-{served.process.pid}-" in name}
        assert len(mine) == 1
        served.process.kill()  # it could not tidy up
        served.process.wait()
    with gunicorn(live_url, tmp_path):
        assert not mine & folders()
    assert not {name for name in folders() if f"-{served.process.pid}-" in name}


def test_who_misbehaves_leaves_no_trace_of_themselves_in_the_log(server: Served) -> None:
    marked = b"tajne-slovo-kohosi"
    sent(server.port, b"G\xc3\x89T /" + marked + b" HTTP/1.1\r\n\r\n")
    sent(server.port, b"GET /m/testov?" + marked + b" HTTP/9.9\r\n\r\n")
    sent(server.port, b"GET /m/testov HTTP/1.1\r\nHost: x\r\n" + marked + b" : y\r\n\r\n")
    sent(server.port, b"POST /m/testov HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: " + marked + b"\r\n\r\n")
    sent(server.port, b"GET /data/testov/pins.geojson?" + marked + b" HTTP/1.1\r\nHost: x\r\n\r\n", rudely=True)
    # Readers that leave are no event at all.
    time.sleep(0.5)
    before = server.said()
    for path in ("/m/testov/heat.tif", "/data/testov/pins.geojson", "/static/js/pages/citizen.js"):
        sent(server.port, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode(), rudely=True)
    time.sleep(0.5)
    assert server.said() == before
    for line in (said := server.said()).splitlines():
        json.loads(line)
    assert "127.0.0.1" not in said
    assert marked.decode() not in said
    assert "testov" not in said


def test_no_other_process_of_the_same_user_looks_into_the_server() -> None:
    """Not dumpable, and so its forks: a hijacked reader of files learns nothing from /proc/<pid>/environ."""
    code = (
        "import ctypes, os, runpy; asked = ctypes.CDLL(None).prctl\n"
        "conf = runpy.run_path('deploy/gunicorn.conf.py'); assert asked(3, 0, 0, 0, 0) == 1\n"
        "conf['on_starting'](None); conf['on_exit'](None)\n"
        "child = os.fork(); print(asked(3, 0, 0, 0, 0), flush=True); child and os.wait()"
    )
    environment = {name: value for name, value in os.environ.items() if name != "POCIT_LAUNCHER"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.stdout.replace("\n", ""), done.stderr) == ("00", "")


def test_an_upgrade_goes_on_with_the_socket_that_systemd_holds(
    live_url: str, live_session: Session, tmp_path: Path
) -> None:
    a_map(live_session)
    port, log = free_port(), tmp_path / "gunicorn.log"
    gunicorn_command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "app:create_app()"]
    as_systemd_does = (
        f"import os, socket; held = socket.create_server(('127.0.0.1', {port}))\n"
        "os.dup2(held.fileno(), 3); os.set_inheritable(3, True)\n"
        "os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))\n"
        f"os.execv({sys.executable!r}, {gunicorn_command!r})"
    )
    environment = {
        "DATABASE_URL": live_url,
        "POCIT_HOME": str(tmp_path / "home"),
        "POCIT_WORKERS": "1",
        "PYTHONPATH": str(ROOT),
    }
    address = f"http://127.0.0.1:{port}"
    group = 0
    try:
        with running(
            [sys.executable, "-c", as_systemd_does], port, log, f"{address}/healthz", environment
        ) as served:
            group = served.process.pid
            os.kill(served.process.pid, signal.SIGUSR2)
            statuses, limit = set(), time.monotonic() + 60
            while served.process.poll() is None and time.monotonic() < limit:
                statuses.add(ask(f"{address}/healthz")[0])
            assert served.process.poll() == 0, served.said()
            assert statuses == {200}
            assert ask(f"{address}/healthz")[0] == 200
            assert "the new version serves" in served.said()
    finally:
        if group:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGTERM)
