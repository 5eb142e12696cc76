"""One map as the office works with it: the page, its list, one pin, and the dots for the canvas."""

from __future__ import annotations

import gzip
import uuid
from typing import Any

from flask import Response, current_app, render_template, request

from app.db import session
from app.inputs.office import OfficeFilter, parse_cursor, parse_office_filter
from app.models import Role
from app.queries.facts import fact_layers
from app.queries.filter_words import (
    ANSWERED_WORDS,
    CHANNEL_WORDS,
    FLAGGED_WORDS,
    STATE_WORDS,
    STATUS_WORDS,
)
from app.queries.maps import MapRecord
from app.queries.office import (
    counts_of_maps,
    dots,
    events_of,
    list_pins,
    matching,
    pin_detail,
    pins_per_day,
)
from app.security import require
from app.views.office import blueprint
from app.views.office.access import office_map
from app.views.office.words import (
    area_of,
    day_bars,
    file_arguments,
    filter_arguments,
    period_words,
    periods,
    reasons,
    scene,
    short_day,
    town_words,
    who_words,
)
from app.views.reader import say

PART = "X-Part"
"""The request header by which our script asks for a piece of a page instead of the whole."""
GZIP_LEVEL = 5


@blueprint.get("/maps/<slug>")
def map_page(slug: str) -> str:
    """The map with heat and pins, and beside it what people wrote; for the script only the list."""
    the_map = office_map(slug)
    wanted = parse_office_filter(request.args, the_map)
    page = _list_page(the_map, wanted)
    if request.headers.get(PART) == "list":
        return render_template("office/_list.html", **page)
    days = pins_per_day(session(), the_map.id)
    return render_template(
        "office/map.html",
        counts=counts_of_maps(session(), [the_map.id])[the_map.id],
        periods=periods(days),
        days=day_bars(days),
        period_words=period_words(wanted.pins.since, wanted.pins.until),
        who_words=who_words(the_map, wanted.pins),
        town_words=town_words(wanted.pins),
        answered_words=ANSWERED_WORDS,
        flagged_words=FLAGGED_WORDS,
        area=area_of(wanted.pins),
        short_day=short_day,
        scene=scene(the_map),
        fact_layers=fact_layers(session(), the_map.town_id),
        **page,
    )


@blueprint.get("/maps/<slug>/pins/<uuid:pin_id>")
def pin_page(slug: str, pin_id: uuid.UUID) -> str:
    """One pin with all that is known about it."""
    the_map = office_map(slug)
    detail = pin_detail(session(), the_map, pin_id)
    template = "office/_pin.html" if request.headers.get(PART) == "pin" else "office/pin.html"
    return render_template(template, detail=detail, **pin_words(the_map))


@blueprint.get("/maps/<slug>/pins.json")
def pins_json(slug: str) -> Response:
    """Matching pins of every state as columns."""
    the_map = office_map(slug)
    found = dots(session(), the_map, parse_office_filter(request.args, the_map).pins)
    body = current_app.json.dumps(found, separators=(",", ":")).encode()
    response = Response(body, mimetype="application/json")
    response.vary.add("Accept-Encoding")
    if request.accept_encodings.quality("gzip") > 0:
        response.set_data(gzip.compress(body, GZIP_LEVEL))
        response.content_encoding = "gzip"
    return response


def pin_words(the_map: MapRecord) -> dict[str, Any]:
    """What the templates of a pin need besides the pin."""
    official = require()
    return {
        "the_map": the_map,
        "official": official,
        "can_moderate": official.may(the_map.town_id, Role.MODERATOR),
        "reasons": reasons(),
        "state_words": STATE_WORDS,
        "status_words": STATUS_WORDS,
        "channel_words": CHANNEL_WORDS,
    }


def _list_page(the_map: MapRecord, wanted: OfficeFilter) -> dict[str, Any]:
    before = parse_cursor(request.args.get("before"))
    arguments = filter_arguments(request.args, the_map)
    events = events_of(session(), the_map.id)
    return pin_words(the_map) | {
        "wanted": wanted,
        "arguments": arguments,
        "without_area": {key: value for key, value in arguments.items() if key != "area"},
        "carried": file_arguments(request.args, the_map),
        "before": before,
        "events": events,
        "event_titles": {event.code: say(event.title) for event in events},
        "listed": list_pins(session(), the_map, wanted.listed, before),
        "matching": matching(session(), the_map, wanted.pins),
    }
