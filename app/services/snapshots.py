"""The daily snapshot of a map that does not publish its pins: counted once a day, when first asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime

from sqlalchemy import Integer, cast, delete, func, insert, select
from sqlalchemy.orm import Session

from app.config import TOWN_CLOCK
from app.inputs.filters import PUBLIC_FILTER, Scope
from app.models import DaySnapshot, HeatSnapshot
from app.queries.counts import COLUMNS, packed, read_counts
from app.queries.heat import snapshot_day, uses_snapshot
from app.queries.maps import MapRecord
from app.queries.summary import count_summary

LOCK = 2_718_281
"""The first half of the advisory lock's key, so that ours meets nobody else's."""


def is_due(session: Session, the_map: MapRecord, today: date | None = None) -> bool:
    """Whether the map still has to be counted for today."""
    return uses_snapshot(the_map) and not _is_taken(session, the_map.id, today or _today())


def ensure_snapshot(session: Session, the_map: MapRecord, today: date | None = None) -> bool:
    """Count the map for today if that is not yet done and its public needs it; whether it was done now.

    Of two processes that come first on a day, one counts and the other waits and finds it counted. What was
    counted stays till tomorrow, whatever pins come or go: two answers of a day are the same answer.
    """
    today = today or _today()
    if not is_due(session, the_map, today):
        return False
    session.execute(select(func.pg_advisory_xact_lock(cast(LOCK, Integer), cast(the_map.id, Integer))))
    if _is_taken(session, the_map.id, today):
        return False
    _take(session, the_map, today)
    return True


def _today() -> date:
    return datetime.now(TOWN_CLOCK).date()


def _is_taken(session: Session, map_id: int, today: date) -> bool:
    # A process whose clock is behind must not bring yesterday back.
    newest = snapshot_day(session, map_id)
    return newest is not None and newest >= today


def _take(session: Session, the_map: MapRecord, today: date) -> None:
    summary = count_summary(session, the_map, PUBLIC_FILTER)
    session.add(
        DaySnapshot(map_id=the_map.id, taken_on=today, taken_at=datetime.now(UTC), summary=summary.as_json())
    )
    session.flush()
    blocks = packed(read_counts(session, the_map.id, Scope.PUBLIC))
    rows = [
        {"map_id": the_map.id, "taken_on": today, "category": category, "block_x": block.x, "block_y": block.y}
        | {name: getattr(block, name) for name in COLUMNS}
        for category, block in blocks
    ]
    if rows:
        session.execute(insert(HeatSnapshot), rows)
    session.execute(delete(DaySnapshot).where(DaySnapshot.map_id == the_map.id, DaySnapshot.taken_on < today))
