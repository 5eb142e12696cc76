"""The queue as an official reads it: which pins should be looked at, why, and how many for each reason."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, TextClause, func, select, text, tuple_
from sqlalchemy.orm import Session

from app.inputs.filters import PinFilter, Scope
from app.inputs.office import Cursor
from app.inputs.queue_forms import WAITING, Target
from app.models import FlagKind, Pin, PinFlag
from app.queries.features import pin_query
from app.queries.maps import MapRecord

LISTED = 40
"""Pins on one page of the queue."""
MOST_UNCHECKED = 100_000

# Written as the index ix_pin_queue has it, with no parameter, so that every plan may use it.
IN_QUEUE = text("(pin.state = 'pending' OR (pin.flagged AND pin.state = 'visible'))")
_FLAGGED_AS = text(
    "EXISTS (SELECT FROM pin_flag f WHERE f.map_id = pin.map_id AND f.pin_id = pin.id"
    " AND f.kind = :kind AND NOT f.settled)"
)


@dataclass(frozen=True)
class Flagged:
    """One reason to look at a pin."""

    kind: FlagKind
    detail: Mapping[str, Any]
    settled: bool


@dataclass(frozen=True)
class Review:
    """What an official knows of one pin besides the pin: its flags, and what it said before words were covered."""

    flags: Sequence[Flagged] = ()
    original_comment: str | None = None

    @property
    def open_flags(self) -> list[Flagged]:
        """The reasons nobody has settled."""
        return [flag for flag in self.flags if not flag.settled]


@dataclass(frozen=True)
class QueueItem:
    """One pin of the queue."""

    row: Row[Any]
    review: Review
    person_pins: int
    """How many pins the same person made on this map, this one included."""


@dataclass(frozen=True)
class QueuePage:
    """One page of the queue, where the next one begins, and the moment at which it was read."""

    items: Sequence[QueueItem]
    next: Cursor | None
    as_of: datetime


@dataclass(frozen=True)
class QueueCounts:
    """How many pins are in the queue; one pin may stand there for several reasons."""

    whole: int
    by_reason: Mapping[str, int]
    unchecked: int
    """Pins that nobody has compared with others yet; they may come in as well."""


def queue_page(
    session: Session, the_map: MapRecord, reason: str | None, after: Cursor | None, limit: int = LISTED
) -> QueuePage:
    """The pins to look at, oldest first, behind the cursor: what is decided meanwhile shifts nobody's page."""
    as_of = session.execute(select(func.clock_timestamp())).scalar_one()
    query = pin_query(the_map, PinFilter(), Scope.OFFICE).where(IN_QUEUE, *_for(reason))
    if after is not None:
        query = query.where(tuple_(Pin.created_at, Pin.id) > tuple_(after.created_at, after.id))
    rows = session.execute(query.order_by(Pin.created_at, Pin.id).limit(limit + 1)).all()
    shown = rows[:limit]
    last = Cursor(shown[-1].created_at, shown[-1].id) if len(rows) > limit else None
    reviews = reviews_of(session, the_map, [row.id for row in shown])
    people = _pins_by_person(session, the_map, {row.respondent for row in shown})
    items = [QueueItem(row, reviews[row.id], people.get(row.respondent, 0)) for row in shown]
    return QueuePage(items, last, as_of)


def queue_counts(session: Session, the_map: MapRecord) -> QueueCounts:
    """How many pins are in the queue, whole and for each reason."""
    whole, unflagged = session.execute(_WHOLE, {"map": the_map.id}).one()
    by_reason: dict[str, int] = {row.kind: row.n for row in session.execute(_BY_REASON, {"map": the_map.id})}
    if unflagged:
        by_reason[WAITING] = unflagged
    unchecked = session.scalar(_UNCHECKED, {"map": the_map.id, "most": MOST_UNCHECKED}) or 0
    return QueueCounts(whole, by_reason, unchecked)


def queue_targets(session: Session, the_map: MapRecord, reason: str | None, as_of: datetime) -> list[Target]:
    """All pins in the queue for a reason that have not changed since then, as they are to be decided about."""
    query = select(Pin.id, Pin.changed_at).where(
        Pin.map_id == the_map.id, IN_QUEUE, Pin.changed_at <= as_of, *_for(reason)
    )
    return [Target(row.id, row.changed_at) for row in session.execute(query)]


def review_of(session: Session, the_map: MapRecord, pin_id: uuid.UUID) -> Review:
    """What an official knows of one pin besides the pin."""
    return reviews_of(session, the_map, [pin_id])[pin_id]


def reviews_of(session: Session, the_map: MapRecord, pins: Sequence[uuid.UUID]) -> dict[uuid.UUID, Review]:
    """The reviews of these pins by id, with the flags in the order of their kinds."""
    order = {kind: place for place, kind in enumerate(FlagKind)}
    flags: dict[uuid.UUID, list[Flagged]] = {pin: [] for pin in pins}
    for row in session.execute(
        select(PinFlag.pin_id, PinFlag.kind, PinFlag.detail, PinFlag.settled).where(
            PinFlag.map_id == the_map.id, PinFlag.pin_id.in_(pins)
        )
    ):
        flags[row.pin_id].append(Flagged(FlagKind(row.kind), row.detail, row.settled))
    originals = dict(
        session.execute(
            select(Pin.id, Pin.original_comment).where(
                Pin.map_id == the_map.id, Pin.id.in_(pins), Pin.original_comment.is_not(None)
            )
        ).all()
    )
    return {
        pin: Review(sorted(found, key=lambda flag: order[flag.kind]), originals.get(pin))
        for pin, found in flags.items()
    }


def _for(reason: str | None) -> list[TextClause]:
    if reason is None:
        return []
    if reason == WAITING:
        return [text("NOT pin.flagged")]
    return [_FLAGGED_AS.bindparams(kind=reason)]


def _pins_by_person(session: Session, the_map: MapRecord, people: Collection[uuid.UUID]) -> dict[uuid.UUID, int]:
    rows = session.execute(
        select(Pin.respondent_id, func.count())
        .where(Pin.map_id == the_map.id, Pin.respondent_id.in_(people))
        .group_by(Pin.respondent_id)
    )
    return {row[0]: row[1] for row in rows}


_WHOLE = text(f"SELECT count(*), count(*) FILTER (WHERE NOT flagged) FROM pin WHERE map_id = :map AND {IN_QUEUE}")
_BY_REASON = text(
    f"""
    SELECT f.kind, count(*) AS n FROM pin JOIN pin_flag f ON f.map_id = pin.map_id AND f.pin_id = pin.id
    WHERE pin.map_id = :map AND {IN_QUEUE} AND NOT f.settled GROUP BY f.kind
    """
)
_UNCHECKED = text(
    "SELECT count(*) FROM (SELECT FROM pin WHERE map_id = :map AND checked_at IS NULL LIMIT :most) AS few"
)
