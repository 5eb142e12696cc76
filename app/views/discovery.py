"""What search engines ask for: which pages they may read, and which there are."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from flask import Blueprint, Response, current_app, g, request, url_for

from app.db import session
from app.i18n import public_languages
from app.queries.maps import MapCache, MapRecord
from app.queries.stories import public_slugs

blueprint = Blueprint("discovery", __name__)

CLOSED = ("/office/", "/api/", "/data/", "/m/*/receipt", "/m/*/photos/", "/m/*/base/", "/m/*/heat", "/*?*embed")
"""What nobody needs to find: the office, files of data, what is one person's own, pictures without end."""

FINDABLE = frozenset(
    {
        "pages.home",
        "citizen.citizen_page",
        "citizen.privacy",
        "results.results_page",
        "stories.story",
        "write.write_page",
        "accessibility.statement",
    }
)

ADDRESSES = "http://www.sitemaps.org/schemas/sitemap/0.9"
LINKS = "http://www.w3.org/1999/xhtml"
KEPT = "public, max-age=3600"


@blueprint.get("/robots.txt")
def robots() -> Response:
    """What search engines may read."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in CLOSED)]
    lines.append(f"Sitemap: {url_for('discovery.sitemap', _external=True)}")
    return _kept("\n".join(lines) + "\n", "text/plain")


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """The pages of all maps that are no drafts, each in every language."""
    entries = "".join(_entry(endpoint, arguments) for endpoint, arguments in _pages())
    head = f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{ADDRESSES}" xmlns:xhtml="{LINKS}">\n'
    return _kept(f"{head}{entries}</urlset>\n", "application/xml")


@blueprint.app_template_global()
def page_address() -> str:
    """The address of this page as it is, in its language if that was asked for: for search engines."""
    asked = request.args.get("lang")
    return f"{request.base_url}?lang={asked}" if asked in public_languages() else request.base_url


@blueprint.app_template_global()
def page_in_languages() -> dict[str, str]:
    """The address of this page in each language; `x-default` is the one that goes by the browser."""
    return {code: f"{request.base_url}?lang={code}" for code in public_languages()} | {
        "x-default": request.base_url
    }


@blueprint.app_template_global()
def is_findable() -> bool:
    """Whether the page is one for search engines: a public one, whole, and no draft."""
    return request.endpoint in FINDABLE and "embed" not in request.args and not g.get("private_answer")


def _pages() -> Iterator[tuple[str, dict[str, str]]]:
    yield "pages.home", {}
    cache: MapCache = current_app.extensions["pocit-maps"]
    for slug in public_slugs(session()):
        for endpoint in _of_map(cache.get(session(), slug)):
            yield endpoint, {"slug": slug}


def _of_map(the_map: MapRecord) -> Iterator[str]:
    yield "citizen.citizen_page"
    yield "results.results_page"
    if the_map.story_published:
        yield "stories.story"


def _entry(endpoint: str, arguments: dict[str, str]) -> str:
    address = escape(url_for(endpoint, **arguments, _external=True), {'"': "&quot;"})
    others = "".join(
        f'<xhtml:link rel="alternate" hreflang="{code}" href="{address}?lang={code}"/>'
        for code in public_languages()
    )
    return f"<url><loc>{address}</loc>{others}</url>\n"


def _kept(text: str, mimetype: str) -> Response:
    response = Response(text, mimetype=mimetype)
    response.headers["Cache-Control"] = KEPT
    return response
