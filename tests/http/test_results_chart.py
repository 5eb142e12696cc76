"""The chart of days."""

from __future__ import annotations

from datetime import date, timedelta

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


def test_many_days_become_weeks_and_months_and_nothing_is_lost() -> None:
    weeks = chart_of(*[2] * 40, every=5)
    assert weeks.unit == "week"
    assert all(bar.first.weekday() == 0 for bar in weeks.bars)
    months = chart_of(*[2] * 40, every=30)
    assert months.unit == "month"
    assert all(bar.first.day == 1 for bar in months.bars)
    assert sum(b.pins for b in weeks.bars) == sum(b.pins for b in months.bars) == 80
