"""What the map editor asks of a map: pins of its categories, who changed it last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import AuditEntry, Pin


@dataclass(frozen=True)
class LastChange:
    """Who changed a section, and when."""

    official: str
    at: datetime


def pins_by_category(session: Session, map_id: int) -> dict[str, int]:
    """How many pins each category has; a category without any is left out."""
    rows = session.execute(
        select(Pin.category, func.count().label("pins")).where(Pin.map_id == map_id).group_by(Pin.category)
    )
    return {row.category: row.pins for row in rows}


def last_change(session: Session, map_id: int, section: str) -> LastChange | None:
    """Who changed this section of the map last, by the log."""
    row = session.execute(
        select(AuditEntry.official, AuditEntry.at)
        .where(
            AuditEntry.map_id == map_id,
            AuditEntry.action == "map.change",
            AuditEntry.detail["section"].astext == section,
        )
        .order_by(AuditEntry.id.desc())
        .limit(1)
    ).first()
    return LastChange(row.official, row.at) if row else None
