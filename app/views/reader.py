"""Who reads: their language, and the words, numbers and addresses that templates write for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from flask import Flask, current_app, g, request
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from app.assets import Assets
from app.config import TOWN_CLOCK
from app.db import session
from app.errors import Refusal, Unknown
from app.i18n import Language, language, languages, preferred, text_in
from app.queries.maps import MapCache, MapRecord
from app.security import reading_official

T = TypeVar("T")

COOKIE = "pocit_lang"
YEAR_S = 365 * 24 * 3600


def init_app(app: Flask) -> None:
    """Teach templates the reader's language."""
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        _gettext,
        _ngettext,
        newstyle=True,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.context_processor(_words)
    app.after_request(_keep_language)


def reader_language() -> Language:
    """The language of this request: asked for by `?lang=`, kept from before, or the browser's."""
    if "language" not in g:
        g.language = language(_chosen_code())
    found: Language = g.language
    return found


def load_map(slug: str) -> MapRecord:
    """The map in the address; Unknown where there is none, or a draft that is not the reader's to see."""
    cache: MapCache = current_app.extensions["pocit-maps"]
    return _for_reader(cache.get(session(), slug))


def on_map(opened: Session, slug: str, work: Callable[[MapRecord], T]) -> T:
    """What `work` makes of the map, without asking the database first whether the map is still the same.

    `work` must notice a changed map by itself (MapChanged); any refusal is checked against the map as it is now.
    """
    cache: MapCache = current_app.extensions["pocit-maps"]
    known = cache.known(slug)
    if known is not None:
        try:
            return work(_for_reader(known))
        except Refusal:
            if cache.get(opened, slug) is known:
                raise
    return work(_for_reader(cache.get(opened, slug)))


def _for_reader(the_map: MapRecord) -> MapRecord:
    """The map itself; a draft only for officials of its town, and for no cache on the way."""
    if the_map.draft:
        official = reading_official()
        if official is None or official.role_in(the_map.town_id) is None:
            raise Unknown
        g.private_answer = True
    return the_map


def assets() -> Assets:
    """The static files of this app."""
    found: Assets = current_app.extensions["pocit-assets"]
    return found


def say(texts: Mapping[str, str] | None) -> str:
    """A map's text in the reader's language."""
    return text_in(texts, reader_language().code)


def number(value: float, decimals: int | None = None) -> str:
    """A number as the reader writes it: 1 234,5 in Czech."""
    if decimals is not None:
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return format_decimal(value, format=pattern, locale=reader_language().locale)
    return format_decimal(value, locale=reader_language().locale)


def day(moment: datetime) -> str:
    """A date in words: 14. září 2026."""
    return format_date(moment.astimezone(TOWN_CLOCK), "long", locale=reader_language().locale)


def moment(value: datetime) -> str:
    """A date with its time."""
    words = reader_language()
    pattern = "d. M. y H:mm" if words.code == "cs" else "d MMM y, HH:mm"
    return format_datetime(value.astimezone(TOWN_CLOCK), pattern, locale=words.locale)


def data_block(element_id: str, value: Any) -> Markup:
    """Data for scripts, as an inert JSON block that no text inside can end."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    safe = text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    opening = Markup('<script type="application/json" id="{}">').format(element_id)
    return opening + Markup(safe) + Markup("</script>")  # noqa: S704 - every "<" is escaped above


def _gettext(message: str) -> str:
    return reader_language().translations.ugettext(message)


def _ngettext(one: str, many: str, n: int) -> str:
    return reader_language().translations.ungettext(one, many, n)


def _chosen_code() -> str:
    offered = list(languages())
    asked = request.args.get("lang") if request.endpoint else None
    for candidate in (asked, request.cookies.get(COOKIE)):
        if candidate in offered:
            return str(candidate)
    # Czech stands first: who asks for a language we don't have gets the language of the towns.
    offered.sort(key=lambda code: code != "cs")
    return preferred((tag for tag, _ in request.accept_languages), offered)


def _keep_language(response: Response) -> Response:
    asked = request.args.get("lang")
    # Only a page keeps it: a poster printed in English leaves the clerk's office in Czech.
    if asked is not None and asked in languages() and response.mimetype == "text/html":
        response.set_cookie(COOKIE, asked, max_age=YEAR_S, samesite="Lax", httponly=True)
    if response.mimetype in ("text/html", "application/problem+json"):
        response.headers.setdefault("Content-Language", reader_language().code)
        response.vary.update(["Accept-Language", "Cookie"])
    return response


def _words() -> dict[str, Any]:
    return {
        "lang": reader_language().code,
        "interface_languages": [
            (code, entry.locale.get_display_name(code)) for code, entry in languages().items()
        ],
        "say": say,
        "number": number,
        "day": day,
        "moment": moment,
        "asset": assets().url,
        "import_map": lambda: Markup(assets().import_map()),  # noqa: S704 - our own file names
        "data_block": data_block,
        "script_messages": reader_language().script_messages,
    }
