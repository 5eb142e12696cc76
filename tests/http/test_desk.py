"""The desk: a clerk writes down what people say; each pin is stored at once, as paper, by the rules of the map."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.inputs.pins import MOST_COMMENT_CHARACTERS
from app.models import AuditEntry, Channel, Pin, PinFlag, PinState, Respondent
from app.queries.desk import people_today
from app.queries.maps import MapRecord
from app.services.desk import desk_person
from app.services.respondents import device_id
from app.services.retention import anonymise
from tests.builders import CENTRE, OUTSIDE, TOKEN, a_basemap, a_map, a_pin, an_event, an_official, bearer
from tests.doors import csrf_of, sign_in
from tests.http.test_event_page import AGES

DESK = "/office/maps/testov/desk"
ENGLISH = {"Accept-Language": "en"}
KEY = "1c7a4a3e-6f3a-4d6e-8a53-0c4d3f7a9b21"
HERE = f"{CENTRE[0]}, {CENTRE[1]}"
WHEN = {
    "key": "when",
    "type": "single",
    "label": {"cs": "Kdy"},
    "options": [{"key": "day", "label": {"cs": "Ve dne"}}, {"key": "night", "label": {"cs": "V noci"}}],
    "categories": ["unsafe"],
}


@pytest.fixture
def the_map(session: Session) -> MapRecord:
    made = a_map(session, about=[AGES], questions=[WHEN], basemap_geojson=a_basemap())
    an_event(session, made, "FORUM1")
    return made


@pytest.fixture
def clerk(client: FlaskClient, session: Session, the_map: MapRecord) -> FlaskClient:
    return sign_in(client, an_official(session, "urednice@testov.example", role="moderator"))


def sent(clerk: FlaskClient, deed: str = "pin", *, part: bool = False, **fields: str) -> Any:
    """The answer to the desk's form; `about_age` and `answer_when` are `about.age` and `answer.when`."""
    form = {"person": KEY, "pin": str(uuid.uuid4()), "category": "safe", "at": HERE}
    form |= {re.sub("^(about|answer)_", r"\1.", name): value for name, value in fields.items()}
    form |= {"deed": deed, "csrf_token": csrf_of(clerk, DESK)}
    headers = ENGLISH | ({"X-Part": "desk", "Accept": "application/json"} if part else {})
    return clerk.post(DESK, data=form, headers=headers)


def pins(session: Session) -> list[Pin]:
    session.expire_all()
    return list(session.scalars(select(Pin).order_by(Pin.changed_at)))


def test_a_pin_is_stored_as_paper_with_its_event_and_a_person_of_its_own(
    clerk: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    answer = sent(clerk, event="forum1", comment=" Chybí lampa ", zoom="17", about_age="old")
    assert (answer.status_code, answer.location) == (303, f"{DESK}?event=FORUM1&person={KEY}")
    (pin,) = pins(session)
    assert (pin.channel, pin.event, pin.category, pin.comment) == (Channel.PAPER, "FORUM1", "safe", "Chybí lampa")
    assert (pin.state, pin.zoom) == (PinState.VISIBLE, 17)
    assert pin.precision_m == pytest.approx(4.64, abs=0.05), "six pixels of zoom 17 at this latitude"
    assert pin.respondent_id == desk_person(the_map, uuid.UUID(KEY))
    person = session.get(Respondent, (the_map.id, pin.respondent_id))
    assert person is not None
    assert (person.about, person.receipt_hash) == ({"age": "old"}, None)


def test_no_device_reaches_a_person_of_the_desk(clerk: FlaskClient, session: Session, the_map: MapRecord) -> None:
    sent(clerk)
    (pin,) = pins(session)
    for token in (KEY, KEY.replace("-", ""), str(pin.respondent_id), TOKEN):
        assert device_id(the_map, token) != pin.respondent_id
        answer = clerk.delete(f"/api/collections/testov/items/{pin.id}", headers=bearer(token.ljust(43, "x")))
        assert answer.status_code in (401, 403)
    assert len(pins(session)) == 1


def test_the_desk_reaches_nobody_but_its_own_people(
    clerk: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    theirs = a_pin(session, the_map, comment="z webu", respondent="somebody")
    assert sent(clerk, f"back {theirs.id}").status_code == 422
    assert sent(clerk, f"back {theirs.id}", person=str(uuid.uuid4())).status_code == 422
    assert sent(clerk, "back", person=str(theirs.respondent_id)).status_code == 400
    assert [pin.comment for pin in pins(session)] == ["z webu"]
    assert sent(clerk, pin=str(theirs.id)).status_code == 422, "somebody else's id"
    assert len(pins(session)) == 1


def test_the_same_pin_sent_twice_is_one(clerk: FlaskClient, session: Session) -> None:
    again = str(uuid.uuid4())
    assert sent(clerk, pin=again).status_code == sent(clerk, pin=again).status_code == 303
    assert len(pins(session)) == 1


def test_pins_of_one_person_are_theirs_and_the_next_one_is_another(
    clerk: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    sent(clerk)
    sent(clerk, category="unsafe", answer_when="night")
    following = sent(clerk, "next").location.partition("person=")[2]
    assert following != KEY
    sent(clerk, person=following)
    first, second, third = pins(session)
    assert second.answers == {"when": "night"}
    assert first.respondent_id == second.respondent_id != third.respondent_id
    assert people_today(session, the_map.id) == 2


def test_answers_of_a_person_stay_for_the_next_one_only_where_asked(
    clerk: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    def about_after(**fields: str) -> dict[str, Any] | None:
        key = uuid.UUID(sent(clerk, "next", about_age="old", **fields).location.partition("person=")[2])
        session.expire_all()
        person = session.get(Respondent, (the_map.id, desk_person(the_map, key)))
        return person and person.about

    assert about_after() is None
    assert about_after(keep="yes") == {"age": "old"}


def test_the_person_under_way_survives_a_reload(clerk: FlaskClient) -> None:
    address = sent(clerk, comment="Lavička", about_age="old", event="FORUM1").location
    page = clerk.get(address, headers=ENGLISH).text
    assert f'name="person" value="{KEY}"' in page
    assert "1 pin of this person" in page
    assert "Lavička" in page
    assert '<option value="old" selected>' in page
    assert '<option value="FORUM1" selected>' in page


def test_the_last_pin_or_a_named_one_is_taken_back(clerk: FlaskClient, session: Session) -> None:
    for comment in ("první", "druhá", "třetí"):
        sent(clerk, comment=comment)
    first, _, _ = pins(session)
    sent(clerk, "back")
    assert [pin.comment for pin in pins(session)] == ["první", "druhá"]
    sent(clerk, f"back {first.id}")
    assert [pin.comment for pin in pins(session)] == ["druhá"]
    sent(clerk, "back")
    assert sent(clerk, "back").status_code == 422


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"at": f"{OUTSIDE[0]},{OUTSIDE[1]}"}, "This place is outside the map."),
        ({"at": ""}, "Say where"),
        ({"at": "někde"}, "Say where"),
        ({"at": "nan,nan"}, "Say where"),
        ({"at": "inf 49.62"}, "Say where"),
        ({"category": "nothing"}, "The map has no such choice."),
        ({"category": ""}, "Choose what you want to say here."),
        ({"comment": "x" * (MOST_COMMENT_CHARACTERS + 1)}, "characters"),
        ({"comment": "a\x00b"}, "can&#39;t be stored"),
        ({"event": "NIC"}, "The map has no event of this code."),
        ({"about_age": "ancient"}, "This can&#39;t be the answer."),
        ({"category": "unsafe", "answer_when": "never"}, "Something is not right yet."),
    ],
)
def test_what_the_map_s_rules_refuse_is_told_and_what_was_typed_stays(
    clerk: FlaskClient, session: Session, fields: dict[str, str], said: str
) -> None:
    answer = sent(clerk, **({"comment": "Tady"} | fields))
    assert answer.status_code == 422
    assert said in answer.text
    if "comment" not in fields:
        assert ">Tady</textarea>" in answer.text
    assert pins(session) == []


@pytest.mark.parametrize(
    "fields",
    [{"person": "x"}, {"person": str(uuid.uuid5(uuid.NAMESPACE_OID, "guess"))}, {"deed": "party"}],
)
def test_what_no_page_of_ours_sends_is_malformed(clerk: FlaskClient, fields: dict[str, str]) -> None:
    assert sent(clerk, **({"deed": "pin"} | fields)).status_code == 400


def test_coordinates_in_the_order_of_most_maps_are_understood(clerk: FlaskClient, session: Session) -> None:
    sent(clerk, at=f"{CENTRE[1]}, {CENTRE[0]}")
    (pin,) = pins(session)
    lon, lat = session.execute(select(func.ST_X(pin.position), func.ST_Y(pin.position))).one()
    assert (lon, lat) == pytest.approx(CENTRE)
    assert (pin.zoom, pin.precision_m) == (None, None)


def test_without_a_script_a_place_is_looked_up_and_its_pin_is_as_exact_as_the_name(
    clerk: FlaskClient, session: Session
) -> None:
    answer = sent(clerk, "find", find="Lipová", at="", comment="Hluk")
    assert answer.status_code == 200
    place = re.search(r'name="place" value="([^"]+)"', answer.text)
    assert place, "a street of the map's own layer"
    assert ">Hluk</textarea>" in answer.text
    assert sent(clerk, at="", place=place[1], comment="Hluk").status_code == 303
    (pin,) = pins(session)
    assert (pin.comment, pin.precision_m) == ("Hluk", 200.0)


def test_paper_comes_in_after_the_map_has_closed(client: FlaskClient, session: Session) -> None:
    a_map(session, closes="2026-01-01T00:00:00Z")
    sign_in(client, an_official(session))
    assert sent(client).status_code == 303
    assert len(pins(session)) == 1


def test_a_map_that_has_forgotten_its_people_takes_nobody_more(client: FlaskClient, session: Session) -> None:
    the_map = a_map(session, closes="2026-01-01T00:00:00Z")
    a_pin(session, the_map)
    anonymise(session, the_map, datetime.now(UTC))
    session.commit()
    sign_in(client, an_official(session))
    page = client.get(DESK, headers=ENGLISH).text
    assert "It is no longer known who placed which pins of this map." in page
    assert 'name="at"' not in page
    for deed in ("pin", "about"):
        assert sent(client, deed, part=True).status_code == 422
    assert len(pins(session)) == 1


def test_words_are_flagged_and_pins_wait_as_those_of_phones(client: FlaskClient, session: Session) -> None:
    a_map(session, moderation="pre")
    sign_in(client, an_official(session))
    sent(client, comment="Volejte 777 123 456")
    (pin,) = pins(session)
    assert (pin.state, pin.flagged) == (PinState.PENDING, True)
    assert session.scalars(select(PinFlag.kind)).all() == ["phone"]


def test_a_pin_of_an_event_that_is_over_was_said_there(
    clerk: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    began = datetime.now(UTC) - timedelta(days=2)
    an_event(session, the_map, "VCERA", starts_at=began, ends_at=began + timedelta(hours=2))
    an_event(session, the_map, "TED", starts_at=datetime.now(UTC) - timedelta(hours=1))
    sent(clerk, event="VCERA")
    sent(clerk, event="TED")
    before, now = pins(session)
    assert before.created_at == began
    assert datetime.now(UTC) - now.created_at < timedelta(minutes=5)


def test_the_log_has_one_entry_a_person_and_one_for_each_pin_taken_back(
    clerk: FlaskClient, session: Session
) -> None:
    sent(clerk, event="FORUM1", comment="tajné")
    sent(clerk, event="FORUM1")
    sent(clerk, "back")
    entries = session.scalars(
        select(AuditEntry).where(AuditEntry.action.startswith("desk.")).order_by(AuditEntry.id)
    )
    told = [(one.action, one.official, one.detail) for one in entries]
    assert told == [
        ("desk.person", "urednice@testov.example", {}),
        ("desk.take_back", "urednice@testov.example", {}),
    ]


def test_people_are_counted_who_were_written_down_today_and_still_have_pins(
    clerk: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    a_pin(session, the_map, respondent="on paper", channel=Channel.PAPER)
    sent(clerk)
    sent(clerk)
    assert people_today(session, the_map.id) == 1
    sent(clerk, "back")
    assert people_today(session, the_map.id) == 1
    sent(clerk, "back")
    assert people_today(session, the_map.id) == 0, "nobody said anything after all"


def test_the_script_gets_the_list_and_a_refusal_in_words(clerk: FlaskClient) -> None:
    piece = sent(clerk, part=True, comment="<b>tučně</b>").text
    assert f'data-desk-person="{KEY}"' in piece
    assert "&lt;b&gt;tučně&lt;/b&gt;" in piece
    assert "<html" not in piece
    refusal = sent(clerk, part=True, at=f"{OUTSIDE[0]},{OUTSIDE[1]}")
    assert (refusal.status_code, refusal.mimetype) == (422, "application/problem+json")
    assert "outside the map" in refusal.text


def test_what_is_known_of_a_person_is_kept_by_itself(
    clerk: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    assert sent(clerk, "about", about_age="young").status_code == 303
    person = session.get(Respondent, (the_map.id, desk_person(the_map, uuid.UUID(KEY))))
    assert person is not None
    assert person.about == {"age": "young"}
    assert pins(session) == []
