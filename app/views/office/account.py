"""One's own account: the password, the browsers one is signed in with, and the second step of the sign-in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.errors import InvalidInput, Problem, Refusal, TooMany
from app.i18n import N_
from app.inputs.accounts import parse_confirmation, parse_password_change
from app.queries.colleagues import towns_of_official
from app.queries.sessions import happenings, sessions_of
from app.queries.tokens import tokens_of
from app.queries.towns import list_towns
from app.security import begin_session, require, server_secret, session_key, session_towns
from app.services import sessions as browsers
from app.services import throttle
from app.services.accounts import Person, is_password_of, record_own, replace_password
from app.services.audit import Deed
from app.services.second_factor import codes_left
from app.services.throttle import Limit
from app.views.office import blueprint
from app.views.office.audit_words import deed_words
from app.views.office.once import take_once
from app.views.office.people import ROLE_WORDS
from app.views.office.setup_words import problems_by_field

AGAIN = Limit("password again", attempts=10, window=timedelta(minutes=10))
"""One account: whoever sits at an unlocked computer shall not guess the password of its owner."""
MOST_HAPPENINGS = 8
CODES = "codes"
"""The recovery codes to be shown once."""


@dataclass(frozen=True)
class ShownSession:
    """A browser in which one is signed in, as the page lists it."""

    mark: str
    browser: str
    began_at: datetime
    seen_at: datetime
    here: bool


@blueprint.get("/account")
def account() -> str:
    """One's roles, password and second step."""
    return _page()


@blueprint.post("/account/password")
def change_password() -> Response | tuple[str, int]:
    """Change the password; everywhere else one is signed out."""
    official = require()
    try:
        wanted = parse_password_change(request.form, official.email)
        count_asking(official.id)
        epoch = replace_password(session(), person_of_session(), wanted)
    except InvalidInput as refusal:
        session().rollback()
        return _page(refusal), 422
    session().commit()
    begin_session(official.id, epoch, session_towns())
    return redirect(url_for("office.account", changed="password"), 303)


@blueprint.post("/account/sessions/end")
def end_sessions() -> Response | tuple[str, int]:
    """Sign out in the other browsers that are ticked; asked for the password, if one came in by it."""
    person, here = person_of_session(), session_key()
    try:
        if session_towns() is None:
            _ask_password(person)
    except InvalidInput as refusal:
        session().rollback()
        return _page(_of_sessions(refusal)), 422
    if here is not None:
        ended = browsers.end_some(session(), person.id, set(request.form.getlist("session")), but=here)
        if ended:
            record_own(session(), person, Deed("account.sessions_end", detail={"n_sessions": ended}))
    session().commit()
    return redirect(url_for("office.account", changed="sessions", _anchor="sessions"), 303)


@blueprint.get("/account/awake")
def awake() -> Response:
    """Nothing, to a page on which somebody works: being asked is what counts."""
    return Response(status=204)


def _ask_password(person: Person) -> None:
    """InvalidInput for who does not type the password of the account."""
    count_asking(person.id)
    if not is_password_of(session(), person.id, parse_confirmation(request.form).password):
        raise InvalidInput(Problem("password", N_("This is not your password.")))


def count_asking(official_id: int) -> None:
    """Count that the password is asked once more; InvalidInput after too many times."""
    asked = throttle.attempt(AGAIN, str(official_id), secret=server_secret())
    try:
        throttle.count(session(), [asked])
    except TooMany:
        words = N_("There were too many attempts. Please wait ten minutes and try again.")
        raise InvalidInput(Problem("throttle", words)) from None
    session().commit()


def person_of_session() -> Person:
    """Who is signed in, as the owner of the account."""
    official = require()
    return Person(official.id, official.email)


def _page(refusal: Refusal | None = None) -> str:
    official = require()
    towns = list_towns(session(), towns_of_official(session(), official.id))
    return render_template(
        "office/account.html",
        official=official,
        towns=[(town, official.roles[town.id]) for town in towns if town.id in official.roles],
        role_words=ROLE_WORDS,
        codes_left=codes_left(session(), official.id),
        codes=take_once(CODES),
        tokens=tokens_of(session(), official.id),
        sessions=_sessions(official.id),
        asks_password=session_towns() is None,
        happened=happenings(session(), official.id, official.email, most=MOST_HAPPENINGS),
        deed_words=deed_words,
        problems=problems_by_field(refusal),
    )


def _sessions(official_id: int) -> list[ShownSession]:
    here = session_key()
    return [
        ShownSession(
            browsers.mark_of(one.key_hash),
            one.browser,
            one.began_at,
            one.seen_at,
            here is not None and one.key_hash == here.stored,
        )
        for one in sessions_of(session(), official_id, lasts=browsers.LASTS, idle=browsers.IDLE)
    ]


def _of_sessions(refusal: InvalidInput) -> InvalidInput:
    """The same problems, as those of the list of browsers: another form of the page asks for the password too."""
    return InvalidInput(*(Problem(f"sessions_{one.field}", one.message, one.data) for one in refusal.problems))
