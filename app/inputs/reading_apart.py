"""Reading a stranger's file in a process of its own: with little memory, few drivers, and nothing handed to it.

It gets no database, no secret and no address in its environment, may gain no rights, and has no network where the
system lets a process give that up. Where the kernel can do it, it sees no files but the program's and its own
folder, opens no socket, starts no program, and reaches no other process (inputs/jail.py).

`read_apart` is the side that asks, `confine` and `reason` are for the module that reads: it writes one JSON object
to stdout.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from app.config import ROOT
from app.errors import InvalidInput, Problem
from app.inputs.jail import lock_in
from app.turns import Places

MOST_MEMORY_BYTES: Final = 19 << 26
"""Of addresses; some 250 MB of them are never filled, so a reader holds a gigabyte at most."""
MOST_FILES: Final = 256
NICE: Final = 10
CLONE_NEWNET: Final = 0x40000000
CLONE_NEWUSER: Final = 0x10000000
MOST_REASON: Final = 120
MOST_SAID_BYTES: Final = 8 << 20
"""Of what a reader says; what is long it leaves in its folder."""
_readers = Places(2)
"""Of this process: a file that takes a minute holds the thread that asked for it, and takes a core."""


def read_apart(  # noqa: PLR0913 - each of them is another for every reader
    module: str,
    arguments: Sequence[str],
    folder: Path,
    *,
    skipped_drivers: str,
    seconds: float,
    too_hard: Problem,
    most_said: int = MOST_SAID_BYTES,
) -> dict[str, Any]:
    """What `python -m module arguments` says of a file in the folder.

    InvalidInput with `too_hard` when it takes longer than that long, or breaks; ServerBusy when too many are
    read already.
    """
    with _readers.one():
        return run_apart(
            module,
            arguments,
            folder,
            skipped_drivers=skipped_drivers,
            seconds=seconds,
            too_hard=too_hard,
            most_said=most_said,
        )


def run_apart(  # noqa: PLR0913
    module: str,
    arguments: Sequence[str],
    folder: Path,
    *,
    skipped_drivers: str,
    seconds: float,
    too_hard: Problem,
    most_said: int = MOST_SAID_BYTES,
) -> dict[str, Any]:
    """The same at once, for who has turns of their own."""
    command = [sys.executable, "-m", module, *arguments]
    said, status = _said(command, bare_environment(folder, skipped_drivers), seconds, most_said)
    if status or len(said) > most_said:
        raise InvalidInput(too_hard)
    try:
        told = json.loads(said)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(too_hard) from error
    if not isinstance(told, dict):
        raise InvalidInput(too_hard)
    return told


def _said(command: Sequence[str], environment: dict[str, str], seconds: float, most: int) -> tuple[bytes, int]:
    """What a process writes to stdout, a byte more than it may at most, and its status; it never outlives this."""
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        late = threading.Timer(seconds, process.kill)
        late.daemon = True
        late.start()
        try:
            said = process.stdout.read(most + 1) if process.stdout else b""
            if len(said) > most:
                process.kill()
            # It may have closed its stdout and go on: the timer ends it.
            return said, process.wait()
        finally:
            late.cancel()
            process.kill()


def confine(cpu_s: int, written_bytes: int | None = None, memory_bytes: int = MOST_MEMORY_BYTES) -> None:
    """Take no more of the machine than this, from here on; to write more raises OSError (EFBIG)."""
    os.nice(NICE)
    _give_up_network()
    limits = [
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_s),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, MOST_FILES),
    ]
    if written_bytes is not None:
        limits.append((resource.RLIMIT_FSIZE, written_bytes))  # Python ignores the signal
    for what, most in limits:
        resource.setrlimit(what, (most, most))
    lock_in(Path(os.environ.get("TMPDIR") or os.devnull))


def _give_up_network() -> None:
    """Where the system allows it, a network of one's own without a wire."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        libc.unshare(CLONE_NEWUSER | CLONE_NEWNET)


def reason(error: BaseException, path: Path) -> str:
    """What a reader says is wrong, without the place where the file happens to lie."""
    said = str(error).replace(f"{path}", path.name).replace(f"{path.parent}", "")
    return said[:MOST_REASON]


def bare_environment(folder: Path, skipped_drivers: str) -> dict[str, str]:
    """What the reading process gets to know: no database, no secrets, few drivers, no network."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "GDAL_SKIP": skipped_drivers,
        "OGR_SKIP": skipped_drivers,
        "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
        "PROJ_NETWORK": "OFF",
    }
