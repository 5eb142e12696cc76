"""Pins day by day as a chart: bars in the units of an SVG, and the same numbers for a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from math import ceil

from app.queries.summary import DayCount

WIDTH, HEIGHT, FOOT = 640, 200, 26
LEFT = 38
MOST_BARS = 70
"""More are thinner than a finger can follow: days then become weeks, weeks months."""
STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Bar:
    """One day, several told as one, a week or a month: from which day, how much, and where it stands."""

    first: date
    last: date
    pins: int
    people_days: int
    """People counted day by day: who came on two days counts twice."""
    x: float
    y: float
    width: float
    height: float
    """By pins a day: what several days have together is as wide as they are, and no higher than they were."""


@dataclass(frozen=True)
class Line:
    """One line of the scale, or one date under it."""

    at: float
    text: str


@dataclass(frozen=True)
class DayChart:
    """A bar chart, ready to be drawn."""

    unit: str
    """`day`, `week` or `month`: what one bar is."""
    bars: Sequence[Bar]
    lines: Sequence[Line]
    dates: Sequence[Line]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    floor: int = HEIGHT - FOOT


def day_chart(
    days: Sequence[DayCount], write_day: Callable[[date], str], write_number: Callable[[int], str]
) -> DayChart | None:
    """The chart of these days; None where there are too few to be a course of anything."""
    if len(days) < 3:
        return None
    unit, spans = _spans(days[0].day, days[-1].until)
    if unit == "day":
        spans = _together(days, spans)
    pins, people = _sums(days, spans)
    # In steps along the floor: days, or whole weeks and months.
    wide = [(last - first).days + 1 if unit == "day" else 1 for first, last in spans]
    heights = [n / days_wide for n, days_wide in zip(pins, wide, strict=True)]
    top, step = _scale(ceil(max(heights)))
    floor = HEIGHT - FOOT
    pitch = (WIDTH - LEFT) / sum(wide)
    gap = min(3.0, pitch * 0.18)
    bars = []
    for i, (first, last) in enumerate(spans):
        height = round(heights[i] / top * (floor - 12), 2)
        x = round(LEFT + sum(wide[:i]) * pitch + gap / 2, 2)
        width = round(wide[i] * pitch - gap, 2)
        bars.append(Bar(first, last, pins[i], people[i], x, floor - height, width, height))
    values = range(0, top + 1, step)
    lines = [Line(round(floor - value / top * (floor - 12), 2), write_number(value)) for value in values]
    return DayChart(unit, bars, lines, _dates(bars, sum(wide), pitch, write_day))


def _dates(bars: Sequence[Bar], steps: int, pitch: float, write_day: Callable[[date], str]) -> list[Line]:
    """The dates under the bars: of some only, so that each has room for its own."""
    room = max(1, -(-steps // 6)) * pitch
    found: list[Line] = []
    for bar in bars:
        if not found or bar.x - found[-1].at >= room - 0.02:
            found.append(Line(bar.x, write_day(bar.first)))
    return found


def _together(days: Sequence[DayCount], spans: Sequence[tuple[date, date]]) -> list[tuple[date, date]]:
    """The same days, but those that are told as one as one."""
    joined = [(one.day, one.until) for one in days if one.until > one.day]
    among = {first + timedelta(days=i) for first, last in joined for i in range(1, (last - first).days + 1)}
    ends = dict(joined)
    return [(first, ends.get(first, last)) for first, last in spans if first not in among]


def _spans(first: date, last: date) -> tuple[str, list[tuple[date, date]]]:
    days = (last - first).days + 1
    if days <= MOST_BARS:
        each = [first + timedelta(days=i) for i in range(days)]
        return "day", [(day, day) for day in each]
    if days <= MOST_BARS * 7:
        monday = first - timedelta(days=first.weekday())
        weeks = ((last - monday).days // 7) + 1
        starts = [monday + timedelta(weeks=i) for i in range(weeks)]
        return "week", [(start, start + timedelta(days=6)) for start in starts]
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    starts = [_month(first, i) for i in range(months + 1)]
    return "month", [(start, end - timedelta(days=1)) for start, end in pairwise(starts)]


def _month(first: date, later: int) -> date:
    years, month = divmod(first.month - 1 + later, 12)
    return date(first.year + years, month + 1, 1)


def _sums(days: Sequence[DayCount], spans: Sequence[tuple[date, date]]) -> tuple[list[int], list[int]]:
    pins, people = [0] * len(spans), [0] * len(spans)
    at = 0
    for one in days:
        length = (one.until - one.day).days + 1
        for i in range(length):  # over weeks and months they are spread evenly
            while one.day + timedelta(days=i) > spans[at][1]:
                at += 1
            pins[at] += one.pins * (i + 1) // length - one.pins * i // length
            people[at] += one.people * (i + 1) // length - one.people * i // length
    return pins, people


def _scale(highest: int) -> tuple[int, int]:
    """The top of the scale and its step, round numbers with three or four lines."""
    power = 1
    while True:
        for step in STEPS:
            if step * power * 4 >= highest:
                size = step * power
                return -(-highest // size) * size, size
        power *= 10
