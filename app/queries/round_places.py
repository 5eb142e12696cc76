"""Answered places before and after: how many of all who took part marked something near them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from app.queries.answers import PlaceRecord
from app.queries.round_pair import Pair, Side, squares_within
from app.queries.round_results import FELL, FEW, GREW, SAME, UNKNOWN, PlaceChange, Versus
from gis.analysis.change import LEAST_TOGETHER, compared
from gis.analysis.hot_spots import false_discovery
from gis.grid import Indices
from gis.outline import polygonal

NEAR_M = 75.0
"""As far as the heat's own bandwidth: pins are set by thumbs, and a lamp shines beyond its post."""
DISTINCT = 0.05
MINUTES_A_MONTH = 365.25 / 12 * 24 * 60
LEAST_MONTHS = 0.25
"""A shorter time of collecting gives no rate."""
NOBODY = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class PlacesFound:
    """What became of all answered places."""

    found: Sequence[PlaceChange]
    by_round: bool
    own_untold: int
    outside: int


@dataclass(frozen=True)
class _Times:
    """People of one side of an answer: of each round who took part, and its pins of that side."""

    people: int
    rows: list[tuple[Side, NDArray[np.bool_]]]
    months: float | None


@dataclass(frozen=True)
class _Answer:
    """An answered place, and whether it is of the earlier round's map."""

    place: PlaceRecord
    is_earlier: bool


def changes_of_places(pair: Pair, earlier: Sequence[PlaceRecord], own: Sequence[PlaceRecord]) -> PlacesFound:
    """Every answered place of both maps with each category that its answer means.

    By the moment of the answer where the moments of pins are known; else, for places of the earlier round, its
    pins are those before and the present round's those after, and for places of the present nothing can be said.
    """
    by_round = not (pair.then.is_dated and pair.now.is_dated and pair.is_exact)
    own_told = pair.now.is_dated and not pair.now.is_split
    found: list[PlaceChange] = []
    outside = 0
    for place, is_earlier in (*((one, True) for one in earlier), *((one, False) for one in own if own_told)):
        area = polygonal(pair.metric(place.area).buffer(NEAR_M))
        if not area.intersects(pair.common):
            outside += 1
            continue
        if is_earlier and by_round:
            before, after = _whole(pair.then), _whole(pair.now)
        else:
            rounds = [pair.then, pair.now] if is_earlier else [pair.now]
            moment = int(place.answered_at.timestamp() // 60)
            before, after = (_timed(rounds, moment, is_after=is_after) for is_after in (False, True))
        meant = [key for key in pair.shared if key in (place.categories or pair.shared)]
        found.extend(_change(pair, _Answer(place, is_earlier), key, before, after) for key in meant)
    return PlacesFound(_judged(found), by_round, 0 if own_told else len(own), outside)


def _change(pair: Pair, answer: _Answer, key: str, earlier: _Times, later: _Times) -> PlaceChange:
    place = answer.place
    area = polygonal(pair.metric(place.area).buffer(NEAR_M))
    before, after = (
        sum(_people_near(side, key, rows & squares_within(side.table, area)) for side, rows in one.rows)
        for one in (earlier, later)
    )
    one = compared(before, max(earlier.people, before), after, max(later.people, after))
    numbers = [float(column[0]) for column in (one.difference, one.low, one.high, one.p)]
    people = Versus(int(one.then[0]), int(one.of_then[0]), int(one.now[0]), int(one.of_now[0]), *numbers)
    if not pair.is_exact:
        people = Versus(people.then, people.of_then, people.now, people.of_now, people.difference)
    middle = place.area.representative_point()
    return PlaceChange(
        place=str(place.id),
        name=place.name,
        status=str(place.status),
        answered_at=place.answered_at.isoformat(),
        is_earlier=answer.is_earlier,
        category=key,
        lon=middle.x,
        lat=middle.y,
        people=people,
        months_before=earlier.months,
        months_after=later.months,
        reading=FEW if _is_told_of_few(people) else UNKNOWN,
    )


def _judged(found: Sequence[PlaceChange]) -> list[PlaceChange]:
    """The places with what became of them, all tested together: many tests make no more false alarms than one."""
    tested = [i for i, one in enumerate(found) if one.reading != FEW and one.people.p is not None]
    q = dict(zip(tested, false_discovery([found[i].people.p or 0.0 for i in tested]), strict=True))
    judged = []
    for i, one in enumerate(found):
        if i in q:
            way = GREW if one.people.difference > 0 else FELL
            judged.append(replace(one, reading=way if q[i] <= DISTINCT else SAME))
        else:
            judged.append(one)
    return judged


def _is_told_of_few(people: Versus) -> bool:
    return people.then + people.now < LEAST_TOGETHER or not people.of_then or not people.of_now


def _people_near(side: Side, key: str, rows: NDArray[np.bool_]) -> int:
    """Different people whose pins of one category these rows are."""
    if key not in side.table.categories:
        return 0
    chosen = rows & (side.table.category == side.table.categories.index(key))
    return len(np.unique(side.table.person[chosen]))


def _whole(side: Side) -> _Times:
    return _Times(side.people, [(side, np.ones(len(side.table), dtype=np.bool_))], None)


def _timed(rounds: Sequence[Side], moment: int, *, is_after: bool) -> _Times:
    """One side of a moment: people whose first pin is on it, each in one side only, and their pins there."""
    people, rows, months = 0, [], 0.0
    for side in rounds:
        minutes, first = _minutes(side), _first_minutes(side)
        mine = first >= moment if is_after else first < moment
        people += int(mine.sum())
        there = minutes >= moment if is_after else minutes < moment
        rows.append((side, mine[side.table.who] & there))
        opened, closed = _collecting(side)
        span = closed - max(opened, moment) if is_after else min(closed, moment) - opened
        months += max(span, 0) / MINUTES_A_MONTH
    return _Times(people, rows, months if months >= LEAST_MONTHS else None)


def _minutes(side: Side) -> Indices:
    return side.table.minutes if side.table.minutes is not None else NOBODY


def _first_minutes(side: Side) -> Indices:
    """When each person of a round set their first pin."""
    first = np.full(side.table.people, np.iinfo(np.int64).max)
    np.minimum.at(first, side.table.who, _minutes(side))
    return first


def _collecting(side: Side) -> tuple[int, int]:
    """From when to when the round took pins, in minutes since 1970, up to this moment."""
    minutes, record = _minutes(side), side.record
    first, last = (int(minutes.min()), int(minutes.max())) if len(minutes) else (0, 0)
    now = int(datetime.now(UTC).timestamp() // 60)
    opened = int(record.opens_at.timestamp() // 60) if record.opens_at else first
    closed = int(record.closes_at.timestamp() // 60) if record.closes_at else now
    return min(opened, first), max(min(closed, now), last)
