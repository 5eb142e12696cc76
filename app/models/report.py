"""Council reports: asked for by an official, made in the background, kept as files."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, one_of
from app.models.town_map import TownMap


class ReportState(StrEnum):
    """How far a report is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Report(Base):
    """One council report of a map; its files lie in the home folder under its id."""

    __tablename__ = "report"
    __table_args__ = (one_of("state", ReportState),)

    map_id: Mapped[int] = mapped_column(ForeignKey(TownMap.id, ondelete="CASCADE"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    language: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=ReportState.WAITING)
    progress: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    """Hundredths of the work done."""
    step: Mapped[str] = mapped_column(server_default="")
    """The message id of what is being done."""
    asked_by: Mapped[str]
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When it last made progress: a report that stands still has lost its worker."""
