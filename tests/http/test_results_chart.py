"""The chart of days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from app.queries.day_chart import day_chart
from app.queries.summary import DayCount

FIRST = date(2026, 9, 14)


def chart_of(*pins: int, every: int = 1):
    days = [DayCount(FIRST + timedelta(days=i * every), 1, n) for i, n in enumerate(pins) if n]
    return day_chart(days, lambda day: day.isoformat(), str)


def test_two_days_are_no_course() -> None:
    assert chart_of(3, 4) is None


def test_days_without_pins_keep_their_place() -> None:
    chart = chart_of(3, 0, 0, 4, 5)
    assert [bar.pins for bar in chart.bars] == [3, 0, 0, 4, 5]
    assert chart.unit == "day"
    assert chart.bars[0].height * 5 == chart.bars[4].height * 3


def test_days_told_as_one_are_one_wide_bar_no_higher_than_its_days() -> None:
    days = [DayCount(FIRST, 1, 6), DayCount(FIRST + timedelta(days=1), 4, 8, FIRST + timedelta(days=4))]
    days.append(DayCount(FIRST + timedelta(days=6), 1, 4))
    chart = day_chart(days, lambda day: day.isoformat(), str)
    assert [((bar.last - bar.first).days + 1, bar.pins) for bar in chart.bars] == [(1, 6), (4, 8), (1, 0), (1, 4)]
    one, wide, _, last = chart.bars
    assert wide.height * 3 == pytest.approx(one.height, abs=0.05)
    assert wide.width > 3.9 * one.width
    assert last.x + last.width <= chart.width
    assert [bar.x for bar in chart.bars] == sorted(bar.x for bar in chart.bars)


def test_days_told_as_one_are_spread_over_the_weeks() -> None:
    far = [DayCount(FIRST + timedelta(days=n), 2, 2) for n in range(60, 120, 5)]
    joined = DayCount(FIRST, 5, 21, FIRST + timedelta(days=20))
    chart = day_chart([joined, *far], lambda day: day.isoformat(), str)
    assert chart.unit == "week"
    assert [bar.pins for bar in chart.bars[:4]] == [7, 7, 7, 0]


def test_many_days_become_weeks_and_months_and_nothing_is_lost() -> None:
    weeks = chart_of(*[2] * 40, every=5)
    assert weeks.unit == "week"
    assert all(bar.first.weekday() == 0 for bar in weeks.bars)
    months = chart_of(*[2] * 40, every=30)
    assert months.unit == "month"
    assert all(bar.first.day == 1 for bar in months.bars)
    assert sum(b.pins for b in weeks.bars) == sum(b.pins for b in months.bars) == 80
