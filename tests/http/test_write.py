"""Taking part without the map: finding places by name, the form without scripts, and what keeps it one's own."""

from __future__ import annotations

import html
import re
import uuid
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.models import Pin, PinState, Respondent
from app.queries.maps import MapRecord
from tests.builders import CENTRE, a_map, a_pin, an_event, an_official, streets_and_places
from tests.doors import sign_in

PAGE = "/m/testov/write"
ENGLISH = {"Accept-Language": "en"}
WHEN = {
    "key": "when",
    "label": {"en": "When?"},
    "type": "single",
    "categories": ["unsafe"],
    "options": [{"key": "day", "label": {"en": "By day"}}, {"key": "night", "label": {"en": "At night"}}],
}
ABOUT = [{"key": "age", "label": {"en": "How old are you?"}, "type": "single",
          "options": [{"key": "old", "label": {"en": "over 65"}}]}]  # fmt: skip
FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


@pytest.fixture
def the_map(session: Session) -> MapRecord:
    return a_map(session, basemap_geojson=streets_and_places(), questions=[WHEN], about=ABOUT)


def form_at(client: FlaskClient, place: str = "street:Lipová") -> dict[str, str]:
    """The hidden fields of the form for a place, as a browser without scripts would send them back."""
    page = client.get(PAGE, query_string={"place": place}, headers=ENGLISH)
    assert page.status_code == 200
    return {name: html.unescape(value) for name, value in FIELD.findall(page.text)}


def send(client: FlaskClient, fields: dict[str, str], **more: Any) -> Any:
    return client.post(PAGE, data=fields | {"category": "unsafe"} | more, headers=ENGLISH)


def stored(session: Session) -> int:
    session.expire_all()
    return session.scalar(select(func.count()).select_from(Pin)) or 0


def test_a_street_is_found_by_the_beginning_of_its_name(client: FlaskClient, the_map: MapRecord) -> None:
    page = client.get(f"{PAGE}?q=lipo", headers=ENGLISH).text
    assert "2 finds" in page
    assert "place=street:Lipov%C3%A1" in page


def test_a_house_number_that_nobody_knows_still_finds_its_street(client: FlaskClient, the_map: MapRecord) -> None:
    assert "place=street:Lipov%C3%A1" in client.get(f"{PAGE}?q=Lipová 12", headers=ENGLISH).text


def test_a_name_that_is_not_there_says_so(client: FlaskClient, the_map: MapRecord) -> None:
    assert "Nothing of that name" in client.get(f"{PAGE}?q=xyzzy", headers=ENGLISH).text


def test_places_are_listed_by_what_they_are(client: FlaskClient, the_map: MapRecord) -> None:
    page = client.get(f"{PAGE}?kind=school", headers=ENGLISH).text
    assert [word for word in ("Streets", "Schools", "Quarters") if word not in page] == []
    assert "place=school:Z%C5%A0+Lipov%C3%A1" in page or "place=school:Z%C5%A0%20Lipov%C3%A1" in page


def test_a_place_beyond_the_border_is_not_offered(client: FlaskClient, the_map: MapRecord) -> None:
    assert "Daleká" not in client.get(f"{PAGE}?kind=street", headers=ENGLISH).text


def test_the_form_says_where_and_how_exactly(client: FlaskClient, the_map: MapRecord) -> None:
    page = client.get(f"{PAGE}?place=street:Lipová", headers=ENGLISH).text
    # The street is some 720 m long: its middle is within 400 m of all of it.
    assert "within about 400 m" in page
    assert "the corner with Krátká" in page


def test_a_pin_written_without_scripts_is_stored_with_its_precision(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    answer = send(client, form_at(client), comment=" Tma \r\n u zdi ", **{"q.when": "night"})
    assert answer.status_code == 303
    pin = session.scalars(select(Pin)).one()
    assert (pin.category, pin.comment, pin.answers) == ("unsafe", "Tma \n u zdi", {"when": "night"})
    assert (pin.channel, pin.zoom, pin.precision_m) == ("web", None, 400)
    done = client.get(answer.location, headers=ENGLISH).text
    assert "Your pin is on the map." in done
    assert "u zdi" in done


def test_a_corner_is_exact(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    send(client, form_at(client, "corner:Lipová × Krátká"))
    pin = session.scalars(select(Pin)).one()
    lon, lat = session.execute(select(func.ST_X(Pin.position), func.ST_Y(Pin.position))).one()
    assert pin.precision_m == 30
    assert (lon, lat) == pytest.approx(CENTRE, abs=1e-4)


def test_sent_twice_is_stored_once(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    fields = form_at(client)
    assert [send(client, fields).status_code for _ in range(2)] == [303, 303]
    assert stored(session) == 1


def test_words_mended_by_the_way_back_are_kept(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    fields = form_at(client)
    send(client, fields, comment="Tma")
    location = send(client, fields, comment="Tma u zdi", **{"q.when": "night"}).location
    pin = session.scalars(select(Pin)).one()
    assert (pin.comment, pin.answers) == ("Tma u zdi", {"when": "night"})
    assert "Tma u zdi" in client.get(location).text
    elsewhere = fields | {"place": "street:Krátká", "category": "good"}
    client.post(PAGE, data=elsewhere | {"category": the_map.categories[0].key})
    session.expire_all()
    pin = session.scalars(select(Pin)).one()
    assert (pin.category, pin.comment) == (the_map.categories[0].key, None)


def test_the_same_words_twice_change_nothing_also_where_the_office_masked_them(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    fields = form_at(client)
    send(client, fields, comment="Volejte 777 123 456", **{"q.when": "night"})
    session.execute(text("UPDATE pin SET comment = 'Volejte ***', original_comment = comment"))
    session.commit()
    before = session.execute(text("SELECT comment, original_comment, changed_at FROM pin")).one()
    assert send(client, fields, comment="Volejte 777 123 456", **{"q.when": "night"}).status_code == 303
    assert session.execute(text("SELECT comment, original_comment, changed_at FROM pin")).one() == before


def test_mended_words_come_too_late_for_a_closed_map(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    fields = form_at(client)
    send(client, fields, comment="Tma")
    session.execute(text("UPDATE town_map SET closes_at = '2026-01-01', version = version + 1"))
    session.commit()
    assert send(client, fields, comment="Jinak").status_code == 422
    session.expire_all()
    assert session.scalar(select(Pin.comment)) == "Tma"


def test_a_shared_computer_forgets_who_has_finished(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    assert "I am finished here" not in client.get(PAGE, headers=ENGLISH).text
    location = send(client, form_at(client), comment="Moje slova").location
    for page in (location, PAGE):
        answer = client.get(page, headers=ENGLISH)
        assert f'action="{PAGE}/finished"' in answer.text
        assert "private" in answer.headers["Cache-Control"]
    done = client.post(f"{PAGE}/finished", headers=ENGLISH)
    assert done.status_code == 303
    assert client.get_cookie("pocit_device", path=PAGE) is None
    shown = client.get(done.location, headers=ENGLISH).text
    assert "This browser has forgotten you." in shown
    assert "I am finished here" not in shown
    assert "Moje slova" not in client.get(location).text
    # The next one is somebody else, and gets a code for their own pins alone.
    fields = form_at(client)
    send(client, fields, comment="Cizí")
    assert session.scalar(select(func.count(func.distinct(Pin.respondent_id)))) == 2
    shown = client.post(f"{PAGE}/receipt", data=fields, headers=ENGLISH).text
    code = re.search(r'class="write-code">([\w-]+)<', shown)
    assert code
    client.post("/m/testov/receipt", data={"code": code[1]})
    assert "Moje slova" not in client.get("/m/testov/receipt").text


@pytest.mark.parametrize("way", ["close", "withdraw"])
def test_who_leaves_the_receipt_leaves_the_written_pages_too(
    client: FlaskClient, the_map: MapRecord, way: str
) -> None:
    fields = form_at(client)
    send(client, fields)
    shown = client.post(f"{PAGE}/receipt", data=fields, headers=ENGLISH).text
    code = re.search(r'class="write-code">([\w-]+)<', shown)
    assert code
    client.post("/m/testov/receipt", data={"code": code[1]})
    mark = dict(FIELD.findall(client.get("/m/testov/receipt/withdraw").text))
    assert client.get_cookie("pocit_device", path=PAGE)
    assert client.post(f"/m/testov/receipt/{way}", data=mark).status_code == 303
    assert client.get_cookie("pocit_device", path=PAGE) is None


def test_the_cookie_of_the_written_pages_is_gone_in_two_weeks(client: FlaskClient, the_map: MapRecord) -> None:
    assert "Max-Age=1209600;" in client.get(f"{PAGE}?place=street:Lipová").headers["Set-Cookie"]


def test_in_a_frame_writing_goes_on_in_a_window_of_its_own(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    session.execute(text("UPDATE town_map SET embed_origins = '{https://testov.example}', version = version + 1"))
    session.commit()
    found = client.get(f"{PAGE}?q=lipo&embed&lang=en").text
    link = re.search(r'<a class="write-place" href="([^"]+)" target="_blank"', found)
    assert link
    address = html.unescape(link[1])
    assert "embed" not in address
    assert "lang=en" in address
    framed = client.get(f"{PAGE}?place=street:Lipová&embed&lang=en").text
    form = re.search(r'<form method="post" action="([^"]+)"( target="_blank")? class="write-form"', framed)
    assert form
    assert (html.unescape(form[1]), form[2]) == (f"{PAGE}?lang=en", ' target="_blank"')
    fields = {name: html.unescape(value) for name, value in FIELD.findall(framed)}
    assert client.post(html.unescape(form[1]), data=fields).status_code == 422
    done = client.post(html.unescape(form[1]), data=fields | {"category": "unsafe"})
    assert done.status_code == 303
    assert done.location.endswith("&lang=en")
    assert 'target="_blank"' not in client.get(address).text


def test_all_pins_of_a_browser_are_one_persons(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    for place in ("street:Lipová", "street:Krátká"):
        send(client, form_at(client, place))
    assert session.scalar(select(func.count(func.distinct(Pin.respondent_id)))) == 1
    assert stored(session) == 2


def test_the_cookie_is_kept_for_these_pages_of_this_map_only(client: FlaskClient, the_map: MapRecord) -> None:
    assert "Set-Cookie" not in client.get(PAGE).headers
    cookie = client.get(f"{PAGE}?place=street:Lipová").headers["Set-Cookie"]
    assert "Path=/m/testov/write" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    # Once it is there, no other takes its place.
    assert "Set-Cookie" not in client.get(f"{PAGE}?place=street:Krátká").headers


def test_a_form_of_another_site_is_refused(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    fields = form_at(client) | {"mark": "0" * 64}
    answer = send(client, fields, comment="Moje slova")
    assert answer.status_code == 422
    assert "Moje slova" in answer.text
    assert stored(session) == 0


def test_a_form_without_its_cookie_comes_back_with_its_words_and_then_works(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    fields = form_at(client)
    client.delete_cookie("pocit_device", path=PAGE)
    answer = send(client, fields, comment="Moje slova")
    assert answer.status_code == 422
    assert "Moje slova" in answer.text
    assert "Allow cookies" in answer.text
    again = {name: html.unescape(value) for name, value in FIELD.findall(answer.text)}
    assert send(client, again, comment="Moje slova").status_code == 303
    assert stored(session) == 1


def test_without_a_feeling_the_words_come_back(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    answer = client.post(PAGE, data=form_at(client) | {"comment": "Moje slova"}, headers=ENGLISH)
    assert answer.status_code == 422
    assert "Moje slova" in answer.text
    assert 'href="#field-category"' in answer.text
    assert stored(session) == 0


def test_an_answer_that_this_feeling_does_not_ask_is_left_out(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    assert send(client, form_at(client), category="safe", **{"q.when": "night"}).status_code == 303
    assert session.scalars(select(Pin.answers)).one() == {}


def test_a_map_that_closed_meanwhile_gives_the_words_back(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    fields = form_at(client)
    session.execute(text("UPDATE town_map SET closes_at = '2026-01-01', version = version + 1"))
    session.commit()
    answer = send(client, fields, comment="Moje slova")
    assert answer.status_code == 422
    assert "Moje slova" in answer.text
    assert "closed" in answer.text


def test_the_code_offered_afterwards_opens_the_pins(client: FlaskClient, the_map: MapRecord) -> None:
    location = send(client, form_at(client), comment="Tady").location
    done = client.get(location, headers=ENGLISH).text
    fields = dict(FIELD.findall(done))
    shown = client.post(f"{PAGE}/receipt", data=fields, headers=ENGLISH).text
    code = re.search(r'class="write-code">([\w-]+)<', shown)
    assert code
    client.post("/m/testov/receipt", data={"code": code[1]})
    assert "Tady" in client.get("/m/testov/receipt", headers=ENGLISH).text


def test_the_few_questions_about_oneself_are_asked_once(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    location = send(client, form_at(client)).location
    fields = dict(FIELD.findall(client.get(location, headers=ENGLISH).text))
    client.post(f"{PAGE}/about", data=fields | {"about.age": "old"}, headers=ENGLISH)
    session.expire_all()
    assert session.scalars(select(Respondent.about)).one() == {"age": "old"}
    assert "How old are you?" not in client.get(location, headers=ENGLISH).text


def test_nobody_reads_somebody_elses_pin_on_the_page_of_thanks(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    form_at(client)
    pin = a_pin(session, the_map, comment="Cizí slova", state=PinState.PENDING)
    assert "Cizí slova" not in client.get(f"{PAGE}/done?pin={pin.id}").text


def test_the_event_stays_with_the_pin(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    an_event(session, the_map)
    page = client.get(PAGE, query_string={"place": "street:Lipová", "event": "forum1"}, headers=ENGLISH).text
    send(client, {name: html.unescape(value) for name, value in FIELD.findall(page)})
    assert session.scalar(select(Pin.event)) == "FORUM1"


@pytest.mark.parametrize(
    "query",
    [
        {"place": "street:Nikde"},
        {"place": "corner:Lipová × Nikde"},
        {"place": "corner:×"},
        {"place": "address:Lipová 1"},
        {"place": "<script>:x"},
        {"place": "street:\x00"},
        {"kind": "nothing"},
        {"q": "%" * 500},
        {"event": "\x00"},
        {"category": "<b>"},
    ],
)
def test_whatever_stands_in_the_address_the_page_comes(
    client: FlaskClient, the_map: MapRecord, query: dict[str, str]
) -> None:
    answer = client.get(PAGE, query_string=query)
    assert answer.status_code == 200
    assert "<b>" not in answer.text
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "x"),
        ("id", str(uuid.UUID(int=1))),
        ("category", "\x00"),
        ("comment", "x" * 1001),
        ("comment", "\x00"),
        ("q.when", "never"),
        ("event", "NONE"),
    ],
)
def test_nothing_that_a_form_can_carry_breaks_the_page(
    client: FlaskClient, the_map: MapRecord, field: str, value: str
) -> None:
    fields = form_at(client)
    data = fields | {"category": "unsafe"} | {field: value}
    assert client.post(PAGE, data=data, headers=ENGLISH).status_code in (303, 400, 422)


def test_the_office_reads_how_exact_a_named_place_is(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    pin = a_pin(session, the_map, precision_m=400)
    sign_in(client, an_official(session))
    page = client.get(f"/office/maps/testov/pins/{pin.id}", headers=ENGLISH).text
    assert "within about 400 m" in page


def test_a_map_without_names_says_so(client: FlaskClient, session: Session) -> None:
    a_map(session)
    assert "knows no names" in client.get(PAGE, headers=ENGLISH).text
