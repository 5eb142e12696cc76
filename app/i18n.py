"""Words in the reader's language: gettext catalogues read straight from the .po files.

English is the language of the message ids; Czech and every further language is one file under
`app/translations/<language>/LC_MESSAGES/messages.po`. Babel reads it at start, so there is nothing to compile.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from babel import Locale, negotiate_locale
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

FOLDER = Path(__file__).parent / "translations"
SOURCE_LANGUAGE = "en"
DEFAULT_LANGUAGE = "cs"
SCRIPT_FOLDER = "static/js/"

Texts = Mapping[str, str]
"""A text of a map in several languages: {"cs": …, "en": …}."""


def N_(message: str) -> str:  # gettext's own name for "mark, translate later"
    """The message itself, marked for the catalogues."""
    return message


def N_n(one: str, many: str) -> tuple[str, str]:
    """Both messages of a plural, marked for the catalogues: what `Language.ngettext` takes."""
    return one, many


@dataclass(frozen=True)
class Language:
    """One language of the interface: its catalogue, its locale and the words its scripts need."""

    code: str
    locale: Locale
    translations: NullTranslations
    script_messages: Mapping[str, str | Sequence[str]]

    def gettext(self, message: str, data: Mapping[str, object] | None = None) -> str:
        """The message in this language, its placeholders filled."""
        text = self.translations.ugettext(message) if message else ""
        return text % data if data else text

    def ngettext(self, one: str, many: str, n: int) -> str:
        """The plural form for n, with %(n)s filled."""
        return self.translations.ungettext(one, many, n) % {"n": n}


@cache
def languages() -> Mapping[str, Language]:
    """Every language we have words for, by code; the source language is always there."""
    found = sorted(p.parent.parent.name for p in FOLDER.glob("*/LC_MESSAGES/messages.po"))
    return {code: _load(code) for code in [SOURCE_LANGUAGE, *found]}


def language(code: str) -> Language:
    """The language of this code, or Czech where we have no words for it."""
    known = languages()
    return known.get(code) or known.get(DEFAULT_LANGUAGE) or known[SOURCE_LANGUAGE]


def preferred(accepted: Iterable[str], offered: Sequence[str]) -> str:
    """The language code to speak: the first accepted that is offered, else the first offered."""
    return negotiate_locale([a.replace("-", "_") for a in accepted], list(offered), sep="_") or offered[0]


def text_in(texts: Texts | None, code: str) -> str:
    """A map's text in this language; where it is missing, in Czech, English, or any it has."""
    if not texts:
        return ""
    for candidate in (code, DEFAULT_LANGUAGE, SOURCE_LANGUAGE):
        if texts.get(candidate):
            return texts[candidate]
    return next((text for text in texts.values() if text), "")


def _load(code: str) -> Language:
    path = FOLDER / code / "LC_MESSAGES" / "messages.po"
    if not path.exists():
        return Language(code, Locale(code), NullTranslations(), {})
    with path.open("rb") as file:
        catalog = read_po(file, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    return Language(code, Locale(code), Translations(compiled), _script_messages(catalog))


def _script_messages(catalog: Catalog) -> dict[str, str | Sequence[str]]:
    """Only what the JavaScript uses, so that a page carries no more than it needs."""
    words: dict[str, str | Sequence[str]] = {}
    for message in catalog:
        if message.id and any(file.startswith(SCRIPT_FOLDER) for file, _ in message.locations):
            key = message.id if isinstance(message.id, str) else message.id[0]
            words[key] = message.string or key
    return words
