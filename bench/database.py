"""A migrated database for one benchmark, on the same durable server as the app's."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from app.config import with_driver
from app.services.migrations import migrate

NAME = "pocit_bench"


@contextmanager
def bench_database() -> Iterator[str]:
    """The URL of a fresh database with all tables, dropped at the end."""
    server = os.environ.get("POCIT_BENCH_DATABASE_URL")
    if not server:
        sys.exit("bench: POCIT_BENCH_DATABASE_URL is not set: start it with ./run bench")
    server = with_driver(server)
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {NAME} TEMPLATE template0 ENCODING 'UTF8'"))
    url = make_url(server).set(database=NAME)
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("CREATE EXTENSION postgis"))
        migrate(connection)
    engine.dispose()
    try:
        yield url.render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)"))
        admin.dispose()
