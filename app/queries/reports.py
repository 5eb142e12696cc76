"""The council reports of a map: which there are, how far each is, and whether its worker is still alive."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.models import Report, ReportState

STANDS_STILL = timedelta(minutes=3)
"""A report that made no progress for so long has lost its worker."""
KEPT = 5
"""Of each map."""
UNFINISHED = (ReportState.WAITING, ReportState.RUNNING)


@dataclass(frozen=True)
class ReportRecord:
    """One report of a map as it is at this moment."""

    id: uuid.UUID
    map_id: int
    language: str
    state: ReportState
    """`failed` also where its worker was lost."""
    progress: int
    """Hundredths of the work done."""
    step: str
    """The message id of what is being done, or of why it failed."""
    asked_by: str
    asked_at: datetime
    changed_at: datetime

    @property
    def is_unfinished(self) -> bool:
        """Whether it is still being made."""
        return self.state in UNFINISHED


def reports_of(session: Session, map_id: int) -> list[ReportRecord]:
    """The reports of a map, the newest first."""
    return [_record(row) for row in session.scalars(_newest(map_id))]


def find_report(session: Session, map_id: int, report_id: uuid.UUID) -> ReportRecord | None:
    """One report of this map."""
    row = session.scalar(_newest(map_id).where(Report.id == report_id))
    return None if row is None else _record(row)


def _newest(map_id: int) -> Select[Report]:
    query = select(Report).where(Report.map_id == map_id).order_by(Report.asked_at.desc(), Report.id)
    return query.execution_options(populate_existing=True)


def _record(row: Report) -> ReportRecord:
    state = ReportState(row.state)
    if state in UNFINISHED and row.changed_at < datetime.now(UTC) - STANDS_STILL:
        state = ReportState.FAILED
    return ReportRecord(
        row.id,
        row.map_id,
        row.language,
        state,
        row.progress,
        row.step,
        row.asked_by,
        row.asked_at,
        row.changed_at,
    )
