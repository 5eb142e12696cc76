"""Pages of the server itself: the open maps, liveness, readiness, the palette."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, current_app, render_template

from app.db import session
from app.queries.maps import MapCache, MapRecord
from app.queries.readiness import is_ready
from app.queries.stories import public_slugs, story_card
from app.views.heat import heat_store, keep_snapshot
from app.views.reader import assets
from app.views.results import ground_version_of, picture_size
from gis.palette import css_variables

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def home() -> str:
    """The open maps, those that will open, and the finished ones as stories."""
    cache: MapCache = current_app.extensions["pocit-maps"]
    now = datetime.now(UTC)
    maps = [cache.get(session(), slug) for slug in public_slugs(session())]
    told = [m for m in maps if m.story_published and not m.is_open(now)]
    newest_first = sorted(told, key=lambda m: m.closes_at or now, reverse=True)
    return render_template(
        "pages/home.html",
        open_maps=[m for m in maps if m.is_open(now)],
        coming_maps=[m for m in maps if not m.is_open(now) and not m.is_over(now)],
        stories=[_card(m) for m in newest_first],
        closed_maps=[m for m in maps if m.is_over(now) and not m.story_published],
    )


@blueprint.get("/healthz")
def healthz() -> Response:
    """Whether the process answers."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Whether database and migrations are ready."""
    ready = is_ready(session())
    return Response("ready\n" if ready else "not migrated\n", status=200 if ready else 503, mimetype="text/plain")


@blueprint.get("/palette.css")
def palette() -> Response:
    """The one palette as custom properties."""
    response = Response(css_variables(), mimetype="text/css")
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


@blueprint.get("/favicon.ico")
def favicon() -> Response:
    """For browsers that ask without reading the page."""
    response = Response((assets().folder / "img" / "favicon.svg").read_bytes(), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response


def _card(the_map: MapRecord) -> dict[str, Any]:
    """A story as the front page draws it."""
    keep_snapshot(the_map)
    card = story_card(session(), heat_store(), the_map)
    return {
        "map": the_map,
        "summary": card.story.summary,
        "shown": card.story.first_shown if the_map.publish_heat else None,
        "frame": picture_size(card.story),
        "ground_version": ground_version_of(the_map, card.story),
    }
