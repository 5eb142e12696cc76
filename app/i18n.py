"""Words in the reader's language: gettext catalogues read straight from the .po files.

English is the language of the message ids; Czech and every further language is one file under
`app/translations/<language>/LC_MESSAGES/messages.po`. Babel reads it at start, so there is nothing to compile.
Whole languages say everything; the further ones what citizens meet (app/public_sources.py).
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale, negotiate_locale
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

from app.public_sources import SCRIPT_FOLDER, scripts_behind

FOLDER = Path(__file__).parent / "translations"
SOURCE_LANGUAGE = "en"
DEFAULT_LANGUAGE = "cs"
WHOLE = (DEFAULT_LANGUAGE, SOURCE_LANGUAGE)
"""The languages that say everything: citizens' pages, the office, data and documents."""
ORDER = (*WHOLE, "uk", "sk", "de", "pl", "nb")
"""In which languages are offered; others after them by their codes."""
NEXT_BEST: Mapping[str, Sequence[str]] = {"de": ("en", "cs"), "nb": ("en", "cs")}
"""What a reader of a language is given where a text is missing in it, unless Czech and then English."""
SAME_TO_READ: Mapping[str, str] = {"no": "nb", "nn": "nb"}
"""Languages that browsers ask for, and those of ours that serve their readers."""

Texts = Mapping[str, str]
"""A text of a map in several languages: {"cs": …, "en": …}."""


def N_(message: str) -> str:  # gettext's own name for "mark, translate later"
    """The message itself, marked for the catalogues."""
    return message


def N_n(one: str, many: str) -> tuple[str, str]:
    """Both messages of a plural, marked for the catalogues: what `Language.ngettext` takes."""
    return one, many


ScriptMessages = Mapping[str, str | Sequence[str]]
"""A script's messages and their translations, all forms where it counts something."""


@dataclass(frozen=True)
class Language:
    """One language of the interface: its catalogue, its locale and the words its scripts need."""

    code: str
    locale: Locale
    translations: NullTranslations
    messages: frozenset[str]
    """Those it has words for; English needs none."""
    script_messages: Mapping[str, ScriptMessages]
    """The words of each script, by its file."""

    def gettext(self, message: str, data: Mapping[str, object] | None = None) -> str:
        """The message in this language, its placeholders filled."""
        text = self.translations.ugettext(message) if message else ""
        return text % data if data else text

    def ngettext(self, one: str, many: str, n: int) -> str:
        """The plural form for n, with %(n)s filled."""
        return self.translations.ungettext(one, many, n) % {"n": n}

    def says(self, message: str) -> bool:
        """Whether it has words of its own for the message."""
        return self.code == SOURCE_LANGUAGE or message in self.messages

    def words_of(self, entry: str) -> ScriptMessages:
        """What the script of a page and those behind it say: nothing more need travel with the page."""
        files = sorted(scripts_behind(entry))
        return {key: said for file in files for key, said in self.script_messages.get(file, {}).items()}


@cache
def public_languages() -> Mapping[str, Language]:
    """Every language that citizens' pages speak, by code, in the order in which they are offered."""
    found = {p.parent.parent.name for p in FOLDER.glob("*/LC_MESSAGES/messages.po")} | {SOURCE_LANGUAGE}
    ordered = sorted(found, key=lambda code: (ORDER.index(code) if code in ORDER else len(ORDER), code))
    return {code: _load(code) for code in ordered}


@cache
def languages() -> Mapping[str, Language]:
    """The languages that say everything, by code; the source language is always there."""
    return {code: entry for code, entry in public_languages().items() if code in WHOLE}


def language(code: str) -> Language:
    """The whole language of this code, or the next best for its readers."""
    known = languages()
    return next(known[each] for each in (code, *next_best(code)) if each in known)


def next_best(code: str) -> Sequence[str]:
    """The languages to give a reader of this one where there is nothing in it."""
    return NEXT_BEST.get(code, WHOLE)


def preferred(accepted: Iterable[str], offered: Sequence[str]) -> str:
    """The language code to speak: the first accepted that is offered, else the first offered."""
    asked = [_ours(tag.replace("-", "_")) for tag in accepted]
    return negotiate_locale(asked, list(offered), sep="_") or offered[0]


def _ours(tag: str) -> str:
    return SAME_TO_READ.get(tag.partition("_")[0].lower(), tag)


def tongue_of(texts: Texts | None, code: str) -> str:
    """The language in which a reader of this one gets a map's text: it, the next best, or any it has."""
    given = texts or {}
    for candidate in (code, *next_best(code)):
        if given.get(candidate):
            return candidate
    return next((other for other, text in given.items() if text), code)


def text_in(texts: Texts | None, code: str) -> str:
    """A map's text in this language; where it is missing, in the next best, or any it has."""
    return (texts or {}).get(tongue_of(texts, code), "")


def _load(code: str) -> Language:
    path = FOLDER / code / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return Language(code, Locale(code), NullTranslations(), frozenset(), {})
    with path.open("rb") as file:
        catalog = read_po(file, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    known = frozenset(_key(message) for message in catalog if message.id and _is_whole(message))
    return Language(code, Locale(code), Translations(compiled), known, _script_messages(catalog))


def _script_messages(catalog: Catalog) -> dict[str, ScriptMessages]:
    """What the JavaScript says, by the files it stands in, so that a page carries no more than it needs."""
    words: dict[str, dict[str, str | Sequence[str]]] = {}
    for message in catalog:
        for file, _ in message.locations if message.id else ():
            if file.startswith(SCRIPT_FOLDER):
                words.setdefault(file, {})[_key(message)] = message.string or _key(message)
    return dict(words)


def _key(message: Message) -> str:
    return message.id if isinstance(message.id, str) else message.id[0]


def _is_whole(message: Message) -> bool:
    return all(message.string) if isinstance(message.string, tuple) else bool(message.string)
