"""A checked condition as SQL over a map's pins: every value bound, every name one of the columns handed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    DateTime,
    Double,
    Text,
    and_,
    cast,
    false,
    func,
    literal,
    literal_column,
    or_,
    true,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB

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
from app.models import Pin
from app.queries.columns import Column
from gis.formats.layer import Kind

WIDE = {"％": "\\%", "＿": "\\_", "＼": "\\\\", "﹪": "\\%", "﹨": "\\\\", "∖": "\\\\"}
"""Signs that PostgreSQL's unaccent turns into a pattern's own."""

Sql = ColumnElement[Any]


def sql_condition(condition: Condition, columns: Sequence[Column]) -> Sql:
    """The WHERE of a condition; only what stands in these columns can be named, whoever asks."""
    return _sql(condition, {column.name: _source(column) for column in columns})


def _sql(condition: Condition, sources: Mapping[str, Sql]) -> Sql:
    match condition:
        case Every(parts):
            return and_(true(), *(_sql(part, sources) for part in parts))
        case Some(parts):
            return or_(false(), *(_sql(part, sources) for part in parts))
        case Not(part):
            return ~_sql(part, sources)
        case Always(holds):
            return true() if holds else false()
        case _:
            return _simple(condition, sources)


def _source(column: Column) -> Sql:
    # What is taken out of JSON by ->> is a text, which SQLAlchemy is not told.
    return type_coerce(column.source, Text()) if column.kind is Kind.TEXT else column.source


def _simple(condition: Condition, sources: Mapping[str, Sql]) -> Sql:
    match condition:
        case Compared(what, how, other):
            right = _named(other, sources) if isinstance(other, Named) else _given(other)
            return _compared(_named(what, sources), how, right)
        case OneOf(what, values):
            return _named(what, sources).in_([_given(value) for value in values])
        case Like(what, pattern):
            return _named(what, sources).like(_pattern(pattern))
        case Has(what, value):
            return sources[what.name].op("@>", is_comparison=True)(cast([value], JSONB))
        case Missing(what):
            return _missing(what, sources[what.name])
        case Touches(wkb):
            return func.ST_Intersects(Pin.position, func.ST_GeomFromWKB(wkb, 4326))
    raise NotImplementedError(condition)


def _compared(left: Sql, how: Comparison, right: Sql) -> Sql:
    match how:
        case Comparison.EQUAL:
            return left == right
        case Comparison.UNEQUAL:
            return left != right
        case Comparison.LESS:
            return left < right
        case Comparison.AT_MOST:
            return left <= right
        case Comparison.MORE:
            return left > right
        case Comparison.AT_LEAST:
            return left >= right


def _named(what: Named, sources: Mapping[str, Sql]) -> Sql:
    return _folded(sources[what.name], what.folds)


def _given(value: Given) -> Sql:
    # Each with its type: SQLAlchemy would take the column's, and cut 2.5 to an integer.
    if isinstance(value.value, datetime):
        return literal(value.value, DateTime(timezone=True))
    if isinstance(value.value, str):
        return _folded(literal(value.value, Text()), value.folds)
    return literal(float(value.value), Double()) if isinstance(value.value, float) else literal(value.value)


def _pattern(pattern: Given) -> Sql:
    words = str(pattern.value)
    if Fold.ACCENTS in pattern.folds:
        words = "".join(WIDE.get(char, char) for char in words)
    return _folded(literal(words, Text()), pattern.folds)


def _folded(text: Sql, folds: Sequence[Fold]) -> Sql:
    for fold in folds:
        if fold is Fold.CASE:
            text = func.lower(text)
        else:
            text = func.public.unaccent(literal_column("'public.unaccent'::regdictionary"), text)
    return text


def _missing(what: Named, source: Sql) -> Sql:
    if what.kind is Kind.LIST:
        return func.nullif(source, cast(literal_column("'null'"), JSONB)).is_(None)
    return source.is_(None)
