"""The pins of a map as columns of numbers: what filtered heat and every analysis is made of.

Each column comes as one array of whole numbers in PostgreSQL's binary form: two fields for a million pins, where
any way of fetching rows spends more time on each row than on what is in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, Select, and_, case, cast, func, literal, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.inputs.filters import PinFilter
from app.inputs.heat import COUNTED_STATES
from app.models import Pin, QuestionType, Respondent
from app.queries.copied import bound
from app.queries.features import conditions
from app.queries.maps import MapRecord, QuestionRecord
from gis.grid import Floats, Indices, numbered

OFFICE_COUNTS = PinFilter(states=COUNTED_STATES)
"""What counts for the office unless it chooses otherwise: everything that nobody has hidden."""
MOST_OPTIONS = 62
"""Options of a question that fit into one whole number."""
PLACE_BITS = 24
PLACE_ZERO = 1 << PLACE_BITS - 1
PLACE_MASK = (1 << PLACE_BITS) - 1
"""A square's column and row, from 0: whole numbers of so many bits reach round the world in steps of 25 m."""
ARRAY_HEAD = 20
"""What stands before the elements of an array of one dimension; each then comes behind its length."""
_ELEMENT = np.dtype([("length", ">i4"), ("value", ">i8")])

Bits = NDArray[np.int64]


@dataclass(frozen=True)
class PinTable:
    """Columns of one length, a row a pin, in no particular order. For officials only: it knows who is who."""

    categories: tuple[str, ...]
    """Keys of the map's categories; `category` counts from 0 in them."""
    category: NDArray[np.int16]
    x_index: Indices
    """Column and row of the pin's 25 m square in the map's metric CRS."""
    y_index: Indices
    person: Indices
    """A number for each respondent, the same within the map and over its filters; of no order."""
    answers: Mapping[str, Bits] = field(default_factory=dict)
    """By question (about the pin or the person) the options chosen: bit i is option i, 0 is no answer."""
    minutes: Indices | None = field(default=None, repr=False)
    """When it was set, in minutes since 1970 (UTC); where asked for."""

    def __len__(self) -> int:
        return len(self.person)

    @cached_property
    def who(self) -> Indices:
        """The persons as numbers from 0."""
        return numbered(self.person)

    @property
    def people(self) -> int:
        """How many different people there are."""
        return int(self.who.max(initial=-1)) + 1

    def where(self, rows: NDArray[Any]) -> PinTable:
        """Some of the rows, by a mask or by their numbers."""
        return PinTable(
            self.categories,
            self.category[rows],
            self.x_index[rows],
            self.y_index[rows],
            self.person[rows],
            {key: bits[rows] for key, bits in self.answers.items()},
            None if self.minutes is None else self.minutes[rows],
        )

    def of(self, category: str) -> PinTable:
        """The pins of one category."""
        return self.where(self.category == self.categories.index(category))

    def centres(self) -> Floats:
        """Metric (x, y) of the pins' squares, a row each."""
        from gis.analysis.voices import centres_of

        return centres_of(self.x_index, self.y_index)


def read_pins(
    session: Session,
    the_map: MapRecord,
    wanted: PinFilter = OFFICE_COUNTS,
    *,
    asked: Sequence[str] = (),
    minutes: bool = False,
) -> PinTable:
    """The pins of a filter; `asked` names questions with options, about the pin or the person, to bring as well.

    Only for officials, and for what the k-rule has yet to pass: it tells single people apart.
    """
    keys = tuple(category.key for category in the_map.categories)
    about = {question.key for question in the_map.about}
    questions = {question.key: question for question in (*the_map.questions, *the_map.about)}
    columns: list[Any] = [
        _place(keys),
        func.uuid_hash_extended(Pin.respondent_id, cast(literal(0), BigInteger)),
        *(_bits(questions[key], Respondent.about if key in about else Pin.answers) for key in asked),
    ]
    if minutes:
        columns.append(cast(func.floor(func.extract("epoch", Pin.created_at) / 60), BigInteger))
    query = select(*(func.array_agg(column) for column in columns)).select_from(Pin)
    if about.intersection(asked):
        query = query.join(Respondent, and_(Respondent.map_id == Pin.map_id, Respondent.id == Pin.respondent_id))
    if wanted.search is not None:
        # The index of words leads to whole pages of pins where its bitmap does not fit, and each is read again.
        session.execute(text("SET LOCAL work_mem = '64MB'"))
    places, person, *more = _arrays(session, query.where(*conditions(the_map.id, wanted)), len(columns))
    return PinTable(
        keys,
        (places >> 2 * PLACE_BITS).astype(np.int16),
        (places >> PLACE_BITS & PLACE_MASK) - PLACE_ZERO,
        (places & PLACE_MASK) - PLACE_ZERO,
        person,
        dict(zip(asked, more, strict=False)),
        more[-1] if minutes else None,
    )


def options_of(the_map: MapRecord, key: str) -> tuple[str, ...]:
    """The options of a question in the order of their bits."""
    question = next(one for one in (*the_map.questions, *the_map.about) if one.key == key)
    return tuple(str(option["key"]) for option in question.options)[:MOST_OPTIONS]


def chosen_questions(the_map: MapRecord) -> tuple[QuestionRecord, ...]:
    """The questions with options, about the pin first, then about the person."""
    return tuple(
        one for one in (*the_map.questions, *the_map.about) if one.type != QuestionType.TEXT and one.options
    )


def _place(keys: Sequence[str]) -> ColumnElement[Any]:
    """Category and square in one number, as every further column costs as much as the first."""
    code = cast(case({key: i for i, key in enumerate(keys)}, value=Pin.category, else_=len(keys)), BigInteger)
    x, y = (cast(square + PLACE_ZERO, BigInteger) for square in (Pin.square_x, Pin.square_y))
    return (code * (1 << PLACE_BITS) + x) * (1 << PLACE_BITS) + y


def _bits(question: QuestionRecord, answers: Any) -> ColumnElement[Any]:
    """The options chosen as one number."""
    keys = [str(option["key"]) for option in question.options][:MOST_OPTIONS]
    # `?` of jsonb holds for a text that is the option and for a list that has it.
    chosen = func.coalesce(answers[question.key], cast("null", JSONB))
    parts = [case((chosen.op("?")(key), literal(1 << i, BigInteger)), else_=0) for i, key in enumerate(keys)]
    whole: ColumnElement[Any] = parts[0]
    for part in parts[1:]:
        whole = whole.op("|")(part)
    return cast(whole, BigInteger)


def _arrays(session: Session, query: Select[Any], count: int) -> list[Indices]:
    """The arrays of the query's one row; NULL where it found nothing, as `array_agg` has it."""
    statement, values = bound(query)
    connection: Any = session.connection().connection.driver_connection
    with connection.cursor(binary=True) as cursor:
        cursor.execute(statement, values)
        fields = [cursor.pgresult.get_value(0, i) for i in range(count)]
    return [
        np.frombuffer(field or b"", _ELEMENT, offset=ARRAY_HEAD if field else 0)["value"].astype(np.int64)
        for field in fields
    ]
