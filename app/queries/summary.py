"""What people said, in numbers and in their latest words.

Once a map has been anonymised (services/retention.py) nobody can count its people again: then the numbers are
those that were stored before.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime, time
from math import ceil
from typing import Any

import numpy as np
from sqlalchemy import Date, Select, cast, distinct, func, select
from sqlalchemy.orm import Session

from app.config import TOWN_CLOCK
from app.inputs.filters import PUBLIC_FILTER, PinFilter
from app.models import DaySnapshot, Pin
from app.queries.answers import people_of_places
from app.queries.features import conditions
from app.queries.maps import MapRecord, told_quiet
from app.queries.pin_photos import shown_photo
from gis.crs import to_wgs84
from gis.grid import SQUARE_M, square_of

LATEST_COMMENTS = 12
QUOTED_CHARACTERS = 280
"""Longer ones are read in the list, not quoted beside a picture."""
ENOUGH_CHARACTERS = 40
FINAL: Mapping[PinFilter, str] = {PUBLIC_FILTER: "public", PinFilter(): "office"}
"""Which numbers are kept when a map is anonymised, and under what name."""
SPOKEN = PinFilter(states=PUBLIC_FILTER.states, commented=True)


@dataclass(frozen=True)
class Count:
    """How many people placed how many pins under one heading, and how many of the pins have a comment."""

    key: str
    people: int
    pins: int
    comments: int


@dataclass(frozen=True)
class DayCount:
    """One day by the town's clocks; or, as everybody is told it, several quiet ones as one (published.py)."""

    day: date
    people: int
    pins: int
    last: date | None = None
    """Of several the last."""

    @property
    def until(self) -> date:
        """The last day of which this is the count."""
        return self.last or self.day


@dataclass(frozen=True)
class Summary:
    """The numbers of one map; counts only, so it may be kept and stored."""

    people: int
    pins: int
    comments: int
    categories: Sequence[Count]
    channels: Sequence[Count]
    events: Sequence[Count]
    days: Sequence[DayCount]
    first: datetime | None
    last: datetime | None
    most_active_people: int
    """A tenth of the people, rounded up: those with the most pins."""
    most_active_pins: int
    median_pins: int
    """Half of the people placed so many pins or fewer."""
    taken_at: datetime
    """When this was counted."""
    places: Mapping[str, int] = field(default_factory=dict)
    """People in each answered place, by its `ground` (queries/answers.py)."""

    @property
    def most_active_share(self) -> float:
        """The share of pins that the most active tenth of people placed."""
        return self.most_active_pins / self.pins if self.pins else 0.0

    def category(self, key: str) -> Count:
        """The count of one category, zero where nobody pinned it."""
        return next((count for count in self.categories if count.key == key), Count(key, 0, 0, 0))

    def as_json(self) -> dict[str, Any]:
        """The summary as plain JSON, for the daily snapshot."""
        moments = {name: moment and moment.isoformat() for name, moment in self._moments().items()}
        days = [{**asdict(day), "day": day.day.isoformat(), "last": day.until.isoformat()} for day in self.days]
        return {**asdict(self), **moments, "days": days}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Summary:
        """The summary that `as_json` wrote."""
        values = dict(stored)
        for name in ("categories", "channels", "events"):
            values[name] = [Count(**count) for count in values[name]]
        values["days"] = [_stored_day(day) for day in values["days"]]
        for name in ("first", "last", "taken_at"):
            values[name] = values[name] and datetime.fromisoformat(values[name])
        return cls(**values)

    def _moments(self) -> dict[str, datetime | None]:
        return {"first": self.first, "last": self.last, "taken_at": self.taken_at}


@dataclass(frozen=True)
class Comment:
    """One approved comment with its place and the town's answer."""

    id: uuid.UUID
    lon: float
    lat: float
    category: str
    text: str
    created_at: datetime
    """As everybody is told it (published.py): a day."""
    supports: int
    status: str
    answer: str | None
    photo: bool = False
    """Whether everybody may see a photo of it."""
    photo_alt: str | None = None


def count_summary(session: Session, the_map: MapRecord, wanted: PinFilter = PUBLIC_FILTER) -> Summary:
    """The numbers of the matching pins as they are now; of an anonymised map, as they were when it ended.

    Of pins that everybody sees the days are those that everybody is told, of any others the true ones.
    """
    final = final_summary(the_map, wanted)
    if final is not None:
        return final
    where = conditions(the_map.id, wanted)
    days = _told_days(session, the_map, where) if _is_for_all(wanted) else _days(session, where)
    per_person = sorted(
        session.scalars(select(func.count()).where(*where).group_by(Pin.respondent_id)), reverse=True
    )
    busiest = ceil(len(per_person) / 10)
    first, last, comments = session.execute(
        select(func.min(Pin.created_at), func.max(Pin.created_at), func.count(Pin.comment)).where(*where)
    ).one()
    if days and _is_for_all(wanted):
        first, last = (datetime.combine(day, time.min, UTC) for day in (days[0].day, days[-1].until))
    return Summary(
        people=len(per_person),
        pins=sum(per_person),
        comments=comments,
        categories=_counts(session, Pin.category, where),
        channels=_counts(session, Pin.channel, where),
        events=[count for count in _counts(session, Pin.event, where) if count.key],
        days=days,
        first=first,
        last=last,
        most_active_people=busiest,
        most_active_pins=sum(per_person[:busiest]),
        median_pins=per_person[len(per_person) // 2] if per_person else 0,
        taken_at=datetime.now(UTC),
        places=people_of_places(session, the_map, wanted),
    )


def final_summary(the_map: MapRecord, wanted: PinFilter = PUBLIC_FILTER) -> Summary | None:
    """The numbers that were stored before the map was anonymised: of all pins, or of those everybody sees."""
    kept = (the_map.final_summary or {}).get(FINAL[wanted]) if wanted in FINAL else None
    return Summary.from_json(kept) if the_map.anonymised_at and kept else None


def stored_summary(session: Session, the_map: MapRecord) -> Summary | None:
    """The numbers of the newest daily snapshot."""
    stored = session.scalar(
        select(DaySnapshot.summary)
        .where(DaySnapshot.map_id == the_map.id)
        .order_by(DaySnapshot.taken_on.desc())
        .limit(1)
    )
    return Summary.from_json(stored) if stored else None


def latest_comments(session: Session, the_map: MapRecord, limit: int = LATEST_COMMENTS) -> list[Comment]:
    """The newest comments that everybody may read."""
    newest = the_map.quiet.moment_column().desc()
    query = _comments(the_map, SPOKEN).order_by(newest, Pin.id).limit(limit)
    return [Comment(*values) for values in session.execute(query)]


def comments_near(
    session: Session, the_map: MapRecord, category: str, place: tuple[float, float], within_m: float
) -> Comment | None:
    """The comment on one feeling near a metric place that most people support, else one that says enough."""
    column, row = (int(one) for one in square_of(*place))
    reach = round(within_m / SQUARE_M)
    says_enough = func.least(func.length(Pin.comment), ENOUGH_CHARACTERS)
    query = (
        _comments(the_map, replace(SPOKEN, categories=frozenset({category})))
        .where(
            # The squares decide; the box around them is what there is an index for.
            Pin.position.op("&&")(
                func.ST_MakeEnvelope(*_box_around(the_map, place, within_m + 2 * SQUARE_M), 4326)
            ),
            Pin.square_x.between(column - reach, column + reach),
            Pin.square_y.between(row - reach, row + reach),
            func.length(Pin.comment) <= QUOTED_CHARACTERS,
        )
        .order_by(Pin.supports.desc(), says_enough.desc(), the_map.quiet.moment_column().desc(), Pin.id)
        .limit(1)
    )
    return next((Comment(*values) for values in session.execute(query)), None)


def _box_around(the_map: MapRecord, place: tuple[float, float], reach_m: float) -> tuple[float, ...]:
    """West, south, east, north in degrees of a metric square around a metric place."""
    x, y = place
    lon, lat = to_wgs84(the_map.metric_srid)(
        np.array([x - reach_m, x - reach_m, x + reach_m, x + reach_m]),
        np.array([y - reach_m, y + reach_m, y - reach_m, y + reach_m]),
    )
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


def _comments(the_map: MapRecord, wanted: PinFilter) -> Select[Any]:
    return select(
        Pin.id,
        func.ST_X(Pin.position),
        func.ST_Y(Pin.position),
        Pin.category,
        Pin.comment,
        the_map.quiet.moment_column(),
        Pin.supports,
        Pin.status,
        Pin.answer,
        *shown_photo(the_map),
    ).where(*conditions(the_map.id, wanted))


def _counts(session: Session, column: Any, where: Sequence[Any]) -> list[Count]:
    """People, pins and comments per value of a column, most people first."""
    people = func.count(distinct(Pin.respondent_id))
    rows = session.execute(
        select(column, people, func.count(), func.count(Pin.comment))
        .where(*where)
        .group_by(column)
        .order_by(people.desc(), column)
    ).all()
    return [Count(row[0] or "", *row[1:]) for row in rows]


def _is_for_all(wanted: PinFilter) -> bool:
    """Whether only pins are counted that everybody sees."""
    seen = PUBLIC_FILTER.states or frozenset()
    return wanted.states is not None and wanted.states <= seen


def _stored_day(stored: Mapping[str, Any]) -> DayCount:
    day, last = date.fromisoformat(stored["day"]), date.fromisoformat(stored.get("last", stored["day"]))
    return DayCount(day, stored["people"], stored["pins"], last if last > day else None)


def _told_days(session: Session, the_map: MapRecord, where: Sequence[Any]) -> list[DayCount]:
    """The days as everybody is told them: quiet ones together, with what files say of days among them."""
    quiet = told_quiet(session, the_map)
    day = cast(func.timezone("UTC", quiet.moment_column()), Date).label("day")
    people = func.count(distinct(Pin.respondent_id))
    found: list[DayCount] = []
    for row in session.execute(select(day, people, func.count()).where(*where).group_by("day").order_by("day")):
        first, last = quiet.span_of(row.day)
        if found and found[-1].day == first:  # a day of a file among joined ones
            one = found.pop()
            found.append(DayCount(first, one.people + row[1], one.pins + row[2], one.last))
        else:
            found.append(DayCount(first, row[1], row[2], last if last > first else None))
    return found


def _days(session: Session, where: Sequence[Any]) -> list[DayCount]:
    day = cast(func.timezone(TOWN_CLOCK.key, Pin.created_at), Date).label("day")
    people = func.count(distinct(Pin.respondent_id))
    rows = session.execute(select(day, people, func.count()).where(*where).group_by("day").order_by("day")).all()
    return [DayCount(*row) for row in rows]
