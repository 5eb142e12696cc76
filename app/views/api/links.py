"""Links between the API's documents: absolute, as proxies in front made the address look."""

from __future__ import annotations

from typing import Any

from flask import request, url_for

from app.views.negotiation import HTML, JSON
from app.views.reader import reader_language

Link = dict[str, str]

OGC = "http://www.opengis.net/def/rel/ogc/1.0/"
"""Before the names of OGC's own link relations."""
JSON_TYPE = "application/json"
HTML_TYPE = "text/html"
SCHEMA_TYPE = "application/schema+json"
JPEG_TYPE = "image/jpeg"
MULTIPART_TYPE = "multipart/form-data"
MVT_TYPE = "application/vnd.mapbox-vector-tile"
GEOJSON_TYPE = "application/geo+json"
OPENAPI_TYPE = "application/vnd.oai.openapi+json;version=3.0"
"""Exactly so: QGIS compares the text."""


def address(endpoint: str, **values: Any) -> str:
    """The absolute address of a view."""
    return url_for(endpoint, _external=True, **values)


def api_root() -> str:
    """The API's address without a slash at its end."""
    return address("api.landing").rstrip("/")


def link(rel: str, href: str, kind: str, title: str) -> Link:
    """One link; `title` is a gettext id."""
    return {"rel": rel, "type": kind, "title": reader_language().gettext(title), "href": href}


def both_forms(endpoint: str, title: str, *, kind: str = JSON_TYPE, **values: Any) -> list[Link]:
    """The links of a document to itself and to the same as a page, the shown one as `self`."""
    as_html = request.args.get("f") == HTML
    return [
        link("alternate" if as_html else "self", address(endpoint, f=JSON, **values), kind, title),
        link("self" if as_html else "alternate", address(endpoint, f=HTML, **values), HTML_TYPE, title),
    ]
