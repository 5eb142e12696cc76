"""What describes the vector tiles: OGC's tileset metadata, which is a TileJSON at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.i18n import N_, Language
from app.inputs.filters import Scope
from app.queries.columns import Column
from app.queries.maps import MapRecord
from app.queries.vector_tiles import LAYER, MOST_ZOOM, PINS, tile_columns, tile_ranges
from app.views.api.links import JSON_TYPE, OGC, address, link
from app.views.api.property_schemas import property_schema
from app.views.reader import reader_language, say
from gis.formats.layer import ID, Kind
from gis.mercator import HALF_WORLD_M, TILE_PIXELS

MVT = "application/vnd.mapbox-vector-tile"
WEB_MERCATOR = "http://www.opengis.net/def/crs/EPSG/0/3857"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
TILE_MATRIX_SET = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
SCHEME = "http://www.opengis.net/def/wkss/OGC/1.0/GoogleMapsCompatible"
PIXEL_M = 0.00028
"""The size of a pixel by which OGC tells scales."""

TITLE = N_("The pins as vector tiles")


def tilesets_document(the_map: MapRecord) -> dict[str, Any]:
    """The one tileset of a map, in OGC's list."""
    return {
        "links": [link("self", address("api.tilesets", slug=the_map.slug), JSON_TYPE, TITLE)],
        "tilesets": [
            {
                "title": say(the_map.title),
                "dataType": "vector",
                "crs": WEB_MERCATOR,
                "tileMatrixSetURI": TILE_MATRIX_SET,
                "links": _links(the_map),
            }
        ],
    }


def tileset_document(the_map: MapRecord, scope: Scope) -> dict[str, Any]:
    """What the tiles of a map hold for this scope, where they are and how to ask for one."""
    words = reader_language()
    west, south, east, north = (round(edge, 7) for edge in the_map.boundary.bounds)
    columns = tile_columns(the_map, scope)
    described = words.gettext(
        N_(
            "Each pin with its properties; where a tile would hold too many, one point for each category and "
            "small square, with the number of its pins."
        )
    )
    return {
        "title": say(the_map.title),
        "description": described,
        "attribution": the_map.town,
        "dataType": "vector",
        "crs": WEB_MERCATOR,
        "tileMatrixSetURI": TILE_MATRIX_SET,
        "tileMatrixSetLimits": _limits(the_map),
        "boundingBox": {"lowerLeft": [west, south], "upperRight": [east, north], "crs": CRS84},
        "centerPoint": {"coordinates": [(west + east) / 2, (south + north) / 2], "crs": CRS84},
        "layers": [_layer(columns, words)],
        "mediaTypes": [MVT],
        "links": _links(the_map),
        **_tilejson(the_map, columns, words, (west, south, east, north)),
    }


def tile_matrix_set_document() -> dict[str, Any]:
    """The definition of WebMercatorQuad as far as our tiles go."""
    return {
        "id": "WebMercatorQuad",
        "title": "Google Maps Compatible for the World",
        "uri": TILE_MATRIX_SET,
        "crs": WEB_MERCATOR,
        "orderedAxes": ["X", "Y"],
        "wellKnownScaleSet": SCHEME,
        "tileMatrices": [_matrix(zoom) for zoom in range(MOST_ZOOM + 1)],
    }


def tiles_template(the_map: MapRecord, zoom: str, row: str, col: str) -> str:
    """The address of a tile with names in braces for its place: row before column."""
    return f"{address('api.tileset', slug=the_map.slug)}/{{{zoom}}}/{{{row}}}/{{{col}}}"


def _links(the_map: MapRecord) -> list[dict[str, Any]]:
    slug = the_map.slug
    tile = link("item", tiles_template(the_map, "tileMatrix", "tileRow", "tileCol"), MVT, N_("A tile of pins"))
    return [
        link("self", address("api.tileset", slug=slug), JSON_TYPE, TITLE),
        {**tile, "templated": True},
        link(f"{OGC}tiling-scheme", address("api.tile_matrix_set"), JSON_TYPE, N_("The squares of web maps")),
        link(f"{OGC}geodata", address("api.collection", slug=slug), JSON_TYPE, N_("The map as a collection")),
    ]


def _limits(the_map: MapRecord) -> list[dict[str, Any]]:
    return [
        {
            "tileMatrix": str(there.zoom),
            "minTileRow": there.first_row,
            "maxTileRow": there.last_row,
            "minTileCol": there.first_col,
            "maxTileCol": there.last_col,
        }
        for there in tile_ranges(the_map)
    ]


def _layer(columns: Sequence[Column], words: Language) -> dict[str, Any]:
    properties = {column.name: _in_tile(column, words) for column in columns}
    own = {
        ID: {"title": words.gettext(N_("The id, made by the sender")), "type": "string", "format": "uuid"},
        PINS: {"title": words.gettext(N_("How many pins the point stands for")), "type": "integer"},
    }
    return {
        "id": LAYER,
        "dataType": "vector",
        "geometryDimension": 0,
        "propertiesSchema": {"type": "object", "properties": own | properties},
    }


def _in_tile(column: Column, words: Language) -> dict[str, Any]:
    """The schema of a column as tiles have it: no lists, hence the text of their JSON."""
    if column.kind is Kind.LIST:
        return {"title": column.in_words(words), "type": "string", "contentMediaType": JSON_TYPE}
    return property_schema(column, words)


def _tilejson(
    the_map: MapRecord, columns: Sequence[Column], words: Language, bounds: tuple[float, float, float, float]
) -> dict[str, Any]:
    """The members of TileJSON 3.0, which MapLibre and others read from the same address."""
    west, south, east, north = bounds
    fields = {ID: "String", PINS: "Number"} | {column.name: _tilejson_type(column) for column in columns}
    return {
        "tilejson": "3.0.0",
        "name": say(the_map.title),
        "tiles": [tiles_template(the_map, "z", "y", "x")],
        "minzoom": 0,
        "maxzoom": MOST_ZOOM,
        "bounds": [west, south, east, north],
        "center": [(west + east) / 2, (south + north) / 2, 12],
        "vector_layers": [
            {
                "id": LAYER,
                "description": words.gettext(N_("The pins")),
                "minzoom": 0,
                "maxzoom": MOST_ZOOM,
                "fields": fields,
            }
        ],
    }


def _tilejson_type(column: Column) -> str:
    return "Number" if column.kind in (Kind.INTEGER, Kind.NUMBER) else "String"


def _matrix(zoom: int) -> dict[str, Any]:
    cell_m = 2 * HALF_WORLD_M / TILE_PIXELS / 2**zoom
    return {
        "id": str(zoom),
        "scaleDenominator": cell_m / PIXEL_M,
        "cellSize": cell_m,
        "cornerOfOrigin": "topLeft",
        "pointOfOrigin": [-HALF_WORLD_M, HALF_WORLD_M],
        "tileWidth": TILE_PIXELS,
        "tileHeight": TILE_PIXELS,
        "matrixWidth": 2**zoom,
        "matrixHeight": 2**zoom,
    }
