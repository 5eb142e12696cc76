"""Events at which pins are collected."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, Texts, one_of
from app.models.town_map import TownMap


class EventKind(StrEnum):
    """What sort of gathering it is."""

    FORUM = "forum"
    ROUND_TABLE = "round_table"
    SCHOOL_FORUM = "school_forum"
    STAND = "stand"


class Event(Base):
    """A forum, round table, school forum or stand; its code opens the map with the event attached."""

    __tablename__ = "event"
    __table_args__ = (one_of("kind", EventKind),)

    map_id: Mapped[int] = mapped_column(ForeignKey(TownMap.id, ondelete="CASCADE"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    title: Mapped[Texts]
    place: Mapped[str | None]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    target_group: Mapped[Texts] = mapped_column(server_default="{}")
    expected_people: Mapped[int | None]
    simple: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether its code opens the map in plain steps: larger, with pictures, one question at a time."""
