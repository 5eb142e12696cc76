"""Who reads: their language, and the words, numbers and addresses that templates write for them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
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
from app.i18n import Language, language, languages, next_best, preferred, public_languages, text_in, tongue_of
from app.public_sources import PUBLIC_BLUEPRINTS
from app.queries.maps import MapCache, MapRecord
from app.security import reading_official

T = TypeVar("T")

COOKIE = "pocit_lang"
YEAR_S = 365 * 24 * 3600
SCRIPTS = "js/"
UKRAINIAN_YEAR = re.compile(r"\sр\.$")
WHOLE_ONLY = frozenset({"office", "open_data"})
"""The views that speak nothing but the whole languages, refusals too."""
MOMENT_FORMS = {
    "cs": "d. M. y H:mm",
    "sk": "d. M. y H:mm",
    "uk": "dd.MM.y, HH:mm",
    "de": "d.M.y, HH:mm",
    "pl": "d.MM.y, HH:mm",
    "nb": "d.M.y, HH:mm",
}
"""A date with its time, as people write it in figures; in English and others with the month's name."""


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
        g.language = _chosen(_offered())
    found: Language = g.language
    return found


def language_of_refusal(messages: Iterable[str]) -> Language:
    """The language to refuse in: the reader's, also where the page itself would speak fewer, if it can say it all.

    A citizen's phone meets refusals of the API; what only a GIS client can do wrong is said in whole languages.
    """
    if request.blueprint not in WHOLE_ONLY:
        words = _chosen(public_languages())
        if all(words.says(message) for message in messages):
            g.language = words
        elif words.code not in languages():
            g.language = language(words.code)
    return reader_language()


def load_map(slug: str) -> MapRecord:
    """The map in the address; Unknown where there is none, or a draft that is not the reader's to see."""
    cache: MapCache = current_app.extensions["pocit-maps"]
    return _for_reader(cache.get(session(), slug))


def load_told_map(slug: str) -> MapRecord:
    """The same, for answers that tell when pins were placed: with the days that are told as one."""
    cache: MapCache = current_app.extensions["pocit-maps"]
    return cache.told(session(), load_map(slug))


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
    """A map's text in the reader's language, or the next best: the page's scripts learn which texts those are."""
    code = reader_language().code
    text = text_in(texts, code)
    tongue = tongue_of(texts, code)
    if tongue != code and text:
        g.setdefault("foreign", {})[text] = tongue
    return text


def voiced(texts: Mapping[str, str] | None) -> str:
    """The same for the content of an element: marked with its language where that is not the page's."""
    text, mark = say(texts), tongue(texts)
    return Markup("<span{}>{}</span>").format(mark, text) if mark else text


def tongue(texts: Mapping[str, str] | None) -> Markup:
    """The attribute `lang` for an element that holds a map's text; nothing where it is the page's own language."""
    code = reader_language().code
    found = tongue_of(texts, code)
    return Markup("") if found == code else Markup(' lang="{}"').format(found)


def spoken(text: str) -> str:
    """A text that `say` gave before, marked for the content of an element like `voiced`."""
    found = g.get("foreign", {}).get(text)
    return Markup('<span lang="{}">{}</span>').format(found, text) if found else text


def tongue_mark(code: str) -> Markup:
    """The attribute `lang` for words that are in this language, or nothing where it is the page's own."""
    return Markup("") if code == reader_language().code else Markup(' lang="{}"').format(code)


def number(value: float, decimals: int | None = None) -> str:
    """A number as the reader writes it: 1 234,5 in Czech."""
    if decimals is not None:
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return format_decimal(value, format=pattern, locale=reader_language().locale)
    return format_decimal(value, locale=reader_language().locale)


def day(moment: datetime) -> str:
    """A date in words: 14. září 2026."""
    return plain_year(format_date(moment.astimezone(TOWN_CLOCK), "long", locale=reader_language().locale))


def plain_year(words: str) -> str:
    """A date without the Ukrainian sign for a year, which reads badly where a sentence ends."""
    return UKRAINIAN_YEAR.sub("", words)


def moment(value: datetime) -> str:
    """A date with its time."""
    words = reader_language()
    pattern = MOMENT_FORMS.get(words.code, "d MMM y, HH:mm")
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


def _offered() -> Mapping[str, Language]:
    """The languages of the page asked for: all on citizens' pages and where there is none, else the whole ones."""
    is_public = request.blueprint is None or request.blueprint in PUBLIC_BLUEPRINTS
    return public_languages() if is_public else languages()


def _chosen(offered: Mapping[str, Language]) -> Language:
    """Asked for, kept, or the browser's; Czech stands first, for who asks for none that we have."""
    asked = request.args.get("lang") if request.endpoint else None
    kept = request.cookies.get(COOKIE)
    for candidate in (asked, kept):
        if candidate and candidate in offered:
            return offered[candidate]
    accepted = [tag for tag, _ in request.accept_languages]
    # Who has chosen a language that this page does not speak gets what they read besides it.
    known = next((code for code in (asked, kept) if code in public_languages()), None)
    first = next_best(known)[0] if known else preferred(accepted, list(public_languages()))
    order = [first if first in offered else next_best(first)[0], *offered]
    return offered[preferred(accepted, order)]


def _keep_language(response: Response) -> Response:
    asked = request.args.get("lang")
    # Only a page keeps it: a poster printed in English leaves the clerk's office in Czech.
    if asked is not None and asked in _offered() and response.mimetype == "text/html":
        secure = current_app.config["SESSION_COOKIE_SECURE"]
        response.set_cookie(COOKIE, asked, max_age=YEAR_S, samesite="Lax", httponly=True, secure=secure)
    if response.mimetype in ("text/html", "application/problem+json"):
        response.headers.setdefault("Content-Language", reader_language().code)
        response.vary.update(["Accept-Language", "Cookie"])
    return response


def page_words() -> Markup:
    """The data blocks for the page's scripts: what they say, and which texts of the map are in other languages."""
    said = {key: words for script in g.get("scripts", {}) for key, words in _words_of(script).items()}
    blocks = data_block("messages", said) if said else Markup("")
    return blocks + data_block("foreign", g.foreign) if g.get("foreign") and "scripts" in g else blocks


def _words_of(script: str) -> Mapping[str, Any]:
    return reader_language().words_of(script)


def _asset(name: str) -> str:
    """The address of a file under static/; a page that asks for a script's also needs its words."""
    if name.startswith(SCRIPTS) and name.endswith(".js"):
        g.setdefault("scripts", {})[name] = None
    return assets().url(name)


def _words() -> dict[str, Any]:
    return {
        "lang": reader_language().code,
        "interface_languages": [(code, entry.locale.get_display_name(code)) for code, entry in _offered().items()],
        "say": say,
        "voiced": voiced,
        "spoken": spoken,
        "tongue": tongue,
        "tongue_mark": tongue_mark,
        "number": number,
        "day": day,
        "moment": moment,
        "asset": _asset,
        "import_map": lambda: Markup(assets().import_map()),  # noqa: S704 - our own file names
        "data_block": data_block,
        "page_words": page_words,
    }
