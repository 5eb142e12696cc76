"""The accessibility statement of a map's pages, by the law: the town's part and what the software knows."""

from __future__ import annotations

from datetime import date, datetime, time

from flask import Blueprint, render_template

from app.config import TOWN_CLOCK
from app.inputs.accessibility_form import stored_statement
from app.views.reader import day, load_map

blueprint = Blueprint("accessibility", __name__)


@blueprint.get("/m/<slug>/accessibility")
def statement(slug: str) -> str:
    """How far these pages are accessible, whom to tell what is not, and who watches over it."""
    the_map = load_map(slug)
    found = stored_statement(the_map.accessibility)
    return render_template(
        "citizen/accessibility.html",
        the_map=the_map,
        statement=found,
        made=_in_words(found.made_on) if found else None,
        reviewed=_in_words(found.reviewed_on) if found and found.reviewed_on else None,
    )


def _in_words(when: date) -> str:
    return day(datetime.combine(when, time(12), TOWN_CLOCK))
