"""The record of processing of one map (GDPR, article 30), for the town's data protection officer."""

from __future__ import annotations

from flask import render_template

from app.db import session
from app.queries.kept_record import due_day
from app.queries.towns import find_town
from app.views.kept import record_of
from app.views.office import blueprint
from app.views.office.access import office_map


@blueprint.get("/maps/<slug>/processing")
def processing(slug: str) -> str:
    """The record with the town's own rules in it, to be printed or kept."""
    the_map = office_map(slug)
    return render_template(
        "office/processing.html",
        the_map=the_map,
        town=find_town(session(), the_map.town_slug),
        record=record_of(the_map),
        due=due_day(the_map),
    )
