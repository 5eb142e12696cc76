"""Signing in and out."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.errors import TooMany
from app.inputs.accounts import parse_credentials
from app.security import begin_session, current_official, end_session
from app.services import throttle
from app.services.accounts import check_password, end_sessions
from app.services.throttle import Attempt, Limit
from app.views.office import blueprint
from app.views.office.access import local_next

PAIR = Limit("sign-in pair", attempts=6, window=timedelta(minutes=10))
"""One account from one place: strict, and what locks out here locks nobody out elsewhere."""
PLACE = Limit("sign-in place", attempts=60, window=timedelta(minutes=10))
"""One place whatever the account: a whole office may sit behind one address."""
ACCOUNT = Limit("sign-in account", attempts=100, window=timedelta(hours=1))
"""One account from anywhere: no single place can use this up, as PAIR stops it at 36 an hour."""


@blueprint.get("/sign-in")
def sign_in_form() -> Response | str:
    """The form; who is signed in already goes on."""
    wanted = local_next(request.args.get("next"))
    if current_official() is not None:
        return redirect(request.script_root + wanted, 303)
    return render_template("office/sign_in.html", wanted=wanted, email="", failed=False, wait_minutes=0)


@blueprint.post("/sign-in")
def sign_in() -> Response | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """Sign in and go where one wanted; every failure reads the same."""
    given = parse_credentials(request.form)
    wanted = local_next(request.form.get("next"))
    pair, place, account = attempts = _attempts(given.email)
    try:
        throttle.count(session(), attempts)
    except TooMany as refusal:
        session().rollback()
        wait = refusal.retry_after_s
        page = render_template(
            "office/sign_in.html", wanted=wanted, email=given.email, failed=False, wait_minutes=-(-wait // 60)
        )
        return page, 429, {"Retry-After": str(wait)}
    session().commit()  # counted before the slow check: a hundred tries at once are a hundred tries
    found = check_password(session(), given)
    if found is None:
        page = render_template(
            "office/sign_in.html", wanted=wanted, email=given.email, failed=True, wait_minutes=0
        )
        return page, 403
    throttle.forget(session(), pair)
    throttle.forgive(session(), (place, account))
    session().commit()
    begin_session(found.official_id, found.session_epoch)
    return redirect(request.script_root + wanted, 303)


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End the official's sessions, here and wherever a copy of the cookie lies."""
    official = current_official()
    if official is not None:
        end_sessions(session(), official.id)
        session().commit()
    end_session()
    return redirect(url_for("office.sign_in_form"), 303)


def _attempts(email: str) -> tuple[Attempt, Attempt, Attempt]:
    secret = str(current_app.secret_key).encode()
    place = throttle.network(request.remote_addr)
    return (
        throttle.attempt(PAIR, email, place, secret=secret),
        throttle.attempt(PLACE, place, secret=secret),
        throttle.attempt(ACCOUNT, email, secret=secret),
    )
