"""What became of each category: a picture of change, and its areas in words that an official may quote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from app.i18n import N_
from app.inputs.area import area_text
from app.queries.heat import metric_boundary
from app.queries.maps import CategoryRecord, MapRecord
from app.queries.round_results import (
    APPEARED,
    CROWD,
    FEELING,
    FELL,
    GREW,
    OPEN,
    UNKNOWN,
    VANISHED,
    CategoryChange,
    ChangedArea,
    Result,
    Spot,
)
from app.views.office.analyses.pictures import MARK_PX, PICTURE_WIDTH, Mark, Sheet, sheet
from app.views.office.analyses.round_numbers import PERCENT, counts, percent, points
from app.views.reader import number, reader_language
from gis.analysis.change import SURE
from gis.analysis.hot_spots import BAND_M
from gis.crs import to_metric, to_wgs84, transform_geometry
from gis.grid import Floats, square_polygons

STEPS = (0.1, 0.3, 1.0)
"""The classes of a picture, as shares of its largest step."""
LARGEST = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005)
"""Shares of people that a legend may end with."""
LEAST_PERCENT = 0.1
"""Nothing is so sure that it is written as 0 %."""
MARGIN_M = 1_000
"""Around the areas of a picture."""
LEAST_WIDE_M = 2_000
HIGH = 0.75
"""A picture is so much less high than wide where its areas let it."""
CORNERS = 3
"""Of a quarter of a circle in an address."""

KIND_WORDS = {
    GREW: N_("more people now"),
    APPEARED: N_("newly marked"),
    FELL: N_("fewer people now"),
    VANISHED: N_("hardly marked any more"),
}
WITHIN = N_("Within %(reach)s m: %(then)s of %(of_then)s people then, %(now)s of %(of_now)s now.")
ADDED_UP = N_(
    "In its squares, added up: %(then)s then, when %(of_then)s people took part, and %(now)s now, when %(of_now)s"
    " did."
)
BY_LUCK = N_("By luck alone an area as sure as this would show in at most %(share)s %% of all comparisons.")
READINGS = {
    FEELING: N_(
        "The feeling itself has changed: of those who said anything here, %(then)s %% said this then and %(now)s"
        " %% now."
    ),
    CROWD: N_(
        "But that may be the crowd: of those who said anything here, %(then)s %% said this then and %(now)s %%"
        " now, no more different than by chance. How many speak of the place at all has changed."
    ),
    OPEN: N_(
        "Whether the feeling has changed, or only how many speak of the place, can’t be told: of those who said"
        " anything here, %(then)s %% said this then and %(now)s %% now."
    ),
    UNKNOWN: "",
}
SEEN = N_(
    "What could have been seen: a place that %(then)s people marked then would have to fall to %(fall)s now, or"
    " grow to %(grow)s, to be told from chance."
)


@dataclass(frozen=True)
class Picture:
    """The change of one category: a path of squares for each class, the deepest last; sure ones outlined."""

    paper: Sheet
    more: Sequence[str]
    fewer: Sequence[str]
    sure: str
    marks: Sequence[tuple[Mark, bool]]
    """The numbers of areas, and whether there are more people now."""
    wide_km: float


@dataclass(frozen=True)
class AreaWords:
    """One area of the list."""

    area: ChangedArea
    around: str
    """Its surroundings as the filter of the office's map takes them."""
    is_more: bool
    word: str
    then: str
    now: str
    said: str
    """Of how many people how many, then and now."""
    reading: str
    """Whether the feeling changed or the crowd."""
    small: str
    """How sure it is."""


@dataclass(frozen=True)
class Part:
    """One category on the page."""

    category: CategoryRecord
    found: CategoryChange
    picture: Picture
    areas: Sequence[AreaWords]
    gone: Sequence[Spot]
    new: Sequence[Spot]
    seen: str


def largest_step(result: Result, known: Sequence[CategoryChange]) -> float:
    """One scale for all categories: the deepest class begins at this difference of shares."""
    most = 0.0
    for one in known:
        gains = np.abs(_gains(result, one))
        most = max(most, float(gains.max(initial=0.0)))
    return next((largest for largest in LARGEST if largest <= most), LARGEST[-1])


def _gains(result: Result, found: CategoryChange) -> Floats:
    """By how much the share of people has grown near each square."""
    then = result.then.people if result.then else 1
    now = np.array(found.squares.now, dtype=np.float64) / max(result.now.people, 1)
    return now - np.array(found.squares.then, dtype=np.float64) / max(then, 1)


def part_of(the_map: MapRecord, result: Result, found: CategoryChange, largest: float) -> Part:
    """One category on the page."""
    words = reader_language()
    then, fall, grow = found.seen
    seen = {"then": number(then), "fall": "–" if fall is None else number(fall)}
    seen["grow"] = "–" if grow is None else number(grow)
    return Part(
        the_map.category_by_key[found.key],
        found,
        _picture(the_map, result, found, largest),
        [_area_words(the_map, result, area) for area in found.areas],
        found.gone,
        found.new,
        words.gettext(SEEN, seen),
    )


def _picture(the_map: MapRecord, result: Result, found: CategoryChange, largest: float) -> Picture:
    gains = _gains(result, found)
    x, y, level, area = (
        np.array(getattr(found.squares, name), dtype=np.int64) for name in ("x", "y", "level", "area")
    )
    squares = square_polygons(x, y, result.side_m)
    shown = squares[area > 0] if (area > 0).any() else squares
    paper = _paper(the_map, shown)
    ends = [*(step * largest for step in STEPS), np.inf]

    def path(chosen: NDArray[np.object_]) -> str:
        return paper.path(shapely.coverage_union_all(chosen)) if len(chosen) else ""

    def paths(values: Floats) -> list[str]:
        return [path(squares[(values >= low) & (values < high)]) for low, high in pairwise(ends)]

    sure = path(squares[level >= SURE]) + path(squares[level <= -SURE])
    # Beside the areas: a number on top of a small one would hide it.
    corners = [shapely.total_bounds(squares[area == one.rank])[[2, 3]] for one in found.areas]
    apart = MARK_PX / paper.scale
    marks = paper.marks([(float(east) + apart, float(north) + apart) for east, north in corners])
    numbers = [(mark, _is_more(found.areas[mark.rank - 1])) for mark in marks]
    return Picture(paper, paths(gains), paths(-gains), sure, numbers, paper.width / paper.scale / 1000)


def _paper(the_map: MapRecord, shown: NDArray[np.object_]) -> Sheet:
    """The paper of a picture of these squares and their surroundings, as far as the map goes."""
    if not len(shown):
        return sheet(the_map)
    town = metric_boundary(the_map)
    west, south, east, north = shapely.total_bounds(shown)
    middle, wide = ((west + east) / 2, (south + north) / 2), max(east - west, LEAST_WIDE_M) / 2 + MARGIN_M
    high = max(north - south, LEAST_WIDE_M * HIGH) / 2 + MARGIN_M * HIGH
    frame = (middle[0] - wide, middle[1] - high, middle[0] + wide, middle[1] + high)
    west, south = np.maximum(frame[:2], town.bounds[:2])
    east, north = np.minimum(frame[2:], town.bounds[2:])
    scale = float(PICTURE_WIDTH / max(east - west, 1.0))
    empty = Sheet(PICTURE_WIDTH, max(1, round((north - south) * scale)), "", scale, (float(west), float(north)))
    return replace(empty, town=empty.path(shapely.intersection(town, shapely.box(west, south, east, north))))


def _is_more(area: ChangedArea) -> bool:
    return area.kind in (GREW, APPEARED)


def _around(the_map: MapRecord, area: ChangedArea) -> str:
    """The ground within reach of an area's middle."""
    x, y = to_metric(the_map.metric_srid)(area.lon, area.lat)
    circle = shapely.Point(x, y).buffer(BAND_M, quad_segs=CORNERS)
    ring = transform_geometry(circle, to_wgs84(the_map.metric_srid)).exterior.coords[:-1]
    return area_text(tuple((float(lon), float(lat)) for lon, lat in ring))


def _area_words(the_map: MapRecord, result: Result, area: ChangedArea) -> AreaWords:
    words, people = reader_language(), area.people
    said = counts(people) | {"reach": number(result.band_m)}
    reading = ""
    if area.among is not None:
        then, now = (number(share * PERCENT, 0) for share in (area.among.share_then, area.among.share_now))
        reading = words.gettext(READINGS[area.reading], {"then": then, "now": now})
    by_luck = words.gettext(BY_LUCK, {"share": number(max(area.chance * PERCENT, LEAST_PERCENT), 1)})
    return AreaWords(
        area,
        _around(the_map, area),
        _is_more(area),
        words.gettext(KIND_WORDS[area.kind]),
        percent(people.share_then),
        percent(people.share_now),
        words.gettext(WITHIN if result.is_exact else ADDED_UP, said),
        reading,
        " ".join([*points(people), by_luck]),
    )
