"""Pages of the server itself: the open maps, liveness, readiness, the palette."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, Response, current_app

from app.config import Config
from app.db import session
from app.queries.readiness import readiness
from app.views.front_page import front_page, open_maps
from app.views.reader import assets
from gis.palette import css_variables

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def home() -> str:
    """The open maps, those that will open, and the finished ones as stories."""
    return front_page(datetime.now(UTC))


@blueprint.get("/maps.json")
def maps() -> Response:
    """The open maps with where they are: which is nearest is found out in the browser, which tells nobody."""
    return open_maps(datetime.now(UTC))


@blueprint.get("/healthz")
def healthz() -> Response:
    """Whether the process answers."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
def readyz() -> Response:
    """Whether database, migrations and the folder of local state are ready; in words, part by part."""
    config: Config = current_app.extensions["pocit-config"]
    found = readiness(session(), config.home)
    said = {
        "database": "answers" if found.database else "does not answer",
        "migrations": found.revision or "none" if found.is_migrated else f"{found.revision} is too old",
        "home": found.home,
    }
    lines = ["ready" if found.is_ready else "not ready", *(f"{part}: {state}" for part, state in said.items())]
    response = Response("\n".join(lines) + "\n", status=200 if found.is_ready else 503, mimetype="text/plain")
    response.headers["Cache-Control"] = "no-store"
    return response


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
