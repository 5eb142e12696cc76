"""The marks of one sheet, and which sheet is to be looked at next."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from app.models import (
    MarkKind,
    MarkState,
    PhotoState,
    Pin,
    Sheet,
    SheetMark,
    SheetPhoto,
    SheetPrint,
)

UNSURE: Final = 0.7
"""Below this confidence a mark should be looked at before it becomes a pin."""


@dataclass(frozen=True)
class MarkRecord:
    """One mark as the office reads it."""

    id: uuid.UUID
    photo_id: uuid.UUID | None
    kind: str
    state: str
    category: str
    x_mm: float
    y_mm: float
    found: Mapping[str, Any] | None
    diameter_mm: float | None
    confidence: float
    row: int | None
    comment: str | None
    """Of its pin where it is one: there it is kept, masked and taken back."""
    changed_by: str | None
    changed_at: datetime
    pin_state: str | None
    """None where there is no pin (any more)."""

    @property
    def is_gone(self) -> bool:
        """Whether it was a pin that its author has taken back."""
        return self.state == MarkState.ACCEPTED and self.pin_state is None

    @property
    def is_unsure(self) -> bool:
        """Whether a photo said it, but not plainly, and nobody has looked yet."""
        return self.state == MarkState.FOUND and self.kind != MarkKind.HAND and self.confidence < UNSURE


@dataclass(frozen=True)
class Ahead:
    """What is still to be looked at besides this sheet."""

    serial: str | None
    n: int


def marks_of(session: Session, map_id: int, serial: str) -> list[MarkRecord]:
    """The marks of a sheet: those nobody decided about first, then pins, then dropped ones; each from the top."""
    order = {MarkState.FOUND: 0, MarkState.ACCEPTED: 1, MarkState.DROPPED: 2}
    rows = session.execute(
        select(SheetMark, Pin.state, Pin.comment)
        .outerjoin(Pin, and_(Pin.map_id == SheetMark.map_id, Pin.id == SheetMark.id))
        .where(SheetMark.map_id == map_id, SheetMark.serial == serial)
        .execution_options(populate_existing=True)
    )
    found = [_mark(*row) for row in rows]
    return sorted(found, key=lambda mark: (order[MarkState(mark.state)], mark.y_mm, mark.x_mm, mark.id))


def unchecked_sheets(session: Session, map_id: int) -> list[str]:
    """Serials of the sheets that wait for somebody to look at their marks, in the order they were printed."""
    return list(
        session.scalars(
            select(Sheet.serial)
            .join(SheetPrint, and_(SheetPrint.map_id == Sheet.map_id, SheetPrint.id == Sheet.print_id))
            .where(Sheet.map_id == map_id, is_unchecked())
            .order_by(SheetPrint.created_at, Sheet.print_id, Sheet.n)
        )
    )


def ahead_of(session: Session, map_id: int, serial: str) -> Ahead:
    """The next sheet to look at after this one, round to the first, and how many there are without it."""
    waiting = unchecked_sheets(session, map_id)
    others = [one for one in waiting if one != serial]
    if serial in waiting:
        following: Sequence[str] = waiting[waiting.index(serial) + 1 :]
    else:
        mine = printed_order(session, map_id)
        place = mine.get(serial, 0)
        following = [one for one in others if mine.get(one, 0) > place]
    return Ahead(next(iter([*following, *others]), None), len(others))


def printed_order(session: Session, map_id: int) -> dict[str, int]:
    """The place of each sheet of the map in the order of printing."""
    rows = session.scalars(
        select(Sheet.serial)
        .join(SheetPrint, and_(SheetPrint.map_id == Sheet.map_id, SheetPrint.id == Sheet.print_id))
        .where(Sheet.map_id == map_id)
        .order_by(SheetPrint.created_at, Sheet.print_id, Sheet.n)
    )
    return {serial: place for place, serial in enumerate(rows)}


def is_unchecked() -> ColumnElement[bool]:
    """Whether somebody has yet to look at a row of `sheet`: marks undecided, or photos and nobody yet."""
    undecided = exists().where(
        SheetMark.map_id == Sheet.map_id, SheetMark.serial == Sheet.serial, SheetMark.state == MarkState.FOUND
    )
    read = exists().where(
        SheetPhoto.map_id == Sheet.map_id,
        SheetPhoto.serial == Sheet.serial,
        SheetPhoto.state == PhotoState.READ,
    )
    return or_(undecided, and_(Sheet.checked_at.is_(None), read))


def _mark(row: SheetMark, pin_state: str | None, pin_comment: str | None) -> MarkRecord:
    is_pin = row.state == MarkState.ACCEPTED and pin_state is not None
    return MarkRecord(
        row.id, row.photo_id, row.kind, row.state, row.category, row.x_mm, row.y_mm, row.found,
        row.diameter_mm, row.confidence, row.row, pin_comment if is_pin else row.comment, row.changed_by,
        row.changed_at, pin_state,
    )  # fmt: skip
