"""A whole installation to be broken: a private PostgreSQL and gunicorn, as `./run demo` serves them."""

from __future__ import annotations

import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from app.services.migrations import migrate
from deploy.local import postmaster, serve
from deploy.local.cluster import Cluster
from deploy.local.console import Console
from deploy.local.places import CHECKOUT, Places
from deploy.local.surroundings import Surroundings
from tests.builders import PASSWORD, a_map
from tests.doors import TOKEN_FIELD

TEMPLATE = "pocit_faults_template"
SOON_S = 60.0
"""Far longer than anything here takes: the machine may be busy with other tests."""
LIMITLESS = {"POCIT_UNLIMITED_NETWORKS": "127.0.0.1"}
"""All the people of a test come from one address."""
FORM = "application/x-www-form-urlencoded"
CUT = (http.client.HTTPException, OSError, ValueError)
"""What a client meets whose server dies in the middle of an answer."""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def eventually(fact: Callable[[], bool], within_s: float = SOON_S) -> None:
    """Wait for a fact; fails where it does not come true in time."""
    limit = time.monotonic() + within_s
    while not fact():
        assert time.monotonic() < limit, "it did not come true in time"
        time.sleep(0.02)


@dataclass(frozen=True)
class Answer:
    """What came back, and how long it took."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    took_s: float

    def json(self) -> Any:
        """The body, read."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Visit:
    """What a signed-in browser sends along: its cookie, and the token of its forms."""

    cookie: str
    csrf: str


@dataclass
class Installation:
    """PostgreSQL, a database with the map `testov`, and gunicorn in front; each can be killed and started."""

    cluster: Cluster
    url: str
    places: Places
    port: int = field(default_factory=free_port)
    variables: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.log = self.places.home / "gunicorn.log"
        self._output = self.log.open("ab")
        around = Surroundings(self.places, self.url, self.cluster)
        self.server = serve.Server(_Around(around, self.variables), "127.0.0.1", self.port, self._output)

    def start(self) -> None:
        """Serve, once the server says that it is ready."""
        self.server.start()
        self.server.wait_until_ready()

    def begin_anew(self) -> None:
        """Have all of it run again, with no pins on the map."""
        self.cluster.heal()
        with self.connection() as connection:
            connection.execute(text("TRUNCATE pin, respondent, heat_block, heat_change, heat_state CASCADE"))
        if not self.server.is_running:
            self.server.stop()
            self.start()

    def close(self) -> None:
        """End gunicorn."""
        self.server.stop()
        self._output.close()

    @property
    def address(self) -> str:
        """Where it is to be found."""
        return f"http://127.0.0.1:{self.port}"

    def said(self) -> str:
        """What gunicorn and the app wrote to their log."""
        return self.log.read_text(errors="replace")

    def ask(
        self,
        path: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout_s: float = 30,
    ) -> Answer:
        """One request on a connection of its own."""
        began = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout_s)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            content = answer.read()
            return Answer(answer.status, dict(answer.getheaders()), content, time.monotonic() - began)
        finally:
            connection.close()

    def sign_in(self, email: str, password: str = PASSWORD) -> Visit:
        """An official's browser."""
        form = self.ask("/office/sign-in")
        token = TOKEN_FIELD.search(form.body.decode())
        assert token, form.body
        sent = urlencode({"email": email, "password": password, "csrf_token": token[1]}).encode()
        headers = {"Content-Type": FORM, "Cookie": form.headers["Set-Cookie"].partition(";")[0]}
        answer = self.ask("/office/sign-in", "POST", sent, headers)
        assert answer.status == 303, answer.body
        cookie = answer.headers["Set-Cookie"].partition(";")[0]
        page = self.ask("/office/account", headers={"Cookie": cookie})
        token = TOKEN_FIELD.search(page.body.decode())
        assert token, page.body
        return Visit(page.headers.get("Set-Cookie", cookie).partition(";")[0], token[1])

    def is_ready(self) -> bool:
        """Whether /readyz says so."""
        try:
            return self.ask("/readyz").status == 200
        except CUT:
            return False

    # ── Whom to kill ────────────────────────────────────────────────────────────────────────────────────────

    def postmaster(self) -> int:
        """PostgreSQL's first process."""
        found = postmaster.running(self.cluster.data)
        assert found is not None, "PostgreSQL does not run"
        return found.pid

    def backends(self) -> list[int]:
        """The processes of PostgreSQL that serve the app."""
        asked = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        with self.connection() as connection:
            return list(connection.execute(text(asked)).scalars())

    def master(self) -> int:
        """gunicorn's first process."""
        assert self.server.pid is not None
        return self.server.pid

    def workers(self) -> list[int]:
        """gunicorn's workers."""
        return children_of(self.master())

    def end_postgres(self) -> None:
        """kill -9, and wait until it is gone with all its processes."""
        os.kill(self.postmaster(), signal.SIGKILL)
        eventually(lambda: not postmaster.left_over(self.cluster.data))

    # ── What is stored ──────────────────────────────────────────────────────────────────────────────────────

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """A connection of the test's own."""
        with _engine(self.url) as engine, engine.begin() as connection:
            yield connection

    def stored(self) -> list[str]:
        """The ids of all pins that are in the database."""
        with self.connection() as connection:
            return [str(found) for found in connection.execute(text("SELECT id FROM pin")).scalars()]


class _Around(Surroundings):
    """The surroundings with further variables for the server."""

    def __init__(self, around: Surroundings, variables: Mapping[str, str]) -> None:
        super().__init__(around.places, around.database_url, around.cluster)
        object.__setattr__(self, "_variables", dict(variables))

    def environment(self, **more: str) -> dict[str, str]:
        given: dict[str, str] = self._variables  # type: ignore[attr-defined]
        return super().environment(**more) | LIMITLESS | given


def children_of(pid: int) -> list[int]:
    """The living children of a process."""
    found = Path(f"/proc/{pid}/task/{pid}/children")
    try:
        return [int(number) for number in found.read_text().split()]
    except OSError:
        return []


@contextmanager
def _engine(url: str, **options: Any) -> Iterator[Engine]:
    """An engine whose connections end here, also after a failure."""
    made = create_engine(url, **options)
    try:
        yield made
    finally:
        made.dispose()


@contextmanager
def a_cluster(home: Path) -> Iterator[Cluster]:
    """A private PostgreSQL in this folder, with a migrated database that others are copied from."""
    places = Places(CHECKOUT, home)
    cluster = Cluster(places, Console(io.StringIO()))
    try:
        with cluster:
            with _engine(cluster.database(TEMPLATE)) as engine, engine.begin() as connection:
                migrate(connection)
            yield cluster
    finally:
        _end_left_over(cluster)


def _end_left_over(cluster: Cluster) -> None:
    """After a failed test nothing of PostgreSQL goes on running."""
    for pid in postmaster.left_over(cluster.data):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
            os.kill(pid, signal.SIGKILL)


@contextmanager
def an_installation(
    cluster: Cluster, home: Path, name: str = "pocit_faults", *, serving: bool = True, **variables: str
) -> Iterator[Installation]:
    """A served app on a database of its own that holds the map `testov`; not served yet where it need not be."""
    cluster.heal()
    home.mkdir(parents=True, exist_ok=True)
    with _engine(cluster.admin_url(), isolation_level="AUTOCOMMIT") as admin, admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} OWNER pocit"))
    url = cluster.url(name, "pocit")
    with _engine(url) as engine, Session(engine) as session:
        a_map(session)
    made = Installation(cluster, url, Places(CHECKOUT, home), variables=variables)
    try:
        if serving:
            made.start()
        yield made
    finally:
        made.close()


def run_pocit(installation: Installation, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command line on this database."""
    around = Surroundings(installation.places, installation.url, installation.cluster)
    return subprocess.run(
        [sys.executable, "-P", "-m", "app.cli", *arguments],
        cwd=CHECKOUT,
        env=around.environment(**variables),
        capture_output=True,
        text=True,
        check=False,
    )
