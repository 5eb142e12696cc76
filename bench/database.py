"""The database of the benchmarks: emptied and migrated anew, on the same durable server as the app's."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import make_url

from app.config import with_driver
from app.models import Base
from app.services.migrations import migrate

FUNCTIONS = ("plain_words(text)", "refuse_change()", "pin_changes_heat()", "respondent_changes_heat()")
"""Those of the migrations."""


@contextmanager
def bench_database() -> Iterator[str]:
    """The URL of a database with all tables and no rows; emptied again at the end."""
    url = with_driver(os.environ.get("POCIT_BENCH_DATABASE_URL") or sys.exit("bench: start it with ./run bench"))
    if "bench" not in (make_url(url).database or ""):
        sys.exit("bench: it empties its database, so that one's name must have “bench” in it")
    engine = create_engine(url)
    _empty(engine)
    with engine.begin() as connection:
        migrate(connection)
    try:
        yield url
    finally:
        _empty(engine)
        engine.dispose()


def _empty(engine: Engine) -> None:
    with engine.begin() as connection:
        tables = [
            *(table.name for table in Base.metadata.tables.values()),
            "bare_pin",
            "bench_stage",
            "alembic_version",
        ]
        connection.execute(text(f"DROP TABLE IF EXISTS {', '.join(tables)} CASCADE"))
        connection.execute(text(f"DROP FUNCTION IF EXISTS {', '.join(FUNCTIONS)}"))
