"""Hiding, showing and approving: what it does to the pin, to the public, and to two officials at once."""

from __future__ import annotations

import threading

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.errors import AlreadyDecided
from app.inputs.queue_forms import Target
from app.inputs.reasons import Hiding
from app.models import Pin, PinState
from app.queries.maps import MapRecord, read_map
from app.services.audit import BY_ITSELF
from app.services.moderation import approval, hiding
from app.services.moderation import decide as decide_pin
from tests.builders import a_feature, a_map, a_pin, an_official, bearer, moment
from tests.doors import csrf_of, sign_in

PAGE = "/office/maps/testov"
ITEMS = "/api/collections/testov/items"
PERSON = "/api/collections/testov/respondent"


@pytest.fixture
def town(session: Session) -> MapRecord:
    """A map."""
    return a_map(session)


@pytest.fixture
def office(client: FlaskClient, session: Session, town: MapRecord) -> FlaskClient:
    """A moderator at the desk."""
    return sign_in(client, an_official(session, role="moderator"))


def decide(client: FlaskClient, pin: Pin, what: str, *, part: bool = False, **form: str) -> TestResponse:
    """The answer to one of the pin's forms."""
    headers = (
        {"X-Part": "pin", "X-CSRFToken": csrf_of(client, "/office/"), "Accept": "application/json"} if part else {}
    )
    if not part:
        form["csrf_token"] = csrf_of(client, "/office/")
    return client.post(f"{PAGE}/pins/{pin.id}/{what}", data=form, headers=headers)


def fresh(session: Session, pin: Pin) -> Pin:
    """The pin as it is stored now."""
    session.expire_all()
    return session.get_one(Pin, (pin.map_id, pin.id))


def public_ids(client: FlaskClient) -> list[str]:
    """What everybody sees."""
    return [feature["id"] for feature in client.get("/api/collections/testov/items").json["features"]]


def test_hidden_pin_leaves_the_public_with_its_reason_for_the_author(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    pin = a_pin(session, town, comment="Soused Novák krade")
    assert public_ids(office) == [str(pin.id)]
    answer = decide(office, pin, "hide", ready="person", reason="Prosíme beze jmen.")
    assert answer.status_code == 303
    assert answer.location == f"{PAGE}/pins/{pin.id}"
    assert public_ids(office) == []
    stored = fresh(session, pin)
    assert stored.state == PinState.HIDDEN
    assert stored.hidden_reason == "person|Prosíme beze jmen."


def test_author_reads_the_reason_in_their_own_language(client: FlaskClient, session: Session) -> None:
    a_map(session)
    feature = a_feature(comment="Prodám kolo")
    client.post(ITEMS, json=feature, headers=bearer())
    sign_in(client, an_official(session, role="moderator"))
    pin = session.query(Pin).one()
    decide(client, pin, "hide", ready="advert", reason="Díky.")
    assert fresh(session, pin).hidden_reason == "advert|Díky."
    told = {}
    for language in ("cs", "en"):
        own = client.get(f"{ITEMS}/{pin.id}", headers=bearer(**{"Accept-Language": language})).json
        told[language] = own["properties"]["hidden_reason"]
        mine = client.get(PERSON, headers=bearer(**{"Accept-Language": language})).json
        assert mine["pins"]["features"][0]["properties"]["hidden_reason"] == told[language]
    assert told == {"cs": "Je to reklama. Díky.", "en": "It is an advertisement. Díky."}


def test_reason_from_before_there_were_keys_is_told_as_it_was_written(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    pin = a_pin(session, town, state=PinState.HIDDEN, hidden_reason="Je to reklama. | Díky.")
    assert "Je to reklama. | Díky." in office.get(f"{PAGE}/pins/{pin.id}").text


def test_hiding_needs_a_reason(office: FlaskClient, session: Session, town: MapRecord) -> None:
    pin = a_pin(session, town)
    assert decide(office, pin, "hide", reason="   ").status_code == 422
    assert decide(office, pin, "hide", reason="x" * 501).status_code == 422
    assert decide(office, pin, "hide", ready="because").status_code == 400
    assert decide(office, pin, "hide", reason="a\x00b").status_code == 400
    assert fresh(session, pin).state == PinState.VISIBLE


def test_shown_again_the_pin_is_public_and_its_reason_gone(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    pin = a_pin(session, town, state=PinState.HIDDEN, hidden_reason="rude")
    decide(office, pin, "show")
    assert public_ids(office) == [str(pin.id)]
    assert fresh(session, pin).hidden_reason is None


def test_waiting_pin_is_approved_and_can_be_put_back(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    pin = a_pin(session, town, state=PinState.PENDING)
    decide(office, pin, "approve")
    assert public_ids(office) == [str(pin.id)]
    decide(office, pin, "hold")
    assert public_ids(office) == []
    assert fresh(session, pin).state == PinState.PENDING


def test_approving_does_not_bring_back_what_a_colleague_hid(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    pin = a_pin(session, town, state=PinState.HIDDEN, hidden_reason="rude")
    assert decide(office, pin, "approve").status_code == 409
    assert fresh(session, pin).state == PinState.HIDDEN


def test_text_changed_since_it_was_read_is_not_approved_unread(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    pin = a_pin(session, town, state=PinState.PENDING, comment="nice")
    seen = pin.changed_at.isoformat()
    session.execute(update(Pin).values(comment="nasty", changed_at=moment("2030-01-01T00:00:00Z")))
    session.commit()
    answer = decide(office, pin, "approve", part=True, seen=seen)
    assert answer.status_code == 409
    assert answer.mimetype == "application/problem+json"
    assert fresh(session, pin).state == PinState.PENDING
    assert decide(office, pin, "approve", seen="2030-01-01T00:00:00+00:00").status_code == 303


@pytest.mark.parametrize("seen", ["soon", "2026-13-01", "\x00"])
def test_strange_times_of_reading_are_refused(
    office: FlaskClient, session: Session, town: MapRecord, seen: str
) -> None:
    assert decide(office, a_pin(session, town), "show", seen=seen).status_code == 400


def test_deciding_the_same_again_changes_nothing(office: FlaskClient, session: Session, town: MapRecord) -> None:
    pin = a_pin(session, town)
    decide(office, pin, "hide", reason="rude")
    once = fresh(session, pin).changed_at
    assert decide(office, pin, "hide", reason="rude").status_code == 303
    assert fresh(session, pin).changed_at == once
    decide(office, pin, "hide", reason="very rude")
    assert fresh(session, pin).hidden_reason == "very rude"


def test_decision_moves_the_pins_time_of_change(office: FlaskClient, session: Session, town: MapRecord) -> None:
    pin = a_pin(session, town, changed_at=moment("2026-01-01T00:00:00Z"))
    decide(office, pin, "hide", reason="rude")
    assert fresh(session, pin).changed_at > moment("2026-01-01T00:00:00Z")


def test_script_gets_the_pin_as_it_is_now_with_the_way_back(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    pin = a_pin(session, town, state=PinState.PENDING)
    piece = decide(office, pin, "hide", part=True, reason="rude").text
    assert 'data-state="hidden"' in piece
    assert 'data-before="pending"' in piece
    assert "<html" not in piece


def test_form_goes_back_to_where_it_came_from(office: FlaskClient, session: Session, town: MapRecord) -> None:
    pin = a_pin(session, town)
    assert decide(office, pin, "show", back=f"{PAGE}?state=hidden").location == f"{PAGE}?state=hidden"
    assert decide(office, pin, "show", back="//evil.example").location == "/office/"


def test_pin_that_is_gone_is_unknown(office: FlaskClient, session: Session, town: MapRecord) -> None:
    pin = a_pin(session, town)
    session.delete(pin)
    session.commit()
    assert decide(office, pin, "hide", reason="rude").status_code == 404


def test_of_two_officials_at_once_one_decides_and_one_is_told(live_session: Session) -> None:
    """One hides while the other approves: whoever comes second meets what the first one left."""
    a_map(live_session)
    the_map = read_map(live_session, "testov")
    pin = a_pin(live_session, the_map, state=PinState.PENDING)
    seen, pin_id = pin.changed_at, pin.id
    bind = live_session.get_bind()
    told: list[str] = []
    start = threading.Barrier(2)

    def decide_alone(hide: bool) -> None:
        with Session(bind) as own:
            start.wait()
            try:
                if hide:
                    decide_pin(own, the_map, Target(pin_id, seen), hiding(Hiding("rude")), by=BY_ITSELF)
                else:
                    decide_pin(own, the_map, Target(pin_id, seen), approval(), by=BY_ITSELF)
                own.commit()
            except AlreadyDecided:
                told.append("hide" if hide else "approve")

    both = [threading.Thread(target=decide_alone, args=(hide,)) for hide in (True, False)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert len(told) == 1
    state = fresh(live_session, pin).state
    assert state == (PinState.VISIBLE if told == ["hide"] else PinState.HIDDEN)
