"""How sure the ranking of places is, on the page: ranks with their intervals, and the town without its busiest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor
from typing import Any

import shapely

from app.i18n import N_, Language
from app.inputs.area import area_text
from app.queries.analysis_robustness import (
    PEOPLE,
    PINS,
    SHARES,
    TOP,
    VOICES,
    CategoryRanking,
    Effect,
    Result,
    Standing,
    Together,
)
from app.queries.layers_robustness import notes
from app.queries.maps import CategoryRecord, MapRecord
from app.views.office.analyses.frame import Choice, Table
from app.views.office.analyses.pictures import Mark, Sheet, sheet
from app.views.reader import number, reader_language, say
from gis.crs import to_metric, to_wgs84, transform_geometry

BAR_WIDTH = 240
"""Of a row's picture, in its own units."""
LEAST_RANKS = 12
"""The scale of ranks goes at least so far: the first ten, and a little of what is beyond."""
CLEARLY = 0.8
"""People change clearly less than pins where they lose less than this part of what pins lose."""

ONE_STAYS = N_("The first place stays first in %(n)s of 100 draws.")
ONE_STAYS_AMONG = N_("The first place stays among the first %(among)s in %(n)s of 100 draws.")
STAY = N_("Places 1 to %(first)s stay the first %(first)s, in whatever order, in %(n)s of 100 draws.")
STAY_AMONG = N_("Places 1 to %(first)s all stay among the first %(among)s in %(n)s of 100 draws.")
NO_ORDER = N_("No order among these places is to be relied on.")
ORDER = N_("Sure is this order: %(groups)s. Within a group no order is to be relied on.")
REST = N_("the others")
ALL_ORDER = N_("The order can be relied on down to place %(n)s.")
ONLY_ONE = N_("Only one place has people enough; there is nothing to rank it against.")
KEPT = N_("With the busiest left out, %(kept)s of the first %(top)s stay among them.")
KEPT_ALL = N_("With the busiest left out, all of the first %(top)s stay among them.")
HEADLINE = N_("“%(word)s”: %(said)s")
FIRST = N_("first come %(places)s.")
ONE_FIRST = N_("%(name)s (%(people)s people)")
NAMELESS = N_("place %(rank)s")
FIRST_HOLDS = N_("Had others answered, the first would very likely still come first.")
FIRST_HOLD = N_("Had others answered, the first %(n)s would very likely still be these, in whatever order.")
FIRST_MAY_CHANGE = N_("Had others answered, other places could have come first.")
FIRST_NAMED = 3
"""So many places are named in the finding of a category."""
NOTHING = N_("Too few people have pinned close together yet to rank any places.")
TAKEN_APART = N_(
    "The persons of this map have been taken apart since. Who set several pins can’t be known any more, and so"
    " neither can be said how much hangs on single people."
)
PEOPLE_HELP = N_(
    "Without them heat by people is %(people)s %% less, heat by pins %(pins)s %% less: counting people keeps a few"
    " from drawing the town’s map."
)
PEOPLE_DO_NOT_HELP = N_(
    "Without them the heat is %(people)s %% less, and about as much less (%(pins)s %%) if pins are counted instead"
    " of people. The busiest of this map did not pin one spot again and again, but many spots once, and each of"
    " them counts."
)
NEAR_TELLS = N_(
    "The numbers of different people at the ten highest places change less: by %(people)s %%, the pins there by"
    " %(pins)s %%. Quote those, not the colours."
)
VOICES_TELL = N_("Were everybody given one voice, shared among all they marked, it would be %(voices)s %% less.")


@dataclass(frozen=True)
class Bar:
    """A rank and its interval on the scale of ranks, in units of the picture."""

    left: float
    width: float
    at: float


@dataclass(frozen=True)
class Row:
    """One place of the ranking."""

    place: Standing
    bar: Bar
    area: str
    """Its surroundings as the filter of the office's map takes them."""
    is_cut: bool
    """Whether those down to this one are surely above all that follow."""


@dataclass(frozen=True)
class Loss:
    """What goes with the busiest, in per cent, as a bar."""

    key: str
    per_cent: float
    width: float


@dataclass(frozen=True)
class Part:
    """One category on the page."""

    category: CategoryRecord
    found: CategoryRanking
    finding: str
    """The first places by name, with their people, and whether they would come first anyway."""
    said: Sequence[str]
    first: Sequence[Row]
    others: Sequence[Row]
    """Places that could as well be among the first ten."""
    marks: Sequence[Mark]
    dots: Sequence[tuple[float, float]]
    """All ten in the picture; their numbers only where they cover no higher one."""
    ticks: Sequence[tuple[int, float]]
    border: float
    """Where on the scale the first ten end."""
    losses: Sequence[Loss]
    kept: Sequence[tuple[float, dict[str, Effect]]]
    """By share left out, the effect on each surface."""


def context(the_map: MapRecord, result: Result) -> dict[str, Any]:
    """A part for every category that the map still has, and the words on the whole."""
    paper = sheet(the_map)
    words = reader_language()
    return {
        "found": result,
        "paper": paper,
        "parts": [_part(the_map, paper, one, words) for one in _known(the_map, result)],
        "has_any": any(one.places for one in result.categories),
        "without": _without(result, words),
        "bar_width": BAR_WIDTH,
        "notes": notes(the_map, result, words),
        "taken_apart": words.gettext(TAKEN_APART) if result.taken_apart else "",
    }


def headline(the_map: MapRecord, result: Result) -> str:
    """How far the ranking of the category of most people holds."""
    words = reader_language()
    if result.taken_apart:
        return words.gettext(TAKEN_APART)
    ranked = [one for one in _known(the_map, result) if one.places]
    if not ranked:
        return words.gettext(NOTHING)
    part = max(ranked, key=lambda one: (one.people, one.pins))
    word = say(the_map.category_by_key[part.category].word)
    three = [_stays(one, words) for one in part.together if one.first == min(3, part.together[-1].first)]
    return words.gettext(HEADLINE, {"word": word, "said": " ".join([*three, _order(part, words)])})


def choices(the_map: MapRecord) -> Sequence[Choice]:
    """Nothing to choose."""
    return ()


def rows(the_map: MapRecord, result: Result) -> Table:
    """A row for each place, the columns named as in the layer of top places."""
    heading = ["category", "rank", "name", "lon", "lat", "people", "pins", "value", "value_low", "value_high"]
    heading += ["rank_low", "rank_high", "among_three", "among_ten"]
    heading += ["rank_without", "rank_by_pins", "rank_by_pins_without", "rank_by_voices"]
    return heading, _rows(the_map, result, heading)


def _rows(the_map: MapRecord, result: Result, heading: Sequence[str]) -> Iterator[list[Any]]:
    for part in _known(the_map, result):
        for place in part.places:
            yield [
                part.category,
                *(
                    round(100 * getattr(place, name), 1) if name.startswith("among") else getattr(place, name)
                    for name in heading[1:]
                ),
            ]


def _known(the_map: MapRecord, result: Result) -> list[CategoryRanking]:
    return [one for one in result.categories if one.category in the_map.category_by_key]


def _part(the_map: MapRecord, paper: Sheet, found: CategoryRanking, words: Language) -> Part:
    longest = max([LEAST_RANKS, *(place.rank_high for place in found.places)])
    step = BAR_WIDTH / longest
    shown = [
        Row(place, _bar(place, step), _area(the_map, place), place.rank in found.cuts) for place in found.places
    ]
    metric = to_metric(the_map.metric_srid)
    middles = [tuple(map(float, metric(place.lon, place.lat))) for place in found.places if place.rank <= TOP]
    ticks = [n for n in (1, 5, 10, 15, 20, 30, 40, 50, 75, 100) if n <= longest]
    return Part(
        category=the_map.category_by_key[found.category],
        found=found,
        finding=_finding(found, words) if found.places else "",
        said=_said(found, words) if found.places else (),
        first=[row for row in shown if row.place.rank <= TOP],
        others=[row for row in shown if row.place.rank > TOP],
        marks=paper.marks(middles),
        dots=[paper.at(*at) for at in middles],
        ticks=[(n, round((n - 0.5) * step, 1)) for n in ticks],
        border=round(TOP * step, 1),
        losses=_losses(found),
        kept=[(share, {e.weight: e for e in found.effects if e.share == share}) for share in SHARES]
        if found.effects
        else (),
    )


def _bar(place: Standing, step: float) -> Bar:
    left, right = (place.rank_low - 1) * step, place.rank_high * step
    return Bar(round(left, 1), round(right - left, 1), round((place.rank - 0.5) * step, 1))


def _area(the_map: MapRecord, place: Standing) -> str:
    """The circle of a place, by its few corners."""
    x, y = to_metric(the_map.metric_srid)(place.lon, place.lat)
    circle = shapely.Point(float(x), float(y)).buffer(150, quad_segs=3)
    corners = transform_geometry(circle, to_wgs84(the_map.metric_srid)).exterior.coords[:-1]
    return area_text(tuple((float(lon), float(lat)) for lon, lat in corners))


def _finding(found: CategoryRanking, words: Language) -> str:
    """Which places come first, of how many people, and how far that order holds."""
    named = [
        words.gettext(
            ONE_FIRST,
            {
                "name": place.name or words.gettext(NAMELESS, {"rank": place.rank}),
                "people": number(place.people),
            },
        )
        for place in sorted(found.places, key=lambda place: place.rank)[:FIRST_NAMED]
    ]
    return f"{words.gettext(FIRST, {'places': ', '.join(named)})} {_first_hold(found, words)}"


def _first_hold(found: CategoryRanking, words: Language) -> str:
    """How far the places that are named would come first anyway."""
    if found.ranked < 2:
        return words.gettext(ONLY_ONE)
    ends = [cut for cut in found.cuts if cut <= FIRST_NAMED]
    if not ends:
        return words.gettext(FIRST_MAY_CHANGE)
    return words.gettext(FIRST_HOLDS) if ends[0] == 1 else words.gettext(FIRST_HOLD, {"n": ends[-1]})


def _said(found: CategoryRanking, words: Language) -> list[str]:
    """What may be quoted of one category."""
    wanted = [one for one in found.together if one.first in (1, 3, 10)]
    said = [_stays(one, words) for one in wanted]
    said.append(_order(found, words))
    first = next(e for e in found.effects if e.weight == PEOPLE and e.share == SHARES[0])
    top = min(TOP, found.ranked)
    said.append(words.gettext(KEPT_ALL if first.kept == top else KEPT, {"kept": first.kept, "top": top}))
    return said


def _stays(one: Together, words: Language) -> str:
    if one.first == 1:
        said = ONE_STAYS if one.among == 1 else ONE_STAYS_AMONG
    else:
        said = STAY if one.among == one.first else STAY_AMONG
    return words.gettext(said, {"first": one.first, "among": one.among, "n": floor(100 * one.share)})


def _order(found: CategoryRanking, words: Language) -> str:
    """What of the order is sure, as groups that stay above each other."""
    if found.ranked < 2:
        return words.gettext(ONLY_ONE)
    last = min(TOP, found.ranked)
    ends = [cut for cut in found.cuts if cut <= last]
    if not ends:
        return words.gettext(NO_ORDER)
    if len(ends) >= min(last, found.ranked - 1):
        return words.gettext(ALL_ORDER, {"n": last})
    pairs = zip([1, *(end + 1 for end in ends[:-1])], ends, strict=True)
    groups = [f"{start}–{end}" if start < end else f"{end}" for start, end in pairs]
    rest = words.gettext(REST) if ends[-1] < found.ranked else ""
    return words.gettext(ORDER, {"groups": " › ".join([*groups, rest] if rest else groups)})


def _losses(found: CategoryRanking) -> list[Loss]:
    """What goes with the busiest hundredth: of three kinds of heat, and of the people at the places."""
    lost = {e.weight: e.lost for e in found.effects if e.share == SHARES[0]}
    if not lost:
        return []
    shares = {
        PINS: lost[PINS],
        PEOPLE: lost[PEOPLE],
        "near": _gone(found.near_people, found.near_people_without),
        VOICES: lost[VOICES],
    }
    longest = max(*shares.values(), 0.01)
    return [Loss(key, 100 * share, round(BAR_WIDTH * share / longest, 1)) for key, share in shares.items()]


def _gone(before: int, after: int) -> float:
    return 1 - after / before if before else 0.0


def _without(result: Result, words: Language) -> list[str]:
    """What leaving out the busiest does to the map as a whole, in sentences; none where nothing is ranked."""
    effects = [e for one in result.categories for e in one.effects if e.share == SHARES[0]]
    if not effects:
        return []
    lost = {weight: _lost(effects, weight) for weight in (PEOPLE, PINS, VOICES)}
    near = [
        _gone(sum(getattr(one, f"near_{what}") for one in result.categories),
              sum(getattr(one, f"near_{what}_without") for one in result.categories))
        for what in ("people", "pins")
    ]  # fmt: skip
    helps = lost[PEOPLE] < CLEARLY * lost[PINS]
    said = [
        words.gettext(
            PEOPLE_HELP if helps else PEOPLE_DO_NOT_HELP,
            {"people": _per_cent(lost[PEOPLE]), "pins": _per_cent(lost[PINS])},
        )
    ]
    if near[0] < CLEARLY * near[1]:
        said.append(words.gettext(NEAR_TELLS, {"people": _per_cent(near[0]), "pins": _per_cent(near[1])}))
    said.append(words.gettext(VOICES_TELL, {"voices": _per_cent(lost[VOICES])}))
    return said


def _lost(effects: Sequence[Effect], weight: str) -> float:
    """Of all categories together."""
    mine = [e for e in effects if e.weight == weight]
    whole = sum(e.counted for e in mine)
    return sum(e.lost * e.counted for e in mine) / whole if whole else 0.0


def _per_cent(share: float) -> str:
    return number(100 * share, 1)
