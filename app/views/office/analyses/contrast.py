"""Contrasts on the page: the town between two colours, areas in words, and places where feelings oppose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from shapely import MultiPolygon

from app.i18n import N_, Language, N_n
from app.inputs.filters import Scope
from app.queries.analysis_contrast import BANDWIDTHS_M, Area, Result, default_pair
from app.queries.contested_places import Group, GroupTest, Opposed
from app.queries.heat import metric_boundary
from app.queries.layer_notes import limits
from app.queries.layers_contrast import (
    answer_labels,
    between,
    contested_notes,
    contrast_notes,
    counted_words,
    is_of_map,
    question_label,
)
from app.queries.maps import CategoryRecord, MapRecord
from app.views.office.analyses.frame import Choice, Table, place_name
from app.views.office.analyses.pictures import Mark, Sheet, sheet
from app.views.reader import number, reader_language, say
from gis.analysis.contested import REACH_M
from gis.analysis.contrast import BANDWIDTH_M, LEAST_SURE
from gis.analysis.hot_spots import SIDE_M
from gis.grid import square_polygons

FIRST_AREAS = 4
"""Of each feeling: seen at once; the others unfold."""
FIRST_PLACES = 3
EDGES = (1.5, 2.5, 5.0)
"""How many times more one outweighs than in the town, from which each tone begins."""
PICTURE_WIDTH = 560
MARK_HALF = 12
"""Half a number's mark: on a narrow page it is drawn larger."""
BAR = 100

ONE = N_("Which feeling")
OTHER = N_("Against which")
BANDWIDTH = N_("How finely")
BANDWIDTH_HELP = N_("The finer, the smaller the places; the coarser, the fewer people it takes.")
METRES = N_("%(n)s m")
TOO_FEW = N_("Too few people have said one or the other to set them against each other.")
CHANGED = N_("The categories of this map have changed since; please compute it anew.")
NEITHER = N_("Nowhere does “%(one)s” or “%(other)s” outweigh beyond chance.")
STRONGEST = N_(
    "“%(word)s” outweighs most here: %(place)s. %(said)s, %(opposed)s: that is %(n)s of 100 voices, in the whole"
    " town %(town)s."
)
SAYS = N_n("%(n)s person says “%(word)s”", "%(n)s people say “%(word)s”")
NOBODY_SAYS = N_("nobody says “%(word)s”")
MOST_CONTESTED = N_(
    "Most contested: %(place)s – %(first)s people say only “%(one)s”, %(second)s only “%(other)s”."
)
AS_TOWN = N_("as in the town")
TIMES_TO = N_("%(low)s–%(high)s×")
TIMES_OVER = N_("over %(low)s×")
MOST_GROUND = 0.55
"""Of the town's rectangle: where what is shown takes less, the picture comes nearer."""
MARGIN = 0.06


@dataclass(frozen=True)
class Tone:
    """Squares in which one feeling outweighs about as much."""

    key: str
    """The category, or empty where both are as in the town."""
    step: int
    path: str
    times: str
    """How many times more it outweighs than in the town."""


@dataclass(frozen=True)
class Side:
    """One of the two feelings with the areas in which it outweighs."""

    category: CategoryRecord
    areas: Sequence[Area]
    first: Sequence[Area]
    others: Sequence[Area]
    outline: str
    """Of the squares in which it outweighs beyond chance."""
    marks: Sequence[Mark]
    town_of_100: str
    """So many of 100 voices of the town."""


@dataclass(frozen=True)
class Bar:
    """One group of a contested place."""

    label: str
    group: Group
    width: float
    """The one's part of the bar, of BAR."""
    town: float | None
    """Where the same group of the whole town stands."""


@dataclass(frozen=True)
class Difference:
    """A question behind which the two sides of a place are."""

    question: str
    bars: Sequence[Bar]


@dataclass(frozen=True)
class PlaceShown:
    """A contested place."""

    place: Opposed
    width: float
    differences: Sequence[Difference]
    alike: str
    """The questions that both sides answer alike, as far as one can tell."""


def context(the_map: MapRecord, result: Result) -> dict[str, Any]:
    """The picture, both sides with their areas, the contested places, and the words on the method."""
    if not is_of_map(the_map, result):
        return {"found": None, "changed": reader_language().gettext(CHANGED)}
    words, paper = reader_language(), _paper(the_map, result)
    places = [_place(the_map, place, words) for place in result.contested]
    contested = shapely.from_wkt([place.outline for place in result.contested])
    return {
        "found": result,
        "finding": headline(the_map, result),
        "paper": paper,
        "tones": _tones(paper, result, words),
        "sides": [_side(the_map, paper, result, key) for key in (result.one, result.other)],
        "one": the_map.category_by_key[result.one],
        "other": the_map.category_by_key[result.other],
        "contested_marks": paper.marks([shape.centroid for shape in contested[:FIRST_PLACES]], MARK_HALF),
        "contested_ground": paper.path(contested),
        "first_places": places[:FIRST_PLACES],
        "other_places": places[FIRST_PLACES:],
        "place_reach": number(REACH_M),
        "counted": counted_words(the_map, result, words),
        "contrast_notes": contrast_notes(the_map, result, words),
        "contested_notes": contested_notes(the_map, result, words),
        "limits": limits(the_map, Scope.OFFICE, words),
        "bar": BAR,
    }


def headline(the_map: MapRecord, result: Result) -> str:
    """The strongest area, else the most contested place, else that there is neither."""
    words = reader_language()
    if not is_of_map(the_map, result):
        return words.gettext(CHANGED)
    one, other = (say(the_map.category_by_key[key].word) for key in (result.one, result.other))
    if result.areas:
        best = result.areas[0]
        is_one = best.winner == result.one
        said = {
            "word": one if is_one else other,
            "place": place_name(best),
            "said": _says(best.people_one if is_one else best.people_other, one if is_one else other),
            "opposed": _says(best.people_other if is_one else best.people_one, other if is_one else one),
            "n": _of_100(best.share if is_one else 1 - best.share),
            "town": _of_100(result.share if is_one else 1 - result.share),
        }
        return words.gettext(STRONGEST, said)
    if result.contested:
        place = result.contested[0]
        counts = {"first": number(place.people_one), "second": number(place.people_other)}
        return words.gettext(MOST_CONTESTED, {"place": place_name(place), "one": one, "other": other, **counts})
    return words.gettext(NEITHER, {"one": one, "other": other}) if result.is_tested else words.gettext(TOO_FEW)


def _says(people: int, word: str) -> str:
    """How many people say it."""
    words, said = reader_language(), {"n": number(people), "word": word}
    if not people:
        return words.gettext(NOBODY_SAYS, said)
    return words.translations.ungettext(*SAYS, people) % said


def choices(the_map: MapRecord) -> Sequence[Choice]:
    """The two feelings and how finely they are compared."""
    if len(the_map.categories) < 2:
        return ()
    words = reader_language()
    named = [(category.key, say(category.word)) for category in the_map.categories]
    one, other = default_pair(the_map)
    metres = [(str(n), words.gettext(METRES, {"n": number(n)})) for n in BANDWIDTHS_M]
    return (
        Choice("one", words.gettext(ONE), named, one),
        Choice("other", words.gettext(OTHER), named, other),
        Choice(
            "bandwidth", words.gettext(BANDWIDTH), metres, f"{BANDWIDTH_M:g}", help=words.gettext(BANDWIDTH_HELP)
        ),
    )


def rows(the_map: MapRecord, result: Result) -> Table:
    """A row for each area and each contested place."""
    heading = ("kind", "rank", "category", "name", "sure", "people_one", "people_other", "people_both", "share")
    return (*heading, "low", "high", "between", "hectares", "lon", "lat", "one", "other"), _rows(the_map, result)


def _rows(the_map: MapRecord, result: Result) -> Iterator[list[Any]]:
    if not is_of_map(the_map, result):
        return
    words = reader_language()
    for area in result.areas:
        people = (area.people_one, area.people_other, area.people_both, round(area.share, 3))
        end = (None, None, None, round(area.hectares, 1), area.lon, area.lat, result.one, result.other)
        yield ["contrast", area.rank, area.winner, area.name, area.sure, *people, *end]
    for place in result.contested:
        people = (place.people_one, place.people_other, place.people_both, round(place.share, 3))
        ends = (round(place.low, 3), round(place.high, 3), between(the_map, place, words) or None)
        where = (None, place.lon, place.lat, result.one, result.other)
        yield ["contested", place.rank, None, place.name, None, *people, *ends, *where]


def _paper(the_map: MapRecord, result: Result) -> Sheet:
    """The picture of the town, or of the part of it that there is something to show of."""
    whole = sheet(the_map, PICTURE_WIDTH)
    x, y = np.array(result.squares.x_index, dtype=np.int64), np.array(result.squares.y_index, dtype=np.int64)
    shown = [*square_polygons(x, y, SIDE_M), *shapely.from_wkt([place.outline for place in result.contested])]
    if not shown:
        return whole
    west, south, east, north = shapely.total_bounds(shown).tolist()
    margin = MARGIN * max(east - west, north - south)
    west, south, east, north = west - margin, south - margin, east + margin, north + margin
    width, height = (east - west) * whole.scale, (north - south) * whole.scale
    if width * height > MOST_GROUND * whole.width * whole.height:
        return whole
    scale = PICTURE_WIDTH / (east - west)
    near = Sheet(PICTURE_WIDTH, round((north - south) * scale), "", scale, (west, north))
    return replace(near, town=near.path(metric_boundary(the_map)))


def _tones(paper: Sheet, result: Result, words: Language) -> list[Tone]:
    """The squares by how much one outweighs, from the one to the other, the legend's order."""
    ratio = np.array(result.squares.log_ratio)
    step = np.searchsorted(np.log(EDGES), np.abs(ratio), side="right") * np.sign(ratio).astype(int)
    x, y = np.array(result.squares.x_index, dtype=np.int64), np.array(result.squares.y_index, dtype=np.int64)
    highest = len(EDGES)
    tones = []
    for n in range(highest, -highest - 1, -1):
        key = result.one if n > 0 else result.other if n < 0 else ""
        here = step == n
        ground = shapely.coverage_union_all(square_polygons(x[here], y[here], SIDE_M)) if here.any() else None
        tones.append(Tone(key, abs(n), paper.path(ground) if ground else "", _times(abs(n), words)))
    return tones


def _times(step: int, words: Language) -> str:
    if not step:
        return words.gettext(AS_TOWN)
    low = number(EDGES[step - 1])
    if step == len(EDGES):
        return words.gettext(TIMES_OVER, {"low": low})
    return words.gettext(TIMES_TO, {"low": low, "high": number(EDGES[step])})


def _side(the_map: MapRecord, paper: Sheet, result: Result, key: str) -> Side:
    mine = [area for area in result.areas if area.winner == key]
    way = 1 if key == result.one else -1
    sure = np.array(result.squares.level, dtype=np.int64) * way >= LEAST_SURE
    x, y = np.array(result.squares.x_index, dtype=np.int64), np.array(result.squares.y_index, dtype=np.int64)
    ground = (
        shapely.coverage_union_all(square_polygons(x[sure], y[sure], SIDE_M)) if sure.any() else MultiPolygon()
    )
    outlines = shapely.from_wkt([area.outline for area in mine[:FIRST_AREAS]])
    return Side(
        category=the_map.category_by_key[key],
        areas=mine,
        first=mine[:FIRST_AREAS],
        others=mine[FIRST_AREAS:],
        outline=paper.path(ground),
        marks=paper.marks([outline.representative_point() for outline in outlines], MARK_HALF),
        town_of_100=_of_100(result.share if way > 0 else 1 - result.share),
    )


def _place(the_map: MapRecord, place: Opposed, words: Language) -> PlaceShown:
    differences = [
        Difference(question_label(the_map, test, words), _bars(the_map, test, words)) for test in place.differences
    ]
    alike = [question_label(the_map, test, words) for test in place.tests if not test.is_sure]
    return PlaceShown(place, round(BAR * place.share, 1), differences, " · ".join(alike))


def _bars(the_map: MapRecord, test: GroupTest, words: Language) -> list[Bar]:
    labels = answer_labels(the_map, test, words)
    bars = []
    for group in test.groups:
        share, town = group.share, group.town_share
        bars.append(
            Bar(
                labels.get(group.option, group.option),
                group,
                round(BAR * share, 1) if share is not None else 0.0,
                round(BAR * town, 1) if town is not None else None,
            )
        )
    return bars


def _of_100(share: float) -> str:
    return number(round(100 * share))
