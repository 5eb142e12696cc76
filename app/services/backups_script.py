"""Playing what pg_restore writes on an open connection, in one transaction with all that belongs to it."""

from __future__ import annotations

import os
import re
import tempfile
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO

import psycopg

from app.inputs.backup_files import BackupRefused
from app.services.backups_programs import Program, running

_COPY = re.compile(rb"COPY .+ FROM stdin;\n")
_SETTING = re.compile(rb"SET (\w+) = .*;\n")
_ENTRY = re.compile(r"\d+; \d+ \d+ (?P<what>.*)")
_NOT_OURS = (
    "SCHEMA ",
    "COMMENT - SCHEMA ",
    "EXTENSION ",
    "COMMENT - EXTENSION ",
    "TABLE DATA public spatial_ref_sys",
)
"""What is in the database before its tables are, and may belong to somebody else."""
BATCH_BYTES = 1 << 18


def play(connection: psycopg.Connection[object], program: Program, dump: Iterable[bytes], entries: str) -> None:
    """Make the tables of a dump with their rows, in the connection's transaction; BackupRefused if that fails."""
    with tempfile.NamedTemporaryFile("w", suffix=".list") as chosen:
        chosen.write(entries)
        chosen.flush()
        command = [program.path, "--no-owner", "--no-privileges", f"--use-list={chosen.name}", "--file=-"]
        with fed(command, dump) as output:
            _play(connection, output)


def wanted_entries(program: Program, dump: Iterable[bytes]) -> str:
    """The table of contents of a dump, without what is the database's own."""
    with fed([program.path, "--list"], dump) as output:
        lines = output.read().decode().splitlines()
    kept = []
    for line in lines:
        entry = _ENTRY.fullmatch(line)
        if entry and not entry["what"].startswith(_NOT_OURS):
            kept.append(line)
    return "\n".join(kept) + "\n"


def read_through(program: Program, dump: Iterable[bytes]) -> None:
    """Unpack a dump to its end and throw it away: BackupRefused if that can't be done."""
    with fed([program.path, "--file=-"], dump) as output:
        while output.read(BATCH_BYTES):
            pass


@contextmanager
def fed(command: Sequence[str], pieces: Iterable[bytes]) -> Iterator[IO[bytes]]:
    """The output of a program that is given these bytes by a thread; what goes wrong with them is raised here."""
    failures: list[Exception] = []
    feeder: threading.Thread | None = None
    try:
        with running(command, os.environ, fed=True) as process:
            if process.stdin is None or process.stdout is None:
                raise TypeError
            feeder = threading.Thread(target=_feed, args=(process.stdin, pieces, failures), name="backup")
            feeder.start()
            yield process.stdout
    finally:
        if feeder:
            feeder.join()
        if failures:
            raise failures[0]


def _feed(stdin: IO[bytes], pieces: Iterable[bytes], failures: list[Exception]) -> None:
    """Hand over the bytes until there are no more, or nobody wants them any more."""
    try:
        for piece in pieces:
            stdin.write(piece)
    except BrokenPipeError:
        pass
    except Exception as failure:
        failures.append(failure)
    finally:
        with suppress(BrokenPipeError):
            stdin.close()


def _play(connection: psycopg.Connection[object], script: IO[bytes]) -> None:
    """Run a script written for psql: statements as they are, rows by COPY."""
    known = _settings(connection)
    statements = bytearray()
    with connection.cursor() as cursor:
        for line in script:
            setting = _SETTING.fullmatch(line)
            if line.startswith((b"\\restrict ", b"\\unrestrict ")) or (setting and setting[1] not in known):
                continue  # for psql alone, or of a newer PostgreSQL than this one
            if not _COPY.fullmatch(line):
                statements += line
                continue
            cursor.execute(bytes(statements))
            statements.clear()
            with cursor.copy(line) as copy:
                for rows in _rows(script):
                    copy.write(rows)
        cursor.execute(bytes(statements))


def _rows(script: IO[bytes]) -> Iterator[bytes]:
    """The rows up to the mark of their end, some hundred kilobytes at once."""
    rows = bytearray()
    for line in script:
        if line == b"\\.\n":
            yield bytes(rows)
            return
        rows += line
        if len(rows) >= BATCH_BYTES:
            yield bytes(rows)
            rows.clear()
    raise BackupRefused("the dump in it ends in the middle of a table")


def _settings(connection: psycopg.Connection[object]) -> frozenset[bytes]:
    """The settings that this server knows."""
    rows = connection.execute("SELECT name FROM pg_settings").fetchall()
    return frozenset(str(row[0]).encode() for row in rows if isinstance(row, tuple))
