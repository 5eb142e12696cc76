"""The process that makes the runs of analyses: `python -m app.services.analyst`, started when one is asked for.

It is nice to the machine and takes one core; what it took of memory goes back with its end. Of all that are
started one works, on one run after another until none waits; the others end at once. It reads its stdin only to
learn that whoever started it is gone: then the run goes back to those that wait, and the process ends.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from app import meters
from app.config import ROOT, Config
from app.db import open_database
from app.logs import set_up

log = logging.getLogger(__name__)

ONE_AT_A_TIME = 7_113_202
"""The advisory lock of the one that works, on the whole database."""
WAITING = "SELECT EXISTS (SELECT FROM analysis_run WHERE state = 'waiting')"
NICE = 10
CUT_OFF = 3
"""The exit status of one that could not end a cancelled run otherwise; others may be waiting."""
ANEW_S = 10.0
"""How often runs that nobody seems to make may have another process started."""
SETTINGS = {
    # One core is enough for what nobody waits for, and what is freed shall be free.
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "MALLOC_ARENA_MAX": "1",
}


class Analyst:
    """Has runs made: starts the process, of which a web server has one at a time.

    So do others whose work waits in the database: `module` is whose process it is.
    """

    def __init__(self, database_url: str, home: Path, module: str = "app.services.analyst") -> None:
        self._module = module
        self._surroundings = {"DATABASE_URL": database_url, "POCIT_HOME": str(home)}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_wanted = False
        self._called_at = 0.0

    def call(self) -> None:
        """Have the runs that wait made; comes back at once."""
        with self._lock:
            self._is_wanted = True
            self._called_at = time.monotonic()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self._module, daemon=True)
                self._thread.start()

    def remind(self) -> None:
        """The same for runs that wait for long: whoever should make them may have ended. Often does no harm."""
        if time.monotonic() - self._called_at > ANEW_S:
            self.call()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._is_wanted:
                    self._thread = None
                    return
                self._is_wanted = False
            status = self._one()
            if status == CUT_OFF:
                with self._lock:
                    self._is_wanted = True
            elif status:
                log.error("the process %s ended with %s", self._module, status)

    def _one(self) -> int:
        """One process from its start to its end. While we live its stdin is open."""
        with subprocess.Popen(
            [sys.executable, "-m", self._module],
            cwd=ROOT,
            env={**_of_ours(), **SETTINGS, **self._surroundings},
            stdin=subprocess.PIPE,
        ) as process:
            return process.wait()


def _of_ours() -> dict[str, str]:
    """Our surroundings, less the folder in which the web counts: each process would leave a file there."""
    return {name: value for name, value in os.environ.items() if name != meters.FOLDER}


def main() -> int:
    """Make the runs that wait, unless another process does."""
    config = Config.from_environment()
    set_up(config.log_format)
    # A Ctrl-C in the terminal is for the server; we end when it has ended.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError):
        os.nice(NICE)
    engine = open_database(config.database_url).engine
    try:
        while _work(engine) and _waits(engine):
            pass
    except OperationalError as error:
        # What was being made stands still, and says so; whoever looks has another process called.
        log.warning("the database does not answer: %s", str(error.orig).splitlines()[0])
        return 1
    finally:
        engine.dispose()
    return 0


def _work(engine: Engine) -> bool:
    """Make all that waits; False where another process is at it.

    Who finds another at work may end at once: that one looks once more after it has let go.
    """
    with the_only_one(engine, ONE_AT_A_TIME) as alone:
        if alone and _waits(engine):
            # Arrays and shapes are loaded only by the one that needs them.
            from app.services.analyst_work import work_off

            work_off(engine)
        return alone


def _waits(engine: Engine) -> bool:
    with engine.connect() as connection:
        return bool(connection.scalar(text(WAITING)))


@contextmanager
def the_only_one(engine: Engine, key: int) -> Iterator[bool]:
    """Whether no other process holds this lock, is at this work; then none begins to before we end."""
    # By itself every statement: a transaction left open for minutes would keep the tables from being tidied.
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        alone = bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}))
        try:
            yield alone
        finally:
            if alone:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})


if __name__ == "__main__":
    sys.exit(main())
