"""Catalogues: each language says all that is asked of it, nothing stale, in its own plurals and quotation marks.

Czech says everything; the further languages what citizens meet: the sources named in app/public_sources.py.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from app.config import ROOT
from app.i18n import (
    FOLDER,
    WHOLE,
    language,
    languages,
    next_best,
    preferred,
    public_languages,
    text_in,
    tongue_of,
)
from app.public_sources import PUBLIC_ENTRIES, PUBLIC_FILES, is_public, scripts_behind
from deploy.words import brought_up_to_date, empty_of, messages_of_the_sources, written

PLACEHOLDER = re.compile(r"%\((\w+)\)s")
QUOTES = {"cs": "„“", "sk": "„“", "de": "„“", "pl": "„”", "uk": "«»", "nb": "«»"}
PEOPLE = ("%(n)s person", "%(n)s people")
SAME_IN = {
    "Code": ("de",),
    "park": ("sk", "pl", "nb"),
    "zoom": ("nb",),
}
"""Words that a language shares with English."""


class PluralId(str):
    """The plural message of a pair."""

    __slots__ = ()


TRANSLATED = sorted(set(public_languages()) - {"en"})


@pytest.fixture(scope="module")
def sources() -> dict[Any, set[str]]:
    """Every message in code, templates and scripts, and the files that say it."""
    return {said: {file for file, _ in places} for said, places in messages_of_the_sources().items()}


def _asked_of(code: str, sources: dict[Any, set[str]]) -> dict[Any, set[str]]:
    """The messages that a language must say: all, or those that citizens meet."""
    if code in WHOLE:
        return sources
    return {message: files for message, files in sources.items() if any(map(is_public, files))}


def test_the_partner_network_s_languages_are_there() -> None:
    assert list(public_languages()) == ["cs", "en", "uk", "sk", "de", "pl", "nb"]
    assert set(languages()) == set(WHOLE) == {"cs", "en"}


def test_the_list_of_public_sources_names_what_is_there() -> None:
    """A line that names nothing hides a page that was renamed, and its words would be lost in five languages."""
    gone = [pattern for pattern in PUBLIC_FILES if not list(ROOT.glob(pattern))]
    gone += [entry for entry in PUBLIC_ENTRIES if not scripts_behind(entry)]
    assert gone == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_message_is_translated(sources: dict[Any, set[str]], code: str) -> None:
    catalog = _catalog(code)
    asked = _asked_of(code, sources)
    missing = [(min(files), message) for message, files in asked.items() if not _whole(catalog, message)]
    assert missing == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_no_translation_is_stale(sources: dict[Any, set[str]], code: str) -> None:
    """Neither words that nobody says any more, nor in a small catalogue those that only officials meet."""
    known = {message if isinstance(message, str) else message[0] for message in _asked_of(code, sources)}
    ids = (m.id if isinstance(m.id, str) else m.id[0] for m in _catalog(code) if m.id)
    assert [identity for identity in ids if identity not in known] == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_nothing_is_left_in_english(code: str) -> None:
    """A message given back as it is was copied, not translated; single words may be the same in two languages."""
    same = [
        original
        for original, translated in _pairs(_catalog(code))
        if original == translated
        and re.search(r"[a-z]{3}", PLACEHOLDER.sub("", original))
        and (code in public_languages() and code not in WHOLE)
        and code not in SAME_IN.get(original, ())
        and " " in original.strip()
    ]
    assert same == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_placeholders_survive(code: str) -> None:
    for original, translated in _pairs(_catalog(code)):
        # The form for one may say the number in words.
        may_lack = {"n"} if isinstance(original, PluralId) else set()
        kept, wanted = set(PLACEHOLDER.findall(translated)), set(PLACEHOLDER.findall(original))
        assert wanted - may_lack <= kept <= wanted, original


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_count_has_as_many_forms_as_the_language(code: str) -> None:
    catalog = _catalog(code)
    wrong = [m.id for m in catalog if isinstance(m.id, tuple) and len(m.string) != catalog.num_plurals]
    assert wrong == []
    assert catalog.num_plurals == {"de": 2, "nb": 2}.get(code, 3)


@pytest.mark.parametrize("code", sorted(QUOTES))
def test_quotation_marks_are_the_language_s_own(code: str) -> None:
    foreign = set('„“”«»"') - set(QUOTES[code])
    wrong = [text for original, text in _pairs(_catalog(code)) if set(text) & foreign and '"' not in original]
    assert wrong == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_no_translation_has_a_bare_percent_sign(code: str) -> None:
    """In a template it would be taken for a placeholder, and the page would fail."""
    bare = re.compile(r"%(?!\(\w+\)[sd]|%)")
    pairs = _pairs(_catalog(code))
    assert [
        text for original, text in pairs if bare.search(text.replace("%%", "")) and not bare.search(original)
    ] == []


@pytest.mark.parametrize("code", TRANSLATED)
@pytest.mark.parametrize("entry", [*PUBLIC_ENTRIES, "js/pages/office_queue.js"])
def test_a_page_carries_the_words_of_its_own_scripts_only(
    sources: dict[Any, set[str]], code: str, entry: str
) -> None:
    if not is_public(f"static/{entry}") and code not in WHOLE:
        pytest.skip("officials read whole languages")
    behind = scripts_behind(entry)
    said = {m if isinstance(m, str) else m[0] for m, files in sources.items() if files & behind}
    assert language_words(code, entry) == said


def language_words(code: str, entry: str) -> set[str]:
    return set(public_languages()[code].words_of(entry))


def test_scripts_count_as_the_server_does() -> None:
    """For every number up to 250 the browser's rule picks the same form as the catalogue's."""
    node = shutil.which("node")
    assert node
    server = {
        code: [public_languages()[code].ngettext(*PEOPLE, n).split("\u00a0", 1)[-1] for n in range(250)]
        for code in TRANSLATED
    }
    forms = {code: [str(form) for form in _catalog(code).get(PEOPLE[0]).string] for code in TRANSLATED}  # type: ignore[union-attr]
    script = f"""
        import {{ ngettext, useWords }} from "{(ROOT / "static/js/lib/words.js").as_uri()}";
        const said = {{}};
        for (const [code, forms] of Object.entries({json.dumps(forms)})) {{
            useWords({{ "{PEOPLE[0]}": forms }}, code);
            said[code] = Array.from({{ length: 250 }}, (_, n) =>
                ngettext("{PEOPLE[0]}", "{PEOPLE[1]}", n).replace(/^[^\\u00a0]+\\u00a0/, ""));
        }}
        console.log(JSON.stringify(said));
    """
    said = subprocess.run(
        [node, "--input-type=module", "--eval", script], check=True, capture_output=True, text=True
    )
    assert json.loads(said.stdout) == server


def test_czech_counts_as_czechs_do() -> None:
    translations = language("cs").translations
    forms = [translations.ungettext("%(n)s person", "%(n)s people", n) for n in (1, 3, 5, 22)]
    assert len(set(forms)) == 3
    assert forms[2] == forms[3]


@pytest.mark.parametrize(
    ("accepted", "spoken"),
    [
        (["cs-CZ", "en"], "cs"),
        (["en-GB"], "en"),
        (["uk-UA", "ru", "en"], "uk"),
        (["fr", "pl;q=0.5"], "cs"),
        (["fr-FR", "de-AT", "en"], "de"),
        (["no"], "nb"),
        (["nn-NO", "en"], "nb"),
        (["nb-NO"], "nb"),
        (["ru"], "cs"),
        ([], "cs"),
        (["xx-nonsense", "en"], "en"),
    ],
)
def test_the_browser_chooses_the_language(accepted: list[str], spoken: str) -> None:
    assert preferred(accepted, list(public_languages())) == spoken


def test_who_reads_a_further_language_is_given_the_next_best_whole_one() -> None:
    assert [language(code).code for code in ("sk", "pl", "uk", "de", "nb", "xx")] == [
        "cs", "cs", "cs", "en", "en", "cs",
    ]  # fmt: skip
    assert set(next_best("de")) == set(WHOLE)


def test_a_text_that_is_missing_in_a_language_is_said_in_another() -> None:
    assert text_in({"cs": "ano", "en": "yes"}, "en") == "yes"
    assert text_in({"cs": "ano"}, "en") == "ano"
    assert text_in({"de": "ja"}, "en") == "ja"
    assert text_in({}, "en") == ""
    assert text_in({"cs": "ano", "en": "yes"}, "de") == "yes"
    assert text_in({"cs": "ano", "en": "yes"}, "sk") == "ano"
    assert [tongue_of({"cs": "ano", "en": "yes"}, code) for code in ("cs", "de", "pl")] == ["cs", "en", "cs"]


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


def test_a_catalogue_brought_up_to_date_keeps_what_is_still_said_and_lists_the_rest() -> None:
    old = Catalog(locale="uk", header_comment="# Words.")
    old.add("Back", "Назад")
    old.add("Nobody says this", "Ніхто")
    messages = {
        "Back": [("templates/base.html", 3)],
        PEOPLE: [("templates/base.html", 9)],
        "Ready answers": [("templates/office/templates.html", 1)],
    }
    fresh = brought_up_to_date(old, messages, "uk")
    assert {m.id: m.string for m in fresh if m.id} == {"Back": "Назад", PEOPLE: ("", "", "")}
    assert [m.id for m in empty_of(fresh)] == [PEOPLE]
    assert "Creation-Date" not in written(fresh)
    assert "nplurals=3" in written(fresh)
    assert {m.id for m in brought_up_to_date(old, messages, "cs") if m.id} == set(messages)
