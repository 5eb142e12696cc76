"""The tables that a backup is put into: made by our own migrations, and bare while rows go in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import psycopg
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.models import Base
from app.services.backups_script import Wanted

FUNCTIONS = ("pin_changes_heat()", "plain_words(text)", "refuse_change()", "respondent_changes_heat()")
"""Those that our migrations make: they go with the tables, whatever version the backup is of."""
EXTENSIONS = ("postgis", "unaccent")
VERSION_TABLE = "alembic_version"
LOCK_WAIT_S = 5
"""A server that is still up has a table for moments only; whoever has one for longer must end first."""
INDEX_MEMORY_MB = 256
"""For sorting what is indexed."""

_FUNCTION = text(
    """
    SELECT p.oid::regprocedure::text FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace AND p.oid::regprocedure::text = ANY(:names)
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
                      AND d.objid = p.oid AND d.deptype = 'e')
    """
)
_PRESENT = text(
    "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    " AND relname = ANY(:names) ORDER BY 1"
)
_COLUMNS = text(
    """
    SELECT c.relname, array_agg(a.attname::text) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY(:names)
      AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    GROUP BY 1
    """
)
_SEQUENCES = text(
    """
    SELECT s.relname FROM pg_class s
    JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.deptype IN ('a', 'i')
    JOIN pg_class c ON d.refclassid = 'pg_class'::regclass AND c.oid = d.refobjid
    WHERE s.relkind = 'S' AND s.relnamespace = 'public'::regnamespace AND c.relname = ANY(:names)
    """
)
_CONSTRAINTS = text(
    """
    SELECT conrelid::regclass::text AS owner, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS told
    FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'x', 'f')
      AND conrelid = ANY(SELECT oid FROM pg_class WHERE relname = ANY(:names)
                         AND relnamespace = 'public'::regnamespace)
    ORDER BY contype = 'f', conname
    """
)
"""Foreign keys last: they stand on the others."""
_INDEXES = text(
    """
    SELECT i.indexrelid::regclass::text AS name, pg_get_indexdef(i.indexrelid) AS told
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relname = ANY(:names)
    ORDER BY 1
    """
)


def take_away(session: Session) -> None:
    """Drop our tables and functions, whichever version made them, and have the extensions there."""
    session.execute(text(f"SET LOCAL lock_timeout = '{LOCK_WAIT_S}s'"))
    session.execute(text(f"SET LOCAL maintenance_work_mem = '{INDEX_MEMORY_MB}MB'"))
    session.execute(text("SET LOCAL statement_timeout = 0"))
    session.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    session.execute(text("SET LOCAL client_encoding = 'UTF8'"))
    tables = present(session, our_tables())
    if tables:
        # All at once, and without CASCADE: what somebody else has built on them is not ours to take away.
        session.execute(text("DROP TABLE " + ", ".join(map(_named, tables))))
    for signature in session.scalars(_FUNCTION, {"names": list(FUNCTIONS)}).all():
        session.execute(text(f"DROP FUNCTION {signature}"))
    for name in sorted(EXTENSIONS):
        session.execute(text(f"CREATE EXTENSION IF NOT EXISTS {name} WITH SCHEMA public"))


@contextmanager
def bare(session: Session) -> Iterator[Wanted]:
    """Our tables without keys, indexes and triggers, for rows to go in quickly and in any order; then with them.

    What is put back is what the catalogue said of our own tables: every foreign key is checked over all rows.
    """
    tables = [name for name in present(session, our_tables()) if name != VERSION_TABLE]
    names = {"names": tables}
    constraints = session.execute(_CONSTRAINTS, names).all()
    for one in reversed(constraints):
        session.execute(text(f"ALTER TABLE {one.owner} DROP CONSTRAINT {one.name}"))
    indexes = session.execute(_INDEXES, names).all()
    for one in indexes:
        session.execute(text(f"DROP INDEX {one.name}"))
    for name in tables:
        session.execute(text(f"ALTER TABLE {_named(name)} DISABLE TRIGGER USER"))
    columns = {name: frozenset(found) for name, found in session.execute(_COLUMNS, names)}
    yield Wanted(columns, frozenset(session.scalars(_SEQUENCES, names)))
    # As the catalogue wrote them: colons and percent signs in them mean nothing.
    raw = session.connection().connection.driver_connection
    if not isinstance(raw, psycopg.Connection):
        raise TypeError(type(raw))
    keys = [one for one in constraints if not one.told.startswith("FOREIGN KEY")]
    foreign = [one for one in constraints if one.told.startswith("FOREIGN KEY")]
    statements = [
        *(f"ALTER TABLE {one.owner} ADD CONSTRAINT {one.name} {one.told}" for one in keys),
        *(one.told for one in indexes),
        *(f"ALTER TABLE {one.owner} ADD CONSTRAINT {one.name} {one.told}" for one in foreign),
        *(f"ALTER TABLE {_named(name)} ENABLE TRIGGER USER" for name in tables),
    ]
    for statement in statements:
        raw.execute(statement.encode())


def our_tables() -> list[str]:
    """Every table that our migrations make, and the one in which they note how far they are."""
    return [*(table.name for table in Base.metadata.sorted_tables), VERSION_TABLE]


def present(session: Session, names: Sequence[str]) -> list[str]:
    """Those of the tables that are there."""
    return list(session.scalars(_PRESENT, {"names": list(names)}).all())


def _named(name: str) -> str:
    return f'public."{name}"'
