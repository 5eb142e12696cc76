"""Moments, days and intervals of a CQL2 filter, compared with a column of moments.

A day is all its moments in UTC: "after the day" is after its end, "on the day" is anywhere in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.errors import Malformed, Problem
from app.i18n import N_
from app.inputs.cql2_tree import Always, Compared, Comparison, Condition, Every, Given, Named, Not

OPEN = ".."
MOMENT_OPS = frozenset({"t_after", "t_before", "t_during", "t_intersects", "t_equals"})


@dataclass(frozen=True)
class Moment:
    """A stretch of time: a moment, whose ends are the same, or a whole day, whose end does not belong to it."""

    since: datetime
    until: datetime

    @property
    def is_day(self) -> bool:
        """Whether it is a whole day."""
        return self.since < self.until


def read_moment(node: Mapping[str, Any] | str, parameter: str) -> Moment:
    """A moment or a day as the parser gives them, or as a text; Malformed for anything else."""
    text = node if isinstance(node, str) else node.get("timestamp", node.get("date"))
    if isinstance(text, str):
        try:
            if (isinstance(node, Mapping) and "date" in node) or len(text) == len("2026-01-01"):
                day = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
                return Moment(day, day + timedelta(days=1))
            moment = datetime.fromisoformat(text)
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        else:
            return Moment(moment, moment)
    raise Malformed(Problem(parameter, N_("This must be a date and time like 2026-09-14T08:00:00Z.")))


def compared_moments(named: Named, how: Comparison, other: Moment) -> Condition:
    """A column compared with a moment or a day."""
    if not other.is_day:
        return _compared(named, how, other.since)
    match how:
        case Comparison.EQUAL:
            return _on_day(named, other)
        case Comparison.UNEQUAL:
            return Not(_on_day(named, other))
        case Comparison.LESS | Comparison.AT_LEAST:
            return _compared(named, how, other.since)
        case Comparison.MORE:
            return _compared(named, Comparison.AT_LEAST, other.until)
        case Comparison.AT_MOST:
            return _compared(named, Comparison.LESS, other.until)


def related_moments(named: Named, op: str, other: Mapping[str, Any] | str, *, turned: bool) -> Condition:
    """A column in the T_… relation to a moment or an interval; `turned`: the column stood behind."""
    if isinstance(other, Mapping) and "interval" in other:
        since, until = _ends(other["interval"])
        if turned and op in ("t_during", "t_equals"):
            raise _not_here(op)
    else:
        since = until = read_moment(other, "filter")
        if op == "t_during":
            raise _not_here(op)
    if turned:
        op = {"t_after": "t_before", "t_before": "t_after"}.get(op, op)
    match op:
        case "t_after":
            return compared_moments(named, Comparison.MORE, until) if until else Always(holds=False)
        case "t_before":
            return compared_moments(named, Comparison.LESS, since) if since else Always(holds=False)
        case "t_during":
            return _between(named, since, until, inside=True)
        case "t_equals" if since != until:
            return Always(holds=False)
        case _:
            return _between(named, since, until, inside=False)


def _between(named: Named, since: Moment | None, until: Moment | None, *, inside: bool) -> Condition:
    """From the one end to the other; strictly inside, an end that is a moment does not belong to it."""
    parts = []
    if since is not None:
        strict = inside and not since.is_day
        parts.append(compared_moments(named, Comparison.MORE if strict else Comparison.AT_LEAST, since))
    if until is not None:
        strict = inside and not until.is_day
        parts.append(compared_moments(named, Comparison.LESS if strict else Comparison.AT_MOST, until))
    # Without any end it says no more than that there is a moment.
    return (
        Every(tuple(parts)) if parts else _compared(named, Comparison.AT_LEAST, datetime.min.replace(tzinfo=UTC))
    )


def _ends(interval: list[Any]) -> tuple[Moment | None, Moment | None]:
    if len(interval) != 2 or not all(isinstance(end, str | dict) for end in interval):
        raise Malformed(Problem("filter", N_("A time is an instant or an interval from/to.")))
    since, until = (None if end == OPEN else read_moment(end, "filter") for end in interval)
    if since and until and since.since > until.since:
        raise Malformed(Problem("filter", N_("The interval ends before it begins.")))
    return since, until


def _on_day(named: Named, day: Moment) -> Condition:
    return Every((_compared(named, Comparison.AT_LEAST, day.since), _compared(named, Comparison.LESS, day.until)))


def _compared(named: Named, how: Comparison, moment: datetime) -> Condition:
    return Compared(named, how, Given(moment))


def _not_here(op: str) -> Malformed:
    return Malformed(Problem("filter", N_("“%(name)s” is not understood here."), {"name": op.upper()}))
