"""A PostgreSQL of a town's own: least rights and a password, an archive of its log, and back to a minute ago."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from app.queries.maps import read_map
from deploy.local import postgres
from tests.builders import a_map, a_pin
from tests.cli.conftest import Said

Pocit = Callable[..., Said]
PASSWORD = "heslo s mezerou, 'uvozovkou' a %40"
ENOUGH_S = 30


@dataclass(frozen=True)
class OwnCluster:
    """A PostgreSQL with an archive of its write-ahead log."""

    folder: Path
    port: int
    user: int | None

    def run(self, program: str, *arguments: str) -> None:
        """One of its programs, as its user."""
        found = postgres.newest()
        assert found is not None
        command = [found.path(program), *arguments]
        done = subprocess.run(
            command, cwd="/", user=self.user, capture_output=True, text=True, check=False, timeout=ENOUGH_S
        )
        assert done.returncode == 0, done.stderr + done.stdout

    def start(self, data: str) -> None:
        """Serve this data folder."""
        log = str(self.folder / f"{data}.log")
        self.run("pg_ctl", "start", "-w", "-D", str(self.folder / data), "-l", log)

    def stop(self, data: str) -> None:
        """End it."""
        self.run("pg_ctl", "stop", "-w", "-m", "fast", "-D", str(self.folder / data))

    def asked(self, statement: str, database: str = "postgres") -> object:
        """What the database says to its superuser."""
        with psycopg.connect(
            host=str(self.folder), port=self.port, user="postgres", dbname=database, autocommit=True
        ) as connection:
            cursor = connection.execute(statement.encode())
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None


@pytest.fixture
def cluster() -> Iterator[OwnCluster]:
    """A running one, with the settings that the handbook names; gone afterwards, whatever happens."""
    folder = Path(tempfile.mkdtemp(prefix="pocit-pitr-"))
    user = pwd.getpwnam("postgres").pw_uid if os.geteuid() == 0 else None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    made = OwnCluster(folder, port, user)
    try:
        (folder / "archive").mkdir()
        if user is not None:
            os.chown(folder, user, -1)
            os.chown(folder / "archive", user, -1)
        made.run(
            "initdb", "-D", str(folder / "data"), "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"
        )
        (folder / "data" / "pg_hba.conf").write_text(
            "local all,replication postgres trust\nhost all pocit 127.0.0.1/32 scram-sha-256\n"
        )
        with (folder / "data" / "postgresql.conf").open("a") as settings:
            settings.write(
                f"listen_addresses = '127.0.0.1'\nport = {port}\nunix_socket_directories = '{folder}'\n"
                "fsync = off\narchive_mode = on\n"
                f"archive_command = 'test ! -f {folder}/archive/%f && cp %p {folder}/archive/%f'\n"
            )
        made.start("data")
        yield made
    finally:
        for data in ("data", "restored"):
            if (folder / data / "postmaster.pid").exists():
                made.stop(data)
        shutil.rmtree(folder, ignore_errors=True)


def url_of(cluster: OwnCluster, database: str) -> str:
    quoted = PASSWORD.replace("%", "%25").replace(" ", "%20").replace(",", "%2C").replace("'", "%27")
    return f"postgresql+psycopg://pocit:{quoted}@127.0.0.1:{cluster.port}/{database}"


@pytest.fixture
def town(cluster: OwnCluster, pocit: Pocit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """A server's database as a town has it: its user owns it, and nothing else."""
    quoted = PASSWORD.replace("'", "''")
    cluster.asked(f"CREATE ROLE pocit LOGIN PASSWORD '{quoted}'")
    for name in ("pocit", "trial"):
        cluster.asked(f"CREATE DATABASE {name} OWNER pocit")
        cluster.asked("CREATE EXTENSION postgis", name)
    monkeypatch.setenv("DATABASE_URL", url_of(cluster, "pocit"))
    monkeypatch.setenv("POCIT_HOME", str(tmp_path / "home"))
    assert pocit("db", "upgrade").status == 0
    with Session(create_engine(url_of(cluster, "pocit"), poolclass=NullPool)) as session:
        the_map = a_map(session)
        for number in range(3):
            a_pin(session, the_map, respondent=f"osoba {number}")
        yield session


def test_a_user_with_least_rights_saves_and_restores_and_shows_nobody_the_password(
    town: Session, cluster: OwnCluster, pocit: Pocit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            for entry in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    line = entry.read_bytes().replace(b"\0", b" ").decode(errors="replace")
                except OSError:
                    continue
                if "pg_dump" in line and str(os.getpid()) != entry.parent.name:
                    seen.append(line)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        said = pocit("backup", str(tmp_path / "x.backup"))
    finally:
        done.set()
        watcher.join()
    assert said.status == 0, said.err
    assert any("--snapshot" in line for line in seen)
    assert not any("heslo" in line for line in seen)
    monkeypatch.setenv("DATABASE_URL", url_of(cluster, "trial"))
    restored = pocit("restore", str(tmp_path / "x.backup"))
    assert restored.status == 0, restored.err
    assert cluster.asked("SELECT count(*) FROM pin", "trial") == 3
    assert pocit("restore", str(tmp_path / "x.backup"), "--replace").status == 0
    # Where nobody has put PostGIS yet, who has the right to is said.
    cluster.asked("CREATE DATABASE bare OWNER pocit")
    monkeypatch.setenv("DATABASE_URL", url_of(cluster, "bare"))
    refused = pocit("restore", str(tmp_path / "x.backup"))
    assert (refused.status, refused.err.count("\n")) == (1, 1)
    assert "superuser" in refused.err
    # A password that changed meanwhile is told, and not shown.
    monkeypatch.setenv("DATABASE_URL", url_of(cluster, "pocit").replace("heslo", "jine"))
    wrong = pocit("backup", str(tmp_path / "y.backup"))
    assert (wrong.status, wrong.err.count("\n")) == (1, 1)
    assert "password authentication failed" in wrong.err
    assert "jine" not in wrong.err


def test_the_database_goes_back_to_the_moment_before_an_accident(town: Session, cluster: OwnCluster) -> None:
    folder = cluster.folder
    reached = ("-h", str(folder), "-p", str(cluster.port), "-U", "postgres")
    cluster.run("pg_basebackup", *reached, "-D", str(folder / "restored"), "-X", "stream", "-c", "fast")
    a_pin(town, read_map(town, "testov"), comment="den po základní kopii")
    town.rollback()
    moment = cluster.asked("SELECT clock_timestamp() AT TIME ZONE 'Europe/Prague' || ' Europe/Prague'")
    time.sleep(0.05)
    cluster.asked("DELETE FROM support; DELETE FROM pin", "pocit")
    assert cluster.asked("SELECT count(*) FROM pin", "pocit") == 0
    segment = cluster.asked("SELECT pg_walfile_name(pg_switch_wal())")
    limit = time.monotonic() + ENOUGH_S
    while not (folder / "archive" / str(segment)).exists():
        assert time.monotonic() < limit
        time.sleep(0.1)
    cluster.stop("data")
    with (folder / "restored" / "postgresql.auto.conf").open("a") as settings:
        settings.write(
            f"restore_command = 'cp {folder}/archive/%f %p'\nrecovery_target_time = '{moment}'\n"
            "recovery_target_action = 'promote'\n"
        )
    (folder / "restored" / "recovery.signal").touch()
    cluster.start("restored")
    while cluster.asked("SELECT pg_is_in_recovery()"):
        assert time.monotonic() < limit
        time.sleep(0.1)
    assert cluster.asked("SELECT count(*) FROM pin", "pocit") == 4
    assert cluster.asked("SELECT comment FROM pin WHERE comment IS NOT NULL", "pocit") == "den po základní kopii"
