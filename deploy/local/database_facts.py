"""Run in the virtual environment: prints as JSON which database this is, its migration, and which maps it has."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys


def facts(url: str) -> dict[str, str]:
    """The identity of a database, its migration (empty where none has run), and the slugs of its maps.

    A database that was dropped and made again by the same name has another identity.
    """
    import psycopg  # not in the launcher's own Python

    with psycopg.connect(re.sub(r"^(postgresql|postgres)(\+\w+)?://", "postgresql://", url)) as connection:
        found = connection.execute(
            "SELECT datname, oid, to_regclass('alembic_version') FROM pg_database"
            " WHERE datname = current_database()"
        ).fetchone()
        if found is None:
            raise RuntimeError("the current database is not among the databases")
        name, oid, versions = found
        try:
            with connection.transaction():
                server = connection.execute("SELECT system_identifier FROM pg_control_system()").fetchone()
        except psycopg.errors.InsufficientPrivilege:
            server = (connection.info.host, connection.info.port)
        revision = connection.execute("SELECT version_num FROM alembic_version").fetchone() if versions else None
        maps = connection.execute("SELECT slug FROM town_map ORDER BY slug").fetchall() if revision else []
    identity = hashlib.sha256(repr((name, oid, server)).encode()).hexdigest()[:16]
    return {
        "identity": identity,
        "revision": revision[0] if revision else "",
        "maps": " ".join(slug for (slug,) in maps),
    }


def main() -> None:
    """Print the facts, or in a line why there are none."""
    import psycopg

    try:
        print(json.dumps(facts(os.environ["DATABASE_URL"])))
    except psycopg.Error as error:
        sys.exit(" ".join(str(error).split()))


if __name__ == "__main__":
    main()
