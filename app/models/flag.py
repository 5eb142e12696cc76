"""Flags: what the queue noticed about a pin by itself."""

from __future__ import annotations

import uuid
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, one_of


class FlagKind(StrEnum):
    """Why somebody should look at a pin."""

    PHONE = "phone"
    EMAIL = "email"
    BIRTH_NUMBER = "birth_number"
    NUMBER_PLATE = "number_plate"
    LINK = "link"
    VULGAR = "vulgar"
    REPEATED = "repeated"
    BURST = "burst"
    CLOSE = "close"
    OUTSIDE = "outside"


class PinFlag(Base):
    """One reason to look at one pin."""

    __tablename__ = "pin_flag"
    __table_args__ = (
        one_of("kind", FlagKind),
        ForeignKeyConstraint(["map_id", "pin_id"], ["pin.map_id", "pin.id"], ondelete="CASCADE"),
    )

    map_id: Mapped[int] = mapped_column(primary_key=True)
    pin_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    detail: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """{"spans": [[start, end], …]} in characters of the comment, or {"n": how many}."""
    settled: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether an official has looked and decided."""
