"""A filter in CQL2 text (OGC 21-065r2) as a checked tree, or a refusal in words.

Understood are comparisons, LIKE, IN, BETWEEN, IS NULL, AND, OR, NOT, CASEI, ACCENTI, S_INTERSECTS and the
T_… functions of moments; everything else is refused by its name. The text is parsed by the Rust crate cql2, whose
time doubles with each bracket that a mistake lies in, and which can't be interrupted: hence the bounds before it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import cql2
import shapely

from app.errors import Malformed, Problem
from app.i18n import N_
from app.inputs.cql2_moments import MOMENT_OPS, Moment, compared_moments, read_moment, related_moments
from app.inputs.cql2_tree import (
    Always,
    Compared,
    Comparison,
    Condition,
    Every,
    Fold,
    Given,
    Has,
    Like,
    Missing,
    Named,
    Not,
    OneOf,
    Some,
    Touches,
)
from app.inputs.crs_parameters import CRS84, Crs, Placed
from app.inputs.fields import storable
from app.inputs.geometries import box_of, box_shape, read_shape
from gis.formats.layer import GEOMETRY, Kind

PARAMETER = "filter"
MOST_CHARACTERS = 8_000
MOST_BRACKETS = 12
MOST_WORK = 1 << 20
"""Characters times two to the power of the nested brackets: a third of a second of parsing at worst."""
MOST_A_PART = 200
"""Characters between two of AND, OR and commas, without what is quoted. There stands what nests without brackets,
as NOT NOT NOT; some thousand levels overflow the parser's stack, which ends the process."""
DEEPEST = 60
"""Levels of the tree."""
MOST_WILDCARDS = 20

Node = Any
NUMBERS = frozenset({Kind.INTEGER, Kind.NUMBER})
QUOTED = re.compile(r"'(?:[^']|'')*'|\"[^\"]*\"")
BETWEEN_PARTS = re.compile(r"\b(?:AND|OR)\b|,", re.IGNORECASE)
PLACE = re.compile(r"--> (\d+):(\d+)")


def parse_filter(text: str, kinds: Mapping[str, Kind], the_map: Placed, crs: Crs = CRS84) -> Condition:
    """The condition that the text says; `kinds` are the only names it may use, beside `geometry`.

    `crs` is the system of its coordinates. Malformed for what can't be read, is not known or can't be compared.
    """
    _expect_small(text)
    return _Reading(kinds, the_map, crs).condition(_parsed(text), 0)


def given_value(text: str, column: Named, parameter: str) -> Condition:
    """The condition that a column is what `?name=text` says."""
    if not storable(text):
        raise Malformed(Problem(parameter, N_("This must be a text.")))
    match column.kind:
        case Kind.LIST:
            return Has(column, text)
        case Kind.INTEGER | Kind.NUMBER:
            if not re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", text):
                raise Malformed(Problem(parameter, N_("This must be a number.")))
            return Compared(column, Comparison.EQUAL, Given(_number(float(text))))
        case Kind.TIME:
            return compared_moments(column, Comparison.EQUAL, read_moment(text, parameter))
        case _:
            return Compared(column, Comparison.EQUAL, Given(text))


@dataclass(frozen=True)
class _Reading:
    """One filter being read."""

    kinds: Mapping[str, Kind]
    the_map: Placed
    crs: Crs

    def condition(self, node: Node, depth: int) -> Condition:
        """The condition of a part of the tree."""
        if depth > DEEPEST:
            raise _wrong(N_("This filter is nested too deeply."))
        if isinstance(node, bool):
            return Always(node)
        op, args = _operation(node)
        if op in ("and", "or"):
            parts = tuple(self.condition(part, depth + 1) for part in args)
            return Every(parts) if op == "and" else Some(parts)
        if op == "not" and len(args) == 1:
            return Not(self.condition(args[0], depth + 1))
        return self._simple(op, args)

    def _simple(self, op: str, args: Sequence[Node]) -> Condition:
        """A condition that has no others in it."""
        if op in set(Comparison) and len(args) == 2:
            return self._compared(args[0], Comparison(op), args[1])
        if op in MOMENT_OPS and len(args) == 2:
            return self._related(op, *args)
        known: Mapping[str, tuple[int, Callable[..., Condition]]] = {
            "isnull": (1, self._missing),
            "like": (2, self._like),
            "between": (3, self._between),
            "in": (2, self._one_of),
            "s_intersects": (2, self._touches),
        }
        count, read = known.get(op, (-1, self._missing))
        if len(args) != count:
            raise _not_understood(op)
        return read(*args)

    def _missing(self, what: Node) -> Condition:
        return Missing(self._named(what))

    def _compared(self, left: Node, how: Comparison, right: Node) -> Condition:
        one, other = self._operand(left), self._operand(right)
        if not isinstance(one, Named):
            one, other, how = other, one, how.turned
        if not isinstance(one, Named):
            raise _wrong(N_("One side of a comparison must be a property."))
        if one.kind is Kind.LIST:
            return _of_list(one, how, other)
        if one.kind is Kind.TIME and not isinstance(other, Named):
            return compared_moments(one, how, self._moment(one, other))
        return Compared(one, how, _alike(one, other))

    def _between(self, what: Node, low: Node, high: Node) -> Condition:
        return Every(
            (self._compared(what, Comparison.AT_LEAST, low), self._compared(what, Comparison.AT_MOST, high))
        )

    def _one_of(self, what: Node, values: Node) -> Condition:
        named = self._named(what, folded=True)
        if not isinstance(values, list) or not values:
            raise _wrong(N_("After IN stand values in brackets."))
        if named.kind in (Kind.LIST, Kind.TIME):
            return Some(tuple(self._compared(what, Comparison.EQUAL, value) for value in values))
        given = [_alike(named, self._operand(value)) for value in values]
        kept = tuple(value for value in given if isinstance(value, Given))
        if len(kept) < len(given):
            raise _wrong(N_("After IN stand values in brackets."))
        return OneOf(named, kept)

    def _like(self, what: Node, pattern: Node) -> Condition:
        named, wanted = self._named(what, folded=True), self._operand(pattern)
        if named.kind is not Kind.TEXT or not isinstance(wanted, Given) or not isinstance(wanted.value, str):
            raise _wrong(N_("LIKE compares a text property with a pattern in quotes."))
        plain = re.sub(r"\\[\\%_]", "", wanted.value)
        if "\\" in plain:
            raise _wrong(N_("In a pattern, a backslash stands before a wildcard or another backslash."))
        if plain.count("%") > MOST_WILDCARDS:
            raise _wrong(N_("A pattern has at most %(most)s wildcards."), most=MOST_WILDCARDS)
        return Like(named, wanted)

    def _touches(self, *args: Node) -> Condition:
        shapes = [node for node in args if node != {"property": GEOMETRY}]
        if len(shapes) != 1 or not isinstance(shapes[0], dict):
            raise _wrong(N_("S_INTERSECTS compares the property geometry with a shape."))
        drawn = self._shape(shapes[0])
        return Touches(shapely.to_wkb(drawn)) if not drawn.is_empty else Always(holds=False)

    def _shape(self, node: Mapping[str, Node]) -> Any:
        corners = node["args"] if str(node.get("op")).lower() in ("bbox", "envelope") else node.get("bbox")
        if corners is not None:
            numbers = [float(n) if isinstance(n, int | float) else math.nan for n in corners]
            return box_shape(box_of(numbers, self.crs, PARAMETER), self.crs, self.the_map)
        if "type" not in node:
            raise _wrong(N_("S_INTERSECTS compares the property geometry with a shape."))
        return read_shape(node, self.crs, self.the_map, PARAMETER)

    def _related(self, op: str, left: Node, right: Node) -> Condition:
        turned = isinstance(right, dict) and "property" in right
        named, other = (self._named(right), left) if turned else (self._named(left), right)
        if named.kind is not Kind.TIME or not isinstance(other, dict | str):
            raise _cannot_compare(named, other)
        return related_moments(named, op, other, turned=turned)

    def _named(self, node: Node, *, folded: bool = False) -> Named:
        found = self._operand(node)
        if not isinstance(found, Named) or (found.folds and not folded):
            raise _wrong(N_("A property must stand here."))
        return found

    def _operand(self, node: Node) -> Named | Given | Moment:
        """What stands on one side of a comparison."""
        if isinstance(node, dict):
            if "property" in node:
                return self._property(node["property"])
            if "op" in node:
                return self._folded(*_operation(node))
            return read_moment(node, PARAMETER)
        if isinstance(node, str) and storable(node):
            return Given(node)
        if isinstance(node, int | float) and not isinstance(node, bool) and math.isfinite(node):
            return Given(_number(node))
        raise _wrong(N_("“%(value)s” can't be compared with a property."), value=_shown(node))

    def _property(self, name: str) -> Named:
        if name == GEOMETRY:
            raise _wrong(N_("The property geometry can only stand in S_INTERSECTS."))
        if name not in self.kinds:
            said = N_("There is no property “%(name)s”. There are: %(allowed)s.")
            raise _wrong(said, name=_shown(name), allowed=", ".join([*self.kinds, GEOMETRY]))
        return Named(name, self.kinds[name])

    def _folded(self, op: str, args: Sequence[Node]) -> Named | Given:
        if op not in set(Fold) or len(args) != 1:
            raise _not_understood(op)
        inner = self._operand(args[0])
        is_text = inner.kind is Kind.TEXT if isinstance(inner, Named) else isinstance(inner, Given)
        if (
            isinstance(inner, Moment)
            or not is_text
            or (isinstance(inner, Given) and not isinstance(inner.value, str))
        ):
            raise _wrong(N_("%(name)s is for texts."), name=op.upper())
        return replace(inner, folds=tuple(dict.fromkeys((*inner.folds, Fold(op)))))

    def _moment(self, named: Named, other: Given | Moment) -> Moment:
        if isinstance(other, Moment):
            return other
        if not isinstance(other.value, str) or other.folds:
            raise _cannot_compare(named, other.value)
        return read_moment(other.value, PARAMETER)


def _parsed(text: str) -> Node:
    """The tree as the parser gives it, in the form of CQL2 JSON."""
    try:
        return cql2.parse_text(text).to_json()
    except cql2.ParseError as error:
        found = PLACE.search(str(error))
        if found is None:
            raise _wrong(N_("This filter can't be read.")) from error
        said = N_("This filter can't be read from character %(place)s on.")
        raise _wrong(said, place=int(found[2])) from error
    except BaseException as error:
        # The crate raises whatever its parts raise; a panic in Rust is no Exception.
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise _wrong(N_("This filter can't be read.")) from error
        raise


def _expect_small(text: str) -> None:
    """Refuse what would take the parser long, or longer than its stack."""
    if len(text) > MOST_CHARACTERS:
        raise _wrong(N_("A filter has at most %(most)s characters."), most=MOST_CHARACTERS)
    if not storable(text):
        raise _wrong(N_("This filter can't be read."))
    bare = re.sub(r"\s+", " ", QUOTED.sub("", text))
    depth = deepest = 0
    for char in bare:
        depth += (char == "(") - (char == ")")
        deepest = max(deepest, depth)
        if depth < 0:
            break
    if depth or "'" in bare or '"' in bare:
        raise _wrong(N_("A bracket or a quotation mark has no partner."))
    longest = max(map(len, BETWEEN_PARTS.split(bare)))
    if longest > MOST_A_PART or deepest > MOST_BRACKETS or len(text) << deepest > MOST_WORK:
        raise _wrong(N_("This filter is nested too deeply."))


def _operation(node: Node) -> tuple[str, Sequence[Node]]:
    if not isinstance(node, dict) or "op" not in node or not isinstance(node.get("args"), list):
        raise _wrong(N_("A condition must stand here, not “%(value)s”."), value=_shown(node))
    return str(node["op"]).lower(), node["args"]


def _of_list(named: Named, how: Comparison, other: Named | Given | Moment) -> Condition:
    """A list is equal to a text when it has it: several answers to one question."""
    if not isinstance(other, Given) or not isinstance(other.value, str) or other.folds:
        raise _cannot_compare(named, other)
    if how is Comparison.EQUAL:
        return Has(named, other.value)
    if how is Comparison.UNEQUAL:
        return Not(Has(named, other.value))
    raise _wrong(N_("“%(name)s” holds several answers: they are not ordered."), name=named.name)


def _alike(named: Named, other: Named | Given | Moment) -> Named | Given:
    """The other side, if it is of the property's kind."""
    if isinstance(other, Named):
        same = other.kind is named.kind or {other.kind, named.kind} <= NUMBERS
    else:
        same = isinstance(other, Given) and isinstance(other.value, str) == (named.kind is Kind.TEXT)
    if not same or isinstance(other, Moment):
        raise _cannot_compare(named, other)
    return other


def _number(value: float) -> int | float:
    """A whole number as one, where a bigint can hold it."""
    return int(value) if float(value).is_integer() and abs(value) < 1 << 62 else float(value)


def _cannot_compare(named: Named, other: object) -> Malformed:
    value = other.value if isinstance(other, Given) else other.name if isinstance(other, Named) else other
    said = N_("“%(name)s” can't be compared with “%(value)s”.")
    return _wrong(said, name=named.name, value=_shown(value))


def _not_understood(op: str) -> Malformed:
    return _wrong(N_("“%(name)s” is not understood here."), name=_shown(op.upper()))


def _shown(value: object) -> str:
    """A value as it may stand in a sentence."""
    return str(value)[:60]


def _wrong(said: str, **data: object) -> Malformed:
    return Malformed(Problem(PARAMETER, said, data))
