"""The private PostgreSQL of one POCIT_HOME: started by the first who needs it, stopped by the last.

Everyone who uses it holds a shared lock on `users.lock`; whoever leaves and finds no other holder stops the
server. Locks end with their process, so a killed run never counts, and the server it leaves behind is simply
taken over by the next. Starting and stopping happen one at a time, under `state.lock`.

It listens on a unix socket in a folder that only its user may enter; there is no TCP and no password.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from deploy.local import cluster_home, databases, postgres, postmaster
from deploy.local.console import Console, Refused
from deploy.local.places import Places
from deploy.local.processes import SIGNALS

SUPERUSER = "postgres"
STOP_S = 30.0
LOG_BYTES = 10_000_000
SYNCFS_FROM = 14
"""The PostgreSQL that knows to write down a disk by one call after a crash, instead of thousands of files one by
one: on a busy machine it is back after 3 s instead of 12."""

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    # The data lies on SSDs nowadays; the default of 4 makes the planner shy of GiST indexes.
    "random_page_cost": "1.1",
    # Queries here take milliseconds: compiling them costs more than it gives.
    "jit": "off",
    "wal_compression": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "cluster_name": "pocit",
    # What people wrote shall not get into a log by way of a failed statement.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


class Cluster:
    """A private PostgreSQL with PostGIS; use it as a context."""

    def __init__(self, places: Places, console: Console) -> None:
        self._places = places
        self._console = console
        places.make_home()
        self.base = cluster_home.folder(places)
        self.data = self.base / "data"
        self._owner = cluster_home.owner_of(self.base)
        self._programs = self._fitting_programs()
        self._socket = Path()
        self._users: int | None = None
        self._child: subprocess.Popen[bytes] | None = None
        self._log_from = 0

    def __enter__(self) -> Self:
        cluster_home.make(self.base, self._owner)
        try:
            with self._alone():
                self._users = os.open(self.base / "users.lock", os.O_RDWR | os.O_CREAT, 0o600)
                fcntl.flock(self._users, fcntl.LOCK_SH)
                self._bring_up()
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leave()

    def _leave(self) -> None:
        """Give up our use of the server; the last one out stops it."""
        if self._users is None:
            return
        with SIGNALS.closing(), self._alone():
            try:
                fcntl.flock(self._users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # others go on using it
            else:
                self._stop()
            os.close(self._users)
            self._users = None

    @property
    def users_lock(self) -> int:
        """The lock's descriptor, for a child that may outlive us and shall keep the server meanwhile."""
        if self._users is None:
            raise RuntimeError("the cluster is not in use")
        return self._users

    def url(self, database: str, role: str) -> str:
        """The address of a database in here, as SQLAlchemy takes it."""
        return f"postgresql+psycopg://{role}@/{database}?host={quote(str(self._socket), safe='')}"

    def admin_url(self) -> str:
        """The address from which databases can be made."""
        return self.url("postgres", SUPERUSER)

    def database(self, name: str) -> str:
        """The address of one of the app's databases; made, with PostGIS, when it isn't there."""
        with self._alone():
            databases.make(self._programs.path("psql"), self._socket, name)
        return self.url(name, databases.ROLE)

    def heal(self) -> bool:
        """Start the server again if it has died; whether that was needed."""
        if self._is_up():
            return False
        with self._alone():
            if self._is_up():
                return False  # another one was quicker
            self._bring_up()
            return True

    # ── Up ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _is_up(self) -> bool:
        if self._child and self._child.poll() is not None:
            self._child = None
        return postmaster.running(self.data) is not None

    def _bring_up(self) -> None:
        if not (self.data / "PG_VERSION").exists():
            with self._console.step("Database cluster"):
                self._initialise()
        found = postmaster.running(self.data)
        if found and found.ready:
            self._socket = found.socket_folder
            return
        with self._console.step("PostgreSQL"):
            if found is None:
                self._start()
            self._socket = self._when_ready()

    def _fitting_programs(self) -> postgres.Programs:
        version_file = self.data / "PG_VERSION"
        if not version_file.exists():
            programs = postgres.newest()
            if programs is None:
                raise Refused("There is no PostgreSQL with PostGIS on this machine.")
            return programs
        version = int(version_file.read_text())
        programs = postgres.of_version(version)
        if programs is None:
            raise Refused(
                f"The database in {self.base} was made by PostgreSQL {version}, which is no longer here.\n"
                f"Have it installed: sudo apt-get install postgresql-{version}-postgis-3"
            )
        return programs

    def _initialise(self) -> None:
        """Make the cluster under another name first: half of one is never taken for a whole."""
        half = self.base / "data.new"
        shutil.rmtree(half, ignore_errors=True)
        options = ["--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--auth=trust"]
        command = [self._programs.path("initdb"), "-D", str(half), "-U", SUPERUSER, *options]
        done = subprocess.run(  # type: ignore[call-overload]
            command,
            cwd=self.base,
            env=_environment(),
            capture_output=True,
            text=True,
            check=False,
            **self._owner.options(),
        )
        if done.returncode:
            raise Refused(f"initdb could not make the database:\n{done.stdout[-1500:]}{done.stderr[-1500:]}")
        # The folder of the socket is the gate: who gets in there is let in.
        (half / "pg_hba.conf").write_text("local all all trust\n")
        half.rename(self.data)

    def _start(self) -> None:
        if self._child is not None:
            # The one before is dead; unless its end is taken note of, it stays a zombie of ours.
            with suppress(subprocess.TimeoutExpired):
                self._child.wait(STOP_S)
        postmaster.clear_the_dead(self.data)
        # Started again, the server must be found where its clients know it.
        known = self._socket != Path() and cluster_home.made_private(self._socket, self._owner)
        folder = self._socket if known else cluster_home.socket_folder(self.base, self._owner)
        for stale in folder.glob(f"{cluster_home.SOCKET_NAME}*"):
            stale.unlink()
        settings = {**SETTINGS, "unix_socket_directories": str(folder)}
        if self._programs.version >= SYNCFS_FROM:
            settings["recovery_init_sync_method"] = "syncfs"
        arguments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        log = self.base / "postgresql.log"
        if log.exists() and log.stat().st_size > LOG_BYTES:
            log.replace(log.with_suffix(".log.1"))
        # A signal between the start and our knowing of it would leave a server behind.
        with SIGNALS.deferred(), log.open("ab") as output:
            self._log_from = output.tell()
            # A session of its own: a Ctrl-C on our terminal is not for it.
            self._child = subprocess.Popen(  # type: ignore[call-overload]
                [self._programs.path("postgres"), "-D", str(self.data), *arguments],
                cwd=self.base,
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                **self._owner.options(),
            )

    def _when_ready(self) -> Path:
        """Wait until the server takes connections (after a crash it replays its log); the socket's folder."""
        while True:
            found = postmaster.running(self.data)
            if found and found.ready:
                return found.socket_folder
            if self._child and self._child.poll() is not None:
                raise Refused(f"PostgreSQL did not start:\n{self._log_tail()}")
            if found is None and self._child is None:
                self._start()  # the one we were about to take over was just stopping
            time.sleep(0.02)

    def _log_tail(self) -> str:
        with (self.base / "postgresql.log").open("rb") as log:
            log.seek(self._log_from)
            return log.read().decode(errors="replace")[-2000:]

    # ── Down ────────────────────────────────────────────────────────────────────────────────────────────────

    def _stop(self) -> None:
        """End the server: clients are cut off, everything written is on disk."""
        found = postmaster.running(self.data)
        if found is None:
            return
        postmaster.send(found.pid, signal.SIGINT)
        if not self._gone(found.pid, STOP_S):
            postmaster.send(found.pid, signal.SIGQUIT)
            if not self._gone(found.pid, STOP_S):
                postmaster.send(found.pid, signal.SIGKILL)
                self._gone(found.pid, STOP_S)
        if found.socket_folder.parent == cluster_home.SHORT_ROOT:
            shutil.rmtree(found.socket_folder, ignore_errors=True)

    def _gone(self, pid: int, within_s: float) -> bool:
        limit = time.monotonic() + within_s
        while postmaster.works_in(pid, self.data) or (self._child and self._child.poll() is None):
            if time.monotonic() > limit:
                return False
            time.sleep(0.01)
        return True

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else starts or stops this cluster meanwhile."""
        with (self.base / "state.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                with self._console.step("Waiting for another ./run that starts or stops PostgreSQL"):
                    fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _environment() -> dict[str, str]:
    """The environment for PostgreSQL's own programs, without the person's PG… variables."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}
