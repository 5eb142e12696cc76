"""Respondents: anonymous people, known by a salted hash of a token or by a paper sheet."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base
from app.models.town_map import TownMap


class Respondent(Base):
    """One anonymous person on one map.

    The id is the salted hash of the device's token (services/respondents.py), so the first pin of a device
    needs no look-up, and two first pins at once can't make two people of one.
    """

    __tablename__ = "respondent"
    __table_args__ = (UniqueConstraint("map_id", "receipt_hash"),)

    map_id: Mapped[int] = mapped_column(ForeignKey(TownMap.id, ondelete="CASCADE"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    about: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """Group answers by question key; never published."""
    receipt_hash: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class RespondentDevice(Base):
    """A further device that joined a respondent by receipt: its own hash, and whom it speaks for."""

    __tablename__ = "respondent_device"
    __table_args__ = (
        ForeignKeyConstraint(
            ["map_id", "respondent_id"], ["respondent.map_id", "respondent.id"], ondelete="CASCADE"
        ),
    )

    map_id: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    respondent_id: Mapped[uuid.UUID]
