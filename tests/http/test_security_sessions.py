"""Browsers in which an official is signed in: seen, ended from elsewhere, ended by time, never carried over."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.inputs.accounts import guessable_problem, password_problem
from app.inputs.browsers import browser_words
from app.models import AuditEntry, Official, OfficialSession
from app.services import sessions
from tests.builders import PASSWORD, a_map, an_official
from tests.doors import csrf_of, sign_in, try_to_sign_in

ACCOUNT, END = "/office/account", "/office/account/sessions/end"
MAP = "/office/maps/testov"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Safari/604.1"


@pytest.fixture
def official(session: Session) -> str:
    a_map(session)
    return an_official(session)


def browser(app: Flask, email: str, agent: str = FIREFOX) -> FlaskClient:
    client = app.test_client()
    client.environ_base["HTTP_USER_AGENT"] = agent
    return sign_in(client, email)


def is_in(client: FlaskClient) -> bool:
    return client.get(MAP).status_code == 200


def marks(client: FlaskClient) -> list[str]:
    return re.findall(r'name="session" value="([0-9a-f]+)"', client.get(ACCOUNT).text)


def end(client: FlaskClient, *named: str, password: str = PASSWORD) -> int:
    form = {"csrf_token": csrf_of(client, ACCOUNT), "session": list(named), "password": password}
    return client.post(END, data=form).status_code


def aged(session: Session, **moved: timedelta) -> None:
    for name, by in moved.items():
        column = getattr(OfficialSession, name)
        session.execute(update(OfficialSession).values({column: column - by}))
    session.commit()


def test_the_account_lists_browsers_in_words_and_ends_others(app: Flask, session: Session, official: str) -> None:
    here, there = browser(app, official), browser(app, official, PHONE)
    page = here.get(ACCOUNT).text
    assert "Firefox, Windows" in page
    assert "Safari, iPhone" in page
    (mark,) = marks(here)
    assert end(here, mark) == 303
    assert (is_in(here), is_in(there)) == (True, False)
    assert marks(here) == []
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "account.sessions_end")).one()
    assert entry.detail == {"n_sessions": 1}


def test_nobody_ends_sessions_without_the_password(app: Flask, official: str) -> None:
    here, there = browser(app, official), browser(app, official, PHONE)
    assert end(here, *marks(here), password="guessed") == 422
    assert is_in(there)


def test_nobody_ends_the_session_of_somebody_else(app: Flask, session: Session, official: str) -> None:
    here, stranger = browser(app, official), browser(app, an_official(session, "jina@testov.example"))
    strange = [sessions.mark_of(row) for row in session.scalars(select(OfficialSession.key_hash))]
    assert end(here, *strange) == 303
    assert is_in(stranger)
    assert is_in(here), "one's own goes by signing out"


def test_the_password_guesses_at_a_left_computer_are_few(app: Flask, official: str) -> None:
    here = browser(app, official)
    for n in range(10):
        end(here, password=f"guess {n}")
    form = {"csrf_token": csrf_of(here, ACCOUNT), "old": PASSWORD, "password": "x" * 20, "again": "x" * 20}
    assert here.post("/office/account/password", data=form).status_code == 422


def test_signing_out_ends_this_browser_only(app: Flask, official: str) -> None:
    here, there = browser(app, official), browser(app, official)
    copied = here.get_cookie("pocit_office")
    assert copied is not None
    here.post("/office/sign-out", data={"csrf_token": csrf_of(here, "/office/")})
    here.set_cookie("pocit_office", copied.value)
    assert (is_in(here), is_in(there)) == (False, True)


def test_a_new_password_ends_every_other_browser_and_its_row(app: Flask, session: Session, official: str) -> None:
    here, there = browser(app, official), browser(app, official)
    new = "zcela nove dlouhe heslo"
    form = {"csrf_token": csrf_of(here, ACCOUNT), "old": PASSWORD, "password": new, "again": new}
    assert here.post("/office/account/password", data=form).status_code == 303
    assert (is_in(here), is_in(there)) == (True, False)
    assert len(session.scalars(select(OfficialSession.key_hash)).all()) == 1


@pytest.mark.parametrize(
    ("moved", "still_in"),
    [
        ({"seen_at": sessions.IDLE - timedelta(minutes=1)}, True),
        ({"seen_at": sessions.IDLE + timedelta(minutes=1)}, False),
        ({"began_at": sessions.LASTS - timedelta(minutes=1)}, True),
        ({"began_at": sessions.LASTS + timedelta(minutes=1)}, False),
    ],
)
def test_a_session_ends_when_idle_and_after_a_working_day(
    app: Flask, session: Session, official: str, moved: dict[str, timedelta], still_in: bool
) -> None:
    here = browser(app, official)
    aged(session, **moved)
    assert is_in(here) is still_in


def test_use_keeps_a_session_and_is_not_written_with_every_answer(
    app: Flask, session: Session, official: str
) -> None:
    here = browser(app, official)
    aged(session, seen_at=timedelta(minutes=50))
    assert here.get("/office/account/awake").status_code == 204
    first = session.scalars(select(OfficialSession.seen_at)).one()
    session.expire_all()
    aged(session, seen_at=timedelta(minutes=1))
    assert is_in(here)
    session.expire_all()
    assert session.scalars(select(OfficialSession.seen_at)).one() == first - timedelta(minutes=1)


def test_ended_sessions_leave_no_rows(app: Flask, session: Session, official: str) -> None:
    browser(app, official)
    aged(session, began_at=timedelta(hours=13))
    browser(app, official)
    assert len(session.scalars(select(OfficialSession.key_hash)).all()) == 1


def test_a_robot_that_signs_in_for_ever_fills_nothing(session: Session, official: str) -> None:
    official_id = session.scalars(select(Official.id)).one()
    for _ in range(sessions.MOST_BROWSERS + 5):
        sessions.begin(session, official_id, "")
    assert len(session.scalars(select(OfficialSession.key_hash)).all()) == sessions.MOST_BROWSERS


def test_a_planted_cookie_is_worth_nothing_before_and_after_the_sign_in(app: Flask, official: str) -> None:
    """Session fixation: what an attacker put into the browser is not what is signed in afterwards."""
    attacker = app.test_client()
    csrf_of(attacker)
    planted = attacker.get_cookie("pocit_office")
    assert planted is not None
    victim = app.test_client()
    victim.set_cookie("pocit_office", planted.value)
    sign_in(victim, official)
    now = victim.get_cookie("pocit_office")
    assert now is not None
    assert now.value != planted.value
    assert not is_in(attacker)


def test_the_account_tells_what_happened_to_it(app: Flask, session: Session, official: str) -> None:
    """There is no mail: who comes next sees that somebody guessed, or made a link for a new password."""
    an_official(session, "kolega@testov.example", role="viewer")
    try_to_sign_in(app.test_client(), "kolega@testov.example", "guessed")
    editor = browser(app, official)
    page = editor.get("/office/towns/testov/people").text
    link = re.search(r'action="(/office/towns/testov/people/\d+/new-password)"', page)
    assert link
    assert editor.post(link[1], data={"csrf_token": csrf_of(editor, "/office/")}).status_code == 303
    told = browser(app, "kolega@testov.example").get(f"{ACCOUNT}?lang=en").text
    happened = told.partition('aria-labelledby="h-happened"')[2].partition("</section>")[0]
    for words in ("could not sign in", "made a link for a new password", "signed in", official):
        assert words in happened
    assert "kolega" not in editor.get(ACCOUNT).text, "what happened to others is not told"


def test_what_is_typed_can_be_shown(client: FlaskClient, session: Session) -> None:
    """Where a password is asked for, the script that shows it is there; that it works is for a browser to say."""
    a_map(session)
    assert "office_password" in client.get("/office/sign-in").text
    sign_in(client, an_official(session))
    for page in (ACCOUNT, f"{ACCOUNT}/second-step", f"{ACCOUNT}/tokens"):
        assert "office_password" in client.get(page).text


def test_neither_the_key_nor_the_browsers_own_words_are_stored(
    app: Flask, session: Session, official: str
) -> None:
    here = browser(app, official, "Mozilla/5.0 <script>alert(1)</script> Firefox/1 (X11; Linux) jan.novak")
    with here.session_transaction() as cookie:
        key = cookie["key"]
    row = session.scalars(select(OfficialSession)).one()
    assert row.key_hash == sessions.SessionKey(key).stored
    assert key.encode() not in row.key_hash
    assert row.browser == "Firefox, Linux"


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox, Windows"),
        (PHONE, "Safari, iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        (
            "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36",
            "Chrome, Android",
        ),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X) AppleWebKit/605 Version/18 Safari/605", "Safari, Mac"),
        ("", ""),
        ("Werkzeug/3.1", ""),
    ],
)
def test_browsers_are_named_as_people_know_them(agent: str, words: str) -> None:
    assert browser_words(agent) == words


@pytest.mark.parametrize(
    "password",
    ["password1234", "heslo1234567", "Starosta2026", "aaaaaaaaaaaa", "123456789012", "urad@testov.example"],
)
def test_passwords_that_are_tried_first_are_refused(app: Flask, official: str, password: str) -> None:
    here = browser(app, official)
    form = {"csrf_token": csrf_of(here, ACCOUNT), "old": PASSWORD, "password": password, "again": password}
    assert here.post("/office/account/password", data=form).status_code == 422


def test_what_a_password_may_be() -> None:
    assert password_problem("elevenchars") is not None
    assert password_problem("ěščřž ýáíé ů") is None, "any letters, spaces too"
    assert password_problem("k" * 128) is None
    assert password_problem("k" * 129) is not None
    assert guessable_problem("čtyři slova vedle sebe") is None
    assert guessable_problem("jan.novakova1", own="jan.novakova@testov.example") is not None
