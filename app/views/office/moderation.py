"""Hiding, showing and approving pins: forms that work by themselves, and for the script the same."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.inputs.office import parse_hiding, parse_seen
from app.models import Role
from app.queries.maps import MapRecord
from app.queries.office import pin_detail
from app.services.moderation import Decision, approve_pin, hide_pin, hold_pin, show_pin
from app.views.office import blueprint
from app.views.office.access import local_next, office_map
from app.views.office.maps import PART, pin_words
from app.views.office.words import reason_text

PIN = "/maps/<slug>/pins/<uuid:pin_id>"


@blueprint.post(f"{PIN}/hide")
def hide(slug: str, pin_id: uuid.UUID) -> Response | str:
    """Take a pin out of everything public, with a reason for its author."""
    return _decided(
        slug,
        pin_id,
        lambda the_map: hide_pin(
            session(),
            the_map,
            pin_id,
            reason_text(the_map, parse_hiding(request.form)),
            seen=parse_seen(request.form),
        ),
    )


@blueprint.post(f"{PIN}/show")
def show(slug: str, pin_id: uuid.UUID) -> Response | str:
    """Let everybody see a hidden pin again."""
    return _decided(
        slug, pin_id, lambda the_map: show_pin(session(), the_map, pin_id, seen=parse_seen(request.form))
    )


@blueprint.post(f"{PIN}/approve")
def approve(slug: str, pin_id: uuid.UUID) -> Response | str:
    """Let everybody see a pin that waits."""
    return _decided(
        slug, pin_id, lambda the_map: approve_pin(session(), the_map, pin_id, seen=parse_seen(request.form))
    )


@blueprint.post(f"{PIN}/hold")
def hold(slug: str, pin_id: uuid.UUID) -> Response | str:
    """Put a pin back among those that wait."""
    return _decided(slug, pin_id, lambda the_map: hold_pin(session(), the_map, pin_id))


def _decided(slug: str, pin_id: uuid.UUID, decide: Callable[[MapRecord], Decision]) -> Response | str:
    """Decide, commit, and answer with the pin as it is now: for the script a piece, else a way back."""
    the_map = office_map(slug, Role.MODERATOR)
    decision = decide(the_map)
    session().commit()
    if request.headers.get(PART) == "pin":
        detail = pin_detail(session(), the_map, pin_id)
        return render_template("office/_pin.html", detail=detail, decision=decision, **pin_words(the_map))
    own_page = url_for("office.pin_page", slug=slug, pin_id=pin_id)
    back = request.form.get("back")
    return redirect(request.script_root + local_next(back) if back else own_page, 303)
