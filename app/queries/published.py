"""What everybody is told of when and where a pin came: days instead of moments, and of quiet days several as one.

The exact moment would tell which pins were placed in one sitting, and so by one person. Everybody gets the first
moment of the day, by UTC as `datetime` asks for days; the town's midnight is a day without an hour, and told as
that day. Where a past day has too few people to hide among, its pins get the first of the days it is
joined with (gis/privacy.py, `joined_days`). Today is told as it is: whoever looks twice a day knows what came in
between. What was loaded from a file keeps its days, as no phone sent it. In the same way an event of the past with
too few people is not named beside its pins. See decision 0026.
"""

from __future__ import annotations

import threading
import time as clock
from collections import Counter, defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, DateTime, and_, case, func, literal_column, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.config import TOWN_CLOCK
from app.models import Channel, Pin
from gis.privacy import joined_days, same_person_chance

KEPT_S = 60.0
"""How long what was found holds in one process; where finding it takes long, longer."""
TIMES_ITS_COST = 1000
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
MIDNIGHT_AHEAD = timedelta(hours=2)
"""So long before that of UTC it is midnight in the town, at most."""
MOMENTS = ARRAY(DateTime(timezone=True))

_PEOPLE = text(
    """
    SELECT CAST(timezone('UTC', created_at) AS date) AS day, uuid_hash_extended(respondent_id, 0) AS person,
           event, count(*) AS pins
    FROM pin WHERE map_id = :map AND state = 'visible' AND channel <> 'import' AND created_at < :today
    GROUP BY 1, 2, 3
    """
)
# Of a million pins the days are some tens of rows, the persons of each day nearly as many as there are pins.
_IS_QUIET = text(
    """
    SELECT EXISTS (
        SELECT FROM (
            SELECT CAST(timezone('UTC', created_at) AS date) AS day, count(*) AS pins
            FROM pin WHERE map_id = :map AND state = 'visible' AND channel <> 'import' AND created_at < :today
            GROUP BY 1, respondent_id
        ) AS person GROUP BY day HAVING :k * sum(pins * (pins - 1)) > sum(pins) * (sum(pins) - 1)
    ) OR EXISTS (
        SELECT FROM pin WHERE map_id = :map AND state = 'visible' AND channel <> 'import' AND created_at < :today
                              AND event IS NOT NULL
    )
    """
)
"""Whether a day has too few people by itself, or an event is named: else nothing has to be joined or left out."""


@dataclass(frozen=True)
class Quiet:
    """The days of one map that are told as one, and the events that are not named."""

    spans: tuple[tuple[date, date], ...] = ()
    """First and last day of each, in their order."""
    events: tuple[str, ...] = ()

    def span_of(self, day: date) -> tuple[date, date]:
        """First and last of the days that are told as this one."""
        return next(((first, last) for first, last in self.spans if first <= day <= last), (day, day))

    def told(self, moment: datetime, channel: str = Channel.WEB) -> datetime:
        """What everybody is told of a moment."""
        day = day_of(moment)
        return _begin(day if channel == Channel.IMPORT else self.span_of(day)[0])

    def moment_column(self) -> ColumnElement[Any]:
        """What everybody reads as a pin's `created_at`."""
        # In most rows neither asks a calendar: cutting by a zone's rules took ten times as long.
        is_whole_hour = Pin.created_at == _cut("1 hour")
        is_whole_day = Pin.created_at == func.date_trunc("day", Pin.created_at, TOWN_CLOCK.key)
        next_day = func.date_trunc("day", Pin.created_at + MIDNIGHT_AHEAD, "UTC", type_=DateTime(timezone=True))
        day = case((and_(is_whole_hour, is_whole_day), next_day), else_=_cut("1 day"))
        if not self.spans:
            return day
        starts = _moments([_begin(first) for first, _ in self.spans])
        ends = _moments([_end(last) for _, last in self.spans])
        n = func.width_bucket(Pin.created_at, starts)
        return case((and_(Pin.channel != Channel.IMPORT, Pin.created_at < ends[n]), starts[n]), else_=day)

    def within(self, since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
        """The conditions on pins that are told of a day in this interval; of its first day it may mean a part."""
        found: list[ColumnElement[bool]] = []
        if since is not None:
            day = since.astimezone(UTC).date()
            # What the index can do first; of joined days those that are told as an earlier one are then left out.
            found += [Pin.created_at >= _earlier(_begin(day)), self.moment_column() >= _begin(day)]
        if until is not None:
            day = until.astimezone(UTC).date()
            found += [Pin.created_at < _end(self.span_of(day)[1]), self.moment_column() <= _begin(day)]
        return found

    def event_column(self) -> ColumnElement[Any]:
        """What everybody reads as a pin's `event`."""
        if not self.events:
            return Pin.event.expression
        is_few = and_(Pin.channel != Channel.IMPORT, Pin.event.in_(self.events))
        return case((is_few, None), else_=Pin.event)


LOUD = Quiet()
"""Of a map of which nothing is known: days are days."""


@dataclass
class _Found:
    quiet: Quiet
    today: date
    until: float


@dataclass
class QuietTimes:
    """The quiet times of maps, as this process last found them."""

    _found: dict[int, _Found] = field(default_factory=dict)
    _looking: set[int] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, session: Session, map_id: int, k: int) -> Quiet:
        """Those of a map: as found within the last minute, or now."""
        today = datetime.now(UTC).date()
        known = self._found.get(map_id)
        if known is not None and known.today == today and clock.monotonic() < known.until:
            return known.quiet
        with self._lock:
            if known is not None and map_id in self._looking:
                return known.quiet
            self._looking.add(map_id)
        try:
            began = clock.monotonic()
            quiet = quiet_times(session, map_id, k, today)
            took = clock.monotonic() - began
            self._found[map_id] = _Found(quiet, today, began + max(KEPT_S, took * TIMES_ITS_COST))
        finally:
            self._looking.discard(map_id)
        return quiet


def quiet_times(session: Session, map_id: int, k: int, today: date | None = None) -> Quiet:
    """The quiet times of a map as its visible pins are now."""
    today = today or datetime.now(UTC).date()
    by_day: dict[date, Counter[Hashable]] = defaultdict(Counter)
    by_event: dict[str, Counter[Hashable]] = defaultdict(Counter)
    values = {"map": map_id, "today": _begin(today)}
    if not session.scalar(_IS_QUIET, values | {"k": k}):
        return LOUD
    for day, person, event, pins in session.execute(_PEOPLE, values):
        by_day[day][person] += pins
        if event is not None:
            by_event[event][person] += pins
    days = sorted(by_day)
    spans = joined_days([by_day[day] for day in days], k)
    return Quiet(
        tuple((days[first], days[last]) for first, last in spans),
        tuple(sorted(code for code, people in by_event.items() if same_person_chance(people) > 1 / k)),
    )


def _cut(length: str) -> ColumnElement[Any]:
    """The beginning of the hour or the day of UTC in which a pin came."""
    stride: ColumnElement[Any] = literal_column(f"interval '{length}'")
    origin: ColumnElement[Any] = literal_column("timestamptz '2000-01-01 00:00:00+00'")
    return func.date_bin(stride, Pin.created_at, origin, type_=DateTime(timezone=True))


def _moments(moments: Sequence[datetime]) -> ColumnElement[Any]:
    """An array of moments that SQL may take one out of: of a bound one it can't."""
    written = ",".join(moment.isoformat() for moment in moments)
    return literal_column(f"('{{{written}}}'::timestamptz[])", MOMENTS)


def day_of(moment: datetime) -> date:
    """The day of a moment."""
    at = moment.astimezone(UTC)
    if moment.year in (date.min.year, date.max.year):  # the ends of time have no town's midnight
        return at.date()
    local = moment.astimezone(TOWN_CLOCK)
    is_whole_hour = (at.minute, at.second, at.microsecond) == (0, 0, 0)  # by the sun it was none, until 1891
    return local.date() if is_whole_hour and local.time() == time.min else at.date()


def _begin(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _end(day: date) -> datetime:
    """When the day after it begins."""
    return _begin(day + timedelta(days=1)) if day < date.max else LAST


def _earlier(moment: datetime) -> datetime:
    """The town's midnight that may stand for the day, at the earliest."""
    return moment - MIDNIGHT_AHEAD if moment > FIRST else moment
