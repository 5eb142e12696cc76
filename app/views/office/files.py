"""What an official takes away: everything known of the pins that the filter chooses, and the other layers."""

from __future__ import annotations

from flask import Response, request

from app.inputs.file_forms import FORM_BY_ENDING, parse_epsg
from app.inputs.filters import PinFilter, Scope
from app.inputs.heat import single
from app.inputs.office import parse_office_pins
from app.queries.layers import LAYERS
from app.views.dictionary import dictionary_file, dictionary_page
from app.views.layer_files import ENDING, FILE_PARAMETERS, LAYER, WantedFile, file_response
from app.views.office import blueprint
from app.views.office.access import for_gis_clients, office_map


@blueprint.get(f"/maps/<slug>/<{LAYER}:name>.<{ENDING}:ending>")
@for_gis_clients
def layer_file(slug: str, name: str, ending: str) -> Response:
    """One layer, or all of them, as a file; made of the pins that the filter in the address chooses."""
    the_map = office_map(slug)
    arguments = request.args.to_dict(flat=False)
    own = {key: arguments.pop(key) for key in FILE_PARAMETERS & arguments.keys()}
    asked = single(own, FILE_PARAMETERS)
    if name in LAYERS and LAYERS[name].chosen:
        pins = parse_office_pins(arguments, the_map)
    else:
        single(arguments, frozenset())
        pins = PinFilter()
    return file_response(
        WantedFile(the_map, name, FORM_BY_ENDING[ending], Scope.OFFICE, parse_epsg(asked.get("crs")), pins)
    )


@blueprint.get("/maps/<slug>/columns")
@for_gis_clients
def columns(slug: str) -> str:
    """What the columns of the office's files mean."""
    return dictionary_page(office_map(slug), Scope.OFFICE)


@blueprint.get("/maps/<slug>/columns.<any(csv, json):ending>")
@for_gis_clients
def columns_file(slug: str, ending: str) -> Response:
    """The same as a file."""
    return dictionary_file(office_map(slug), Scope.OFFICE, ending)
