"""The standalone map of a town: one HTML file for councillors, with heat, approved pins and the method."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from babel.dates import format_date
from babel.numbers import format_decimal
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.config import ROOT, TOWN_CLOCK
from app.i18n import N_, Language, text_in
from app.inputs.filters import PinFilter, Scope
from app.inputs.heat import HeatQuery
from app.models import Pin, PinState
from app.queries.features import conditions
from app.queries.filter_words import filter_words
from app.queries.heat import uses_snapshot
from app.queries.heat_store import HeatStore
from app.queries.heat_words import METHOD_CHOSEN, METHOD_OFFICE, METHOD_SHOWN, METHOD_WHO, method_words, unit_words
from app.queries.maps import CategoryRecord, MapRecord, basemap_layer
from app.queries.summary import Count, Summary, count_summary, stored_summary
from gis.analysis.share import LEAST_PEOPLE

if TYPE_CHECKING:
    from gis.formats.folium_map import Layer, Words

SHOWN = frozenset({PinState.VISIBLE})
LEAFLET = ROOT / "static" / "vendor" / "leaflet"
DECIMAL_COMMA = frozenset({"cs"})


@dataclass(frozen=True)
class Edition:
    """For whom a page is made: what heat, of which pins, in which language."""

    query: HeatQuery
    scope: Scope
    wanted: PinFilter
    language: Language


def heat_page(session: Session, store: HeatStore, the_map: MapRecord, edition: Edition) -> str:
    """The HTML of the map: the category asked for, or all of them as layers to switch.

    What may be mailed on must be fit to be read by anybody, so only visible pins are counted and quoted: of a
    filter for others nothing is left. Where fewer than a handful of people is counted, words stand for the heat.
    """
    query, scope, language = edition.query, edition.scope, edition.language
    wanted = replace(edition.wanted, states=SHOWN & (edition.wanted.states or SHOWN))
    snapshot = stored_summary(session, the_map) if scope is Scope.PUBLIC and uses_snapshot(the_map) else None
    summary = snapshot or count_summary(session, the_map, wanted)
    categories = [c for c in the_map.categories if query.category in (None, c.key)]
    layers = []
    for category in categories:
        count = summary.category(category.key)
        heat = store.heat(session, the_map, replace(query, category=category.key), scope, wanted)
        points = (
            []
            if scope is Scope.PUBLIC and not the_map.publish_pins
            else _points(session, the_map, replace(wanted, categories=frozenset({category.key})))
        )
        layers.append(_layer(category, count, points, language))
        if not heat.is_empty and (scope is Scope.PUBLIC or count.people >= LEAST_PEOPLE):
            layers[-1] = replace(layers[-1], surface=heat.shown, breaks=heat.breaks)
    # Here, as folium is large, and everything else in this module is asked for without it.
    from gis.formats.folium_map import Assets, StandaloneMap, standalone_map

    return standalone_map(
        StandaloneMap(
            words=_words(the_map, summary, edition),
            boundary=the_map.boundary,
            layers=layers,
            assets=Assets((LEAFLET / "leaflet.js").read_text(), (LEAFLET / "leaflet.css").read_text()),
            basemap=_basemap(session, the_map),
        )
    )


def _points(session: Session, the_map: MapRecord, wanted: PinFilter) -> Sequence[Any]:
    return session.execute(
        select(func.ST_X(Pin.position), func.ST_Y(Pin.position), Pin.comment)
        .where(*conditions(the_map.id, wanted))
        .order_by(Pin.id)
    ).all()


def _layer(category: CategoryRecord, count: Count, points: Sequence[Any], language: Language) -> Layer:
    from gis.formats.folium_map import Layer

    return Layer(
        label=text_in(category.word, language.code),
        fill=category.color,
        shape=category.shape,
        count=_people_and_pins(count, language),
        lon=np.array([row[0] for row in points], dtype=np.float64),
        lat=np.array([row[1] for row in points], dtype=np.float64),
        comments={i: row[2] for i, row in enumerate(points) if row[2]},
    )


def _words(the_map: MapRecord, summary: Summary, edition: Edition) -> Words:
    from gis.formats.folium_map import Words

    language = edition.language
    say = language.gettext
    return Words(
        lang=language.code,
        title=text_in(the_map.title, language.code),
        summary=_who(summary, language),
        heat_heading=say(N_("Where people feel it")),
        heat_off=say(N_("without heat")),
        pins_heading=say(N_("Pins")),
        unit=say(unit_words(edition.query)),
        comment_hint=say(N_("Pins with a light middle have a comment; tap them.")),
        method_heading=say(N_("How to read this")),
        method=_method(the_map, edition),
        made=say(N_("Made on %(day)s"), {"day": _day(datetime.now(UTC), language)}),
        zoom_in=say(N_("Zoom in")),
        zoom_out=say(N_("Zoom out")),
        close=say(N_("Close")),
        nothing=say(N_("There is too little of this to show on a map.")),
        decimal_comma=language.code in DECIMAL_COMMA,
    )


def _who(summary: Summary, language: Language) -> str:
    counted = _people_and_pins(summary, language)
    if summary.first is None or summary.last is None:
        return counted
    first, last = _day(summary.first, language), _day(summary.last, language)
    return f"{counted}, {first}" if first == last else f"{counted}, {first} – {last}"


def _people_and_pins(count: Count | Summary, language: Language) -> str:
    words = language.translations
    people = words.ungettext("%(n)s person", "%(n)s people", count.people)
    pins = words.ungettext("%(n)s pin", "%(n)s pins", count.pins)
    return ", ".join(
        text % {"n": format_decimal(n, locale=language.locale)}
        for text, n in ((people, count.people), (pins, count.pins))
    )


def _method(the_map: MapRecord, edition: Edition) -> list[str]:
    language = edition.language
    say = language.gettext
    paragraphs = method_words(the_map, edition.query, edition.scope, language)
    if edition.scope is Scope.OFFICE:
        if chosen := filter_words(the_map, edition.wanted, language):
            paragraphs.insert(0, say(METHOD_CHOSEN, {"filter": ", ".join(chosen)}))
        paragraphs += [say(METHOD_SHOWN), say(METHOD_OFFICE)]
    return [*paragraphs, say(METHOD_WHO)]


def _day(moment: datetime, language: Language) -> str:
    return format_date(moment.astimezone(TOWN_CLOCK), "long", locale=language.locale)


def _basemap(session: Session, the_map: MapRecord) -> Any:
    layer = basemap_layer(session, the_map.id)
    return json.loads(layer.geojson) if layer else None
