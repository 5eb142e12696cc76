"""Photos of pins as they are read: the ones that wait, one with what was decided of it, and their pictures."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, func, literal, null, select, tuple_
from sqlalchemy.orm import Session

from app.inputs.filters import PinFilter, Scope
from app.inputs.office import Cursor
from app.models import PhotoShown, Pin, PinPhoto, PinState
from app.queries.features import pin_query
from app.queries.maps import MapRecord

LISTED: Final = 20
"""Photos on one page of those that wait."""


@dataclass(frozen=True)
class PhotoRecord:
    """A photo without its pixels."""

    pin_id: uuid.UUID
    state: PhotoShown
    alt: str | None
    reason: str | None
    width: int
    height: int
    digest: bytes
    created_at: datetime
    checked_by: str | None
    checked_at: datetime | None

    @property
    def mark(self) -> str:
        """Another one means that it is another photo, or says something else, than somebody has seen."""
        said = self.digest + (self.alt or "").encode() + self.created_at.isoformat().encode()
        return hashlib.sha256(said).hexdigest()[:16]


@dataclass(frozen=True)
class Load:
    """How many photos wait, and how many bytes they take."""

    n: int
    n_bytes: int


@dataclass(frozen=True)
class WaitingPhoto:
    """A photo that waits, with its pin."""

    photo: PhotoRecord
    row: Row[Any]


@dataclass(frozen=True)
class PhotoPage:
    """One page of the photos that wait, and where the next one begins."""

    items: Sequence[WaitingPhoto]
    next: Cursor | None


_NAMES: Final = tuple(PhotoRecord.__dataclass_fields__)
_COLUMNS: Final = tuple(getattr(PinPhoto, name) for name in _NAMES)


def find_photo(session: Session, map_id: int, pin_id: uuid.UUID) -> PhotoRecord | None:
    """The photo of a pin, in whatever state."""
    row = session.execute(select(*_COLUMNS).where(PinPhoto.map_id == map_id, PinPhoto.pin_id == pin_id)).first()
    return record_of(row) if row is not None else None


def record_of(row: Row[Any]) -> PhotoRecord:
    """A row of the table as a record."""
    values = {name: getattr(row, name) for name in _NAMES}
    return PhotoRecord(**values | {"state": PhotoShown(row.state)})


def picture_of(session: Session, map_id: int, pin_id: uuid.UUID, *, small: bool) -> bytes | None:
    """The pixels of a pin's photo as a JPEG, for officials and for its author."""
    column = PinPhoto.small if small else PinPhoto.picture
    return session.scalar(select(column).where(PinPhoto.map_id == map_id, PinPhoto.pin_id == pin_id))


def public_picture(session: Session, the_map: MapRecord, pin_id: uuid.UUID, *, small: bool) -> bytes | None:
    """The same for everybody: only of a photo that is shown, of a pin that is, on a map that shows them."""
    if not (the_map.pin_photos and the_map.publish_pins):
        return None
    column = PinPhoto.small if small else PinPhoto.picture
    return session.scalar(
        select(column)
        .join(Pin, and_(Pin.map_id == PinPhoto.map_id, Pin.id == PinPhoto.pin_id))
        .where(
            PinPhoto.map_id == the_map.id,
            PinPhoto.pin_id == pin_id,
            PinPhoto.state == PhotoShown.SHOWN,
            Pin.state == PinState.VISIBLE,
        )
    )


def of_shown_photo(what: Any) -> ColumnElement[Any]:
    """Something of the pin's photo, in a statement over Pin; NULL where none is shown."""
    same = (PinPhoto.map_id == Pin.map_id, PinPhoto.pin_id == Pin.id)
    return select(what).where(*same, PinPhoto.state == PhotoShown.SHOWN).correlate(Pin).scalar_subquery()


def shown_photo(the_map: MapRecord) -> Sequence[ColumnElement[Any]]:
    """Two columns of a statement over Pin: whether everybody may see a photo of the pin, and its words."""
    if not the_map.pin_photos:
        return [literal(False), null()]
    return [of_shown_photo(PinPhoto.pin_id).is_not(None), of_shown_photo(PinPhoto.alt)]


def waiting_photos(
    session: Session, the_map: MapRecord, after: Cursor | None = None, limit: int = LISTED
) -> PhotoPage:
    """The photos to look at, oldest first, behind the cursor."""
    # Written out as the partial index has it, so that every plan may use it.
    query = select(*_COLUMNS).where(PinPhoto.map_id == the_map.id, PinPhoto.state == PhotoShown.WAITING)
    if after is not None:
        query = query.where(tuple_(PinPhoto.created_at, PinPhoto.pin_id) > tuple_(after.created_at, after.id))
    rows = session.execute(query.order_by(PinPhoto.created_at, PinPhoto.pin_id).limit(limit + 1)).all()
    shown = [record_of(row) for row in rows[:limit]]
    last = Cursor(shown[-1].created_at, shown[-1].pin_id) if len(rows) > limit else None
    pins = _pins(session, the_map, [photo.pin_id for photo in shown])
    return PhotoPage([WaitingPhoto(photo, pins[photo.pin_id]) for photo in shown if photo.pin_id in pins], last)


def waiting_load(session: Session, map_id: int) -> Load:
    """How much waits on a map."""
    n_bytes = func.sum(func.octet_length(PinPhoto.picture) + func.octet_length(PinPhoto.small))
    row = session.execute(
        select(func.count(), func.coalesce(n_bytes, 0)).where(
            PinPhoto.map_id == map_id, PinPhoto.state == PhotoShown.WAITING
        )
    ).one()
    return Load(int(row[0]), int(row[1]))


def count_waiting(session: Session, map_ids: Collection[int]) -> Mapping[int, int]:
    """How many photos wait on each of these maps; zero where none do."""
    rows = session.execute(
        select(PinPhoto.map_id, func.count())
        .where(PinPhoto.map_id.in_(map_ids), PinPhoto.state == PhotoShown.WAITING)
        .group_by(PinPhoto.map_id)
    )
    found = {row[0]: int(row[1]) for row in rows}
    return {map_id: found.get(map_id, 0) for map_id in map_ids}


def _pins(session: Session, the_map: MapRecord, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Row[Any]]:
    query = pin_query(the_map, PinFilter(), Scope.OFFICE).where(Pin.id.in_(ids))
    return {row.id: row for row in session.execute(query)}
