"""Personal tokens: what a GIS client reads by one, how it is made and revoked, and what it never does."""

from __future__ import annotations

import base64
import hashlib
import logging
import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.inputs.filters import Scope
from app.models import AccessToken, AuditEntry, Official, Role, Throttle, TownRole
from app.queries.maps import MapRecord
from app.security import WRONG_TOKENS, official_of_token, reader_scope
from app.services.tokens import MOST_TOKENS
from tests.builders import (
    PASSWORD,
    TOKEN,
    a_draft,
    a_feature,
    a_map,
    a_pin,
    a_token,
    an_official,
    bearer,
)
from tests.doors import csrf_of, sign_in

HEAT = "/office/maps/testov/heat.geojson"
TILE = "/office/maps/testov/heat/14/8898/5597.png"
PAGE = "/office/account/tokens"
WRONG = "pocit_" + "A" * 43
ELSEWHERE = {"REMOTE_ADDR": "198.51.100.9"}


@pytest.fixture
def the_map(session: Session) -> MapRecord:
    """A map with one pin, of a town with an editor."""
    made = a_map(session)
    a_pin(session, made)
    an_official(session)
    return made


def basic(user: str, password: str) -> dict[str, str]:
    """The header of a client that was given a user name and a password."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def scope(
    app: Flask, the_map: MapRecord, headers: dict[str, str], path: str = "/api/collections/testov/items"
) -> Scope:
    """Whose eyes a request of the API with these headers has."""
    with app.test_request_context(path, headers=headers):
        return reader_scope(the_map.town_id)


def make(client: FlaskClient, name: str = "QGIS", password: str = PASSWORD) -> TestResponse:
    """The answer to the form for a new token."""
    form = {"csrf_token": csrf_of(client, PAGE), "name": name, "password": password}
    return client.post(PAGE, data=form)


def owner_of(session: Session, email: str = "urad@testov.example") -> int:
    return session.scalars(select(Official.id).where(Official.email == email)).one()


# What it opens


@pytest.mark.parametrize(
    "spelt",
    [
        lambda token: {"Authorization": f"Bearer {token}"},
        lambda token: {"Authorization": f"bearer   {token} "},
        lambda token: basic("urad@testov.example", token),
        lambda token: basic("", token),
        lambda token: basic("token", token + "\n"),
        lambda token: basic(token, ""),
        lambda token: {"Authorization": basic("jméno", token)["Authorization"].replace("Basic", "BASIC")},
    ],
)
def test_token_is_understood_as_bearer_and_as_password(
    client: FlaskClient, session: Session, the_map: MapRecord, spelt: object
) -> None:
    headers = spelt(a_token(session))  # type: ignore[operator]
    assert client.get(HEAT, headers=headers).status_code == 200
    assert client.head(TILE, headers=headers).status_code == 200


def test_api_shows_the_office_s_scope_to_a_token_of_the_town_only(
    app: Flask, session: Session, the_map: MapRecord
) -> None:
    a_map(session, "jinde")
    an_official(session, "jiny@jinde.example", town="jinde")
    an_official(session, "spravce@server.example", town=None, role="admin")
    assert scope(app, the_map, bearer(a_token(session))) == Scope.OFFICE
    assert scope(app, the_map, bearer(a_token(session, "spravce@server.example"))) == Scope.OFFICE
    assert scope(app, the_map, bearer(a_token(session, "jiny@jinde.example"))) == Scope.PUBLIC
    assert scope(app, the_map, {}) == Scope.PUBLIC


@pytest.mark.parametrize("role", ["viewer", "editor", "admin"])
def test_token_makes_nobody_more_than_a_viewer(
    app: Flask, session: Session, the_map: MapRecord, role: str
) -> None:
    email = an_official(session, "kdosi@testov.example", None if role == "admin" else "testov", role)
    with app.test_request_context("/api/", headers=bearer(a_token(session, email))):
        official = official_of_token()
        assert official
        assert (official.is_admin, official.role_in(the_map.town_id)) == (False, Role.VIEWER)


def test_token_of_a_session_that_opens_some_towns_opens_no_others(
    app: Flask, session: Session, the_map: MapRecord
) -> None:
    other = a_map(session, "jinde")
    session.add(TownRole(official_id=owner_of(session), town_id=other.town_id, role="editor"))
    session.commit()
    limited = bearer(a_token(session, towns=[other.town_id]))
    assert scope(app, other, limited) == Scope.OFFICE
    assert scope(app, the_map, limited) == Scope.PUBLIC
    whole = bearer(a_token(session))
    assert scope(app, the_map, whole) == scope(app, other, whole) == Scope.OFFICE


def test_admin_s_token_of_such_a_session_opens_only_its_towns(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    other = a_map(session, "jinde")
    session.execute(update(Official).values(is_admin=True))
    session.commit()
    limited = bearer(a_token(session, towns=[the_map.town_id]))
    assert client.get(HEAT, headers=limited).status_code == 200
    assert client.get(HEAT.replace(the_map.slug, other.slug), headers=limited).status_code == 404


def test_other_town_answers_a_token_as_if_it_were_not_there(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    a_map(session, "jinde")
    an_official(session, "jiny@jinde.example", town="jinde")
    stranger = bearer(a_token(session, "jiny@jinde.example"))
    got, nowhere = (client.get(HEAT.replace("testov", slug), headers=stranger) for slug in ("testov", "nikde"))
    assert (got.status_code, got.json) == (nowhere.status_code, nowhere.json) == (404, got.json)


def test_roles_are_those_of_the_moment(
    app: Flask, client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    headers = bearer(a_token(session))
    session.execute(delete(TownRole))
    session.commit()
    assert client.get(HEAT, headers=headers).status_code == 404
    assert scope(app, the_map, headers) == Scope.PUBLIC


def test_draft_is_there_for_a_token_of_its_town_and_for_nobody_else(client: FlaskClient, session: Session) -> None:
    draft = a_draft(session)
    an_official(session, town=draft.town_slug)
    a_map(session, "jinde")
    stranger = bearer(a_token(session, an_official(session, "jiny@jinde.example", town="jinde")))
    headers = bearer(a_token(session))
    for path in ("/api/collections/koncept/items", "/office/maps/koncept/heat.geojson"):
        found = client.get(path, headers=headers)
        assert (path, found.status_code) == (path, 200)
        assert found.cache_control.private or found.cache_control.no_store
        assert client.get(path, headers=stranger).status_code == 404
    assert client.get("/api/collections/koncept/items").status_code == 404
    assert client.get("/m/koncept", headers=headers).status_code == 404, "pages are not for tokens"


def test_token_beside_a_session_speaks_for_itself(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    a_map(session, "jinde")
    stranger = a_token(session, an_official(session, "jiny@jinde.example", town="jinde"))
    sign_in(client, "urad@testov.example")
    assert client.get(HEAT, headers=bearer(stranger)).status_code == 404
    assert client.get(HEAT, headers=bearer(WRONG)).status_code == 401
    assert client.get(HEAT, headers=basic("proxy", "of the test server")).status_code == 200, "not meant for us"
    assert client.get("/office/", headers=bearer(stranger)).status_code == 200, "the session of the browser"


# What it does not


def test_token_neither_makes_nor_changes_pins(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    headers = bearer(a_token(session))
    feature = a_feature()
    items = "/api/collections/testov/items"
    for method, path in (
        ("POST", items),
        ("PUT", f"{items}/{feature['id']}"),
        ("PATCH", f"{items}/{feature['id']}"),
        ("DELETE", f"{items}/{feature['id']}"),
        ("PUT", "/api/collections/testov/respondent"),
        ("DELETE", "/api/collections/testov/respondent"),
    ):
        answer = client.open(path, method=method, json=feature, headers=headers)
        assert (method, path, answer.status_code) == (method, path, 403)
        assert client.open(path, method=method, json=feature, headers=basic("x", "y")).status_code == 401


def test_device_s_token_keeps_working_for_its_own_pins(client: FlaskClient, the_map: MapRecord) -> None:
    feature = a_feature(comment="moje")
    path = "/api/collections/testov/items"
    assert client.post(path, json=feature, headers=bearer()).status_code == 201
    assert client.get(f"{path}/{feature['id']}", headers=bearer()).status_code == 200
    assert client.get(path, headers=bearer()).status_code == 200
    mine = client.get("/api/collections/testov/respondent", headers=bearer())
    assert [pin["id"] for pin in mine.json["pins"]["features"]] == [feature["id"]]


@pytest.mark.parametrize(
    "header",
    [
        f"Bearer {WRONG}",
        "Bearer pocit_",
        "Bearer pocit_" + "x" * 20_000,
        "Bearer pocit_\xff\xfe",
        "Basic",
        "Basic !!!",
        "Basic " + "QQ" * 10_000,
        "Basic " + base64.b64encode(b"\xff\x00:\xfe").decode(),
        "Basic " + base64.b64encode(b"no colon").decode(),
        "Basic " + base64.b64encode(b"urad@testov.example:" + PASSWORD.encode()).decode(),
        "Basic " + base64.b64encode(f"x:{WRONG}".encode()).decode(),
    ],
)
def test_wrong_token_is_refused_in_words_and_never_read_as_public(
    client: FlaskClient, the_map: MapRecord, header: str
) -> None:
    for path in (HEAT, "/api/collections/testov/items"):
        answer = client.get(path, headers={"Authorization": header, "Accept-Language": "en"})
        assert answer.status_code == 401
        assert answer.mimetype == "application/problem+json"
        assert "token" in answer.json["detail"]


@pytest.mark.parametrize("header", ["", "Negotiate abc", "Digest username=x", "Bearer", "pocit_x", "Bearer \x7f"])
def test_other_schemes_are_nobody_s(app: Flask, client: FlaskClient, the_map: MapRecord, header: str) -> None:
    assert client.get(HEAT, headers={"Authorization": header}).status_code == 401
    assert scope(app, the_map, {"Authorization": header}) == Scope.PUBLIC


def test_revoked_token_opens_nothing(
    app: Flask, client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    token = a_token(session)
    assert client.get(HEAT, headers=bearer(token)).status_code == 200
    session.execute(delete(AccessToken))
    session.commit()
    assert client.get(HEAT, headers=bearer(token)).status_code == 401


def test_removed_account_takes_its_tokens_along(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    token = a_token(session)
    session.execute(delete(Official))
    session.commit()
    assert client.get(HEAT, headers=bearer(token)).status_code == 401
    assert session.scalars(select(AccessToken)).all() == []


def test_token_unused_for_a_year_is_asleep(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    token = a_token(session)
    long_ago = datetime.now(UTC) - timedelta(days=366)
    session.execute(update(AccessToken).values(created_at=long_ago, last_used_at=datetime.now(UTC)))
    session.commit()
    assert client.get(HEAT, headers=bearer(token)).status_code == 200
    session.execute(update(AccessToken).values(last_used_at=long_ago))
    session.commit()
    assert client.get(HEAT, headers=bearer(token)).status_code == 401
    assert 'class="label label-warn"' in sign_in(client, "urad@testov.example").get(PAGE).text


# How it asks


def test_programs_are_asked_for_the_token_and_browsers_are_sent_to_the_sign_in(
    client: FlaskClient, the_map: MapRecord
) -> None:
    program = client.get(HEAT)
    assert program.status_code == 401
    assert program.mimetype == "application/problem+json"
    assert program.json["errors"][0]["field"] == "Authorization"
    assert program.headers.getlist("WWW-Authenticate") == [
        'Basic realm="pocit", charset="UTF-8"',
        'Bearer realm="pocit"',
    ]
    page = client.get(HEAT, headers={"Accept": "text/html,*/*;q=0.8"})
    assert page.status_code == 303
    assert page.location.startswith("/office/sign-in")
    assert "WWW-Authenticate" not in page.headers


@pytest.mark.parametrize(
    "sent", [{"Sec-Fetch-Mode": "no-cors"}, {"Referer": "https://mapy.example/office/maps/x"}]
)
def test_pictures_of_our_own_pages_never_open_the_browser_s_password_window(
    client: FlaskClient, the_map: MapRecord, sent: dict[str, str]
) -> None:
    answer = client.get(TILE, headers={"Accept": "image/avif,image/webp,*/*;q=0.8", **sent})
    assert answer.status_code == 401
    assert not any("Basic" in one for one in answer.headers.getlist("WWW-Authenticate"))


def test_public_reading_of_the_api_asks_for_nothing(client: FlaskClient, the_map: MapRecord) -> None:
    answer = client.get("/api/collections/testov/items")
    assert (answer.status_code, "WWW-Authenticate" in answer.headers) == (200, False)


def test_caches_keep_what_a_token_read_apart(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    answer = client.get(HEAT, headers=bearer(a_token(session)))
    assert "Authorization" in answer.vary
    assert answer.cache_control.private
    assert "Authorization" in client.get("/api/collections/testov/items").vary


# What it costs to guess, and what is written down


def test_wrong_tokens_are_counted_and_good_ones_of_neighbours_work_on(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    good = bearer(a_token(session))
    for _ in range(WRONG_TOKENS.attempts):
        assert client.get(HEAT, headers=bearer(WRONG)).status_code == 401
    shut = client.get(HEAT, headers=bearer(WRONG))
    assert shut.status_code == 429
    assert int(shut.headers["Retry-After"]) > 0
    assert client.get(HEAT, headers=good).status_code == 200
    assert client.get(HEAT, headers=bearer(WRONG), environ_overrides=ELSEWHERE).status_code == 401


def test_citizens_devices_are_never_counted(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    for _ in range(3):
        client.get("/api/collections/testov/items", headers=bearer())
    assert session.scalars(select(Throttle).where(Throttle.action == WRONG_TOKENS.action)).all() == []


def test_last_use_is_written_down_at_most_once_in_some_minutes(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    headers = bearer(a_token(session))

    def last_used() -> datetime | None:
        session.expire_all()
        return session.scalars(select(AccessToken.last_used_at)).one()

    assert last_used() is None
    client.get(TILE, headers=headers)
    first = last_used()
    assert first is not None
    a_minute_ago = first - timedelta(minutes=1)
    session.execute(update(AccessToken).values(last_used_at=a_minute_ago))
    session.commit()
    client.get(TILE, headers=headers)
    assert last_used() == a_minute_ago
    session.execute(update(AccessToken).values(last_used_at=first - timedelta(hours=1)))
    session.commit()
    client.get(TILE, headers=headers)
    assert last_used() == first


def test_token_is_stored_as_a_hash_and_never_logged(
    client: FlaskClient, session: Session, the_map: MapRecord, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = a_token(session)
    client.get(HEAT, headers=bearer(token))
    client.get(HEAT, headers=basic("x", WRONG))
    row = session.scalars(select(AccessToken)).one()
    assert row.token_hash == hashlib.sha256(token.encode()).digest()
    assert re.fullmatch(r"pocit_[A-Za-z0-9_-]{43}", token)
    assert token not in caplog.text
    assert WRONG not in caplog.text
    told = " ".join(str(entry.detail) + str(entry.subject) for entry in session.scalars(select(AuditEntry)))
    assert token not in told


# The office's pages


def test_token_made_on_the_page_is_shown_once_and_reads(
    app: Flask, client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    sign_in(client, "urad@testov.example")
    answer = make(client, "  QGIS   v kanceláři ")
    assert (answer.status_code, answer.location) == (303, f"{PAGE}#token")
    page = client.get(PAGE).text
    token = re.search(r"pocit_[A-Za-z0-9_-]{43}", page)
    assert token
    assert "QGIS v kanceláři" in page
    again = client.get(PAGE).text
    assert token[0] not in again
    assert "QGIS v kanceláři" in again
    assert app.test_client().get(HEAT, headers=bearer(token[0])).status_code == 200
    deed = session.scalars(select(AuditEntry).where(AuditEntry.action == "token.make")).one()
    assert (deed.official, deed.detail, deed.town_id) == (
        "urad@testov.example",
        {"name": "QGIS v kanceláři"},
        the_map.town_id,
    )


@pytest.mark.parametrize(
    ("name", "password"),
    [("", PASSWORD), ("x" * 101, PASSWORD), ("a\x00b", PASSWORD), ("QGIS", "wrong"), ("QGIS", "")],
)
def test_token_wants_a_name_and_the_password(
    client: FlaskClient, session: Session, the_map: MapRecord, name: str, password: str
) -> None:
    sign_in(client, "urad@testov.example")
    answer = make(client, name, password)
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert session.scalars(select(AccessToken)).all() == []


def test_password_for_a_token_can_t_be_guessed_for_ever(client: FlaskClient, the_map: MapRecord) -> None:
    sign_in(client, "urad@testov.example")
    token = csrf_of(client, PAGE)
    for _ in range(10):
        client.post(PAGE, data={"csrf_token": token, "name": "QGIS", "password": "wrong"})
    answer = client.post(PAGE, data={"csrf_token": token, "name": "QGIS", "password": PASSWORD})
    assert answer.status_code == 422


def test_session_of_the_town_s_provider_needs_no_password_and_makes_a_token_of_its_towns(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    sign_in(client, "urad@testov.example")
    with client.session_transaction() as cookie:
        cookie["towns"] = [the_map.town_id]
    assert 'name="password"' not in client.get(PAGE).text
    assert make(client, password="").status_code == 303
    assert session.scalars(select(AccessToken.towns)).one() == [the_map.town_id]


def test_nobody_has_more_than_twenty(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    for n in range(MOST_TOKENS):
        a_token(session, name=f"skript {n}")
    sign_in(client, "urad@testov.example")
    form = {"csrf_token": csrf_of(client, PAGE), "name": "další", "password": PASSWORD}
    assert client.post(PAGE, data=form).status_code == 422
    assert len(session.scalars(select(AccessToken.id)).all()) == MOST_TOKENS


def test_owner_revokes_one_or_all_and_nobody_else_s(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    an_official(session, "jiny@testov.example")
    foreign, one, two, three = (
        a_token(session, email, name)
        for email, name in (
            ("jiny@testov.example", "cizí"),
            ("urad@testov.example", "jedna"),
            ("urad@testov.example", "dvě"),
            ("urad@testov.example", "tři"),
        )
    )
    ids = {row.name: row.id for row in session.scalars(select(AccessToken))}
    sign_in(client, "urad@testov.example")
    token = {"csrf_token": csrf_of(client, PAGE)}
    assert client.post(f"{PAGE}/{ids['cizí']}/revoke", data=token).status_code == 404
    assert client.post(f"{PAGE}/{ids['jedna']}/revoke", data=token).status_code == 303
    assert client.post(f"{PAGE}/{ids['jedna']}/revoke", data=token).status_code == 404

    def statuses() -> list[int]:
        nobody = client.application.test_client()
        return [nobody.get(HEAT, headers=bearer(each)).status_code for each in (foreign, one, two, three)]

    assert statuses() == [200, 401, 200, 200]
    assert client.post(f"{PAGE}/revoke", data=token).status_code == 303
    assert statuses() == [200, 401, 401, 401]


def test_editor_sees_how_many_tokens_a_colleague_has_and_revokes_them(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    an_official(session, "kolega@testov.example", role="moderator")
    token = a_token(session, "kolega@testov.example", "tajný název")
    sign_in(client, "urad@testov.example")
    page = client.get("/office/towns/testov/people").text
    address = f"/office/towns/testov/people/{owner_of(session, 'kolega@testov.example')}/tokens/revoke"
    assert address in page
    assert "tajný název" not in page
    answer = client.post(address, data={"csrf_token": csrf_of(client, PAGE)})
    assert answer.status_code == 303
    assert client.application.test_client().get(HEAT, headers=bearer(token)).status_code == 401
    deed = session.scalars(select(AuditEntry).where(AuditEntry.action == "token.revoke_all")).one()
    assert (deed.subject, deed.detail) == ("kolega@testov.example", {"n_tokens": 1})


def test_editor_cuts_off_nobody_who_works_for_another_town_as_well(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    other = a_map(session, "jinde")
    an_official(session, "oba@testov.example")
    official = owner_of(session, "oba@testov.example")
    session.add(TownRole(official_id=official, town_id=other.town_id, role="editor"))
    session.commit()
    a_token(session, "oba@testov.example")
    sign_in(client, "urad@testov.example")
    address = f"/office/towns/testov/people/{official}/tokens/revoke"
    assert address not in client.get("/office/towns/testov/people").text
    assert client.post(address, data={"csrf_token": csrf_of(client, PAGE)}).status_code == 403
    assert len(session.scalars(select(AccessToken)).all()) == 1


def test_colleague_taken_out_of_the_last_town_loses_the_tokens(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    an_official(session, "kolega@testov.example")
    official = owner_of(session, "kolega@testov.example")
    a_token(session, "kolega@testov.example")
    sign_in(client, "urad@testov.example")
    token = {"csrf_token": csrf_of(client, PAGE)}
    assert client.post(f"/office/towns/testov/people/{official}/remove", data=token).status_code == 303
    assert session.scalars(select(AccessToken)).all() == []


def test_account_page_says_that_a_new_password_leaves_tokens_alone(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    token = a_token(session)
    sign_in(client, "urad@testov.example")
    new = "a wholly new password"
    form = {"old": PASSWORD, "password": new, "again": new, "csrf_token": csrf_of(client, "/office/account")}
    answer = client.post("/office/account/password", data=form, follow_redirects=True)
    assert answer.status_code == 200
    assert answer.text.count(PAGE) == 2
    assert client.application.test_client().get(HEAT, headers=bearer(token)).status_code == 200


def test_device_token_of_the_tests_is_none_of_ours() -> None:
    assert not TOKEN.startswith("pocit_")
