"""The API's front door: what there is, and to which standards it keeps."""

from __future__ import annotations

from typing import Any

from flask import Response

from app.i18n import N_
from app.views.api import blueprint
from app.views.api.bodies import known_parameters
from app.views.api.links import (
    HTML_TYPE,
    JSON_TYPE,
    OGC,
    OPENAPI_TYPE,
    address,
    both_forms,
    link,
)
from app.views.api.metadata import metadata_response
from app.views.api.pages import PAGE_PARAMETERS, page, wants_html
from app.views.reader import reader_language

FEATURES = "http://www.opengis.net/spec/ogcapi-features-{part}/1.0/conf/{name}"
CQL2 = "http://www.opengis.net/spec/cql2/1.0/conf/{name}"
TILES = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/{name}"
COMMON = "http://www.opengis.net/spec/ogcapi-common-{part}/1.0/conf/{name}"
SCHEMAS = "http://www.opengis.net/spec/ogcapi-features-5/1.0/conf/{name}"

CONFORMS_TO: tuple[str, ...] = (
    COMMON.format(part=1, name="core"),
    COMMON.format(part=2, name="collections"),
    *(FEATURES.format(part=1, name=name) for name in ("core", "geojson", "html", "oas30")),
    FEATURES.format(part=2, name="crs"),
    *(
        FEATURES.format(part=3, name=name)
        for name in ("queryables", "queryables-query-parameters", "filter", "features-filter")
    ),
    *(
        CQL2.format(name=name)
        for name in (
            "cql2-text",
            "basic-cql2",
            "advanced-comparison-operators",
            "case-insensitive-comparison",
            "accent-insensitive-comparison",
            "basic-spatial-functions",
            "basic-spatial-functions-plus",
        )
    ),
    FEATURES.format(part=4, name="create-replace-delete"),
    FEATURES.format(part=4, name="update"),
    *(
        TILES.format(name=name)
        for name in ("core", "tileset", "tilesets-list", "geodata-tilesets", "datetime", "mvt")
    ),
)
"""The classes whose every requirement is met; tests/http/test_api_document.py tries those it can."""

STANDARDS = {
    "ogcapi-common-1": "OGC API – Common, part 1: Core",
    "ogcapi-common-2": "OGC API – Common, part 2: Geospatial Data",
    "ogcapi-features-1": "OGC API – Features, part 1: Core",
    "ogcapi-features-2": "OGC API – Features, part 2: Coordinate Reference Systems by Reference",
    "ogcapi-features-3": "OGC API – Features, part 3: Filtering",
    "ogcapi-features-4": "OGC API – Features, part 4: Create, Replace, Update and Delete",
    "ogcapi-features-5": "OGC API – Features, part 5: Schemas",
    "ogcapi-tiles-1": "OGC API – Tiles, part 1: Core",
    "cql2": "Common Query Language (CQL2)",
}
"""What the standards call themselves."""


@blueprint.get("/")
def landing() -> Response:
    """What the API is, and the way to each of its documents."""
    known_parameters(*PAGE_PARAMETERS)
    words = reader_language()
    document = {
        "title": words.gettext(N_("Emotional maps: the API")),
        "description": words.gettext(
            N_(
                "Where people feel well, where they don’t, and what to improve: the pins of each map, "
                "for a GIS and for programs."
            )
        ),
        "links": _links(),
    }
    if wants_html():
        return page("landing.html", document=document)
    return metadata_response(document)


@blueprint.get("/conformance")
def conformance() -> Response:
    """The classes of the standards that the API keeps to."""
    known_parameters(*PAGE_PARAMETERS)
    document = {"conformsTo": list(CONFORMS_TO), "links": both_forms("api.conformance", N_("Standards kept to"))}
    if wants_html():
        return page("conformance.html", document=document, standards=_standards())
    return metadata_response(document)


def _links() -> list[dict[str, str]]:
    definition, collections = address("api.openapi"), address("api.collections")
    return [
        *both_forms("api.landing", N_("Emotional maps: the API")),
        link("service-desc", definition, OPENAPI_TYPE, N_("Definition of the API (OpenAPI)")),
        link("service-doc", address("api.docs"), HTML_TYPE, N_("How to use the API")),
        link("conformance", address("api.conformance"), JSON_TYPE, N_("Standards kept to")),
        link(f"{OGC}conformance", address("api.conformance"), JSON_TYPE, N_("Standards kept to")),
        link("data", collections, JSON_TYPE, N_("The maps, each a collection of pins")),
        link(f"{OGC}data", collections, JSON_TYPE, N_("The maps, each a collection of pins")),
    ]


def _standards() -> list[dict[str, Any]]:
    """The classes under the names of their standards."""
    found: dict[str, list[str]] = {}
    for conformance_class in CONFORMS_TO:
        key = conformance_class.split("/")[4]
        found.setdefault(STANDARDS.get(key, key), []).append(conformance_class)
    return [{"name": name, "classes": classes} for name, classes in found.items()]
