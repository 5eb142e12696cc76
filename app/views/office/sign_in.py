"""Signing in with e-mail and password and, where it is turned on, a code as a second step; signing out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.errors import TooMany
from app.inputs.accounts import parse_code, parse_credentials
from app.security import (
    Waiting,
    begin_second_step,
    begin_session,
    current_official,
    end_session,
    second_step,
    server_secret,
)
from app.services import throttle
from app.services.accounts import Person, SignIn, check_password, record_own
from app.services.audit import Deed
from app.services.second_factor import check_code
from app.services.throttle import Attempt, Limit
from app.views.office import blueprint
from app.views.office.access import local_next
from app.views.office.known_browser import known_browser, remember_browser

PAIR = Limit("sign-in pair", attempts=6, window=timedelta(minutes=10))
"""One account from one place: strict, and what locks out here locks nobody out elsewhere."""
PLACE = Limit("sign-in place", attempts=60, window=timedelta(minutes=10))
"""One place whatever the account: a whole office may sit behind one address."""
ACCOUNT = Limit("sign-in account", attempts=100, window=timedelta(hours=1))
"""One account from anywhere: no single place can use this up, as PAIR stops it at 36 an hour."""
KNOWN = Limit("sign-in known", attempts=10, window=timedelta(minutes=10))
"""One account in one browser where it has been open before: counted alone, so nobody else can use this up."""
CODE_PAIR = Limit("code pair", attempts=6, window=timedelta(minutes=10))
CODE_ACCOUNT = Limit("code account", attempts=60, window=timedelta(hours=1))
"""Three codes of a million fit at a time: at 60 an hour somebody who has the password needs months of guessing."""

Page = tuple[str, int] | tuple[str, int, dict[str, str]]


@blueprint.get("/sign-in")
def sign_in_form() -> Response | str:
    """The form; who is signed in already goes on."""
    wanted = local_next(request.args.get("next"))
    if current_official() is not None:
        return redirect(request.script_root + wanted, 303)
    return door_page(wanted)


@blueprint.post("/sign-in")
def sign_in() -> Response | Page:
    """Sign in and go where one wanted; every failure reads the same."""
    given = parse_credentials(request.form)
    wanted = local_next(request.form.get("next"))
    attempts = _attempts(given.email)
    try:
        throttle.count(session(), attempts)
    except TooMany as refusal:
        return _wait(refusal, door_page(wanted, given.email, wait_minutes=_minutes(refusal)))
    session().commit()  # counted before the slow check: a hundred tries at once are a hundred tries
    found = check_password(session(), given)
    if found is None:
        session().commit()
        return door_page(wanted, given.email, failed=True), 403
    throttle.forget(session(), attempts[0])
    throttle.forgive(session(), attempts[1:])
    return enter(found, wanted)


@blueprint.get("/sign-in/code")
def code_form() -> Response | str:
    """The second step: the page asks for a code, or sends back to the first."""
    waiting = second_step()
    if waiting is None:
        return redirect(url_for("office.sign_in_form"), 303)
    return _code_page(waiting)


@blueprint.post("/sign-in/code")
def give_code() -> Response | Page:
    """The second step: in with the right code, or asked again."""
    waiting = second_step()
    if waiting is None:
        return redirect(url_for("office.sign_in_form"), 303)
    attempts = _attempts_at_code(waiting)
    try:
        throttle.count(session(), attempts)
    except TooMany as refusal:
        return _wait(refusal, _code_page(waiting, wait_minutes=_minutes(refusal)))
    session().commit()
    person = Person(waiting.official_id, waiting.email)
    if not check_code(session(), person, parse_code(request.form), key=server_secret()):
        record_own(session(), person, Deed("account.sign_in_failed", detail={"step": "code"}))
        session().commit()
        return _code_page(waiting, failed=True), 403
    throttle.forget(session(), attempts[0])
    throttle.forgive(session(), attempts[1:])
    found = SignIn(waiting.official_id, waiting.email, waiting.session_epoch, needs_code=False)
    return enter(found, local_next(waiting.wanted), way=f"{waiting.way}, code", towns=waiting.towns)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End this session, here and wherever a copy of the cookie lies; other browsers stay (office/account)."""
    end_session()
    return redirect(url_for("office.sign_in_form"), 303)


def enter(found: SignIn, wanted: str, *, way: str = "password", towns: Sequence[int] | None = None) -> Response:
    """Let somebody in whose password, or whose town's identity provider, has vouched for them; commits.

    Who has a second step turned on is asked for a code first. `towns`: those that the provider vouches for;
    the session then opens no others.
    """
    only = None if towns is None else list(towns)
    if found.needs_code:
        session().commit()
        begin_second_step(Waiting(found.official_id, found.email, found.session_epoch, way, wanted, only))
        return redirect(url_for("office.code_form"), 303)
    record_own(session(), found.person, Deed("account.sign_in", detail={"way": way}))
    session().commit()
    begin_session(found.official_id, found.session_epoch, only)
    response = redirect(request.script_root + wanted, 303)
    remember_browser(response, found.email)
    return response


def door_page(wanted: str, email: str = "", *, failed: bool = False, wait_minutes: int = 0, said: str = "") -> str:
    """The page to sign in, with what went wrong."""
    return render_template(
        "office/sign_in.html", wanted=wanted, email=email, failed=failed, wait_minutes=wait_minutes, said=said
    )


def _code_page(waiting: Waiting, *, failed: bool = False, wait_minutes: int = 0) -> str:
    return render_template(
        "office/second_factor_code.html", email=waiting.email, failed=failed, wait_minutes=wait_minutes
    )


def _wait(refusal: TooMany, page: str) -> Page:
    session().rollback()
    return page, 429, {"Retry-After": str(refusal.retry_after_s)}


def _minutes(refusal: TooMany) -> int:
    return -(-refusal.retry_after_s // 60)


def _attempts(email: str) -> Sequence[Attempt]:
    browser = known_browser(email)
    if browser is not None:
        return (throttle.attempt(KNOWN, email, browser, secret=server_secret()),)
    place = throttle.network(request.remote_addr)
    return (
        throttle.attempt(PAIR, email, place, secret=server_secret()),
        throttle.attempt(PLACE, place, secret=server_secret()),
        throttle.attempt(ACCOUNT, email, secret=server_secret()),
    )


def _attempts_at_code(waiting: Waiting) -> list[Attempt]:
    place = throttle.network(request.remote_addr)
    return [
        throttle.attempt(CODE_PAIR, waiting.email, place, secret=server_secret()),
        throttle.attempt(CODE_ACCOUNT, waiting.email, secret=server_secret()),
    ]
