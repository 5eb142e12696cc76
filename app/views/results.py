"""What people said: the page that a town shows its people and its council."""

from __future__ import annotations

import hashlib
import json
import math
import re
from datetime import date, datetime
from typing import Any

import numpy as np
from babel.dates import format_date, format_interval, format_skeleton
from flask import Blueprint, Response, render_template, request, url_for

from app.config import TOWN_CLOCK
from app.db import session
from app.errors import Unknown
from app.i18n import N_
from app.inputs.filters import Scope
from app.inputs.heat import HeatQuery
from app.queries.answers import TownSays, town_says
from app.queries.day_chart import Bar, day_chart
from app.queries.heat import refuse_unpublished, shown_version, uses_snapshot
from app.queries.heat_files import heat_ramp
from app.queries.maps import CategoryRecord, MapRecord, basemap_layer
from app.queries.office import events_of
from app.queries.story import Legend, Story, tell
from app.views.citizen import basemap_config
from app.views.framing import let_be_framed
from app.views.headers import FOR_EVER
from app.views.heat import DRAWING, heat_store, keep_snapshot
from app.views.reader import load_map, load_told_map, number, plain_year, reader_language, say
from gis.analysis.scale import legend_labels
from gis.crs import to_metric
from gis.formats.ground_svg import WIDTH, ground_svg
from gis.formats.heat_png import render
from gis.geojson import geometry_json
from gis.mercator import Bounds, mercator_of
from gis.palette import THEMES, ThemeName
from gis.ramp import swatches

blueprint = Blueprint("results", __name__)

ALL = "all"
"""Stands for no category in the addresses of pictures."""
PICTURE_PIXELS = 1000
DECIMAL_POINT = frozenset({"en"})
SHORT_SPAN = 26
SHORT_DAYS = {"cs": "d. M.", "sk": "d. M.", "de": "d. M.", "nb": "d. M.", "uk": "d.MM", "pl": "d.MM"}
"""Days in figures; in other languages with the month's name."""
KEPT = "public, no-cache"
AT_M = 50
KILOMETRES_FROM_M = 950
TOWARDS = (
    N_("to the north"),
    N_("to the north-east"),
    N_("to the east"),
    N_("to the south-east"),
    N_("to the south"),
    N_("to the south-west"),
    N_("to the west"),
    N_("to the north-west"),
)
"""Where something lies, an eighth of the compass after the other, from the north by the east."""


@blueprint.get("/m/<slug>/results")
def results_page(slug: str) -> str:
    """The story of the map."""
    the_map = load_told_map(slug)
    let_be_framed(the_map)
    keep_snapshot(the_map)
    story = tell(session(), heat_store(), the_map)
    # People who can't be counted any more, or only once a day, are those of the stored numbers.
    is_stored = uses_snapshot(the_map) or the_map.anonymised_at is not None
    says = town_says(session(), the_map, story.summary.places if is_stored else None)
    return render_template(
        "results/page.html",
        the_map=the_map,
        story=story,
        says=says,
        summary=story.summary,
        frame=picture_size(story),
        marks=marks_of(story),
        legends=[_legend(the_map, legend) for legend in story.legends if not legend.is_empty],
        chart=day_chart(story.summary.days, short_day, number),
        event_titles=_event_titles(the_map),
        daily=uses_snapshot(the_map),
        ground_version=ground_version_of(the_map, story),
        config=_config(the_map, story, says),
    )


@blueprint.get("/m/<slug>/results/<any(ground, 'ground-dark'):name>.svg")
def ground(slug: str, name: str) -> Response:
    """The town as a quiet picture to lay heat on."""
    the_map = load_map(slug)
    keep_snapshot(the_map)
    story = tell(session(), heat_store(), the_map)
    theme: ThemeName = "dark" if name == "ground-dark" else "light"
    version = ground_version_of(the_map, story)
    key = f"{the_map.id}/{version}/{theme}/ground"
    response = Response(mimetype="image/svg+xml")
    response.headers["Cache-Control"] = FOR_EVER if request.args.get("v") == version else KEPT
    response.set_etag(_mark(key))
    response.make_conditional(request)
    if response.status_code != 304:
        response.set_data(heat_store().picture(key, lambda: _ground(the_map, story, theme)))
    return response


@blueprint.get("/m/<slug>/results/<any(heat, 'heat-dark'):name>/<category>.png")
def heat_picture(slug: str, name: str, category: str) -> Response:
    """The heat of a category over the same bounds as the ground."""
    the_map = load_map(slug)
    refuse_unpublished(the_map)
    if category != ALL and category not in the_map.category_by_key:
        raise Unknown
    theme: ThemeName = "dark" if name == "heat-dark" else "light"
    keep_snapshot(the_map)
    query = HeatQuery(None if category == ALL else category)
    version = shown_version(session(), the_map)
    heat = heat_store().heat(session(), the_map, query, Scope.PUBLIC, version=version)
    key = f"{the_map.id}/{heat.version}/{category}/{theme}/story"
    response = Response(mimetype="image/png")
    response.headers["Cache-Control"] = KEPT
    response.set_etag(_mark(key))
    response.make_conditional(request)
    if response.status_code != 304:
        story = tell(session(), heat_store(), the_map)
        _, _, width, height = picture_size(story)
        size = (PICTURE_PIXELS, round(PICTURE_PIXELS * height / width))
        inks = heat_ramp(the_map, query.category, theme)
        draw = lambda: render(heat.surface, picture_bounds(story), size, inks, heat.breaks)  # noqa: E731
        response.set_data(heat_store().picture(key, draw))
    return response


@blueprint.app_template_filter("short_day")
def short_day(value: date) -> str:
    """A day without its year: 14. 9."""
    language = reader_language()
    return format_date(value, SHORT_DAYS.get(language.code, "d MMM"), locale=language.locale)


@blueprint.app_template_filter("full_day")
def full_day(value: date | datetime) -> str:
    """A day in words: 14. září 2026."""
    at = value.astimezone(TOWN_CLOCK) if isinstance(value, datetime) else value
    return plain_year(format_date(at, "long", locale=reader_language().locale))


@blueprint.app_template_global()
def day_span(first: datetime, last: datetime) -> str:
    """From which day to which, nothing said twice: 14. září – 25. října 2026."""
    start, end = first.astimezone(TOWN_CLOCK).date(), last.astimezone(TOWN_CLOCK).date()
    text = plain_year(format_interval(start, end, "yMMMMd", locale=reader_language().locale))
    # A day and its month stay on one line; a short span as a whole.
    if len(text) <= SHORT_SPAN:
        return re.sub(r"\s+", "\u00a0", text)
    return re.sub(r"(\d\.|[A-Za-z]+) (?=[\w])", "\\1\u00a0", text)


@blueprint.app_template_global()
def bar_days(bar: Bar) -> str:
    """The day of a bar in words, or from which to which day it goes: 14.–16. září 2026."""
    if bar.first == bar.last:
        return full_day(bar.first)
    return plain_year(format_interval(bar.first, bar.last, "yMMMMd", locale=reader_language().locale))


@blueprint.app_template_filter("month_of")
def month_of(value: date) -> str:
    """A month in words: září 2026."""
    return plain_year(format_skeleton("yMMMM", value, locale=reader_language().locale))


@blueprint.app_template_filter("percent")
def percent(share: float) -> str:
    """A share as whole per cent, without the sign."""
    return number(round(share * 100))


@blueprint.app_template_global()
def place_by_way(the_map: MapRecord, lon: float, lat: float) -> str:
    """A place without a name, by its way from the middle of the map: 1,2 km to the north-east of the middle."""
    west, south, east, north = the_map.boundary.bounds
    x, y = to_metric(the_map.metric_srid)([(west + east) / 2, lon], [(south + north) / 2, lat])
    dx, dy = float(x[1] - x[0]), float(y[1] - y[0])
    metres = math.hypot(dx, dy)
    words = reader_language()
    if metres < AT_M:
        return words.gettext(N_("in the middle of the map"))
    towards = TOWARDS[round((math.degrees(math.atan2(dx, dy)) + 360) / 45) % 8]
    away = f"{number(metres / 1000, 1)} km" if metres >= KILOMETRES_FROM_M else f"{number(round(metres, -1))} m"
    return words.gettext(N_("%(way)s from the middle of the map"), {"way": f"{away} {words.gettext(towards)}"})


def picture_bounds(story: Story) -> Bounds:
    """Web Mercator bounds of the page's pictures."""
    west, south, east, north = story.focus
    x, y = mercator_of([west, east], [south, north])
    return float(x[0]), float(y[0]), float(x[1]), float(y[1])


def picture_size(story: Story) -> tuple[int, int, int, int]:
    """The SVG viewBox of the page's pictures."""
    west, south, east, north = picture_bounds(story)
    return 0, 0, WIDTH, round(WIDTH * (north - south) / (east - west))


def _event_titles(the_map: MapRecord) -> dict[str, str]:
    return {event.code: say(event.title) for event in events_of(session(), the_map.id)}


def _ground(the_map: MapRecord, story: Story, theme: ThemeName) -> bytes:
    layer = basemap_layer(session(), the_map.id)
    features = json.loads(layer.geojson)["features"] if layer else []
    return ground_svg(features, the_map.boundary, picture_bounds(story), theme).encode()


def ground_version_of(the_map: MapRecord, story: Story) -> str:
    """Changes when the quiet picture under the heat does: part of its address."""
    return _mark(f"{the_map.version}/{the_map.basemap_fingerprint}/{story.focus}")


def marks_of(story: Story) -> dict[str, list[tuple[float, float]]]:
    """Where the numbered places of each category stand in its picture."""
    bounds = picture_bounds(story)
    scale = WIDTH / (bounds[2] - bounds[0])
    found = {}
    for one in story.categories:
        x, y = mercator_of(np.array([p.lon for p in one.places]), np.array([p.lat for p in one.places]))
        found[one.record.key] = [
            (round((px - bounds[0]) * scale, 1), round((bounds[3] - py) * scale, 1))
            for px, py in zip(x.tolist(), y.tolist(), strict=True)
        ]
    return found


def _legend(the_map: MapRecord, legend: Legend) -> dict[str, Any]:
    """The classes of one heat layer with the colours of light and dark pages."""
    by_theme = [swatches(heat_ramp(the_map, legend.category, theme), legend.breaks) for theme in THEMES]
    labels = legend_labels(legend.breaks, decimal_comma=reader_language().code not in DECIMAL_POINT)
    return {
        "category": legend.category or ALL,
        "weight": legend.weight,
        "classes": list(zip(labels, *by_theme, strict=True)),
    }


def _config(the_map: MapRecord, story: Story, says: TownSays) -> dict[str, Any]:
    """What the page's scripts need."""
    west, south, east, north = the_map.boundary.bounds
    root = request.script_root
    return {
        "slug": the_map.slug,
        "root": f"{root}/",
        "title": say(the_map.title),
        "lang": reader_language().code,
        "bounds": [round(edge, 6) for edge in (west, south, east, north)],
        "boundaryUrl": url_for("data.boundary", slug=the_map.slug, v=the_map.version),
        "basemap": basemap_config(the_map),
        "categories": [_category(category) for category in the_map.categories],
        "focus": [round(edge, 6) for edge in story.focus],
        "shown": story.first_shown or ALL,
        "heatUrl": {
            "light": f"{root}/m/{the_map.slug}/heat/{{z}}/{{x}}/{{y}}.png",
            "dark": f"{root}/m/{the_map.slug}/heat-dark/{{z}}/{{x}}/{{y}}.png",
        },
        "pinsUrl": url_for("data.compact", slug=the_map.slug) if the_map.publish_pins else None,
        "itemUrl": f"{root}/api/collections/{the_map.slug}/items/",
        "answers": [
            {
                "id": str(place.record.id),
                "name": place.record.name,
                "status": place.record.status,
                "area": geometry_json(place.record.area),
            }
            for place in says.places
        ],
    }


def _category(category: CategoryRecord) -> dict[str, str]:
    return {
        "key": category.key,
        "word": say(category.word),
        "label": say(category.label),
        "color": category.color,
        "shape": category.shape,
    }


def _mark(key: str) -> str:
    return hashlib.sha256(f"{DRAWING}/{key}".encode()).hexdigest()[:20]
