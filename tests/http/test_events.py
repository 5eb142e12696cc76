"""Events in the office: made, changed and deleted by editors, and of use at once to those who come."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import AuditEntry, Event, PinState
from app.queries.events import turnouts
from app.queries.maps import MapRecord, read_map
from app.services.events import fresh_code
from app.services.retention import anonymise
from tests.builders import CENTRE, a_feature, a_map, a_pin, an_event, an_official, bearer, moment
from tests.doors import csrf_of, sign_in

EVENTS = "/office/maps/testov/events"
ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def the_map(session: Session) -> MapRecord:
    made = a_map(session)
    an_official(session)
    return made


@pytest.fixture
def editor(client: FlaskClient, the_map: MapRecord) -> FlaskClient:
    return sign_in(client, "urad@testov.example")


def sent(client: FlaskClient, address: str = EVENTS, **fields: str):
    form = {"title_cs": "Fórum", "csrf_token": csrf_of(client, EVENTS), **fields}
    return client.post(address, data=form, headers=ENGLISH)


def stored(session: Session, code: str) -> Event | None:
    session.expire_all()
    return session.scalar(select(Event).where(Event.code == code))


def test_an_editor_adds_an_event_with_everything(editor: FlaskClient, session: Session) -> None:
    answer = sent(
        editor,
        code="forum9",
        kind="round_table",
        title_cs="Kulatý stůl  o parku",
        title_en="Round table on the park",
        place="Radnice",
        starts="2026-10-01T17:00",
        ends="2026-10-01T20:00",
        target_cs="Senioři",
        expected="60",
    )
    assert answer.status_code == 303
    event = stored(session, "FORUM9")
    assert event is not None
    assert event.title == {"cs": "Kulatý stůl o parku", "en": "Round table on the park"}
    assert (event.kind, event.place, event.expected_people) == ("round_table", "Radnice", 60)
    assert event.starts_at == datetime(2026, 10, 1, 15, tzinfo=UTC)  # five in the afternoon by the town's clocks
    assert event.target_group == {"cs": "Senioři"}


def test_a_new_event_is_of_use_at_once(editor: FlaskClient) -> None:
    sent(editor, code="TRH1", title_en="Market stand")
    assert '"code":"TRH1"' in editor.get("/m/testov?event=trh1").text
    feature = a_feature(event="trh1")
    answer = editor.post("/api/collections/testov/items", json=feature, headers=bearer())
    assert answer.status_code == 201
    assert answer.json["properties"]["event"] == "TRH1"


def test_an_empty_code_gets_one_that_can_be_read_aloud(editor: FlaskClient, session: Session) -> None:
    sent(editor, code="")
    code = session.scalars(select(Event.code)).one()
    assert re.fullmatch(r"[DFHKLMNPRTV][AEU][DFHKLMNPRTV][AEU][34679]{2}", code)


def test_the_form_proposes_a_code_without_look_alikes(editor: FlaskClient, the_map: MapRecord) -> None:
    assert re.search(r'name="code"[^>]* value="[A-Z]{4}\d\d"', editor.get("/office/maps/testov/new-event").text)


def test_made_codes_differ_and_say_no_syllable_twice(session: Session, the_map: MapRecord) -> None:
    codes = {fresh_code(session, the_map.id) for _ in range(200)}
    assert len(codes) > 150
    assert all(code[0] != code[2] and not set(code) & set("BCGIJOQSZ01258") for code in codes)


@pytest.mark.parametrize(
    ("fields", "named", "said"),
    [
        ({"title_cs": " "}, "title_cs", "Give the event a name."),
        ({"title_cs": "x" * 161}, "title_cs", "at most 160"),
        ({"title_cs": "a\x00b"}, "title_cs", "sign in the text"),
        ({"kind": "party"}, "kind", "Choose one of these."),
        ({"starts": "zítra"}, "starts", "Write a date and a time"),
        ({"starts": "9999-01-01T00:00"}, "starts", "Write a date and a time"),
        ({"starts": "2026-10-01T17:00Z"}, "starts", "Write a date and a time"),
        ({"starts": "2026-10-01T17:00", "ends": "2026-10-01T16:00"}, "ends", "after the beginning"),
        ({"ends": "2026-10-01T16:00"}, "starts", "Say also when it begins."),
        ({"expected": "many"}, "expected", "Write a whole number"),
        ({"expected": "٣"}, "expected", "Write a whole number"),
        ({"code": "ŠKOLA"}, "code", "letters without accents"),
        ({"code": "A"}, "code", "letters without accents"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    editor: FlaskClient, session: Session, fields: dict[str, str], named: str, said: str
) -> None:
    answer = sent(editor, **{"place": "Náměstí", **fields})
    assert answer.status_code == 422
    assert re.search(rf'id="{named}-error">[^<]*{said}', answer.text)
    assert 'value="Náměstí"' in answer.text
    assert session.scalars(select(Event.code)).all() == []


def test_two_events_of_a_map_can_t_have_one_code(
    editor: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    an_event(session, the_map, "FORUM1")
    answer = sent(editor, code="forum1")
    assert answer.status_code == 422
    assert "Another event of this map has the code FORUM1." in answer.text
    an_event(session, a_map(session, "jinde"), "FORUM2")
    assert sent(editor, code="forum2").status_code == 303


def test_an_event_is_changed_and_its_code_too_while_nobody_used_it(
    editor: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    an_event(session, the_map, "FORUM1", place="Radnice")
    assert sent(editor, f"{EVENTS}/FORUM1/edit", code="SKOLA1", title_cs="Škola").status_code == 303
    event = stored(session, "SKOLA1")
    assert event is not None
    assert (event.title, event.place) == ({"cs": "Škola"}, None)
    assert stored(session, "FORUM1") is None


def test_a_code_that_pins_carry_stays(editor: FlaskClient, session: Session, the_map: MapRecord) -> None:
    an_event(session, the_map, "FORUM1")
    a_pin(session, the_map, event="FORUM1")
    answer = sent(editor, f"{EVENTS}/FORUM1/edit", code="SKOLA1")
    assert answer.status_code == 422
    assert "so it stays" in answer.text
    assert sent(editor, f"{EVENTS}/FORUM1/edit", code="FORUM1", title_cs="Velké fórum").status_code == 303
    event = stored(session, "FORUM1")
    assert event is not None
    assert event.title == {"cs": "Velké fórum"}


def test_only_an_event_without_pins_can_be_deleted(
    editor: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    for code in ("FORUM1", "FORUM2"):
        an_event(session, the_map, code)
    a_pin(session, the_map, event="FORUM1", state=PinState.HIDDEN)
    refused = sent(editor, f"{EVENTS}/FORUM1/delete")
    assert refused.status_code == 422
    assert "People have pinned at this event" in refused.text
    assert sent(editor, f"{EVENTS}/FORUM2/delete").status_code == 303
    assert (stored(session, "FORUM1") is None, stored(session, "FORUM2") is None) == (False, True)


def test_the_list_counts_people_and_pins_against_those_expected(
    editor: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    an_event(session, the_map, "FORUM1", expected_people=60, starts_at=moment("2026-10-01T17:00+02:00"))
    for n in range(3):
        a_pin(session, the_map, respondent="one", event="FORUM1", at=(CENTRE[0] + n / 1000, CENTRE[1]))
    a_pin(session, the_map, respondent="two", event="FORUM1", state=PinState.PENDING)
    a_pin(session, the_map, respondent="elsewhere")
    page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", editor.get(EVENTS, headers=ENGLISH).text))
    assert "2 of 60 expected people" in page
    assert "4 pins" in page
    assert "17:00" in page


def test_people_of_an_event_are_known_after_the_persons_are_gone(session: Session) -> None:
    the_map = a_map(session, closes="2026-01-01T00:00:00Z")
    an_event(session, the_map, "FORUM1", expected_people=2)
    for n in range(3):
        a_pin(session, the_map, respondent="one", event="FORUM1", at=(CENTRE[0] + n / 100, CENTRE[1]))
    anonymise(session, the_map, datetime.now(UTC))
    session.commit()
    (turnout,) = turnouts(session, read_map(session, "testov"))
    assert (turnout.crowd.people, turnout.crowd.pins, turnout.share) == (1, 3, 0.5)


def test_a_viewer_reads_and_finds_no_way_to_write(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    an_event(session, the_map, "FORUM1")
    an_official(session, "ctenar@testov.example", role="viewer")
    sign_in(client, "ctenar@testov.example")
    page = client.get(EVENTS, headers=ENGLISH).text
    assert "poster.pdf" in page
    assert "Add an event" not in page
    assert f'href="{EVENTS}/FORUM1"' in page
    assert f'href="{EVENTS}/FORUM1/edit"' not in client.get(f"{EVENTS}/FORUM1").text


def test_every_deed_is_in_the_log(editor: FlaskClient, session: Session) -> None:
    sent(editor, code="FORUM1")
    sent(editor, f"{EVENTS}/FORUM1/edit", code="FORUM2")
    sent(editor, f"{EVENTS}/FORUM2/delete")
    entries = session.scalars(
        select(AuditEntry).where(AuditEntry.action.startswith("event.")).order_by(AuditEntry.id)
    ).all()
    assert [(e.action, e.subject, e.official) for e in entries] == [
        ("event.create", "FORUM1", "urad@testov.example"),
        ("event.change", "FORUM2", "urad@testov.example"),
        ("event.delete", "FORUM2", "urad@testov.example"),
    ]


def test_the_typed_address_leads_to_the_map_with_the_event(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    an_event(session, the_map, "FORUM1")
    answer = client.get("/m/testov/forum1")
    assert (answer.status_code, answer.location) == (302, "/m/testov?event=FORUM1")
    assert client.get("/m/testov/FORUM2").status_code == 404
    assert client.get(f"/m/testov/{uuid.uuid4()}").status_code == 404


def test_an_event_for_children_opens_the_map_in_simple_steps(editor: FlaskClient, session: Session) -> None:
    sent(editor, code="SKOLA1", kind="school_forum", simple="1")
    sent(editor, code="FORUM2")
    assert (stored(session, "SKOLA1").simple, stored(session, "FORUM2").simple) == (True, False)
    assert '"simple":true' in editor.get("/m/testov?event=SKOLA1").text
    assert '"simple":false' in editor.get("/m/testov?event=FORUM2").text
    assert '"simple":true' in editor.get("/m/testov?simple").text
    assert '"simple":false' in editor.get("/m/testov?event=SKOLA1&simple=0").text


def test_the_box_of_simple_steps_can_be_unticked_again(editor: FlaskClient, session: Session) -> None:
    sent(editor, code="SKOLA1", kind="school_forum", simple="1")
    assert 'value="1" aria-describedby="simple-help" checked' in editor.get(f"{EVENTS}/SKOLA1/edit").text
    sent(editor, f"{EVENTS}/SKOLA1/edit", code="SKOLA1", kind="school_forum")
    assert stored(session, "SKOLA1").simple is False
