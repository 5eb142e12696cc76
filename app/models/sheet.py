"""Paper: sheets as they were printed, photos of them, and the marks that were found on them."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import REAL, ForeignKey, ForeignKeyConstraint, Index, SmallInteger, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, one_of
from app.models.town_map import TownMap


class PhotoState(StrEnum):
    """How far a photo is."""

    WAITING = "waiting"
    READING = "reading"
    READ = "read"
    """Its marks are with its sheet, to be looked at."""
    REFUSED = "refused"
    """It could not be read; `reason` says why. Its corners may still be clicked by hand."""


class MarkKind(StrEnum):
    """What somebody put on the paper."""

    STICKER = "sticker"
    DOT = "dot"
    """Of a felt pen."""
    CROSS = "cross"
    HAND = "hand"
    """Not found but added by an official."""


class MarkState(StrEnum):
    """What an official decided about a mark."""

    FOUND = "found"
    ACCEPTED = "accepted"
    """It is a pin, with the mark's id."""
    DROPPED = "dropped"


class SheetPrint(Base):
    """One order of sheets: so and so many of the same picture, each with its own serial."""

    __tablename__ = "sheet_print"
    __table_args__ = (
        ForeignKeyConstraint(
            ["map_id", "event"], ["event.map_id", "event.code"], onupdate="CASCADE", ondelete="SET NULL (event)"
        ),
    )

    map_id: Mapped[int] = mapped_column(ForeignKey(TownMap.id, ondelete="CASCADE"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    event: Mapped[str | None]
    geometry: Mapped[dict[str, Any]]
    """Page, frame, markers, place on the ground and colours: gis/paper/sheet.py writes and reads it."""
    by_row: Mapped[bool]
    """Whether each numbered row of the table is a person; else the whole sheet is one."""
    pages_on: Mapped[str | None]
    """The paper on whose pages a large sheet was printed in parts."""
    picture: Mapped[bytes] = mapped_column(deferred=True)
    """The frame as it was printed, without marks: a PNG, as large as photos are straightened to."""
    pdf: Mapped[bytes] = mapped_column(deferred=True)
    """What was printed, to be printed once more exactly so: the ground may have been changed since."""
    made_by: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Sheet(Base):
    """One printed paper map with its own serial."""

    __tablename__ = "sheet"
    __table_args__ = (
        ForeignKeyConstraint(["map_id", "print_id"], ["sheet_print.map_id", "sheet_print.id"], ondelete="CASCADE"),
        Index("ix_sheet_serial", "serial"),
    )

    map_id: Mapped[int] = mapped_column(primary_key=True)
    serial: Mapped[str] = mapped_column(primary_key=True)
    """Random: nobody can guess the serial of a sheet they don't hold (gis/paper/serial.py)."""
    print_id: Mapped[uuid.UUID]
    n: Mapped[int]
    """Its number among those printed together, from 1."""
    receipt_hash: Mapped[bytes | None]
    """Of the code on its slip, with which its person comes back; None where each row is a person."""
    about: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """Group answers of its person, copied from the paper."""
    checked_by: Mapped[str | None]
    checked_at: Mapped[datetime | None]
    """When its marks were last accepted."""


class SheetPhoto(Base):
    """One photo, scan or page of a scan."""

    __tablename__ = "sheet_photo"
    __table_args__ = (
        one_of("state", PhotoState),
        UniqueConstraint("map_id", "digest", "page"),
        Index("ix_sheet_photo_serial", "map_id", "serial"),
        Index("ix_sheet_photo_waiting", "created_at", postgresql_where=text("state IN ('waiting', 'reading')")),
    )

    map_id: Mapped[int] = mapped_column(ForeignKey(TownMap.id, ondelete="CASCADE"), primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes]
    """SHA-256 of the file: the same photo twice is one."""
    page: Mapped[int] = mapped_column(server_default=text("1"))
    filename: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=PhotoState.WAITING)
    serial: Mapped[str | None]
    """Of the sheet that it shows, once known; typed by an official where the photo did not tell."""
    corners: Mapped[list[dict[str, Any]] | None]
    """The frame's corners in the picture as an official clicked them: [{"x", "y"}], top left first, clockwise."""
    reading: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """How it was read: error in millimetres and metres, what of the frame it shows, light, sharpness."""
    reason: Mapped[str | None]
    """Why it was refused: a member of gis/scan/failure.py."""
    evidence: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    uploaded_by: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    begun_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]


class PhotoPicture(Base):
    """A photo's pixels: as uploaded until it is read, then the frame alone, unless the map keeps whole photos."""

    __tablename__ = "photo_picture"
    __table_args__ = (
        ForeignKeyConstraint(["map_id", "photo_id"], ["sheet_photo.map_id", "sheet_photo.id"], ondelete="CASCADE"),
    )

    map_id: Mapped[int] = mapped_column(primary_key=True)
    photo_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(primary_key=True)
    """`original`: the file as it came; `whole`: a smaller JPEG of all; `frame`: the straightened frame as JPEG."""
    content: Mapped[bytes] = mapped_column(deferred=True)


class SheetMark(Base):
    """One mark on a sheet, found in photos or put there by an official; its id is that of the pin it becomes."""

    __tablename__ = "sheet_mark"
    __table_args__ = (
        one_of("kind", MarkKind),
        one_of("state", MarkState),
        ForeignKeyConstraint(["map_id", "serial"], ["sheet.map_id", "sheet.serial"], ondelete="CASCADE"),
        Index("ix_sheet_mark_serial", "map_id", "serial"),
    )

    map_id: Mapped[int] = mapped_column(primary_key=True)
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    serial: Mapped[str]
    photo_id: Mapped[uuid.UUID | None]
    """The photo in which it was found best."""
    kind: Mapped[str]
    state: Mapped[str] = mapped_column(server_default=MarkState.FOUND)
    category: Mapped[str]
    x_mm: Mapped[float] = mapped_column(REAL)
    y_mm: Mapped[float] = mapped_column(REAL)
    """Of its centre, from the page's top left corner."""
    found: Mapped[dict[str, Any] | None]
    """What the photo said before anybody changed it: {"x_mm", "y_mm", "category"}; None for one put by hand."""
    diameter_mm: Mapped[float | None] = mapped_column(REAL)
    confidence: Mapped[float] = mapped_column(REAL)
    """0 to 1; 1 for what an official put there."""
    precision_mm: Mapped[float] = mapped_column(REAL)
    row: Mapped[int | None] = mapped_column(SmallInteger)
    """The number of its line in the sheet's table."""
    comment: Mapped[str | None]
    changed_by: Mapped[str | None]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
