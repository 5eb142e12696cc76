"""PostgreSQL's own programs for dumping and restoring, of a version that fits, and how they reach the database."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg

from app.inputs.backup_files import BackupRefused

DEBIAN = Path("/usr/lib/postgresql")
PACKAGE = "postgresql-client"


@dataclass(frozen=True)
class Program:
    """One program of one installed PostgreSQL."""

    path: str
    version: str

    @property
    def major(self) -> int:
        """Its major version."""
        return major_of(self.version)


def find_program(name: str, least: int, folders: Sequence[Path] | None = None) -> Program:
    """The oldest of the installed programs of this name that is of this major version or newer.

    The oldest that will do, as newer ones write what an older server does not understand. BackupRefused for none.
    """
    found = sorted(_installed(name, folders), key=lambda program: program.major)
    for program in found:
        if program.major >= least:
            return program
    wanted = f"install the package {PACKAGE}-{least} or newer"
    if not found:
        raise BackupRefused(f"there is no {name} on this machine: {wanted}")
    raise BackupRefused(
        f"{name} {found[-1].version} is older than PostgreSQL {least}, which it would have to understand: {wanted}"
    )


def major_of(version: str) -> int:
    """15 of “15.4 (Debian …)”."""
    number = re.match(r"\d{1,4}(?!\d)", version)
    return int(number[0]) if number else 0


def _installed(name: str, folders: Sequence[Path] | None) -> Iterator[Program]:
    places = [folder / name for folder in (sorted(DEBIAN.glob("*/bin")) if folders is None else folders)]
    on_path = shutil.which(name) if folders is None else None
    for place in [*places, *([Path(on_path)] if on_path else [])]:
        if not place.exists():
            continue
        told = subprocess.run([str(place), "--version"], capture_output=True, text=True, check=False)
        version = re.search(r"\d+(\.\d+)*", told.stdout)
        if told.returncode == 0 and version:
            yield Program(str(place), version[0])


def surroundings(connection: psycopg.Connection[object]) -> Mapping[str, str]:
    """The environment in which a program reaches the same database.

    Nothing of it stands on a command line, which everybody on the machine can read.
    """
    variables = {
        option.keyword.decode(): option.envvar.decode()
        for option in psycopg.pq.Conninfo.get_defaults()
        if option.envvar
    }
    given = {**connection.info.get_parameters(), "password": connection.info.password}
    if given.get("sslpassword"):
        raise BackupRefused("the password of a client key can't be handed on safely: use a key without one")
    # The rest says how patiently to talk, not with whom.
    told = {variables[name]: value for name, value in given.items() if value and name in variables}
    return {**os.environ, **told}


@contextmanager
def running(
    command: Sequence[str], environment: Mapping[str, str], *, fed: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """A program whose output is read as it comes; BackupRefused with its last words when it fails.

    It never outlives the block. Whoever feeds it closes its input.
    """
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.PIPE if fed else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
        )
        try:
            yield process
            status = process.wait()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
            if process.stdout:
                process.stdout.close()
        if status:
            name = Path(command[0]).name
            raise BackupRefused(f"{name} ended with {status}: {_last_words(said)}")


def _last_words(said: IO[bytes]) -> str:
    """The line in which a program says why, without its own name."""
    said.seek(0)
    lines = [line.strip() for line in said.read().decode(errors="replace").splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower()] or lines
    return re.sub(r"^pg_\w+: (error: )?", "", telling[0]) if telling else "it did not say why"
