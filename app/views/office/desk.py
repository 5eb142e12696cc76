"""The desk: what people say in interviews or on broken sheets, written down pin by pin."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.errors import Anonymised, Conflict, MapChanged, Refusal, Unacceptable, Unknown
from app.inputs.desk import ABOUT, ANSWER, DeskDeed, DeskInput, parse_desk, parse_desk_pin, parse_key
from app.inputs.pins import MOST_COMMENT_CHARACTERS
from app.inputs.place_search import parse_places
from app.models import Role
from app.queries.desk import people_today, written_pins
from app.queries.maps import MapRecord, find_event
from app.queries.office import events_of
from app.queries.place_search import FoundPlace, find_places
from app.queries.respondents import find_respondent
from app.security import require
from app.services.desk import desk_person, save_desk_about, store_desk_pin, take_back
from app.views.heat import heat_store
from app.views.office import blueprint
from app.views.office.access import office_map
from app.views.office.maps import PART
from app.views.office.words import scene
from app.views.reader import reader_language

DESK: Final = "/maps/<slug>/desk"
OF_PERSON: Final = "desk"
"""The piece of the page that our script asks for after each deed."""

Form = Mapping[str, Sequence[str]]


@blueprint.get(DESK)
def desk(slug: str) -> str:
    """The map and the form for the person under way; a new one where the address names none."""
    the_map = office_map(slug, Role.MODERATOR)
    typed = request.args.get("person", "")
    key = parse_key(typed) if typed else uuid.uuid4()
    event = find_event(session(), the_map.id, request.args.get("event", ""))
    return _page(the_map, key, event.code if event else None)


@blueprint.post(DESK)
def write_desk(slug: str) -> Response | str | tuple[str, int]:
    """Do what the pressed button says: for the script the list as it is then, else back to the page."""
    the_map = office_map(slug, Role.MODERATOR)
    form = request.form.to_dict(flat=False)
    asked = parse_desk(form, the_map.about)
    try:
        key = _do(the_map, asked, form)
    except (Unacceptable, Conflict, MapChanged, Unknown) as refusal:
        session().rollback()
        if request.headers.get(PART) == OF_PERSON:
            raise
        return _page(the_map, asked.key, asked.event, form, refusal), 422
    session().commit()
    if request.headers.get(PART) == OF_PERSON:
        return render_template("office/_desk_after.html", the_map=the_map, **_person(the_map, key))
    if asked.deed is DeskDeed.FIND:
        return _page(the_map, key, asked.event, form, places=_places(the_map, asked.find))
    return redirect(url_for("office.desk", slug=slug, event=asked.event, person=key), 303)


def _do(the_map: MapRecord, asked: DeskInput, form: Form) -> uuid.UUID:
    """Do it; the key of the person who is under way then."""
    if asked.deed is DeskDeed.PIN:
        written = parse_desk_pin(form, the_map.questions, asked.event)
        store_desk_pin(session(), require(), the_map, asked.key, written, asked.about)
    elif asked.deed is DeskDeed.BACK:
        take_back(session(), require(), the_map, asked.key, asked.taken)
    elif asked.deed is DeskDeed.ABOUT:
        save_desk_about(session(), the_map, asked.key, asked.about)
    elif asked.deed is DeskDeed.NEXT:
        following = uuid.uuid4()
        if asked.keep and asked.about:
            save_desk_about(session(), the_map, following, asked.about)
        return following
    return asked.key


def _page(
    the_map: MapRecord,
    key: uuid.UUID,
    event: str | None,
    form: Form | None = None,
    refusal: Refusal | None = None,
    places: Sequence[FoundPlace] | None = None,
) -> str:
    say = reader_language().gettext
    person = find_respondent(session(), the_map.id, desk_person(the_map, key))
    typed = form or {}
    return render_template(
        "office/desk.html",
        the_map=the_map,
        event=event,
        events=events_of(session(), the_map.id),
        typed={name: given[0] for name, given in typed.items() if given},
        about=_given(typed, ABOUT) if form else _kept(person.about if person else {}),
        answers=_given(typed, ANSWER),
        fresh=uuid.uuid4(),
        places=places,
        refusal=refusal,
        problems={p.field: say(p.message, p.data) for p in refusal.problems} if refusal else {},
        most=MOST_COMMENT_CHARACTERS,
        is_over=the_map.anonymised_at is not None,
        anonymised=Anonymised.title,
        scene=scene(the_map) | {"places": _search_address(the_map)},
        **_person(the_map, key),
    )


def _person(the_map: MapRecord, key: uuid.UUID) -> dict[str, Any]:
    """The person under way, and how many there were today."""
    return {
        "key": key,
        "pins": written_pins(session(), the_map.id, desk_person(the_map, key)),
        "today": people_today(session(), the_map.id),
    }


def _places(the_map: MapRecord, text: str) -> list[FoundPlace]:
    wanted = parse_places(text)
    return find_places(session(), heat_store(), the_map, wanted) if wanted else []


def _search_address(the_map: MapRecord) -> str | None:
    return url_for("place_search.places", slug=the_map.slug) if the_map.has_addresses else None


def _given(form: Form, before: str) -> dict[str, list[str]]:
    return {key.removeprefix(before): list(said) for key, said in form.items() if key.startswith(before)}


def _kept(about: Mapping[str, Any]) -> dict[str, list[str]]:
    return {key: [str(one) for one in (said if isinstance(said, list) else [said])] for key, said in about.items()}
