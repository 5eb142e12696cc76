"""A condition on pins as a tree: frozen and hashable, every name known and every value of the right kind.

Only inputs/cql2.py and inputs/item_parameters.py grow such trees; queries/cql2_conditions.py turns them into SQL.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gis.formats.layer import Kind


class Fold(StrEnum):
    """What a comparison of texts leaves out of account."""

    CASE = "casei"
    ACCENTS = "accenti"


class Comparison(StrEnum):
    """How two values are compared."""

    EQUAL = "="
    UNEQUAL = "<>"
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="

    @property
    def turned(self) -> Comparison:
        """The same said of the other side."""
        return _TURNED.get(self, self)


_TURNED = {
    Comparison.LESS: Comparison.MORE,
    Comparison.MORE: Comparison.LESS,
    Comparison.AT_MOST: Comparison.AT_LEAST,
    Comparison.AT_LEAST: Comparison.AT_MOST,
}


@dataclass(frozen=True)
class Named:
    """What a pin has under a name."""

    name: str
    kind: Kind
    folds: tuple[Fold, ...] = ()
    """For texts, the innermost first."""


@dataclass(frozen=True)
class Given:
    """A value that the asker gave."""

    value: str | int | float | datetime
    folds: tuple[Fold, ...] = ()


@dataclass(frozen=True)
class Always:
    """Holds for every pin, or for none."""

    holds: bool


@dataclass(frozen=True)
class Compared:
    """One value compared with another of its kind."""

    what: Named
    how: Comparison
    other: Named | Given


@dataclass(frozen=True)
class Has:
    """A list has this among its texts."""

    what: Named
    value: str


@dataclass(frozen=True)
class OneOf:
    """A value is one of these."""

    what: Named
    values: tuple[Given, ...]


@dataclass(frozen=True)
class Like:
    """A text looks like the pattern: % any characters, _ one, a backslash before what is meant as it is."""

    what: Named
    pattern: Given


@dataclass(frozen=True)
class Missing:
    """There is no value."""

    what: Named


@dataclass(frozen=True)
class Touches:
    """The pin lies in or on a geometry, given as WKB in WGS 84, longitude first."""

    wkb: bytes


@dataclass(frozen=True)
class Every:
    """All of them hold."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Some:
    """At least one of them holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    """It does not hold; what is unknown stays unknown."""

    part: Condition


Condition = Always | Compared | Has | OneOf | Like | Missing | Touches | Every | Some | Not
