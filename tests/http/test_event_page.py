"""The page of one event: paper, people and pins, and what is still to do, for every official of the town."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.models import Channel, MarkKind, MarkState, PhotoState, PinState, Sheet, SheetMark, SheetPhoto
from app.queries.event_page import Step, event_record
from app.queries.events import event_of
from app.queries.maps import MapRecord, read_map
from app.services.retention import anonymise
from tests.builders import CENTRE, a_map, a_pin, an_event, an_official
from tests.doors import sign_in
from tests.marked_sheets import a_sheet_of

PAGE = "/office/maps/testov/events/FORUM1"
ENGLISH = {"Accept-Language": "en"}
AGES = {
    "key": "age",
    "type": "single",
    "label": {"cs": "Věk", "en": "Age"},
    "options": [
        {"key": "young", "label": {"cs": "do 25", "en": "under 25"}},
        {"key": "old", "label": {"cs": "25 a víc", "en": "25 and over"}},
    ],
}
PAST = datetime.now(UTC) - timedelta(days=3)


@pytest.fixture
def the_map(session: Session) -> MapRecord:
    made = a_map(session, about=[AGES])
    an_event(session, made, "FORUM1", starts_at=PAST, ends_at=PAST + timedelta(hours=3), expected_people=10)
    an_event(session, made, "STANEK2")
    return made


def read(client: FlaskClient, session: Session, role: str = "viewer") -> str:
    an_official(session, f"{role}@testov.example", role=role)
    return sign_in(client, f"{role}@testov.example").get(PAGE, headers=ENGLISH).text


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.partition("</header>")[2]))


def a_photo(session: Session, the_map: MapRecord, serial: str | None, state: PhotoState, marks: int = 0) -> None:
    name = uuid.uuid4()
    session.add(
        SheetPhoto(map_id=the_map.id, id=name, digest=name.bytes, filename="a.jpg", state=state, serial=serial)
    )
    for n in range(marks):
        session.add(
            SheetMark(
                map_id=the_map.id,
                id=uuid.uuid4(),
                serial=serial,
                kind=MarkKind.STICKER,
                state=MarkState.FOUND,
                category="safe",
                x_mm=100 + n,
                y_mm=100,
                confidence=0.9,
                precision_mm=1,
            )
        )
    session.commit()


def checked(session: Session, serial: str) -> None:
    session.execute(update(Sheet).where(Sheet.serial == serial).values(checked_at=datetime.now(UTC)))
    session.commit()


def steps(session: Session, the_map: MapRecord) -> tuple[list[tuple[Step, int]], Step | None]:
    session.expire_all()
    found = event_record(session, the_map, event_of(session, the_map, "FORUM1"))
    return [(one.step, one.n) for one in found.to_do], found.next_step


def test_a_viewer_reads_who_came_on_paper_and_online(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    a_pin(session, the_map, respondent="one", event="FORUM1", about={"age": "young"})
    a_pin(session, the_map, respondent="two", event="FORUM1", channel=Channel.PAPER)
    a_pin(
        session, the_map, respondent="two", event="FORUM1", channel=Channel.PAPER, at=(CENTRE[0] + 0.01, CENTRE[1])
    )
    a_pin(session, the_map, respondent="elsewhere", event="STANEK2", about={"age": "old"})
    page = words(read(client, session))
    assert "2 of 10 expected people" in page
    assert "8 of those expected are missing." in page
    assert "on paper 2 pins of 1 person" in page
    assert "online 1 pin of 1 person" in page
    assert "under 25 1" in page
    assert "25 and over nobody" in page, "who came to another event does not count here"
    assert "did not say 1" in page


def test_a_viewer_finds_no_button_that_would_refuse_them(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    serials = a_sheet_of(session, the_map, 2, event="FORUM1")
    a_photo(session, the_map, serials[0], PhotoState.READ, marks=2)
    a_pin(session, the_map, event="FORUM1", state=PinState.PENDING)
    page = read(client, session)
    for way in ("/photos", "/sheets/", "/queue", "/desk", "/edit", "/prints/"):
        assert f'href="/office/maps/testov{way}' not in page
        assert f'{PAGE}{way}"' not in page
    assert "1 sheet waits for a photo." in page
    assert "poster.pdf" in page


def test_what_is_to_do_follows_the_sheets_and_one_thing_is_next(session: Session, the_map: MapRecord) -> None:
    assert steps(session, the_map) == ([], None), "an event that is over needs no sheets any more"
    serials = a_sheet_of(session, the_map, 3, event="FORUM1")
    assert steps(session, the_map) == ([(Step.PHOTOS, 3)], Step.PHOTOS)
    a_photo(session, the_map, serials[0], PhotoState.READ, marks=2)
    assert steps(session, the_map) == ([(Step.PHOTOS, 2), (Step.CHECK, 1)], Step.CHECK)
    checked(session, serials[0])
    session.execute(update(SheetMark).values(state=MarkState.ACCEPTED))
    a_pin(session, the_map, event="FORUM1", state=PinState.PENDING)
    assert steps(session, the_map) == ([(Step.PHOTOS, 2), (Step.QUEUE, 1)], Step.QUEUE), (
        "sheets that may never come back hold nothing up"
    )
    a_photo(session, the_map, serials[1], PhotoState.REFUSED)
    assert steps(session, the_map)[1] is Step.REFUSED


def test_before_it_begins_there_are_sheets_to_print(session: Session) -> None:
    the_map = a_map(session)
    an_event(session, the_map, "FORUM1", starts_at=datetime.now(UTC) + timedelta(days=3))
    assert steps(session, the_map) == ([(Step.PRINT, 0)], Step.PRINT)
    a_sheet_of(session, the_map, event="FORUM1")
    assert steps(session, the_map) == ([], None)


def test_sheets_photos_and_marks_of_other_events_are_not_counted(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    ours = a_sheet_of(session, the_map, 2, event="FORUM1")
    other = a_sheet_of(session, the_map, 5, event="STANEK2")
    a_photo(session, the_map, ours[0], PhotoState.READ, marks=3)
    a_photo(session, the_map, ours[1], PhotoState.REFUSED)
    a_photo(session, the_map, other[0], PhotoState.READ, marks=4)
    a_photo(session, the_map, None, PhotoState.REFUSED)
    page = words(read(client, session, "moderator"))
    assert "2 sheets printed" in page
    assert "2 photos came in, 1 refused" in page
    assert "3 marks to check" in page
    assert "1 photo of this map does not say yet which sheet it shows." in page


def test_an_editor_goes_from_here_to_the_order_with_the_event_chosen(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    a_sheet_of(session, the_map, event="FORUM1")
    page = read(client, session, "editor")
    address = "/office/maps/testov/sheets?event=FORUM1"
    assert f'href="{address}#h-order"' in page
    assert '<option value="FORUM1" selected>' in client.get(address).text
    assert f'href="{PAGE}/edit"' in page
    assert re.search(r'href="/office/maps/testov/prints/[0-9a-f-]{36}\.pdf"', page)
    assert 'href="/office/maps/testov/desk?event=FORUM1"' in page


def test_an_event_that_is_not_there_is_not_found(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    read(client, session)
    assert client.get("/office/maps/testov/events/NIC").status_code == 404


def test_once_the_people_are_forgotten_no_groups_are_told(client: FlaskClient, session: Session) -> None:
    the_map = a_map(session, closes="2026-01-01T00:00:00Z", about=[AGES])
    an_event(session, the_map, "FORUM1", expected_people=4)
    a_pin(session, the_map, event="FORUM1", about={"age": "young"})
    anonymise(session, the_map, datetime.now(UTC))
    session.commit()
    assert read_map(session, "testov").anonymised_at
    page = words(read(client, session))
    assert "1 of 4 expected people" in page
    assert "The map has forgotten its people" in page
    assert "under 25" not in page
