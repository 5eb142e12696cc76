"""Marks of several photos of one sheet: what is one mark, and that an official's word stands."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.inputs.photo_reading import MarkTold
from app.models import MarkState, SheetMark
from app.queries.maps import MapRecord
from app.services.sheet_merging import Merged, forget_marks_of, merge_marks
from tests.builders import a_map
from tests.marked_sheets import a_sheet_of

ONE, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)


@pytest.fixture
def the_map(session: Session) -> MapRecord:
    return a_map(session)


@pytest.fixture
def serial(session: Session, the_map: MapRecord) -> str:
    return a_sheet_of(session, the_map)[0]


def told(x_mm: float, y_mm: float, category: str = "safe", confidence: float = 0.9) -> MarkTold:
    return MarkTold(category, "sticker", x_mm, y_mm, 8.0, confidence, 0.4)


def marks(session: Session, the_map: MapRecord) -> Sequence[SheetMark]:
    rows = select(SheetMark).where(SheetMark.map_id == the_map.id).order_by(SheetMark.x_mm, SheetMark.y_mm)
    return session.scalars(rows.execution_options(populate_existing=True)).all()


def only(session: Session, the_map: MapRecord) -> SheetMark:
    (mark,) = marks(session, the_map)
    return mark


def test_the_same_photo_read_twice_adds_nothing(session: Session, the_map: MapRecord, serial: str) -> None:
    photo = [told(50, 50), told(54, 50), told(90, 60, "unsafe")]
    assert merge_marks(session, the_map.id, serial, ONE, photo) == Merged(added=3)
    before = {mark.id for mark in marks(session, the_map)}
    assert merge_marks(session, the_map.id, serial, ONE, photo) == Merged(again=3)
    assert {mark.id for mark in marks(session, the_map)} == before


def test_another_photo_of_the_same_part_adds_only_what_is_new(
    session: Session, the_map: MapRecord, serial: str
) -> None:
    merge_marks(session, the_map.id, serial, ONE, [told(50, 50), told(90, 60, "unsafe")])
    seen = [told(51.2, 49.1), told(90.3, 60.2, "unsafe"), told(120, 80)]
    assert merge_marks(session, the_map.id, serial, OTHER, seen) == Merged(added=1, again=2)
    assert len(marks(session, the_map)) == 3


def test_two_stickers_side_by_side_in_one_photo_stay_two_in_the_next(
    session: Session, the_map: MapRecord, serial: str
) -> None:
    merge_marks(session, the_map.id, serial, ONE, [told(50, 50), told(52.5, 50)])
    merge_marks(session, the_map.id, serial, OTHER, [told(52.9, 50.1), told(50.4, 50.1)])
    assert [round(mark.x_mm) for mark in marks(session, the_map)] in ([50, 52], [50, 53])


def test_another_feeling_beside_is_another_mark(session: Session, the_map: MapRecord, serial: str) -> None:
    merge_marks(session, the_map.id, serial, ONE, [told(50, 50, "safe")])
    merge_marks(session, the_map.id, serial, OTHER, [told(52.5, 50, "unsafe")])
    assert {mark.category for mark in marks(session, the_map)} == {"safe", "unsafe"}


def test_the_very_same_place_in_another_colour_is_one_mark_of_which_the_surer_photo_tells(
    session: Session, the_map: MapRecord, serial: str
) -> None:
    merge_marks(session, the_map.id, serial, ONE, [told(50, 50, "safe", 0.55)])
    merge_marks(session, the_map.id, serial, OTHER, [told(50.5, 50.2, "unsafe", 0.95)])
    assert only(session, the_map).category == "unsafe"
    merge_marks(session, the_map.id, serial, ONE, [told(50, 50, "safe", 0.55)])
    assert only(session, the_map).category == "unsafe"


@pytest.mark.parametrize("state", [MarkState.ACCEPTED, MarkState.DROPPED])
def test_what_an_official_decided_stays_and_does_not_come_back(
    session: Session, the_map: MapRecord, serial: str, state: MarkState
) -> None:
    merge_marks(session, the_map.id, serial, ONE, [told(50, 50)])
    mark = only(session, the_map)
    mark.state, mark.changed_by = state, "urad@testov.example"
    session.flush()
    assert merge_marks(session, the_map.id, serial, OTHER, [told(50.9, 50, confidence=0.99)]) == Merged(again=1)
    kept = only(session, the_map)
    assert (kept.state, kept.x_mm) == (state, 50)


def test_a_mark_that_was_moved_and_recoloured_is_known_where_photos_show_it(
    session: Session, the_map: MapRecord, serial: str
) -> None:
    merge_marks(session, the_map.id, serial, ONE, [told(50, 50, "safe")])
    mark = only(session, the_map)
    mark.x_mm, mark.category, mark.changed_by = 58.0, "unsafe", "urad@testov.example"
    session.flush()
    merge_marks(session, the_map.id, serial, OTHER, [told(50.3, 50, "safe", 0.99)])
    assert (only(session, the_map).x_mm, only(session, the_map).category) == (58.0, "unsafe")


def test_what_the_same_photo_does_not_show_any_more_goes_unless_somebody_touched_it(
    session: Session, the_map: MapRecord, serial: str
) -> None:
    merge_marks(session, the_map.id, serial, ONE, [told(50, 50), told(80, 80)])
    merge_marks(session, the_map.id, serial, OTHER, [told(110, 110)])
    next(mark for mark in marks(session, the_map) if mark.x_mm == 80).changed_by = "urad@testov.example"
    session.flush()
    assert merge_marks(session, the_map.id, serial, ONE, [told(60, 60)]) == Merged(added=1, gone=1)
    assert [mark.x_mm for mark in marks(session, the_map)] == [60, 80, 110]


def test_a_photo_thrown_away_takes_only_its_own_untouched_marks_along(
    session: Session, the_map: MapRecord, serial: str
) -> None:
    merge_marks(session, the_map.id, serial, ONE, [told(50, 50), told(80, 80)])
    merge_marks(session, the_map.id, serial, OTHER, [told(110, 110)])
    next(mark for mark in marks(session, the_map) if mark.x_mm == 80).state = MarkState.ACCEPTED
    session.flush()
    forget_marks_of(session, the_map.id, ONE)
    assert [(mark.x_mm, mark.photo_id) for mark in marks(session, the_map)] == [(80, None), (110, OTHER)]
