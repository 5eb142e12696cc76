"""Heat: what was counted in squares of 25 m, and the surface over it, for everybody's eyes or the office's.

The k-rule (interface.md, "Heat") holds category by category also where no category is asked: the whole is the
sum of what each category may show. Were the rule put to all categories together, the whole less the
published categories would give away the one that had been held back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely import MultiPolygon
from sqlalchemy import ColumnElement, Integer, Select, cast, distinct, func, literal_column, select
from sqlalchemy.orm import Session

from app.errors import Malformed, NotAllowed, Problem
from app.i18n import N_
from app.inputs.filters import PUBLIC_FILTER, PinFilter, Scope
from app.inputs.heat import HeatQuery, Weight
from app.models import DaySnapshot, HeatSnapshot, Pin
from app.queries.features import conditions
from app.queries.maps import MapRecord
from gis.analysis.density import Surface, SurfaceTooLarge, density
from gis.crs import to_metric, transform_geometry
from gis.grid import SQUARES_PER_PRIVACY_SQUARE, Cells, Indices, coarse_of
from gis.privacy import Crowd, suppress


@dataclass(frozen=True)
class CountedSquares:
    """Columns of one length, a row for each square and category with anything in it."""

    category: NDArray[np.str_]
    x_index: Indices
    y_index: Indices
    people: Indices
    pins: Indices
    crowd: Indices
    """Distinct respondents of the category in the 250 m square around."""

    @classmethod
    def of(cls, rows: Iterable[Sequence[Any]]) -> CountedSquares:
        """From rows of `counted_squares`."""
        columns = list(zip(*rows, strict=True)) or [()] * 6
        return cls(np.array(columns[0], dtype=np.str_), *(np.array(c, dtype=np.int64) for c in columns[1:]))

    def weight(self, weight: Weight) -> Indices:
        """The column that this weight counts."""
        return self.people if weight is Weight.PEOPLE else self.pins

    def cells(self, query: HeatQuery, k: int | None) -> Cells:
        """The cells of the category asked for, or of all together; with k only those that may be public."""
        wanted = np.unique(self.category) if query.category is None else [query.category]
        parts = [self._cells_of(key, query.weight, k) for key in wanted]
        return _together(parts)

    def _cells_of(self, category: str, weight: Weight, k: int | None) -> Cells:
        mask = self.category == category
        cells = Cells.of(self.x_index[mask], self.y_index[mask], self.weight(weight)[mask])
        if k is None:
            return cells
        crowd = Crowd(coarse_of(cells.x_index), coarse_of(cells.y_index), self.crowd[mask])
        return suppress(cells, crowd, k)


def refuse_unpublished(the_map: MapRecord) -> None:
    """Raise NotAllowed where the town keeps this map's heat to itself."""
    if not the_map.publish_heat:
        raise NotAllowed(Problem("map", N_("This map does not publish its heat.")))


def uses_snapshot(the_map: MapRecord) -> bool:
    """Whether the public sees this map as it was counted once today, and not as it is now."""
    return not the_map.publish_pins


def counted_squares(map_id: int, wanted: PinFilter) -> Select[Any]:
    """The statement: category, square_x, square_y, people, pins, crowd of every square with such pins."""
    by_person = (
        select(Pin.category, Pin.square_x, Pin.square_y, Pin.respondent_id, func.count().label("pins"))
        .where(*conditions(map_id, wanted))
        .group_by(Pin.category, Pin.square_x, Pin.square_y, Pin.respondent_id)
        .cte("by_person")
    )
    square = (
        select(
            by_person.c.category,
            by_person.c.square_x,
            by_person.c.square_y,
            func.count().label("people"),
            cast(func.sum(by_person.c.pins), Integer).label("pins"),
        )
        .group_by(by_person.c.category, by_person.c.square_x, by_person.c.square_y)
        .cte("square")
    )
    crowd = (
        select(
            by_person.c.category,
            _coarse(by_person.c.square_x).label("x"),
            _coarse(by_person.c.square_y).label("y"),
            func.count(distinct(by_person.c.respondent_id)).label("crowd"),
        )
        .group_by(by_person.c.category, _coarse(by_person.c.square_x), _coarse(by_person.c.square_y))
        .cte("crowd")
    )
    return select(
        square.c.category, square.c.square_x, square.c.square_y, square.c.people, square.c.pins, crowd.c.crowd
    ).join(
        crowd,
        (crowd.c.category == square.c.category)
        & (crowd.c.x == _coarse(square.c.square_x))
        & (crowd.c.y == _coarse(square.c.square_y)),
    )


def read_squares(session: Session, the_map: MapRecord, wanted: PinFilter, scope: Scope) -> CountedSquares:
    """What was counted: now for officials, and for everybody now or this day as the map publishes."""
    if scope is Scope.PUBLIC and uses_snapshot(the_map):
        return _squares_of_day(session, the_map.id)
    wanted = PUBLIC_FILTER if scope is Scope.PUBLIC else wanted
    return CountedSquares.of(session.execute(counted_squares(the_map.id, wanted)).all())


def make_surface(the_map: MapRecord, squares: CountedSquares, query: HeatQuery, scope: Scope) -> Surface:
    """The heat surface over counted squares; for everybody only what the k-rule lets through."""
    cells = squares.cells(query, the_map.k if scope is Scope.PUBLIC else None)
    try:
        return density(cells, metric_boundary(the_map), srid=the_map.metric_srid, bandwidth_m=query.bandwidth_m)
    except SurfaceTooLarge as error:
        raise Malformed(Problem("bandwidth", N_("The map is too large for so fine a surface."))) from error


def metric_boundary(the_map: MapRecord) -> MultiPolygon:
    """The map's boundary in its metric CRS."""
    return transform_geometry(the_map.boundary, to_metric(the_map.metric_srid))


def heat_version(session: Session, the_map: MapRecord, wanted: PinFilter, scope: Scope) -> str:
    """A mark of all that heat is made of: another once a pin comes, goes, moves, hides or changes owner.

    The scope is in it: of the same pins the office sees all, everybody only what the k-rule lets through, and
    pictures, files and ETags are kept by this mark.

    The pins are hashed one by one and the hashes folded by XOR, in about 10 ms for 24 000 pins; a count with
    the newest change would miss a deletion that meets an arrival.
    """
    if scope is Scope.PUBLIC and uses_snapshot(the_map):
        taken_at = session.scalar(select(func.max(DaySnapshot.taken_at)).where(DaySnapshot.map_id == the_map.id))
        return _mark(scope, the_map.id, the_map.version, taken_at)
    wanted = PUBLIC_FILTER if scope is Scope.PUBLIC else wanted
    pin = func.row(Pin.id, Pin.respondent_id, Pin.category, Pin.square_x, Pin.square_y, Pin.created_at)
    folded = func.bit_xor(func.hash_record_extended(pin, 0))
    row = session.execute(select(func.count(), folded).where(*conditions(the_map.id, wanted))).one()
    return _mark(scope, the_map.id, the_map.version, *row)


def snapshot_day(session: Session, map_id: int) -> date | None:
    """The day of the newest snapshot."""
    return session.scalar(select(func.max(DaySnapshot.taken_on)).where(DaySnapshot.map_id == map_id))


def _squares_of_day(session: Session, map_id: int) -> CountedSquares:
    s = HeatSnapshot
    day = select(func.max(DaySnapshot.taken_on)).where(DaySnapshot.map_id == map_id).scalar_subquery()
    rows = session.execute(
        select(s.category, s.square_x, s.square_y, s.people, s.pins, s.crowd).where(
            s.map_id == map_id, s.taken_on == day
        )
    ).all()
    return CountedSquares.of(rows)


def _coarse(square: ColumnElement[int]) -> ColumnElement[int]:
    # Squares of 5514 are negative, where SQL's own division would round towards zero.
    # A literal, not a bound value: PostgreSQL has to see that SELECT and GROUP BY say the same.
    return cast(func.floor(square / literal_column(f"{SQUARES_PER_PRIVACY_SQUARE}.0")), Integer)


def _together(parts: Sequence[Cells]) -> Cells:
    """Cells of several categories as one: a square's weights added up."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Cells.of([], [], [])
    places = np.column_stack(
        [np.concatenate([p.x_index for p in parts]), np.concatenate([p.y_index for p in parts])]
    )
    squares, which = np.unique(places, axis=0, return_inverse=True)
    weights = np.concatenate([p.weight for p in parts])
    return Cells.of(squares[:, 0], squares[:, 1], np.bincount(which, weights, minlength=len(squares)))


def _mark(*parts: object) -> str:
    return hashlib.sha256("/".join(str(part) for part in parts).encode()).hexdigest()[:20]
