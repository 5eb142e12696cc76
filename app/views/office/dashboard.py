"""How a campaign goes: course, ways, events, what waits, how evenly people speak, and who is missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import render_template

from app.db import session
from app.queries.coverage import TownCoverage, compare
from app.queries.coverage_words import group_label, limit_words, missing_words
from app.queries.dashboard import Dashboard, read_dashboard
from app.queries.day_chart import day_chart
from app.queries.events import EventTurnout
from app.queries.filter_words import STATUS_WORDS
from app.queries.towns import find_town
from app.security import require
from app.views.office import blueprint
from app.views.office.access import office_map
from app.views.reader import number, reader_language, say
from app.views.results import short_day
from gis.analysis.coverage import GroupShare

CURVE_SIDE = 100
MOST_LENGTH = 98
"""Hundredths of a picture's width that its longest bar takes: room for its outline."""


@dataclass(frozen=True)
class ShareBar:
    """One group of a picture: its name, and both shares as lengths of bars in hundredths of the picture."""

    label: str
    share: GroupShare
    town_length: float
    here_length: float


@blueprint.get("/maps/<slug>/dashboard")
def dashboard(slug: str) -> str:
    """The overview of one map."""
    the_map = office_map(slug)
    found = read_dashboard(session(), the_map)
    census = find_town(session(), the_map.town_slug).census
    coverage = compare(found.groups, census)
    words = reader_language()
    return render_template(
        "office/dashboard.html",
        the_map=the_map,
        official=require(),
        found=found,
        summary=found.summary,
        chart=day_chart(found.summary.days, short_day, number),
        coverage=coverage,
        has_census=bool(census),
        missing=missing_words(coverage, words) if coverage else [],
        limits=limit_words(coverage, found.summary.people, words) if coverage else [],
        pictures=_pictures(coverage),
        pyramid=_pyramid(coverage),
        to_come=_to_come(found),
        status_words=STATUS_WORDS,
        curve=_curve(found.curve),
        half=_half(found.curve),
    )


def _pictures(coverage: TownCoverage | None) -> list[tuple[str, list[ShareBar]]]:
    """Bars of each question that could be compared: what it asks, its groups."""
    asked = [one for one in (coverage.age, coverage.sex) if one is not None] if coverage else []
    words = reader_language()
    found = []
    for one in asked:
        if not one.coverage.is_enough:
            continue
        longest = max(max(g.seen_share, g.expected_share) for g in one.coverage.groups)
        bars = [
            ShareBar(
                group_label(one, group.key, words),
                group,
                _length(group.expected_share, longest),
                _length(group.seen_share, longest),
            )
            for group in one.coverage.groups
        ]
        found.append((say(one.asked.question.label), bars))
    return found


def _pyramid(coverage: TownCoverage | None) -> list[tuple[str, ShareBar, ShareBar]]:
    """Rows of the picture of ages by sex, the oldest on top: label, women, men."""
    if not coverage or not coverage.pyramid or not coverage.age or not coverage.age.coverage.is_enough:
        return []
    both = [share for row in coverage.pyramid for share in (row.women, row.men)]
    longest = max(max(share.seen_share, share.expected_share) for share in both)
    words = reader_language()
    found = []
    for row in reversed(coverage.pyramid):
        label = group_label(coverage.age, row.key, words)
        women, men = (
            ShareBar(label, share, _length(share.expected_share, longest), _length(share.seen_share, longest))
            for share in (row.women, row.men)
        )
        found.append((label, women, men))
    return found


def _to_come(found: Dashboard) -> Sequence[EventTurnout]:
    """Events that have not taken place yet."""
    now = datetime.now(UTC)
    return [one for one in found.turnouts if one.event.starts_at is not None and one.event.starts_at > now]


def _curve(shares: Sequence[float]) -> dict[str, Any] | None:
    """The curve of shares as points of a square with its origin below left; None where it is not known."""
    if not shares:
        return None
    step = CURVE_SIDE / len(shares)
    points = [(0.0, float(CURVE_SIDE))]
    points += [(round((n + 1) * step, 1), round(CURVE_SIDE * (1 - share), 1)) for n, share in enumerate(shares)]
    return {"points": " ".join(f"{x},{y}" for x, y in points), "rows": list(enumerate(shares, 1))}


def _half(shares: Sequence[float]) -> float | None:
    """The share of pins by the less active half of people."""
    return shares[len(shares) // 2 - 1] if shares else None


def _length(share: float, longest: float) -> float:
    return round(MOST_LENGTH * share / longest, 1) if longest else 0.0
