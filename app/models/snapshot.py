"""The daily snapshot: what a map that does not publish its pins shows to everybody until tomorrow."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Integer
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base
from app.models.town_map import TownMap


class DaySnapshot(Base):
    """One day's public numbers of one map; the row's existence says that the day has been counted."""

    __tablename__ = "day_snapshot"

    map_id: Mapped[int] = mapped_column(ForeignKey(TownMap.id, ondelete="CASCADE"), primary_key=True)
    taken_on: Mapped[date] = mapped_column(primary_key=True)
    """The day by the town's clocks."""
    taken_at: Mapped[datetime]
    summary: Mapped[dict[str, Any]]
    """What the results page says in numbers (queries/summary.py)."""


class HeatSnapshot(Base):
    """What was counted by that day in one square kilometre and category: the visible pins of `HeatBlock`."""

    __tablename__ = "heat_snapshot"
    __table_args__ = (
        ForeignKeyConstraint(
            ["map_id", "taken_on"], ["day_snapshot.map_id", "day_snapshot.taken_on"], ondelete="CASCADE"
        ),
    )

    map_id: Mapped[int] = mapped_column(primary_key=True)
    taken_on: Mapped[date] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(primary_key=True)
    block_x: Mapped[int] = mapped_column(Integer, primary_key=True)
    block_y: Mapped[int] = mapped_column(Integer, primary_key=True)
    people: Mapped[bytes]
    pins: Mapped[bytes]
    crowd: Mapped[bytes]
