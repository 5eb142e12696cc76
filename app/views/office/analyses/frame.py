"""What the pages of all analyses have in common: what may be chosen, and the module of each kind.

The module `app/views/office/analyses/<kind>.py` has

- `context(the_map, result) -> dict`: what its template needs,
- `headline(the_map, result) -> str`: its one sentence on the first page,
- `choices(the_map) -> Sequence[Choice]`: what can be chosen before it starts,
- and where there is a table to take away, `rows(the_map, result) -> (heading, rows)`.

All of it in the reader's language.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol, cast

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.queries.maps import MapRecord
from app.views.reader import number, reader_language

NO_NAME = N_("a place without a name")
NOT_OFFERED = N_("Please choose one of what is offered.")

Table = tuple[Sequence[str], Iterable[Iterable[Any]]]
"""A heading and rows."""


@dataclass(frozen=True)
class Choice:
    """One thing to choose before an analysis starts; all words in the reader's language."""

    name: str
    """In the form, and in `asked`."""
    label: str
    options: Sequence[tuple[str, str]]
    """(value, words), at least one."""
    default: str
    help: str = ""


class Somewhere(Protocol):
    """A place that may have a name."""

    @property
    def name(self) -> str | None:
        """How people call it."""

    @property
    def lat(self) -> float:
        """Of its middle."""

    @property
    def lon(self) -> float:
        """Of its middle."""


def place_name(place: Somewhere) -> str:
    """A place by name, in a sentence; one without a name by where it is."""
    if place.name:
        return place.name
    at = f"{number(place.lat, 4)}\N{NO-BREAK SPACE}N, {number(place.lon, 4)}\N{NO-BREAK SPACE}E"
    return f"{reader_language().gettext(NO_NAME)} {at}"


class Kind(Protocol):
    """The module of one kind of analysis."""

    def context(self, the_map: MapRecord, result: Any) -> dict[str, Any]:
        """What its template needs."""

    def headline(self, the_map: MapRecord, result: Any) -> str:
        """Its one sentence on the first page."""

    def choices(self, the_map: MapRecord) -> Sequence[Choice]:
        """What can be chosen before it starts."""


def kind_module(key: str) -> Kind:
    """The module that shows this kind."""
    return cast("Kind", _module(key))


def table_of(key: str, the_map: MapRecord, result: Any) -> Table | None:
    """The table of a result, where its kind has one."""
    module = _module(key)
    return module.rows(the_map, result) if has_table(key) else None


def has_table(key: str) -> bool:
    """Whether results of this kind can be taken away as a table."""
    return hasattr(_module(key), "rows")


def chosen(choices: Sequence[Choice], form: Mapping[str, str]) -> dict[str, str]:
    """What was chosen, by name, with defaults for what was not said; InvalidInput for what is not offered."""
    asked = {choice.name: form.get(choice.name) or choice.default for choice in choices}
    wrong = [
        Problem(choice.name, NOT_OFFERED)
        for choice in choices
        if asked[choice.name] not in {value for value, _ in choice.options}
    ]
    if wrong:
        raise InvalidInput(*wrong)
    return asked


def _module(key: str) -> ModuleType:
    return importlib.import_module(f"app.views.office.analyses.{key}")
