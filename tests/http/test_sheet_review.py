"""A sheet under an official's eyes: its marks become pins once, as they were decided, and stay their person's."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from geoalchemy2.shape import to_shape
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.models import AuditEntry, Pin, PinFlag, PinState, Respondent, Sheet, SheetMark
from app.queries.maps import MapRecord
from app.queries.sheet_marks import unchecked_sheets
from app.services.respondents import Person, sheet_person, sheet_receipt
from app.services.withdrawal import withdraw
from gis.paper.sheet import PaperSheet
from tests.builders import CENTRE, a_map, a_pin, an_event, an_official, bearer
from tests.doors import csrf_of, sign_in
from tests.marked_sheets import SECRET, a_mark, a_photo_of, a_sheet_of, geometry_of, on_page

PHONE = "Volejte 777 123 456, prosím"


@pytest.fixture
def town(session: Session) -> MapRecord:
    """A map that asks people for their age."""
    options = [{"key": key, "label": {"cs": key}} for key in ("young", "old")]
    about = [{"key": "age", "type": "single", "label": {"cs": "Věk"}, "options": options}]
    return a_map(session, about=about)


@pytest.fixture
def paper(town: MapRecord) -> PaperSheet:
    """The page of the sheets."""
    return geometry_of(town)


@pytest.fixture
def serial(session: Session, town: MapRecord) -> str:
    """A sheet that was photographed."""
    (made,) = a_sheet_of(session, town)
    a_photo_of(session, town, made)
    return made


@pytest.fixture
def office(client: FlaskClient, session: Session, town: MapRecord) -> FlaskClient:
    """A moderator at the desk."""
    return sign_in(client, an_official(session, role="moderator"))


@dataclass
class Shown:
    """The form of a sheet as a browser without scripts has it."""

    serial: str
    lines: dict[str, dict[str, str]]
    dropped: set[str]
    csrf: str
    about: dict[str, str] = field(default_factory=dict)

    def send(self, client: FlaskClient, deed: str = "store") -> TestResponse:
        """The answer to the form."""
        form: list[tuple[str, str]] = [("csrf_token", self.csrf), ("deed", deed)]
        for line in self.lines.values():
            form += line.items()
        form += [("drop", mark) for mark in self.dropped]
        form += [(f"about.{key}", value) for key, value in self.about.items()]
        data: dict[str, list[str]] = {}
        for key, value in form:
            data.setdefault(key, []).append(value)
        return client.post(address(self.serial), data=data)

    def add(self, at: tuple[float, float], category: str = "improve", **values: str) -> str:
        """One more line, as the script makes it."""
        mark = str(uuid.uuid4())
        whole = {"mark": mark, "seen": "", "category": category, "x": f"{at[0]:.2f}", "y": f"{at[1]:.2f}"}
        self.lines[mark] = whole | {"row": "", "comment": ""} | values
        return mark


def address(serial: str) -> str:
    return f"/office/maps/testov/sheets/{serial}"


def look(client: FlaskClient, serial: str) -> Shown:
    """The sheet's form, read from the page."""
    page = client.get(address(serial))
    assert page.status_code == 200
    page_text = re.sub(r"(?s)<(noscript|template).*?</\1>", "", page.text)
    lines, dropped = {}, set()
    for item in re.findall(r'(?s)<li class="sheet-mark".*?</li>', page_text):
        values = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', item)}
        if "mark" not in values:
            continue
        chosen = re.search(r'<option value="([^"]+)" selected>', item)
        assert chosen
        if "checked" in item:
            dropped.add(values["mark"])
        values.pop("drop")
        lines[values["mark"]] = values | {"category": chosen[1]}
    return Shown(serial, lines, dropped, csrf_of(client, address(serial)))


def item_of(page: str, mark: object) -> str:
    """The line of a mark in a page."""
    found = re.search(rf'(?s)<li class="sheet-mark" data-mark="{mark}".*?</li>', page)
    assert found, mark
    return found[0]


def all_pins(session: Session) -> list[Pin]:
    session.expire_all()
    return session.query(Pin).order_by(Pin.created_at, Pin.id).all()


def only(found: Iterable[Any]) -> Any:
    (one,) = found
    return one


def test_marks_become_pins_of_the_sheets_person(
    office: FlaskClient, session: Session, town: MapRecord, serial: str, paper: PaperSheet
) -> None:
    mark = a_mark(session, town, serial, on_page(paper, *CENTRE), category="unsafe")
    form = look(office, serial)
    form.lines[str(mark)] |= {"comment": "Tady je tma", "row": "3"}
    answer = form.send(office)
    assert answer.status_code == 303, answer.text
    pin = only(all_pins(session))
    place = to_shape(pin.position)
    assert (pin.id, pin.category, pin.comment, pin.channel, pin.state) == (
        mark, "unsafe", "Tady je tma", "paper", "visible",
    )  # fmt: skip
    assert abs(place.x - CENTRE[0]) < 2e-6
    assert abs(place.y - CENTRE[1]) < 2e-6
    assert pin.precision_m == pytest.approx(0.5 * 10)  # half a millimetre at 1 : 10 000
    assert pin.respondent_id == sheet_person(town, serial)
    sheet = session.query(Sheet).one()
    assert sheet.checked_by == "urad@testov.example"
    assert sheet.checked_at is not None
    assert unchecked_sheets(session, town.id) == []


def test_citizens_see_a_pin_from_paper_as_any_other(
    office: FlaskClient, session: Session, town: MapRecord, serial: str, paper: PaperSheet
) -> None:
    a_mark(session, town, serial, on_page(paper, *CENTRE))
    look(office, serial).send(office)
    feature = only(office.get("/api/collections/testov/items").json["features"])
    assert feature["properties"]["channel"] == "paper"
    assert "serial" not in str(feature)
    assert serial not in str(feature)


def test_storing_twice_adds_nothing(
    office: FlaskClient, session: Session, town: MapRecord, serial: str, paper: PaperSheet
) -> None:
    a_mark(session, town, serial, on_page(paper, *CENTRE))
    form = look(office, serial)
    form.add((100.0, 100.0))
    assert form.send(office).status_code == 303
    before = [(pin.id, pin.changed_at) for pin in all_pins(session)]
    assert len(before) == 2
    assert form.send(office).status_code == 303  # the browser's Back and once more
    look(office, serial).send(office)
    assert [(pin.id, pin.changed_at) for pin in all_pins(session)] == before
    assert session.query(AuditEntry).filter_by(action="sheet.check").count() == 1


def test_a_later_photo_adds_only_the_new_marks(
    office: FlaskClient, session: Session, town: MapRecord, serial: str, paper: PaperSheet
) -> None:
    first = a_mark(session, town, serial, on_page(paper, *CENTRE))
    look(office, serial).send(office)
    second = a_mark(session, town, serial, (90.0, 90.0))
    assert unchecked_sheets(session, town.id) == [serial]
    look(office, serial).send(office)
    assert {pin.id for pin in all_pins(session)} == {first, second}
    assert session.query(Respondent).count() == 1


def test_a_changed_mark_changes_its_pin(
    office: FlaskClient, session: Session, town: MapRecord, serial: str, paper: PaperSheet
) -> None:
    mark = str(a_mark(session, town, serial, (100.0, 100.0), category="safe"))
    look(office, serial).send(office)
    before = to_shape(only(all_pins(session)).position)
    form = look(office, serial)
    form.lines[mark] |= {"category": "unsafe", "x": "101.00", "comment": "Chybí lampa"}
    assert form.send(office).status_code == 303
    pin = only(all_pins(session))
    after = to_shape(pin.position)
    assert (pin.category, pin.comment) == ("unsafe", "Chybí lampa")
    assert (after.x - before.x) * 72_300 == pytest.approx(10, abs=1.5)  # a millimetre is ten metres
    assert pin.precision_m == pytest.approx(10 * 10**0.5, rel=0.01)  # set by eye to 1 mm, meant to 3 mm
    assert only(session.query(SheetMark)).found["category"] == "safe"  # what the photo said stays known


def test_a_dropped_mark_is_no_pin_and_a_dropped_pin_goes(
    office: FlaskClient, session: Session, town: MapRecord, serial: str
) -> None:
    shadow = str(a_mark(session, town, serial, (100.0, 100.0)))
    sticker = str(a_mark(session, town, serial, (120.0, 100.0)))
    form = look(office, serial)
    form.dropped = {shadow}
    form.lines[sticker]["comment"] = "Hezký park"
    form.send(office)
    assert [str(pin.id) for pin in all_pins(session)] == [sticker]
    form = look(office, serial)
    assert form.dropped == {shadow}
    form.dropped = {shadow, sticker}
    form.send(office)
    assert all_pins(session) == []
    form = look(office, serial)
    form.dropped = {shadow}  # it was one after all
    form.send(office)
    assert [(str(pin.id), pin.comment) for pin in all_pins(session)] == [(sticker, "Hezký park")]


def test_marks_outside_or_too_long_say_so_and_the_others_are_stored(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    (serial,) = a_sheet_of(session, town, scale=20_000)
    paper = geometry_of(town, scale=20_000)
    left, top, *_ = paper.layout.frame
    good = a_mark(session, town, serial, on_page(paper, *CENTRE))
    outside = a_mark(session, town, serial, (left + 1, top + 1))
    long = a_mark(session, town, serial, (110.0, 90.0))
    before = office.get(address(serial)).text
    assert [mark for mark in (good, outside, long) if "data-outside" in item_of(before, mark)] == [outside]
    form = look(office, serial)
    form.lines[str(long)]["comment"] = "x" * 1001
    beside = form.add((1.0, 1.0))
    answer = form.send(office)
    assert answer.status_code == 422
    assert [pin.id for pin in all_pins(session)] == [good]
    items = {mark: item_of(answer.text, mark) for mark in (good, outside, long, beside)}
    assert [mark for mark, item in items.items() if "field-error" in item] == [outside, long, beside]
    assert "1001" in items[long]
    assert "x" * 1001 in items[long]  # nothing that was typed is lost
    assert unchecked_sheets(session, town.id) == [serial]


def test_words_that_must_be_looked_at_wait(office: FlaskClient, session: Session) -> None:
    town = a_map(session, moderation="post", hold_flagged=True)
    (serial,) = a_sheet_of(session, town)
    mark = str(a_mark(session, town, serial, (100.0, 100.0)))
    form = look(office, serial)
    form.lines[mark]["comment"] = PHONE
    form.send(office)
    pin = only(all_pins(session))
    assert (pin.state, pin.flagged) == (PinState.PENDING, True)
    assert only(session.query(PinFlag)).kind == "phone"


def test_on_a_map_that_looks_first_paper_waits_too(office: FlaskClient, session: Session) -> None:
    town = a_map(session, moderation="pre")
    (serial,) = a_sheet_of(session, town)
    a_mark(session, town, serial, (100.0, 100.0))
    look(office, serial).send(office)
    assert only(all_pins(session)).state == PinState.PENDING


def test_the_slip_of_the_sheet_opens_its_pins_on_a_phone(
    office: FlaskClient, session: Session, town: MapRecord, serial: str
) -> None:
    mark = a_mark(session, town, serial, (100.0, 100.0))
    look(office, serial).send(office)
    code, _ = sheet_receipt(town, serial, secret=SECRET)
    answer = office.post("/api/collections/testov/respondent/join", json={"receipt": code}, headers=bearer())
    assert answer.status_code == 200, answer.text
    gone = office.delete(f"/api/collections/testov/items/{mark}", headers=bearer())
    assert gone.status_code == 204


def test_a_pin_that_its_author_took_back_never_comes_again(
    office: FlaskClient, session: Session, town: MapRecord, serial: str
) -> None:
    mark = a_mark(session, town, serial, (100.0, 100.0), comment="Jmenuji se Novák")
    form = look(office, serial)
    form.send(office)
    session.expire_all()
    assert only(session.query(SheetMark)).comment is None  # the words are the pin's alone
    withdraw(session, town, Person(sheet_person(town, serial)))
    session.commit()
    form.send(office)
    look(office, serial).send(office)
    assert all_pins(session) == []
    assert "Novák" not in office.get(address(serial)).text
    assert str(mark) not in look(office, serial).lines


def test_what_the_paper_says_of_its_person_is_kept_and_not_forced_upon_them_again(
    office: FlaskClient, session: Session, town: MapRecord, serial: str
) -> None:
    a_mark(session, town, serial, (100.0, 100.0))
    form = look(office, serial)
    form.about = {"age": "old"}
    form.send(office)
    person = only(session.query(Respondent))
    assert person.about == {"age": "old"}
    person.about = {"age": "young"}  # as they said on their phone
    session.commit()
    form.send(office)
    session.expire_all()
    assert only(session.query(Respondent)).about == {"age": "young"}
    form.about = {"age": "nobody knows"}
    assert form.send(office).status_code == 422


def test_each_numbered_row_is_a_person_where_the_sheet_says_so(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    (serial,) = a_sheet_of(session, town, by_row=True)
    marks = [str(a_mark(session, town, serial, (100.0 + 5 * n, 100.0))) for n in range(5)]
    form = look(office, serial)
    for mark, row in zip(marks, ("1", "2", "1", "", ""), strict=True):
        form.lines[mark]["row"] = row
    form.send(office)
    people = {str(pin.id): pin.respondent_id for pin in all_pins(session)}
    assert people[marks[0]] == people[marks[2]] == sheet_person(town, serial, 1)
    assert people[marks[1]] == sheet_person(town, serial, 2)
    assert people[marks[3]] == people[marks[4]] == sheet_person(town, serial)
    form = look(office, serial)
    form.lines[marks[2]]["row"] = "7"
    form.send(office)
    moved = {str(pin.id): pin.respondent_id for pin in all_pins(session)}
    assert moved == people | {marks[2]: sheet_person(town, serial, 7)}


def test_no_device_token_leads_to_the_person_of_a_sheet(town: MapRecord) -> None:
    from app.services.respondents import device_id

    serial = "23456789A"
    for token in (serial, f"sheet{serial}", f"\0sheet\0{serial}"):
        assert device_id(town, token) != sheet_person(town, serial)


def test_pins_carry_the_event_and_its_day(office: FlaskClient, session: Session, town: MapRecord) -> None:
    an_event(session, town, "FORUM1", starts_at=datetime(2026, 3, 4, 16, tzinfo=UTC))
    (serial,) = a_sheet_of(session, town, event="FORUM1")
    a_mark(session, town, serial, (100.0, 100.0))
    look(office, serial).send(office)
    pin = only(all_pins(session))
    assert pin.event == "FORUM1"
    assert pin.created_at == datetime(2026, 3, 4, 16, tzinfo=UTC)


def test_work_kept_for_later_makes_no_pins(
    office: FlaskClient, session: Session, town: MapRecord, serial: str
) -> None:
    mark = str(a_mark(session, town, serial, (100.0, 100.0)))
    form = look(office, serial)
    form.lines[mark] |= {"comment": "Rozepsané", "category": "unsafe"}
    form.add((130.0, 100.0), comment="Na nálepce")
    answer = form.send(office, "later")
    assert answer.location.startswith(address(serial))
    assert all_pins(session) == []
    kept = look(office, serial)
    assert {line["comment"] for line in kept.lines.values()} == {"Rozepsané", "Na nálepce"}
    assert only(session.query(Sheet)).checked_at is None
    kept.send(office)
    assert len(all_pins(session)) == 2


def test_after_storing_comes_the_next_sheet_that_waits(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    serials = a_sheet_of(session, town, 4)
    for serial in (serials[0], serials[2], serials[3]):
        a_photo_of(session, town, serial)
        a_mark(session, town, serial, (100.0, 100.0))
    answer = look(office, serials[2]).send(office)
    assert answer.location.startswith(address(serials[3]))
    page = office.get(answer.location).text
    assert serials[2] in page  # with a way back
    answer = look(office, serials[3]).send(office)
    assert answer.location.startswith(address(serials[0]))
    answer = look(office, serials[0]).send(office)
    assert answer.location.startswith(address(serials[0]))


def test_a_sheet_without_marks_is_checked_as_well(
    office: FlaskClient, session: Session, town: MapRecord, serial: str
) -> None:
    assert unchecked_sheets(session, town.id) == [serial]
    assert look(office, serial).send(office).status_code == 303
    assert unchecked_sheets(session, town.id) == []


def test_of_two_officials_the_second_sees_what_the_first_did(
    office: FlaskClient, session: Session, town: MapRecord, serial: str
) -> None:
    mark = str(a_mark(session, town, serial, (100.0, 100.0)))
    first, second = look(office, serial), look(office, serial)
    first.lines[mark]["category"] = "unsafe"
    first.send(office)
    second.lines[mark]["comment"] = "Od druhého"
    answer = second.send(office)
    assert answer.status_code == 422
    assert "Od druhého" in answer.text
    pin = only(all_pins(session))
    assert (pin.category, pin.comment) == ("unsafe", None)


def test_a_further_photo_meanwhile_does_not_stand_in_the_way(
    office: FlaskClient, session: Session, town: MapRecord, serial: str
) -> None:
    mark = a_mark(session, town, serial, (100.0, 100.0))
    form = look(office, serial)
    row = session.get(SheetMark, (town.id, mark))
    assert row
    row.x_mm, row.changed_at = 100.3, datetime.now(UTC)
    session.commit()
    assert form.send(office).status_code == 303
    assert len(all_pins(session)) == 1


def test_a_pin_of_somebody_else_is_not_touched_by_its_id(
    office: FlaskClient, session: Session, town: MapRecord, serial: str
) -> None:
    theirs = a_pin(session, town, comment="Moje")
    form = look(office, serial)
    mark = form.add((100.0, 100.0))
    form.lines[mark]["mark"] = str(theirs.id)
    assert form.send(office).status_code == 422
    pin = only(all_pins(session))
    assert (pin.comment, pin.channel) == ("Moje", "web")


def test_the_page_shows_its_own_photos_and_the_clean_sheet(
    office: FlaskClient, session: Session, town: MapRecord, serial: str
) -> None:
    (other,) = a_sheet_of(session, town)
    theirs = a_photo_of(session, town, other)
    mine = a_photo_of(session, town, serial, ("frame", "table"))
    page = office.get(address(serial)).text
    assert f"{mine}/frame" in page
    assert f"{mine}/table" in page
    assert str(theirs) not in page
    clean = office.get(f"{address(serial)}/clean.png")
    assert (clean.status_code, clean.mimetype) == (200, "image/png")
    assert "private" in clean.headers["Cache-Control"]


def test_a_sheet_of_another_map_is_not_here(office: FlaskClient, session: Session) -> None:
    elsewhere = a_map(session, "jinde")
    (theirs,) = a_sheet_of(session, elsewhere)
    assert office.get(address(theirs)).status_code == 404
    assert office.get(address("nonsense")).status_code == 404


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("mark", "not an id", 400),
        ("seen", "yesterday", 400),
        ("x", "1e999", 422),
        ("x", "nan", 422),
        ("y", "-3", 422),
        ("row", "čtyři", 422),
        ("row", "0", 422),
        ("category", "love", 422),
        ("comment", "a\0b", 422),
    ],
)
def test_a_hostile_line_stores_nothing(
    office: FlaskClient, session: Session, town: MapRecord, serial: str, name: str, value: str, status: int
) -> None:
    mark = str(a_mark(session, town, serial, (100.0, 100.0)))
    form = look(office, serial)
    form.lines[mark][name] = value
    assert form.send(office).status_code == status
    assert all_pins(session) == []


def test_a_form_that_arrived_in_part_is_refused(
    office: FlaskClient, session: Session, town: MapRecord, serial: str
) -> None:
    mark = str(a_mark(session, town, serial, (100.0, 100.0)))
    form = look(office, serial)
    del form.lines[mark]["comment"]
    assert form.send(office).status_code == 400


def test_the_log_says_who_checked_what(
    office: FlaskClient, session: Session, town: MapRecord, serial: str
) -> None:
    a_mark(session, town, serial, (100.0, 100.0), comment="Tajné")
    look(office, serial).send(office)
    entry = only(session.query(AuditEntry).filter_by(action="sheet.check"))
    assert (entry.official, entry.subject, entry.detail) == ("urad@testov.example", serial, {"n": 1})
