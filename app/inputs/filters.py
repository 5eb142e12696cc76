"""Which pins are meant: one filter shared by the map, the API, exports and analyses."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from app.errors import Malformed, Problem
from app.i18n import N_
from app.inputs.cql2_tree import Condition
from app.inputs.search import Search
from app.models import PinState, PinStatus


class Scope(StrEnum):
    """Whose eyes: everybody's, or those of the town office."""

    PUBLIC = "public"
    OFFICE = "office"


Corner = tuple[float, float]
"""Longitude, latitude."""


@dataclass(frozen=True)
class PinFilter:
    """Conditions on pins; None means any. Hashable, as what is made of a choice of pins is kept by it.

    What stands below `commented` only officials may ask for: see inputs/office.py.
    """

    categories: frozenset[str] | None = None
    bbox: tuple[float, float, float, float] | None = None
    """West, south, east, north in WGS 84; west > east crosses the 180th meridian."""
    since: datetime | None = None
    """Not earlier than this."""
    until: datetime | None = None
    """Not later than this."""
    states: frozenset[PinState] | None = None
    channel: str | None = None
    event: str | None = None
    commented: bool = False
    status: PinStatus | None = None
    answered: bool | None = None
    """Whether the town has answered."""
    flagged: bool | None = None
    """Whether it has flags that nobody has settled."""
    area: tuple[Corner, ...] | None = None
    """The corners of a polygon, the first not repeated; its edge belongs to it."""
    search: Search | None = None
    person: uuid.UUID | None = None
    """All pins of one respondent."""
    answers: tuple[tuple[str, str], ...] = ()
    """Question and option chosen, about the pin; several must all hold."""
    about: tuple[tuple[str, str], ...] = ()
    """The same about the person."""
    where: Condition | None = None
    """What a filter in CQL2, or the value of a property, asks beyond that; see inputs/item_parameters.py."""


MOST_ITEMS = 10_000
DEFAULT_ITEMS = 100

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
OPEN_ENDS = ("", "..", "0000-01-01T00:00:00Z", "9999-12-31T00:00:00Z")
"""How clients write an end that is open; QGIS sends years that no clock knows."""

PUBLIC_FILTER = PinFilter(states=frozenset({PinState.VISIBLE}))


def parse_limit(text: str | None) -> int:
    """How many items a page holds: clamped to the most we give, as the standard wants."""
    if text is None:
        return DEFAULT_ITEMS
    if not re.fullmatch(r"[0-9]{1,18}", text) or int(text) < 1:
        raise Malformed(Problem("limit", N_("A limit is a whole number above zero.")))
    return min(int(text), MOST_ITEMS)


def parse_datetime(text: str | None) -> tuple[datetime | None, datetime | None]:
    """The ends of `datetime=`: an instant, or an interval, open ends `..` or empty; a day is all of it."""
    if text is None:
        return None, None
    parts = text.split("/")
    if len(parts) > 2 or text in ("", "/", "../..", "..", "../", "/.."):
        raise Malformed(Problem("datetime", N_("A time is an instant or an interval from/to.")))
    since, until = (None if part in OPEN_ENDS else _instant(part) for part in (parts[0], parts[-1]))
    if until and DAY.fullmatch(parts[-1]):
        until += timedelta(days=1, microseconds=-1)
    if since and until and since > until:
        raise Malformed(Problem("datetime", N_("The interval ends before it begins.")))
    return since, until


def parse_categories(text: str | None, known: Mapping[str, object]) -> frozenset[str] | None:
    """The categories of `category=a,b`; Malformed for one the map has not."""
    if text is None:
        return None
    asked = frozenset(text.split(","))
    if not asked <= known.keys():
        raise Malformed(
            Problem("category", N_("This must be one of: %(allowed)s."), {"allowed": ", ".join(known)})
        )
    return asked


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
        found.astimezone(UTC)  # there are moments at the ends of time that have none in UTC
    except (ValueError, OverflowError) as error:
        raise Malformed(
            Problem("datetime", N_("This must be a date and time like 2026-09-14T08:00:00Z."))
        ) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
