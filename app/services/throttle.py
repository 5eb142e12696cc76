"""Counting attempts: how often one key may try one thing within a window of time, over all web processes.

Keys (an e-mail, an address) are stored only as keyed hashes that change every day, and rows go after two
days: what is kept can't be read back into who was here.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.errors import TooMany
from app.models import Throttle

KEEP = timedelta(days=2)
IPV6_HOST_BITS = 64
"""One household or office has a whole /64: its addresses count as one."""


@dataclass(frozen=True)
class Limit:
    """At most so many attempts at one action by one key in a window of this length."""

    action: str
    attempts: int
    window: timedelta


@dataclass(frozen=True)
class Attempt:
    """One attempt as it counts against one limit."""

    limit: Limit
    key: bytes
    window_start: datetime


def attempt(limit: Limit, *parts: str, secret: bytes, now: datetime | None = None) -> Attempt:
    """An attempt by the person or place these texts name together, not yet counted."""
    now = now or datetime.now(UTC)
    return Attempt(limit, _key(secret, now, limit.action, *parts), _window_start(now, limit.window))


def count(session: Session, attempts: Iterable[Attempt], *, now: datetime | None = None) -> None:
    """Count these attempts in their order; TooMany at the first whose limit is reached.

    Those after it are then not counted: who is shut out by a narrow limit can't use up a wider one.
    """
    now = now or datetime.now(UTC)
    _sweep(session, now)
    for one in attempts:
        if _counted(session, one) > one.limit.attempts:
            left = one.window_start + one.limit.window - now
            raise TooMany(max(1, int(left.total_seconds()) + 1))


def forgive(session: Session, attempts: Iterable[Attempt]) -> None:
    """Take these attempts back, as they were good ones."""
    for one in attempts:
        session.execute(
            update(Throttle).where(*_same(one), Throttle.attempts > 0).values(attempts=Throttle.attempts - 1)
        )


def forget(session: Session, one: Attempt) -> None:
    """Start counting this key anew."""
    session.execute(delete(Throttle).where(*_same(one)))


def network(address: str | None) -> str:
    """The address as limits see it: IPv4 whole, IPv6 by its /64; what is no address counts as one place."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 128 - IPV6_HOST_BITS), strict=False))
    return str(found)


def _counted(session: Session, one: Attempt) -> int:
    """How many attempts there are in the window with this one; beyond the limit the row is left alone."""
    row = insert(Throttle).values(
        action=one.limit.action, key_hash=one.key, window_start=one.window_start, attempts=1
    )
    grown = row.on_conflict_do_update(
        index_elements=["action", "key_hash", "window_start"],
        set_={"attempts": Throttle.attempts + 1},
        where=Throttle.attempts < one.limit.attempts,
    ).returning(Throttle.attempts)
    return session.execute(grown).scalar() or one.limit.attempts + 1


def _sweep(session: Session, now: datetime) -> None:
    """Delete what is older than it may be; rows another process is deleting are its business."""
    key = (Throttle.action, Throttle.key_hash, Throttle.window_start)
    old = select(*key).where(Throttle.window_start < now - KEEP).limit(1000).with_for_update(skip_locked=True)
    session.execute(
        delete(Throttle).where(tuple_(*key).in_(old)), execution_options={"synchronize_session": False}
    )


def _same(one: Attempt) -> tuple[ColumnElement[bool], ...]:
    return (
        Throttle.action == one.limit.action,
        Throttle.key_hash == one.key,
        Throttle.window_start == one.window_start,
    )


def _window_start(now: datetime, window: timedelta) -> datetime:
    length = window.total_seconds()
    return datetime.fromtimestamp(now.timestamp() // length * length, UTC)


def _key(secret: bytes, now: datetime, *parts: str) -> bytes:
    text = "\x1f".join((now.astimezone(UTC).date().isoformat(), *parts))
    return hmac.new(secret, text.encode("utf-8", "replace"), hashlib.sha256).digest()
