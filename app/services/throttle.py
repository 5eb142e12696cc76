"""Counting attempts: how often one key may try one thing within a window of time, over all web processes.

Keys (an e-mail, an address) are stored only as hashes, made with the server's secret and a salt of the day. That
salt is random, lies beside the counts (a row of `SALT`) and is deleted with them after two days: from then on
nobody, not even who has the secret and kept a copy of the counts, can try out whose address a hash is.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, delete, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.errors import TooMany
from app.models import Throttle

KEEP = timedelta(days=2)
SALT = "salt"
"""The action of the rows that hold a day's salt in the place of a key."""
SALT_BYTES = 32
SWEPT = 1000
"""Rows deleted at a time: nobody who signs in waits for more."""
IPV6_HOST_BITS = 64
"""One household or office has a whole /64: its addresses count as one."""
IPV6_SITE_PREFIX = 48
IN_BRACKETS = re.compile(r"\[([0-9A-Fa-f:.]+(?:%[^\]]*)?)\](?::\d*)?")


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
    """Hashed with the secret; before it is stored, once more with the salt of the day."""
    window_start: datetime
    day: date


def attempt(limit: Limit, *parts: str, secret: bytes, now: datetime | None = None) -> Attempt:
    """An attempt by the person or place these texts name together, not yet counted."""
    now = now or datetime.now(UTC)
    key = _key(secret, now, limit.action, *parts)
    return Attempt(limit, key, _window_start(now, limit.window), now.astimezone(UTC).date())


def count(session: Session, attempts: Iterable[Attempt], *, now: datetime | None = None) -> None:
    """Count these attempts in their order; TooMany at the first whose limit is reached.

    Those after it are then not counted: who is shut out by a narrow limit can't use up a wider one.
    """
    now = now or datetime.now(UTC)
    sweep(session, now)
    for one in attempts:
        if _counted(session, one) > one.limit.attempts:
            left = one.window_start + one.limit.window - now
            raise TooMany(max(1, int(left.total_seconds()) + 1))


def grow(session: Session, counted: Sequence[tuple[Attempt, int]]) -> list[int]:
    """Add these numbers of attempts, in one statement; how many all processes have counted of each now."""
    # Always in the same order: two processes may add to the same rows.
    salts = {day: _salt(session, day) for day in {one.day for one, _ in counted}}
    keys = [_salted(salts[one.day], one) for one, _ in counted]
    order = sorted(range(len(counted)), key=lambda i: (counted[i][0].limit.action, keys[i]))
    rows = insert(Throttle).values(
        [
            {
                "action": counted[i][0].limit.action,
                "key_hash": keys[i],
                "window_start": counted[i][0].window_start,
                "attempts": counted[i][1],
            }
            for i in order
        ]
    )
    grown = rows.on_conflict_do_update(
        index_elements=["action", "key_hash", "window_start"],
        set_={"attempts": Throttle.attempts + rows.excluded.attempts},
    ).returning(Throttle.action, Throttle.key_hash, Throttle.attempts)
    now = {(action, key): attempts for action, key, attempts in session.execute(grown)}
    return [now[one.limit.action, key] for (one, _), key in zip(counted, keys, strict=True)]


def forgive(session: Session, attempts: Iterable[Attempt]) -> None:
    """Take these attempts back, as they were good ones."""
    for one in attempts:
        session.execute(
            update(Throttle)
            .where(*_same(session, one), Throttle.attempts > 0)
            .values(attempts=Throttle.attempts - 1)
        )


def forget(session: Session, one: Attempt) -> None:
    """Start counting this key anew."""
    session.execute(delete(Throttle).where(*_same(session, one)))


def plain_address(said: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address in what a proxy says of who is behind it, also with a port, in brackets, or IPv4 within IPv6."""
    text = (said or "").strip().strip('"')
    in_brackets = IN_BRACKETS.fullmatch(text)
    if in_brackets:
        text = in_brackets[1]
    elif text.count(":") == 1:  # IPv6 has more of them
        text = text.partition(":")[0]
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def network(address: str | None) -> str:
    """The address as limits see it: IPv4 whole, IPv6 by its /64; what is no address counts as one place."""
    found = plain_address(address)
    if found is None:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 128 - IPV6_HOST_BITS), strict=False))
    return str(found)


def wider(address: str | None) -> str | None:
    """The /48 around an IPv6 address, which one customer may have whole; None for any other."""
    found = plain_address(address)
    if not isinstance(found, ipaddress.IPv6Address):
        return None
    return str(ipaddress.ip_network((found, IPV6_SITE_PREFIX), strict=False))


def _counted(session: Session, one: Attempt) -> int:
    """How many attempts there are in the window with this one; beyond the limit the row is left alone."""
    row = insert(Throttle).values(
        action=one.limit.action, key_hash=_stored(session, one), window_start=one.window_start, attempts=1
    )
    grown = row.on_conflict_do_update(
        index_elements=["action", "key_hash", "window_start"],
        set_={"attempts": Throttle.attempts + 1},
        where=Throttle.attempts < one.limit.attempts,
    ).returning(Throttle.attempts)
    return session.execute(grown).scalar() or one.limit.attempts + 1


def sweep(session: Session, now: datetime) -> int:
    """Delete some of what is older than it may be, salts too; how many rows.

    Those that another process is deleting are its business.
    """
    key = (Throttle.action, Throttle.key_hash, Throttle.window_start)
    old = select(*key).where(Throttle.window_start < now - KEEP).limit(SWEPT).with_for_update(skip_locked=True)
    gone = session.execute(
        delete(Throttle).where(tuple_(*key).in_(old)).returning(Throttle.action),
        execution_options={"synchronize_session": False},
    )
    return len(gone.all())


def _stored(session: Session, one: Attempt) -> bytes:
    """The key as it is stored."""
    return _salted(_salt(session, one.day), one)


def _salted(salt: bytes, one: Attempt) -> bytes:
    return hmac.new(salt, one.key, hashlib.sha256).digest()


def _salt(session: Session, day: date) -> bytes:
    """The salt of a day, made by whoever needs it first; of two made at once the lesser one is it."""
    begun = datetime.combine(day, time.min, UTC)
    ours = select(Throttle.key_hash).where(Throttle.action == SALT, Throttle.window_start == begun)
    least = ours.order_by(Throttle.key_hash).limit(1)
    known: bytes | None = session.scalar(least)
    if known is None:
        new = {"action": SALT, "key_hash": secrets.token_bytes(SALT_BYTES), "window_start": begun, "attempts": 0}
        session.execute(insert(Throttle).values(new))
        known = session.scalar(least)
    return bytes(known or b"")


def forget_old(session: Session, now: datetime) -> int:
    """Delete all that is older than it may be: where nobody tries anything, no count would."""
    total = 0
    while gone := sweep(session, now):
        total += gone
    return total


def _same(session: Session, one: Attempt) -> tuple[ColumnElement[bool], ...]:
    return (
        Throttle.action == one.limit.action,
        Throttle.key_hash == _stored(session, one),
        Throttle.window_start == one.window_start,
    )


def _window_start(now: datetime, window: timedelta) -> datetime:
    length = window.total_seconds()
    return datetime.fromtimestamp(now.timestamp() // length * length, UTC)


def _key(secret: bytes, now: datetime, *parts: str) -> bytes:
    text = "\x1f".join((now.astimezone(UTC).date().isoformat(), *parts))
    return hmac.new(secret, text.encode("utf-8", "replace"), hashlib.sha256).digest()
