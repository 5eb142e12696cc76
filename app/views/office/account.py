"""One's own account: the password, and the second step of the sign-in."""

from __future__ import annotations

from datetime import timedelta

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.errors import InvalidInput, Problem, Refusal, TooMany
from app.i18n import N_
from app.inputs.accounts import parse_password_change
from app.queries.colleagues import towns_of_official
from app.queries.tokens import tokens_of
from app.queries.towns import list_towns
from app.security import begin_session, require, server_secret, session_towns
from app.services import throttle
from app.services.accounts import Person, replace_password
from app.services.second_factor import codes_left
from app.services.throttle import Limit
from app.views.office import blueprint
from app.views.office.once import take_once
from app.views.office.people import ROLE_WORDS
from app.views.office.setup_words import problems_by_field

AGAIN = Limit("password again", attempts=10, window=timedelta(minutes=10))
"""One account: whoever sits at an unlocked computer shall not guess the password of its owner."""
CODES = "codes"
"""The recovery codes to be shown once."""


@blueprint.get("/account")
def account() -> str:
    """One's roles, password and second step."""
    return _page()


@blueprint.post("/account/password")
def change_password() -> Response | tuple[str, int]:
    """Change the password; everywhere else one is signed out."""
    official = require()
    try:
        wanted = parse_password_change(request.form)
        count_asking(official.id)
        epoch = replace_password(session(), person_of_session(), wanted)
    except InvalidInput as refusal:
        session().rollback()
        return _page(refusal), 422
    session().commit()
    begin_session(official.id, epoch, session_towns())
    return redirect(url_for("office.account", changed="password"), 303)


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
        problems=problems_by_field(refusal),
    )
