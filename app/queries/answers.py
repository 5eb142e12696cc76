"""What the town said, as its office works with it and as everybody reads it."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from geoalchemy2.shape import from_shape, to_shape
from shapely import MultiPolygon
from sqlalchemy import Select, and_, func, or_, select, text
from sqlalchemy.orm import Session

from app.errors import Unknown
from app.inputs.filters import PUBLIC_FILTER, PinFilter
from app.models import AnsweredPlace, AnswerTemplate, Pin, PinStatus
from app.queries.features import conditions
from app.queries.maps import MapRecord

IS_OWN = "(p.place_id IS NULL AND (p.answer IS NOT NULL OR p.answered_at IS NOT NULL OR p.status <> 'received'))"
"""Whether a pin was answered by itself: such an answer no place takes away."""
NEWEST = 50
"""Answers in a feed."""


@dataclass(frozen=True)
class PlaceRecord:
    """An answered place."""

    id: uuid.UUID
    name: str
    area: MultiPolygon = field(repr=False)
    categories: Sequence[str]
    """Whose pins are meant; empty: all."""
    status: str
    answer: str
    answered_at: datetime
    mark: str
    """What tells this state of the place from another."""
    ground: str
    """What tells its area and categories from others: under this its people are counted."""


@dataclass(frozen=True)
class PlaceCount:
    """How far the answer for a place has reached, as the office sees it."""

    pins: int = 0
    people: int = 0
    fresh: int = 0
    """Pins that came since and have not got it yet."""


@dataclass(frozen=True)
class Reach:
    """What an answer for an area would reach."""

    pins: int
    people: int
    own: int
    """Pins there that keep an answer of their own."""
    elsewhere: int
    """Pins that now have the answer for another place."""


@dataclass(frozen=True)
class PublicPlace:
    """An answered place as everybody reads it; `people` only where there are enough of them."""

    record: PlaceRecord
    people: int | None


@dataclass(frozen=True)
class AnsweredPin:
    """A visible pin that was answered by itself."""

    id: uuid.UUID
    lon: float
    lat: float
    category: str
    comment: str | None
    status: str
    answer: str | None
    answered_at: datetime


@dataclass(frozen=True)
class TownSays:
    """All that the town answered, as everybody reads it."""

    places: Sequence[PublicPlace]
    pins: Sequence[AnsweredPin]
    by_status: Mapping[str, int]
    """How many places, and pins answered by themselves, stand how."""

    def __bool__(self) -> bool:
        """Whether it said anything."""
        return bool(self.places or self.pins)


@dataclass(frozen=True)
class TemplateRecord:
    """A wording kept for the next time."""

    id: int
    title: str
    status: str
    text: str


def list_places(session: Session, map_id: int) -> list[PlaceRecord]:
    """The answered places of a map, the newest first."""
    query = select(AnsweredPlace).where(AnsweredPlace.map_id == map_id)
    newest = query.order_by(AnsweredPlace.answered_at.desc(), AnsweredPlace.id)
    return [place_record(row) for row in session.scalars(newest.execution_options(populate_existing=True))]


def find_place(session: Session, map_id: int, place_id: uuid.UUID) -> PlaceRecord:
    """One answered place; Unknown where there is none."""
    query = select(AnsweredPlace).where(AnsweredPlace.map_id == map_id, AnsweredPlace.id == place_id)
    row = session.scalar(query.execution_options(populate_existing=True))
    if row is None:
        raise Unknown
    return place_record(row)


def place_record(row: AnsweredPlace) -> PlaceRecord:
    """The record of a stored place."""
    ground = (row.area.desc, sorted(row.categories))
    area = to_shape(row.area)
    return PlaceRecord(
        id=row.id,
        name=row.name,
        area=area if isinstance(area, MultiPolygon) else MultiPolygon([area]),
        categories=tuple(row.categories),
        status=row.status,
        answer=row.answer,
        answered_at=row.answered_at,
        mark=uuid.uuid5(row.id, repr((ground, row.name, row.status, row.answer))).hex,
        ground=uuid.uuid5(row.id, repr(ground)).hex,
    )


def counts_of_places(session: Session, map_id: int) -> Mapping[uuid.UUID, PlaceCount]:
    """How far each answer has reached; a place that reaches nobody is not in it."""
    reached = session.execute(
        select(Pin.place_id, func.count(), func.count(Pin.respondent_id.distinct()))
        .where(Pin.map_id == map_id, Pin.place_id.is_not(None))
        .group_by(Pin.place_id)
    )
    fresh: dict[uuid.UUID, int] = {row[0]: row[1] for row in session.execute(_FRESH, {"map": map_id})}
    found = {row[0]: PlaceCount(row[1], row[2], fresh.pop(row[0], 0)) for row in reached if row[0]}
    return found | {place_id: PlaceCount(fresh=n) for place_id, n in fresh.items()}


def reach(
    session: Session,
    the_map: MapRecord,
    area: MultiPolygon,
    categories: Sequence[str],
    place_id: uuid.UUID | None = None,
) -> Reach:
    """What the answer for this area would reach if it were given now."""
    p = Pin.place_id
    is_own = and_(
        p.is_(None),
        or_(Pin.answer.is_not(None), Pin.answered_at.is_not(None), Pin.status != PinStatus.RECEIVED),
    )
    query = select(
        func.count().filter(~is_own),
        func.count(Pin.respondent_id.distinct()).filter(~is_own),
        func.count().filter(is_own),
        func.count().filter(p.is_not(None), p.is_distinct_from(place_id)),
    ).where(
        Pin.map_id == the_map.id,
        func.ST_Covers(func.ST_GeomFromEWKB(from_shape(area, srid=4326, extended=True).data), Pin.position),
    )
    if categories:
        query = query.where(Pin.category.in_(categories))
    return Reach(*session.execute(query).one())


def people_of_places(session: Session, the_map: MapRecord, wanted: PinFilter = PUBLIC_FILTER) -> Mapping[str, int]:
    """How many people pinned in each answered place what it means, by the place's `ground`."""
    places = list_places(session, the_map.id)
    if not places:
        return {}
    query = (
        select(AnsweredPlace.id, func.count(Pin.respondent_id.distinct()))
        .join(Pin, pin_lies_in_place())
        .where(*conditions(the_map.id, wanted))
        .group_by(AnsweredPlace.id)
    )
    counted = {row[0]: row[1] for row in session.execute(query)}
    return {place.ground: counted.get(place.id, 0) for place in places}


def public_places(
    session: Session, the_map: MapRecord, counted: Mapping[str, int] | None = None
) -> list[PublicPlace]:
    """The answered places for everybody; `counted`: people as they were counted before, else as they are now."""
    people = people_of_places(session, the_map) if counted is None else counted
    return [
        PublicPlace(place, n if (n := people.get(place.ground, 0)) >= the_map.k else None)
        for place in list_places(session, the_map.id)
    ]


def answered_pins(session: Session, the_map: MapRecord, limit: int = NEWEST) -> list[AnsweredPin]:
    """Visible pins that the town answered one by one, the newest answer first; none where pins are not public."""
    if not the_map.publish_pins:
        return []
    columns: Sequence[Any] = (
        Pin.id,
        func.ST_X(Pin.position),
        func.ST_Y(Pin.position),
        Pin.category,
        Pin.comment,
        Pin.status,
        Pin.answer,
        Pin.answered_at,
    )
    query: Select[Any] = select(*columns).where(*_answered_by_itself(the_map))
    newest = query.order_by(Pin.answered_at.desc(), Pin.id).limit(limit)
    return [AnsweredPin(*values) for values in session.execute(newest)]


def town_says(session: Session, the_map: MapRecord, counted: Mapping[str, int] | None = None) -> TownSays:
    """What everybody may read; `counted`: people of places as they were counted before, else as they are now."""
    places = public_places(session, the_map, counted)
    by_status = Counter(place.record.status for place in places)
    if the_map.publish_pins:
        rows = session.execute(
            select(Pin.status, func.count()).where(*_answered_by_itself(the_map)).group_by(Pin.status)
        )
        by_status.update({row[0]: row[1] for row in rows})
    return TownSays(places, answered_pins(session, the_map), by_status)


def list_templates(session: Session, town_id: int) -> list[TemplateRecord]:
    """The ready answers of a town, by name."""
    query = select(AnswerTemplate).where(AnswerTemplate.town_id == town_id)
    rows = session.scalars(query.order_by(func.lower(AnswerTemplate.title), AnswerTemplate.id))
    return [TemplateRecord(row.id, row.title, row.status, row.text) for row in rows]


def _answered_by_itself(the_map: MapRecord) -> list[Any]:
    """The conditions on a visible pin with an answer of its own that says something."""
    said = or_(Pin.answer.is_not(None), Pin.status != PinStatus.RECEIVED)
    return [*conditions(the_map.id, PUBLIC_FILTER), Pin.place_id.is_(None), Pin.answered_at.is_not(None), said]


def pin_lies_in_place() -> Any:
    """The condition that a pin lies in an answered place of its map, and is meant by it."""
    return and_(
        Pin.map_id == AnsweredPlace.map_id,
        func.ST_Covers(AnsweredPlace.area, Pin.position),
        or_(AnsweredPlace.categories == [], Pin.category == func.any(AnsweredPlace.categories)),
    )


# Pins whose newest place is another one than the place whose answer they have.
_FRESH = text(
    f"""
    SELECT place_id, count(*) FROM (
        SELECT DISTINCT ON (p.id) p.id, a.id AS place_id, p.place_id AS has
        FROM answered_place a JOIN pin p ON p.map_id = a.map_id AND ST_Covers(a.area, p.position)
            AND (a.categories = '{{}}' OR p.category = ANY(a.categories))
        WHERE a.map_id = :map AND NOT {IS_OWN}
        ORDER BY p.id, a.answered_at DESC, a.id
    ) AS around
    WHERE has IS DISTINCT FROM place_id GROUP BY place_id
    """
)
