"""Heat: what was counted in squares of 25 m, and the surface over it, for everybody's eyes or the office's.

The k-rule (interface.md, "Heat") holds category by category also where no category is asked: the whole is the
sum of what each category may show. Were the rule put to all categories together, the whole less the
published categories would give away the one that had been held back.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date

import numpy as np
from numpy.typing import NDArray
from shapely import MultiPolygon
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import Malformed, NotAllowed, Problem
from app.i18n import N_
from app.inputs.filters import PUBLIC_FILTER, PinFilter, Scope
from app.inputs.heat import HeatQuery, Weight
from app.models import DaySnapshot, HeatSnapshot
from app.queries.counts import KeptCounts, count_mark, counts_of, read_counts, visible_pins
from app.queries.maps import MapRecord
from app.queries.marks import keyed_mark
from app.queries.pin_table import OFFICE_COUNTS, read_pins
from gis.analysis.density import Surface, SurfaceTooLarge, density, frame_of
from gis.blocks import Block, together
from gis.crs import to_metric, transform_geometry
from gis.grid import Cells, Indices, SquareRaster

KEPT = {OFFICE_COUNTS: Scope.OFFICE, PUBLIC_FILTER: Scope.PUBLIC}
"""Choices of pins whose counts are kept."""

MANY_PINS, PINS_A_SECOND, MOST_KEPT_S = 20_000, 1_000, 120
"""From so many pins public pages are some seconds old: twenty of 20 000, two minutes of 120 000 and more."""


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
    def of_counts(cls, counts: KeptCounts) -> CountedSquares:
        """Every square of every category, by category and place."""
        parts = [(key, counts.of(key).columns()) for key in counts.categories]
        names = np.repeat([key for key, _ in parts] or [""], [len(part[0]) for _, part in parts] or [0])
        empty = np.zeros(0, dtype=np.int64)
        return cls(names, *(np.concatenate([empty, *(part[i] for _, part in parts)]) for i in range(5)))

    def cells(self, query: HeatQuery, k: int | None) -> Cells:
        """The cells of the category asked for, or of all together; with k only those that may be public."""
        rows = self.crowd >= (k or 0)
        if query.category is not None:
            rows &= self.category == query.category
        weight = (self.people if query.weight is Weight.PEOPLE else self.pins)[rows]
        places = np.column_stack([self.x_index[rows], self.y_index[rows]])
        squares, which = np.unique(places, axis=0, return_inverse=True)
        return Cells.of(squares[:, 0], squares[:, 1], np.bincount(which, weight, minlength=len(squares)))


def refuse_unpublished(the_map: MapRecord) -> None:
    """Raise NotAllowed where the town keeps this map's heat to itself."""
    if not the_map.publish_heat:
        raise NotAllowed(Problem("map", N_("This map does not publish its heat.")))


def uses_snapshot(the_map: MapRecord) -> bool:
    """Whether the public sees this map as it was counted once today, and not as it is now."""
    return not the_map.publish_pins


def read_squares(session: Session, the_map: MapRecord, wanted: PinFilter, scope: Scope) -> CountedSquares:
    """What was counted, square by square; see `heat_counts`."""
    return CountedSquares.of_counts(heat_counts(session, the_map, wanted, scope))


def heat_counts(session: Session, the_map: MapRecord, wanted: PinFilter, scope: Scope) -> KeptCounts:
    """What was counted: now for officials, and for everybody now or this day as the map publishes.

    Where officials choose no pins it is kept already; a choice is counted from its pins.
    """
    if scope is Scope.PUBLIC:
        if uses_snapshot(the_map):
            return KeptCounts(_blocks_of_day(session, the_map.id), {})
        return read_counts(session, the_map.id, Scope.PUBLIC)
    if wanted in KEPT:
        return read_counts(session, the_map.id, KEPT[wanted])
    return counts_of(read_pins(session, the_map, wanted))


def make_surface(the_map: MapRecord, counts: KeptCounts, query: HeatQuery, scope: Scope) -> Surface:
    """The heat surface over counted squares; for everybody only what the k-rule lets through."""
    k = the_map.k if scope is Scope.PUBLIC else None
    boundary = metric_boundary(the_map)
    try:
        frame_of(boundary, query.bandwidth_m)  # before a whole region is laid out in memory
        laid = _raster(counts, query, k)
        return density(laid, boundary, srid=the_map.metric_srid, bandwidth_m=query.bandwidth_m)
    except SurfaceTooLarge as error:
        raise Malformed(Problem("bandwidth", N_("The map is too large for so fine a surface."))) from error


def _raster(counts: KeptCounts, query: HeatQuery, k: int | None) -> SquareRaster:
    """The squares of the category asked for, or of all together; with k only those that may be public."""
    keys = counts.categories if query.category is None else [query.category]
    found = (counts.of(key) for key in keys)
    return together([one.raster(one.people if query.weight is Weight.PEOPLE else one.pins, k) for one in found])


def metric_boundary(the_map: MapRecord) -> MultiPolygon:
    """The map's boundary in its metric CRS."""
    return transform_geometry(the_map.boundary, to_metric(the_map.metric_srid))


def heat_version(session: Session, the_map: MapRecord, wanted: PinFilter, scope: Scope) -> str:
    """A mark of all that heat is made of: another once a pin comes, goes, moves, hides or changes owner.

    Scope and filter are in it: of the same pins the office sees all or what it chose, everybody only what the
    k-rule lets through, and pictures, files and ETags are kept by this mark.

    It is read from the changes of pins that are written down anyway, in the time of a few hundred rows.
    """
    if scope is Scope.PUBLIC and uses_snapshot(the_map):
        taken_at = session.scalar(select(func.max(DaySnapshot.taken_at)).where(DaySnapshot.map_id == the_map.id))
        return keyed_mark(the_map, scope, the_map.id, the_map.version, taken_at)
    now = count_mark(session, the_map.id)
    chosen = _text_of(wanted) if scope is Scope.OFFICE else ""
    return keyed_mark(the_map, scope, the_map.id, the_map.version, now.changes, now.folded, chosen)


def shown_version(session: Session, the_map: MapRecord) -> str:
    """The mark by which public pages and their pictures are kept: `heat_version`, but calmer where pins are many.

    Then it changes every some seconds only: drawing a large town anew for each of
    many who look while others pin would be all that a server does.
    """
    pins = 0 if uses_snapshot(the_map) else visible_pins(session, the_map.id) or 0
    if pins < MANY_PINS:
        return heat_version(session, the_map, PUBLIC_FILTER, Scope.PUBLIC)
    kept_s = min(pins // PINS_A_SECOND, MOST_KEPT_S)
    return keyed_mark(the_map, Scope.PUBLIC, the_map.id, the_map.version, "turn", kept_s, time.time() // kept_s)


def has_many_pins(session: Session, the_map: MapRecord) -> bool:
    """Whether public pages of the map are some seconds old (`shown_version`)."""
    return not uses_snapshot(the_map) and (visible_pins(session, the_map.id) or 0) >= MANY_PINS


def snapshot_day(session: Session, map_id: int) -> date | None:
    """The day of the newest snapshot."""
    return session.scalar(select(func.max(DaySnapshot.taken_on)).where(DaySnapshot.map_id == map_id))


def _blocks_of_day(session: Session, map_id: int) -> Mapping[str, Sequence[Block]]:
    s = HeatSnapshot
    day = select(func.max(DaySnapshot.taken_on)).where(DaySnapshot.map_id == map_id).scalar_subquery()
    found: dict[str, list[Block]] = defaultdict(list)
    columns = (s.category, s.block_x, s.block_y, s.people, s.pins, s.crowd)
    for row in session.execute(select(*columns).where(s.map_id == map_id, s.taken_on == day)):
        found[row.category].append(Block(row.block_x, row.block_y, row.people, row.pins, row.crowd))
    return found


def _text_of(wanted: PinFilter) -> str:
    """A filter as the same text in every process: sets have no order of their own."""
    asked = ((one.name, getattr(wanted, one.name)) for one in fields(wanted))
    return repr([(name, sorted(value) if isinstance(value, frozenset) else value) for name, value in asked])
