"""Who pinned in which 25 m square, and what of it everybody may know: what hot spots and clusters are made of."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.inputs.filters import PUBLIC_FILTER, Scope
from app.queries.counts import KeptCounts
from app.queries.heat import CountedSquares, heat_counts, refuse_unpublished
from app.queries.maps import MapRecord
from app.queries.pin_table import OFFICE_COUNTS, read_pins
from gis.grid import Indices, coarse_of


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
    counted = CountedSquares.of_counts(shown_counts(session, the_map, scope))
    return counted if scope is Scope.OFFICE else _chosen(counted, counted.crowd >= the_map.k)


def shown_counts(session: Session, the_map: MapRecord, scope: Scope) -> KeptCounts:
    """What a surface of this scope is made of (make_surface keeps the k-rule); NotAllowed as above."""
    if scope is Scope.PUBLIC:
        refuse_unpublished(the_map)
    return heat_counts(session, the_map, OFFICE_COUNTS if scope is Scope.OFFICE else PUBLIC_FILTER, scope)


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
    pins = read_pins(session, the_map)
    of = {category.key: pins.of(category.key) for category in the_map.categories}
    return {key: PinSquares(one.x_index, one.y_index, one.person) for key, one in of.items()}


def _chosen(counted: CountedSquares, rows: NDArray[Any]) -> CountedSquares:
    """Some of the squares, by a mask or by their numbers."""
    return CountedSquares(*(getattr(counted, column.name)[rows] for column in fields(CountedSquares)))
