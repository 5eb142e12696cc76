"""Catalogues brought up to date with the sources: `.venv/bin/python -m deploy.words [LANGUAGE…]`.

Words that nobody says any more go, new ones come in empty, and the file that asks for them is named. Czech is
asked for everything, further languages for what citizens meet (app/public_sources.py). A language that is not
there yet is made: name it.
"""

from __future__ import annotations

import io
import re
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

from app.config import ROOT
from app.i18n import FOLDER, SOURCE_LANGUAGE, WHOLE, public_languages
from app.public_sources import is_public

FOLDERS = ("app", "templates", "static/js")
KEYWORDS: Mapping[str, Any] = DEFAULT_KEYWORDS | {"N_": None, "N_n": (1, 2)}
LINE_WIDTH = 110
PASSING = re.compile(
    r'"(Project-Id-Version|Report-Msgid-Bugs-To|[\w-]+-Date|Last-Translator|Language-Team|Generated-By): .*\n'
)
"""Lines of a catalogue's head that would change with every writing."""

Messages = Mapping[Any, Sequence[tuple[str, int]]]
"""What the sources say, a plural as a pair, and the files and lines that say it."""


def messages_of_the_sources() -> Messages:
    """Every message in code, templates and scripts."""
    mappings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]
    methods = [(mapping["pattern"], mapping["method"]) for mapping in mappings]
    options = {
        one["pattern"]: {k: v for k, v in one.items() if k not in ("pattern", "method")} for one in mappings
    }
    found: dict[Any, list[tuple[str, int]]] = {}
    for folder in FOLDERS:
        # From the root, so that patterns match; other folders are left at the door.
        inside = lambda path, folder=folder: _leads_to(path, folder)  # noqa: E731
        for file, line, said, _, _ in extract_from_dir(
            str(ROOT), methods, options, dict(KEYWORDS), directory_filter=inside
        ):
            found.setdefault(said, []).append((file, line))
    return found


def brought_up_to_date(old: Catalog, messages: Messages, code: str) -> Catalog:
    """The catalogue of a language with just what it must say; what it said before stays, the rest is empty."""
    fresh = Catalog(locale=code, fuzzy=False, header_comment=old.header_comment)
    for said, places in messages.items():
        if code in WHOLE or any(is_public(file) for file, _ in places):
            known = old.get(said[0] if isinstance(said, tuple) else said)
            nothing = ("",) * fresh.num_plurals if isinstance(said, tuple) else ""
            has_form = known is not None and isinstance(known.id, tuple) == isinstance(said, tuple)
            fresh.add(said, known.string if known is not None and has_form else nothing, list(places))
    return fresh


def empty_of(catalog: Catalog) -> list[Message]:
    """What still waits for its translation."""
    return [
        one for one in catalog if one.id and not all(one.string if isinstance(one.string, tuple) else [one.string])
    ]


def written(catalog: Catalog) -> str:
    """The catalogue as its file: by source file, without dates and line numbers, so that changes read well."""
    text = io.BytesIO()
    write_po(text, catalog, width=LINE_WIDTH, sort_by_file=True, include_lineno=False)
    return PASSING.sub("", text.getvalue().decode())


def main(asked: Iterable[str]) -> None:
    """Write the catalogues asked for, or all, and say what is missing in them."""
    messages = messages_of_the_sources()
    for code in list(asked) or [code for code in public_languages() if code != SOURCE_LANGUAGE]:
        path = FOLDER / code / "LC_MESSAGES" / "messages.po"
        old = read_po(path.open("rb"), locale=code) if path.exists() else Catalog(locale=code, header_comment="")
        catalog = brought_up_to_date(old, messages, code)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(written(catalog), encoding="utf-8")
        waiting = empty_of(catalog)
        print(f"{code}: {len(catalog)} messages, {len(waiting)} to translate")
        for message in waiting:
            print(f"  {message.locations[0][0]}: {message.id}")


def _leads_to(path: str, folder: str) -> bool:
    inside = path.removeprefix(str(ROOT)).strip("/")
    return folder.startswith(inside) or (inside + "/").startswith(folder + "/")


if __name__ == "__main__":
    main(sys.argv[1:])
