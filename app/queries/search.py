"""Full-text search as a condition on pins: in comments by their index, and in written answers.

Accents and capitals are taken away by the same function in the index and here (`plain_words`), and what people
type is only ever bound, never part of the query's own language: no text can be a syntax error.
"""

from __future__ import annotations

from functools import reduce
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, literal_column, or_, select, union_all
from sqlalchemy.dialects.postgresql import TSQUERY

from app.inputs.search import Form, Search
from app.models import Pin

SIMPLE: ColumnElement[Any] = literal_column("'simple'::regconfig")
"""No language: PostgreSQL has no Czech dictionary; endings are taken off in inputs/search.py."""


def says(map_id: int, search: Search) -> ColumnElement[bool]:
    """Whether a pin's comment, or one of its written answers, has all that is looked for."""
    in_comment = and_(Pin.comment.is_not(None), _has(Pin.comment, search))
    if not search.answer_keys:
        return in_comment
    # Two look-ups side by side: an OR over both would read every comment of the map, index or not.
    in_answers = [
        and_(Pin.answers.has_key(key), _has(Pin.answers[key].astext, search)) for key in search.answer_keys
    ]
    here = Pin.map_id == map_id
    found = union_all(select(Pin.id).where(here, in_comment), select(Pin.id).where(here, or_(*in_answers)))
    return Pin.id.in_(found)


def _has(text: Any, search: Search) -> ColumnElement[bool]:
    if search.sign is not None:
        return func.strpos(func.plain_words(text), func.plain_words(search.sign)) > 0
    wanted = [_any_of(forms) for forms in search.words]
    wanted += [func.phraseto_tsquery(SIMPLE, func.plain_words(phrase)) for phrase in search.phrases]
    whole = reduce(lambda a, b: a.op("&&", return_type=TSQUERY())(b), wanted)
    return func.to_tsvector(SIMPLE, func.plain_words(text)).bool_op("@@")(whole)


def _any_of(forms: tuple[Form, ...]) -> ColumnElement[Any]:
    """The tsquery of one word; each form is quoted by SQL itself once accents are gone from it."""
    return func.to_tsquery(SIMPLE, reduce(lambda a, b: a.op("||")(" | ").op("||")(b), map(_quoted, forms)))


def _quoted(form: Form) -> ColumnElement[Any]:
    doubled = func.replace(func.replace(func.plain_words(form.text), "\\", "\\\\"), "'", "''")
    return literal("'").op("||")(doubled).op("||")("'" if form.is_whole else "':*")
