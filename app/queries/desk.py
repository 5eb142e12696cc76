"""What the desk shows: the pins of the person under way, and how many people were written down today."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.config import TOWN_CLOCK
from app.models import AuditEntry, Pin

PERSON: Final = "desk.person"
TAKE_BACK: Final = "desk.take_back"
"""The deeds of the desk in the log of the office."""
ALL_GONE: Final = "all_gone"
"""In the detail of a deed: it was the only pin of its person."""


@dataclass(frozen=True)
class WrittenPin:
    """A pin that was written down."""

    id: uuid.UUID
    lon: float
    lat: float
    category: str
    comment: str | None
    answers: Mapping[str, Any]
    state: str


def written_pins(session: Session, map_id: int, person: uuid.UUID) -> list[WrittenPin]:
    """The pins of one person, the last one first."""
    rows = session.execute(
        select(
            Pin.id,
            func.ST_X(Pin.position),
            func.ST_Y(Pin.position),
            Pin.category,
            Pin.comment,
            Pin.answers,
            Pin.state,
        )
        .where(Pin.map_id == map_id, Pin.respondent_id == person)
        .order_by(Pin.changed_at.desc(), Pin.id)
    )
    return [WrittenPin(*row) for row in rows]


def people_today(session: Session, map_id: int) -> int:
    """How many people were written down on this map since midnight, whoever did it; by the log of the office."""
    midnight = datetime.combine(datetime.now(TOWN_CLOCK), time.min, TOWN_CLOCK)
    begun, gone = session.execute(
        select(
            func.count().filter(AuditEntry.action == PERSON),
            func.count().filter(AuditEntry.action == TAKE_BACK, AuditEntry.detail.has_key(ALL_GONE)),
        ).where(AuditEntry.map_id == map_id, AuditEntry.at >= midnight)
    ).one()
    return max(0, int(begun) - int(gone))
