"""The receipt page: in by code, out for good; and withdrawing by device."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.models import Pin, PinState, Respondent
from app.queries.maps import MapRecord, read_map
from app.services.respondents import device_id
from app.services.retention import anonymise
from tests.builders import OTHER_TOKEN, TOKEN, a_feature, a_map, a_pin, bearer

PAGE = "/m/testov/receipt"
ITEMS = "/api/collections/testov/items"
PERSON = "/api/collections/testov/respondent"
ENGLISH = {"Accept-Language": "en", "Accept": "text/html"}
ABOUT = [{"key": "age", "label": {"en": "How old are you?"}, "type": "single",
          "options": [{"key": "old", "label": {"en": "over 65"}}]}]  # fmt: skip
MARK = re.compile(r'name="mark" value="(\w+)"')


@pytest.fixture
def the_map(session: Session) -> MapRecord:
    return a_map(session, about=ABOUT)


@pytest.fixture
def receipt(client: FlaskClient, the_map: MapRecord) -> str:
    """The code of somebody with two pins and an answer about themselves."""
    for comment in ("Tady je tma", "Hezká lavička"):
        client.post(ITEMS, json=a_feature("unsafe", comment=comment), headers=bearer())
    client.put(PERSON, json={"age": "old"}, headers=bearer())
    made = client.post(f"{PERSON}/receipt", headers=bearer()).json
    assert made is not None
    return str(made["receipt"])


def enter(client: FlaskClient, receipt: str) -> str:
    """The page behind the code."""
    answer = client.post(PAGE, data={"code": receipt}, headers=ENGLISH)
    assert (answer.status_code, answer.location) == (303, PAGE)
    return client.get(PAGE, headers=ENGLISH).text


def mark_of(client: FlaskClient, address: str = f"{PAGE}/withdraw") -> str:
    found = MARK.search(client.get(address).text)
    assert found
    return found[1]


def close_map(session: Session) -> MapRecord:
    session.execute(text("UPDATE town_map SET closes_at = '2026-01-01', version = version + 1"))
    session.commit()
    return read_map(session, "testov")


def test_code_opens_all_that_is_ones_own(client: FlaskClient, session: Session, receipt: str) -> None:
    hidden = session.query(Pin).filter_by(comment="Tady je tma").one()
    hidden.state, hidden.hidden_reason = PinState.HIDDEN, "Prosíme slušně."
    nice = session.query(Pin).filter_by(comment="Hezká lavička").one()
    nice.status, nice.answer, nice.answered_at = "done", "Je *nová*.", datetime(2026, 5, 1, tzinfo=UTC)
    session.commit()
    page = enter(client, receipt.lower().replace("-", " "))
    assert "Prosíme slušně." in page
    assert "Je <em>nová</em>." in page
    assert page.index("Hezká lavička") < page.index("Tady je tma"), "answered ones first"
    assert "How old are you?" in page
    assert "over 65" in page
    assert receipt not in page


def test_page_needs_no_script_and_is_kept_nowhere(client: FlaskClient, receipt: str) -> None:
    enter(client, receipt)
    answer = client.get(PAGE)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    cookie = client.get_cookie("pocit_receipt", path=PAGE)
    assert cookie is not None
    assert (cookie.path, cookie.http_only, cookie.same_site) == (PAGE, True, "Strict")
    assert 0 < (cookie.max_age or 0) <= 1800
    assert client.get_cookie("pocit_office") is None
    assert '<script type="module"' not in answer.text


@pytest.mark.parametrize("code", ["", "AAAA", "AAAA-BBBB-CCCC", "x" * 5000, "a\x00b", "💥"])
def test_every_wrong_code_reads_the_same(client: FlaskClient, receipt: str, code: str) -> None:
    answer = client.post(PAGE, data={"code": code}, headers=ENGLISH)
    assert answer.status_code == 422
    assert "don't know this code" in answer.text
    assert client.get_cookie("pocit_receipt", path=PAGE) is None


def test_codes_are_not_to_be_guessed(client: FlaskClient, receipt: str) -> None:
    for _ in range(60):
        assert client.post(PAGE, data={"code": "AAAA-BBBB-CCCC"}).status_code == 422
    shut = client.post(PAGE, data={"code": receipt}, headers=ENGLISH)
    assert shut.status_code == 429
    assert int(shut.headers["Retry-After"]) > 0
    assert "Please wait" in shut.text
    elsewhere = {"REMOTE_ADDR": "198.51.100.9"}
    assert client.post(PAGE, data={"code": receipt}, environ_overrides=elsewhere).status_code == 303


def test_right_codes_lock_nobody_out(client: FlaskClient, receipt: str) -> None:
    for _ in range(70):
        assert client.post(PAGE, data={"code": receipt}).status_code == 303


def test_words_are_mended_and_a_pin_deleted(client: FlaskClient, session: Session, receipt: str) -> None:
    enter(client, receipt)
    pin = session.query(Pin).filter_by(comment="Tady je tma").one()
    sent = {"mark": mark_of(client), "comment": " Je tu tma.\r\nV noci. "}
    answer = client.post(f"{PAGE}/pins/{pin.id}", data=sent)
    assert (answer.status_code, answer.location) == (303, f"{PAGE}?done=changed#pin-{pin.id}")
    session.expire_all()
    assert pin.comment == "Je tu tma.\nV noci."
    assert client.post(f"{PAGE}/pins/{pin.id}/delete", data=sent).status_code == 303
    assert client.post(f"{PAGE}/pins/{pin.id}/delete", data=sent).status_code == 303, "pressed twice"
    assert session.query(Pin).count() == 1


def test_words_that_are_too_long_come_back_with_the_reason(
    client: FlaskClient, session: Session, receipt: str
) -> None:
    enter(client, receipt)
    pin = session.query(Pin).filter_by(comment="Tady je tma").one()
    sent = {"mark": mark_of(client), "comment": "y" * 1001}
    answer = client.post(f"{PAGE}/pins/{pin.id}", data=sent, headers=ENGLISH)
    assert answer.status_code == 422
    assert "y" * 1001 in answer.text
    assert "1000" in answer.text


def test_somebody_elses_pin_is_out_of_reach(
    client: FlaskClient, session: Session, the_map: MapRecord, receipt: str
) -> None:
    other = a_pin(session, the_map, respondent="other", comment="cizí")
    enter(client, receipt)
    sent = {"mark": mark_of(client), "comment": "moje"}
    assert client.post(f"{PAGE}/pins/{other.id}", data=sent).status_code in {403, 422}
    assert client.post(f"{PAGE}/pins/{other.id}/delete", data=sent).status_code in {403, 422}
    session.expire_all()
    assert other.comment == "cizí"


def test_no_other_site_can_press_the_buttons(client: FlaskClient, session: Session, receipt: str) -> None:
    enter(client, receipt)
    pin = session.query(Pin).first()
    assert pin is not None
    for address in (f"{PAGE}/pins/{pin.id}", f"{PAGE}/pins/{pin.id}/delete", f"{PAGE}/withdraw"):
        assert client.post(address, data={"comment": "x"}).status_code == 400
        assert client.post(address, data={"comment": "x", "mark": "0" * 64}).status_code == 400
    assert session.query(Pin).count() == 2


def test_mark_in_letters_that_no_mark_has_is_refused(client: FlaskClient, session: Session, receipt: str) -> None:
    enter(client, receipt)
    answer = client.post(f"{PAGE}/withdraw", data={"mark": "é"}, headers={"Accept": "text/html"})
    assert answer.status_code == 400


def test_cookie_of_one_map_opens_no_other_and_a_forged_one_none(
    client: FlaskClient, session: Session, receipt: str
) -> None:
    enter(client, receipt)
    cookie = client.get_cookie("pocit_receipt", path=PAGE)
    assert cookie is not None
    a_map(session, "jinde")
    client.set_cookie("pocit_receipt", cookie.value, path="/m/jinde/receipt")
    assert 'name="code"' in client.get("/m/jinde/receipt").text
    for forged in ("x", cookie.value[:-2] + "xx", "W1tdXQ.aaaa.bbbb"):
        client.set_cookie("pocit_receipt", forged, path=PAGE)
        assert 'name="code"' in client.get(PAGE).text


def test_withdrawing_is_asked_once_and_then_done(client: FlaskClient, session: Session, receipt: str) -> None:
    enter(client, receipt)
    close_map(session)
    page = client.get(f"{PAGE}/withdraw", headers=ENGLISH).text
    assert "your 2 pins with their words" in page
    assert "what you said about yourself" in page
    assert session.query(Pin).count() == 2
    answer = client.post(f"{PAGE}/withdraw", data={"mark": mark_of(client)})
    assert (answer.status_code, answer.location) == (303, f"{PAGE}?done=withdrawn")
    assert client.get_cookie("pocit_receipt", path=PAGE) is None
    assert (session.query(Pin).count(), session.query(Respondent).count()) == (0, 0)
    assert "Everything of yours has been deleted" in client.get(answer.location, headers=ENGLISH).text
    assert client.post(PAGE, data={"code": receipt}).status_code == 422


def test_closed_map_offers_no_mending(client: FlaskClient, session: Session, receipt: str) -> None:
    close_map(session)
    page = enter(client, receipt)
    assert "The map is closed" in page
    assert "Change the words" not in page
    pin = session.query(Pin).first()
    assert pin is not None
    sent = {"mark": mark_of(client), "comment": "x"}
    assert client.post(f"{PAGE}/pins/{pin.id}", data=sent).status_code == 422


def test_after_anonymising_it_is_said_kindly_why_not(client: FlaskClient, session: Session, receipt: str) -> None:
    enter(client, receipt)
    mark = mark_of(client)
    the_map = close_map(session)
    anonymise(session, the_map, datetime.now(UTC) + timedelta(days=200))
    session.commit()
    page = client.get(PAGE, headers=ENGLISH)
    assert "Whose they are nobody can find out any more" in page.text
    assert 'name="code"' not in page.text
    assert "nobody can find out" in client.post(PAGE, data={"code": receipt}, headers=ENGLISH).text
    assert client.post(f"{PAGE}/withdraw", data={"mark": mark}).status_code == 400
    refused = client.delete(PERSON, headers=bearer(**{"Accept-Language": "en"}))
    assert refused.status_code == 422
    assert refused.json is not None
    assert "can’t be told apart any more" in refused.json["detail"]
    assert session.query(Pin).count() == 2


def test_device_withdraws_everything_of_its_person(
    client: FlaskClient, session: Session, the_map: MapRecord, receipt: str
) -> None:
    others = a_pin(session, the_map, respondent="other")
    client.put(f"{ITEMS}/{others.id}/support", headers=bearer())
    client.post(f"{PERSON}/join", json={"receipt": receipt}, headers=bearer(OTHER_TOKEN))
    assert client.delete(PERSON, headers=bearer(OTHER_TOKEN)).status_code == 204
    assert client.delete(PERSON, headers=bearer(OTHER_TOKEN)).status_code == 204
    session.expire_all()
    assert [pin.id for pin in session.query(Pin)] == [others.id]
    assert others.supports == 0
    assert session.get(Respondent, (the_map.id, device_id(the_map, TOKEN))) is None
    answer = client.get(PERSON, headers=bearer()).json
    assert answer is not None
    assert (answer["pins"]["features"], answer["about"], answer["receipt"]) == ([], {}, False)


def test_withdrawing_needs_a_device(client: FlaskClient, the_map: MapRecord) -> None:
    assert client.delete(PERSON).status_code == 401
    assert client.delete("/api/collections/nowhere/respondent", headers=bearer()).status_code == 404
    assert client.delete(f"{PERSON}?force=1", headers=bearer()).status_code == 400


def test_pages_lead_to_the_receipt(client: FlaskClient, the_map: MapRecord) -> None:
    assert PAGE in client.get("/m/testov").text
    privacy = client.get("/m/testov/privacy", headers=ENGLISH).text
    assert PAGE in privacy
    assert "180 days after the map has closed" in privacy
