"""Databases for tests on the server that ./run test starts."""

from __future__ import annotations

import time
from collections.abc import Iterator

from psycopg.errors import DeadlockDetected
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from app.models import Base
from app.services.migrations import migrate

TEMPLATE_LOCK = 4_261_571
"""The advisory lock under which the template is made and cloned."""

TRIES = 20
"""To empty a database in which work that a test began is still going on."""


def cloned(server_url: str, template: str, name: str) -> Iterator[str]:
    """A clone of the template, dropped at the end."""
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        # Two clones at once would find the template in use.
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": TEMPLATE_LOCK})
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        # Tests need no disk: what they wrote may be lost with the machine.
        connection.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = off"))
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": TEMPLATE_LOCK})
    yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    engine.dispose()


def migrated(server_url: str, name: str) -> None:
    """Give an empty database PostGIS and all our tables."""
    engine = create_engine(make_url(server_url).set(database=name))
    with engine.begin() as connection:
        connection.execute(text("CREATE EXTENSION postgis"))
        migrate(connection)
    engine.dispose()


def empty(url: str) -> None:
    """Take all rows out of a database, also while a server still answers what a closed browser asked of it."""
    tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
    engine = create_engine(url)
    for left in reversed(range(TRIES)):
        try:
            with engine.begin() as connection:
                connection.execute(text(f"TRUNCATE {tables} CASCADE"))
            break
        except OperationalError as failure:
            # A reader holds one table and waits for the next, we the other way round: soon it will be done.
            if not isinstance(failure.orig, DeadlockDetected) or not left:
                raise
            time.sleep(0.1)
    engine.dispose()
