"""Who tries an official's e-mail from everywhere shuts nobody out of the computer they always sign in at."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.views.office.known_browser import COOKIE
from app.views.office.sign_in import ACCOUNT, KNOWN
from tests.builders import a_map, an_official
from tests.doors import SIGN_IN, csrf_of, try_to_sign_in


@pytest.fixture
def official(session: Session) -> str:
    a_map(session)
    return an_official(session)


def sign_out(client: FlaskClient) -> None:
    client.post("/office/sign-out", data={"csrf_token": csrf_of(client, "/office/")})


def attacked(app: Flask, email: str) -> None:
    """Wrong passwords from more places than any limit by place can hold."""
    for n in range(ACCOUNT.attempts + 1):
        try_to_sign_in(app.test_client(), email, f"guess {n}", address=f"198.51.100.{n % 200}")


def test_a_distributed_attack_shuts_nobody_out_where_they_have_signed_in_before(
    app: Flask, client: FlaskClient, official: str
) -> None:
    assert try_to_sign_in(client, official).status_code == 303
    sign_out(client)
    attacked(app, official)
    assert try_to_sign_in(app.test_client(), official, address="203.0.113.5").status_code == 429
    assert try_to_sign_in(client, official).status_code == 303


def test_nobody_can_use_up_the_tries_of_a_known_browser_from_its_own_address(
    app: Flask, client: FlaskClient, official: str
) -> None:
    try_to_sign_in(client, official)
    sign_out(client)
    assert [try_to_sign_in(app.test_client(), official, "guess").status_code for _ in range(7)][-1] == 429
    assert try_to_sign_in(client, official).status_code == 303


def test_guessing_in_a_known_browser_ends_as_well(client: FlaskClient, official: str) -> None:
    try_to_sign_in(client, official)
    sign_out(client)
    statuses = [try_to_sign_in(client, official, f"guess {n}").status_code for n in range(KNOWN.attempts + 1)]
    assert statuses == [403] * KNOWN.attempts + [429]
    assert try_to_sign_in(client, official).status_code == 429


def test_the_cookie_is_of_one_account_tells_nothing_and_opens_nothing(
    app: Flask, client: FlaskClient, session: Session, official: str
) -> None:
    other = an_official(session, "jina@testov.example")
    answer = try_to_sign_in(client, official)
    (cookie,) = [one for one in answer.headers.getlist("Set-Cookie") if one.startswith(COOKIE)]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Lax", "Path=/office/sign-in"))
    assert official not in cookie
    value = cookie.split("=", 1)[1].split(";")[0]
    thief = app.test_client()
    thief.set_cookie(COOKIE, value, path="/office/sign-in")
    assert thief.get("/office/").status_code == 303
    attacked(app, other)
    assert try_to_sign_in(thief, other, address="203.0.113.5").status_code == 429
    thief.set_cookie(COOKIE, value[:-3] + "xyz", path="/office/sign-in")
    assert try_to_sign_in(thief, official).status_code == 303


def test_a_computer_of_several_officials_knows_each(client: FlaskClient, session: Session, official: str) -> None:
    other = an_official(session, "jina@testov.example")
    for email in (official, other, official):
        assert try_to_sign_in(client, email).status_code == 303
        sign_out(client)
    assert client.get(SIGN_IN).status_code == 200
    for email in (official, other):
        statuses = [try_to_sign_in(client, email, "guess").status_code for _ in range(7)]
        assert statuses == [403] * 7
