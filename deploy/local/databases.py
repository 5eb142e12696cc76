"""The databases in the private cluster, and the role that owns them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from deploy.local.console import Refused

ROLE = "pocit"
MAIN = "pocit"
BENCH = "pocit_bench"


def make(psql: str, socket_folder: Path, name: str) -> None:
    """Have a database by this name, with PostGIS in it; made under another name, so never found half-made."""
    if _ask(psql, socket_folder, "postgres", f"SELECT 1 FROM pg_database WHERE datname = '{name}'"):
        return
    half = f"{name}_half_made"
    role_is_new = not _ask(psql, socket_folder, "postgres", f"SELECT 1 FROM pg_roles WHERE rolname = '{ROLE}'")
    if role_is_new:
        _ask(psql, socket_folder, "postgres", f"CREATE ROLE {ROLE} LOGIN")
    _ask(psql, socket_folder, "postgres", f"DROP DATABASE IF EXISTS {half}")
    _ask(psql, socket_folder, "postgres", f"CREATE DATABASE {half} OWNER {ROLE}")
    _ask(psql, socket_folder, half, "CREATE EXTENSION postgis")
    _ask(psql, socket_folder, "postgres", f"ALTER DATABASE {half} RENAME TO {name}")


def _ask(psql: str, socket_folder: Path, database: str, statement: str) -> str:
    command = [
        psql,
        "-X",
        "-q",
        "-A",
        "-t",
        "-v",
        "ON_ERROR_STOP=1",
        "-h",
        str(socket_folder),
        "-U",
        "postgres",
    ]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    done = subprocess.run(
        [*command, "-d", database, "-c", statement],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if done.returncode:
        raise Refused(f"The database could not be made: {done.stderr.strip()}")
    return done.stdout.strip()
