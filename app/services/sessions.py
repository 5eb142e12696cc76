"""Browsers in which officials are signed in: begun, noted while in use, ended here or from elsewhere.

The cookie holds a random key, the row only its hash: who reads the database is signed in nowhere.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from app.models import OfficialSession

LASTS = timedelta(hours=12)
"""A working day, however busy."""
IDLE = timedelta(minutes=60)
"""Unused for so long a session ends: a lunch is shorter, a forgotten screen is not."""
SEEN_EVERY = timedelta(minutes=2)
KEY_BYTES = 32
MARK_CHARACTERS = 16
MOST_BROWSERS = 50
"""For one person: the oldest give way."""


@dataclass(frozen=True)
class SessionKey:
    """What one browser holds, and under what it is stored."""

    key: str

    @property
    def stored(self) -> bytes:
        """The hash: 256 random bits need no slow one."""
        return hashlib.sha256(self.key.encode("utf-8", "replace")).digest()

    @property
    def mark(self) -> str:
        """By what a list of sessions names this one; it opens nothing."""
        return mark_of(self.stored)


def mark_of(stored: bytes) -> str:
    """The short name of a stored session."""
    return stored.hex()[:MARK_CHARACTERS]


def begin(session: Session, official_id: int, browser: str) -> SessionKey:
    """The key of a new session of this official, in this browser; what has ended goes on the way."""
    began = SessionKey(secrets.token_urlsafe(KEY_BYTES))
    sweep(session)
    kept = (
        select(OfficialSession.key_hash)
        .where(OfficialSession.official_id == official_id)
        .order_by(OfficialSession.seen_at.desc())
        .limit(MOST_BROWSERS - 1)
    )
    _delete(session, OfficialSession.official_id == official_id, OfficialSession.key_hash.not_in(kept))
    session.add(OfficialSession(key_hash=began.stored, official_id=official_id, browser=browser))
    session.flush()
    return began


def note_use(session: Session, key: SessionKey) -> None:
    """Write down that the session is in use; who can't do it at once leaves it, as somebody else is doing it.

    Meant for a session that commits by itself, so that a request that reads stays one.
    """
    free = (
        select(OfficialSession.key_hash)
        .where(OfficialSession.key_hash == key.stored)
        .with_for_update(skip_locked=True)
    )
    session.execute(
        update(OfficialSession).where(OfficialSession.key_hash.in_(free)).values(seen_at=func.now()),
        execution_options={"synchronize_session": False},
    )


def end(session: Session, key: SessionKey) -> None:
    """End the session of this key, wherever copies of its cookie lie."""
    _delete(session, OfficialSession.key_hash == key.stored)


def end_all(session: Session, official_id: int) -> None:
    """End every session of this official."""
    _delete(session, OfficialSession.official_id == official_id)


def end_some(session: Session, official_id: int, marks: Collection[str], *, but: SessionKey) -> int:
    """End those of this official's sessions that the marks name, never the one that asks; how many there were."""
    rows = session.scalars(
        select(OfficialSession.key_hash).where(
            OfficialSession.official_id == official_id, OfficialSession.key_hash != but.stored
        )
    )
    named = [stored for stored in rows if mark_of(stored) in marks]
    return _delete(session, OfficialSession.key_hash.in_(named)) if named else 0


def sweep(session: Session) -> int:
    """Delete the sessions that have ended by time; how many."""
    return _delete(
        session,
        or_(OfficialSession.began_at < func.now() - LASTS, OfficialSession.seen_at < func.now() - IDLE),
    )


def _delete(session: Session, *which: object) -> int:
    gone = delete(OfficialSession).where(*which).returning(OfficialSession.key_hash)  # type: ignore[arg-type]
    return len(session.scalars(gone, execution_options={"synchronize_session": False}).all())
