"""Browsers in which an official is signed in, and what happened to their account, as its owner sees both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from app.models import AuditEntry, OfficialSession

OWN_DEEDS = ("account.", "token.")
DEEDS_TO_IT = ("official.",)
LOOKED_AT = 20_000
"""Of the log's newest entries: who has not looked for so long finds the rest in the log itself."""


@dataclass(frozen=True)
class OpenSession:
    """One browser in which somebody is signed in."""

    key_hash: bytes
    browser: str
    """"Firefox, Windows"; empty for one that does not say."""
    began_at: datetime
    seen_at: datetime


@dataclass(frozen=True)
class Happening:
    """Something that was done to an account, and by whom."""

    at: datetime
    action: str
    by: str


@dataclass(frozen=True)
class FoundSession:
    """Whose session a key opens, and whether it is a while since that was written down."""

    official_id: int
    use_to_note: bool


def find_session(
    session: Session, key_hash: bytes, *, lasts: timedelta, idle: timedelta, noted_every: timedelta
) -> FoundSession | None:
    """The session of this key, unless it has ended: by its age, or because nobody used it."""
    now = func.now()
    row = session.execute(
        select(OfficialSession.official_id, OfficialSession.seen_at < now - noted_every).where(
            OfficialSession.key_hash == key_hash,
            OfficialSession.began_at >= now - lasts,
            OfficialSession.seen_at >= now - idle,
        )
    ).first()
    return FoundSession(row[0], row[1]) if row else None


def sessions_of(session: Session, official_id: int, *, lasts: timedelta, idle: timedelta) -> Sequence[OpenSession]:
    """Where this official is signed in, the browser last used first."""
    now = func.now()
    rows = session.execute(
        select(
            OfficialSession.key_hash, OfficialSession.browser, OfficialSession.began_at, OfficialSession.seen_at
        )
        .where(
            OfficialSession.official_id == official_id,
            OfficialSession.began_at >= now - lasts,
            OfficialSession.seen_at >= now - idle,
        )
        .order_by(OfficialSession.seen_at.desc(), OfficialSession.began_at.desc())
    )
    return [OpenSession(*row) for row in rows]


def happenings(session: Session, official_id: int, email: str, *, most: int) -> Sequence[Happening]:
    """What was last done to this account: by its owner, or to its sign-in by a colleague; the newest first."""
    newest = select(func.coalesce(func.max(AuditEntry.id), 0) - LOOKED_AT).scalar_subquery()
    own = and_(
        AuditEntry.official_id == official_id, or_(*(AuditEntry.action.startswith(one) for one in OWN_DEEDS))
    )
    done_to = and_(AuditEntry.subject == email, or_(*(AuditEntry.action.startswith(one) for one in DEEDS_TO_IT)))
    # In the logs of several towns one deed is written several times, in one moment or nearly.
    second = func.date_trunc("second", AuditEntry.at)
    rows = session.execute(
        select(func.max(AuditEntry.at), AuditEntry.action, AuditEntry.official)
        .where(AuditEntry.id > newest, or_(own, done_to))
        .group_by(second, AuditEntry.action, AuditEntry.official)
        .order_by(func.max(AuditEntry.at).desc())
        .limit(most)
    )
    return [Happening(*row) for row in rows]
