"""Databases for tests on the server that ./run test starts."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from app.services.migrations import migrate

TEMPLATE_LOCK = 4_261_571
"""The advisory lock under which the template is made and cloned."""


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
