"""Photos with pins in the office: seen by officials, shown, refused, covered; what was not seen is not decided."""

from __future__ import annotations

import io
import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.inputs.pin_photo_forms import Box
from app.models import AuditEntry, Pin, PinPhoto, TownMap
from app.queries.maps import MapRecord, read_map
from app.services.pin_photos import covered, forget_refused
from app.services.retention import anonymise
from tests.builders import a_map, a_picture, a_pin, a_pin_photo, an_official
from tests.doors import csrf_of, sign_in

WAITING = "/office/maps/testov/queue/photos"


@pytest.fixture
def the_map(session: Session) -> MapRecord:
    return a_map(session, photos=True)


@pytest.fixture
def pin(session: Session, the_map: MapRecord) -> Pin:
    made = a_pin(session, the_map, "unsafe", comment="Nesvítí tu")
    a_pin_photo(session, made, alt="Lampa")
    return made


@pytest.fixture
def office(session: Session, client: FlaskClient, the_map: MapRecord) -> FlaskClient:
    an_official(session, role="moderator")
    client.set_cookie("pocit_lang", "en")
    return sign_in(client, "urad@testov.example")


def address(pin: Pin) -> str:
    return f"/office/maps/testov/pins/{pin.id}/photo"


def seen(office: FlaskClient, pin: Pin) -> str:
    found = re.search(r'name="seen" value="(\w+)"', office.get(address(pin)).text)
    assert found
    return found[1]


def decide(office: FlaskClient, pin: Pin, deed: str, mark: str | None = None, **form: str) -> Any:
    data = {"csrf_token": csrf_of(office), "deed": deed, "seen": mark or seen(office, pin), "alt": "Lampa"} | form
    return office.post(address(pin), data=data)


def stored(session: Session) -> PinPhoto:
    session.expire_all()
    return session.scalars(select(PinPhoto)).one()


def test_what_waits_is_counted_wherever_one_looks(office: FlaskClient, pin: Pin) -> None:
    assert "to look at" in office.get("/office/").text
    assert "photo waiting" in office.get("/office/maps/testov/dashboard").text
    assert '>photos <span class="chip-count">1</span>' in office.get("/office/maps/testov/queue").text
    page = office.get(WAITING).text
    assert f'src="{address(pin)}.jpg"' in page
    assert "Nesvítí tu" in page
    assert 'alt="Lampa"' in page
    card = office.get(f"/office/maps/testov/pins/{pin.id}").text
    assert "The photo waits" in card
    picture = office.get(f"{address(pin)}.jpg")
    assert (picture.mimetype, picture.headers["Cache-Control"]) == ("image/jpeg", "private, no-store")


def test_shown_it_is_everybody_s_and_the_official_s_words_stand(
    office: FlaskClient, session: Session, pin: Pin
) -> None:
    assert office.get(f"/m/testov/photos/{pin.id}.jpg").status_code == 404
    answer = decide(office, pin, "show", alt="  Rozbitá lampa u lípy ")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{WAITING}?did=show&pin={pin.id}")
    assert office.get(f"/m/testov/photos/{pin.id}.jpg").status_code == 200
    row = stored(session)
    assert (row.state, row.alt, row.checked_by) == ("shown", "Rozbitá lampa u lípy", "urad@testov.example")
    page = office.get(answer.headers["Location"]).text
    assert "The photo is shown." in page
    assert f'href="{address(pin)}"' in page
    assert "No photo waits." in page


def test_refused_with_a_reason_its_author_reads_and_shown_after_all(
    office: FlaskClient, session: Session, pin: Pin
) -> None:
    answer = decide(office, pin, "refuse")
    assert answer.status_code == 422
    assert "Give a reason." in answer.text
    assert stored(session).state == "waiting"
    assert decide(office, pin, "refuse", ready="person", reason="Vlevo.").status_code == 303
    row = stored(session)
    assert (row.state, row.reason) == ("refused", "person|Vlevo.")
    text = office.get(address(pin)).text
    assert "People can be recognised in it. Vlevo." in text
    assert decide(office, pin, "show", back="one").headers["Location"] == f"{address(pin)}?did=show"
    assert (stored(session).state, stored(session).reason) == ("shown", None)


def test_covered_parts_are_gone_for_good_from_both_pictures(
    office: FlaskClient, session: Session, pin: Pin
) -> None:
    faces = Image.effect_noise((400, 300), 120).convert("RGB")
    written = io.BytesIO()
    faces.save(written, "JPEG", quality=95)
    session.execute(update(PinPhoto).values(picture=written.getvalue(), small=written.getvalue()))
    session.commit()
    assert decide(office, pin, "cover", boxes="").status_code == 422
    answer = decide(office, pin, "cover", boxes="250 250 750 750")
    assert answer.headers["Location"] == f"{WAITING}?did=cover&pin={pin.id}#photo-{pin.id}"
    row = stored(session)
    assert row.state == "waiting"
    for content in (row.picture, row.small):
        picture = Image.open(io.BytesIO(content)).convert("L")
        inside = picture.crop((110, 85, 290, 215)).getextrema()
        outside = picture.crop((0, 0, 90, 60)).getextrema()
        assert inside[1] - inside[0] <= 6
        assert outside[1] - outside[0] > 100
    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions[-1] == "pin_photo.cover"


@pytest.mark.parametrize(
    ("boxes", "status"),
    [
        ("1 2 3", 400),
        ("a b c d", 400),
        ("-1 0 5 5", 400),
        ("5 5 5 5", 422),
        ("0 0 9999 9999", 303),
        ("1 1 9 9;" * 41, 400),
    ],
)
def test_boxes_that_are_none(office: FlaskClient, pin: Pin, boxes: str, status: int) -> None:
    assert decide(office, pin, "cover", boxes=boxes).status_code == status


@pytest.mark.parametrize("deed", ["show", "refuse", "cover"])
@pytest.mark.parametrize("change", ["photo", "words", "gone"])
def test_what_changed_since_it_was_seen_is_not_decided(
    office: FlaskClient, session: Session, pin: Pin, deed: str, change: str
) -> None:
    mark = seen(office, pin)
    if change == "gone":
        session.delete(stored(session))
    else:
        session.execute(update(PinPhoto).values({"photo": {"digest": b"x"}, "words": {"alt": "Nadávka"}}[change]))
    session.commit()
    answer = decide(office, pin, deed, mark, ready="person", boxes="0 0 9 9")
    assert answer.status_code == (404 if change == "gone" else 409)
    if change != "gone":
        assert "The photo changed in the meantime." in answer.text
        assert stored(session).state == "waiting"


def test_each_decision_is_in_the_log_without_a_word_of_the_author(
    office: FlaskClient, session: Session, pin: Pin
) -> None:
    decide(office, pin, "show")
    decide(office, pin, "refuse", reason="Vidím Janu Novákovou")
    entries = session.scalars(
        select(AuditEntry).where(AuditEntry.action.like("pin_photo.%")).order_by(AuditEntry.id)
    ).all()
    assert [(one.action, one.subject, one.detail) for one in entries] == [
        ("pin_photo.show", str(pin.id), {}),
        ("pin_photo.refuse", str(pin.id), {}),
    ]


def test_photos_come_page_by_page(office: FlaskClient, session: Session, the_map: MapRecord) -> None:
    for _ in range(23):
        a_pin_photo(session, a_pin(session, the_map))
    first = office.get(WAITING).text
    assert first.count("data-photo data-category") == 20
    further = re.search(r'href="([^"]+after=[^"]+)"', first)
    assert further
    assert office.get(further[1].replace("&amp;", "&")).text.count("data-photo data-category") == 3


def test_refused_photos_are_forgotten_after_thirty_days(session: Session, the_map: MapRecord) -> None:
    now = datetime.now(UTC)
    kept = []
    for state, days in (("refused", 31), ("refused", 29), ("waiting", 31), ("shown", 99)):
        photo = a_pin_photo(session, a_pin(session, the_map), state, checked_at=now - timedelta(days=days))
        kept += [] if (state, days) == ("refused", 31) else [photo.pin_id]
    assert forget_refused(session, now) == 1
    assert set(session.scalars(select(PinPhoto.pin_id))) == set(kept)


def test_anonymising_keeps_only_what_is_shown_and_nothing_by_which_its_file_is_known(
    session: Session, the_map: MapRecord
) -> None:
    pins = {
        state: a_pin_photo(session, a_pin(session, the_map, respondent=state), state).pin_id
        for state in ("waiting", "shown", "refused")
    }
    session.execute(update(TownMap).values(closes_at="2026-01-01T00:00:00Z", version=TownMap.version + 1))
    session.commit()
    anonymise(session, read_map(session, "testov"), datetime.now(UTC))
    row = stored(session)
    pin = session.get(Pin, (the_map.id, pins["shown"]))
    assert pin
    assert (row.pin_id, row.digest, row.created_at) == (pins["shown"], b"", pin.created_at)
    assert a_picture() == row.picture


def test_photo_of_nobody_is_not_there(office: FlaskClient, pin: Pin) -> None:
    nowhere = f"/office/maps/testov/pins/{uuid.uuid4()}/photo"
    assert (office.get(nowhere).status_code, office.get(f"{nowhere}.jpg").status_code) == (404, 404)


def test_editor_lets_people_add_photos_and_stops_it_again(client: FlaskClient, session: Session) -> None:
    assert not a_map(session).pin_photos
    an_official(session, role="editor")
    sign_in(client, "urad@testov.example")
    rules = {"open": "pins", "after": "same", "k": "5", "moderation": "post", "show_others": "always"}
    for sent, allowed in (({"photos": "1"}, True), ({}, False)):
        form = rules | {"retention_days": "180", "hold_flagged": "1", "csrf_token": csrf_of(client)} | sent
        assert client.post("/office/maps/testov/setup/rules", data=form).status_code == 303
        session.expire_all()
        assert read_map(session, "testov").pin_photos is allowed


def test_waiting_photos_are_for_moderators_and_shown_ones_for_viewers_too(
    client: FlaskClient, session: Session, pin: Pin
) -> None:
    an_official(session, "ctenar@testov.example", role="viewer")
    sign_in(client, "ctenar@testov.example")
    asked = [f"{address(pin)}.jpg", f"{address(pin)}.jpg?small"]
    card = f"/office/maps/testov/pins/{pin.id}"
    for state, status in (("waiting", 403), ("refused", 403), ("shown", 200)):
        session.execute(update(PinPhoto).values(state=state))
        session.commit()
        assert [client.get(one).status_code for one in asked] == [status, status]
        assert ("photo.jpg" in client.get(card).text) == (status == 200)


def refuse_many(office: FlaskClient, pin: Pin, **form: str) -> Any:
    return office.post(f"{address(pin)}/refuse-many", data={"csrf_token": csrf_of(office)} | form)


@pytest.mark.parametrize(("of", "refused"), [("author", {"pin", "same"}), ("hour", {"pin", "near"})])
def test_a_flood_is_refused_at_once_and_only_the_flood(
    office: FlaskClient, session: Session, the_map: MapRecord, of: str, refused: set[str]
) -> None:
    now = datetime.now(UTC)
    pins = {}
    for name, author, minutes, state in (
        ("pin", "vandal", 0, "waiting"),
        ("same", "vandal", 90, "waiting"),
        ("near", "somebody", 20, "waiting"),
        ("far", "somebody", 31, "waiting"),
        ("seen", "vandal", 1, "shown"),
    ):
        pins[name] = a_pin(session, the_map, respondent=author)
        a_pin_photo(session, pins[name], state, created_at=now - timedelta(minutes=minutes))
    jinde = a_map(session, "jinde", photos=True)
    a_pin_photo(session, a_pin(session, jinde, respondent="vandal"), created_at=now)
    assert refuse_many(office, pins["pin"], of=of).status_code == 422
    assert refuse_many(office, pins["pin"], of="all", ready="rude").status_code == 400
    answer = refuse_many(office, pins["pin"], of=of, ready="rude", reason="Záplava.")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{WAITING}?refused=2")
    assert "2 photos are refused." in office.get(answer.headers["Location"]).text
    session.expire_all()
    rows = {row.pin_id: row for row in session.scalars(select(PinPhoto))}
    found = {name for name, one in pins.items() if rows[one.id].state == "refused"}
    assert found == refused
    one = rows[pins["pin"].id]
    assert (one.reason, one.checked_by, one.checked_at is None) == ("rude|Záplava.", "urad@testov.example", False)
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry
    assert (entry.action, entry.detail["n_photos"], entry.detail["which"]) == ("pin_photo.refuse_many", 2, of)


def test_a_covered_photo_is_kept_small_too() -> None:
    written = io.BytesIO()
    Image.effect_noise((1600, 1600), 120).convert("RGB").save(written, "JPEG", quality=95)
    assert all(len(one) <= 700_000 for one in covered(written.getvalue(), [Box(0, 0, 10, 10)]))
