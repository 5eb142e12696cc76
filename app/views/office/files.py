"""What an official takes away: all pins as GeoJSON."""

from __future__ import annotations

from flask import Response, request

from app.db import session
from app.errors import Malformed, Problem
from app.i18n import N_
from app.inputs.filters import Scope
from app.inputs.heat import OFFICE_PARAMETERS
from app.inputs.office import parse_office_filter
from app.queries.features import stream_pins
from app.views.data import geojson_response
from app.views.office import blueprint
from app.views.office.access import office_map

FILTERS = OFFICE_PARAMETERS - {"bandwidth", "weight"}


@blueprint.get("/maps/<slug>/pins.geojson")
def pins_geojson(slug: str) -> Response:
    """Everything known of the pins, streamed: the whole map, or a category, state, period, channel, event."""
    the_map = office_map(slug)
    for name in request.args:
        if name not in FILTERS:
            raise Malformed(Problem(name[:80], N_("This can't be asked here.")))
    wanted = parse_office_filter(request.args, the_map).pins
    features = stream_pins(session(), the_map, wanted, Scope.OFFICE)
    response = geojson_response(features, filename=f"{the_map.slug}-office.geojson")
    response.headers["Cache-Control"] = "private, no-store"
    return response
