"""`./run` itself: its words, its exit statuses, and the demo from nothing to a page and back to nothing."""

from __future__ import annotations

import http.client
import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import demo, environment, postmaster, serve
from deploy.local.console import Console, Refused
from deploy.local.places import CHECKOUT, Places
from deploy.local.processes import Signals, Stopped, run_through

RUN = [sys.executable, str(CHECKOUT / "run")]


def launcher(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*RUN, *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


@pytest.fixture
def home(homes: Path) -> Iterator[Path]:
    folder = homes / "demo"
    folder.mkdir()
    yield folder
    shutil.rmtree(folder)


def test_without_a_command_it_says_how_it_is_used() -> None:
    done = launcher()
    assert done.returncode == 2
    assert "./run demo" in done.stderr
    assert done.stdout == ""


def test_a_wrong_command_is_named() -> None:
    done = launcher("dmeo")
    assert done.returncode == 2
    assert "no such command: dmeo" in done.stderr


def test_help_is_no_error() -> None:
    assert launcher("--help").returncode == 0


@pytest.mark.parametrize("port", ["0", "65536", "osm"])
def test_a_port_that_is_none_is_bad_usage(port: str) -> None:
    done = launcher("demo", "--port", port)
    assert done.returncode == 2
    assert "is not a port" in done.stderr


def test_a_taken_port_is_said_in_one_line_before_anything_is_started() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = launcher("demo", "--port", str(port))
    assert done.returncode == 1
    assert done.stderr == f"Port {port} is taken. Choose another: ./run demo --port {port + 1}\n"


def test_an_address_that_is_not_ours_is_refused() -> None:
    with pytest.raises(Refused, match=r"Can't listen on 192\.0\.2\.1"):
        serve.refuse_taken_port("192.0.2.1", 8000)


def test_a_childs_exit_status_is_ours() -> None:
    assert run_through(["/bin/sh", "-c", "exit 7"]) == 7
    assert run_through(["/bin/sh", "-c", "kill -TERM $$"]) == 128 + signal.SIGTERM


def test_a_signal_waits_until_the_half_done_is_done() -> None:
    signals = Signals()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    done = []

    def do_undisturbed() -> None:
        with signals.deferred():
            os.kill(os.getpid(), signal.SIGTERM)
            done.append("all")

    try:
        signals.install()
        with pytest.raises(Stopped):
            do_undisturbed()
        with signals.closing():
            os.kill(os.getpid(), signal.SIGTERM)
            done.append("closed")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert done == ["all", "closed"]


def test_a_log_gets_plain_lines() -> None:
    said = io.StringIO()
    with Console(said).step("Packing"):
        pass
    assert said.getvalue().splitlines()[0] == "  · Packing …"
    assert "✓ Packing" in said.getvalue()
    assert "\r" not in said.getvalue()


def test_a_brief_console_is_silent_about_quick_steps() -> None:
    said = io.StringIO()
    with Console(said, brief=True).step("Packing"):
        pass
    assert said.getvalue() == ""


def test_the_demos_password_is_made_once_and_kept_from_others(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POCIT_DEMO_PASSWORD", raising=False)
    places = Places(CHECKOUT, home)
    made = demo.demo_password(places)
    assert demo.demo_password(places) == made
    assert (home / "secrets" / "demo-password").stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("POCIT_DEMO_PASSWORD", "heslo starosty")
    assert demo.demo_password(places) == "heslo starosty"


def test_a_sample_map_counts_as_changed_when_a_file_is(tmp_path: Path) -> None:
    (tmp_path / "map.json").write_text("{}")
    before = demo.folder_digest(tmp_path)
    assert demo.folder_digest(tmp_path) == before
    (tmp_path / "pins.geojson").write_text("{}")
    assert demo.folder_digest(tmp_path) != before


def test_the_demo_serves_its_maps_heals_its_database_and_leaves_nothing_behind(home: Path, free_port: int) -> None:
    variables = {**os.environ, "POCIT_HOME": str(home)}
    variables.pop("DATABASE_URL", None)
    assert environment.venv_is_current(Places(CHECKOUT, home), "runtime"), "start the tests with ./run test"
    data = home / "cluster" / "data"
    command = [*RUN, "demo", "--port", str(free_port)]
    with subprocess.Popen(
        command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as run:
        try:
            said = lines_until(run, "Ctrl-C ends it")
            assert f"http://127.0.0.1:{free_port}\n" in said
            assert status(free_port, "/m/vzorov") == 200

            server = postmaster.running(data)
            assert server is not None
            os.kill(server.pid, signal.SIGKILL)
            lines_until(run, "PostgreSQL had ended; it is started again.")
            assert eventually_ready(free_port)
        finally:
            run.terminate()
            rest = lines_until(run, "")
    assert run.returncode == 0
    assert rest.endswith("Stopped.\n")
    assert postmaster.left_over(data) == []
    with socket.create_server(("127.0.0.1", free_port)):
        pass


def lines_until(run: subprocess.Popen[str], words: str) -> str:
    """What a run says up to a line with these words; without words, to its end."""
    assert run.stdout is not None
    said = ""
    for line in run.stdout:
        said += line
        if words and words in line:
            return said
    assert not words, f"it never said “{words}”, but:\n{said}"
    return said


def status(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def eventually_ready(port: int) -> bool:
    """A connection that broke with the old server may cost one answer; then it must be well again."""
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        if status(port, "/readyz") == 200:
            return True
        time.sleep(0.1)
    return False
