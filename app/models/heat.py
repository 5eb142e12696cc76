"""What heat counts, kept beside the pins: blocks of counted squares, and the changes that are not in them yet.

A change of pins writes its rows of `heat_change` in its own transaction (triggers on `pin`, migration 0004). In
any one snapshot of the database the blocks and those rows together are exactly what the pins say; at times they
are taken into the blocks (services/counts.py). Nobody who pins waits for anybody else: see decision 0015.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Integer, SmallInteger, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base
from app.models.town_map import TownMap


class HeatState(Base):
    """How far the changes of one map have been taken into its blocks."""

    __tablename__ = "heat_state"

    map_id: Mapped[int] = mapped_column(ForeignKey(TownMap.id, ondelete="CASCADE"), primary_key=True)
    folded: Mapped[int] = mapped_column(server_default=text("0"))
    """How many changes have been taken in; with `folded_mark`, and those that wait, the mark of the map's pins."""
    folded_mark: Mapped[int] = mapped_column(server_default=text("0"))
    """The hashes of their ids, folded by XOR."""
    folded_at: Mapped[datetime] = mapped_column(server_default=func.now())
    visible: Mapped[int] = mapped_column(server_default=text("0"))
    """Visible pins of the map without what the waiting changes add or take away."""
    visible_at: Mapped[int | None]
    """What `folded` was when `visible` was right; otherwise it is to be counted anew."""


class HeatBlock(Base):
    """The counted squares of one square kilometre and category, as arrays (gis/blocks.py)."""

    __tablename__ = "heat_block"

    map_id: Mapped[int] = mapped_column(ForeignKey(TownMap.id, ondelete="CASCADE"), primary_key=True)
    category: Mapped[str] = mapped_column(primary_key=True)
    block_x: Mapped[int] = mapped_column(Integer, primary_key=True)
    block_y: Mapped[int] = mapped_column(Integer, primary_key=True)
    people: Mapped[bytes]
    """Respondents with a visible pin, square by square; the same for pins, and for people in squares of 250 m."""
    pins: Mapped[bytes]
    crowd: Mapped[bytes]
    office_people: Mapped[bytes]
    """The three once more with the pins that wait for a look."""
    office_pins: Mapped[bytes]
    office_crowd: Mapped[bytes]


class HeatChange(Base):
    """A pin more or less in a square, not in the blocks yet; or, without a respondent, another change of pins."""

    __tablename__ = "heat_change"

    # No foreign key: it would lock the map's row once more for every pin, and the rows are gone within minutes.
    map_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    respondent_id: Mapped[uuid.UUID | None]
    category: Mapped[str | None]
    square_x: Mapped[int | None] = mapped_column(Integer)
    square_y: Mapped[int | None] = mapped_column(Integer)
    visible: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    """1 for a visible pin that came, -1 for one that went."""
    counted: Mapped[int] = mapped_column(SmallInteger, server_default=text("0"))
    """The same of all pins that nobody has hidden."""
