"""What somebody orders of paper sheets: from a form or a command line, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from app.errors import InvalidInput, Problem
from app.i18n import N_
from gis.paper.layout import PAPERS

PAPER: Final = "A3"
"""What an office can print and a table of six people fills."""
PAGES_ON: Final = ("A4", "A3")
"""Papers of office printers, onto whose pages a larger sheet is printed in parts."""
MOST_COUNT: Final = 200
MOST_IN_PARTS: Final = 4
"""Sheets printed in parts: each A0 is twenty pages of A4."""
MOST_DIGITS: Final = 9
LEAST_SCALE: Final = 200
MOST_SCALE: Final = 500_000


@dataclass(frozen=True)
class PrintInput:
    """An order of sheets."""

    paper: str = PAPER
    scale: int | None = None
    """One to so many; None for the one that shows the whole town."""
    count: int = 1
    event: str | None = None
    by_row: bool = False
    """Whether each numbered row of a sheet is a person: a map on the wall, a table of six."""
    pages_on: str | None = None
    centre: tuple[float, float] | None = None
    """Longitude and latitude of the middle; None for the middle of the town."""


def parse_print(form: Mapping[str, str], events: Sequence[str]) -> PrintInput:
    """An order; InvalidInput with all that is wrong. `events` are the codes there are."""
    problems: list[Problem] = []
    paper = form.get("paper", "").strip().upper() or PAPER
    if paper not in PAPERS:
        known = ", ".join(sorted(PAPERS, reverse=True))
        problems.append(Problem("paper", N_("The paper is one of %(papers)s."), {"papers": known}))
    pages_on = form.get("pages_on", "").strip().upper() or None
    if pages_on and (pages_on not in PAGES_ON or (paper in PAPERS and _area(pages_on) >= _area(paper))):
        smaller = N_("In parts a sheet is printed on A4 or A3, smaller than itself.")
        problems.append(Problem("pages_on", smaller))
    scale = _number(form, "scale", LEAST_SCALE, MOST_SCALE, problems)
    most = MOST_IN_PARTS if pages_on else MOST_COUNT
    count = _number(form, "count", 1, most, problems)
    event = form.get("event", "").strip().upper() or None
    if event and event not in events:
        problems.append(Problem("event", N_("There is no event with the code %(code)s."), {"code": event[:20]}))
    if problems:
        raise InvalidInput(*problems)
    return PrintInput(
        paper, scale, count or 1, event, form.get("by_row", "") not in {"", "no"}, pages_on, _centre(form)
    )


def _area(paper: str) -> float:
    width, height = PAPERS[paper]
    return width * height


def _number(form: Mapping[str, str], name: str, least: int, most: int, problems: list[Problem]) -> int | None:
    text = "".join(form.get(name, "").split()).removeprefix("1:")
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS and least <= int(text) <= most):
        told = {"least": least, "most": most}
        problems.append(Problem(name, N_("This must be a whole number from %(least)s to %(most)s."), told))
        return None
    return int(text)


def _centre(form: Mapping[str, str]) -> tuple[float, float] | None:
    text = form.get("centre", "").strip()
    if not text:
        return None
    try:
        lon, lat = (float(part) for part in text.replace(",", " ").split())
    except ValueError:
        lon = lat = float("nan")
    if not (-180 <= lon <= 180 and -85 <= lat <= 85):
        raise InvalidInput(Problem("centre", N_("The middle is written as longitude, latitude: 15.52,49.62.")))
    return lon, lat
