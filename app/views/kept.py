"""The whole record of what one map keeps and how long: as a page, and as JSON for programs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, render_template

from app.db import session
from app.queries.kept_record import kept_document
from app.queries.maps import MapRecord
from app.queries.sheet_photos import photo_rule
from app.views.reader import load_map, reader_language

blueprint = Blueprint("kept", __name__)


@blueprint.get("/m/<slug>/privacy/all")
def record_page(slug: str) -> str:
    """Item by item what is kept, whose it is, why, how long and who sees it."""
    the_map = load_map(slug)
    return render_template("kept/page.html", the_map=the_map, record=record_of(the_map))


@blueprint.get("/m/<slug>/privacy.json")
def record_file(slug: str) -> Response:
    """The same for programs."""
    response = jsonify(record_of(load_map(slug)))
    response.headers["Cache-Control"] = "public, no-cache"
    response.headers["Content-Language"] = reader_language().code
    response.vary.update(["Accept-Language", "Cookie"])
    return response


def record_of(the_map: MapRecord) -> dict[str, Any]:
    """The record of a map as it is set now, in the reader's language."""
    photo_days, _ = photo_rule(session(), the_map.id)
    return kept_document(the_map, reader_language(), photo_days)
