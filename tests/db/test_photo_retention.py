"""Photos of sheets are kept only as long as the map's rule says."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from app.models import PhotoPicture, Sheet, SheetMark, SheetPhoto, TownMap
from app.queries.maps import MapRecord, read_map
from app.services.photo_retention import LEAST_UNCHECKED_DAYS, forget_photos
from app.services.retention import anonymise
from tests.builders import a_map, a_pin
from tests.marked_sheets import a_mark, a_photo_of, a_sheet_of

NOW = datetime(2026, 6, 1, tzinfo=UTC)
ALL = ("frame", "small", "table")


@pytest.fixture
def the_map(session: Session) -> MapRecord:
    return a_map(session)


@pytest.fixture
def serial(session: Session, the_map: MapRecord) -> str:
    return a_sheet_of(session, the_map)[0]


@pytest.fixture
def photo(session: Session, the_map: MapRecord, serial: str) -> uuid.UUID:
    made = a_photo_of(session, the_map, serial, ALL)
    session.execute(update(SheetPhoto).values(read_at=NOW))
    session.commit()
    return made


def checked(session: Session, at: datetime = NOW) -> None:
    session.execute(update(Sheet).values(checked_at=at, checked_by="urad@testov.example"))


def rule(session: Session, **values: object) -> None:
    session.execute(update(TownMap).values(**values))


def left(session: Session, days: float) -> set[str]:
    """What is kept so many days after it was read."""
    forget_photos(session, NOW + timedelta(days=days))
    return set(session.scalars(select(PhotoPicture.what)))


def test_pixels_go_so_many_days_after_the_check(session: Session, photo: uuid.UUID) -> None:
    checked(session)
    assert left(session, 0.5) == set(ALL)
    assert left(session, 1.5) == {"frame", "small"}, "handwriting is needed only while somebody types it"
    assert left(session, 29.9) == {"frame", "small"}
    assert left(session, 30.1) == set()
    assert session.get(SheetPhoto, (session.scalar(select(SheetPhoto.map_id)), photo)), "what was read stays"


def test_nothing_goes_while_a_mark_waits_to_be_checked(
    session: Session, the_map: MapRecord, serial: str, photo: uuid.UUID
) -> None:
    checked(session)
    a_mark(session, the_map, serial, (80, 80))
    assert left(session, 300) == set(ALL)
    session.execute(update(SheetMark).values(state="dropped"))
    assert left(session, 300) == set()


def test_what_nobody_checked_is_kept_while_the_map_is_open_and_a_fortnight_at_least(
    session: Session, photo: uuid.UUID
) -> None:
    assert left(session, 300) == set(ALL)
    rule(session, closes_at=NOW - timedelta(days=50), photo_days=0)
    assert left(session, LEAST_UNCHECKED_DAYS - 0.1) == set(ALL)
    assert left(session, LEAST_UNCHECKED_DAYS + 0.1) == set()


def test_no_days_at_all_are_a_rule_too(session: Session, photo: uuid.UUID) -> None:
    checked(session)
    rule(session, photo_days=0)
    assert left(session, 0.01) == set()


def test_a_refused_photo_waits_for_help_but_not_for_ever(session: Session, photo: uuid.UUID) -> None:
    session.execute(update(SheetPhoto).values(state="refused", serial=None))
    assert left(session, 29) == set(ALL)
    assert left(session, 31) == set()


def test_whole_photos_go_once_the_map_does_not_keep_them(
    session: Session, the_map: MapRecord, serial: str
) -> None:
    a_photo_of(session, the_map, serial, ("frame", "whole"))
    rule(session, whole_photos=True)
    assert left(session, 1) == {"frame", "whole"}
    rule(session, whole_photos=False)
    assert left(session, 1) == {"frame"}


def test_a_photo_that_waits_is_not_touched(session: Session, photo: uuid.UUID) -> None:
    session.execute(update(SheetPhoto).values(state="waiting", read_at=None))
    rule(session, closes_at=NOW - timedelta(days=900), photo_days=0)
    assert left(session, 900) == set(ALL)


def test_an_anonymised_map_knows_neither_photos_nor_which_pins_lay_on_one_sheet(
    session: Session, the_map: MapRecord, serial: str, photo: uuid.UUID
) -> None:
    mark = a_mark(session, the_map, serial, (80, 80), state="accepted")
    a_pin(session, the_map, id=mark, channel="paper")
    session.execute(update(Sheet).values(about={"age": "65+"}))
    rule(session, closes_at=NOW - timedelta(days=1), version=TownMap.version + 1)
    session.commit()
    assert anonymise(session, read_map(session, the_map.slug), NOW)
    for table in (SheetMark, SheetPhoto, PhotoPicture):
        assert session.scalar(select(func.count()).select_from(table)) == 0
    assert session.execute(select(Sheet.about, Sheet.receipt_hash)).all() == [({}, None)]


def test_days_that_no_calendar_has_are_ten_years_at_most(session: Session, photo: uuid.UUID) -> None:
    checked(session)
    session.execute(text("ALTER TABLE town_map DROP CONSTRAINT IF EXISTS ck_town_map_photo_days"))
    rule(session, photo_days=2_147_483_647)
    assert left(session, 3649) == {"frame", "small"}
    assert left(session, 3651) == set()
    another = a_photo_of(session, read_map(session, "testov"), a_sheet_of(session, read_map(session, "testov"))[0])
    session.execute(update(SheetPhoto).where(SheetPhoto.id == another).values(state="refused", read_at=NOW))
    rule(session, photo_days=-5)
    assert left(session, LEAST_UNCHECKED_DAYS - 0.1) == {"frame"}


def test_a_map_whose_photos_cannot_be_forgotten_stops_no_other(session: Session, photo: uuid.UUID) -> None:
    checked(session)
    other = a_map(session, "jinde")
    a_photo_of(session, other, a_sheet_of(session, other)[0], ("whole",))
    at_the_end_of_time = text(
        "UPDATE sheet_photo SET state = 'refused', read_at = '294276-12-31' WHERE map_id = :m"
    )
    session.execute(at_the_end_of_time, {"m": other.id})
    assert left(session, 31) == {"whole"}, "what can be forgotten is"
