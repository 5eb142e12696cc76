"""The queue: what should be looked at, and why; decided one by one, in tickfuls, or a whole reason at once."""

from __future__ import annotations

import uuid
from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app.db import session
from app.errors import Problem, Unacceptable, Unknown
from app.i18n import N_, N_n
from app.inputs.office import parse_cursor
from app.inputs.queue_forms import QueueDeed, What, parse_deed, parse_entry, parse_reason
from app.inputs.reasons import reason_words
from app.models import PinState, Role
from app.queries.maps import MapRecord
from app.queries.office import pin_detail
from app.queries.queue import queue_counts, queue_page, queue_targets, review_of
from app.security import require
from app.services.flags import check_new
from app.services.masking import mask, mask_many
from app.services.moderation import Outcome, approval, decide_many, hiding, holding
from app.services.undo import own_entry, take_back
from app.views.office import blueprint
from app.views.office.access import office_map
from app.views.office.flag_words import SHORT, has_marks, pieces, why
from app.views.office.maps import PART, pin_words
from app.views.office.words import scene
from app.views.reader import reader_language

NOTHING_CHOSEN = N_("Nothing is selected.")
SAID = {
    "pin.approve": N_n("%(n)s pin approved.", "%(n)s pins approved."),
    "pin.mask": N_n("Words covered in %(n)s pin.", "Words covered in %(n)s pins."),
    "pin.hide": N_n("%(n)s pin hidden.", "%(n)s pins hidden."),
    "pin.hold": N_n("%(n)s pin put back to wait.", "%(n)s pins put back to wait."),
    "pin.undo": N_n("Undone for %(n)s pin.", "Undone for %(n)s pins."),
}
STAYED = N_n(
    "%(n)s pin stays as it is: it changed in the meantime, or there was nothing to do.",
    "%(n)s pins stay as they are: they changed in the meantime, or there was nothing to do.",
)
CHECKED_AT_ONCE = 400
"""Pins checked before the page is shown: as many as nobody waits for."""


@blueprint.get("/maps/<slug>/queue")
def queue(slug: str) -> str:
    """The pins that wait or are flagged, oldest first, each with its reasons; for the script only the list."""
    the_map = office_map(slug, Role.MODERATOR)
    if check_new(session(), the_map, CHECKED_AT_ONCE):
        session().commit()
    page = _page(the_map)
    if request.headers.get(PART) == "queue":
        return render_template("office/_queue_list.html", **page)
    return render_template("office/queue.html", scene=scene(the_map), **page)


@blueprint.post("/maps/<slug>/queue")
def decide_queue(slug: str) -> Response | str | tuple[str, int]:
    """Do what the pressed button says; for the script how it went, else back to the queue with a way to undo."""
    the_map = office_map(slug, Role.MODERATOR)
    deed = parse_deed(request.form, request.form.getlist("pin"))
    try:
        outcome = _do(the_map, deed)
    except Unacceptable as refusal:
        if request.headers.get(PART):
            raise
        session().rollback()
        wrong = {"target": deed.targets[0].id if len(deed.targets) == 1 else None, "problems": refusal.problems}
        return render_template("office/queue.html", scene=scene(the_map), **_page(the_map, wrong)), 422
    session().commit()
    return _answer(the_map, outcome)


@blueprint.post("/maps/<slug>/undo")
def undo(slug: str) -> Response | str:
    """Take one's own last decision back."""
    the_map = office_map(slug, Role.MODERATOR)
    outcome = take_back(session(), the_map, parse_entry(request.form), by=require())
    session().commit()
    if request.headers.get(PART) == "pin":
        pin = outcome.done[0]
        detail = pin_detail(session(), the_map, pin)
        return render_template("office/_pin.html", detail=detail, **pin_words(the_map))
    return _answer(the_map, outcome)


@blueprint.app_template_global("pin_review")
def pin_review(the_map: MapRecord, pin_id: uuid.UUID) -> dict[str, Any]:
    """What the page of one pin tells of its flags and covered words."""
    review = review_of(session(), the_map, pin_id)
    return {"review": review, "why": why, "pieces": pieces, "has_marks": has_marks(review)}


@blueprint.app_template_global("reason_words")
def reason_for_reader(stored: str | None) -> str | None:
    """Why a pin is hidden, in the reader's language."""
    return reason_words(stored, reader_language())


def _do(the_map: MapRecord, deed: QueueDeed) -> Outcome:
    by, targets = require(), list(deed.targets)
    if deed.all_of is not None and deed.as_of is not None:
        targets = queue_targets(session(), the_map, deed.all_of or None, deed.as_of)
    if not targets:
        raise Unacceptable(Problem("pin", NOTHING_CHOSEN))
    if deed.what is What.MASK:
        if len(targets) == 1 and deed.all_of is None:
            return mask(session(), the_map, targets[0], deed.masking, by=by)
        return mask_many(session(), the_map, targets, by=by)
    verdict = approval() if deed.what is What.APPROVE else holding()
    if deed.what is What.HIDE and deed.hiding is not None:
        verdict = hiding(deed.hiding)
    return decide_many(session(), the_map, targets, verdict, by=by)


def _answer(the_map: MapRecord, outcome: Outcome) -> Response | str:
    if request.headers.get(PART):
        counts = queue_counts(session(), the_map)
        return render_template(
            "office/_queue_done.html",
            the_map=the_map,
            outcome=outcome,
            said=said(outcome.action, len(outcome.done), len(outcome.stayed)),
            counts=counts,
            reason=parse_reason(request.form.get("only")),
            short=SHORT,
        )
    back = url_for(
        "office.queue",
        slug=the_map.slug,
        reason=parse_reason(request.form.get("only")),
        done=outcome.entry,
        did=outcome.action,
        n=len(outcome.done),
        stayed=len(outcome.stayed) or None,
    )
    return redirect(back, 303)


def said(action: str, done: int, stayed: int) -> str:
    """What a decision did, in the reader's language."""
    words = reader_language()
    one, many = SAID.get(action, SAID["pin.undo"])
    parts = [words.ngettext(one, many, done)] if done or not stayed else []
    if stayed:
        parts.append(words.ngettext(*STAYED, stayed))
    return " ".join(parts)


def _page(the_map: MapRecord, wrong: dict[str, Any] | None = None) -> dict[str, Any]:
    reason = parse_reason(request.args.get("reason") or request.form.get("only"))
    after = parse_cursor(request.args.get("after"))
    page = queue_page(session(), the_map, reason, after)
    return pin_words(the_map) | {
        "page": page,
        "counts": queue_counts(session(), the_map),
        "reason": reason,
        "after": after,
        "short": SHORT,
        "why": why,
        "pieces": pieces,
        "has_marks": has_marks,
        "done": _last_deed(the_map, request.args),
        "wrong": wrong or {},
        "typed": request.form,
        "pending": PinState.PENDING,
    }


def _last_deed(the_map: MapRecord, arguments: MultiDict[str, str]) -> dict[str, Any] | None:
    """What the page before this one did, where it was one's own decision."""
    action, n = arguments.get("did", ""), arguments.get("n", "")
    if action not in SAID or not n.isdecimal() or len(n) > 6:
        return None
    stayed = arguments.get("stayed", "")
    entry = arguments.get("done", "")
    try:
        own = (
            own_entry(session(), the_map, int(entry), require()).id
            if entry.isdecimal() and len(entry) < 18
            else None
        )
    except Unknown:
        own = None
    return {
        "said": said(action, int(n), int(stayed) if stayed.isdecimal() and len(stayed) < 7 else 0),
        "entry": own,
    }
