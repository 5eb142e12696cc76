"""Moderation: what everybody may see, decided by an official, with a reason the author can read.

Every decision locks the pin, so of two officials at once the second one sees what the first did. Deciding
the same again changes nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, func, select, update
from sqlalchemy.orm import Session

from app.errors import AlreadyDecided, Problem, Unacceptable, Unknown
from app.i18n import N_
from app.models import Pin, PinState
from app.queries.maps import MapRecord

MOST_REASON_CHARACTERS = 500


@dataclass(frozen=True)
class Decision:
    """How a pin stood before, and stands now."""

    before: PinState
    after: PinState
    reason_before: str | None


@dataclass(frozen=True)
class _Wanted:
    """What is to become of a pin, and from which states that may be."""

    state: PinState
    reason: str | None = None
    only_from: Collection[PinState] = frozenset(PinState)


def hide_pin(
    session: Session, the_map: MapRecord, pin_id: uuid.UUID, reason: str, *, seen: datetime | None = None
) -> Decision:
    """Take the pin out of everything public; the reason is for its author. Hiding again renews the reason.

    `seen`: when the pin had last changed as the official read it; AlreadyDecided if it changed since.
    """
    reason = reason.strip()
    if not reason:
        raise Unacceptable(Problem("reason", N_("Give a reason. The author will read it.")))
    if len(reason) > MOST_REASON_CHARACTERS:
        raise Unacceptable(
            Problem("reason", N_("The reason has at most %(most)s characters."), {"most": MOST_REASON_CHARACTERS})
        )
    return _decide(session, the_map, pin_id, _Wanted(PinState.HIDDEN, reason), seen)


def show_pin(session: Session, the_map: MapRecord, pin_id: uuid.UUID, *, seen: datetime | None = None) -> Decision:
    """Let everybody see the pin again."""
    return _decide(session, the_map, pin_id, _Wanted(PinState.VISIBLE), seen)


def approve_pin(
    session: Session, the_map: MapRecord, pin_id: uuid.UUID, *, seen: datetime | None = None
) -> Decision:
    """Let everybody see a pin that waits; AlreadyDecided when a colleague has hidden it meanwhile."""
    not_hidden = (PinState.PENDING, PinState.VISIBLE)
    return _decide(session, the_map, pin_id, _Wanted(PinState.VISIBLE, only_from=not_hidden), seen)


def hold_pin(session: Session, the_map: MapRecord, pin_id: uuid.UUID) -> Decision:
    """Put the pin back among those that wait: the way back from an approval."""
    return _decide(session, the_map, pin_id, _Wanted(PinState.PENDING))


def _decide(
    session: Session, the_map: MapRecord, pin_id: uuid.UUID, wanted: _Wanted, seen: datetime | None = None
) -> Decision:
    row = _locked(session, the_map.id, pin_id)
    before = PinState(row.state)
    decision = Decision(before, wanted.state, row.hidden_reason)
    if before is wanted.state and row.hidden_reason == wanted.reason:
        return decision
    if before not in wanted.only_from or (seen is not None and row.changed_at != seen):
        raise AlreadyDecided
    session.execute(
        update(Pin)
        .where(Pin.map_id == the_map.id, Pin.id == pin_id)
        .values(state=wanted.state, hidden_reason=wanted.reason, changed_at=func.clock_timestamp())
    )
    return decision


def _locked(session: Session, map_id: int, pin_id: uuid.UUID) -> Row[str, str | None, datetime]:
    row = session.execute(
        select(Pin.state, Pin.hidden_reason, Pin.changed_at)
        .where(Pin.map_id == map_id, Pin.id == pin_id)
        .with_for_update()
    ).first()
    if row is None:
        raise Unknown
    return row
