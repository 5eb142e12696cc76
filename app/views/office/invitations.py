"""Links that open a door once: an invitation to the office, a new password. Anybody who holds one may open it."""

from __future__ import annotations

from datetime import timedelta

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.errors import InvalidInput, Refusal, TooMany, Unknown
from app.inputs.accounts import parse_new_password
from app.queries.colleagues import has_account, invitation_of
from app.queries.tokens import tokens_of
from app.security import begin_session, current_official, end_session, require, server_secret
from app.services import throttle
from app.services.accounts import record_own
from app.services.audit import Deed
from app.services.colleagues import account_of_reset, set_password_by_link
from app.services.invitations import join_as, join_with_new_account, token_hash
from app.services.throttle import Limit
from app.views.office import blueprint
from app.views.office.people import ROLE_WORDS
from app.views.office.setup_words import problems_by_field

PLACE = Limit("link place", attempts=60, window=timedelta(minutes=10))
"""One place: links hold 256 random bits, so this only keeps the noise down."""

Page = tuple[str, int] | tuple[str, int, dict[str, str]]


@blueprint.get("/invitation/<token>")
def invitation(token: str) -> Response | str | Page:
    """What one is invited to, and how to accept."""
    try:
        _count_opening()
        return _no_trace(_invitation_page(token))
    except (Unknown, TooMany) as refusal:
        return _dead_link(refusal)


@blueprint.post("/invitation/<token>")
def accept_with_password(token: str) -> Response | str | Page:
    """Become an official with a password of one's own."""
    try:
        _count_opening()
        invited = invitation_of(session(), token_hash(token))
        password = parse_new_password(request.form, invited.email)
        found = join_with_new_account(session(), token, password)
    except InvalidInput as refusal:
        session().rollback()
        try:
            return _no_trace(_invitation_page(token, refusal), 422)
        except Unknown as gone:
            return _dead_link(gone)
    except (Unknown, TooMany) as refusal:
        session().rollback()
        return _dead_link(refusal)
    record_own(session(), found.person, Deed("account.sign_in", detail={"way": "invitation"}))
    session().commit()
    begin_session(found.official_id, found.session_epoch)
    return redirect(url_for("office.home"), 303)


@blueprint.post("/invitation/<token>/accept")
def accept(token: str) -> Response | Page:
    """Take the role with the account one is signed in to."""
    try:
        join_as(session(), require(), token)
    except Unknown as refusal:
        session().rollback()
        return _dead_link(refusal)
    session().commit()
    return redirect(url_for("office.home"), 303)


@blueprint.get("/new-password/<link>")
def new_password_form(link: str) -> Response | str | Page:
    """The form for a new password."""
    try:
        _count_opening()
        return _no_trace(_password_page(link))
    except (Unknown, TooMany) as refusal:
        return _dead_link(refusal)


@blueprint.post("/new-password/<link>")
def new_password(link: str) -> Response | str | Page:
    """Set it; one signs in with it afterwards, with the second step if that is on."""
    try:
        _count_opening()
        person = account_of_reset(session(), link, key=server_secret())
        password = parse_new_password(request.form, person.email)
        set_password_by_link(session(), link, password, key=server_secret())
    except InvalidInput as refusal:
        session().rollback()
        try:
            return _no_trace(_password_page(link, refusal), 422)
        except Unknown as gone:
            return _dead_link(gone)
    except (Unknown, TooMany) as refusal:
        session().rollback()
        return _dead_link(refusal)
    session().commit()
    end_session()
    return redirect(url_for("office.sign_in_form", changed=1), 303)


def _count_opening() -> None:
    place = throttle.attempt(PLACE, throttle.network(request.remote_addr), secret=server_secret())
    throttle.count(session(), [place])
    session().commit()


def _invitation_page(token: str, refusal: Refusal | None = None) -> str:
    found = invitation_of(session(), token_hash(token))
    return render_template(
        "office/invitation.html",
        token=token,
        invitation=found,
        official=current_official(),
        has_account=has_account(session(), found.email),
        role_words=ROLE_WORDS,
        problems=problems_by_field(refusal),
    )


def _password_page(link: str, refusal: Refusal | None = None) -> str:
    person = account_of_reset(session(), link, key=server_secret())
    return render_template(
        "office/account_new_password.html",
        link=link,
        person=person,
        has_tokens=bool(tokens_of(session(), person.id)),
        problems=problems_by_field(refusal),
    )


def _no_trace(page: str, status: int = 200) -> tuple[str, int, dict[str, str]]:
    """The page, whose address holds the secret, so that no other place learns where its reader came from."""
    return page, status, {"Referrer-Policy": "no-referrer"}


def _dead_link(refusal: Unknown | TooMany) -> Page:
    if isinstance(refusal, TooMany):
        session().rollback()
        raise refusal
    return _no_trace(render_template("office/invitation_gone.html"), 404)
