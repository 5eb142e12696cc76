"""Runs of analyses: which there are, how far each is, and what came out of the newest that is done."""

from __future__ import annotations

import uuid
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, defer

from app.i18n import N_
from app.inputs.filters import Scope
from app.models import AnalysisRun, Pin, RunState
from app.queries.analyses import ANALYSES, Asked
from app.queries.features import conditions
from app.queries.heat import heat_version
from app.queries.maps import MapRecord
from app.queries.pin_table import OFFICE_COUNTS

UNFINISHED = (RunState.WAITING, RunState.RUNNING)
SILENT = timedelta(seconds=60)
"""A running one whose process was not heard of for so long has lost it."""
LOST = N_("Its process ended before it was done; perhaps the server was restarted. Please start it again.")


@dataclass(frozen=True)
class RunRecord:
    """One run as it is at this moment."""

    id: uuid.UUID
    map_id: int
    kind: str
    asked: Asked
    state: RunState
    """`failed` also where its process was lost."""
    share: float
    """How much of it is done, 0 to 1."""
    step: str | None
    """What it is doing: a message id."""
    problem: str | None
    """Why nothing came out: a message id."""
    asked_by: str | None
    created_at: datetime
    finished_at: datetime | None

    @property
    def is_unfinished(self) -> bool:
        """Whether somebody still waits for it."""
        return self.state in UNFINISHED


@dataclass(frozen=True)
class Kept:
    """What came out of a run, and of which pins it was made."""

    id: uuid.UUID
    kind: str
    asked: Asked
    result: Any = field(repr=False)
    """The `Result` of its kind."""
    mark: str
    is_fresh: bool
    """Whether the pins are still those that it was made of."""
    started_at: datetime
    """When it read them."""
    finished_at: datetime


def newest_result(
    session: Session, the_map: MapRecord, kind: str, asked: Asked | None = None, *, mark: str | None = None
) -> Kept | None:
    """What came out of the newest run of this kind that is done, of these choices or of any; None before one is.

    A result that this version of the program does not understand any more counts as none. `mark` is that of the
    map's pins now where the caller knows it.
    """
    query = select(AnalysisRun).where(*_of(the_map.id, kind, asked), AnalysisRun.state == RunState.DONE)
    row = session.scalar(query.order_by(AnalysisRun.created_at.desc(), AnalysisRun.id).limit(1))
    if row is None or row.result is None:
        return None
    try:
        result = unpacked(kind, row.result)
    except msgspec.MsgspecError:
        return None
    now = mark_of(session, the_map, kind, row.asked, pins=mark)
    finished = row.finished_at or row.created_at
    started = row.started_at or row.created_at
    return Kept(row.id, kind, row.asked, result, row.mark, row.mark == now, started, finished)


def newest_run(session: Session, map_id: int, kind: str) -> RunRecord | None:
    """The newest run of this kind in whatever state, but for those that were cancelled."""
    row = session.scalar(_newest(_of(map_id, kind)).where(AnalysisRun.state != RunState.CANCELLED).limit(1))
    return None if row is None else record_of(row)


def runs_of(session: Session, map_id: int, kind: str | None = None) -> list[RunRecord]:
    """All runs of a map that are still known, the newest first."""
    where = _of(map_id, kind) if kind else [AnalysisRun.map_id == map_id]
    return [record_of(row) for row in session.scalars(_newest(where))]


def mark_of(session: Session, the_map: MapRecord, kind: str, asked: Asked, *, pins: str | None = None) -> str:
    """The mark of all that a run is made of: the map's pins, and what else its kind looks at.

    A kind that looks at more (another round, a layer of facts) says so by `beside(session, the_map, asked)` in
    its module: a text that is another once that changes.
    """
    pins = pins or pins_mark(session, the_map)
    beside = ANALYSES[kind].beside(session, the_map, asked)
    return f"{pins}/{beside}" if beside else pins


def pins_mark(session: Session, the_map: MapRecord) -> str:
    """The mark of the map's pins as they are now."""
    return heat_version(session, the_map, OFFICE_COUNTS, Scope.OFFICE)


def pins_since(session: Session, the_map: MapRecord, moment: datetime) -> int:
    """How many of the pins that count were placed after this moment."""
    newer = [*conditions(the_map.id, OFFICE_COUNTS), Pin.created_at > moment]
    return session.scalar(select(func.count()).select_from(Pin).where(*newer)) or 0


def packed(result: Any) -> bytes:
    """A result as it is stored."""
    return zlib.compress(msgspec.json.encode(result))


def unpacked(kind: str, stored: bytes) -> Any:
    """The result that was stored; MsgspecError where it is of another form than today's."""
    return msgspec.json.decode(zlib.decompress(stored), type=ANALYSES[kind].result_type)


def record_of(row: AnalysisRun) -> RunRecord:
    """A run as it is at this moment."""
    state, problem = RunState(row.state), row.problem
    heard = row.beat_at or row.created_at
    if state is RunState.RUNNING and heard < datetime.now(UTC) - SILENT:
        state, problem = RunState.FAILED, LOST
    return RunRecord(
        row.id,
        row.map_id,
        row.kind,
        row.asked,
        state,
        row.share,
        row.step,
        problem,
        row.asked_by,
        row.created_at,
        row.finished_at,
    )


def _of(map_id: int, kind: str, asked: Mapping[str, str] | None = None) -> list[Any]:
    of_kind: list[Any] = [AnalysisRun.map_id == map_id, AnalysisRun.kind == kind]
    return of_kind if asked is None else [*of_kind, AnalysisRun.asked == dict(asked)]


def _newest(where: Iterable[Any]) -> Select[AnalysisRun]:
    query = select(AnalysisRun).where(*where).order_by(AnalysisRun.created_at.desc(), AnalysisRun.id)
    # What came out may be megabytes, and these rows say only how far it is.
    return query.options(defer(AnalysisRun.result)).execution_options(populate_existing=True)
