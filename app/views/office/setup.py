"""Setting a map up: what is there, what is missing, and the doors of the map: open, close, delete, begin again."""

from __future__ import annotations

from collections.abc import Callable

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.errors import InvalidInput
from app.models import Role
from app.queries.checklist import Standing, blocking, checklist, is_provisional
from app.queries.maps import MapRecord, read_map
from app.security import require
from app.services.map_drafts import (
    begin_next_round,
    change_address,
    close_map,
    delete_draft,
    has_pins,
    open_map,
)
from app.views.office import blueprint
from app.views.office.access import office_map
from app.views.office.setup_checklist import checklist_lines
from app.views.office.setup_words import SECTION_WORDS, problems_by_field, section_words


@blueprint.get("/maps/<slug>/setup")
def setup(slug: str) -> str:
    """The sections of a map, the checklist, and what can be done next."""
    return _overview(office_map(slug, Role.EDITOR))


@blueprint.post("/maps/<slug>/setup/open")
def open_now(slug: str) -> Response | tuple[str, int]:
    """Open a draft, at its date or at once."""
    at_once = request.form.get("at_once") == "1"
    return _done(slug, lambda the_map: open_map(session(), require(), the_map, at_once=at_once))


@blueprint.post("/maps/<slug>/setup/close")
def close_now(slug: str) -> Response | tuple[str, int]:
    """Close the map."""
    return _done(slug, lambda the_map: close_map(session(), require(), the_map))


@blueprint.post("/maps/<slug>/setup/address")
def readdress(slug: str) -> Response | tuple[str, int]:
    """Give a draft another address."""
    the_map = office_map(slug, Role.EDITOR)
    try:
        wanted = change_address(session(), require(), the_map, request.form.get("slug", ""))
    except InvalidInput as refusal:
        session().rollback()
        return _overview(the_map, refusal), 422
    session().commit()
    return redirect(url_for("office.setup", slug=wanted, saved=1), 303)


@blueprint.post("/maps/<slug>/setup/delete")
def delete_map(slug: str) -> Response | tuple[str, int]:
    """Delete a draft."""
    return _done(slug, lambda the_map: delete_draft(session(), require(), the_map), goes_to="office.home")


@blueprint.post("/maps/<slug>/next-round")
def next_round(slug: str) -> Response | tuple[str, int]:
    """Begin the next round: a draft with the same questions on the same squares."""
    the_map = office_map(slug, Role.EDITOR)
    try:
        fresh = begin_next_round(session(), require(), the_map)
    except InvalidInput as refusal:
        session().rollback()
        return _overview(the_map, refusal), 422
    session().commit()
    return redirect(url_for("office.setup", slug=fresh, round=1), 303)


def _done(slug: str, do: Callable[[MapRecord], None], goes_to: str | None = None) -> Response | tuple[str, int]:
    """Do it and go back to the overview, or say there why not."""
    the_map = office_map(slug, Role.EDITOR)
    try:
        do(the_map)
    except InvalidInput as refusal:
        session().rollback()
        return _overview(the_map, refusal), 422
    session().commit()
    return redirect(url_for(goes_to) if goes_to else url_for("office.setup", slug=slug), 303)


def _overview(the_map: MapRecord, refusal: InvalidInput | None = None) -> str:
    items = checklist(session(), the_map)
    return render_template(
        "office/setup/overview.html",
        the_map=the_map,
        lines=checklist_lines(items, the_map),
        done=sum(item.standing == Standing.DONE for item in items),
        is_blocked=bool(blocking(items)),
        is_provisional=is_provisional(the_map),
        sections=[(name, *section_words(name)) for name in SECTION_WORDS],
        has_pins=has_pins(session(), the_map.id),
        previous=read_map(session(), the_map.previous) if the_map.previous else None,
        typed_slug=request.form.get("slug", the_map.slug),
        problems=problems_by_field(refusal),
    )
