"""Pages of the server itself: the open maps, liveness, readiness, the palette."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from app.db import session
from app.queries.maps import list_maps
from app.queries.readiness import is_ready
from app.views.reader import assets
from gis.palette import css_variables

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def home() -> str:
    """The open maps."""
    maps = [m for m in list_maps(session()) if not m.draft]
    return render_template(
        "pages/home.html",
        open_maps=[m for m in maps if m.is_open()],
        closed_maps=[m for m in maps if not m.is_open()],
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
