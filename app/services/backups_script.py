"""Taking the rows out of a dump, and nothing but rows.

A dump is a stranger's program: whoever restores one runs its functions, with the rights of the database's owner.
So none of its statements is run. The tables are our own migrations' (backups_restore.py); of what pg_restore says
only rows of tables that we know go in, by COPY statements of our own, and where a sequence stands: a number.
"""

from __future__ import annotations

import os
import re
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO

import psycopg
from psycopg import sql

from app.inputs.backup_files import BackupRefused
from app.services.backups_programs import Program, running

_COPY = re.compile(rb'COPY public\.(?P<table>"?[a-z_][a-z0-9_]*"?) \((?P<columns>[a-z0-9_", ]+)\) FROM stdin;\n')
_SETVAL = re.compile(
    rb"SELECT pg_catalog\.setval\('public\.(?P<name>\"?[a-z_][a-z0-9_]*\"?)', "
    rb"(?P<at>\d{1,19}), (?P<called>true|false)\);\n"
)
_SILENT = re.compile(
    rb"\n|--.*\n|SET \w+ = [^;]*;\n|\\(un)?restrict \w+\n"
    rb"|SELECT pg_catalog\.set_config\('search_path', '', false\);\n"
)
"""What pg_restore says for psql alone: comments, and settings that we have made ourselves."""
_ENCODING = re.compile(rb"SET client_encoding = '(?P<name>[^']*)';\n")
_ENTRY = re.compile(r"\d+; \d+ \d+ (?P<kind>TABLE DATA|SEQUENCE SET) public (?P<name>[a-z_][a-z0-9_]*) .*")
MOST_STATEMENT_BYTES = 1 << 16
BATCH_BYTES = 1 << 18
MOST_CONTENTS_BYTES = 4 << 20
AS_SCRIPT = ("--format=custom", "--no-owner", "--no-privileges", "--file=-")


@dataclass(frozen=True)
class Wanted:
    """What may be filled: of every table the columns that can be written, and the sequences, as they are here."""

    columns: Mapping[str, frozenset[str]]
    sequences: frozenset[str]


def play(
    connection: psycopg.Connection[object], program: Program, dump: Iterable[bytes], entries: str, wanted: Wanted
) -> None:
    """Put a dump's rows into the tables that are there, in the connection's transaction; or BackupRefused."""
    with tempfile.NamedTemporaryFile("w", suffix=".list") as chosen:
        chosen.write(entries)
        chosen.flush()
        command = [program.path, *AS_SCRIPT, "--data-only", f"--use-list={chosen.name}"]
        with fed(command, dump) as output:
            _play(connection, output, wanted)


def wanted_entries(program: Program, dump: Iterable[bytes], wanted: Wanted) -> str:
    """Of the table of contents of a dump, the rows of tables and the places of sequences that are wanted."""
    with fed([program.path, "--format=custom", "--list"], dump) as output:
        lines = output.read(MOST_CONTENTS_BYTES + 1)
    if len(lines) > MOST_CONTENTS_BYTES:
        raise BackupRefused("the dump in it has more parts than any of ours")
    kept = []
    for line in lines.decode(errors="replace").splitlines():
        entry = _ENTRY.fullmatch(line)
        known = wanted.columns if entry and entry["kind"] == "TABLE DATA" else wanted.sequences
        if entry and entry["name"] in known:
            kept.append(line)
    return "\n".join(kept) + "\n"


def read_through(program: Program, dump: Iterable[bytes]) -> None:
    """Unpack a dump to its end and throw it away: BackupRefused if that can't be done."""
    with fed([program.path, *AS_SCRIPT], dump) as output:
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


def _play(connection: psycopg.Connection[object], script: IO[bytes], wanted: Wanted) -> None:
    """Take the rows out of a script written for psql; BackupRefused for whatever else it says."""
    with connection.cursor() as cursor:
        while line := script.readline(MOST_STATEMENT_BYTES):
            encoding = _ENCODING.fullmatch(line)
            if encoding and encoding["name"] != b"UTF8":
                raise BackupRefused("the dump in it is not in UTF-8")
            if copied := _COPY.fullmatch(line):
                with cursor.copy(_copy_of(copied, wanted)) as copy:
                    for rows in _rows(script):
                        copy.write(rows)
            elif stands := _SETVAL.fullmatch(line):
                _set(cursor, stands, wanted)
            elif not _SILENT.fullmatch(line):
                raise BackupRefused("the dump in it says what none of ours says")


def _copy_of(said: re.Match[bytes], wanted: Wanted) -> sql.Composed:
    """The statement that fills the table named, made anew of names that are ours."""
    table = _bare(said["table"])
    columns = [_bare(name) for name in said["columns"].split(b", ")]
    unknown = set(columns) - wanted.columns.get(table, frozenset())
    if table not in wanted.columns or unknown:
        raise BackupRefused(f"the dump in it has rows that {table[:63]} can't take: its columns are not ours")
    return sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier("public", table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )


def _set(cursor: psycopg.Cursor[object], said: re.Match[bytes], wanted: Wanted) -> None:
    """Let a sequence of ours go on where theirs stood."""
    name = _bare(said["name"])
    if name not in wanted.sequences:
        raise BackupRefused(f"the dump in it sets {name[:63]}, which is none of ours")
    place = sql.Identifier("public", name).as_string()
    cursor.execute("SELECT setval(%s::regclass, %s, %s)", (place, int(said["at"]), said["called"] == b"true"))


def _bare(name: bytes) -> str:
    return name.decode().strip('"')


def _rows(script: IO[bytes]) -> Iterator[bytes]:
    """The rows up to the mark of their end, some hundred kilobytes at once."""
    rows, begins = bytearray(), True
    while line := script.readline(BATCH_BYTES):
        if begins and line == b"\\.\n":
            yield bytes(rows)
            return
        begins = line.endswith(b"\n")
        rows += line
        if len(rows) >= BATCH_BYTES:
            yield bytes(rows)
            rows.clear()
    raise BackupRefused("the dump in it ends in the middle of a table")
