"""Events of a map: the list, the page of each, the form, posters and slips."""

from __future__ import annotations

from collections.abc import Mapping

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.errors import InvalidInput
from app.i18n import N_, public_languages
from app.inputs.event_forms import MOST_TEXT_CHARACTERS, parse_event, typed_event
from app.models import Event, EventKind, Role
from app.queries.event_page import event_record
from app.queries.events import event_of, pins_of_event, turnouts
from app.queries.maps import MapRecord
from app.security import require
from app.services.events import change_event, create_event, delete_event, fresh_code
from app.views import posters
from app.views.office import blueprint
from app.views.office.access import office_map
from app.views.reader import reader_language
from gis.paper.serial import shown_serial

KIND_WORDS: Mapping[str, str] = {
    EventKind.FORUM: N_("Public forum"),
    EventKind.ROUND_TABLE: N_("Round table"),
    EventKind.SCHOOL_FORUM: N_("School forum"),
    EventKind.STAND: N_("Stand in the street"),
}


@blueprint.get("/maps/<slug>/events")
def events_page(slug: str) -> str:
    """The events with who came, and what to print for them."""
    the_map = office_map(slug, Role.VIEWER)
    return render_template(
        "office/events.html",
        the_map=the_map,
        turnouts=turnouts(session(), the_map),
        kinds=KIND_WORDS,
        may_write=require().may(the_map.town_id, Role.EDITOR),
        when_words=posters.when_words,
        print_languages=posters.print_languages(the_map),
    )


@blueprint.get("/maps/<slug>/new-event")
def new_event(slug: str) -> str:
    """The form for a new event, with a code proposed."""
    the_map = office_map(slug, Role.EDITOR)
    return _form(the_map, {"code": fresh_code(session(), the_map.id)})


@blueprint.post("/maps/<slug>/events")
def add_event(slug: str) -> Response | tuple[str, int]:
    """Store a new event; what is wrong with it comes back beside its field."""
    the_map = office_map(slug, Role.EDITOR)
    try:
        wanted = parse_event(request.form, the_map.languages, fresh_code(session(), the_map.id))
        create_event(session(), require(), the_map, wanted)
    except InvalidInput as refusal:
        session().rollback()
        return _form(the_map, request.form, refusal=refusal), 422
    session().commit()
    return redirect(url_for("office.events_page", slug=slug, _anchor=wanted.code), 303)


@blueprint.get("/maps/<slug>/events/<code>")
def event_page(slug: str, code: str) -> str:
    """One event: its paper, its people and pins, and what is still to do."""
    the_map = office_map(slug)
    found = event_record(session(), the_map, event_of(session(), the_map, code))
    official = require()
    return render_template(
        "office/event_page.html",
        the_map=the_map,
        found=found,
        event=found.event,
        to_do=[(one, one.step == found.next_step) for one in found.to_do],
        kinds=KIND_WORDS,
        when_words=posters.when_words,
        shown_serial=shown_serial,
        door=posters.door_of(the_map, found.event),
        most_slips=posters.MOST_SLIPS,
        print_languages=posters.print_languages(the_map),
        may_check=official.may(the_map.town_id, Role.MODERATOR),
        may_write=official.may(the_map.town_id, Role.EDITOR),
    )


@blueprint.get("/maps/<slug>/events/<code>/edit")
def edit_event(slug: str, code: str) -> str:
    """The form of one event."""
    the_map = office_map(slug, Role.EDITOR)
    event = event_of(session(), the_map, code)
    return _form(the_map, typed_event(event), event)


@blueprint.post("/maps/<slug>/events/<code>/edit")
def save_event(slug: str, code: str) -> Response | tuple[str, int]:
    """Change the event; what is wrong comes back beside its field."""
    the_map = office_map(slug, Role.EDITOR)
    event = event_of(session(), the_map, code)
    try:
        wanted = parse_event(request.form, the_map.languages, event.code)
        change_event(session(), require(), the_map, event.code, wanted)
    except InvalidInput as refusal:
        session().rollback()
        return _form(the_map, request.form, event_of(session(), the_map, code), refusal), 422
    session().commit()
    return redirect(url_for("office.event_page", slug=slug, code=wanted.code), 303)


@blueprint.post("/maps/<slug>/events/<code>/delete")
def remove_event(slug: str, code: str) -> Response | tuple[str, int]:
    """Delete the event, or say why it stays."""
    the_map = office_map(slug, Role.EDITOR)
    try:
        delete_event(session(), require(), the_map, code)
    except InvalidInput as refusal:
        session().rollback()
        event = event_of(session(), the_map, code)
        return _form(the_map, typed_event(event), event, refusal), 422
    session().commit()
    return redirect(url_for("office.events_page", slug=slug), 303)


@blueprint.get("/maps/<slug>/events/<code>/poster.pdf")
@blueprint.get("/maps/<slug>/poster.pdf")
def poster(slug: str, code: str | None = None) -> Response:
    """A poster that opens the map, at the event if one is named."""
    the_map = office_map(slug, Role.VIEWER)
    return posters.poster(the_map, event_of(session(), the_map, code) if code else None)


@blueprint.get("/maps/<slug>/events/<code>/slips.pdf")
@blueprint.get("/maps/<slug>/slips.pdf")
def slips(slug: str, code: str | None = None) -> Response:
    """Slips to be cut and handed out."""
    the_map = office_map(slug, Role.VIEWER)
    return posters.slips(the_map, event_of(session(), the_map, code) if code else None)


def _form(
    the_map: MapRecord, typed: Mapping[str, str], event: Event | None = None, refusal: InvalidInput | None = None
) -> str:
    words = reader_language()
    problems = {p.field: words.gettext(p.message, p.data) for p in refusal.problems} if refusal else {}
    known = public_languages()
    return render_template(
        "office/event.html",
        the_map=the_map,
        event=event,
        typed=typed,
        problems=problems,
        kinds=KIND_WORDS,
        most=MOST_TEXT_CHARACTERS,
        language_names={
            code: known[code].locale.get_display_name(words.code) if code in known else code
            for code in the_map.languages
        },
        pins=pins_of_event(session(), the_map.id, event.code) if event else 0,
    )
