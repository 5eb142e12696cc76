"""The collections of the API: one a map, what it holds and what may be asked of it.

A map that does not publish its pins is not in the list, but its own address answers: phones send pins there, and
who asks for it in a GIS reads why there is nothing to load. An official's token opens it as it opens drafts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Response, current_app

from app.db import session
from app.i18n import N_
from app.inputs.crs_parameters import CRS84, offered_crs
from app.inputs.file_forms import FORMS
from app.inputs.filters import Scope
from app.inputs.open_data_form import MAKERS
from app.queries.collections import all_towns, collection_slugs, pin_span
from app.queries.columns import pin_columns
from app.queries.features import rfc3339
from app.queries.maps import MapCache, MapRecord
from app.queries.open_data import data_set, gives_data
from app.security import official_of_token, reader_scope
from app.views.api import blueprint
from app.views.api.bodies import known_parameters
from app.views.api.links import (
    GEOJSON_TYPE,
    HTML_TYPE,
    JSON_TYPE,
    OGC,
    SCHEMA_TYPE,
    Link,
    address,
    both_forms,
    link,
)
from app.views.api.metadata import metadata_response
from app.views.api.pages import PAGE_PARAMETERS, page, properties_page, wants_html
from app.views.api.property_schemas import queryables_document, schema_document
from app.views.heat import heat_store
from app.views.hosts import own_root
from app.views.markdown import plain_text
from app.views.negotiation import HTML
from app.views.reader import load_map, reader_language, say

COLLECTION = "/collections/<slug>"
FEW = 30
"""Maps of which a list is made anew each time."""
LIST_KEPT_S = 300
COLLECTION_BYTES = 10_000
"""About what one of a list takes in memory."""


@blueprint.get("/collections")
def collections() -> Response:
    """The maps whose pins the asker may read."""
    known_parameters(*PAGE_PARAMETERS)
    maps = readable_maps()
    document = {
        "links": both_forms("api.collections", N_("The maps, each a collection of pins")),
        "collections": _kept_collections(maps),
    }
    if wants_html():
        return page("collections.html", document=document, maps=maps)
    return metadata_response(document)


def _kept_collections(maps: Sequence[MapRecord]) -> list[dict[str, Any]]:
    """The maps as they stand in the list; of many, when their last pins came is some minutes old."""
    if len(maps) <= FEW or official_of_token() is not None:
        return [_collection(the_map) for the_map in maps]
    now = datetime.now(UTC)
    state = tuple((the_map.id, the_map.version, the_map.is_open(now)) for the_map in maps)
    key = ("collections", reader_language().code, own_root(), hash(state), now.timestamp() // LIST_KEPT_S)
    size = len(maps) * COLLECTION_BYTES
    return heat_store().remember(key, lambda: [_collection(the_map) for the_map in maps], size)


@blueprint.get(COLLECTION)
def collection(slug: str) -> Response:
    """One map: what it is, where and when, in which systems and forms its pins are to be had."""
    known_parameters(*PAGE_PARAMETERS)
    the_map = load_map(slug)
    document = _collection(the_map, alone=True)
    if wants_html():
        files = [one for one in document["links"] if one["rel"] == "enclosure"]
        return page(
            "collection.html", document=document, the_map=the_map, files=files, readable=is_readable(the_map)
        )
    return metadata_response(document)


@blueprint.get(COLLECTION + "/queryables")
def queryables(slug: str) -> Response:
    """What pins can be chosen by, as a JSON Schema."""
    return _properties(slug, "queryables")


@blueprint.get(COLLECTION + "/schema")
def schema(slug: str) -> Response:
    """What a pin has, as a JSON Schema."""
    return _properties(slug, "schema")


def _properties(slug: str, name: str) -> Response:
    known_parameters(*PAGE_PARAMETERS)
    the_map = load_map(slug)
    columns = pin_columns(the_map, reader_scope(the_map.town_id))
    make = queryables_document if name == "queryables" else schema_document
    document = make(address(f"api.{name}", slug=slug), say(the_map.title), columns, reader_language())
    if wants_html():
        return properties_page(the_map, document, columns, name)
    return metadata_response(document, SCHEMA_TYPE)


def readable_maps() -> list[MapRecord]:
    """The maps whose pins the asker may read: those that publish them, and those of a token's official."""
    official = official_of_token()
    towns: list[int] = []
    if official is not None:
        towns = official.town_ids if official.town_ids is not None else all_towns(session())
    cache: MapCache = current_app.extensions["pocit-maps"]
    maps = cache.get_many(session(), collection_slugs(session(), towns))
    return [the_map for the_map in maps if is_readable(the_map)]


def is_readable(the_map: MapRecord) -> bool:
    """Whether the asker may read the map's pins."""
    return the_map.publish_pins or reader_scope(the_map.town_id) is Scope.OFFICE


def _collection(the_map: MapRecord, *, alone: bool = False) -> dict[str, Any]:
    readable = is_readable(the_map)
    systems = [crs.uri for crs in offered_crs(the_map)]
    return {
        "id": the_map.slug,
        "title": say(the_map.title),
        "description": _description(the_map, readable=readable),
        "attribution": the_map.town,
        "extent": _extent(the_map, readable=readable),
        "itemType": "feature",
        "crs": systems,
        "storageCrs": CRS84.uri,
        "links": _links(the_map, readable=readable, alone=alone),
    }


def _description(the_map: MapRecord, *, readable: bool) -> str:
    said = plain_text(say(the_map.intro))
    if readable:
        return said or reader_language().gettext(N_("What people pinned on the map."))
    closed = reader_language().gettext(
        N_("This map does not publish its single pins. The town’s officials read them with a personal token.")
    )
    return f"{said} {closed}".strip()


def _extent(the_map: MapRecord, *, readable: bool) -> dict[str, Any]:
    """The boundary's box, and the time of the pins; of what is not published only when the map was open."""
    found: dict[str, Any] = {
        "spatial": {"bbox": [[round(edge, 7) for edge in the_map.boundary.bounds]], "crs": CRS84.uri}
    }
    first, last = the_map.opens_at, the_map.closes_at
    if readable:
        cache: MapCache = current_app.extensions["pocit-maps"]
        span = pin_span(session(), cache.told(session(), the_map), reader_scope(the_map.town_id))
        first, last = span.first, None if the_map.is_open() else span.last
    if first or last:
        gregorian = "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian"
        found["temporal"] = {"interval": [[rfc3339(first), rfc3339(last)]], "trs": gregorian}
    return found


def _links(the_map: MapRecord, *, readable: bool, alone: bool) -> list[Link]:
    slug = the_map.slug
    if alone:
        links = both_forms("api.collection", N_("The map as a collection"), slug=slug)
    else:
        links = [link("self", address("api.collection", slug=slug), JSON_TYPE, N_("The map as a collection"))]
    links += [
        link(f"{OGC}queryables", address("api.queryables", slug=slug), SCHEMA_TYPE, N_("What to choose pins by")),
        link(f"{OGC}schema", address("api.schema", slug=slug), SCHEMA_TYPE, N_("What a pin has")),
        link("related", address("citizen.citizen_page", slug=slug), HTML_TYPE, N_("The page on which people pin")),
        link("related", address("results.results_page", slug=slug), HTML_TYPE, N_("What people said")),
    ]
    return links + (_reading(the_map) if readable else []) + _open_data(the_map)


def _open_data(the_map: MapRecord) -> list[Link]:
    """The page of all that is to be had of the map, and what the catalogue says of it: record and terms."""
    if not gives_data(the_map):
        return []
    page_of_all = address("open_data.map_data", slug=the_map.slug)
    links = [link("related", page_of_all, HTML_TYPE, N_("All files of the map"))]
    found = data_set(session(), the_map)
    if found is not None:
        record = address("open_data.record", slug=the_map.slug)
        terms = MAKERS[found.open_data.terms.maker].iri
        links += [
            link("describedby", record, "application/ld+json", N_("The record in the open-data catalogue")),
            link("license", terms, HTML_TYPE, N_("Terms of use")),
        ]
    return links


def _reading(the_map: MapRecord) -> list[Link]:
    """The ways to the pins themselves: items, files; an official's files are theirs."""
    slug = the_map.slug
    items = address("api.read_items", slug=slug)
    links = [
        link("items", items, GEOJSON_TYPE, N_("The pins")),
        link("items", address("api.read_items", slug=slug, f=HTML), HTML_TYPE, N_("The pins")),
        link(
            f"{OGC}tilesets-vector", address("api.tilesets", slug=slug), JSON_TYPE, N_("The pins as vector tiles")
        ),
    ]
    if the_map.publish_pins:
        root = address("pages.home")
        links += [
            link("enclosure", f"{root}data/{slug}/pins.{form.ending}", form.mimetype, form.title)
            for form in FORMS.values()
        ]
    return links
