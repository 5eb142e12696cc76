"""Heat for officials: all of it, with every filter, never kept by anybody on the way."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Response, request

from app.db import session
from app.inputs.filters import Scope
from app.inputs.heat import refuse_share_of_all
from app.inputs.office import filter_names, parse_office_heat
from app.models import Role
from app.queries.heat_files import file_words
from app.queries.heat_store import Heat
from app.queries.maps import MapRecord
from app.views.heat import heat_response, heat_store, tile_response
from app.views.office import blueprint
from app.views.office.access import for_gis_clients, office_map
from app.views.reader import reader_language

KEPT = "private, no-cache"


@blueprint.get("/maps/<slug>/heat.<any(png, tif, geojson):form>")
@for_gis_clients
def heat_of_map(slug: str, form: str) -> Response:
    """The heat of the chosen pins as picture, GeoTIFF or contours."""
    the_map, heat = _office_heat(slug)
    return heat_response(the_map, heat, form, kept=KEPT, chosen=_chosen(the_map))


@blueprint.get("/maps/<slug>/heat.html")
@for_gis_clients
def standalone(slug: str) -> Response:
    """The map in one file that opens offline, to mail to councillors."""
    from app.queries.heat_page import Edition, heat_page

    the_map = office_map(slug, Role.VIEWER)
    query, wanted = parse_office_heat(request.args.to_dict(flat=False), the_map)
    edition = Edition(query, Scope.OFFICE, wanted, reader_language())
    page = heat_page(session(), heat_store(), the_map, edition)
    response = Response(page, mimetype="text/html")
    name = "-".join([the_map.slug, file_words(query)[0]])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.html"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


@blueprint.get("/maps/<slug>/heat-dark.png")
@for_gis_clients
def dark_heat_of_map(slug: str) -> Response:
    """The same picture for pages in the dark."""
    the_map, heat = _office_heat(slug)
    return heat_response(the_map, heat, "png", kept=KEPT, theme="dark")


@blueprint.get("/maps/<slug>/heat/<int:z>/<int:x>/<int:y>.png")
@for_gis_clients
def heat_tile(slug: str, z: int, x: int, y: int) -> Response:
    """One tile of the heat of the chosen pins."""
    the_map, heat = _office_heat(slug)
    return tile_response(the_map, heat, (z, x, y), kept=KEPT)


@blueprint.get("/maps/<slug>/heat-dark/<int:z>/<int:x>/<int:y>.png")
@for_gis_clients
def dark_heat_tile(slug: str, z: int, x: int, y: int) -> Response:
    """The same tile for pages in the dark."""
    the_map, heat = _office_heat(slug)
    return tile_response(the_map, heat, (z, x, y), kept=KEPT, theme="dark")


def _office_heat(slug: str) -> tuple[MapRecord, Heat]:
    the_map = office_map(slug, Role.VIEWER)
    query, wanted = parse_office_heat(request.args.to_dict(flat=False), the_map)
    refuse_share_of_all(query)
    return the_map, heat_store().heat(session(), the_map, query, Scope.OFFICE, wanted)


def _chosen(the_map: MapRecord) -> str:
    """The filter in the address, without what chooses the surface."""
    names = filter_names(the_map) - {"category"}
    return urlencode([(name, value) for name, value in sorted(request.args.items()) if name in names and value])
