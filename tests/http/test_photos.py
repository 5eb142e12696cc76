"""The office's page of photos: sending them, what it says of each, helping by hand, throwing away."""

from __future__ import annotations

import io
import uuid
from collections.abc import Mapping

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.models import AuditEntry, PhotoPicture, SheetMark, SheetPhoto, TownMap
from app.queries.maps import MapRecord
from app.services import sheet_photos
from app.views.office import photos as page
from tests.builders import a_map, an_official
from tests.doors import csrf_of, sign_in
from tests.marked_sheets import a_mark, a_photo_of, a_sheet_of

PHOTOS = "/office/maps/testov/photos"
JPEG = b"\xff\xd8\xff\xe0 as if it were a photo "


class Called:
    """Counts the calls of the reading process, which could see nothing of what a test never commits."""

    def __init__(self) -> None:
        self.times = 0

    def call(self) -> None:
        self.times += 1

    remind = call


@pytest.fixture
def called(app: Flask) -> Called:
    made = app.extensions[page.EXTENSION] = Called()
    return made


@pytest.fixture
def the_map(session: Session) -> MapRecord:
    return a_map(session)


@pytest.fixture
def office(session: Session, client: FlaskClient, the_map: MapRecord, called: Called) -> FlaskClient:
    an_official(session, role="moderator")
    client.set_cookie("pocit_lang", "en")
    return sign_in(client, "urad@testov.example")


def send(client: FlaskClient, *files: tuple[bytes, str], **headers: str) -> tuple[int, str]:
    data = {"csrf_token": csrf_of(client), "photos": [(io.BytesIO(content), name) for content, name in files]}
    answer = client.post(PHOTOS, data=data, headers=headers, follow_redirects=True)
    return answer.status_code, answer.text


def act(client: FlaskClient, address: str, **form: str) -> tuple[int, str]:
    answer = client.post(address, data=form | {"csrf_token": csrf_of(client)}, follow_redirects=True)
    return answer.status_code, answer.text


def a_refused_photo(session: Session, the_map: MapRecord, **values: object) -> uuid.UUID:
    photo = a_photo_of(session, the_map, a_sheet_of(session, the_map)[0], ("whole", "small"))
    evidence = {"found": [1, 2], "of": 22, "sides": ["left"], "size": [1200, 900]}
    refused = {"state": "refused", "reason": "markers_hidden", "serial": None, "evidence": evidence} | values
    session.execute(update(SheetPhoto).where(SheetPhoto.id == photo).values(**refused))
    session.commit()
    return photo


def rows(session: Session) -> list[SheetPhoto]:
    session.expire_all()
    return list(session.scalars(select(SheetPhoto).order_by(SheetPhoto.filename)))


def test_many_files_at_once_wait_to_be_read(session: Session, office: FlaskClient, called: Called) -> None:
    status, text = send(office, (JPEG + b"1", "a.jpg"), (JPEG + b"2", "b.jpg"), (JPEG + b"3", "foto/c.jpg"))
    assert status == 200
    assert [row.filename for row in rows(session)] == ["a.jpg", "b.jpg", "c.jpg"]
    assert "3 photos are here and wait to be read." in text
    assert called.times >= 1
    assert "2 photos" not in send(office, (JPEG + b"4", "d.jpg"))[1].split("</form>")[0]


def test_the_same_file_twice_says_so_and_adds_nothing(session: Session, office: FlaskClient) -> None:
    send(office, (JPEG, "a.jpg"))
    _, text = send(office, (JPEG, "another-name.jpg"))
    assert "was here already; nothing is added" in text
    assert len(rows(session)) == 1


def test_a_script_sends_one_by_one_and_is_told_in_words(session: Session, office: FlaskClient) -> None:
    asked = {"data": None, "headers": {"Accept": "application/json"}}
    token = csrf_of(office)
    told = []
    for content, name in ((JPEG, "a.jpg"), (JPEG, "a.jpg"), (b"<html>", "a.html")):
        asked["data"] = {"csrf_token": token, "photos": (io.BytesIO(content), name)}
        answer = office.post(PHOTOS, **asked)
        told.append((answer.status_code, answer.json["photos"][0]["outcome"]))  # type: ignore[index]
    assert told == [(200, "new"), (200, "again"), (422, None)]


def test_a_bad_file_stops_no_other_and_says_why(session: Session, office: FlaskClient) -> None:
    status, text = send(office, (b"MZ program", "virus.exe"), (JPEG, "a.jpg"), (b"", "empty.jpg"))
    assert status == 200
    assert "<strong>virus.exe</strong> – This is no photo or scan that we read" in text
    assert "<strong>empty.jpg</strong> – Choose a photo first" in text
    assert [row.filename for row in rows(session)] == ["a.jpg"]


def test_a_file_of_more_than_forty_megabytes_is_refused(
    session: Session, office: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.inputs.photo_files.MOST_FILE_BYTES", 1000)
    _, text = send(office, (JPEG + bytes(1000), "velka.jpg"))
    assert "The file is larger than" in text
    assert rows(session) == []


def test_too_many_waiting_are_refused_in_words(
    session: Session, office: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheet_photos, "MOST_WAITING", 2)
    _, text = send(office, *((JPEG + bytes([n]), f"{n}.jpg") for n in range(3)))
    assert "Enough photos of this map are waiting" in text
    assert len(rows(session)) == 2


def test_nothing_chosen_says_what_to_do(office: FlaskClient) -> None:
    status, text = send(office)
    assert status == 422
    assert "Choose a photo first" in text


def test_a_refused_photo_says_why_and_offers_help(
    session: Session, office: FlaskClient, the_map: MapRecord
) -> None:
    photo = a_refused_photo(session, the_map)
    text = office.get(PHOTOS).text
    assert "Too few of the black-and-white squares" in text
    assert "2 of 22 squares can be seen. Hidden: on the left." in text
    assert f"{PHOTOS}/{photo}" in text


def test_what_cannot_be_helped_offers_none(session: Session, office: FlaskClient, the_map: MapRecord) -> None:
    photo = a_refused_photo(session, the_map, reason="no_colour", evidence={})
    assert f'href="{PHOTOS}/{photo}"' not in office.get(PHOTOS).text


def test_a_read_photo_leads_to_its_sheet_and_its_marks(
    session: Session, office: FlaskClient, the_map: MapRecord
) -> None:
    serial = a_sheet_of(session, the_map)[0]
    a_photo_of(session, the_map, serial)
    a_mark(session, the_map, serial, (80, 80))
    text = office.get(PHOTOS).text
    assert f"/office/maps/testov/sheets/{serial}" in text
    assert "1 mark of the sheet waits for you." in text
    assert "1 sheet to check" in text


@pytest.mark.parametrize(("show", "seen"), [("refused", True), ("read", False), ("waiting", False), ("x", True)])
def test_the_list_is_narrowed_by_state(
    session: Session,
    office: FlaskClient,
    the_map: MapRecord,
    show: str,
    seen: bool,
) -> None:
    photo = a_refused_photo(session, the_map)
    for address in (PHOTOS, f"{PHOTOS}/list"):
        assert (f'id="photo-{photo}"' in office.get(f"{address}?show={show}&from=0").text) is seen


@pytest.mark.parametrize("start", ["-5", "x", "99999999999999999999", "3"])
def test_no_place_in_the_list_breaks_it(office: FlaskClient, start: str) -> None:
    assert office.get(f"{PHOTOS}?from={start}").status_code == 200


def corners() -> Mapping[str, str]:
    at = {"top_left": (10, 20), "top_right": (410, 25), "bottom_right": (420, 330), "bottom_left": (5, 300)}
    return {f"{name}_{axis}": str(value) for name, xy in at.items() for axis, value in zip("xy", xy, strict=True)}


def test_serial_and_corners_by_hand_let_it_wait_again(
    session: Session, office: FlaskClient, the_map: MapRecord, called: Called
) -> None:
    photo = a_refused_photo(session, the_map)
    serial = a_sheet_of(session, the_map)[0]
    assert act(office, f"{PHOTOS}/{photo}/by-hand", serial=serial.lower(), **corners())[0] == 200
    (row,) = rows(session)
    assert (row.state, row.serial) == ("waiting", serial)
    assert row.corners == [{"x": 10, "y": 20}, {"x": 410, "y": 25}, {"x": 420, "y": 330}, {"x": 5, "y": 300}]
    assert called.times >= 1
    deed = session.scalars(select(AuditEntry).where(AuditEntry.action == "photo.by_hand")).one()
    assert deed.official == "urad@testov.example"


def test_what_is_wrong_by_hand_comes_back_beside_its_field_with_what_was_typed(
    session: Session, office: FlaskClient, the_map: MapRecord
) -> None:
    photo = a_refused_photo(session, the_map)
    status, text = act(office, f"{PHOTOS}/{photo}/by-hand", serial="ABC", **corners())
    assert status == 422
    assert "not a serial of a sheet" in text
    assert 'value="ABC"' in text
    assert 'name="bottom_right_x" inputmode="decimal" value="420"' in text
    assert rows(session)[0].state == "refused"


def test_without_its_pixels_nothing_can_be_done_by_hand(
    session: Session, office: FlaskClient, the_map: MapRecord
) -> None:
    photo = a_refused_photo(session, the_map)
    session.query(PhotoPicture).delete()
    session.commit()
    serial = a_sheet_of(session, the_map)[0]
    status, text = act(office, f"{PHOTOS}/{photo}/by-hand", serial=serial)
    assert status == 422
    assert "not kept any more" in text


def test_a_photo_thrown_away_is_gone_with_the_marks_that_only_it_shows(
    session: Session, office: FlaskClient, the_map: MapRecord
) -> None:
    serial = a_sheet_of(session, the_map)[0]
    photo = a_photo_of(session, the_map, serial)
    a_mark(session, the_map, serial, (80, 80), photo_id=photo)
    kept = a_mark(session, the_map, serial, (90, 80), photo_id=photo, state="accepted")
    act(office, f"{PHOTOS}/{photo}/remove")
    assert rows(session) == []
    assert [mark.id for mark in session.scalars(select(SheetMark))] == [kept]
    assert act(office, f"{PHOTOS}/{photo}/remove")[0] == 404


def test_pictures_are_shown_but_never_the_file_as_it_came(
    session: Session, office: FlaskClient, the_map: MapRecord
) -> None:
    photo = a_photo_of(session, the_map, a_sheet_of(session, the_map)[0], ("frame", "original"))
    answer = office.get(f"{PHOTOS}/{photo}/frame.jpg")
    assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
    assert "private" in answer.headers["Cache-Control"]
    again = office.get(f"{PHOTOS}/{photo}/frame.jpg", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
    for what in ("original", "whole", "..%2f", "x"):
        assert office.get(f"{PHOTOS}/{photo}/{what}.jpg").status_code == 404


def test_photos_of_another_map_are_not_there(session: Session, office: FlaskClient, the_map: MapRecord) -> None:
    other = a_map(session, "jinde")
    photo = a_photo_of(session, other, a_sheet_of(session, other)[0])
    assert office.get(f"{PHOTOS}/{photo}").status_code == 404
    assert office.get(f"{PHOTOS}/{photo}/frame.jpg").status_code == 404
    assert act(office, f"{PHOTOS}/{photo}/remove")[0] == 404


def test_names_of_files_are_text(session: Session, office: FlaskClient) -> None:
    send(office, (JPEG, "<img src=x onerror=alert(1)>.jpg"))
    assert "<img src=x" not in office.get(PHOTOS).text


def test_the_rule_is_an_editors_and_is_written_down(
    session: Session, client: FlaskClient, office: FlaskClient
) -> None:
    assert act(office, f"{PHOTOS}/rule", days="7")[0] == 403
    an_official(session, "vedouci@testov.example", role="editor")
    sign_in(client, "vedouci@testov.example")
    assert act(client, f"{PHOTOS}/rule", days="x")[0] == 422
    assert "until 7 days after" in act(client, f"{PHOTOS}/rule", days="7", whole="yes")[1]
    assert session.execute(select(TownMap.photo_days, TownMap.whole_photos)).all() == [(7, True)]
    assert session.scalars(select(AuditEntry.action).where(AuditEntry.action == "photo.rule")).all()


def test_a_map_without_its_people_takes_no_photos(
    session: Session, office: FlaskClient, the_map: MapRecord, app: Flask
) -> None:
    gone = update(TownMap).where(TownMap.id == the_map.id)
    session.execute(gone.values(closes_at="2025-01-01", anonymised_at="2026-01-01", version=TownMap.version + 1))
    session.commit()
    assert send(office, (JPEG, "a.jpg"))[0] == 422
    assert rows(session) == []


def test_a_town_whose_photos_take_up_too_much_is_told_so(
    session: Session, office: FlaskClient, the_map: MapRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = a_map(session, "jinde")
    a_photo_of(session, other, a_sheet_of(session, other)[0], ("whole",))
    monkeypatch.setattr(sheet_photos, "MOST_KEPT_BYTES", 2 * len(JPEG) + 3)
    assert send(office, (JPEG + b"1", "a.jpg"))[0] == 200, "what another town keeps does not count"
    again = update(TownMap).where(TownMap.id == other.id).values(town_id=the_map.town_id)
    session.execute(again)
    status, text = send(office, (JPEG + b"2", "b.jpg"))
    assert status == 422
    assert "The photos of this town take up all of their" in text
    assert [row.filename for row in rows(session) if row.map_id == the_map.id] == ["a.jpg"]


def test_who_may_send_no_photos_is_told_that_whatever_the_size(
    session: Session, client: FlaskClient, office: FlaskClient
) -> None:
    an_official(session, "divak@testov.example", role="viewer")
    sign_in(client, "divak@testov.example")
    assert send(client, (JPEG, "a.jpg"))[0] == 403
    much = client.post(PHOTOS, data=bytes(3 << 20), content_type="multipart/form-data; boundary=x")
    assert much.status_code == 403
