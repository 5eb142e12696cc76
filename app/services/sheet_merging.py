"""Marks of several photos of one sheet put together: what two photos show is one mark, and people's word stands.

A sheet may be photographed in parts, twice, or again after more people have marked it. Two marks of one photo are
two; marks of two photos are one where their places on the paper are a few millimetres apart and their category is
the same. A mark that an official accepted, dropped or changed stays as it is, whatever a further photo says.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.inputs.photo_reading import MarkTold
from app.models import MarkState, Sheet, SheetMark
from gis.scan.mark import precision_mm

SAME_MM: Final = 3.0
"""Within this, marks of one category in two photos are one: three times the error of a place."""
SAME_ANY_MM: Final = 1.5
"""Within this they are one even where light made one photo see another colour."""


@dataclass(frozen=True)
class Merged:
    """What became of the marks of one photo."""

    added: int = 0
    again: int = 0
    """Known from before: from another photo, or put there by an official."""
    gone: int = 0
    """Of an earlier reading of the same photo, which does not find them any more."""


def merge_marks(
    session: Session, map_id: int, serial: str, photo_id: uuid.UUID, told: Sequence[MarkTold]
) -> Merged:
    """Put the marks of a photo to those of its sheet; whoever checks the sheet just then waits for a moment."""
    session.execute(
        select(Sheet.serial).where(Sheet.map_id == map_id, Sheet.serial == serial).with_for_update()
    ).one()
    known = list(
        session.scalars(
            select(SheetMark)
            .where(SheetMark.map_id == map_id, SheetMark.serial == serial)
            .order_by(SheetMark.id)
            .execution_options(populate_existing=True)
        )
    )
    pairs = same_marks(known, told)
    for n, mark in pairs.items():
        if _is_as_found(mark) and (mark.photo_id == photo_id or told[n].confidence > mark.confidence):
            _write(mark, told[n], photo_id)
    new = [one for n, one in enumerate(told) if n not in pairs]
    for one in new:
        mark = SheetMark(map_id=map_id, id=uuid.uuid4(), serial=serial)
        _write(mark, one, photo_id)
        session.add(mark)
    met = {mark.id for mark in pairs.values()}
    gone = [mark for mark in known if mark.photo_id == photo_id and mark.id not in met and _is_as_found(mark)]
    for mark in gone:
        session.delete(mark)
    session.flush()
    return Merged(len(new), len(pairs), len(gone))


def forget_marks_of(session: Session, map_id: int, photo_id: uuid.UUID, but_of: str | None = None) -> None:
    """Take away the marks that only this photo has shown and nobody touched; `but_of`: not those of this sheet."""
    of_photo = [SheetMark.map_id == map_id, SheetMark.photo_id == photo_id]
    if but_of is not None:
        of_photo.append(SheetMark.serial != but_of)
    untouched = (SheetMark.state == MarkState.FOUND, SheetMark.changed_by.is_(None))
    session.execute(delete(SheetMark).where(*of_photo, *untouched))
    session.execute(update(SheetMark).where(*of_photo).values(photo_id=None))


def same_marks(known: Sequence[SheetMark], told: Sequence[MarkTold]) -> dict[int, SheetMark]:
    """Which of the marks told are which of the known ones: where these are, or where photos showed them first."""
    spots = [_spots(mark) for mark in known]
    return {n: known[place] for n, place in _pairs(spots, told).items()}


def same_places(known: Sequence[MarkTold], told: Sequence[MarkTold]) -> dict[int, int]:
    """The same of marks of another photo, by their places in the sequence."""
    return _pairs([[(mark.x_mm, mark.y_mm, mark.category)] for mark in known], told)


Spot = tuple[float, float, str]


def _spots(mark: SheetMark) -> list[Spot]:
    """Where a mark is and of which category; and where photos showed it before an official changed it."""
    spots = [(mark.x_mm, mark.y_mm, mark.category)]
    if mark.found:
        spots.append((mark.found["x_mm"], mark.found["y_mm"], str(mark.found["category"])))
    return spots


def _pairs(known: Sequence[Sequence[Spot]], told: Sequence[MarkTold]) -> dict[int, int]:
    """Each mark told that is a known one, each at most once; the nearest of the same category first."""
    pairs: dict[int, int] = {}
    if not known or not told:
        return pairs
    apart = np.array(
        [[min(math.hypot(x - one.x_mm, y - one.y_mm) for x, y, _ in spots) for one in told] for spots in known]
    )
    alike = np.array([[any(one.category == key for _, _, key in spots) for one in told] for spots in known])
    for reach, fits in ((SAME_MM, alike), (SAME_ANY_MM, np.ones_like(alike))):
        rows, columns = np.nonzero(fits & (apart <= reach))
        for nearest in np.argsort(apart[rows, columns], kind="stable"):
            place, n = int(rows[nearest]), int(columns[nearest])
            if n not in pairs and place not in pairs.values():
                pairs[n] = place
    return pairs


def _is_as_found(mark: SheetMark) -> bool:
    return mark.state == MarkState.FOUND and mark.changed_by is None and mark.found is not None


def _write(mark: SheetMark, told: MarkTold, photo_id: uuid.UUID) -> None:
    mark.photo_id = photo_id
    mark.kind = told.kind
    mark.category = told.category
    mark.x_mm, mark.y_mm = told.x_mm, told.y_mm
    mark.found = {"x_mm": told.x_mm, "y_mm": told.y_mm, "category": told.category}
    mark.diameter_mm = told.diameter_mm
    mark.confidence = told.confidence
    mark.precision_mm = precision_mm(told.error_mm)
    mark.changed_at = func.now()
