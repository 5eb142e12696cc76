"""Which processes run on a data folder: PostgreSQL's own pid file, checked against what really runs.

After a crash the pid file may name a process that is gone, or one that has nothing to do with us and
only got the same number. PostgreSQL itself can't tell the second case and refuses to start; here the working
folder decides, which every PostgreSQL process has in its data folder.
"""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")
ORPHANS_END_S = 5.0


@dataclass(frozen=True)
class Postmaster:
    """A running server: its process, the folder of its socket, and whether it takes connections."""

    pid: int
    socket_folder: Path
    ready: bool


def running(data: Path) -> Postmaster | None:
    """The server that runs on this data folder, if one does."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return None
    if not lines or not lines[0].lstrip("-").isdigit():
        return None
    pid = abs(int(lines[0]))
    if not works_in(pid, data):
        return None
    # Lines 5 and 8 are written a little later than the first.
    socket_folder = Path(lines[4]) if len(lines) > 4 else Path()
    return Postmaster(pid, socket_folder, ready=len(lines) > 7 and lines[7].strip() == "ready")


def works_in(pid: int, folder: Path) -> bool:
    """Whether a process is alive with this working folder."""
    try:
        return (PROC / str(pid) / "cwd").readlink() == folder.resolve()
    except OSError:
        return False  # gone, a zombie, or another person's


def left_over(data: Path) -> list[int]:
    """The PostgreSQL processes on this data folder, whatever the pid file says."""
    pids = (int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())
    return [pid for pid in pids if works_in(pid, data) and _is_postgres(pid)]


def clear_the_dead(data: Path) -> None:
    """Remove what a killed server left: processes that outlived it, its pid file.

    Only called when `running` found none and nobody else may start one.
    """
    patience = time.monotonic() + ORPHANS_END_S
    while orphans := left_over(data):
        # They notice the death of their postmaster by themselves, as a rule at once.
        if time.monotonic() > patience:
            for pid in orphans:
                send(pid, signal.SIGKILL)
        time.sleep(0.05)
    (data / "postmaster.pid").unlink(missing_ok=True)


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal to a process that may be gone already."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _is_postgres(pid: int) -> bool:
    try:
        return (PROC / str(pid) / "comm").read_text().strip() == "postgres"
    except OSError:
        return False
