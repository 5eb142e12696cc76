"""Whether the reader wants a page or a document: what `f=` asks for, else what `Accept` prefers."""

from __future__ import annotations

from flask import request
from werkzeug.exceptions import NotAcceptable

from app.errors import Malformed, Problem
from app.i18n import N_

HTML, JSON = "html", "json"
PAGE_PARAMETERS = ("f", "lang")
"""What may be asked of every address that is both a page and a document."""


def wants_html() -> bool:
    """Whether to answer with a page: `f=html`, or an Accept header that would rather have HTML than JSON.

    A program that takes whatever comes gets JSON. Malformed for another `f`; 406 where neither will do.
    """
    asked = request.args.get("f")
    if asked is not None:
        if asked not in (HTML, JSON):
            raise Malformed(Problem("f", N_("This must be one of: %(allowed)s."), {"allowed": f"{HTML}, {JSON}"}))
        return asked == HTML
    html, json = _qualities()
    if not html and not json:
        raise NotAcceptable
    return html > json


def prefers_html() -> bool:
    """The same for an answer that must be given anyway, as that something went wrong."""
    asked = request.args.get("f")
    if asked in (HTML, JSON):
        return asked == HTML
    html, json = _qualities()
    return html > json


def _qualities() -> tuple[float, float]:
    """How much HTML and any kind of JSON are wanted; only a type named as HTML counts for a page."""
    accepted = list(request.accept_mimetypes)
    if not accepted:
        return 0.0, 1.0
    html = json = 0.0
    for named, quality in accepted:
        kind = named.partition(";")[0].strip().lower()
        if kind in ("text/html", "application/xhtml+xml", "text/*"):
            html = max(html, quality)
        elif kind in ("application/json", "application/*", "*/*") or kind.endswith("+json"):
            json = max(json, quality)
    return html, json
