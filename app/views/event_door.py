"""The short way into a map at an event: an address that can be typed from a poster."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.queries.events import event_of
from app.views.reader import load_map

blueprint = Blueprint("event_door", __name__)


@blueprint.get("/m/<slug>/<code>")
def enter(slug: str, code: str) -> Response:
    """On to the citizen's page with the event attached; nothing where the map has no such event."""
    the_map = load_map(slug)
    event = event_of(session(), the_map, code)
    return redirect(url_for("citizen.citizen_page", slug=the_map.slug, event=event.code), 302)
