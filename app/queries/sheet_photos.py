"""Photos of a map's sheets: how far each is, what became of it, and what is left to be checked."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from app.models import MarkState, PhotoPicture, PhotoState, SheetMark, SheetPhoto, TownMap

PAGE: Final = 60
"""Photos on one page of the list."""
SHOULD_HAVE_BEGUN: Final = timedelta(seconds=4)


@dataclass(frozen=True)
class PhotoRecord:
    """One photo, or page of a scan, as it is at this moment."""

    id: uuid.UUID
    page: int
    filename: str
    state: PhotoState
    serial: str | None
    corners: Sequence[Mapping[str, float]] | None
    reading: Mapping[str, Any]
    reason: str | None
    evidence: Mapping[str, Any]
    uploaded_by: str | None
    created_at: datetime
    read_at: datetime | None
    pictures: frozenset[str]
    """What is still kept of its pixels: `frame`, `small`, `whole`, `table`."""


@dataclass(frozen=True)
class SheetMarks:
    """How many marks of a sheet are in which state."""

    found: int = 0
    accepted: int = 0
    dropped: int = 0


@dataclass(frozen=True)
class PhotoCounts:
    """How many photos of a map are in which state, and what they gave."""

    waiting: int = 0
    """Or being read."""
    read: int = 0
    refused: int = 0
    sheets: int = 0
    """Of which photos were read."""
    marks: int = 0
    """About which nobody has decided."""

    @property
    def photos(self) -> int:
        """All of them."""
        return self.waiting + self.read + self.refused


@dataclass(frozen=True)
class PhotoPage:
    """A part of the list of photos."""

    photos: Sequence[PhotoRecord] = field(repr=False)
    marks: Mapping[str, SheetMarks]
    """By serial, of the sheets on the page."""
    more: bool


def photo_counts(session: Session, map_id: int) -> PhotoCounts:
    """How many photos of the map are in which state, and how many marks are to be checked."""
    by_state = dict(
        session.execute(
            select(SheetPhoto.state, func.count()).where(SheetPhoto.map_id == map_id).group_by(SheetPhoto.state)
        ).all()
    )
    sheets = session.scalar(
        select(func.count(SheetPhoto.serial.distinct())).where(
            SheetPhoto.map_id == map_id, SheetPhoto.state == PhotoState.READ
        )
    )
    marks = session.scalar(
        select(func.count()).where(SheetMark.map_id == map_id, SheetMark.state == MarkState.FOUND)
    )
    return PhotoCounts(
        waiting=by_state.get(PhotoState.WAITING, 0) + by_state.get(PhotoState.READING, 0),
        read=by_state.get(PhotoState.READ, 0),
        refused=by_state.get(PhotoState.REFUSED, 0),
        sheets=sheets or 0,
        marks=marks or 0,
    )


def photo_page(
    session: Session, map_id: int, states: Collection[PhotoState] | None = None, start: int = 0
) -> PhotoPage:
    """Photos of the map from the newest on, those of one file in order of its pages; only of these states."""
    where: list[ColumnElement[bool]] = [SheetPhoto.map_id == map_id]
    if states:
        where.append(SheetPhoto.state.in_(states))
    rows = session.scalars(
        select(SheetPhoto)
        .where(*where)
        .order_by(SheetPhoto.created_at.desc(), SheetPhoto.page, SheetPhoto.id)
        .offset(start)
        .limit(PAGE + 1)
        .execution_options(populate_existing=True)
    ).all()
    photos = _records(session, map_id, rows[:PAGE])
    serials = {photo.serial for photo in photos if photo.serial}
    return PhotoPage(photos, sheet_marks(session, map_id, serials), len(rows) > PAGE)


def find_photo(session: Session, map_id: int, photo_id: uuid.UUID) -> PhotoRecord | None:
    """One photo of the map."""
    row = session.get(SheetPhoto, (map_id, photo_id), populate_existing=True)
    return _records(session, map_id, [row])[0] if row else None


def photos_of_sheet(session: Session, map_id: int, serial: str) -> Sequence[PhotoRecord]:
    """The photos in which a sheet was read, the newest first."""
    rows = session.scalars(
        select(SheetPhoto)
        .where(SheetPhoto.map_id == map_id, SheetPhoto.serial == serial, SheetPhoto.state == PhotoState.READ)
        .order_by(SheetPhoto.read_at.desc(), SheetPhoto.id)
    ).all()
    return _records(session, map_id, rows)


def photo_picture(session: Session, map_id: int, photo_id: uuid.UUID, what: str) -> bytes | None:
    """What is kept of a photo's pixels, as JPEG; never the file as it was sent."""
    if what == "original":
        return None
    return session.scalar(
        select(PhotoPicture.content).where(
            PhotoPicture.map_id == map_id, PhotoPicture.photo_id == photo_id, PhotoPicture.what == what
        )
    )


def sheet_marks(session: Session, map_id: int, serials: Collection[str]) -> Mapping[str, SheetMarks]:
    """How many marks of these sheets are in which state."""
    rows = session.execute(
        select(SheetMark.serial, SheetMark.state, func.count())
        .where(SheetMark.map_id == map_id, SheetMark.serial.in_(serials))
        .group_by(SheetMark.serial, SheetMark.state)
    ).all()
    counted: dict[str, dict[str, int]] = {serial: {} for serial in serials}
    for serial, state, n in rows:
        counted[serial][state] = n
    return {
        serial: SheetMarks(
            *(n.get(state, 0) for state in (MarkState.FOUND, MarkState.ACCEPTED, MarkState.DROPPED))
        )
        for serial, n in counted.items()
    }


def photo_rule(session: Session, map_id: int) -> tuple[int, bool]:
    """For how many days photos of the map are kept, and whether all of a photo is."""
    row = session.execute(select(TownMap.photo_days, TownMap.whole_photos).where(TownMap.id == map_id)).one()
    return row.photo_days, row.whole_photos


def waits_for_long(session: Session) -> bool:
    """Whether a photo, of any map, should have been read by now: whoever should read may have ended."""
    oldest = session.scalar(
        select(func.min(func.coalesce(SheetPhoto.begun_at, SheetPhoto.created_at))).where(
            SheetPhoto.state.in_([PhotoState.WAITING, PhotoState.READING])
        )
    )
    return oldest is not None and oldest < datetime.now(UTC) - SHOULD_HAVE_BEGUN


def _records(session: Session, map_id: int, rows: Sequence[SheetPhoto]) -> list[PhotoRecord]:
    kept: dict[uuid.UUID, set[str]] = {}
    ids = [row.id for row in rows]
    for photo_id, what in session.execute(
        select(PhotoPicture.photo_id, PhotoPicture.what).where(
            PhotoPicture.map_id == map_id, PhotoPicture.photo_id.in_(ids)
        )
    ):
        kept.setdefault(photo_id, set()).add(what)
    return [
        PhotoRecord(
            row.id,
            row.page,
            row.filename,
            PhotoState(row.state),
            row.serial,
            row.corners,
            row.reading,
            row.reason,
            row.evidence,
            row.uploaded_by,
            row.created_at,
            row.read_at,
            frozenset(kept.get(row.id, ())),
        )
        for row in rows
    ]
