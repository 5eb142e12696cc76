"""Whether the database is there and has the newest migration."""

from __future__ import annotations

from functools import cache

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app.config import ROOT


def is_ready(session: Session) -> bool:
    """Whether the newest migration has run."""
    try:
        current = session.scalar(text("SELECT version_num FROM alembic_version"))
    except ProgrammingError:
        return False
    return bool(current == newest_revision())


@cache
def newest_revision() -> str | None:
    """The newest migration of this checkout."""
    from alembic.config import Config as AlembicConfig
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(AlembicConfig(str(ROOT / "migrations" / "alembic.ini"))).get_current_head()
