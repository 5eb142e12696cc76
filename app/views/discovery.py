"""What search engines ask for: which pages they may read, and which there are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

from flask import Blueprint, Response, current_app, g, request, url_for

from app.config import Config
from app.db import session
from app.errors import Unknown
from app.i18n import public_languages
from app.queries.maps import MapCache, MapRecord
from app.queries.stories import public_slugs
from app.views.hosts import own_root, said_address

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
KEPT = "max-age=3600"
CONTACT_VALID = timedelta(days=90)


@blueprint.get("/robots.txt")
def robots() -> Response:
    """What search engines may read."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in CLOSED)]
    lines.append(f"Sitemap: {_out(url_for('discovery.sitemap'))}")
    return _kept("\n".join(lines) + "\n", "text/plain")


@blueprint.get("/.well-known/security.txt")
def security_contact() -> Response:
    """Whom to tell of a weakness (RFC 9116), where the operator has said it."""
    config: Config = current_app.extensions["pocit-config"]
    if not config.security_contact:
        raise Unknown
    contact = config.security_contact
    address = contact if "://" in contact or contact.startswith("mailto:") else f"mailto:{contact}"
    until = datetime.now(UTC).replace(microsecond=0, second=0) + CONTACT_VALID
    lines = [f"Contact: {address}", f"Expires: {until:%Y-%m-%dT%H:%M:%SZ}", "Preferred-Languages: cs, en"]
    if said_address():
        lines.append(f"Canonical: {_out(url_for('discovery.security_contact'))}")
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
    here = _here()
    return f"{here}?lang={asked}" if asked in public_languages() else here


@blueprint.app_template_global()
def page_in_languages() -> dict[str, str]:
    """The address of this page in each language; `x-default` is the one that goes by the browser."""
    here = _here()
    return {code: f"{here}?lang={code}" for code in public_languages()} | {"x-default": here}


@blueprint.app_template_global()
def is_findable() -> bool:
    """Whether the page is one for search engines: a public one, whole, and no draft."""
    return request.endpoint in FINDABLE and "embed" not in request.args and not g.get("private_answer")


def _out(path: str) -> str:
    """The whole address of a path of ours: never by what the request calls us, where the operator has said it."""
    return own_root() + path.removeprefix(request.root_path)


def _here() -> str:
    """The whole address of this page without what stands after its question mark."""
    return _out(urlsplit(request.base_url).path)


def _pages() -> Iterator[tuple[str, dict[str, str]]]:
    yield "pages.home", {}
    cache: MapCache = current_app.extensions["pocit-maps"]
    for the_map in cache.get_many(session(), public_slugs(session())):
        for endpoint in _of_map(the_map):
            yield endpoint, {"slug": the_map.slug}


def _of_map(the_map: MapRecord) -> Iterator[str]:
    yield "citizen.citizen_page"
    yield "results.results_page"
    if the_map.story_published:
        yield "stories.story"


def _entry(endpoint: str, arguments: dict[str, Any]) -> str:
    address = escape(_out(url_for(endpoint, **arguments)), {'"': "&quot;"})
    others = "".join(
        f'<xhtml:link rel="alternate" hreflang="{code}" href="{address}?lang={code}"/>'
        for code in public_languages()
    )
    return f"<url><loc>{address}</loc>{others}</url>\n"


def _kept(text: str, mimetype: str) -> Response:
    response = Response(text, mimetype=mimetype)
    # What the request's own Host header says is for nobody else.
    response.headers["Cache-Control"] = f"{'public' if said_address() else 'private'}, {KEPT}"
    return response
