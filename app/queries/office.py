"""What the office reads of its maps: counts, lists of pins and whom they are from, pins as columns."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Date, Float, Row, case, cast, func, select, tuple_
from sqlalchemy.orm import Session

from app.config import TOWN_CLOCK
from app.errors import Unknown
from app.inputs.filters import PinFilter, Scope
from app.inputs.office import Cursor
from app.models import Event, Pin, PinState, TownMap
from app.queries.compact import Flag
from app.queries.features import conditions, pin_query
from app.queries.maps import MapRecord
from app.queries.pin_photos import count_waiting
from gis.geojson import DECIMALS

DAY = timedelta(days=1)
LISTED = 40
"""Pins on one page of the list."""


@dataclass(frozen=True)
class MapCounts:
    """How much there is on one map, whatever anybody may see."""

    people: int = 0
    pins: int = 0
    pending: int = 0
    hidden: int = 0
    flagged: int = 0
    """Shown, with something about them that nobody has looked at yet."""
    last_day: int = 0
    """Pins of the last 24 hours."""
    last_at: datetime | None = None
    photos: int = 0
    """Photos that wait to be looked at."""

    @property
    def to_look_at(self) -> int:
        """How many stand in the queue."""
        return self.pending + self.flagged + self.photos


@dataclass(frozen=True)
class Crowd:
    """How many people and pins."""

    people: int = 0
    pins: int = 0


@dataclass(frozen=True)
class Matching:
    """How many match a filter; by category as if the filter named none."""

    whole: Crowd
    by_category: Mapping[str, Crowd]

    @property
    def by_category_pins(self) -> dict[str, int]:
        """The pins of every category."""
        return {key: crowd.pins for key, crowd in self.by_category.items()}


@dataclass(frozen=True)
class PinList:
    """One page of a list, and where the next one begins."""

    rows: Sequence[Row[Any]]
    next: Cursor | None


@dataclass(frozen=True)
class PinDetail:
    """One pin with what is known about whom it is from."""

    row: Row[Any]
    person_pins: int
    """How many pins the same person made on this map, this one included."""


def counts_of_maps(session: Session, map_ids: Collection[int]) -> dict[int, MapCounts]:
    """The counts of these maps by id; a map without pins has zeros."""
    rows = session.execute(
        select(
            Pin.map_id,
            func.count(Pin.respondent_id.distinct()),
            func.count(),
            func.count().filter(Pin.state == PinState.PENDING),
            func.count().filter(Pin.state == PinState.HIDDEN),
            func.count().filter(Pin.state == PinState.VISIBLE, Pin.flagged),
            func.count().filter(Pin.created_at > func.now() - DAY),
            func.max(Pin.created_at),
        )
        .where(Pin.map_id.in_(map_ids))
        .group_by(Pin.map_id)
    )
    found = {row[0]: MapCounts(*row[1:]) for row in rows}
    # Taken apart, people can't be counted any more: what was counted before that is kept.
    counted = TownMap.final_summary["office"]["people"].as_integer()
    kept = select(TownMap.id, counted).where(TownMap.id.in_(map_ids), TownMap.anonymised_at.is_not(None))
    for map_id, people in session.execute(kept):
        found[map_id] = replace(found.get(map_id, MapCounts()), people=people or 0)
    for map_id, photos in count_waiting(session, map_ids).items():
        found[map_id] = replace(found.get(map_id, MapCounts()), photos=photos)
    return {map_id: found.get(map_id, MapCounts()) for map_id in map_ids}


def matching(session: Session, the_map: MapRecord, wanted: PinFilter) -> Matching:
    """How many people and pins match."""
    people = func.count(Pin.respondent_id.distinct())
    columns: list[Any] = [Pin.category, people, func.count()]
    query = select(*columns).where(*conditions(the_map.id, replace(wanted, categories=None)))
    rows = session.execute(query.group_by(func.grouping_sets(tuple_(Pin.category), tuple_())))
    counted = {row[0]: Crowd(row[1], row[2]) for row in rows}
    by_category = {category.key: counted.get(category.key, Crowd()) for category in the_map.categories}
    chosen = wanted.categories
    whole = by_category[next(iter(chosen))] if chosen else counted.get(None, Crowd())
    return Matching(whole, by_category)


def list_pins(
    session: Session, the_map: MapRecord, wanted: PinFilter, before: Cursor | None, limit: int = LISTED
) -> PinList:
    """Matching pins from the newest, behind the cursor: what arrives meanwhile shifts nobody's page."""
    query = pin_query(the_map, wanted, Scope.OFFICE)
    if before is not None:
        query = query.where(tuple_(Pin.created_at, Pin.id) < tuple_(before.created_at, before.id))
    rows = session.execute(query.order_by(Pin.created_at.desc(), Pin.id.desc()).limit(limit + 1)).all()
    shown = rows[:limit]
    last = Cursor(shown[-1].created_at, shown[-1].id) if len(rows) > limit else None
    return PinList(shown, last)


def pin_detail(session: Session, the_map: MapRecord, pin_id: uuid.UUID) -> PinDetail:
    """One pin of the map, whatever its state; Unknown where there is none."""
    row = session.execute(pin_query(the_map, PinFilter(), Scope.OFFICE).where(Pin.id == pin_id)).first()
    if row is None:
        raise Unknown
    same = select(func.count()).where(Pin.map_id == the_map.id, Pin.respondent_id == row.respondent)
    return PinDetail(row, session.scalar(same) or 0)


def pins_per_day(session: Session, map_id: int) -> list[tuple[date, int]]:
    """On which days, by the town's clocks, how many pins came; days without any are left out."""
    day = cast(func.timezone(TOWN_CLOCK.key, Pin.created_at), Date)
    rows = session.execute(select(day, func.count()).where(Pin.map_id == map_id).group_by(day).order_by(day))
    return [(row[0], row[1]) for row in rows]


def dots(session: Session, the_map: MapRecord, wanted: PinFilter) -> dict[str, Any]:
    """Matching pins of every state as equally long columns; hidden ones carry the quiet flag."""
    order = [category.key for category in the_map.categories]
    flags = (
        case((Pin.comment.is_not(None), Flag.COMMENT.value), else_=0)
        + case((Pin.answer.is_not(None), Flag.ANSWERED.value), else_=0)
        + case((Pin.state == PinState.HIDDEN, Flag.QUIET.value), else_=0)
    )
    lon, lat = func.ST_X(Pin.position), func.ST_Y(Pin.position)
    rows = session.execute(
        select(Pin.id, cast(lon, Float), cast(lat, Float), Pin.category, flags)
        .where(*conditions(the_map.id, wanted))
        .order_by(Pin.created_at, Pin.id)
    ).all()
    place = {key: n for n, key in enumerate(order)}
    return {
        "count": len(rows),
        "categories": order,
        "ids": [str(row[0]) for row in rows],
        "lon": [round(row[1], DECIMALS) for row in rows],
        "lat": [round(row[2], DECIMALS) for row in rows],
        "category": [place[row[3]] for row in rows],
        "flags": [row[4] for row in rows],
    }


def events_of(session: Session, map_id: int) -> Sequence[Event]:
    """The events of a map, in the order they take place."""
    return session.scalars(
        select(Event).where(Event.map_id == map_id).order_by(Event.starts_at.nulls_last(), Event.code)
    ).all()
