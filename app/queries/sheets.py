"""Printed sheets: one by its serial with all that reading needs, and the orders of a map."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from app.models import Sheet, SheetPrint, TownMap
from gis.paper.sheet import PaperSheet, sheet_from_json


@dataclass(frozen=True)
class SheetRecord:
    """One printed sheet."""

    map_id: int
    map_slug: str
    serial: str
    n: int
    print_id: uuid.UUID
    event: str | None
    by_row: bool
    sheet: PaperSheet = field(repr=False)
    receipt_hash: bytes | None = field(repr=False)
    about: Mapping[str, Any]
    checked_by: str | None
    checked_at: datetime | None


@dataclass(frozen=True)
class PrintRecord:
    """One order of sheets."""

    id: uuid.UUID
    event: str | None
    sheet: PaperSheet = field(repr=False)
    by_row: bool
    pages_on: str | None
    made_by: str | None
    created_at: datetime
    serials: Sequence[str]


def find_sheet(session: Session, serial: str, map_id: int | None = None) -> SheetRecord | None:
    """The sheet of this serial, of this map or of whatever map; None where none was printed."""
    wanted = _SHEETS.where(Sheet.serial == serial)
    if map_id is not None:
        wanted = wanted.where(Sheet.map_id == map_id)
    row = session.execute(wanted).first()
    return _record(*row) if row else None


def sheets_of(session: Session, map_id: int, print_id: uuid.UUID | None = None) -> list[SheetRecord]:
    """All sheets of a map, or those printed together, in the order of printing."""
    wanted = _SHEETS.where(Sheet.map_id == map_id)
    if print_id:
        wanted = wanted.where(Sheet.print_id == print_id)
    rows = session.execute(wanted.order_by(SheetPrint.created_at, Sheet.print_id, Sheet.n)).all()
    return [_record(*row) for row in rows]


def clean_picture(session: Session, map_id: int, print_id: uuid.UUID) -> bytes:
    """The frame of a print without marks: a PNG of `PaperSheet.picture_size`."""
    return session.scalars(
        select(SheetPrint.picture).where(SheetPrint.map_id == map_id, SheetPrint.id == print_id)
    ).one()


def prints_of(session: Session, map_id: int) -> list[PrintRecord]:
    """The orders of a map, the newest first."""
    serials = func.array_agg(aggregate_order_by(Sheet.serial, Sheet.n))
    rows = session.execute(
        select(SheetPrint, serials)
        .join(Sheet, (Sheet.map_id == SheetPrint.map_id) & (Sheet.print_id == SheetPrint.id))
        .where(SheetPrint.map_id == map_id)
        .group_by(SheetPrint.map_id, SheetPrint.id)
        .order_by(SheetPrint.created_at.desc(), SheetPrint.id)
    ).all()
    return [
        PrintRecord(
            id=row.id,
            event=row.event,
            sheet=sheet_from_json(row.geometry),
            by_row=row.by_row,
            pages_on=row.pages_on,
            made_by=row.made_by,
            created_at=row.created_at,
            serials=tuple(its),
        )
        for row, its in rows
    ]


_SHEETS = (
    select(Sheet, SheetPrint.event, SheetPrint.by_row, SheetPrint.geometry, TownMap.slug)
    .join(SheetPrint, (SheetPrint.map_id == Sheet.map_id) & (SheetPrint.id == Sheet.print_id))
    .join(TownMap, TownMap.id == Sheet.map_id)
)


def _record(row: Sheet, event: str | None, by_row: bool, geometry: dict[str, Any], slug: str) -> SheetRecord:
    return SheetRecord(
        row.map_id, slug, row.serial, row.n, row.print_id, event, by_row, sheet_from_json(geometry),
        row.receipt_hash, row.about, row.checked_by, row.checked_at,
    )  # fmt: skip
