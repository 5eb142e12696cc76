"""What the town answered, as an Atom feed (RFC 4287), in the map's own language."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from flask import Blueprint, Response, render_template, request, url_for

from app.db import session
from app.i18n import N_, Language, language, text_in
from app.inputs.answer_forms import STATUS_WORDS
from app.models import PinStatus
from app.queries.answers import NEWEST, AnsweredPin, PlaceRecord, answered_pins, list_places
from app.queries.features import rfc3339
from app.queries.maps import MapRecord
from app.queries.strong_places import place_names
from app.views.heat import heat_store
from app.views.reader import load_map
from gis.crs import to_metric

blueprint = Blueprint("answers_feed", __name__)

ATOM = "http://www.w3.org/2005/Atom"
XML = "http://www.w3.org/XML/1998/namespace"
MIMETYPE = "application/atom+xml"
NAMESPACE = uuid.UUID("8f0c1f3e-4c1f-5a53-9d2c-1f1d6b1b7a55")
"""Of feeds' ids: with a map's salt it gives one that no other map has, and that stays when the server moves."""
BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
"""When a feed was last changed that never had an entry, of a map without a beginning."""
NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

ET.register_namespace("", ATOM)


@dataclass(frozen=True)
class Entry:
    """One answer as a reader of feeds shows it."""

    id: uuid.UUID
    title: str
    updated: datetime
    status: str
    html: str
    anchor: str


@blueprint.get("/m/<slug>/answers.atom")
def answers_feed(slug: str) -> Response:
    """The newest answers: of places, and of single pins where the map publishes them."""
    the_map = load_map(slug)
    words = language(the_map.languages[0])
    entries = _entries(the_map, words)
    updated = max((entry.updated for entry in entries), default=the_map.opens_at or BEGINNING)
    body = _document(the_map, words, entries, updated)
    response = Response(body, mimetype=MIMETYPE)
    response.headers["Cache-Control"] = "public, no-cache"
    response.headers["Content-Language"] = words.code
    response.last_modified = updated
    response.set_etag(hashlib.sha256(body).hexdigest()[:20])
    response.make_conditional(request)
    return response


def _entries(the_map: MapRecord, words: Language) -> list[Entry]:
    """The newest of all answers, the newest first."""
    names = place_names(session(), heat_store(), the_map)
    metric = to_metric(the_map.metric_srid)

    def near(lon: float, lat: float) -> str | None:
        x, y = metric(lon, lat)
        return names.near(float(x), float(y)) if names else None

    found = [_of_place(place, words) for place in list_places(session(), the_map.id)]
    found += [_of_pin(the_map, pin, words, near) for pin in answered_pins(session(), the_map)]
    return sorted(found, key=lambda entry: (entry.updated, entry.id), reverse=True)[:NEWEST]


def _of_place(place: PlaceRecord, words: Language) -> Entry:
    title = _title(words, place.status, place.name)
    html = render_template("results/feed_entry.html", comment=None, answer=place.answer)
    return Entry(place.id, title, place.answered_at, place.status, html, f"place-{place.id}")


def _of_pin(
    the_map: MapRecord, pin: AnsweredPin, words: Language, near: Callable[[float, float], str | None]
) -> Entry:
    category = text_in(the_map.category_by_key[pin.category].word, words.code)
    place = near(pin.lon, pin.lat)
    title = _title(words, pin.status, f"{category}, {place}" if place else category)
    html = render_template("results/feed_entry.html", comment=pin.comment, answer=pin.answer)
    return Entry(pin.id, title, pin.answered_at, pin.status, html, f"answer-{pin.id}")


def _title(words: Language, status: str, what: str) -> str:
    said = words.gettext(STATUS_WORDS[PinStatus(status)])
    return f"{said[:1].upper()}{said[1:]}: {what}"


def _document(the_map: MapRecord, words: Language, entries: Sequence[Entry], updated: datetime) -> bytes:
    results = url_for("results.results_page", slug=the_map.slug, _external=True)
    feed = ET.Element(_name("feed"), {f"{{{XML}}}lang": words.code})
    title = f"{text_in(the_map.title, words.code)}: {words.gettext(N_('What the town says'))}"
    _add(feed, "title", title)
    _add(feed, "id", uuid.uuid5(NAMESPACE, the_map.salt.hex()).urn)
    _add(feed, "updated", str(rfc3339(updated)))
    _add(_add(feed, "author"), "name", the_map.town)
    _add(feed, "link", rel="alternate", type="text/html", href=results)
    here = url_for("answers_feed.answers_feed", slug=the_map.slug, _external=True)
    _add(feed, "link", rel="self", type=MIMETYPE, href=here)
    for entry in entries:
        element = _add(feed, "entry")
        _add(element, "title", entry.title)
        _add(element, "id", entry.id.urn)
        _add(element, "updated", str(rfc3339(entry.updated)))
        _add(element, "link", rel="alternate", type="text/html", href=f"{results}#{entry.anchor}")
        label = words.gettext(STATUS_WORDS[PinStatus(entry.status)])
        _add(element, "category", term=entry.status, label=label)
        _add(element, "content", entry.html, type="html")
    body: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return body


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    """A child with what XML can hold of the text."""
    child = ET.SubElement(parent, _name(name), {key: _held(value) for key, value in attributes.items()})
    child.text = _held(text) if text is not None else None
    return child


def _held(text: str) -> str:
    return NOT_IN_XML.sub("", text)


def _name(local: str) -> str:
    return f"{{{ATOM}}}{local}"
