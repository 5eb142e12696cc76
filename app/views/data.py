"""Files: what pages draw (boundary, basemap, compact pins), and what people take away."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import brotli  # type: ignore[import-untyped]
from flask import Blueprint, Response, current_app, request, stream_with_context
from shapely.geometry import mapping

from app.db import session
from app.errors import NotAllowed, Problem, Unknown
from app.i18n import N_
from app.inputs.file_forms import FORM_BY_ENDING, parse_epsg
from app.inputs.filters import PUBLIC_FILTER, Scope
from app.inputs.heat import single
from app.queries.compact import compact_pins, pins_version
from app.queries.heat import has_many_pins, shown_version
from app.queries.maps import MapRecord, basemap_layer
from app.services.ground_files import CODINGS, PLAIN, ground_file
from app.views.dictionary import dictionary_file, dictionary_page
from app.views.headers import FOR_EVER
from app.views.heat import heat_store
from app.views.layer_files import ENDING, FILE_PARAMETERS, LAYER, WantedFile, file_response
from app.views.reader import load_map, load_told_map

blueprint = Blueprint("data", __name__)

GEOJSON = "application/geo+json"
ASK_AGAIN = "no-cache"


@blueprint.get("/m/<slug>/boundary.geojson")
def boundary(slug: str) -> Response:
    """The map's boundary."""
    the_map = load_map(slug)
    feature = {"type": "Feature", "properties": {}, "geometry": mapping(the_map.boundary)}
    return _cached(json.dumps(feature), str(the_map.version))


@blueprint.get("/m/<slug>/basemap.geojson")
def basemap(slug: str) -> Response:
    """The map's own vector layer."""
    layer = basemap_layer(session(), load_map(slug).id)
    if layer is None:
        raise Unknown
    return _cached(layer.geojson, layer.fingerprint)


@blueprint.get("/m/<slug>/ground.json")
def ground(slug: str) -> Response:
    """The same layer in the compact form that phones fetch, compressed once for all of them."""
    the_map = load_map(slug)
    fingerprint = the_map.basemap_fingerprint
    if fingerprint is None:
        raise Unknown
    home = current_app.extensions["pocit-config"].home
    coding = next((name for name in CODINGS if request.accept_encodings[name] > 0), PLAIN)
    body = ground_file(home, the_map.id, fingerprint, coding, lambda: _layer(the_map.id))
    response = _cached(body, fingerprint, mimetype="application/json")
    if coding and response.status_code == 200:
        response.headers["Content-Encoding"] = coding
    return response


def _layer(map_id: int) -> str:
    layer = basemap_layer(session(), map_id)
    if layer is None:
        raise Unknown
    return layer.geojson


@blueprint.get("/m/<slug>/pins.json")
def compact(slug: str) -> Response:
    """Public pins as columns: small enough to draw all of a town's on a phone."""
    the_map = load_map(slug)
    if not the_map.publish_pins:
        raise NotAllowed(Problem("map", N_("This map does not publish its pins.")))
    if has_many_pins(session(), the_map):
        return _kept_pins(the_map)
    # The mark first: of a pin that comes in between, the next answer tells; the other way round none would.
    version = pins_version(session(), the_map, PUBLIC_FILTER)
    return compact_response(version, lambda: compact_pins(session(), the_map, PUBLIC_FILTER))


def _kept_pins(the_map: MapRecord) -> Response:
    """Very many pins, some seconds old: made and compressed once for all who look while others pin."""
    version = shown_version(session(), the_map)
    response = Response(mimetype="application/json")
    response.headers["Cache-Control"] = ASK_AGAIN
    response.vary.add("Accept-Encoding")
    response.set_etag(version)
    response.make_conditional(request)
    if response.status_code == 304:
        return response

    def written() -> bytes:
        return current_app.json.dumps(compact_pins(session(), the_map, PUBLIC_FILTER)).encode()

    key = (the_map.id, version, "pins")
    if request.accept_encodings["br"]:
        packed = heat_store().picture((*key, "br"), lambda: brotli.compress(written(), quality=5))
        response.set_data(packed)
        response.headers["Content-Encoding"] = "br"
    else:
        response.set_data(heat_store().picture(key, written))
    return response


@blueprint.get(f"/data/<slug>/<{LAYER}:name>.<{ENDING}:ending>")
def layer_file(slug: str, name: str, ending: str) -> Response:
    """One layer of what everybody may see, or all of them, as a file."""
    the_map = load_told_map(slug)
    asked = single(request.args.to_dict(flat=False), FILE_PARAMETERS)
    return file_response(
        WantedFile(the_map, name, FORM_BY_ENDING[ending], Scope.PUBLIC, parse_epsg(asked.get("crs")))
    )


@blueprint.get("/data/<slug>/columns")
def columns(slug: str) -> str:
    """What the columns of the pins mean."""
    return dictionary_page(load_map(slug), Scope.PUBLIC)


@blueprint.get("/data/<slug>/columns.<any(csv, json):ending>")
def columns_file(slug: str, ending: str) -> Response:
    """The same as a file."""
    return dictionary_file(load_map(slug), Scope.PUBLIC, ending)


def streamed(pieces: Iterable[bytes], *, mimetype: str, filename: str) -> Response:
    """A file sent while its rows are read by this request's session.

    Flask takes the request down before the first piece is asked for, and with it the session; what is read
    afterwards begins a transaction that nobody would end. So the last piece ends it.
    """
    reading = session()

    def whole() -> Iterator[bytes]:
        try:
            yield from pieces
        finally:
            reading.close()

    response = Response(stream_with_context(whole()), mimetype=mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response


def compact_response(version: str, columns: Callable[[], dict[str, Any]]) -> Response:
    """Columns of pins, read and sent again only when they changed."""
    response = Response(mimetype="application/json")
    response.headers["Cache-Control"] = ASK_AGAIN
    response.set_etag(version)
    response.make_conditional(request)
    if response.status_code != 304:
        response.set_data(current_app.json.dumps(columns()))
    return response


def _cached(body: str | bytes, mark: str, *, mimetype: str = GEOJSON) -> Response:
    """An answer for ever where the address carries the current fingerprint, else one to ask again for."""
    response = Response(body, mimetype=mimetype)
    response.headers["Cache-Control"] = FOR_EVER if request.args.get("v") == mark else ASK_AGAIN
    response.set_etag(mark)
    response.make_conditional(request)
    return response
