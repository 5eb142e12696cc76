"""Catalogues: every message is there in Czech, none is stale, and placeholders survive translation."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from app.config import ROOT
from app.i18n import FOLDER, language, languages, preferred, text_in

PLACEHOLDER = re.compile(r"%\((\w+)\)s")


class PluralId(str):
    """The plural message of a pair."""

    __slots__ = ()


TRANSLATED = sorted(set(languages()) - {"en"})


@pytest.fixture(scope="module")
def sources() -> dict[Any, str]:
    """Every message in code, templates and scripts, and the file that says it."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    methods = [(mapping["pattern"], mapping["method"]) for mapping in mappings]
    options = {m["pattern"]: {k: v for k, v in m.items() if k not in ("pattern", "method")} for m in mappings}
    keywords: Any = {"_": None, "N_": None, "N_n": (1, 2), "gettext": None, "ngettext": (1, 2)}
    found: dict[Any, str] = {}
    for folder in ("app", "templates", "static"):
        for file, _, message, _, _ in extract_from_dir(
            str(ROOT), methods, options, keywords, directory_filter=lambda path, f=folder: _within(path, f)
        ):
            found.setdefault(message, file)
    return found


def _within(path: str, folder: str) -> bool:
    inside = path.removeprefix(str(ROOT)).strip("/")
    return inside in ("", folder) or (inside.startswith(folder + "/") and "vendor" not in inside)


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_message_is_translated(sources: dict[Any, str], code: str) -> None:
    catalog = _catalog(code)
    missing = [(file, message) for message, file in sources.items() if not _whole(catalog, message)]
    assert missing == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_no_translation_is_stale(sources: dict[Any, str], code: str) -> None:
    known = {message if isinstance(message, str) else message[0] for message in sources}
    ids = (m.id if isinstance(m.id, str) else m.id[0] for m in _catalog(code) if m.id)
    assert [identity for identity in ids if identity not in known] == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_placeholders_survive(code: str) -> None:
    for original, translated in _pairs(_catalog(code)):
        # The form for one may say the number in words.
        may_lack = {"n"} if isinstance(original, PluralId) else set()
        kept, wanted = set(PLACEHOLDER.findall(translated)), set(PLACEHOLDER.findall(original))
        assert wanted - may_lack <= kept <= wanted, original


@pytest.mark.parametrize("code", TRANSLATED)
def test_no_translation_has_a_bare_percent_sign(code: str) -> None:
    """In a template it would be taken for a placeholder, and the page would fail."""
    bare = re.compile(r"%(?!\(\w+\)[sd]|%)")
    pairs = _pairs(_catalog(code))
    assert [
        text for original, text in pairs if bare.search(text.replace("%%", "")) and not bare.search(original)
    ] == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_scripts_get_their_own_words_only(sources: dict[Any, str], code: str) -> None:
    words = language(code).script_messages
    assert "Ready answers" not in words
    said_by_scripts = {
        m if isinstance(m, str) else m[0] for m, file in sources.items() if file.startswith("static/js/")
    }
    assert said_by_scripts <= words.keys()


def test_czech_counts_as_czechs_do() -> None:
    translations = language("cs").translations
    forms = [translations.ungettext("%(n)s person", "%(n)s people", n) for n in (1, 3, 5, 22)]
    assert len(set(forms)) == 3
    assert forms[2] == forms[3]


@pytest.mark.parametrize(
    ("accepted", "spoken"),
    [(["cs-CZ", "en"], "cs"), (["en-GB"], "en"), (["de"], "cs"), ([], "cs"), (["xx-nonsense", "en"], "en")],
)
def test_the_browser_chooses_the_language(accepted: list[str], spoken: str) -> None:
    assert preferred(accepted, ["cs", "en"]) == spoken


def test_a_text_that_is_missing_in_a_language_is_said_in_another() -> None:
    assert text_in({"cs": "ano", "en": "yes"}, "en") == "yes"
    assert text_in({"cs": "ano"}, "en") == "ano"
    assert text_in({"de": "ja"}, "en") == "ja"
    assert text_in({}, "en") == ""


def _catalog(code: str) -> Catalog:
    with (FOLDER / code / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=code)


def _whole(catalog: Catalog, message: Any) -> bool:
    entry = catalog.get(message if isinstance(message, str) else message[0])
    if entry is None or entry.fuzzy:
        return False
    return bool(entry.string) if isinstance(entry.string, str) else all(entry.string)


def _pairs(catalog: Catalog) -> Iterator[tuple[str, str]]:
    for message in catalog:
        if not message.id:
            continue
        if isinstance(message.id, str):
            yield message.id, str(message.string)
        else:
            for form in message.string:
                yield PluralId(message.id[1]), form
