"""Who pinned in which 25 m square, and what of it everybody may know: what hot spots and clusters are made of."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from app.inputs.filters import PUBLIC_FILTER, PinFilter, Scope
from app.inputs.heat import COUNTED_STATES
from app.models import Pin
from app.queries.copied import CSV, copied
from app.queries.features import conditions
from app.queries.heat import CountedSquares, read_squares, refuse_unpublished
from app.queries.maps import MapRecord
from gis.grid import Indices, coarse_of

OFFICE_COUNTS = PinFilter(states=COUNTED_STATES)
"""What the office's own heat counts as well: everything that nobody has hidden."""


@dataclass(frozen=True)
class PinSquares:
    """A row for each pin of one category: its square, and a number for who set it. For officials only."""

    x_index: Indices
    y_index: Indices
    person: Indices

    def __len__(self) -> int:
        return len(self.person)


@dataclass(frozen=True)
class Blocks:
    """Columns of one length, a row for each square of 250 m and category in which many people spoke."""

    category: NDArray[np.str_]
    x_index: Indices
    y_index: Indices
    people: Indices
    """Different people, rounded down."""


def shown_squares(session: Session, the_map: MapRecord, scope: Scope) -> CountedSquares:
    """The counted squares that this scope may see one by one.

    For everybody they are those of the public heat: of this day where the map lives on its snapshot, and none
    of a 250 m square in which fewer than k people pinned the category. NotAllowed where heat is not published.
    """
    if scope is Scope.OFFICE:
        return _ordered(read_squares(session, the_map, OFFICE_COUNTS, scope))
    refuse_unpublished(the_map)
    counted = read_squares(session, the_map, PUBLIC_FILTER, scope)
    return _ordered(_chosen(counted, counted.crowd >= the_map.k))


def crowded_blocks(counted: CountedSquares, least: int) -> Blocks:
    """The 250 m squares around counted ones, with their different people in steps of `least`; none of fewer.

    This is what may be told square by square where a map keeps its pins: the k-rule lets a 25 m square through for
    the sake of its neighbours, so one by one those squares would give away the pins of single people.
    """
    keys, key = np.unique(counted.category, return_inverse=True)
    places = np.column_stack([key, coarse_of(counted.x_index), coarse_of(counted.y_index)])
    found, first = np.unique(places, axis=0, return_index=True)
    people = counted.crowd[first] // least * least
    found, people = found[people > 0], people[people > 0]
    return Blocks(keys[found[:, 0]], found[:, 1], found[:, 2], people)


def of_category(counted: CountedSquares, category: str) -> CountedSquares:
    """The squares of one category."""
    return _chosen(counted, counted.category == category)


def pin_squares(session: Session, the_map: MapRecord) -> dict[str, PinSquares]:
    """Every pin that counts for the office, by category; all categories of the map are there."""
    import pyarrow as pa
    from pyarrow import compute, csv

    names = ("category", "x", "y", "person")
    columns: tuple[Any, ...] = (Pin.category, Pin.square_x, Pin.square_y, cast(Pin.respondent_id, Text))
    query = select(*columns).where(*conditions(the_map.id, OFFICE_COUNTS))
    words = pa.dictionary(pa.int32(), pa.string())
    body = b"".join(copied(session, query, CSV))
    nobody = PinSquares(*(np.zeros(0, dtype=np.int64) for _ in range(3)))
    found = {category.key: nobody for category in the_map.categories}
    if not body:
        return found
    table = csv.read_csv(
        io.BytesIO(body),
        read_options=csv.ReadOptions(column_names=names, use_threads=False),
        convert_options=csv.ConvertOptions(
            column_types={"category": words, "x": pa.int64(), "y": pa.int64(), "person": words}
        ),
    ).unify_dictionaries()
    for category in found:
        mine = table.filter(compute.equal(table["category"].cast(pa.string()), category))
        found[category] = PinSquares(mine["x"].to_numpy(), mine["y"].to_numpy(), _numbers(mine["person"]))
    return found


def _chosen(counted: CountedSquares, rows: NDArray[Any]) -> CountedSquares:
    """Some of the squares, by a mask or by their numbers."""
    return CountedSquares(*(getattr(counted, column.name)[rows] for column in fields(CountedSquares)))


def _ordered(counted: CountedSquares) -> CountedSquares:
    """By category and place: what is made of the same squares shall be the same to the last byte."""
    return _chosen(counted, np.lexsort((counted.y_index, counted.x_index, counted.category)))


def _numbers(people: Any) -> Indices:
    """The codes of a dictionary column whose pieces share one dictionary."""
    return np.concatenate([np.zeros(0, dtype=np.int64), *_codes(people)])


def _codes(people: Any) -> Iterator[Any]:
    for piece in people.chunks:
        yield piece.indices.to_numpy()
