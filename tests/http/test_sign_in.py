"""Signing in to the office: who gets in, how long, and what guessing costs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app.errors import TooMany
from app.models import Official, Throttle
from app.services import accounts, throttle
from app.services.accounts import hasher
from app.services.throttle import Limit
from app.views.office.sign_in import ACCOUNT, PAIR, PLACE
from tests.builders import PASSWORD, a_map, an_official
from tests.doors import SIGN_IN, csrf_of, sign_in, try_to_sign_in

ELSEWHERE = "198.51.100.20"


@pytest.fixture
def official(session: Session) -> str:
    """An editor of a town with one map."""
    a_map(session)
    return an_official(session)


def test_office_sends_nobody_to_the_sign_in_and_back(client: FlaskClient, official: str) -> None:
    answer = client.get("/office/maps/testov?category=safe")
    assert answer.status_code == 303
    assert answer.location == "/office/sign-in?next=/office/maps/testov?category%3Dsafe"
    answer = try_to_sign_in(client, official, next="/office/maps/testov?category=safe")
    assert (answer.status_code, answer.location) == (303, "/office/maps/testov?category=safe")


def test_email_may_be_typed_in_any_case(client: FlaskClient, official: str) -> None:
    assert try_to_sign_in(client, f"  {official.upper()} ").status_code == 303


@pytest.mark.parametrize(
    "somewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/office/..//evil.example",
        "/office//evil.example",
        "/m/testov",
        "javascript:alert(1)",
        "/office/\r\nSet-Cookie: a=b",
        "/office/" + "a" * 2000,
    ],
)
def test_next_leads_nowhere_but_into_the_office(client: FlaskClient, official: str, somewhere: str) -> None:
    assert try_to_sign_in(client, official, next=somewhere).location == "/office/"


def test_wrong_password_and_unknown_email_read_the_same(client: FlaskClient, official: str) -> None:
    wrong = try_to_sign_in(client, official, "not this one")
    unknown = try_to_sign_in(client, "nobody@testov.example", "not this one")
    assert wrong.status_code == unknown.status_code == 403
    token = 'name="csrf_token"'
    lines = [
        [line for line in answer.text.replace(email, "").splitlines() if token not in line and "nonce" not in line]
        for answer, email in ((wrong, official), (unknown, "nobody@testov.example"))
    ]
    assert lines[0] == lines[1]
    assert client.get("/office/").status_code == 303


@pytest.fixture
def costly_passwords(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Argon2 as in earnest, where its time is what matters."""
    kept = (accounts.hasher, accounts._hash_of_nobody)
    monkeypatch.setattr(accounts, "PasswordHasher", PasswordHasher)
    for one in kept:
        one.cache_clear()
    yield
    for one in kept:
        one.cache_clear()


@pytest.mark.usefixtures("costly_passwords")
def test_unknown_email_takes_as_long_as_a_wrong_password(client: FlaskClient, session: Session) -> None:
    a_map(session)
    official = an_official(session)
    try_to_sign_in(client, "warm@up.example", "x")

    def seconds(email: str) -> float:
        started = time.perf_counter()
        try_to_sign_in(client, email, "wrong")
        return time.perf_counter() - started

    known = min(seconds(official) for _ in range(3))
    unknown = min(seconds("nobody@testov.example") for _ in range(3))
    assert unknown > known / 2


@pytest.mark.parametrize(
    "email",
    ["a\x00b@c.example", "x" * 100_000, "", "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")],
)
def test_strange_emails_are_only_wrong(client: FlaskClient, official: str, email: str) -> None:
    assert try_to_sign_in(client, email, "whatever").status_code == 403


def test_sign_in_without_the_forms_token_is_refused(client: FlaskClient, official: str) -> None:
    answer = client.post(SIGN_IN, data={"email": official, "password": PASSWORD})
    assert answer.status_code == 400
    assert client.get("/office/").status_code == 303


def test_session_from_before_the_sign_in_is_not_kept(client: FlaskClient, official: str) -> None:
    csrf_of(client)
    with client.session_transaction() as planted:
        planted["planted"] = "by somebody"
        before = planted["csrf_token"]
    sign_in(client, official)
    with client.session_transaction() as now:
        assert "planted" not in now
        assert now.get("csrf_token") != before


def test_session_ends_after_a_working_day(client: FlaskClient, official: str) -> None:
    sign_in(client, official)
    with client.session_transaction() as session:
        session["since"] -= 12 * 3600 + 1
    assert client.get("/office/").status_code == 303


def test_new_password_ends_sessions_of_the_old_one(client: FlaskClient, session: Session, official: str) -> None:
    sign_in(client, official)
    an_official(session, official)  # sets the password anew
    assert client.get("/office/").status_code == 303


def test_role_taken_away_counts_at_once(client: FlaskClient, session: Session, official: str) -> None:
    sign_in(client, official)
    session.execute(update(Official).values(is_admin=False))
    assert client.get("/office/maps/testov").status_code == 200
    for row in session.scalars(select(Official)):
        row.roles.clear()
    session.commit()
    assert client.get("/office/maps/testov").status_code == 404


def test_sign_out_needs_the_form_and_ends_the_session(client: FlaskClient, official: str) -> None:
    sign_in(client, official)
    assert client.get("/office/sign-out").status_code == 405
    assert client.post("/office/sign-out").status_code == 400
    assert client.post("/office/sign-out", data={"csrf_token": csrf_of(client, "/office/")}).status_code == 303
    assert client.get("/office/").status_code == 303


def test_cookie_is_kept_from_scripts_and_from_other_sites(client: FlaskClient, official: str) -> None:
    cookie = try_to_sign_in(client, official).headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_guessing_is_slowed_down_and_says_so_in_words(client: FlaskClient, official: str) -> None:
    statuses = [try_to_sign_in(client, official, f"guess {n}").status_code for n in range(7)]
    assert statuses == [403] * 6 + [429]
    answer = try_to_sign_in(client, official)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 600
    assert "notice-warn" in answer.text


def test_lock_here_does_not_lock_out_elsewhere(client: FlaskClient, app: Flask, official: str) -> None:
    for n in range(8):
        try_to_sign_in(client, official, f"guess {n}")
    assert try_to_sign_in(client, official).status_code == 429
    assert try_to_sign_in(app.test_client(), official, address=ELSEWHERE).status_code == 303


def test_no_single_place_can_use_up_the_tries_of_an_account() -> None:
    assert PAIR.attempts * (ACCOUNT.window / PAIR.window) < ACCOUNT.attempts


def test_one_place_tries_many_accounts_only_so_often(session: Session) -> None:
    def attempt(email: str) -> list[throttle.Attempt]:
        return [
            throttle.attempt(PAIR, email, "here", secret=b"s"),
            throttle.attempt(PLACE, "here", secret=b"s"),
        ]

    for n in range(PLACE.attempts):
        throttle.count(session, attempt(f"{n}@testov.example"))
    with pytest.raises(TooMany) as refused:
        throttle.count(session, attempt("one-more@testov.example"))
    assert 0 < refused.value.retry_after_s <= PLACE.window.total_seconds() + 1


def test_who_is_shut_out_by_one_limit_does_not_use_up_the_next(session: Session) -> None:
    narrow, wide = Limit("narrow", 2, timedelta(hours=1)), Limit("wide", 3, timedelta(hours=1))
    both = [throttle.attempt(narrow, "x", secret=b"s"), throttle.attempt(wide, "x", secret=b"s")]
    for _ in range(2):
        throttle.count(session, both)
    for _ in range(5):
        with pytest.raises(TooMany):
            throttle.count(session, both)
    throttle.count(session, both[1:])


def test_signing_in_well_starts_the_count_anew(client: FlaskClient, official: str) -> None:
    for _ in range(2):
        for n in range(5):
            assert try_to_sign_in(client, official, f"guess {n}").status_code == 403
        assert try_to_sign_in(client, official).status_code == 303
        client.post("/office/sign-out", data={"csrf_token": csrf_of(client, "/office/")})


def test_neither_email_nor_address_is_stored_for_counting(
    client: FlaskClient, session: Session, official: str
) -> None:
    try_to_sign_in(client, official, "x")
    rows = session.scalars(select(Throttle)).all()
    assert {row.action for row in rows} == {"sign-in pair", "sign-in place", "sign-in account", throttle.SALT}
    assert all(len(row.key_hash) == 32 for row in rows)


def test_counts_are_deleted_after_two_days_and_keys_change_daily(session: Session) -> None:
    limit = throttle.Limit("t", attempts=5, window=timedelta(minutes=10))
    then, now = datetime(2026, 9, 1, 12, tzinfo=UTC), datetime(2026, 9, 4, 12, tzinfo=UTC)
    old = throttle.attempt(limit, "somebody", secret=b"s", now=then)
    new = throttle.attempt(limit, "somebody", secret=b"s", now=now)
    assert old.key != new.key
    throttle.count(session, [old], now=then)
    throttle.count(session, [new], now=now)
    assert session.scalar(select(func.count()).select_from(Throttle).where(Throttle.action == limit.action)) == 1


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("203.0.113.9", "203.0.113.9"),
        (None, "unknown"),
        ("unix:", "unknown"),
    ],
)
def test_addresses_of_one_household_count_as_one(address: str | None, place: str) -> None:
    assert throttle.network(address) == place


def test_old_hash_is_renewed_at_sign_in(client: FlaskClient, session: Session, official: str) -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    session.execute(update(Official).values(password_hash=weak))
    session.commit()
    sign_in(client, official)
    session.expire_all()
    assert not hasher().check_needs_rehash(session.scalars(select(Official.password_hash)).one())


def test_signed_in_official_skips_the_form(client: FlaskClient, official: str) -> None:
    sign_in(client, official)
    answer = client.get(f"{SIGN_IN}?next=/office/maps/testov")
    assert (answer.status_code, answer.location) == (303, "/office/maps/testov")


def test_program_gets_a_401_and_no_form(client: FlaskClient, official: str) -> None:
    answer = client.get("/office/maps/testov/pins.json", headers={"Accept": "application/json"})
    assert answer.status_code == 401
    assert answer.mimetype == "application/problem+json"
    assert client.get("/office/maps/testov/pins.geojson", headers={"Accept": "*/*"}).status_code == 401
    assert client.get("/office/maps/testov/pins.geojson", headers={"Accept": "text/html,*/*"}).status_code == 303
