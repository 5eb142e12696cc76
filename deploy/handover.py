"""An upgrade without a pause: `kill -USR2` to gunicorn's master starts the new version beside the old one.

Both hold the same listening socket, so nobody is refused. When the last worker of the new version is up, it
sends the old master a SIGTERM, on which that takes no new connections, answers what is under way, and ends. A new
version that can't start ends by itself, and the old one has gone on all the while.

A SIGHUP is not for upgrades: the app was loaded before the fork (`preload_app`), and new workers would be of the
old version.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from gunicorn import systemd  # type: ignore[import-untyped]
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]
from gunicorn.workers.base import Worker  # type: ignore[import-untyped]

BEYOND = 64
"""A descriptor that no socket of systemd comes near."""
OLD_MASTER = "GUNICORN_PID"
"""What gunicorn tells the process that it starts on a SIGUSR2."""


def hand_over(worker: Worker) -> None:
    """Send the old master home, if there is one and this worker is the last that the new one needed."""
    old = int(os.environ.get(OLD_MASTER) or 0)
    if not old or worker.age < worker.cfg.workers or parent_of(os.getppid()) != old:
        return
    # Under systemd: whose end from now on is the end of the service.
    systemd.sd_notify(f"MAINPID={os.getppid()}", worker.log)
    worker.log.warning("the new version serves; the old one answers what is under way and ends")
    os.kill(old, signal.SIGTERM)


def begin_as_before(server: Arbiter) -> None:
    """Have the new master begin by the same command as the old one did.

    gunicorn by itself would run its own `__main__.py` as a script, whose folder then hides Python's `http`.
    """
    server.START_CTX["args"] = list(sys.orig_argv)
    if server.systemd:
        _lay_out_sockets([listener.fileno() for listener in server.LISTENERS])


def _lay_out_sockets(sockets: Sequence[int]) -> None:
    """Put the sockets of systemd where the protocol wants them: from descriptor 3 on, kept over an exec.

    gunicorn says how many there are, but works with copies that lie elsewhere.
    """
    aside = [fcntl.fcntl(socket, fcntl.F_DUPFD, BEYOND) for socket in sockets]
    for number, copy in enumerate(aside, systemd.SD_LISTEN_FDS_START):
        os.dup2(copy, number, inheritable=True)
        os.close(copy)


def parent_of(pid: int) -> int:
    """The parent of a process; 0 where there is none such."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    # The second field is the program's name in brackets, with whatever in it.
    return int(said.rpartition(")")[2].split()[1])
