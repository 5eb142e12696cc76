"""The people of a town's office: who invites, raises and takes out whom, and what a link opens."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.models import AuditEntry, Invitation, Official, Role, Town, TownRole
from app.queries.accounts import find_official
from app.services.colleagues import reset_token
from tests.builders import PASSWORD, a_map, an_official
from tests.doors import SIGN_IN, csrf_of, sign_in, try_to_sign_in

PEOPLE = "/office/towns/testov/people"
SERVER = "/office/server/people"
NEW = "nova@testov.example"
NEW_PASSWORD = "four words one after another"
LINK = re.compile(r'id="link-address" readonly value="([^"]+)"')


@pytest.fixture
def town(session: Session) -> int:
    """A town with an editor, a moderator and a viewer, another beside it, and an admin; the town's id."""
    the_map = a_map(session)
    a_map(session, "jinde")
    for role in ("editor", "moderator", "viewer"):
        an_official(session, f"{role}@testov.example", role=role)
    an_official(session, "jiny@jinde.example", town="jinde")
    an_official(session, "admin@testov.example", town=None, role="admin")
    return the_map.town_id


@pytest.fixture
def editor(client: FlaskClient, town: int) -> FlaskClient:
    """The editor's browser."""
    return sign_in(client, "editor@testov.example")


@pytest.fixture
def admin(app: Flask, town: int) -> FlaskClient:
    """The admin's browser."""
    return sign_in(app.test_client(), "admin@testov.example")


def send(client: FlaskClient, address: str, page: str = PEOPLE, **form: str) -> int:
    return client.post(address, data={"csrf_token": csrf_of(client, page), **form}).status_code


def link_on(client: FlaskClient, page: str = PEOPLE) -> str:
    """The path of the link that the page shows."""
    found = LINK.search(client.get(page).text)
    assert found, "no link is shown"
    address = html.unescape(found[1])
    assert address.startswith("http://localhost/office/")
    return address.removeprefix("http://localhost")


def invited(client: FlaskClient, email: str = NEW, role: str = "moderator") -> str:
    assert send(client, f"{PEOPLE}/invite", email=email, role=role) == 303
    return link_on(client)


def id_of(session: Session, email: str) -> int:
    return session.scalars(select(Official.id).where(Official.email == email)).one()


def role_of(session: Session, email: str, town: str = "testov") -> str | None:
    session.expire_all()
    return session.scalar(
        select(TownRole.role).join(Official).join(Town).where(Official.email == email, Town.slug == town)
    )


def deeds(session: Session, *actions: str) -> list[tuple[str, str, str | None]]:
    rows = session.scalars(select(AuditEntry).where(AuditEntry.action.in_(actions)).order_by(AuditEntry.id))
    return [(row.official, row.action, row.subject) for row in rows]


def test_invited_person_chooses_a_password_and_is_in(app: Flask, editor: FlaskClient, session: Session) -> None:
    link = invited(editor, f"  {NEW.upper()} ")
    newcomer = app.test_client()
    page = newcomer.get(f"{link}?lang=en")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "office of Testov" in page.text
    assert send(newcomer, link, link, password=NEW_PASSWORD, again=NEW_PASSWORD) == 303
    assert newcomer.get("/office/maps/testov").status_code == 200
    assert role_of(session, NEW) == "moderator"
    assert try_to_sign_in(app.test_client(), NEW, NEW_PASSWORD).status_code == 303
    assert deeds(session, "official.invite", "official.join") == [
        ("editor@testov.example", "official.invite", NEW),
        (NEW, "official.join", NEW),
    ]


def test_link_is_shown_once_and_stored_only_as_a_hash(editor: FlaskClient, session: Session) -> None:
    token = invited(editor).rpartition("/")[2]
    assert token not in editor.get(PEOPLE).text
    row = session.scalars(select(Invitation)).one()
    assert len(row.token_hash) == 32
    assert token.encode() not in row.token_hash
    lasts = row.expires_at - datetime.now(UTC)
    assert timedelta(days=6, hours=23) < lasts <= timedelta(days=7)


def test_link_can_be_mailed_with_everything_that_needs_escaping_escaped(editor: FlaskClient) -> None:
    send(editor, f"{PEOPLE}/invite", email="a&b?c@x.example", role="viewer")
    found = re.search(r'href="(mailto:[^"]+)"', editor.get(PEOPLE).text)
    assert found
    assert html.unescape(found[1]).startswith("mailto:a%26b%3Fc%40x.example?subject=")


def test_link_works_once(app: Flask, editor: FlaskClient, session: Session) -> None:
    link = invited(editor)
    first, second = app.test_client(), app.test_client()
    token = csrf_of(second, link)
    assert send(first, link, link, password=NEW_PASSWORD, again=NEW_PASSWORD) == 303
    form = {"csrf_token": token, "password": "another password", "again": "another password"}
    assert second.post(link, data=form).status_code == 404
    assert second.get(link).status_code == 404
    assert try_to_sign_in(second, NEW, "another password").status_code == 403


def test_old_revoked_and_invented_links_read_the_same(app: Flask, editor: FlaskClient, session: Session) -> None:
    old, revoked = invited(editor), invited(editor, "druha@testov.example")
    session.execute(
        update(Invitation).where(Invitation.email == NEW).values(expires_at=datetime.now(UTC) - timedelta(days=1))
    )
    session.commit()
    other = session.scalars(select(Invitation.id).where(Invitation.email != NEW)).one()
    assert send(editor, f"/office/towns/testov/invitations/{other}/revoke") == 303
    stranger = app.test_client()
    pages = [
        stranger.get(link) for link in (old, revoked, "/office/invitation/x", "/office/invitation/" + "é" * 300)
    ]
    assert [page.status_code for page in pages] == [404] * 4
    texts = {re.sub(r'(nonce|value)="[^"]+"', "", page.text) for page in pages}
    assert len({re.sub(r"\?lang=\w+|/office/invitation/[^\"]*", "", text) for text in texts}) == 1
    assert deeds(session, "invitation.revoke") == [
        ("editor@testov.example", "invitation.revoke", "druha@testov.example")
    ]


def test_inviting_again_replaces_the_link(app: Flask, editor: FlaskClient, session: Session) -> None:
    first, second = invited(editor), invited(editor, role="viewer")
    assert app.test_client().get(first).status_code == 404
    assert app.test_client().get(second).status_code == 200
    assert session.scalars(select(Invitation.role)).all() == ["viewer"]


def test_existing_account_signs_in_and_accepts_and_nobody_else_can(
    app: Flask, editor: FlaskClient, session: Session
) -> None:
    link = invited(editor, "jiny@jinde.example", "viewer")
    nobody = app.test_client()
    assert 'name="password"' not in nobody.get(link).text
    assert send(nobody, link, SIGN_IN, password=NEW_PASSWORD, again=NEW_PASSWORD) == 422
    assert try_to_sign_in(nobody, "jiny@jinde.example", NEW_PASSWORD).status_code == 403
    wrong = sign_in(app.test_client(), "moderator@testov.example")
    assert send(wrong, f"{link}/accept", "/office/account") == 403
    right = app.test_client()
    answer = try_to_sign_in(right, "jiny@jinde.example", next=link)
    assert answer.location == link
    assert send(right, f"{link}/accept", link) == 303
    assert role_of(session, "jiny@jinde.example") == "viewer"
    assert role_of(session, "jiny@jinde.example", "jinde") == "editor"


def test_accepting_never_lowers_a_role(app: Flask, editor: FlaskClient, session: Session, town: int) -> None:
    link = invited(editor, "jiny@jinde.example", "viewer")
    session.add(TownRole(official_id=id_of(session, "jiny@jinde.example"), town_id=town, role=Role.EDITOR))
    session.commit()
    assert send(sign_in(app.test_client(), "jiny@jinde.example"), f"{link}/accept", link) == 303
    assert role_of(session, "jiny@jinde.example") == "editor"


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"email": "kdosi", "role": "viewer"}, "email"),
        ({"email": "", "role": "viewer"}, "email"),
        ({"email": "a\x00b@x.example", "role": "viewer"}, "email"),
        ({"email": "x" * 300 + "@x.example", "role": "viewer"}, "email"),
        ({"email": "viewer@testov.example", "role": "viewer"}, "email"),
        ({"email": NEW, "role": "admin"}, "role"),
        ({"email": NEW, "role": "owner"}, "role"),
        ({"email": NEW}, "role"),
    ],
)
def test_what_is_wrong_with_an_invitation_stands_beside_its_field(
    editor: FlaskClient, session: Session, form: dict[str, str], field: str
) -> None:
    answer = editor.post(f"{PEOPLE}/invite", data={"csrf_token": csrf_of(editor, PEOPLE), **form})
    assert answer.status_code == 422
    assert "field-error" in answer.text
    if form["email"].isprintable():
        assert f'value="{form["email"]}"' in answer.text or not form["email"]
    assert session.scalars(select(Invitation)).all() == []


@pytest.mark.parametrize(("password", "again"), [("short", "short"), (NEW_PASSWORD, "differs"), ("", "")])
def test_bad_passwords_come_back_and_the_link_stays_good(
    app: Flask, editor: FlaskClient, password: str, again: str
) -> None:
    link, newcomer = invited(editor), app.test_client()
    assert send(newcomer, link, link, password=password, again=again) == 422
    assert send(newcomer, link, link, password=NEW_PASSWORD, again=NEW_PASSWORD) == 303


def test_links_are_throttled(app: Flask, town: int) -> None:
    client = app.test_client()
    statuses = [client.get(f"/office/invitation/{n}").status_code for n in range(62)]
    assert statuses[:60] == [404] * 60
    assert statuses[60:] == [429, 429]


def test_editor_changes_and_takes_roles_and_it_is_written_down(
    app: Flask, editor: FlaskClient, session: Session
) -> None:
    viewer = id_of(session, "viewer@testov.example")
    seen = sign_in(app.test_client(), "viewer@testov.example")
    assert send(editor, f"{PEOPLE}/{viewer}/role", role="moderator") == 303
    assert role_of(session, "viewer@testov.example") == "moderator"
    assert send(editor, f"{PEOPLE}/{viewer}/remove") == 303
    assert role_of(session, "viewer@testov.example") is None
    assert seen.get("/office/maps/testov").status_code == 303, "who has no role left is signed in nowhere"
    found = session.scalars(select(AuditEntry).where(AuditEntry.action.in_(["official.role", "official.remove"])))
    assert [(entry.subject, entry.detail) for entry in found] == [
        ("viewer@testov.example", {"from": "viewer", "to": "moderator"}),
        ("viewer@testov.example", {"from": "moderator"}),
    ]


@pytest.mark.parametrize("role", ["admin", "", "owner"])
def test_nobody_gives_more_than_there_is_in_a_town(editor: FlaskClient, session: Session, role: str) -> None:
    viewer = id_of(session, "viewer@testov.example")
    assert send(editor, f"{PEOPLE}/{viewer}/role", role=role) == 422
    assert role_of(session, "viewer@testov.example") == "viewer"


def test_last_editor_stays_unless_an_admin_decides(
    editor: FlaskClient, admin: FlaskClient, session: Session
) -> None:
    own = id_of(session, "editor@testov.example")
    assert send(editor, f"{PEOPLE}/{own}/role", role="viewer") == 422
    assert send(editor, f"{PEOPLE}/{own}/remove") == 422
    assert role_of(session, "editor@testov.example") == "editor"
    assert send(admin, f"{PEOPLE}/{own}/remove") == 303
    assert role_of(session, "editor@testov.example") is None


def test_editor_who_leaves_the_town_goes_home(app: Flask, editor: FlaskClient, session: Session) -> None:
    an_official(session, "druhy@testov.example")
    own = id_of(session, "editor@testov.example")
    answer = editor.post(f"{PEOPLE}/{own}/remove", data={"csrf_token": csrf_of(editor, PEOPLE)})
    assert (answer.status_code, answer.location) == (303, "/office/")


def test_people_of_other_towns_can_not_be_touched(editor: FlaskClient, session: Session) -> None:
    stranger = id_of(session, "jiny@jinde.example")
    for what in ("role", "remove", "new-password", "second-step-off"):
        assert send(editor, f"{PEOPLE}/{stranger}/{what}", role="viewer") == 404
    assert send(editor, f"/office/towns/jinde/people/{stranger}/remove") == 404
    assert "jiny@" not in editor.get(PEOPLE).text


def test_invitation_of_another_town_can_not_be_taken_back(
    app: Flask, editor: FlaskClient, session: Session
) -> None:
    link = invited(editor)
    stranger = sign_in(app.test_client(), "jiny@jinde.example")
    number = session.scalars(select(Invitation.id)).one()
    assert send(stranger, f"/office/towns/jinde/invitations/{number}/revoke", "/office/account") == 404
    assert app.test_client().get(link).status_code == 200


def test_invitations_of_who_may_not_invite_any_more_are_worth_nothing(
    app: Flask, editor: FlaskClient, admin: FlaskClient, session: Session
) -> None:
    link = invited(editor)
    assert send(admin, f"{PEOPLE}/{id_of(session, 'editor@testov.example')}/role", role="viewer") == 303
    assert app.test_client().get(link).status_code == 404


def test_viewer_sees_colleagues_but_not_how_they_sign_in(app: Flask, town: int) -> None:
    viewer = sign_in(app.test_client(), "viewer@testov.example")
    page = viewer.get(f"{PEOPLE}?lang=en").text
    assert "moderator@testov.example" in page
    assert "password only" not in page
    assert "/invite" not in page


def test_forgotten_password_is_set_through_a_link_once(app: Flask, editor: FlaskClient, session: Session) -> None:
    who = "moderator@testov.example"
    elsewhere = sign_in(app.test_client(), who)
    assert send(editor, f"{PEOPLE}/{id_of(session, who)}/new-password") == 303
    link = link_on(editor)
    forgetful = app.test_client()
    assert forgetful.get(link).headers["Referrer-Policy"] == "no-referrer"
    assert send(forgetful, link, link, password="short", again="short") == 422
    assert send(forgetful, link, link, password=NEW_PASSWORD, again=NEW_PASSWORD) == 303
    assert forgetful.get("/office/").status_code == 303, "the link alone signs nobody in"
    assert try_to_sign_in(forgetful, who, NEW_PASSWORD).status_code == 303
    assert try_to_sign_in(app.test_client(), who, PASSWORD).status_code == 403
    assert elsewhere.get("/office/").status_code == 303, "sessions of the old password have ended"
    assert app.test_client().get(link).status_code == 404
    assert ("editor@testov.example", "official.reset_link", who) in deeds(session, "official.reset_link")


@pytest.mark.parametrize("spoil", ["1.{e}.{m}", "{i}.9999999999.{m}", "{i}.{e}.x", "x", "..", "{i}.{e}.{m}x"])
def test_spoilt_password_links_are_worth_nothing(app: Flask, session: Session, town: int, spoil: str) -> None:
    person = id_of(session, "moderator@testov.example")
    boss = find_official(session, id_of(session, "admin@testov.example"))
    assert boss
    token = reset_token(session, boss, person, town_id=None, key=b"tests only", now=datetime.now(UTC))
    session.commit()
    i, e, m = token.split(".")
    client = app.test_client()
    assert client.get(f"/office/new-password/{token}").status_code == 200
    assert client.get(f"/office/new-password/{spoil.format(i=i, e=e, m=m)}").status_code == 404


def test_password_link_ends_when_the_person_becomes_more_than_they_were(
    app: Flask, session: Session, town: int
) -> None:
    """Else whoever made it could sign in with rights they could never give."""
    person = id_of(session, "moderator@testov.example")
    boss = find_official(session, id_of(session, "admin@testov.example"))
    assert boss
    token = reset_token(session, boss, person, town_id=None, key=b"tests only", now=datetime.now(UTC))
    session.get_one(Official, person).is_admin = True
    session.commit()
    assert app.test_client().get(f"/office/new-password/{token}").status_code == 404


def test_numbers_too_large_for_any_person_are_nobody(editor: FlaskClient) -> None:
    form = {"csrf_token": csrf_of(editor, "/office/towns/testov/people")}
    address = f"/office/towns/testov/people/{10**20}/new-password"
    assert editor.post(address, data=form, headers={"Accept": "text/html"}).status_code == 404


def test_password_link_ends_after_a_day(app: Flask, session: Session, town: int) -> None:
    boss = find_official(session, id_of(session, "admin@testov.example"))
    assert boss
    then = datetime.now(UTC) - timedelta(hours=24, seconds=1)
    person = id_of(session, "moderator@testov.example")
    token = reset_token(session, boss, person, town_id=None, key=b"tests only", now=then)
    session.commit()
    assert app.test_client().get(f"/office/new-password/{token}").status_code == 404


def test_editor_can_not_open_the_account_of_who_works_elsewhere_too(
    editor: FlaskClient, admin: FlaskClient, session: Session, town: int
) -> None:
    """Whoever sets a password can sign in with it: an editor of one town would get into another."""
    for email in ("jiny@jinde.example", "admin@testov.example"):
        session.add(TownRole(official_id=id_of(session, email), town_id=town, role=Role.VIEWER))
    session.commit()
    for email in ("jiny@jinde.example", "admin@testov.example"):
        for what in ("new-password", "second-step-off"):
            assert send(editor, f"{PEOPLE}/{id_of(session, email)}/{what}") == 403
    assert send(admin, f"{PEOPLE}/{id_of(session, 'jiny@jinde.example')}/new-password") == 303


def test_admins_make_admins_and_the_last_one_stays(app: Flask, admin: FlaskClient, session: Session) -> None:
    own, other = id_of(session, "admin@testov.example"), id_of(session, "editor@testov.example")
    assert send(admin, f"{SERVER}/{own}/admin", SERVER, admin="no") == 422
    assert send(admin, f"{SERVER}/{other}/admin", SERVER, admin="yes") == 303
    assert send(admin, f"{SERVER}/{own}/admin", SERVER, admin="no") == 303
    assert admin.get(SERVER).status_code == 303, "who has no role left is signed in nowhere"
    assert sign_in(app.test_client(), "editor@testov.example").get(SERVER).status_code == 200


def test_admin_is_invited_by_an_admin(app: Flask, admin: FlaskClient, session: Session) -> None:
    assert send(admin, f"{SERVER}/invite", SERVER, email=NEW, role="viewer") == 303
    link = link_on(admin, SERVER)
    newcomer = app.test_client()
    assert send(newcomer, link, link, password=NEW_PASSWORD, again=NEW_PASSWORD) == 303
    assert newcomer.get(SERVER).status_code == 200
    session.expire_all()
    assert session.scalars(select(Official.is_admin).where(Official.email == NEW)).one()


def test_header_leads_to_ones_own_account(editor: FlaskClient) -> None:
    page = editor.get(PEOPLE).text
    assert '<a class="office-account" href="/office/account" title="editor@testov.example">editor</a>' in page
