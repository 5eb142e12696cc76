"""gunicorn as it serves for a town, and the proxies in front of it, each a real process with our own settings."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.config import ROOT

PROGRAMS = "POCIT_TEST_PROGRAMS"
"""A folder in which programs of Debian's packages lie unpacked: installed, they would begin to serve."""
SOON_S = 30.0
CURL = shutil.which("curl") or "curl"
UNDER_TLS = {"POCIT_TRUSTED_PROXIES": "1", "POCIT_SECURE_COOKIES": "1"}


def program(name: str) -> str:
    """Where the program is; a test without it is skipped."""
    unpacked = os.environ.get(PROGRAMS, "")
    places = [f"{unpacked}/usr/bin", f"{unpacked}/usr/sbin"] if unpacked else []
    found = shutil.which(name, path=os.pathsep.join([*places, os.environ["PATH"], "/usr/sbin"]))
    if found is None:
        pytest.skip(f"{name} is not on this machine: docs/decisions/0027-logs-and-metrics.md says how to try it")
    return found


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def ask(address: str, *options: str) -> tuple[int, str]:
    """The status and the text, headers too, of an answer; 0 where there is none."""
    command = [CURL, "-sk", "-i", "-m", "30", "-w", "\n%{http_code}", *options, address]
    said = subprocess.run(command, capture_output=True, check=False).stdout.decode("utf-8", "replace")
    text, _, status = said.rpartition("\n")
    return int(status or 0), text


@dataclass(frozen=True)
class Served:
    """A running server: its port, its process, and the file with all it says."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def address(self) -> str:
        """Where it is to be found."""
        return f"http://127.0.0.1:{self.port}"

    def said(self) -> str:
        """All it has said."""
        return self.log.read_text(errors="replace")


@contextmanager
def running(
    command: list[str], port: int, log: Path, ready: str, environment: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """A server from its start, when it answers at `ready`, to its end, also after a failure."""
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | dict(environment or {}), stdout=file, stderr=file, process_group=0
        )
    try:
        limit = time.monotonic() + SOON_S
        while ask(ready)[0] == 0:
            assert process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < limit, log.read_text(errors="replace")
            time.sleep(0.1)
        yield Served(port, process, log)
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def gunicorn(database_url: str, folder: Path, **settings: str) -> Iterator[Served]:
    """The server as the unit of systemd starts it, with these settings."""
    port = free_port()
    environment = {
        "DATABASE_URL": database_url,
        "POCIT_HOME": str(folder / "home"),
        "POCIT_SECRET_KEY": "tests only",
        "POCIT_WORKERS": "2",
        "POCIT_THREADS": "4",
        **settings,
    }
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"]
    command += ["--bind", f"127.0.0.1:{port}", "app:create_app()"]
    log = folder / "gunicorn.log"
    with running(command, port, log, f"http://127.0.0.1:{port}/healthz", environment) as served:
        yield served


@contextmanager
def caddy(upstream: int, folder: Path) -> Iterator[Served]:
    """Caddy with our Caddyfile and a certificate of its own making."""
    port = free_port()
    options = f"admin off\nhttp_port {free_port()}\nlocal_certs\nskip_install_trust\nauto_https disable_redirects"
    environment = {
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "POCIT_SITE": f"localhost:{port}",
        "POCIT_UPSTREAM": f"127.0.0.1:{upstream}",
        "POCIT_CADDY_OPTIONS": options,
    }
    config = str(ROOT / "deploy" / "caddy" / "Caddyfile")
    command = [program("caddy"), "run", "--adapter", "caddyfile", "--config", config]
    with running(command, port, folder / "caddy.log", f"https://localhost:{port}/metrics", environment) as served:
        yield served


@contextmanager
def nginx(upstream: int, folder: Path) -> Iterator[Served]:
    """nginx with our site, on other ports and with a certificate of its own making."""
    port, places = free_port(), ("body", "proxy", "fastcgi", "uwsgi", "scgi")
    found = program("nginx")
    folder.chmod(0o755)
    certificate = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
    ]
    files = ["-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    subprocess.run([*certificate, *files], capture_output=True, check=True)
    site = (ROOT / "deploy" / "nginx" / "pocit.conf").read_text()
    for ours, here in (
        ("/etc/letsencrypt/live/mapa.example.cz", str(folder)),
        ("/var/log/nginx/pocit.log", str(folder / "site.log")),
        ("    listen [::]:80;\n", ""),
        ("    listen [::]:443 ssl http2;\n", ""),
        ("listen 80;", f"listen 127.0.0.1:{free_port()};"),
        ("listen 443 ", f"listen 127.0.0.1:{port} "),
        ("mapa.example.cz", "localhost"),
        ("127.0.0.1:8000", f"127.0.0.1:{upstream}"),
    ):
        assert ours in site, ours
        site = site.replace(ours, here)
    (folder / "site.conf").write_text(site)
    temporary = "\n".join(
        f"{'client_body' if place == 'body' else place}_temp_path {folder}/{place};" for place in places
    )
    (folder / "nginx.conf").write_text(
        f"daemon off;\nuser root;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        f"http {{ {temporary}\ninclude {folder}/site.conf; }}\n"
    )
    subprocess.run([found, "-t", "-c", str(folder / "nginx.conf")], capture_output=True, check=True)
    command = [found, "-c", str(folder / "nginx.conf")]
    with running(command, port, folder / "nginx.log", f"https://localhost:{port}/metrics") as served:
        yield served
