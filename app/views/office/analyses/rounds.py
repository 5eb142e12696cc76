"""Round against round on the page: two numbers of people, a picture of change a category, areas in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from app.db import session
from app.i18n import N_, N_n
from app.queries.maps import MapRecord
from app.queries.round_pair import OTHER, other_rounds
from app.queries.round_results import (
    APPEARED,
    COMPARED,
    FELL,
    GREW,
    NO_ROUND,
    TOO_FEW,
    VANISHED,
    Result,
    RoundSide,
    Versus,
)
from app.queries.round_words import notes
from app.views.office.analyses.frame import Choice, Table
from app.views.office.analyses.round_answers import MAY_MEAN, answers_of, done_words
from app.views.office.analyses.round_numbers import PERCENT
from app.views.office.analyses.round_parts import STEPS, largest_step, part_of
from app.views.office.words import short_day
from app.views.reader import number, reader_language, say

MORE_AREAS = N_n("more people mark it in %(n)s area", "more people mark it in %(n)s areas")
FEWER_AREAS = N_n("fewer people mark it in %(n)s area", "fewer people mark it in %(n)s areas")
SUMMED_UP = N_("Beyond chance – %(changes)s.")
ONE_CATEGORY = N_("“%(category)s”: %(changes)s")
NOTHING = N_("Nowhere has the share of people changed by more than chance would bring.")
NO_OTHER = N_("There is no other round to compare with yet.")
FEW_PEOPLE = N_("In one of the rounds fewer than 30 people took part on common ground: too few to compare.")

COMPARE_WITH = N_("Compare with")
ROUND_BEFORE = N_("%(title)s (the round before)")


def context(the_map: MapRecord, result: Result) -> dict[str, Any]:
    """The two rounds, a part for every category that the map still has, the answered places, and the method."""
    words = reader_language()
    known = [one for one in result.categories if one.key in the_map.category_by_key]
    largest = largest_step(result, known)
    parts = [part_of(the_map, result, one, largest) for one in known]
    areas = [area for part in parts for area in part.areas]
    return {
        "result": result,
        "is_compared": result.state == COMPARED,
        "uncompared": words.gettext({NO_ROUND: NO_OTHER, TOO_FEW: FEW_PEOPLE}.get(result.state, "")),
        "summed_up": headline(the_map, result),
        "periods": {side.slug: _period(side) for side in (result.then, result.now) if side},
        "strongest": max(areas, key=lambda one: abs(one.area.people.difference), default=None),
        "parts": parts,
        "legend": [number(step * largest * PERCENT, 1) for step in STEPS],
        "answers": answers_of(the_map, result),
        "done": done_words(the_map, result),
        "may_mean": [words.gettext(text) for text in MAY_MEAN],
        "notes": notes(the_map, result, words),
    }


def headline(the_map: MapRecord, result: Result) -> str:
    """In how many areas more and in how many fewer people mark something than then."""
    words = reader_language()
    if result.state != COMPARED:
        return words.gettext(NO_OTHER if result.state == NO_ROUND else FEW_PEOPLE)
    said = []
    for one in result.categories:
        category = the_map.category_by_key.get(one.key)
        counts = [sum(area.kind in kinds for area in one.areas) for kinds in ((FELL, VANISHED), (GREW, APPEARED))]
        each = [words.ngettext(*forms, n) for n, forms in zip(counts, (FEWER_AREAS, MORE_AREAS), strict=True) if n]
        if category and each:
            data = {"category": say(category.word), "changes": ", ".join(each)}
            said.append(words.gettext(ONE_CATEGORY, data))
    return words.gettext(SUMMED_UP, {"changes": "; ".join(said)}) if said else words.gettext(NOTHING)


def choices(the_map: MapRecord) -> Sequence[Choice]:
    """Which other map of the town to compare with; nothing to choose where there is none."""
    others = other_rounds(session(), the_map)
    if not others:
        return ()
    words = reader_language()
    options = [
        (
            one.slug,
            words.gettext(ROUND_BEFORE, {"title": say(one.title)})
            if one.slug == the_map.previous
            else say(one.title),
        )
        for one in others
    ]
    return (Choice(OTHER, words.gettext(COMPARE_WITH), options, options[0][0]),)


def rows(the_map: MapRecord, result: Result) -> Table:
    """A row for each area, each cluster that appeared or vanished, and each answered place and category."""
    heading = ["what", "category", "kind", "rank", "name", "lon", "lat", "people_then", "of_then", "people_now"]
    heading += ["of_now", "share_then", "share_now", "points", "points_low", "points_high", "p", "reading"]
    heading += ["all_then", "all_now", "hectares", "status", "answered_at"]
    return heading, _rows(result)


def _period(side: RoundSide) -> str:
    """The first and the last day of a round's pins; empty where they are not known."""
    if side.since is None or side.until is None:
        return ""
    return f"{short_day(date.fromisoformat(side.since))} – {short_day(date.fromisoformat(side.until))}"


def _rows(result: Result) -> Iterator[list[Any]]:
    for one in result.categories:
        for area in one.areas:
            around = area.among
            yield [
                *("area", one.key, area.kind, area.rank, area.name, area.lon, area.lat),
                *_numbers(area.people),
                *(area.reading, around.of_then if around else None, around.of_now if around else None),
                *(area.hectares, None, None),
            ]
        for kind, spots in ((VANISHED, one.gone), (APPEARED, one.new)):
            for spot in spots:
                counts = (spot.then, None, spot.now, *(None,) * 7)
                yield ["cluster", one.key, kind, spot.area, spot.name, spot.lon, spot.lat, *counts, *(None,) * 6]
    for place in result.places:
        yield [
            *("answered place", place.category, None, None, place.name, place.lon, place.lat),
            *_numbers(place.people),
            *(place.reading, None, None, None, place.status, place.answered_at),
        ]


def _numbers(people: Versus) -> list[Any]:
    shares = [round(share * PERCENT, 3) for share in (people.share_then, people.share_now, people.difference)]
    limits = [None if one is None else round(one * PERCENT, 3) for one in (people.low, people.high)]
    p = None if people.p is None else float(f"{people.p:.4g}")
    return [people.then, people.of_then, people.now, people.of_now, *shares, *limits, p]
