"""Web processes hold nothing of their own: two gunicorns on different ports and one database are one server.

A and B share POCIT_HOME as docs/growing.md says; C is the careless one with a folder of its own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest
import requests
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from app.config import ROOT
from app.services.reports import report_file
from app.views.office.sign_in import PAIR
from bench.servers import free_port
from tests.builders import PASSWORD, a_basemap, a_feature, a_map, a_report, an_official, bearer
from tests.databases import cloned, empty

TOKEN_FIELD = re.compile(r'name="csrf_token" value="([^"]+)"')
ITEMS = "/api/collections/testov/items"
STARTS_S = 60
EMAIL = "urad@testov.example"
SQUARE = '{"type":"Polygon","coordinates":[[[15.5,49.6],[15.52,49.6],[15.52,49.62],[15.5,49.6]]]}'


@dataclass(frozen=True)
class Servers:
    """The addresses of three servers on one database, and the folder that the first two share."""

    a: str
    b: str
    c: str
    home: Path


class Browser(requests.Session):
    """Somebody whose requests go now to one server, now to another."""

    def page(self, server: str, path: str) -> requests.Response:
        """A page, without going on to another."""
        return self.get(server + path, allow_redirects=False, timeout=30)

    def fill(self, server: str, path: str, form_on: str, **fields: str) -> requests.Response:
        """A form with its token, which may have come from another server."""
        token = TOKEN_FIELD.search(self.get(form_on, timeout=30).text)
        assert token, form_on
        data = {"csrf_token": token[1], **fields}
        return self.post(server + path, data=data, allow_redirects=False, timeout=30)

    def sign_in(self, server: str, form_on: str, password: str = PASSWORD) -> requests.Response:
        """The answer to the sign-in form."""
        return self.fill(server, "/office/sign-in", f"{form_on}/office/sign-in", email=EMAIL, password=password)


Browsers = Callable[[], Browser]


@pytest.fixture
def browsers() -> Iterator[Browsers]:
    """Somebody new, each time it is called."""
    with ExitStack() as opened:
        yield lambda: opened.enter_context(Browser())


@pytest.fixture(scope="module")
def url(server_url: str, template: str, worker_id: str) -> Iterator[str]:
    yield from cloned(server_url, template, f"pocit_stateless_{worker_id}")


@pytest.fixture(scope="module")
def servers(url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    shared, own = tmp_path_factory.mktemp("shared"), tmp_path_factory.mktemp("own")
    ports = [free_port() for _ in range(3)]
    running = []
    try:
        for port, home in zip(ports, (shared, shared, own), strict=True):
            variables = {
                "DATABASE_URL": url,
                "POCIT_HOME": str(home),
                "POCIT_SECRET_KEY": "one for all",
                "POCIT_WORKERS": "1",
            }
            command = [
                sys.executable,
                "-m",
                "gunicorn",
                "-c",
                "deploy/gunicorn.conf.py",
                "-b",
                f"127.0.0.1:{port}",
            ]
            running.append(subprocess.Popen(command, cwd=ROOT, env=os.environ | variables))
        for port, process in zip(ports, running, strict=True):
            _wait_until_ready(port, process)
        yield Servers(*(f"http://127.0.0.1:{port}" for port in ports), shared)
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)


@pytest.fixture
def session(servers: Servers, url: str, own_engine: Engine) -> Iterator[Session]:
    with Session(own_engine, expire_on_commit=False) as opened:
        a_map(opened, basemap_geojson=a_basemap())
        an_official(opened, EMAIL)
        opened.commit()
        yield opened
    empty(url)


@pytest.fixture(scope="module")
def own_engine(url: str) -> Iterator[Engine]:
    engine = create_engine(url)
    yield engine
    engine.dispose()


@pytest.mark.usefixtures("session")
def test_who_signs_in_at_one_server_is_signed_in_at_the_others_and_signs_out_everywhere(
    servers: Servers, browsers: Browsers
) -> None:
    browser = browsers()
    assert browser.sign_in(servers.b, form_on=servers.a).status_code == 303
    for server in (servers.a, servers.b, servers.c):
        assert browser.page(server, "/office/").status_code == 200
    kept = dict(browser.cookies)
    assert browser.fill(servers.a, "/office/sign-out", f"{servers.b}/office/").status_code == 303
    browser.cookies.update(kept)
    assert [browser.page(server, "/office/").status_code for server in (servers.a, servers.b)] == [303, 303]


@pytest.mark.usefixtures("session")
def test_attempts_are_counted_over_all_servers(servers: Servers, browsers: Browsers) -> None:
    browser = browsers()
    ways = [servers.a, servers.b, servers.c]
    got = [
        browser.sign_in(ways[n % 3], form_on=ways[(n + 1) % 3], password="wrong").status_code
        for n in range(PAIR.attempts + 1)
    ]
    assert got == [403] * PAIR.attempts + [429]


@pytest.mark.usefixtures("session")
def test_a_pin_made_at_one_server_is_changed_at_another_and_seen_at_the_third(
    servers: Servers, browsers: Browsers
) -> None:
    phone = browsers()
    marks = [
        phone.get(f"{server}/m/testov/heat.png", timeout=30).headers["ETag"] for server in (servers.b, servers.c)
    ]
    pin = a_feature(id=str(uuid.uuid4()))
    made = phone.post(servers.a + ITEMS, json=pin, headers=bearer(), timeout=30)
    again = phone.post(servers.b + ITEMS, json=pin, headers=bearer(), timeout=30)
    changed = phone.patch(
        f"{servers.b}{ITEMS}/{pin['id']}",
        json={"properties": {"comment": "Chybí lampa"}},
        headers=bearer(**{"Content-Type": "application/merge-patch+json"}),
        timeout=30,
    )
    seen = phone.get(f"{servers.c}{ITEMS}/{pin['id']}", timeout=30)
    assert [made.status_code, again.status_code, changed.status_code] == [201, 200, 200], changed.text
    assert seen.json()["properties"]["comment"] == "Chybí lampa"
    after = [
        phone.get(f"{server}/m/testov/heat.png", timeout=30).headers["ETag"] for server in (servers.b, servers.c)
    ]
    assert after[0] == after[1]
    assert after[0] not in marks


@pytest.mark.usefixtures("session")
def test_a_map_changed_at_one_server_is_changed_at_all(servers: Servers, browsers: Browsers) -> None:
    official, phone = browsers(), browsers()
    official.sign_in(servers.a, form_on=servers.a)
    for server in (servers.a, servers.b, servers.c):  # each has the map in its memory now
        assert phone.post(server + ITEMS, json=a_feature(), headers=bearer(), timeout=30).status_code == 201
    closed = official.fill(servers.a, "/office/maps/testov/setup/close", f"{servers.a}/office/account")
    assert closed.status_code == 303, closed.text
    for server in (servers.b, servers.c, servers.a):
        assert phone.post(server + ITEMS, json=a_feature(), headers=bearer(), timeout=30).status_code == 422


@pytest.mark.usefixtures("session")
def test_what_lies_in_the_shared_folder_is_reached_from_both_servers(
    servers: Servers, session: Session, browsers: Browsers
) -> None:
    the_map = a_map(session, basemap_geojson=a_basemap())
    report = a_report(session, the_map)
    path = report_file(servers.home, the_map.id, report.id, "pdf")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"%PDF-1.7")
    official = browsers()
    official.sign_in(servers.a, form_on=servers.a)
    download = f"/office/maps/testov/report/{report.id}.pdf"
    # The third has a folder of its own: it says that there is nothing, and breaks nothing.
    assert [official.page(server, download).status_code for server in (servers.a, servers.b, servers.c)] == [
        200,
        200,
        404,
    ]
    form = f"{servers.a}/office/maps/testov/boundary"
    given = official.fill(servers.a, "/office/maps/testov/boundary", form, polygon=SQUARE)
    assert given.status_code == 303
    look = given.headers["Location"].removeprefix(servers.a)
    assert [official.page(server, look).status_code for server in (servers.b, servers.c)] == [200, 303]


@pytest.mark.usefixtures("session")
def test_what_can_be_made_again_is_made_by_each_server_for_itself(servers: Servers, browsers: Browsers) -> None:
    reader = browsers()
    grounds = [reader.get(f"{server}/m/testov/ground.json", timeout=30) for server in (servers.a, servers.c)]
    assert [ground.status_code for ground in grounds] == [200, 200]
    assert grounds[0].content == grounds[1].content
    files = [
        reader.get(f"{server}/data/testov/boundary.gpkg", timeout=60).status_code
        for server in (servers.b, servers.c)
    ]
    assert files == [200, 200]


def _wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    limit = time.monotonic() + STARTS_S
    while process.poll() is None and time.monotonic() < limit:
        with suppress(OSError), closing(HTTPConnection("127.0.0.1", port, timeout=2)) as connection:
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.1)
    pytest.fail(f"the server on port {port} did not get ready")
