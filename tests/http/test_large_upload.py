"""A file that is too large, sent by a real client to the real server: words come back, not a broken connection."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.config import ROOT
from tests.builders import PASSWORD, a_map, an_official

CURL = shutil.which("curl") or ""


@pytest.fixture
def gunicorn(live_url: str, live_session: Session, tmp_path: Path) -> Iterator[str]:
    """The address of the production server on a map and its editor."""
    a_map(live_session)
    an_official(live_session)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {
        "DATABASE_URL": live_url,
        "POCIT_HOME": str(tmp_path / "home"),
        "POCIT_WORKERS": "1",
        "POCIT_THREADS": "2",
    }
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "-b", f"127.0.0.1:{port}"]
    server = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(150):
        if server.poll() is not None or curl(f"{address}/healthz").endswith("200"):
            break
        time.sleep(0.2)
    yield address
    server.terminate()
    server.wait(timeout=30)


def curl(*arguments: str) -> str:
    """What comes back, and after it the status; a broken connection has none."""
    command = [CURL, "-s", "-S", "-w", "%{http_code}", "-m", "60", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_a_hundred_megabytes_get_a_page_with_words_and_the_connection_stays(gunicorn: str, tmp_path: Path) -> None:
    assert CURL, "curl is the client of this test"
    cookies = ["-b", str(tmp_path / "jar"), "-c", str(tmp_path / "jar"), "-H", "Accept-Language: en"]
    form = curl(*cookies, f"{gunicorn}/office/sign-in")
    token = re.search(r'name="csrf_token" value="([^"]+)"', form)
    assert token
    fields = ["csrf_token=" + token[1], "email=urad@testov.example", f"password={PASSWORD}"]
    data = [part for field in fields for part in ("--data-urlencode", field)]
    assert curl(*cookies, *data, f"{gunicorn}/office/sign-in").endswith("303")
    large = tmp_path / "kraj.gpkg"
    with large.open("wb") as file:
        file.truncate(100_000_000)
    page = f"{gunicorn}/office/maps/testov/boundary"
    # The second address goes over the same connection: it is whole after the refusal.
    answer = curl(
        *cookies, "-F", f"file=@{large}", page, "-:", "-s", "-o", os.devnull, "-w", "%{num_connects}", page
    )
    assert "The file is larger than 20 MB" in answer
    assert answer.endswith("4130")
    chunked = curl(*cookies, "-H", "Transfer-Encoding: chunked", "-F", f"file=@{large}", page)
    assert "The file is larger than 20 MB" in chunked
    assert chunked.endswith("413")
