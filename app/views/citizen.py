"""The citizen's page of a map, its privacy notice, and what all pages draw categories with."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, render_template, request, url_for
from markupsafe import Markup
from shapely import LinearRing, MultiPolygon

from app.db import session
from app.inputs.pins import MOST_COMMENT_CHARACTERS
from app.models import Event
from app.queries.maps import CategoryRecord, MapRecord, QuestionRecord, find_event
from app.views.framing import is_embedded, kept_arguments, let_be_framed
from app.views.markdown import plain_text, rendered
from app.views.reader import assets, load_map, reader_language, say
from gis.palette import THEMES, ThemeName, category_css, palette, shades
from gis.shapes import SHAPES, svg_path

blueprint = Blueprint("citizen", __name__)

PAINTER = "js/map/painter.js"

OUTLINE_SIZE = (160.0, 100.0)

ENDINGS = ("", "-ink", "-on", "-on-ink", "-tint")
"""Of the custom properties that say one category's shades (gis/palette.py)."""

blueprint.add_app_template_filter(rendered, "markdown")
blueprint.add_app_template_filter(plain_text, "plain_text")


@blueprint.app_template_global()
def shape_path(shape: str) -> str:
    """The outline of a category's shape in a box from -1 to 1, for SVG; a circle for an unknown shape."""
    return svg_path(shape if shape in SHAPES else "circle")


@blueprint.app_template_global("category_css")
def map_category_css(the_map: MapRecord) -> Markup:
    """The style sheet of a map's own category colours, and the rules that hand them to `[data-category]`."""
    sheet = category_css({category.key: category.color for category in the_map.categories})
    rules = "".join(_handed(category) for category in the_map.categories)
    return Markup(sheet + rules)  # noqa: S704 - keys and colours are checked when a map is stored


@blueprint.app_template_global()
def home_category_css(maps: Iterable[MapRecord]) -> Markup:
    """The category colours of several maps on one page, each kept to its own `.map-<slug>`."""
    light, dark = ("".join(_scoped(maps, theme)) for theme in THEMES)
    return Markup(  # noqa: S704 - slugs, keys and colours are checked when a map is stored
        f"{light}@media (prefers-color-scheme: dark){{{dark}}}"
    )


@blueprint.app_template_global()
def tone(theme: ThemeName, name: str) -> str:
    """A tone of the palette, where only a plain value will do."""
    return palette().theme(theme).ui[name]


@blueprint.app_template_global()
def outline_path(the_map: MapRecord) -> str:
    """The map's boundary as a small SVG drawing of 160 × 100, north up: the town's own shape on its card."""
    west, south, east, north = the_map.boundary.bounds
    flatten = math.cos(math.radians((south + north) / 2))
    scale = min(OUTLINE_SIZE[0] / ((east - west) * flatten), OUTLINE_SIZE[1] / (north - south))
    plain = the_map.boundary.simplify((north - south) / 120)
    parts = plain.geoms if isinstance(plain, MultiPolygon) else [plain]
    left = (OUTLINE_SIZE[0] - (east - west) * flatten * scale) / 2
    top = (OUTLINE_SIZE[1] - (north - south) * scale) / 2

    def drawn(ring: LinearRing) -> str:
        places = ((left + (x - west) * flatten * scale, top + (north - y) * scale) for x, y in ring.coords[:-1])
        return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in places) + "Z"

    return "".join(drawn(ring) for part in parts for ring in (part.exterior, *part.interiors))


@blueprint.app_template_test("over")
def is_over(the_map: MapRecord) -> bool:
    """Whether the map was open and is no more."""
    return the_map.is_over()


@blueprint.get("/m/<slug>")
def citizen_page(slug: str) -> str:
    """The page on which people pin; `?event=<code>` ties their pins to an event."""
    the_map = load_map(slug)
    let_be_framed(the_map)
    code = request.args.get("event", "")
    event = find_event(session(), the_map.id, code) if code else None
    config = page_config(the_map) | {"event": _event(event), "eventUnknown": bool(code) and event is None}
    config |= _steps(slug, event)
    return render_template("citizen/page.html", the_map=the_map, config=config)


def _steps(slug: str, event: Event | None) -> dict[str, Any]:
    """Whether the page goes in simple steps, by its address or else by the event; where it does the other way."""
    asked = request.args.get("simple")
    simple = asked != "0" if asked is not None else bool(event and event.simple)
    other = url_for(
        "citizen.citizen_page",
        slug=slug,
        event=event.code if event else None,
        simple=0 if simple else 1,
        **kept_arguments(),
    )
    return {"simple": simple, "otherStepsUrl": other}


@blueprint.get("/m/<slug>/privacy")
def privacy(slug: str) -> str:
    """What is kept of whom, in plain words."""
    return render_template("citizen/privacy.html", the_map=load_map(slug))


def page_config(the_map: MapRecord) -> dict[str, Any]:
    """What the page's scripts need to know of the map, in the reader's language."""
    west, south, east, north = the_map.boundary.bounds
    return {
        "slug": the_map.slug,
        "title": say(the_map.title),
        "intro": plain_text(say(the_map.intro)),
        "thanks": plain_text(say(the_map.thanks)),
        "lang": reader_language().code,
        "bounds": [round(edge, 6) for edge in (west, south, east, north)],
        "boundaryUrl": url_for("data.boundary", slug=the_map.slug, v=the_map.version),
        "basemap": basemap_config(the_map),
        "categories": [_category(category) for category in the_map.categories],
        "questions": [_question(question) for question in the_map.questions],
        "about": [_question(question) for question in the_map.about],
        "showOthers": the_map.show_others,
        "publishPins": the_map.publish_pins,
        "open": the_map.is_open() or the_map.draft,  # whoever sees a draft tries it before it opens
        "isOver": is_over(the_map),
        "opens": _iso(the_map.opens_at),
        "closes": _iso(the_map.closes_at),
        "maxComment": MOST_COMMENT_CHARACTERS,
        "root": f"{request.script_root}/",
        "api": f"{request.script_root}/api/collections/{the_map.slug}",
        "photosUrl": f"{request.script_root}/m/{the_map.slug}/photos/" if the_map.pin_photos else None,
        "pinsUrl": url_for("data.compact", slug=the_map.slug),
        "placesUrl": url_for("place_search.places", slug=the_map.slug) if the_map.has_addresses else None,
        "nearUrl": url_for("place_search.near", slug=the_map.slug) if the_map.has_addresses else None,
        "resultsUrl": url_for("results.results_page", slug=the_map.slug, **kept_arguments()),
        "privacyUrl": url_for("citizen.privacy", slug=the_map.slug),
        "accessibilityUrl": url_for("accessibility.statement", slug=the_map.slug),
        "receiptUrl": f"{request.script_root}/m/{the_map.slug}/receipt",
        "writeUrl": url_for("write.write_page", slug=the_map.slug, **kept_arguments()),
        "anonymised": the_map.anonymised_at is not None,
        "embed": is_embedded(),
        "shareUrl": url_for("citizen.citizen_page", slug=the_map.slug, _external=True),
    }


def basemap_config(the_map: MapRecord) -> dict[str, Any]:
    """The ground under the pins as map modules take it; raster tiles come through our own server."""
    kind = the_map.basemap.get("kind", "none")
    if kind == "vector" and the_map.basemap_fingerprint is None:
        kind = "none"
    found: dict[str, Any] = {"kind": kind, "attribution": _attribution(the_map.basemap)}
    if kind == "vector":
        found["url"] = url_for("data.ground", slug=the_map.slug, v=the_map.basemap_fingerprint)
        painter = assets().worker(PAINTER)
        if painter:
            found["painter"] = painter
    elif kind in ("xyz", "pmtiles"):
        # Browsers get pictures of both kinds the same way; the mark parts them from those of the basemap before.
        mark = hashlib.sha256(json.dumps(dict(the_map.basemap), sort_keys=True).encode()).hexdigest()[:8]
        found["kind"] = "xyz"
        found["url"] = f"{request.script_root}/m/{the_map.slug}/base/{{z}}/{{x}}/{{y}}?v={mark}"
        found["maxZoom"] = the_map.basemap.get("max_zoom", 19)
    return found


@blueprint.app_template_global("basemap_source")
def basemap_source(the_map: MapRecord) -> str:
    """Whose the ground under the pins is."""
    return _attribution(the_map.basemap)


def _attribution(basemap: Mapping[str, Any]) -> str:
    given = basemap.get("attribution") or ""
    return given if isinstance(given, str) else say(given)


def _category(category: CategoryRecord) -> dict[str, str]:
    return {
        "key": category.key,
        "word": say(category.word),
        "label": say(category.label),
        "prompt": say(category.prompt),
        "color": category.color,
        "shape": category.shape,
    }


def _question(question: QuestionRecord) -> dict[str, Any]:
    return {
        "key": question.key,
        "type": question.type,
        "label": say(question.label),
        "options": [{"key": option["key"], "label": say(option["label"])} for option in question.options],
        "categories": sorted(question.categories),
    }


def _event(event: Event | None) -> dict[str, str | None] | None:
    return {"code": event.code, "title": say(event.title), "place": event.place} if event else None


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _handed(category: CategoryRecord) -> str:
    values = "".join(f"--cat{end}:var(--category-{category.key}{end});" for end in ENDINGS)
    return f'[data-category="{category.key}"]{{{values}}}'


def _scoped(maps: Iterable[MapRecord], theme: ThemeName) -> Iterator[str]:
    for the_map in maps:
        for category in the_map.categories:
            shade = shades(category.color, theme)
            wearer = f'.map-{the_map.slug}[data-category="{category.key}"]'
            yield f"{wearer}{{--cat:{shade.fill};--cat-ink:{shade.ink}}}"
