"""What passes between us and a process that read a stranger's file: files in its folder, none of them believed.

Whoever has taken that process over may leave a link to a file of ours, a pipe that nobody writes into, or a file
without end. The name of what we put there may be taken already.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import IO, Final

RESULT_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
NEW_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class NotAResult(Exception):
    """What lies there is no plain file, or larger than any honest one."""


def open_result(path: Path, most_bytes: int) -> IO[bytes]:
    """A plain file of at most this size that the process left, opened; NotAResult for anything else."""
    try:
        handle = os.open(path, RESULT_FLAGS)
    except OSError as error:  # a link, a socket, nothing at all
        raise NotAResult from error
    found = os.fstat(handle)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1 or found.st_size > most_bytes:
        os.close(handle)
        raise NotAResult
    return os.fdopen(handle, "rb")


def read_result(path: Path, most_bytes: int) -> bytes:
    """The content of such a file."""
    with open_result(path, most_bytes) as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise NotAResult
    return content


def put_new(path: Path, content: bytes) -> None:
    """A file for the process to read; what lay there under its name goes, and is not followed."""
    with create_new(path) as file:
        file.write(content)


def create_new(path: Path) -> IO[bytes]:
    """The same, to be written bit by bit."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, NEW_FLAGS, 0o600), "wb")
