"""Places by name: the addresses and names that a citizen looks for."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, request

from app.db import session
from app.inputs.place_search import parse_places, parse_spot
from app.queries.place_search import find_places, nearest_address
from app.services.throttle import Limit
from app.views.challenge import let_read
from app.views.heat import heat_store
from app.views.reader import load_map

blueprint = Blueprint("place_search", __name__)

KEPT_S = 600
LOOKING = Limit("place search", attempts=6_000, window=timedelta(minutes=1))
"""Of one address at one process: a class of thirty types three letters a second each."""


@blueprint.get("/m/<slug>/places")
def places(slug: str) -> Response:
    """Up to eight places of these words, as JSON: label, kind, longitude, latitude, whether inside the map."""
    let_read(LOOKING)
    the_map = load_map(slug)
    wanted = parse_places(request.args.get("q", ""))
    found = find_places(session(), heat_store(), the_map, wanted) if wanted else []
    return _kept([asdict(one) for one in found])


@blueprint.get("/m/<slug>/near")
def near(slug: str) -> Response:
    """The address nearest to a place, as JSON: name and metres, or null; for who asks where the crosshair is."""
    let_read(LOOKING)
    the_map = load_map(slug)
    found = nearest_address(session(), the_map, *parse_spot(request.args.get("at", "")))
    return _kept(asdict(found) if found else None)


def _kept(answer: Any) -> Response:
    body = json.dumps(answer, ensure_ascii=False)
    response = Response(body, mimetype="application/json")
    response.set_etag(hashlib.sha256(body.encode()).hexdigest()[:16])
    response.headers["Cache-Control"] = f"public, max-age={KEPT_S}"
    response.headers["X-Robots-Tag"] = "noindex"
    response.make_conditional(request)
    return response
