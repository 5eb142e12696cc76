"""The API's documents as pages for people: whatever a program gets as JSON, a browser can read and click through.

For a view that answers both: take `*PAGE_PARAMETERS` among its known parameters, make the document, and

    if wants_html():
        return items_page(the_map, document)
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as WerkzeugResponse

from app.i18n import N_, text_in
from app.queries.columns import Column, pin_columns
from app.queries.maps import MapRecord
from app.security import reader_scope
from app.views.api import blueprint
from app.views.citizen import basemap_config
from app.views.negotiation import PAGE_PARAMETERS, wants_html
from app.views.reader import day, reader_language, say
from gis.crs import WGS84, transformer
from gis.formats.layer import Kind

__all__ = ["PAGE_PARAMETERS", "item_page", "items_page", "page", "properties_page", "wants_html"]

FILTERS = ("bbox", "datetime", "category", "filter", "limit")
"""Parameters that have a field in the form above the items; the others ride along unseen."""
LEFT_BEHIND = frozenset({*FILTERS, "after", "f", "lang"})
KIND_WORDS = {
    Kind.TEXT: N_("text"),
    Kind.INTEGER: N_("whole number"),
    Kind.NUMBER: N_("number"),
    Kind.TIME: N_("date and time"),
    Kind.LIST: N_("several texts"),
}
OF_ITSELF = {"id": N_("UUID"), "geometry": N_("point")}
"""Kinds of what is no column."""


@blueprint.before_request
def drop_empty_fields() -> WerkzeugResponse | None:
    """Leave out what stayed empty in the form above the items: an empty box is no box."""
    if request.endpoint == "api.read_items" and request.args.get("f") == "html" and "" in request.args.values():
        filled = [(name, value) for name, value in request.args.items(multi=True) if value]
        return redirect(f"{url_for(request.endpoint, **request.view_args or {})}?{urlencode(filled)}", 303)
    return None


def page(template: str, **values: Any) -> Response:
    """A page of the API, with its own address as JSON."""
    as_json = f"{request.path}?{_query(f='json')}"
    return Response(render_template(f"api/{template}", json_address=as_json, **values), mimetype="text/html")


def items_page(
    the_map: MapRecord,
    document: bytes | str | Mapping[str, Any],
    *,
    epsg: int = WGS84,
    lat_first: bool = False,
) -> Response:
    """One page of pins as a map, a table and a form to choose others.

    `document` is the FeatureCollection as a program would get it, with its `links`; `epsg` and `lat_first` say in
    which system its coordinates are. The request's parameters fill the form.
    """
    found = _parsed(document)
    columns = pin_columns(the_map, reader_scope(the_map.town_id))
    rows = [_row(feature, columns) for feature in found["features"]]
    return page(
        "items.html",
        the_map=the_map,
        document=found,
        columns=columns,
        words=reader_language(),
        rows=rows,
        links={link["rel"]: link["href"] for link in found.get("links", [])},
        kept=[(name, value) for name, value in request.args.items(multi=True) if name not in LEFT_BEHIND],
        examples=_examples(the_map),
        config=_config(the_map, found["features"], epsg, lat_first=lat_first),
    )


def item_page(
    the_map: MapRecord,
    document: bytes | str | Mapping[str, Any],
    *,
    epsg: int = WGS84,
    lat_first: bool = False,
) -> Response:
    """One pin as a map with its point and a table of what is known of it; `document` is its Feature."""
    feature = _parsed(document)
    columns = pin_columns(the_map, reader_scope(the_map.town_id))
    return page(
        "item.html",
        the_map=the_map,
        feature=feature,
        columns=columns,
        words=reader_language(),
        row=_row(feature, columns),
        config=_config(the_map, [feature], epsg, lat_first=lat_first),
    )


def properties_page(
    the_map: MapRecord, document: Mapping[str, Any], columns: Sequence[Column], name: str
) -> Response:
    """The queryables or the schema of a map's pins as a table; `name` says which."""
    words = reader_language()
    kinds = {column.name: KIND_WORDS[column.kind] for column in columns} | OF_ITSELF
    return page(
        "properties.html",
        document=document,
        the_map=the_map,
        name=name,
        kinds={key: words.gettext(said) for key, said in kinds.items()},
        meanings={column.name: column.value_words(words) for column in columns},
    )


def _examples(the_map: MapRecord) -> list[str]:
    """Filters to begin from, with what this map really has."""
    west, south, east, north = the_map.boundary.bounds
    dx, dy = (east - west) / 4, (north - south) / 4
    box = ",".join(f"{edge:.4f}" for edge in (west + dx, south + dy, east - dx, north - dy))
    category = the_map.categories[-1].key if the_map.categories else "safe"
    return [
        f"category = '{category}' AND comment IS NOT NULL",
        "status IN ('planned', 'done')",
        "supports BETWEEN 1 AND 10",
        "CASEI(comment) LIKE CASEI('%lamp%')",
        f"S_INTERSECTS(geometry, BBOX({box}))",
        "T_AFTER(created_at, TIMESTAMP('2026-01-01T00:00:00Z'))",
    ]


def _parsed(document: bytes | str | Mapping[str, Any]) -> Mapping[str, Any]:
    if isinstance(document, Mapping):
        return document
    found: Mapping[str, Any] = json.loads(document)
    return found


def _row(feature: Mapping[str, Any], columns: tuple[Column, ...]) -> dict[str, Any]:
    """A pin as a line of the table: every value in the reader's words."""
    properties = feature["properties"]
    position = (feature.get("geometry") or {}).get("coordinates") or ()
    return {
        "id": feature["id"],
        "category": properties.get("category"),
        "position": ", ".join(f"{number:.10g}" for number in position),
        "values": {column.name: _said(properties.get(column.name), column) for column in columns},
    }


def _said(value: Any, column: Column) -> str:
    if value is None:
        return ""
    if column.kind is Kind.TIME:
        return f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M} UTC"
    meanings = column.value_words(reader_language())
    if isinstance(value, list):
        return ", ".join(meanings.get(str(one), str(one)) for one in value)
    return meanings.get(str(value), str(value))


def _config(
    the_map: MapRecord, features: list[Mapping[str, Any]], epsg: int, *, lat_first: bool
) -> dict[str, Any]:
    """What the map beside the table needs: the town, and the pins of this page as columns in degrees."""
    order = {category.key: n for n, category in enumerate(the_map.categories)}
    shown = [feature for feature in features if feature.get("geometry")]
    lon, lat = _degrees([feature["geometry"]["coordinates"] for feature in shown], epsg, lat_first=lat_first)
    west, south, east, north = the_map.boundary.bounds
    code = reader_language().code
    return {
        "lang": code,
        "title": say(the_map.title),
        "bounds": [round(edge, 6) for edge in (west, south, east, north)],
        "boundaryUrl": url_for("data.boundary", slug=the_map.slug, v=the_map.version),
        "basemap": basemap_config(the_map),
        "categories": [
            {"key": c.key, "label": text_in(c.word, code), "color": c.color, "shape": c.shape}
            for c in the_map.categories
        ],
        "pins": {
            "ids": [feature["id"] for feature in shown],
            "lon": lon,
            "lat": lat,
            "category": [order.get(feature["properties"].get("category"), 0) for feature in shown],
        },
    }


def _degrees(positions: list[Any], epsg: int, *, lat_first: bool) -> tuple[list[float], list[float]]:
    """Longitudes and latitudes of positions in any system."""
    first, second = [p[0] for p in positions], [p[1] for p in positions]
    x, y = (second, first) if lat_first else (first, second)
    if epsg == WGS84 or not positions:
        return x, y
    lon, lat = transformer(epsg, WGS84)(x, y)
    return [round(float(n), 6) for n in lon], [round(float(n), 6) for n in lat]


def _query(**changed: str) -> str:
    """The parameters of this request with some changed."""
    pairs = [(name, value) for name, value in request.args.items(multi=True) if name not in changed]
    return urlencode(pairs + list(changed.items()))


@blueprint.app_template_filter("api_day")
def api_day(text: str) -> str:
    """The day of a moment in a document, as the reader writes it."""
    return day(datetime.fromisoformat(text))
