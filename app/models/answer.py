"""What the town says: answers for places, and wordings kept for the next time."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Identity, func
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import AreaWgs84, Base, one_of
from app.models.pin import PinStatus
from app.models.town import Town
from app.models.town_map import TownMap


class AnsweredPlace(Base):
    """An area the town answers as one: the answer reaches every pin in it."""

    __tablename__ = "answered_place"
    __table_args__ = (one_of("status", PinStatus),)

    map_id: Mapped[int] = mapped_column(ForeignKey(TownMap.id, ondelete="CASCADE"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    """What people call the place."""
    area: Mapped[AreaWgs84]
    categories: Mapped[list[str]] = mapped_column(server_default="{}")
    """Whose pins are meant; empty: all."""
    status: Mapped[str]
    answer: Mapped[str]
    answered_at: Mapped[datetime] = mapped_column(server_default=func.now())


class AnswerTemplate(Base):
    """A wording that a town uses again and again."""

    __tablename__ = "answer_template"
    __table_args__ = (one_of("status", PinStatus),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    town_id: Mapped[int] = mapped_column(ForeignKey(Town.id, ondelete="CASCADE"), index=True)
    title: Mapped[str]
    status: Mapped[str]
    text: Mapped[str]
