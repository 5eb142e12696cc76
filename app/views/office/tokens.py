"""Personal tokens for GIS clients: an official's own, and those of colleagues to be cut off."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.errors import InvalidInput, NotAllowed, Refusal
from app.inputs.token_forms import MOST_NAME_CHARACTERS, TokenInput, parse_token_form
from app.models import Role
from app.queries.tokens import tokens_of
from app.security import require, session_towns
from app.services import tokens as service
from app.views.office import blueprint
from app.views.office.access import office_town
from app.views.office.account import count_asking, person_of_session
from app.views.office.once import keep_once, take_once
from app.views.office.setup_words import problems_by_field

TOKEN = "token"  # noqa: S105 - the name under which it is shown once


@blueprint.get("/account/tokens")
def tokens() -> str:
    """One's tokens by name and last use; one that was just made is shown whole, this once."""
    return _page()


@blueprint.post("/account/tokens")
def make_token() -> Response | tuple[str, int]:
    """Make a token; it is shown on the next page, and never again."""
    try:
        wanted = parse_token_form(request.form)
        made = make_own(wanted, session_towns())
    except InvalidInput as refusal:
        session().rollback()
        return _page(refusal), 422
    session().commit()
    keep_once(TOKEN, {"name": wanted.name, "token": made})
    return redirect(url_for("office.tokens", _anchor="token"), 303)


@blueprint.post("/account/tokens/<int:token_id>/revoke")
def revoke_token(token_id: int) -> Response:
    """Take one back: what uses it reads nothing any more."""
    service.revoke_token(session(), person_of_session(), token_id)
    session().commit()
    return redirect(url_for("office.tokens", changed="revoked"), 303)


@blueprint.post("/account/tokens/revoke")
def revoke_tokens() -> Response:
    """Take all of one's own back."""
    service.revoke_all_own(session(), person_of_session())
    session().commit()
    return redirect(url_for("office.tokens", changed="revoked"), 303)


@blueprint.post("/towns/<town>/people/<int:official_id>/tokens/revoke")
def revoke_tokens_of(town: str, official_id: int) -> Response:
    """Take back all tokens of a colleague, as after a lost laptop."""
    found = office_town(town, Role.EDITOR)
    service.revoke_all_of(session(), require(), official_id, town_id=found.id)
    session().commit()
    return redirect(url_for("office.people", town=town), 303)


@blueprint.post("/server/people/<int:official_id>/tokens/revoke")
def server_revoke_tokens_of(official_id: int) -> Response:
    """Take back all tokens of anybody on this server."""
    admin = require()
    if not admin.is_admin:
        raise NotAllowed
    service.revoke_all_of(session(), admin, official_id, town_id=None)
    session().commit()
    return redirect(url_for("office.server_people"), 303)


def make_own(wanted: TokenInput, towns: list[int] | None) -> str:
    """A new token of who is signed in, for these towns; asked for their password, if they came in by one."""
    person, vouched = person_of_session(), session_towns() is not None
    if not vouched:
        count_asking(person.id)
    return service.make_own_token(session(), person, wanted, towns=towns, vouched=vouched)


def _page(refusal: Refusal | None = None) -> str:
    official = require()
    return render_template(
        "office/tokens.html",
        official=official,
        tokens=tokens_of(session(), official.id),
        made=take_once(TOKEN),
        asks_password=session_towns() is None,
        most=service.MOST_TOKENS,
        most_characters=MOST_NAME_CHARACTERS,
        typed=request.form,
        problems=problems_by_field(refusal),
    )
