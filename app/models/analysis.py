"""Analyses that take a while: what was asked, how far it is, what came out."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, one_of
from app.models.town_map import TownMap


class RunState(StrEnum):
    """Where a run stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class AnalysisRun(Base):
    """One analysis of one map, as somebody asked for it."""

    __tablename__ = "analysis_run"
    __table_args__ = (
        one_of("state", RunState),
        Index("ix_analysis_run_newest", "map_id", "kind", "created_at"),
        Index("ix_analysis_run_waiting", "created_at", postgresql_where=text("state IN ('waiting', 'running')")),
    )

    map_id: Mapped[int] = mapped_column(ForeignKey(TownMap.id, ondelete="CASCADE"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    """Which analysis: a key of queries/analyses.py."""
    asked: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """What was chosen beside the map: the other round, the layer of facts."""
    mark: Mapped[str]
    """The mark of the pins it was made of (queries/heat.py): another now means that pins have changed since."""
    state: Mapped[str] = mapped_column(server_default=RunState.WAITING)
    step: Mapped[str | None]
    """What it is doing: a gettext id."""
    share: Mapped[float] = mapped_column(server_default=text("0"))
    """How much of it is done, 0 to 1."""
    result: Mapped[bytes | None]
    """What came out: JSON, compressed."""
    problem: Mapped[str | None]
    """Why nothing came out: a gettext id."""
    asked_by: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    started_at: Mapped[datetime | None]
    beat_at: Mapped[datetime | None]
    """When its process was last heard of."""
    finished_at: Mapped[datetime | None]
