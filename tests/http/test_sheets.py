"""The office's page of paper: sheets are ordered, taken once more, found by their number; how far each is."""

from __future__ import annotations

import io
import uuid
from pathlib import Path

import pypdfium2
import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.errors import Anonymised
from app.models import AuditEntry, MarkKind, PhotoState, Role, Sheet, SheetMark, SheetPhoto, SheetPrint, TownMap
from app.queries.maps import MapRecord
from app.queries.sheet_states import Stage, next_to_check, sheet_states
from gis.paper.serial import parse_serial
from tests.builders import a_basemap, a_map, a_print, an_event, an_official
from tests.doors import csrf_of, sign_in

PAGE = "/office/maps/testov/sheets"


@pytest.fixture
def the_map(session: Session) -> MapRecord:
    """A map with an event."""
    made = a_map(session, basemap_geojson=a_basemap())
    an_event(session, made, "VAKA47")
    return made


@pytest.fixture
def editor(client: FlaskClient, session: Session, the_map: MapRecord) -> FlaskClient:
    """An editor of its town."""
    return sign_in(client, an_official(session))


def order(client: FlaskClient, **said: str) -> object:
    form = {"csrf_token": csrf_of(client, PAGE), "paper": "A4", "count": "2"} | said
    return client.post(PAGE, data=form)


def a_photo(session: Session, the_map: MapRecord, serial: str, marks: int = 1) -> None:
    """A photo that was read, and marks on its sheet that nobody has looked at."""
    session.add(
        SheetPhoto(
            map_id=the_map.id,
            id=uuid.uuid4(),
            digest=serial.encode(),
            filename="a.jpg",
            state=PhotoState.READ,
            serial=serial,
        )
    )
    for n in range(marks):
        session.add(
            SheetMark(
                map_id=the_map.id,
                id=uuid.uuid4(),
                serial=serial,
                kind=MarkKind.STICKER,
                category="safe",
                x_mm=100 + n,
                y_mm=100,
                confidence=0.9,
                precision_mm=1,
            )
        )
    session.commit()


def test_an_order_is_drawn_stored_and_taken_once_more_exactly(editor: FlaskClient, session: Session) -> None:
    answer = order(editor, event="VAKA47")
    assert answer.status_code == 303
    made = session.scalars(select(SheetPrint)).one()
    serials = session.scalars(select(Sheet.serial).order_by(Sheet.n)).all()
    assert [parse_serial(serial) for serial in serials] == serials
    file = editor.get(f"/office/maps/testov/prints/{made.id}.pdf")
    assert file.mimetype == "application/pdf"
    assert file.data == made.pdf
    assert len(pypdfium2.PdfDocument(io.BytesIO(file.data))) == 2
    page = editor.get(PAGE, query_string={"lang": "en"}).text
    assert "2 sheets A4" in page
    assert "VAKA47" in page
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "sheet.print")).one()
    assert entry.detail["count"] == 2


def test_what_is_wrong_with_an_order_stands_beside_its_field(editor: FlaskClient, session: Session) -> None:
    answer = order(editor, count="0", scale="about a hundred")
    assert answer.status_code == 422
    assert 'id="count-error"' in answer.text
    assert 'id="scale-error"' in answer.text
    assert 'value="about a hundred"' in answer.text
    assert not session.scalars(select(SheetPrint.id)).all()


def test_a_viewer_sees_but_does_not_print(
    client: FlaskClient, session: Session, the_map: MapRecord, tmp_path: Path
) -> None:
    made = a_print(session, the_map, tmp_path)
    viewer = sign_in(client, an_official(session, role=Role.VIEWER))
    page = viewer.get(PAGE).text
    assert made.serials[0][:3] in page
    assert 'name="count"' not in page
    assert viewer.get(f"/office/maps/testov/prints/{made.id}.pdf").status_code == 403


def test_a_sheet_waits_for_a_photo_then_for_somebody_then_for_nothing(
    editor: FlaskClient, session: Session, the_map: MapRecord, tmp_path: Path
) -> None:
    second = a_print(session, the_map, tmp_path, count=2).serials[1]
    assert [state.stage for state in sheet_states(session, the_map.id)] == [Stage.PRINTED, Stage.PRINTED]
    a_photo(session, the_map, second, marks=3)
    states = sheet_states(session, the_map.id)
    assert [state.stage for state in states] == [Stage.PRINTED, Stage.READ]
    assert next_to_check(states).serial == second
    assert next_to_check(states, after=second) is None
    assert f"/office/maps/testov/sheets/{second}" in editor.get(PAGE).text.partition("sheets-stages")[0]
    assert "3 marks to check" in editor.get(PAGE, query_string={"lang": "en"}).text


def test_a_sheet_is_found_by_the_number_on_it_however_it_was_typed(
    editor: FlaskClient, session: Session, the_map: MapRecord, tmp_path: Path
) -> None:
    serial = a_print(session, the_map, tmp_path).serials[0]
    typed = f" {serial[:3].lower()}-{serial[3:6]} {serial[6:]}"
    answer = editor.get("/office/maps/testov/sheet", query_string={"serial": typed})
    assert answer.location.endswith(f"/sheets/{serial}")
    wrong = editor.get("/office/maps/testov/sheet", query_string={"serial": "222222222"})
    assert wrong.status_code == 404
    assert 'id="serial-error"' in wrong.text


def test_a_sheet_of_another_town_is_not_found(editor: FlaskClient, session: Session, tmp_path: Path) -> None:
    serial = a_print(session, a_map(session, "jinde"), tmp_path).serials[0]
    assert editor.get("/office/maps/testov/sheet", query_string={"serial": serial}).status_code == 404


def test_a_map_that_forgot_its_people_meanwhile_gets_no_new_ones(
    session: Session, the_map: MapRecord, tmp_path: Path
) -> None:
    session.execute(update(TownMap).where(TownMap.id == the_map.id).values(anonymised_at=func.now()))
    assert the_map.anonymised_at is None, "the record was read before"
    with pytest.raises(Anonymised):
        a_print(session, the_map, tmp_path)
    assert not session.scalars(select(Sheet.serial)).all()
