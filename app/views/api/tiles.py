"""A map's pins as vector tiles, and what describes them: OGC API – Tiles part 1, one tileset a map.

Tiles are marked by a hash of their own bytes, which follow from the pins alone: whatever changes in a tile changes
its mark, and nothing else does. Whoever keeps a tile asks each time whether it still holds (`no-cache`): a pin
that was hidden because of what it says shall not live on in caches for even a minute.
"""

from __future__ import annotations

import hashlib

from flask import Response, request

from app.db import session
from app.errors import Malformed, NotAllowed, Problem, Unknown
from app.i18n import N_
from app.inputs.filters import Scope
from app.inputs.item_parameters import parse_items
from app.queries.columns import pin_columns
from app.queries.maps import MapRecord
from app.queries.vector_tiles import TileAddress, vector_tile
from app.security import reader_scope
from app.views.api import blueprint
from app.views.api.bodies import known_parameters
from app.views.api.metadata import metadata_response
from app.views.api.tile_documents import MVT, tile_matrix_set_document, tileset_document, tilesets_document
from app.views.reader import load_told_map

TILES = "/collections/<slug>/tiles"
PARAMETERS = ("datetime", "filter", "filter-lang", "filter-crs", "f")
"""What may be asked of a tile, beside each property of a pin."""
DOCUMENT_PARAMETERS = ("f", "lang")


@blueprint.get(TILES)
def tilesets(slug: str) -> Response:
    """The tilesets of a map: its pins in the squares of web maps."""
    _known_form("json", *DOCUMENT_PARAMETERS)
    return metadata_response(tilesets_document(_readable(slug)[0]))


@blueprint.get(TILES + "/WebMercatorQuad")
def tileset(slug: str) -> Response:
    """What the tiles hold, where they are, and how to ask for one; also a TileJSON."""
    _known_form("json", *DOCUMENT_PARAMETERS)
    return metadata_response(tileset_document(*_readable(slug)))


@blueprint.get(TILES + "/WebMercatorQuad/<int:z>/<int:row>/<int:col>")
def tile(slug: str, z: int, row: int, col: int) -> Response:
    """One tile of pins; 204 where there are none, Unknown where no tile can be."""
    address = TileAddress(z, row, col)
    if not address.is_there:
        raise Unknown
    the_map, scope = _readable(slug)
    columns = pin_columns(the_map, scope)
    _known_form("mvt", *PARAMETERS, *(column.name for column in columns))
    wanted = parse_items(request.args, the_map, columns).choice
    return _tile_response(vector_tile(session(), the_map, wanted, scope, address), scope)


@blueprint.get("/tileMatrixSets/WebMercatorQuad")
def tile_matrix_set() -> Response:
    """The squares of web maps, zoom by zoom."""
    _known_form("json", *DOCUMENT_PARAMETERS)
    return metadata_response(tile_matrix_set_document())


def _tile_response(found: bytes, scope: Scope) -> Response:
    """The tile, or no content: who draws maps takes nothing with 200 for a failure, and 404 for a hole."""
    response = Response(found, 200 if found else 204)
    response.headers["Content-Type"] = MVT
    response.headers["Cache-Control"] = "public, no-cache" if scope is Scope.PUBLIC else "private, no-store"
    response.set_etag(hashlib.sha256(found).hexdigest()[:20])
    response.make_conditional(request)
    return response


def _readable(slug: str) -> tuple[MapRecord, Scope]:
    """The map and whose eyes the asker has; NotAllowed where those may not see its pins."""
    the_map = load_told_map(slug)
    scope = reader_scope(the_map.town_id)
    if scope is Scope.PUBLIC and not the_map.publish_pins:
        raise NotAllowed(Problem("map", N_("This map does not publish its pins.")))
    return the_map, scope


def _known_form(form: str, *parameters: str) -> None:
    """Refuse parameters that nobody knows, and any other form than the one there is."""
    known_parameters(*parameters)
    if request.args.get("f", form) != form:
        raise Malformed(Problem("f", N_("This must be one of: %(allowed)s."), {"allowed": form}))
