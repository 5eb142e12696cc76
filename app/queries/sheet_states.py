"""How far each sheet of a map is: printed, photographed, read, checked; and what is still to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import MarkState, PhotoState, Sheet, SheetMark, SheetPhoto, SheetPrint


class Stage(StrEnum):
    """What a sheet waits for."""

    PRINTED = "printed"
    """A photo of it."""
    READ = "read"
    """Somebody who looks at its marks."""
    CHECKED = "checked"
    """Nothing."""


@dataclass(frozen=True)
class SheetState:
    """One sheet and how far it is."""

    serial: str
    n: int
    print_id: object
    event: str | None
    photos: int
    to_check: int
    """Marks that nobody has decided about."""
    pins: int
    """Marks that are pins."""
    checked_at: datetime | None

    @property
    def stage(self) -> Stage:
        """What it waits for: a photo that comes after the check opens it again only where it brings new marks."""
        if self.to_check or (self.photos and self.checked_at is None):
            return Stage.READ
        return Stage.CHECKED if self.checked_at else Stage.PRINTED


@dataclass(frozen=True)
class PaperCount:
    """Sheets, photos and marks, of a map or of an event."""

    sheets: int = 0
    without_photo: int = 0
    to_check: int = 0
    checked: int = 0
    marks_to_check: int = 0
    pins: int = 0


@dataclass(frozen=True)
class PhotoCount:
    """Photos of a map, by how far they are."""

    waiting: int = 0
    read: int = 0
    refused: int = 0

    @classmethod
    def of(cls, by_state: Mapping[str, int]) -> PhotoCount:
        """Of numbers by state; what is being read still waits."""
        waiting = by_state.get(PhotoState.WAITING, 0) + by_state.get(PhotoState.READING, 0)
        return cls(waiting, by_state.get(PhotoState.READ, 0), by_state.get(PhotoState.REFUSED, 0))


def sheet_states(session: Session, map_id: int) -> list[SheetState]:
    """All sheets of a map in the order of printing."""
    marks = (
        select(
            SheetMark.serial,
            func.count().filter(SheetMark.state == MarkState.FOUND).label("to_check"),
            func.count().filter(SheetMark.state == MarkState.ACCEPTED).label("pins"),
        )
        .where(SheetMark.map_id == map_id)
        .group_by(SheetMark.serial)
        .subquery()
    )
    photos = (
        select(SheetPhoto.serial, func.count().label("photos"))
        .where(SheetPhoto.map_id == map_id, SheetPhoto.state == PhotoState.READ)
        .group_by(SheetPhoto.serial)
        .subquery()
    )
    rows = session.execute(
        select(
            Sheet.serial,
            Sheet.n,
            Sheet.print_id,
            SheetPrint.event,
            func.coalesce(photos.c.photos, 0),
            func.coalesce(marks.c.to_check, 0),
            func.coalesce(marks.c.pins, 0),
            Sheet.checked_at,
        )
        .join(SheetPrint, (SheetPrint.map_id == Sheet.map_id) & (SheetPrint.id == Sheet.print_id))
        .outerjoin(marks, marks.c.serial == Sheet.serial)
        .outerjoin(photos, photos.c.serial == Sheet.serial)
        .where(Sheet.map_id == map_id)
        .order_by(SheetPrint.created_at, Sheet.print_id, Sheet.n)
    )
    return [SheetState(*row) for row in rows]


def paper_count(states: Iterable[SheetState]) -> PaperCount:
    """The sheets together."""
    states = list(states)
    stages = Counter(state.stage for state in states)
    return PaperCount(
        sheets=len(states),
        without_photo=stages[Stage.PRINTED],
        to_check=stages[Stage.READ],
        checked=stages[Stage.CHECKED],
        marks_to_check=sum(state.to_check for state in states),
        pins=sum(state.pins for state in states),
    )


def photo_count(session: Session, map_id: int) -> PhotoCount:
    """The photos of a map."""
    rows = session.execute(
        select(SheetPhoto.state, func.count()).where(SheetPhoto.map_id == map_id).group_by(SheetPhoto.state)
    )
    return PhotoCount.of({str(state): n for state, n in rows})


def next_to_check(states: Sequence[SheetState], after: str | None = None) -> SheetState | None:
    """The next sheet that waits for somebody to look at its marks, after this one; None where none waits."""
    at = next((n for n, state in enumerate(states) if state.serial == after), -1)
    around = [*states[at + 1 :], *states[: max(at, 0)]]
    return next((state for state in around if state.stage is Stage.READ), None)
