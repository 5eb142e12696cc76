"""Ready answers of a town."""

from __future__ import annotations

from collections.abc import Mapping

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.errors import InvalidInput
from app.i18n import N_
from app.inputs.answer_forms import STATUS_WORDS, parse_template
from app.models import PinStatus, Role
from app.queries.answers import list_templates
from app.queries.towns import TownRecord
from app.security import require
from app.services.answers import delete_template, save_template
from app.views.office import blueprint
from app.views.office.access import office_town
from app.views.reader import reader_language

TEMPLATES = "/towns/<town>/templates"

PROPOSED: tuple[tuple[str, PinStatus, str], ...] = (
    (
        N_("Passed on"),
        PinStatus.RECEIVED,
        N_("Thank you, we have read it and passed it on to those in charge. We will write here what comes of it."),
    ),
    (
        N_("We are looking into it"),
        PinStatus.RECEIVED,
        N_("We will go and look at the place with those who take care of it, and write here what can be done."),
    ),
    (
        N_("In the plan"),
        PinStatus.PLANNED,
        N_(
            "We want to change this and have put it into the plan for next year. "
            "As soon as we know when, we will write it here."
        ),
    ),
    (
        N_("Done"),
        PinStatus.DONE,
        N_("It is done. Thank you for pointing it out; come and have a look."),
    ),
    (
        N_("Not our land"),
        PinStatus.DECLINED,
        N_(
            "The land does not belong to the town, so we can’t change it ourselves. "
            "We have passed your wish on to the owner."
        ),
    ),
    (
        N_("Too expensive now"),
        PinStatus.DECLINED,
        N_(
            "It would cost more than the town can spend on it in the coming years. "
            "We keep it in mind for when money can be found."
        ),
    ),
)
"""Wordings to begin with: name, status, words; copied into the language of whoever copies them."""


@blueprint.get(TEMPLATES)
def templates(town: str) -> str:
    """The ready answers, and some to copy."""
    return _page(office_town(town))


@blueprint.post(TEMPLATES)
def add_template(town: str) -> Response | tuple[str, int]:
    """Keep a new wording."""
    record = office_town(town, Role.MODERATOR)
    return _save(record, None)


@blueprint.post(f"{TEMPLATES}/<int:template_id>")
def change_template(town: str, template_id: int) -> Response | tuple[str, int]:
    """Keep another wording instead."""
    record = office_town(town, Role.MODERATOR)
    return _save(record, template_id)


@blueprint.post(f"{TEMPLATES}/<int:template_id>/delete")
def remove_template(town: str, template_id: int) -> Response:
    """Forget a wording."""
    record = office_town(town, Role.MODERATOR)
    delete_template(session(), record, template_id, require())
    session().commit()
    return redirect(url_for("office.templates", town=town), 303)


def _save(town: TownRecord, template_id: int | None) -> Response | tuple[str, int]:
    try:
        wanted = parse_template(request.form)
    except InvalidInput as refusal:
        words = reader_language()
        problems = {p.field: words.gettext(p.message, p.data) for p in refusal.problems}
        return _page(town, typed=request.form, problems=problems, wrong_id=template_id), 422
    save_template(session(), town, wanted, require(), template_id=template_id)
    session().commit()
    return redirect(url_for("office.templates", town=town.slug), 303)


def _page(
    town: TownRecord,
    *,
    typed: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
    wrong_id: int | None = None,
) -> str:
    """The page; what was typed, with its problems, stands in its own form (`wrong_id`; None: the new one)."""
    kept = list_templates(session(), town.id)
    there = {one.title for one in kept}
    say = reader_language().gettext
    proposed = [(say(title), status, say(text)) for title, status, text in PROPOSED if say(title) not in there]
    return render_template(
        "office/templates.html",
        town=town,
        kept=kept,
        proposed=proposed,
        typed=typed or {},
        problems=problems or {},
        wrong_id=wrong_id,
        may_change=require().may(town.id, Role.MODERATOR),
        status_words=STATUS_WORDS,
    )
