"""Words of the office's pages: reasons in the map's language, periods to pick, the filter in links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from flask import url_for

from app.config import TOWN_CLOCK
from app.i18n import N_
from app.inputs.area import area_text
from app.inputs.filters import PinFilter
from app.inputs.office import filter_names
from app.inputs.reasons import READY_REASONS
from app.queries.filter_words import period, town, who
from app.queries.filter_words import short_day as short_day_in
from app.queries.maps import MapRecord
from app.views.citizen import basemap_config
from app.views.reader import number, reader_language, say

LIST_PARAMETERS = frozenset({"silent", "view"})
"""What is asked of the list alone, and means nothing to dots, heat and files."""
MOST_BARS = 120
"""Days drawn one by one; a longer campaign is drawn in weeks or months, so that bars can be told apart."""


@dataclass(frozen=True)
class Period:
    """A period to pick: its words, and its ends as they stand in the address; empty is open."""

    words: str
    since: str
    until: str


@dataclass(frozen=True)
class Bar:
    """How much came in one day (or a few together), as a share of the most."""

    since: date
    until: date
    pins: int
    share: float

    @property
    def words(self) -> str:
        """The day, or the first and the last, with the number of pins."""
        days = short_day(self.since)
        if self.until != self.since:
            days += f" – {short_day(self.until)}"
        return f"{days}: {number(self.pins)}"


def reasons() -> list[tuple[str, str]]:
    """The ready reasons to hide a pin, key and words; the author reads the same in their own language."""
    return [(key, reader_language().gettext(message)) for key, message in READY_REASONS.items()]


def filter_arguments(arguments: Mapping[str, str], the_map: MapRecord) -> dict[str, str]:
    """What of the address is filter or chooses the list: carried along by the links of the page."""
    names = filter_names(the_map) | LIST_PARAMETERS
    return {key: value for key, value in arguments.items() if value != "" and key in names}


def file_arguments(arguments: Mapping[str, str], the_map: MapRecord) -> dict[str, str]:
    """What of the address is filter: carried along by links to files."""
    names = filter_names(the_map)
    return {key: value for key, value in arguments.items() if value != "" and key in names}


def area_of(wanted: PinFilter) -> str:
    """The area asked for as it stands in the form; empty for none."""
    return area_text(wanted.area) if wanted.area else ""


def periods(days: Sequence[tuple[date, int]], now: datetime | None = None) -> list[Period]:
    """Periods worth picking: of a map that still collects they end today, else with its last day."""
    found = [Period(N_("the whole time"), "", "")]
    if not days:
        return found
    today = (now or datetime.now(UTC)).astimezone(TOWN_CLOCK).date()
    first, last = days[0][0], days[-1][0]
    ongoing = today - last < timedelta(days=7)
    end = today if ongoing else last
    words = (
        (N_("the last 7 days"), N_("the last 30 days"))
        if ongoing
        else (N_("the last 7 days of collecting"), N_("the last 30 days of collecting"))
    )
    for length, label in zip((7, 30), words, strict=True):
        since = end - timedelta(days=length - 1)
        if since > first:
            found.append(Period(label, since.isoformat(), "" if ongoing else end.isoformat()))
    return found


def period_words(since: datetime | None, until: datetime | None) -> str:
    """A period as it reads in the sentence."""
    return period(since, until, reader_language())


def who_words(the_map: MapRecord, wanted: PinFilter) -> str:
    """The groups that are asked for, in words; empty for everybody."""
    return " · ".join(who(the_map, wanted, reader_language()))


def town_words(wanted: PinFilter) -> str:
    """What is asked of the town's own work with a pin, in words; empty for nothing."""
    return " · ".join(town(wanted, reader_language()))


def short_day(day: date) -> str:
    """A day in few letters: 14. 9. 2026."""
    return short_day_in(day, reader_language())


def day_bars(days: Sequence[tuple[date, int]]) -> list[Bar]:
    """The days from the first to the last, empty ones too, as bars."""
    if not days:
        return []
    first, last = days[0][0], days[-1][0]
    length = -(-((last - first).days + 1) // MOST_BARS)
    counts: dict[int, int] = {}
    for day, pins in days:
        counts[(day - first).days // length] = counts.get((day - first).days // length, 0) + pins
    most = max(counts.values())
    return [
        Bar(
            first + timedelta(days=n * length),
            min(last, first + timedelta(days=(n + 1) * length - 1)),
            counts.get(n, 0),
            counts.get(n, 0) / most,
        )
        for n in range(((last - first).days // length) + 1)
    ]


def scene(the_map: MapRecord) -> dict[str, Any]:
    """What the page's script needs to draw the map: its frame, its base, its categories, and where to ask."""
    page = url_for("office.map_page", slug=the_map.slug)
    return {
        "slug": the_map.slug,
        "page": page,
        "bounds": the_map.boundary.bounds,
        "boundary": url_for("data.boundary", slug=the_map.slug, v=the_map.version),
        "basemap": basemap_config(the_map),
        "title": say(the_map.title),
        "categories": [
            {"key": c.key, "label": say(c.word), "color": c.color, "shape": c.shape} for c in the_map.categories
        ],
        "signIn": url_for("office.sign_in_form", next=page),
    }
