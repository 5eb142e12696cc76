"""Pages of Features and single ones as documents, with links that keep every parameter."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Response, g, request

from app.db import session
from app.inputs.crs_parameters import Crs
from app.inputs.item_parameters import OF_A_PAGE, After, ItemsWanted
from app.queries.features import rfc3339
from app.queries.item_pages import FeaturePage, Reading, count_pins
from app.queries.maps import MapRecord
from app.security import server_secret
from app.views.api.links import GEOJSON_TYPE, HTML_TYPE, JSON_TYPE, Link, address
from app.views.negotiation import HTML, JSON, wants_html
from gis.crs import WGS84, transformer
from gis.formats.layer_geojson import decimals_of

TIME_STAMP = re.compile(rb'"timeStamp":"[^"]*"')


def collection_document(reading: Reading, wanted: ItemsWanted, page: FeaturePage) -> bytes:
    """The FeatureCollection of a page."""
    matched = page.returned if wanted.after is None and not page.more else _matched(reading, wanted)
    links = _own_links()
    if page.more and page.last:
        after = After(page.last, matched, _seal(reading, matched))
        links.append(_link("next", _address({"after": str(after)}), GEOJSON_TYPE))
    links.append(_collection_link(reading.the_map))
    head = {
        "type": "FeatureCollection",
        "numberMatched": matched,
        "numberReturned": page.returned,
        "timeStamp": rfc3339(datetime.now(UTC)),
        "links": links,
    }
    return as_bytes(head)[:-1] + b',"features":[\n' + page.features + b"\n]}\n"


def feature_document(the_map: MapRecord, feature: bytes) -> bytes:
    """A single Feature, with its links."""
    return feature.rstrip()[:-1] + b',"links":' + as_bytes([*_own_links(), _collection_link(the_map)]) + b"}\n"


def feature_response(document: bytes, crs: Crs) -> Response:
    """Features as an answer; who has them already is told so, whatever the time of the answer was."""
    response = Response(document, mimetype=GEOJSON_TYPE)
    response.headers["Content-Crs"] = f"<{crs.uri}>"
    if not g.get("private_answer"):
        response.headers["Cache-Control"] = "no-cache"
        timeless = TIME_STAMP.sub(b"", document, count=1)
        response.set_etag(hashlib.blake2b(timeless, digest_size=12).hexdigest(), weak=True)
        response.make_conditional(request)
    return response


def in_system(position: Sequence[float], crs: Crs) -> list[float]:
    """Longitude and latitude in a system, in the order of its axes."""
    if crs.epsg == WGS84:
        x, y = position
    else:
        moved = transformer(WGS84, crs.epsg)(*position)
        x, y = (round(float(number), decimals_of(crs.epsg)) for number in moved)
    return [y, x] if crs.lat_first else [x, y]


def _matched(reading: Reading, wanted: ItemsWanted) -> int:
    """How many pins match: counted on the first page, and carried from there in the links of the reading."""
    after = wanted.after
    if after and after.matched is not None and hmac.compare_digest(after.seal, _seal(reading, after.matched)):
        return after.matched
    return count_pins(session(), reading, wanted.choice)


def _seal(reading: Reading, matched: int) -> str:
    """Our word that so many pins match what this request asks for."""
    choice = sorted((name, value) for name, value in request.args.items() if name not in OF_A_PAGE)
    said = json.dumps([reading.the_map.id, reading.scope, choice, matched])
    return hmac.new(server_secret(), said.encode("utf-8", "replace"), "sha256").hexdigest()[:16]


def _own_links() -> list[Link]:
    """The ways to the same answer as a document and as a page."""
    as_html = wants_html()
    return [
        _link("alternate" if as_html else "self", _address({"f": JSON} if as_html else {}), GEOJSON_TYPE),
        _link("self" if as_html else "alternate", _address({} if as_html else {"f": HTML}), HTML_TYPE),
    ]


def _address(changed: dict[str, str]) -> str:
    """The address asked, with some parameters changed."""
    asked = urlencode(request.args.to_dict() | changed)
    plain = address(str(request.endpoint), **(request.view_args or {}))
    return f"{plain}?{asked}" if asked else plain


def _collection_link(the_map: MapRecord) -> Link:
    return _link("collection", address("api.collection", slug=the_map.slug), JSON_TYPE)


def _link(rel: str, href: str, kind: str) -> Link:
    return {"rel": rel, "type": kind, "href": href}


def as_bytes(document: Any) -> bytes:
    """A document as JSON."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
