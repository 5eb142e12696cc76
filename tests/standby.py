"""A real primary and a real standby that streams from it, on unix sockets in a folder of their own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import create_engine, text

from deploy.local import postgres, postmaster
from deploy.local.cluster_home import Owner, owner_of
from tests.databases import migrated

STARTS_S = 30
SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "32MB",
    "timezone": "UTC",
    "hot_standby_feedback": "on",
    "wal_receiver_status_interval": "1",
    "wal_retrieve_retry_interval": "200ms",
}


def eventually(fact: Callable[[], bool], within_s: float = 20) -> None:
    """Wait for a fact; fails where it does not come true in time."""
    limit = time.monotonic() + within_s
    while not fact():
        assert time.monotonic() < limit, "it did not come true in time"
        time.sleep(0.02)


@dataclass
class Server:
    """One PostgreSQL."""

    folder: Path
    port: int
    owner: Owner
    programs: postgres.Programs
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def data(self) -> Path:
        """Its cluster."""
        return self.folder / f"data-{self.port}"

    def url(self, database: str = "pocit") -> str:
        """The address of a database in it."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}&port={self.port}"

    def start(self) -> None:
        """Run it until it takes connections."""
        settings = {**SETTINGS, "port": self.port, "unix_socket_directories": self.folder}
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / f"{self.port}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self.programs.path("postgres"), "-D", str(self.data), *arguments],
                cwd=self.folder, stdout=log, stderr=log, start_new_session=True, **self.owner.options(),
            )  # fmt: skip
        eventually(lambda: bool((found := postmaster.running(self.data)) and found.ready), STARTS_S)

    def kill(self) -> None:
        """kill -9, and wait until it is gone with all its processes."""
        self.signal(signal.SIGCONT)
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait(STARTS_S)
        postmaster.clear_the_dead(self.data)

    def signal(self, number: signal.Signals) -> None:
        """A signal to all its processes."""
        for pid in postmaster.left_over(self.data):
            postmaster.send(pid, number)

    def ask(self, statement: str, database: str = "postgres") -> object:
        """One statement, and what it gives."""
        engine = create_engine(self.url(database), isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                found = connection.execute(text(statement))
                return found.scalar() if found.returns_rows else None
        finally:
            engine.dispose()

    @property
    def _pid(self) -> int:
        return self._process.pid if self._process else -1

    def made_by(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the server's user."""
        command = [self.programs.path(program), *arguments]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True, **self.owner.options())


@dataclass(frozen=True)
class Pair:
    """A primary with our tables, and its standby."""

    primary: Server
    standby: Server

    def has_caught_up(self) -> bool:
        """Whether the standby has all that the primary had when this was asked."""
        position = self.primary.ask("SELECT pg_current_wal_lsn()")
        return bool(self.standby.ask(f"SELECT pg_last_wal_replay_lsn() >= '{position}'"))


@contextmanager
def a_pair() -> Iterator[Pair]:
    """Both, running; gone at the end."""
    programs = postgres.newest()
    assert programs is not None, "there is no PostgreSQL with PostGIS here"
    folder = Path(tempfile.mkdtemp(prefix="pocit-pair-"))
    owner = owner_of(folder / "data")
    os.chown(folder, owner.uid, owner.gid)
    primary, standby = (Server(folder, port, owner, programs) for port in (5501, 5502))
    try:
        primary.made_by("initdb", "-D", str(primary.data), "-U", "postgres", "--auth=trust", "--no-sync",
                        "--encoding=UTF8", "--locale=C.UTF-8")  # fmt: skip
        primary.start()
        primary.ask("CREATE DATABASE pocit")
        migrated(primary.url("postgres"), "pocit")
        primary.made_by("pg_basebackup", "-D", str(standby.data), "-h", str(folder), "-p", str(primary.port),
                        "-U", "postgres", "-R", "-X", "stream", "-c", "fast", "--no-sync")  # fmt: skip
        standby.start()
        yield Pair(primary, standby)
    finally:
        for server in (standby, primary):
            server.kill()
        shutil.rmtree(folder, ignore_errors=True)
