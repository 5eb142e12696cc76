"""Shares of people then and now, as the reader writes them."""

from __future__ import annotations

from app.i18n import N_
from app.queries.round_results import Versus
from app.views.reader import number, reader_language

PERCENT = 100
POINTS = N_("A difference of %(points)s percentage points (%(low)s to %(high)s, at 95 %%).")


def counts(people: Versus) -> dict[str, str]:
    """The four numbers of people, by name."""
    return {name: number(getattr(people, name)) for name in ("then", "of_then", "now", "of_now")}


def percent(share: float) -> str:
    """A share as the reader writes it: 12,3 %."""
    return f"{number(share * PERCENT, 1)}\N{NO-BREAK SPACE}%"


def signed(difference: float) -> str:
    """A difference in percentage points with its sign: +1,2 or −3,4."""
    tenths = round(difference * PERCENT, 1)
    return ("+" if tenths > 0 else "−" if tenths < 0 else "") + number(abs(tenths), 1)


def points(people: Versus) -> list[str]:
    """The difference with its interval, in a sentence; none where people can't be told from each other."""
    if people.low is None or people.high is None:
        return []
    said = {"points": signed(people.difference), "low": signed(people.low), "high": signed(people.high)}
    return [reader_language().gettext(POINTS, said)]
