"""Whether this process may be sent requests: the database, its migrations, and the folder of local state."""

from __future__ import annotations

import errno
import tempfile
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.orm import Session

from app.config import ROOT

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Home(StrEnum):
    """What can be done in the folder of local state."""

    WRITABLE = "writable"
    FULL = "full"
    """Reading goes on, so people may come: a folder that all share is full for all."""
    NOT_WRITABLE = "not writable"


@dataclass(frozen=True)
class Readiness:
    """What was found, part by part."""

    database: bool
    """Whether it answers."""
    revision: str | None
    """The newest migration that has run."""
    is_migrated: bool
    home: Home

    @property
    def is_ready(self) -> bool:
        """Whether requests may come."""
        return self.database and self.is_migrated and self.home is not Home.NOT_WRITABLE


def readiness(session: Session, home: Path) -> Readiness:
    """How things stand; a database that does not answer is a finding, not a failure."""
    try:
        current = revision(session)
    except (DBAPIError, NoConnectionFree):
        return Readiness(database=False, revision=None, is_migrated=False, home=home_state(home))
    return Readiness(database=True, revision=current, is_migrated=reaches(current), home=home_state(home))


def is_ready(session: Session) -> bool:
    """Whether this version's newest migration has run; while it still serves, those of the next may have too."""
    return reaches(revision(session))


def revision(session: Session) -> str | None:
    """The newest migration that has run on this database; None for none."""
    try:
        found: str | None = session.scalar(text("SELECT version_num FROM alembic_version"))
    except ProgrammingError:
        return None
    return found


def reaches(current: str | None) -> bool:
    """Whether a database at this migration has all that this version wants."""
    # Revisions are numbered: 0007 comes after 0006.
    return current is not None and current >= (newest_revision() or "")


def home_state(home: Path) -> Home:
    """Whether something can be put into the folder: tried, as rights and mounts tell less."""
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home) as file:
            file.write(b"ready")
    except OSError as error:
        return Home.FULL if error.errno in FULL else Home.NOT_WRITABLE
    return Home.WRITABLE


@cache
def newest_revision() -> str | None:
    """The newest migration of this checkout."""
    from alembic.config import Config as AlembicConfig
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(AlembicConfig(str(ROOT / "migrations" / "alembic.ini"))).get_current_head()
