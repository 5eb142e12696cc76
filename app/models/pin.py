"""Pins and the support that others give them."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import REAL, ForeignKeyConstraint, Index, Integer, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, PointWgs84, one_of

WORDS = text("to_tsvector('simple'::regconfig, plain_words(comment))")
"""The words of a comment without diacritics, as the search compares them; `plain_words`: see migration 0002."""


class Channel(StrEnum):
    """How a pin came."""

    WEB = "web"
    PAPER = "paper"
    IMPORT = "import"


class PinState(StrEnum):
    """Who may see a pin: everybody, officials until it is approved, or officials only."""

    VISIBLE = "visible"
    PENDING = "pending"
    HIDDEN = "hidden"


class PinStatus(StrEnum):
    """What the town does about it."""

    RECEIVED = "received"
    PLANNED = "planned"
    DONE = "done"
    DECLINED = "declined"


class Pin(Base):
    """A point, a category, optionally a comment and answers; made by one respondent through one channel."""

    __tablename__ = "pin"
    __table_args__ = (
        one_of("channel", Channel),
        one_of("state", PinState),
        one_of("status", PinStatus),
        ForeignKeyConstraint(["map_id", "respondent_id"], ["respondent.map_id", "respondent.id"]),
        ForeignKeyConstraint(["map_id", "category"], ["category.map_id", "category.key"]),
        ForeignKeyConstraint(["map_id", "event"], ["event.map_id", "event.code"]),
        Index("ix_pin_position", "position", postgresql_using="gist"),
        Index("ix_pin_map_id_created_at", "map_id", "created_at", "id"),
        # With the square: whether a person has another pin in it is asked for every pin that comes or goes.
        Index("ix_pin_person", "map_id", "respondent_id", "category", "square_x", "square_y"),
        Index(
            "ix_pin_queue",
            "map_id",
            "created_at",
            "id",
            postgresql_where=text("state = 'pending' OR (flagged AND state = 'visible')"),
        ),
        Index("ix_pin_unchecked", "map_id", postgresql_where=text("checked_at IS NULL")),
        Index("ix_pin_place", "map_id", "place_id", postgresql_where=text("place_id IS NOT NULL")),
        Index("ix_pin_words", WORDS, postgresql_using="gin", postgresql_where=text("comment IS NOT NULL")),
    )

    map_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    """Made by the client (UUID v4) or, for imports, derived from the row: sending twice stores once."""
    respondent_id: Mapped[uuid.UUID]
    category: Mapped[str]
    position: Mapped[PointWgs84]
    square_x: Mapped[int] = mapped_column(Integer)
    """Column of the 25 m square in the map's metric CRS: floor(easting / 25); with `square_y` what heat counts."""
    square_y: Mapped[int] = mapped_column(Integer)
    zoom: Mapped[int | None] = mapped_column(SmallInteger)
    """Zoom level at which the pin was placed: how precise it can be."""
    precision_m: Mapped[float | None] = mapped_column(REAL)
    """How far from its place it may lie, where that is known otherwise: from paper, or from a name of a place."""
    comment: Mapped[str | None]
    answers: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    channel: Mapped[str]
    event: Mapped[str | None]
    state: Mapped[str] = mapped_column(server_default=PinState.VISIBLE)
    hidden_reason: Mapped[str | None]
    status: Mapped[str] = mapped_column(server_default=PinStatus.RECEIVED)
    answer: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    supports: Mapped[int] = mapped_column(Integer, server_default=text("0"))
    """How many others support it; kept beside the rows of `support` in the same transaction."""
    place_id: Mapped[uuid.UUID | None]
    """The answered place whose answer this is; None where the pin was answered by itself, or not at all."""
    original_comment: Mapped[str | None]
    """What the author wrote, where an official masked words of it; for officials, until anonymised."""
    flagged: Mapped[bool] = mapped_column(server_default=text("false"))
    """Whether the pin has flags that nobody has settled."""
    checked_at: Mapped[datetime | None]
    """When the queue last looked for flags that need other pins to compare with; None: not since it changed."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Support(Base):
    """One respondent's "me too" on somebody's pin."""

    __tablename__ = "support"
    __table_args__ = (
        ForeignKeyConstraint(["map_id", "pin_id"], ["pin.map_id", "pin.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["map_id", "respondent_id"], ["respondent.map_id", "respondent.id"]),
    )

    map_id: Mapped[int] = mapped_column(primary_key=True)
    pin_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    respondent_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
