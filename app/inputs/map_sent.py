"""A form of the map editor as it was sent: single values, lists, and texts by language, by dotted names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from app.errors import Problem
from app.i18n import N_
from app.inputs.built_in import still_meant
from app.inputs.fields import LANGUAGE, storable

MOST_VALUE_CHARACTERS = 20_000
SPACES = re.compile(r"[^\S\n]+")


class ManyValues(Protocol):
    """What a web form is: names, each with one value or several."""

    def keys(self) -> Iterable[str]:
        """The names."""

    def getlist(self, key: str) -> list[str]:
        """All values of a name."""


class Sent:
    """The values of a form; `title.cs` and `title.en` are together the text `title`."""

    def __init__(self, form: ManyValues) -> None:
        """Sort the names by what stands before their last dot."""
        self._form = form
        self._parts: dict[str, dict[str, str]] = defaultdict(dict)
        for name in form.keys():  # noqa: SIM118 - a MultiDict is no plain dict
            before, _, last = name.rpartition(".")
            self._parts[before][last] = self.one(name)

    def one(self, name: str) -> str:
        """The value of a name, without carriage returns; empty where there is none."""
        values = self._form.getlist(name)
        return values[0][:MOST_VALUE_CHARACTERS].replace("\r\n", "\n") if values else ""

    def all(self, name: str) -> list[str]:
        """Every value of a name, in the order of the page."""
        return self._form.getlist(name)

    def texts(self, name: str) -> dict[str, str]:
        """A text in the languages that the form has it in, as typed."""
        return {code: value for code, value in self._parts[name].items() if LANGUAGE.fullmatch(code)}


class Noted:
    """What is wrong with a form, and texts that are right."""

    def __init__(self) -> None:
        """Nothing is wrong yet."""
        self.problems: list[Problem] = []

    def wrong(self, field: str, message: str, /, **data: object) -> None:
        """Note a problem of one field."""
        self.problems.append(Problem(field, message, data))

    def text(self, field: str, typed: str, most: int) -> str:
        """What was typed, trimmed; a problem where it is too long or can't be stored."""
        found = SPACES.sub(" ", typed).strip()
        if not storable(found):
            self.wrong(field, N_("There is a sign in the text that we can't store."))
            return ""
        if len(found) > most:
            self.wrong(field, N_("This has at most %(most)s characters."), most=most)
        return found

    def texts(
        self, field: str, typed: Mapping[str, str], before: Mapping[str, str] | None, most: int
    ) -> dict[str, str]:
        """A text in the languages typed; what is stored in languages that the form did not show stays."""
        kept = {code: text for code, text in still_meant(before or {}, typed).items() if code not in typed}
        given = {code: self.text(f"{field}.{code}", text, most) for code, text in typed.items()}
        return {code: text for code, text in {**kept, **given}.items() if text}


def first_filled(texts: Mapping[str, str], languages: Sequence[str]) -> str:
    """The text in the first of these languages that has one."""
    return next((texts[code] for code in languages if texts.get(code)), "")
