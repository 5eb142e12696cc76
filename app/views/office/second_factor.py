"""Turning the second step of one's own sign-in on and off: a picture to scan, a code to confirm, ten for need."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from app.db import session
from app.errors import InvalidInput, Refusal
from app.inputs.accounts import parse_confirmation
from app.security import begin_session, require, server_secret, session_towns
from app.services import second_factor as steps
from app.views.office import blueprint
from app.views.office.account import CODES, count_asking, person_of_session
from app.views.office.once import keep_once
from app.views.office.setup_words import problems_by_field
from app.views.reader import reader_language

QR_SCALE = 5


@blueprint.get("/account/second-step")
def second_factor() -> Response | str:
    """The picture for the phone, or what to do with the second step that is on."""
    return _page()


@blueprint.post("/account/second-step")
def second_factor_on() -> Response | tuple[str, int]:
    """Turn it on with a code of the phone; the recovery codes are shown on the next page."""
    person, given, sealed = person_of_session(), parse_confirmation(request.form), request.form.get("sealed", "")
    try:
        count_asking(person.id)
        changed = steps.turn_on(session(), person, given, sealed, key=server_secret())
    except InvalidInput as refusal:
        session().rollback()
        return _page(refusal, sealed), 422
    session().commit()
    begin_session(person.id, changed.session_epoch, session_towns())
    keep_once(CODES, changed.codes)
    return redirect(url_for("office.account", _anchor="codes"), 303)


@blueprint.post("/account/second-step/off")
def second_factor_off() -> Response | tuple[str, int]:
    """Turn it off with password and code."""
    person, given = person_of_session(), parse_confirmation(request.form)
    try:
        count_asking(person.id)
        epoch = steps.turn_off(session(), person, given, key=server_secret())
    except InvalidInput as refusal:
        session().rollback()
        return _page(refusal, form="off"), 422
    session().commit()
    begin_session(person.id, epoch, session_towns())
    return redirect(url_for("office.account", changed="second-step-off"), 303)


@blueprint.post("/account/second-step/codes")
def new_recovery_codes() -> Response | tuple[str, int]:
    """Ten new recovery codes, shown on the next page."""
    person, given = person_of_session(), parse_confirmation(request.form)
    try:
        count_asking(person.id)
        codes = steps.new_recovery_codes(session(), person, given, key=server_secret())
    except InvalidInput as refusal:
        session().rollback()
        return _page(refusal, form="codes"), 422
    session().commit()
    keep_once(CODES, codes)
    return redirect(url_for("office.account", _anchor="codes"), 303)


def _page(refusal: Refusal | None = None, sealed: str = "", form: str = "") -> str:
    official, person = require(), person_of_session()
    drafted = None
    if not official.has_second_factor:
        issuer = reader_language().gettext("Emotional maps")
        drafted = steps.draft(person, issuer, key=server_secret(), sealed=sealed)
    return render_template(
        "office/second_factor.html",
        official=official,
        drafted=drafted,
        picture=_qr(drafted.uri) if drafted else "",
        codes_left=steps.codes_left(session(), official.id),
        wrong_form=form,
        problems=problems_by_field(refusal),
    )


def _qr(text: str) -> Markup:
    """The text as a picture to scan."""
    import segno

    drawn = segno.make(text, error="m", micro=False).svg_inline(scale=QR_SCALE, light="#fff", border=3)
    return Markup(drawn)  # noqa: S704 - drawn by us, out of rectangles
