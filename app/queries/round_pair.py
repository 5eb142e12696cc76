"""Two rounds of a town side by side: which there are, and their pins on the ground that both could speak of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.models import Pin, TownMap
from app.queries.analyses import Asked
from app.queries.heat import metric_boundary
from app.queries.maps import MapRecord, read_map
from app.queries.pin_table import PinTable, read_pins
from app.queries.summary import final_summary
from gis.analysis.change import Spoken
from gis.analysis.voices import Voices, centres_of
from gis.crs import to_metric, to_wgs84, transform_geometry
from gis.grid import SQUARE_M, Indices, square_of
from gis.outline import polygonal

OTHER = "other"
"""What is asked: the slug of the other round."""
SAME_GROUND = 0.999
"""Boundaries that share so much of their area are the same but for slivers."""
LEAST_SPAN_MIN = 24 * 60
"""Pins that all came within a day came from a file, or on one day: nothing can be set before or after."""
NOT_A_ROUND = N_("There is no such other map of this town with pins to compare with.")


@dataclass(frozen=True)
class Side:
    """One round on the common ground: a row for each pin, in squares of the other round's grid."""

    record: MapRecord
    table: PinTable = field(repr=False)
    beyond: int
    """Pins beyond the common ground."""

    @property
    def is_split(self) -> bool:
        """Whether its persons have been taken apart."""
        return self.record.anonymised_at is not None

    @cached_property
    def people(self) -> int:
        """Who took part: on the common ground, or in the whole round where that can't be counted any more."""
        final = final_summary(self.record)
        return final.people if final is not None else self.table.people

    def people_of(self, category: str) -> int:
        """Who marked it anywhere, counted in the same way."""
        final = final_summary(self.record)
        return final.category(category).people if final is not None else self.of(category).people

    def of(self, category: str) -> PinTable:
        """The pins of one category."""
        return self.table.of(category)

    def voices(self, side_m: int, categories: Sequence[str]) -> Voices:
        """Who said any of these in squares of this side."""
        return self._spoken(categories, side_m).voices

    def spoken(self, category: str, side_m: int) -> Spoken:
        """Who said it in squares of this side, people numbered over the whole round."""
        one = self._spoken((category,), side_m)
        return Spoken(one.x, one.y, one.person)

    @cached_property
    def is_dated(self) -> bool:
        """Whether the moments of its pins are those at which people set them."""
        minutes = self.table.minutes
        return minutes is not None and len(minutes) > 0 and int(minutes.max() - minutes.min()) >= LEAST_SPAN_MIN

    def _spoken(self, categories: Sequence[str], side_m: int) -> _Rows:
        codes = [self.table.categories.index(key) for key in categories]
        chosen = np.isin(self.table.category, codes)
        each = side_m // SQUARE_M
        return _Rows(
            self.table.x_index[chosen] // each,
            self.table.y_index[chosen] // each,
            self.table.who[chosen],
            side_m,
        )


@dataclass(frozen=True)
class _Rows:
    x: Indices
    y: Indices
    person: Indices
    side_m: int

    @property
    def voices(self) -> Voices:
        return Voices.of(self.x, self.y, self.person, self.side_m)


@dataclass(frozen=True)
class Pair:
    """Two rounds on their common ground, in the metric CRS of the present one."""

    then: Side
    now: Side
    common: MultiPolygon = field(repr=False)
    area_then_m2: float
    area_now_m2: float

    @property
    def is_same_ground(self) -> bool:
        """Whether nothing but slivers lies beyond."""
        return bool(self.common.area >= SAME_GROUND * max(self.area_then_m2, self.area_now_m2))

    @property
    def shared(self) -> list[str]:
        """Categories that both rounds ask, in the order of the present one."""
        return [key for key in self.now.record.category_by_key if key in self.then.record.category_by_key]

    @property
    def is_exact(self) -> bool:
        """Whether people can be told from each other in both rounds."""
        return not (self.then.is_split or self.now.is_split)

    def metric(self, area: MultiPolygon) -> MultiPolygon:
        """An area in WGS 84 in the CRS of the comparison."""
        return transform_geometry(area, to_metric(self.now.record.metric_srid))


def other_rounds(session: Session, the_map: MapRecord) -> list[MapRecord]:
    """Maps of the same town that have pins, the newest first, this one's round before ahead of all."""
    found = [read_map(session, slug) for slug in slugs_of_rounds(session, the_map)]
    return sorted(found, key=lambda one: one.slug != the_map.previous)


def slugs_of_rounds(session: Session, the_map: MapRecord) -> Iterator[str]:
    """The same maps by their slugs, the newest first."""
    own = select(TownMap.id, TownMap.slug).where(TownMap.town_id == the_map.town_id, TownMap.id != the_map.id)
    for row in session.execute(own.order_by(TownMap.id.desc())).all():
        # One by one: a statement that looks for pins names one map (decision 0028).
        if session.scalar(select(exists().where(Pin.map_id == row.id))):
            yield row.slug


def other_round(session: Session, the_map: MapRecord, asked: Asked) -> MapRecord | None:
    """The round asked for, else the one before, else the town's newest other; InvalidInput for a wrong one."""
    slug = asked.get(OTHER) or the_map.previous
    if not slug:
        return next(iter(other_rounds(session, the_map)), None)
    query = select(TownMap.slug).where(TownMap.town_id == the_map.town_id, TownMap.slug == slug)
    if slug == the_map.slug or session.scalar(query) is None:
        raise InvalidInput(Problem(OTHER, NOT_A_ROUND))
    return read_map(session, slug)


def read_pair(session: Session, the_map: MapRecord, other: MapRecord) -> Pair:
    """Both rounds' pins that nobody has hidden, on the ground that both could speak of."""
    now_area, then_area = metric_boundary(the_map), _in_crs_of(the_map, other)
    common = polygonal(shapely.intersection(now_area, then_area))
    now = read_pins(session, the_map, minutes=True)
    then = _moved(the_map, other, read_pins(session, other, minutes=True))
    whole = Pair(Side(other, then, 0), Side(the_map, now, 0), common, then_area.area, now_area.area)
    if whole.is_same_ground:
        return whole
    shapely.prepare(common)
    return Pair(_within(other, then, common), _within(the_map, now, common), common, then_area.area, now_area.area)


def _in_crs_of(the_map: MapRecord, other: MapRecord) -> MultiPolygon:
    return transform_geometry(other.boundary, to_metric(the_map.metric_srid))


def _moved(the_map: MapRecord, other: MapRecord, pins: PinTable) -> PinTable:
    """The pins in squares of the map's own grid; they are already, unless the rounds count in different CRS."""
    if the_map.metric_srid == other.metric_srid or not len(pins):
        return pins
    lon, lat = to_wgs84(other.metric_srid)(*centres_of(pins.x_index, pins.y_index).T)
    x, y = square_of(*to_metric(the_map.metric_srid)(lon, lat))
    return PinTable(pins.categories, pins.category, x, y, pins.person, pins.answers, pins.minutes)


def _within(record: MapRecord, pins: PinTable, common: MultiPolygon) -> Side:
    inside = squares_within(pins, common)
    return Side(record, pins.where(inside), int((~inside).sum()))


def squares_within(pins: PinTable, area: MultiPolygon) -> NDArray[np.bool_]:
    """Which pins' squares have their centres in a metric area: a row for each pin."""
    if not len(pins):
        return np.zeros(0, dtype=np.bool_)
    squares, which = np.unique(np.column_stack([pins.x_index, pins.y_index]), axis=0, return_inverse=True)
    shapely.prepare(area)
    inside: NDArray[np.bool_] = shapely.intersects_xy(area, *centres_of(squares[:, 0], squares[:, 1]).T)
    return inside[which.ravel()]
