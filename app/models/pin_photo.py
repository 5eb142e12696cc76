"""The photo that a citizen may add to a pin, where the map allows it."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKeyConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, one_of


class PhotoShown(StrEnum):
    """Who may see a photo: officials until one has looked at it, everybody, or nobody any more but officials."""

    WAITING = "waiting"
    SHOWN = "shown"
    REFUSED = "refused"


class PinPhoto(Base):
    """One photo of one pin, made anew from its pixels: nothing that the camera wrote beside them is kept."""

    __tablename__ = "pin_photo"
    __table_args__ = (
        one_of("state", PhotoShown),
        ForeignKeyConstraint(["map_id", "pin_id"], ["pin.map_id", "pin.id"], ondelete="CASCADE"),
        Index(
            "ix_pin_photo_waiting",
            "map_id",
            "created_at",
            "pin_id",
            postgresql_where=text("state = 'waiting'"),
        ),
    )

    map_id: Mapped[int] = mapped_column(primary_key=True)
    pin_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    state: Mapped[str]
    digest: Mapped[bytes]
    """SHA-256 of the file as it was sent: sending twice changes nothing."""
    picture: Mapped[bytes]
    """JPEG without metadata."""
    small: Mapped[bytes]
    """The same for lists."""
    width: Mapped[int]
    height: Mapped[int]
    alt: Mapped[str | None]
    """What is to be seen, in the sender's words, for those who can't see it."""
    reason: Mapped[str | None]
    """Why it is not shown."""
    checked_by: Mapped[str | None]
    checked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
