"""Which heat is asked for: category, bandwidth, weight. Officials also choose the pins: see inputs/office.py."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum

from app.config import TOWN_CLOCK
from app.errors import Malformed, Problem
from app.i18n import N_
from app.models import PinState
from gis.analysis.density import DEFAULT_BANDWIDTH_M, MAX_BANDWIDTH_M, MIN_BANDWIDTH_M

PUBLIC_PARAMETERS = frozenset({"category", "bandwidth", "weight"})
OFFICE_PARAMETERS = PUBLIC_PARAMETERS | {"measure"}
METRES = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,3})?")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
COUNTED_STATES = frozenset({PinState.VISIBLE, PinState.PENDING})
"""What officials' heat counts unless told: a hidden pin is hidden because it should not count."""

Arguments = Mapping[str, Sequence[str]]
"""Query parameters, each with all its values."""


class Weight(StrEnum):
    """What heat counts: each respondent at most once in one 25 m square and category, or every pin."""

    PEOPLE = "people"
    PINS = "pins"


class Measure(StrEnum):
    """What a surface tells: how many for each hectare, or which per cent of all feelings are this one."""

    DENSITY = "density"
    SHARE = "share"


@dataclass(frozen=True)
class HeatQuery:
    """One heat surface: of one category, or of all where none is named."""

    category: str | None = None
    bandwidth_m: float = DEFAULT_BANDWIDTH_M
    weight: Weight = Weight.PEOPLE
    measure: Measure = Measure.DENSITY

    @property
    def density(self) -> HeatQuery:
        """The same category, bandwidth and weight, for each hectare."""
        return replace(self, measure=Measure.DENSITY)


def parse_heat(
    arguments: Arguments, categories: Mapping[str, object], known: frozenset[str] = PUBLIC_PARAMETERS
) -> HeatQuery:
    """The heat that a query string asks for; Malformed for what may not be asked or can't be."""
    values = single(arguments, known)
    category = values.get("category")
    if category is not None and category not in categories:
        raise not_one_of("category", categories)
    return HeatQuery(
        category,
        _bandwidth(values.get("bandwidth")),
        _weight(values.get("weight")),
        _measure(values.get("measure")),
    )


def refuse_share_of_all(query: HeatQuery) -> None:
    """Malformed where a share is asked for and no category: all feelings are all of all feelings."""
    if query.measure is Measure.SHARE and query.category is None:
        raise Malformed(Problem("category", N_("A share is one feeling out of all. Please say which.")))


def single(arguments: Arguments, known: frozenset[str]) -> dict[str, str]:
    """Each parameter's one value; an empty one is not given, as a form sends what nobody filled in."""
    for name, values in arguments.items():
        if name not in known:
            raise Malformed(Problem(name[:80], N_("This can't be asked here.")))
        if len(values) != 1 or "\x00" in values[0]:
            raise Malformed(Problem(name, N_("This may be given once.")))
    return {name: values[0] for name, values in arguments.items() if values[0]}


def _bandwidth(text: str | None) -> float:
    if text is None:
        return DEFAULT_BANDWIDTH_M
    if not METRES.fullmatch(text) or not MIN_BANDWIDTH_M <= float(text) <= MAX_BANDWIDTH_M:
        limits = {"least": f"{MIN_BANDWIDTH_M:g}", "most": f"{MAX_BANDWIDTH_M:g}"}
        raise Malformed(Problem("bandwidth", N_("A bandwidth is from %(least)s to %(most)s metres."), limits))
    return float(text)


def _weight(text: str | None) -> Weight:
    if text is None:
        return Weight.PEOPLE
    if text not in list(Weight):
        raise not_one_of("weight", list(Weight))
    return Weight(text)


def _measure(text: str | None) -> Measure:
    if text is None:
        return Measure.DENSITY
    if text not in list(Measure):
        raise not_one_of("measure", list(Measure))
    return Measure(text)


def moment(name: str, text: str | None, *, end: bool = False) -> datetime | None:
    """An instant, or a day by the town's clocks: from its first moment, or to its last."""
    if text is None:
        return None
    try:
        if DAY.fullmatch(text):
            day = date.fromisoformat(text) + timedelta(days=int(end))
            midnight = datetime.combine(day, time.min, TOWN_CLOCK)
            return midnight - timedelta(microseconds=int(end))
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=TOWN_CLOCK)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Malformed(Problem(name, N_("This must be a day like 2026-09-14."))) from error


def not_one_of(name: str, allowed: Mapping[str, object] | Sequence[str]) -> Malformed:
    """The refusal of a value that is none of those allowed."""
    return Malformed(Problem(name, N_("This must be one of: %(allowed)s."), {"allowed": ", ".join(allowed)}))
