"""The accessibility statement: what a town says of its pages, and what they say where it has said nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.models import AuditEntry, Town, TownMap
from tests.builders import a_draft, a_map, an_official
from tests.doors import csrf_of, sign_in

FORM = "/office/towns/testov/accessibility"
PAGE = "/m/testov/accessibility"
ENGLISH = {"Accept-Language": "en"}
SAID = {
    "state": "partial",
    "method": "self",
    "made": "2026-02-03",
    "reviewed": "2026-05-04",
    "email": "pristupnost@testov.example",
    "phone": "+420 123 456 789",
    "post": "Náměstí 1\n123 45 Testov",
    "exceptions_cs": "Zpráva v PDF nemá značky.\nVideo z fóra nemá titulky.",
}


@pytest.fixture
def editor(client: FlaskClient, session: Session) -> FlaskClient:
    """An editor of a town with a map."""
    a_map(session)
    return sign_in(client, an_official(session))


def say(client: FlaskClient, **said: str) -> TestResponse:
    return client.post(FORM, data={"csrf_token": csrf_of(client, FORM), **SAID, **said}, headers=ENGLISH)


def test_what_the_town_says_stands_on_the_page_of_its_map(editor: FlaskClient) -> None:
    assert say(editor).status_code == 303
    page = editor.get(PAGE, headers=ENGLISH).text
    assert "partially compliant" in page
    assert "February 3, 2026" in page
    assert "May 4, 2026" in page
    assert 'href="mailto:pristupnost@testov.example"' in page
    assert 'href="tel:+420123456789"' in page
    assert "Náměstí 1, 123 45 Testov" in page
    assert '<li lang="cs">Video z fóra nemá titulky.</li>' in page


@pytest.mark.parametrize(
    ("state", "words"),
    [("full", "fully compliant"), ("partial", "partially compliant"), ("none", "not compliant")],
)
def test_the_page_says_how_far_the_law_is_kept(editor: FlaskClient, state: str, words: str) -> None:
    say(editor, state=state)
    assert f"The pages are {words} with the Act" in editor.get(PAGE, headers=ENGLISH).text


def test_a_town_that_has_said_nothing_is_not_made_to_say_anything(client: FlaskClient, session: Session) -> None:
    a_map(session)
    page = client.get(PAGE, headers=ENGLISH).text
    assert "The town office has not completed this statement yet." in page
    assert "partially compliant" in page
    assert "It was made on" not in page


def test_page_names_the_law_the_standard_and_who_watches_over_it(client: FlaskClient, session: Session) -> None:
    a_map(session)
    page = client.get(PAGE, headers=ENGLISH).text
    for words in ("99/2019", "2016/2102", "EN 301 549", "Digitální a informační agentura", "posta@dia.gov.cz"):
        assert words in page


def test_what_is_not_accessible_comes_with_the_other_way(client: FlaskClient, session: Session) -> None:
    a_map(session)
    page = client.get(PAGE, headers=ENGLISH).text
    for way in ("/m/testov/write", "/m/testov/results"):
        assert f'href="{way}"' in page
        assert client.get(way).status_code == 200


def test_photos_of_people_are_named_only_where_a_map_takes_them(client: FlaskClient, session: Session) -> None:
    a_map(session)
    assert "Photos that people add" not in client.get(PAGE, headers=ENGLISH).text
    session.query(TownMap).update({"pin_photos": True, "version": TownMap.version + 1})
    session.commit()
    assert "Photos that people add" in client.get(PAGE, headers=ENGLISH).text


@pytest.mark.parametrize("page", ["/m/testov", "/m/testov/results", "/m/testov/privacy", "/m/testov/receipt"])
def test_every_page_of_the_map_leads_to_the_statement(client: FlaskClient, session: Session, page: str) -> None:
    a_map(session)
    assert f'href="{PAGE}"' in client.get(page).text


def test_statement_of_a_draft_is_for_nobody(client: FlaskClient, session: Session) -> None:
    a_draft(session)
    assert client.get(PAGE).status_code == 404


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"email": "", "phone": ""}, "Give an e-mail address or a phone number to turn to."),
        ({"email": "nobody"}, "This is not an e-mail address."),
        ({"email": 'a@b.cz"><script>'}, "This is not an e-mail address."),
        *[
            ({"email": more}, "This is not an e-mail address.")
            for more in (
                "a@b.cz?bcc=c@d.cz",
                "a@b.cz?bcc=c",
                "a@b.cz&cc=c",
                "a%0Ab@c.cz",
                "a@b.cz/d",
                "x:a@b.cz",
                "a@b.cz#d",
            )
        ],
        ({"phone": "javascript:alert(1)"}, "Write a phone number"),
        ({"made": ""}, "Say when the statement was made."),
        ({"made": "3. 2. 2026"}, "Write a date, for example"),
        ({"made": "2001-01-01"}, "This day is too early, or still to come."),
        ({"reviewed": "2026-01-01"}, "A review comes after the statement was made."),
        ({"state": "perfect"}, "Choose one of these."),
        ({"method": "oracle"}, "Choose one of these."),
        ({"exceptions_cs": "x" * 4001}, "This has at most 4000 characters."),
        ({"post": "a\x00b"}, "There is a sign in the text"),
    ],
)
def test_what_is_wrong_comes_back_beside_its_field(
    editor: FlaskClient, session: Session, said: dict[str, str], complaint: str
) -> None:
    answer = say(editor, **said)
    assert answer.status_code == 422
    assert complaint in answer.text
    assert "pristupnost@testov.example" in answer.text or "email" in said
    assert session.query(Town.accessibility).scalar() is None


def test_a_day_to_come_is_refused(editor: FlaskClient) -> None:
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    assert say(editor, made="2026-01-01", reviewed=tomorrow).status_code == 422


def test_markup_in_what_the_town_says_stays_text(editor: FlaskClient) -> None:
    say(editor, exceptions_cs="<script>alert(1)</script>", post="<b>1</b>")
    page = editor.get(PAGE).text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<b>1</b>" not in page


def test_a_change_is_logged_once_and_the_form_shows_it(editor: FlaskClient, session: Session) -> None:
    say(editor)
    say(editor)
    deeds = [one for (one,) in session.query(AuditEntry.action) if one == "town.accessibility"]
    assert len(deeds) == 1
    form = editor.get(FORM).text
    assert re.search(r'name="state" value="partial" checked', form)
    assert 'value="2026-05-04"' in form
    assert "Video z fóra nemá titulky." in form
