"""Whether the database is there and has at least the migrations of this version."""

from __future__ import annotations

from functools import cache

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app.config import ROOT


def is_ready(session: Session) -> bool:
    """Whether this version's newest migration has run; while it still serves, those of the next may have too."""
    try:
        current = session.scalar(text("SELECT version_num FROM alembic_version"))
    except ProgrammingError:
        return False
    # Revisions are numbered: 0007 comes after 0006.
    return current is not None and current >= (newest_revision() or "")


@cache
def newest_revision() -> str | None:
    """The newest migration of this checkout."""
    from alembic.config import Config as AlembicConfig
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(AlembicConfig(str(ROOT / "migrations" / "alembic.ini"))).get_current_head()
