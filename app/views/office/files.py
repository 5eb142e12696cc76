"""What an official takes away: the pins that the filter chooses, as GeoJSON or as a table."""

from __future__ import annotations

from flask import Response, request

from app.db import session
from app.inputs.filters import PinFilter, Scope
from app.inputs.office import parse_office_pins
from app.queries.features import office_columns, stream_pins
from app.queries.maps import MapRecord
from app.views.data import geojson_response, streamed
from app.views.office import blueprint
from app.views.office.access import office_map
from gis.formats.table_csv import csv_table

PRIVATE = "private, no-store"


@blueprint.get("/maps/<slug>/pins.geojson")
def pins_geojson(slug: str) -> Response:
    """Everything known of the chosen pins, streamed."""
    the_map, wanted = _asked(slug)
    features = stream_pins(session(), the_map, wanted, Scope.OFFICE)
    response = geojson_response(features, filename=f"{the_map.slug}-office.geojson")
    response.headers["Cache-Control"] = PRIVATE
    return response


@blueprint.get("/maps/<slug>/pins.csv")
def pins_csv(slug: str) -> Response:
    """The same as a table: for Excel by a double click, and for a GIS."""
    the_map, wanted = _asked(slug)
    features = stream_pins(session(), the_map, wanted, Scope.OFFICE)
    rows = csv_table(features, office_columns(the_map))
    response = streamed(rows, mimetype="text/csv", filename=f"{the_map.slug}-office.csv")
    response.headers["Cache-Control"] = PRIVATE
    return response


def _asked(slug: str) -> tuple[MapRecord, PinFilter]:
    the_map = office_map(slug)
    return the_map, parse_office_pins(request.args.to_dict(flat=False), the_map)
