"""Decisions about one pin: forms that work by themselves, and for the script the same."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.inputs.queue_forms import Target, parse_masking, parse_seen
from app.inputs.reasons import parse_hiding
from app.models import Role
from app.queries.accounts import OfficialRecord
from app.queries.maps import MapRecord
from app.queries.office import pin_detail
from app.security import require
from app.services.masking import mask as mask_pin
from app.services.masking import unmask as unmask_pin
from app.services.moderation import Outcome, Verdict, approval, decide, hiding, holding, showing
from app.views.office import blueprint
from app.views.office.access import local_next, office_map
from app.views.office.maps import PART, pin_words

PIN = "/maps/<slug>/pins/<uuid:pin_id>"


@blueprint.post(f"{PIN}/hide")
def hide(slug: str, pin_id: uuid.UUID) -> Response | str:
    """Take a pin out of everything public, with a reason for its author."""
    return _decided(slug, pin_id, lambda: hiding(parse_hiding(request.form)))


@blueprint.post(f"{PIN}/show")
def show(slug: str, pin_id: uuid.UUID) -> Response | str:
    """Let everybody see a hidden pin again."""
    return _decided(slug, pin_id, showing)


@blueprint.post(f"{PIN}/approve")
def approve(slug: str, pin_id: uuid.UUID) -> Response | str:
    """Let everybody see a pin that waits, or settle what was flagged about it."""
    return _decided(slug, pin_id, approval)


@blueprint.post(f"{PIN}/hold")
def hold(slug: str, pin_id: uuid.UUID) -> Response | str:
    """Put a pin back among those that wait."""
    return _decided(slug, pin_id, holding)


@blueprint.post(f"{PIN}/mask")
def mask(slug: str, pin_id: uuid.UUID) -> Response | str:
    """Cover words of a pin's comment."""

    def work(the_map: MapRecord, target: Target, by: OfficialRecord) -> Outcome:
        masking = parse_masking(request.form.get("words", ""), request.form.get("keep", ""))
        return mask_pin(session(), the_map, target, masking, by=by)

    return _done(slug, pin_id, work)


@blueprint.post(f"{PIN}/unmask")
def unmask(slug: str, pin_id: uuid.UUID) -> Response | str:
    """Bring the words of a pin's comment back."""
    return _done(slug, pin_id, lambda the_map, target, by: unmask_pin(session(), the_map, target, by=by))


def _decided(slug: str, pin_id: uuid.UUID, verdict: Callable[[], Verdict]) -> Response | str:
    return _done(slug, pin_id, lambda the_map, target, by: decide(session(), the_map, target, verdict(), by=by))


def _done(
    slug: str, pin_id: uuid.UUID, work: Callable[[MapRecord, Target, OfficialRecord], Outcome]
) -> Response | str:
    """Decide, commit, and answer with the pin as it is now: for the script a piece, else a way back."""
    the_map = office_map(slug, Role.MODERATOR)
    outcome = work(the_map, Target(pin_id, parse_seen(request.form)), require())
    session().commit()
    if request.headers.get(PART) == "pin":
        detail = pin_detail(session(), the_map, pin_id)
        return render_template("office/_pin.html", detail=detail, decision=outcome, **pin_words(the_map))
    own_page = url_for("office.pin_page", slug=slug, pin_id=pin_id)
    back = request.form.get("back")
    return redirect(request.script_root + local_next(back) if back else own_page, 303)
