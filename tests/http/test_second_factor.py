"""The second step of the sign-in: turned on with a phone, asked for, used once, replaced, turned off."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.models import AuditEntry, Official
from app.services.accounts import Person
from app.services.sealing import Unsealable, seal, unseal
from app.services.second_factor import check_code
from app.views.office.sign_in import CODE_ACCOUNT, CODE_PAIR
from tests.builders import PASSWORD, a_map, an_official
from tests.doors import csrf_of, sign_in, try_to_sign_in

ACCOUNT, STEP, CODE = "/office/account", "/office/account/second-step", "/office/sign-in/code"
KEY = b"tests only"


@pytest.fixture
def official(session: Session) -> str:
    """An editor of a town."""
    a_map(session)
    return an_official(session)


@pytest.fixture
def person(session: Session, official: str) -> Person:
    """The same, by number."""
    return Person(session.scalars(select(Official.id)).one(), official)


def turned_on(client: FlaskClient) -> tuple[pyotp.TOTP, list[str]]:
    """The phone that now knows the secret, and the recovery codes."""
    page = client.get(f"{STEP}?lang=en").text
    secret = re.search(r'account-secret">([A-Z2-7 ]+)<', page)
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)
    assert secret
    assert sealed
    phone = pyotp.TOTP(secret[1].replace(" ", ""))
    form = {"csrf_token": csrf_of(client, STEP), "sealed": sealed[1], "password": PASSWORD, "code": phone.now()}
    assert client.post(STEP, data=form).status_code == 303
    return phone, re.findall(r"<li><code>([^<]+)</code></li>", client.get(ACCOUNT).text)


def later(phone: pyotp.TOTP) -> str:
    """The code of the next step, as that of now has been used."""
    return phone.at(datetime.now(UTC) + timedelta(seconds=30))


def half_in(app: Flask, official: str, next_page: str = "/office/") -> FlaskClient:
    """A browser that has given the password and is asked for a code."""
    client = app.test_client()
    answer = try_to_sign_in(client, official, next=next_page)
    assert (answer.status_code, answer.location) == (303, CODE)
    return client


def give(client: FlaskClient, code: str, **form: str) -> TestResponse:
    return client.post(CODE, data={"csrf_token": csrf_of(client, CODE), "code": code, **form})


def test_code_is_asked_for_once_it_is_turned_on(app: Flask, client: FlaskClient, official: str) -> None:
    phone, codes = turned_on(sign_in(client, official))
    assert len(set(codes)) == 10
    half = half_in(app, official, "/office/maps/testov")
    assert half.get("/office/maps/testov").status_code == 303, "the password alone opens nothing"
    assert half.get(ACCOUNT).status_code == 303
    answer = give(half, later(phone))
    assert (answer.status_code, answer.location) == (303, "/office/maps/testov")
    assert half.get("/office/maps/testov").status_code == 200


def test_picture_says_what_the_text_says_and_codes_are_shown_once(client: FlaskClient, official: str) -> None:
    sign_in(client, official)
    page = client.get(STEP)
    assert "<svg" in page.text
    assert "style=" not in page.text.partition("<svg")[2].partition("</svg>")[0], "the page's policy forbids it"
    _phone, codes = turned_on(client)
    assert codes[0] not in client.get(ACCOUNT).text


def test_nothing_readable_is_stored(client: FlaskClient, session: Session, official: str) -> None:
    phone, codes = turned_on(sign_in(client, official))
    row = session.scalars(select(Official)).one()
    assert row.totp_secret
    assert phone.secret.encode() not in row.totp_secret
    assert not {code.replace("-", "") for code in codes} & set(row.recovery_hashes)
    with pytest.raises(Unsealable):
        unseal(KEY, f"second step {row.id + 1}", row.totp_secret)


def test_other_sessions_end_and_the_own_one_goes_on(app: Flask, client: FlaskClient, official: str) -> None:
    other = sign_in(app.test_client(), official)
    turned_on(sign_in(client, official))
    assert client.get(ACCOUNT).status_code == 200
    assert other.get(ACCOUNT).status_code == 303


@pytest.mark.parametrize("wrong", ["code", "password", "sealed", "stale"])
def test_it_is_not_turned_on_without_code_password_and_fresh_form(
    client: FlaskClient, session: Session, official: str, person: Person, wrong: str
) -> None:
    sign_in(client, official)
    secret = pyotp.random_base32()
    whose = person.id + (wrong == "sealed")
    sealed = seal(KEY, f"second step drafted {whose}", secret).decode()
    if wrong == "stale":
        from cryptography.fernet import Fernet

        from app.services.sealing import _fernet_key

        made = Fernet(_fernet_key(KEY, f"second step drafted {whose}"))
        sealed = made.encrypt_at_time(secret.encode(), int(datetime.now(UTC).timestamp()) - 3600).decode()
    code = pyotp.TOTP(secret).now()
    form = {
        "csrf_token": csrf_of(client, STEP),
        "sealed": sealed,
        "password": PASSWORD if wrong != "password" else "not mine",
        "code": code if wrong != "code" else str((int(code) + 500_000) % 1_000_000).zfill(6),
    }
    answer = client.post(STEP, data=form)
    assert answer.status_code == 422
    assert "field-error" in answer.text
    if wrong in {"code", "password"}:
        assert f'value="{sealed}"' in answer.text, "the picture stays the one that was scanned"
    assert session.scalars(select(Official.totp_secret)).one() is None


def test_each_step_opens_once(app: Flask, client: FlaskClient, official: str) -> None:
    phone, _codes = turned_on(sign_in(client, official))
    code = later(phone)
    assert give(half_in(app, official), code).status_code == 303
    assert give(half_in(app, official), code).status_code == 403
    assert give(half_in(app, official), phone.now()).status_code == 403, "nor does one before it"


@pytest.mark.parametrize(("steps", "fits"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_clocks_may_differ_by_one_step(session: Session, person: Person, steps: int, fits: bool) -> None:
    now = datetime(2026, 11, 21, 12, 0, 10, tzinfo=UTC)
    secret = pyotp.random_base32()
    session.execute(update(Official).values(totp_secret=seal(KEY, f"second step {person.id}", secret)))
    code = pyotp.TOTP(secret).at(now + timedelta(seconds=30 * steps))
    assert check_code(session, person, code, key=KEY, now=now) is fits


def test_recovery_code_replaces_the_phone_once(
    app: Flask, client: FlaskClient, session: Session, official: str
) -> None:
    _phone, codes = turned_on(sign_in(client, official))
    assert give(half_in(app, official), f" {codes[3].upper()} ").status_code == 303
    assert give(half_in(app, official), codes[3]).status_code == 403
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "account.recovery_code")).one()
    assert entry.detail == {"left": 9}


@pytest.mark.parametrize("code", ["", "12345", "1234567", "٣٣٣٣٣٣", "a" * 16, "x" * 10_000, "\x00", "½½½½½½"])
def test_strange_codes_are_only_wrong(app: Flask, client: FlaskClient, official: str, code: str) -> None:
    turned_on(sign_in(client, official))
    assert give(half_in(app, official), code).status_code == 403


def test_guessing_codes_is_slowed_down(app: Flask, client: FlaskClient, official: str) -> None:
    phone, _codes = turned_on(sign_in(client, official))
    half = half_in(app, official)
    statuses = [give(half, "000000").status_code for _ in range(7)]
    assert statuses == [403] * 6 + [429]
    assert give(half_in(app, official), later(phone)).status_code == 429, "the password again does not forgive it"


def test_no_single_place_uses_up_the_codes_of_an_account() -> None:
    assert CODE_PAIR.attempts * (CODE_ACCOUNT.window / CODE_PAIR.window) < CODE_ACCOUNT.attempts


def test_half_a_sign_in_ends_after_ten_minutes_and_with_a_new_password(
    app: Flask, client: FlaskClient, session: Session, official: str
) -> None:
    phone, _codes = turned_on(sign_in(client, official))
    half = half_in(app, official)
    with half.session_transaction() as cookie:
        cookie["waiting"] = cookie["waiting"] | {"since": cookie["waiting"]["since"] - 601}
    assert half.get(CODE).location == "/office/sign-in"
    half = half_in(app, official)
    token = csrf_of(half, CODE)
    session.execute(update(Official).values(session_epoch=Official.session_epoch + 1))
    session.commit()
    answer = half.post(CODE, data={"csrf_token": token, "code": later(phone)})
    assert answer.location == "/office/sign-in"
    assert half.get(ACCOUNT).status_code == 303


@pytest.mark.parametrize("what", ["off", "codes"])
def test_turning_off_and_new_codes_need_password_and_code(
    app: Flask, client: FlaskClient, session: Session, official: str, what: str
) -> None:
    phone, codes = turned_on(sign_in(client, official))
    form = {"csrf_token": csrf_of(client, STEP), "password": PASSWORD, "code": later(phone)}
    assert client.post(f"{STEP}/{what}", data=form | {"password": "no"}).status_code == 422
    assert client.post(f"{STEP}/{what}", data=form | {"code": "000000"}).status_code == 422
    assert client.post(f"{STEP}/{what}", data=form).status_code == 303
    page = client.get(ACCOUNT)
    assert page.status_code == 200
    if what == "off":
        assert try_to_sign_in(app.test_client(), official).location == "/office/"
        assert session.scalars(select(Official.recovery_hashes)).one() == []
    else:
        fresh = re.findall(r"<li><code>([^<]+)</code></li>", page.text)
        assert not set(fresh) & set(codes)
        assert give(half_in(app, official), codes[0]).status_code == 403
        assert give(half_in(app, official), fresh[0]).status_code == 303


def test_editor_helps_who_lost_the_phone(app: Flask, client: FlaskClient, session: Session, official: str) -> None:
    who = an_official(session, "bez@testov.example", role="viewer")
    lost = sign_in(app.test_client(), who)
    turned_on(lost)
    number = session.scalars(select(Official.id).where(Official.email == who)).one()
    sign_in(client, official)
    people = "/office/towns/testov/people"
    answer = client.post(f"{people}/{number}/second-step-off", data={"csrf_token": csrf_of(client, people)})
    assert answer.status_code == 303
    assert lost.get(ACCOUNT).status_code == 303, "whoever holds the phone is signed out"
    assert try_to_sign_in(app.test_client(), who).location == "/office/"
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "official.second_factor_reset")).one()
    assert (entry.official, entry.subject) == (official, who)


def test_password_is_changed_by_who_knows_the_old_one(
    app: Flask, client: FlaskClient, session: Session, official: str
) -> None:
    other = sign_in(app.test_client(), official)
    sign_in(client, official)
    form = {
        "csrf_token": csrf_of(client, ACCOUNT),
        "old": PASSWORD,
        "password": "a brand new one",
        "again": "a brand new one",
    }
    for spoilt in ({"old": "wrong"}, {"again": "else"}, {"password": "short", "again": "short"}):
        answer = client.post(f"{ACCOUNT}/password", data=form | spoilt)
        assert answer.status_code == 422
        assert "field-error" in answer.text
    assert client.post(f"{ACCOUNT}/password", data=form).status_code == 303
    assert client.get(ACCOUNT).status_code == 200
    assert other.get(ACCOUNT).status_code == 303
    assert try_to_sign_in(app.test_client(), official, "a brand new one").status_code == 303
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "account.password")).one()
    assert "a brand new one" not in str(entry.detail)


def test_owner_of_an_open_browser_is_not_guessed(client: FlaskClient, official: str) -> None:
    sign_in(client, official)
    form = {
        "csrf_token": csrf_of(client, ACCOUNT),
        "old": "x",
        "password": "a brand new one",
        "again": "a brand new one",
    }
    for _ in range(10):
        client.post(f"{ACCOUNT}/password", data=form)
    answer = client.post(f"{ACCOUNT}/password?lang=en", data=form | {"old": PASSWORD})
    assert answer.status_code == 422
    assert "too many attempts" in answer.text


def test_sign_ins_good_and_bad_are_in_the_log_without_passwords(
    app: Flask, client: FlaskClient, session: Session, official: str
) -> None:
    try_to_sign_in(client, official, "hunter2 hunter2")
    try_to_sign_in(client, "nobody@testov.example", "hunter2 hunter2")
    phone, _codes = turned_on(sign_in(client, official))
    half = half_in(app, official)
    give(half, "000000")
    give(half, later(phone))
    found = session.scalars(
        select(AuditEntry).where(AuditEntry.action.startswith("account.sign_in")).order_by(AuditEntry.id)
    ).all()
    assert [(entry.official, entry.action, entry.detail) for entry in found] == [
        (official, "account.sign_in_failed", {"step": "password"}),
        (official, "account.sign_in", {"way": "password"}),
        (official, "account.sign_in_failed", {"step": "code"}),
        (official, "account.sign_in", {"way": "password, code"}),
    ]
    page = client.get("/office/towns/testov/audit").text
    assert official in page
    assert "hunter2" not in str([entry.detail for entry in found]) + page


def test_seal_opens_only_with_its_own_key_and_purpose_and_in_time() -> None:
    sealed = seal(b"one", "a", "tajné")
    assert unseal(b"one", "a", sealed) == "tajné"
    assert "tajné".encode() not in sealed
    for key, purpose, bytes_ in ((b"two", "a", sealed), (b"one", "b", sealed), (b"one", "a", sealed[:-2] + b"x=")):
        with pytest.raises(Unsealable):
            unseal(key, purpose, bytes_)
