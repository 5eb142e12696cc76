"""Bringing a database to the tables that this checkout wants, also while the version before goes on serving.

Each migration is a transaction of its own. None waits long for a lock: whoever came later would have to wait
behind it, and with one long export in its way a change of a moment would stop the whole town. It gives up after a
moment, lets everybody by, and tries again. What a script may do so that the version before can go on:
tests/faults/migration_rules.py holds the rules, from 0007 on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command, op
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

from app.config import ROOT

SCRIPTS = ROOT / "migrations"
SERVING = "while serving"
LOCK = 2_718_287
"""The advisory lock under which one process of all migrates."""
LOCK_TIMEOUT_MS = 200
"""So long may everybody wait behind a migration that waits."""
PAUSE_S = 1.0
PATIENCE_S = 600.0
PASSING = frozenset({"55P03", "40P01"})
"""What PostgreSQL says of a lock that was not to be had in time, and of a deadlock."""

UNSAFE = {
    "fsync": "a power cut may lose everything",
    "full_page_writes": "a power cut may lose everything",
    "synchronous_commit": "a crash loses pins that people were told are stored",
}
"""Settings of PostgreSQL that must not be `off` for what is said to be stored to be stored."""


class Blocked(Exception):
    """A migration could not get its lock for a long time; the text says who holds on."""


def migrate(connection: Connection, revision: str = "head") -> None:
    """Run the migrations on a connection in the caller's transaction; the caller commits.

    For a database that nobody else uses yet: a new one, or one that is being restored.
    """
    command.upgrade(_config(connection), revision)


def upgrade(
    engine: Engine,
    *,
    scripts: Path = SCRIPTS,
    patience_s: float = PATIENCE_S,
    say: Callable[[str], None] = lambda _: None,
) -> list[str]:
    """Run the migrations that are missing, one by one, while others read and write; which ones ran.

    Blocked where one did not get through; those before it stay, and the next call goes on from there.
    """
    done = []
    # A connection of its own: what is set on it is for migrations only.
    own = create_engine(engine.url, poolclass=NullPool, hide_parameters=True)
    with own.connect() as connection:
        limit = time.monotonic() + patience_s
        with _alone(connection, limit, say):
            for revision in _missing(connection, scripts):
                _run(connection, scripts, revision, limit, say)
                done.append(revision)
    return done


def revisions() -> frozenset[str]:
    """Every migration that there is."""
    return frozenset(script.revision for script in ScriptDirectory(str(SCRIPTS)).walk_revisions())


def make_index(name: str, table: str, columns: str, *, where: str = "", using: str = "btree") -> None:
    """For scripts: an index on a table with rows in it, made without keeping anybody from writing.

    What an earlier try left half made goes first. In a database that nobody uses yet it is an ordinary index.
    """
    rest = f"{name} ON {table} USING {using} ({columns})" + (f" WHERE {where}" if where else "")
    context = op.get_context()
    if not _is_serving(context):
        op.execute(f"CREATE INDEX {'CONCURRENTLY ' if context.as_sql else ''}{rest}")
        return
    with context.autocommit_block():
        # It waits for every transaction that is under way, but nobody waits for it.
        op.execute("SET lock_timeout = 0")
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        op.execute(f"CREATE INDEX CONCURRENTLY {rest}")
        op.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")


def unsafe_settings(connection: Connection) -> list[str]:
    """What of the server's settings lets acknowledged pins get lost, in words for its operator."""
    return [
        f"{name} is off: {harm}"
        for name, harm in UNSAFE.items()
        if connection.scalar(text("SELECT current_setting(:name)"), {"name": name}) == "off"
    ]


def _is_serving(context: MigrationContext) -> bool:
    config = context.config
    return not context.as_sql and config is not None and bool(config.attributes.get(SERVING))


def _config(connection: Connection, scripts: Path = SCRIPTS) -> AlembicConfig:
    config = AlembicConfig(str(SCRIPTS / "alembic.ini"))
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _missing(connection: Connection, scripts: Path) -> list[str]:
    """The revisions that have not run yet, the first one first."""
    current = MigrationContext.configure(connection).get_current_revision()
    connection.rollback()
    known = ScriptDirectory(str(scripts)).iterate_revisions("head", current or "base")
    return [script.revision for script in known][::-1]


def _run(connection: Connection, scripts: Path, revision: str, limit: float, say: Callable[[str], None]) -> None:
    """One migration, tried until it gets its locks."""
    config = _config(connection, scripts)
    config.attributes[SERVING] = True
    said = False
    while True:
        try:
            connection.execute(text(f"SET lock_timeout = {LOCK_TIMEOUT_MS}"))
            connection.commit()
            command.upgrade(config, revision)
            connection.commit()
        except DBAPIError as error:
            connection.rollback()
            if getattr(error.orig, "sqlstate", None) not in PASSING:
                raise
            if time.monotonic() > limit:
                raise Blocked(f"migration {revision} does not get its lock. {_holders(connection)}") from error
            if not said:
                say(f"migration {revision} waits for a lock; everybody else goes on. {_holders(connection)}")
                said = True
            time.sleep(PAUSE_S)
        else:
            return


@contextmanager
def _alone(connection: Connection, limit: float, say: Callable[[str], None]) -> Iterator[None]:
    """Nobody else migrates this database meanwhile."""
    said = False
    while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK}):
        connection.rollback()
        if time.monotonic() > limit:
            raise Blocked("another process is migrating this database.")
        if not said:
            say("another process is migrating this database; waiting for it")
            said = True
        time.sleep(PAUSE_S)
    connection.commit()
    try:
        yield
    finally:
        if not connection.closed and not connection.invalidated:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})
            connection.commit()


def _holders(connection: Connection) -> str:
    """Who has been at it longest: the processes with the oldest transactions, without what they asked."""
    rows = connection.execute(
        text(
            "SELECT pid, application_name, extract(epoch FROM now() - xact_start)::int AS age"
            " FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL"
            " AND pid <> pg_backend_pid() ORDER BY xact_start LIMIT 3"
        )
    ).all()
    connection.rollback()
    named = [
        f"{row.pid}{f' ({row.application_name})' if row.application_name else ''}, {row.age} s" for row in rows
    ]
    return f"The oldest transactions: {'; '.join(named)}." if named else "No transaction is under way any more."
