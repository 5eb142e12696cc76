"""The comments of a map as the analysis of themes reads them: who wrote what where, and what may be quoted."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, and_, case, cast, exists, func, literal, or_, select
from sqlalchemy.orm import Session

from app.models import FlagKind, Pin, PinFlag, PinState, QuestionType, Respondent
from app.queries.copied import CSV, copied
from app.queries.features import conditions
from app.queries.maps import MapRecord
from app.queries.pin_table import OFFICE_COUNTS, options_of
from gis.grid import Indices

NOT_QUOTED_KINDS = (
    FlagKind.PHONE,
    FlagKind.EMAIL,
    FlagKind.BIRTH_NUMBER,
    FlagKind.NUMBER_PLATE,
    FlagKind.LINK,
    FlagKind.VULGAR,
)
"""A comment in which the queue noticed one of these is not quoted, also when an official let it stand."""

MOST_FIELD = 1 << 20


@dataclass(frozen=True)
class Comments:
    """Columns of one length, a row a pin about which something was written. For officials only."""

    pins: tuple[str, ...] = field(repr=False)
    """Their ids."""
    texts: tuple[str, ...] = field(repr=False)
    """The comment, and below it what was written in answer to questions about the pin."""
    person: Indices
    """Numbers from 0."""
    category: NDArray[np.int16]
    """Counts from 0 in the map's categories."""
    x_index: Indices
    y_index: Indices
    quotable: NDArray[np.bool_]
    answers: Mapping[str, Indices]
    """By question the options chosen: bit i is option i, 0 is no answer."""

    def __len__(self) -> int:
        return len(self.pins)


def read_comments(session: Session, the_map: MapRecord, asked: Sequence[str] = ()) -> Comments:
    """Everything written on pins that count for the office; `asked` names questions with options to bring."""
    rows = sorted(_rows(session, the_map, asked))
    columns: list[Sequence[str]] = list(zip(*rows, strict=True)) if rows else [() for _ in range(7 + len(asked))]
    ids, people, categories, x, y, quotable, texts = columns[:7]
    place = {category.key: i for i, category in enumerate(the_map.categories)}
    return Comments(
        tuple(ids),
        tuple(texts),
        np.unique(np.asarray(people, dtype=np.int64), return_inverse=True)[1].astype(np.int64),
        np.array([place[key] for key in categories], dtype=np.int16),
        np.asarray(x, dtype=np.int64),
        np.asarray(y, dtype=np.int64),
        np.array([said == "t" for said in quotable], dtype=np.bool_),
        {key: _bits(columns[7 + i], options_of(the_map, key)) for i, key in enumerate(asked)},
    )


def comments_to_quote(session: Session, the_map: MapRecord, pins: Collection[str]) -> dict[str, str]:
    """The comments of these pins that may be quoted now, by id: none withdrawn, hidden or covered."""
    if not pins:
        return {}
    wanted = [uuid.UUID(pin) for pin in sorted(pins)]
    found = session.execute(
        select(Pin.id, Pin.comment).where(Pin.map_id == the_map.id, Pin.id.in_(wanted), _may_be_quoted())
    )
    return {str(row.id): row.comment for row in found}


def _rows(session: Session, the_map: MapRecord, asked: Sequence[str]) -> list[list[str]]:
    about = {question.key for question in the_map.about}
    written = [
        func.nullif(Pin.answers[question.key].astext, "")
        for question in the_map.questions
        if question.type == QuestionType.TEXT
    ]
    comment = func.nullif(Pin.comment, "")
    columns: list[Any] = [
        Pin.id,
        func.uuid_hash_extended(Pin.respondent_id, cast(literal(0), BigInteger), type_=BigInteger),
        Pin.category,
        Pin.square_x,
        Pin.square_y,
        # Only what is nothing but a comment: a written answer is not what people think everybody reads.
        case((or_(~_may_be_quoted(), *(one.is_not(None) for one in written)), False), else_=True),
        func.concat_ws("\n", comment, *written),
        *((Respondent.about if key in about else Pin.answers)[key].astext for key in asked),
    ]
    query = select(*columns).select_from(Pin)
    if about.intersection(asked):
        query = query.join(Respondent, and_(Respondent.map_id == Pin.map_id, Respondent.id == Pin.respondent_id))
    query = query.where(
        *conditions(the_map.id, OFFICE_COUNTS), or_(*(one.is_not(None) for one in (comment, *written)))
    )
    csv.field_size_limit(MOST_FIELD)
    return list(csv.reader(io.StringIO(b"".join(copied(session, query, CSV)).decode(), newline="")))


def _may_be_quoted() -> Any:
    noticed = exists().where(
        PinFlag.map_id == Pin.map_id, PinFlag.pin_id == Pin.id, PinFlag.kind.in_(NOT_QUOTED_KINDS)
    )
    return and_(Pin.state == PinState.VISIBLE, Pin.comment.is_not(None), Pin.original_comment.is_(None), ~noticed)


def _bits(said: Sequence[str], options: Sequence[str]) -> Indices:
    """Answers as they stand in JSON, one option or a list of them, as one number each."""
    bit = {option: 1 << i for i, option in enumerate(options)}
    known: dict[str, int] = {}
    for answer in set(said):
        chosen = json.loads(answer) if answer.startswith("[") else [answer]
        known[answer] = sum(bit.get(one, 0) for one in set(chosen) if isinstance(one, str))
    return np.array([known[answer] for answer in said], dtype=np.int64)
