"""Round against round: where the share of people who mark a place has changed, what appeared and what vanished."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.config import TOWN_CLOCK
from app.errors import Malformed, Problem
from app.i18n import N_
from app.inputs.filters import Scope
from app.queries.analyses import Asked, Told
from app.queries.answers import PlaceRecord, list_places
from app.queries.clusters import least_people
from app.queries.heat import heat_version
from app.queries.maps import MapRecord
from app.queries.nearest_names import NearestNames, nearest_names
from app.queries.pin_table import OFFICE_COUNTS
from app.queries.round_clusters import ToldSquares, compare_clusters
from app.queries.round_pair import Pair, Side, other_round, read_pair
from app.queries.round_places import changes_of_places
from app.queries.round_results import (
    APPEARED,
    COMPARED,
    CROWD,
    FEELING,
    FELL,
    GREW,
    NO_ROUND,
    OPEN,
    TOO_FEW,
    UNKNOWN,
    VANISHED,
    CategoryChange,
    ChangedArea,
    CommonGround,
    Result,
    RoundSide,
    SquareColumns,
    Versus,
)
from gis.analysis.change import (
    NONE,
    SURE,
    Changes,
    Compared,
    Round,
    areas,
    changes,
    compared,
    family_wise,
    least_by_chance,
    would_be_seen,
)
from gis.analysis.density import SQUARE_METRES_PER_HECTARE
from gis.analysis.hot_spots import BAND_M, SIDE_M, Ground, TownTooLarge, ground_of
from gis.analysis.voices import Voices, centres_of
from gis.crs import to_wgs84
from gis.grid import PRIVACY_SQUARE_M, SQUARE_M, Floats, Indices

__all__ = ["Result", "beside", "find"]

LEAST_ROUND = 30
"""People in either round, below which shares of them say nothing."""
EXAMPLE = 30
"""People of a place then, of whom it is told what change would have been seen."""
DISTINCT = 0.05
"""Below this probability a single comparison is told from chance."""
TELLING = 0.5
"""An interval of shares wider than this leaves everything open."""
SEED = 20_271_121
"""The same pins always give the same answer."""

READING = N_("Reading the pins of both rounds")
COMPARING = N_("Comparing square by square")
PLACES = N_("Looking around answered places")


@dataclass(frozen=True)
class _Frame:
    """What all categories share."""

    pair: Pair
    ground: Ground
    names: NearestNames
    band_m: float
    least: int
    answered: NDArray[np.object_]
    """The areas of the earlier round's answered places, metric."""

    @property
    def srid(self) -> int:
        return self.pair.now.record.metric_srid


def find(session: Session, the_map: MapRecord, asked: Asked, told: Told) -> Result:
    """A map against the round before it, or against the one asked for; InvalidInput where there is no such."""
    told(0.0, READING)
    other = other_round(session, the_map, asked)
    if other is None:
        alone = RoundSide(the_map.slug, the_map.title, 0, 0, None, None, is_split=False, beyond=0)
        return Result(NO_ROUND, alone)
    pair = read_pair(session, the_map, other)
    sides = (_side(pair.now), _side(pair.then))
    if min(pair.then.people, pair.now.people) < LEAST_ROUND or pair.common.is_empty:
        return Result(TOO_FEW, *sides, _ground(pair), is_exact=pair.is_exact)
    earlier, own = list_places(session, other.id), list_places(session, the_map.id)
    frame = _frame(session, pair, earlier)
    found = []
    for i, key in enumerate(pair.shared):
        told(0.1 + 0.7 * i / len(pair.shared), COMPARING)
        found.append(_category(frame, key))
    told(0.85, PLACES)
    places = changes_of_places(pair, earlier, own)
    return Result(
        COMPARED,
        *sides,
        _ground(pair),
        is_exact=pair.is_exact,
        side_m=frame.ground.side_m,
        band_m=round(frame.band_m),
        squares=int(frame.ground.inside.sum()),
        least_people=frame.least,
        only_then={c.key: dict(c.word) for c in other.categories if c.key not in pair.shared},
        only_now=[key for key in the_map.category_by_key if key not in pair.shared],
        categories=found,
        places=places.found,
        by_round=places.by_round,
        own_untold=places.own_untold,
        outside=places.outside,
    )


def beside(session: Session, the_map: MapRecord, asked: Asked) -> str:
    """The mark of the other round's pins, and of the answered places of both."""
    other = other_round(session, the_map, asked)
    if other is None:
        return ""
    marks = sorted(place.mark for one in (the_map, other) for place in list_places(session, one.id))
    return "/".join([heat_version(session, other, OFFICE_COUNTS, Scope.OFFICE), *marks])


def _frame(session: Session, pair: Pair, earlier: Sequence[PlaceRecord]) -> _Frame:
    the_map = pair.now.record
    side_m, band_m = (SIDE_M, BAND_M) if pair.is_exact else (PRIVACY_SQUARE_M, 0.0)
    try:
        ground = ground_of(pair.common, side_m)
    except TownTooLarge as error:
        raise Malformed(Problem("map", N_("The map is too large to be compared square by square."))) from error
    return _Frame(
        pair,
        ground,
        nearest_names(session, the_map),
        band_m,
        max(least_people(the_map), least_people(pair.then.record)),
        np.array([pair.metric(place.area) for place in earlier], dtype=object),
    )


def _category(frame: _Frame, key: str) -> CategoryChange:
    pair, side_m = frame.pair, frame.ground.side_m
    then, now = (_round(pair, side, key, side_m) for side in (pair.then, pair.now))
    found = changes(frame.ground, then, now, band_m=frame.band_m)
    chance, threshold = _chance(frame, key, found)
    label = _told_areas(areas(found, side_m), chance)
    parts = [_area(frame, key, found, label == i, float(chance[label == i].min())) for i in _labels(label)]
    order = sorted(range(len(parts)), key=lambda i: -abs(parts[i].people.difference))
    numbered = {label_of: rank for rank, label_of in enumerate((_labels(label)[i] for i in order), 1)}
    rank = np.array([numbered.get(int(one), 0) for one in label], dtype=np.int64)
    ranked = [replace(parts[i], rank=n) for n, i in enumerate(order, 1)]
    clusters = compare_clusters(
        pair, key, frame.least, frame.names, frame.answered, _told_squares(found, rank, side_m)
    )
    fall, growth = would_be_seen(EXAMPLE, then.people, now.people, threshold)
    return CategoryChange(
        key=key,
        town=_town(pair, key),
        squares=_columns(found, rank),
        areas=ranked,
        lone=int(((np.abs(found.level) >= SURE) & (rank == 0)).sum()),
        gone=clusters.gone,
        new=clusters.new,
        unsure_gone=clusters.unsure_gone,
        unsure_new=clusters.unsure_new,
        stayed=clusters.stayed,
        seen=(EXAMPLE, fall, growth),
        unanswered=clusters.unanswered,
    )


def _round(pair: Pair, side: Side, key: str, side_m: int) -> Round:
    anything = side.voices(side_m, pair.shared) if pair.is_exact else None
    return Round(side.people, side.voices(side_m, [key]), anything)


def _chance(frame: _Frame, key: str, found: Changes) -> tuple[Floats, float]:
    """How often a town without change shows each square's probability somewhere; and the one shown in 5 %.

    Where persons have been taken apart, nobody can divide them anew: then by the number of tests (Bonferroni).
    """
    p = found.shares.p
    pair = frame.pair
    if not pair.is_exact:
        return np.minimum(p * max(len(p), 1), 1.0), DISTINCT / max(len(p), 1)
    by_chance = least_by_chance(
        frame.ground,
        pair.then.spoken(key, frame.ground.side_m),
        pair.now.spoken(key, frame.ground.side_m),
        people_then=pair.then.people,
        people_now=pair.now.people,
        rng=np.random.default_rng(SEED),
        band_m=frame.band_m,
    )
    return family_wise(p, by_chance), float(by_chance[round(DISTINCT * len(by_chance)) - 1])


def _told_areas(label: Indices, chance: Floats) -> Indices:
    """Only the areas of which luck alone would seldom make one anywhere in the town."""
    told = {int(i) for i in _labels(label) if chance[label == i].min() <= DISTINCT}
    return np.where(np.isin(label, list(told)), label, NONE)


def _labels(label: Indices) -> list[int]:
    return [int(one) for one in np.unique(label[label != NONE])]


def _area(frame: _Frame, key: str, found: Changes, chosen: NDArray[np.bool_], chance: float) -> ChangedArea:
    pair, side_m = frame.pair, frame.ground.side_m
    x, y = found.x_index[chosen], found.y_index[chosen]
    then, now = pair.then.voices(side_m, [key]), pair.now.voices(side_m, [key])
    grown = found.shares.difference[chosen].sum() > 0
    middle = _middle(pair, (then, now), (x, y), grown=grown)
    among = anything = None
    reading = UNKNOWN
    if pair.is_exact:
        near = [_near(side, [key], middle) for side in (pair.then, pair.now)]
        around = [_near(side, pair.shared, middle) for side in (pair.then, pair.now)]
        people = _versus(pair, near[0], pair.then.people, near[1], pair.now.people)
        among = _versus(pair, near[0], around[0], near[1], around[1])
        anything = _versus(pair, around[0], pair.then.people, around[1], pair.now.people)
        reading = _reading(people, among, anything)
    else:
        people = _versus(pair, _in(then, x, y), pair.then.people, _in(now, x, y), pair.now.people)
    lon, lat = to_wgs84(frame.srid)(*middle)
    return ChangedArea(
        rank=0,
        kind=_kind(people, frame.least),
        name=frame.names.near(*middle),
        lon=float(lon),
        lat=float(lat),
        squares=len(x),
        hectares=len(x) * side_m**2 / SQUARE_METRES_PER_HECTARE,
        people=people,
        among=among,
        anything=anything,
        reading=reading,
        chance=chance,
    )


def _near(side: Side, categories: Sequence[str], middle: tuple[float, float]) -> int:
    """How many different people said any of these within reach of a metric place."""
    return int(side.voices(SQUARE_M, categories).within(np.array([middle]), BAND_M)[0])


def _kind(people: Versus, least: int) -> str:
    """Appeared where hardly anybody marked it then, vanished where hardly anybody does now."""
    if people.difference > 0:
        return APPEARED if people.then < least else GREW
    return VANISHED if people.now < least else FELL


def _reading(people: Versus, among: Versus, anything: Versus) -> str:
    """Whether the feeling changed, or only how many speak of the place."""

    def follows(other: Versus) -> bool:
        return (other.p or 0.0) < DISTINCT and other.difference * people.difference > 0

    if follows(among):
        return FEELING
    # Where hardly anybody speaks in one of the rounds, no difference found says nothing of what there is.
    can_tell = (among.high or 0.0) - (among.low or 0.0) <= TELLING
    return CROWD if can_tell and follows(anything) else OPEN


def _in(voices: Voices, x: Indices, y: Indices) -> int:
    """How many different people spoke in these squares."""
    wanted = np.isin(_names(voices.x_index, voices.y_index), _names(x, y))
    squares = np.nonzero(wanted)[0]
    return int(voices.together(squares, np.zeros(len(squares), dtype=np.int64), 1)[0])


def _middle(
    pair: Pair, voices: tuple[Voices, Voices], squares: tuple[Indices, Indices], *, grown: bool
) -> tuple[float, float]:
    """Where in the area most has changed: the middle of its squares by what each has gained (or lost)."""
    counts = [_counts_at(one, *squares) for one in voices]
    gain = counts[1] / max(pair.now.people, 1) - counts[0] / max(pair.then.people, 1)
    weight = np.maximum(gain if grown else -gain, 0.0)
    if not weight.sum():
        weight = np.ones(len(weight))
    x, y = np.average(centres_of(*squares, voices[0].side_m), axis=0, weights=weight)
    return float(x), float(y)


def _counts_at(voices: Voices, x: Indices, y: Indices) -> Floats:
    known = dict(zip(_names(voices.x_index, voices.y_index).tolist(), voices.people.tolist(), strict=True))
    return np.array([known.get(name, 0) for name in _names(x, y).tolist()], dtype=np.float64)


def _names(x: Indices, y: Indices) -> Indices:
    named: Indices = x * np.int64(2**32) + y
    return named


def _told_squares(found: Changes, rank: Indices, side_m: int) -> ToldSquares:
    at = rank > 0
    return ToldSquares(found.x_index[at], found.y_index[at], np.sign(found.level[at]), rank[at], side_m)


def _town(pair: Pair, key: str) -> Versus:
    then, now = pair.then, pair.now
    return _versus(pair, then.people_of(key), then.people, now.people_of(key), now.people)


def _versus(pair: Pair, then: int, of_then: int, now: int, of_now: int) -> Versus:
    of_then, of_now = max(of_then, then), max(of_now, now)
    one = compared(then, of_then, now, of_now)
    if not pair.is_exact:
        return Versus(then, of_then, now, of_now, float(one.difference[0]))
    numbers = (float(column[0]) for column in (one.difference, one.low, one.high, one.p))
    return Versus(then, of_then, now, of_now, *numbers)


def _columns(found: Changes, rank: Indices) -> SquareColumns:
    among: Compared | None = found.among
    return SquareColumns(
        found.x_index.tolist(),
        found.y_index.tolist(),
        found.shares.then.tolist(),
        found.shares.now.tolist(),
        _rounded(found.shares.p),
        _rounded(found.q),
        found.level.tolist(),
        among.of_then.tolist() if among else [],
        among.of_now.tolist() if among else [],
        _rounded(among.p) if among else [],
        rank.tolist(),
    )


def _rounded(values: Floats) -> list[float]:
    return [float(f"{value:.4g}") for value in values]


def _side(side: Side) -> RoundSide:
    minutes = side.table.minutes
    first, last = (
        (_day(int(minutes.min())), _day(int(minutes.max())))
        if side.is_dated and minutes is not None
        else (None,) * 2
    )
    return RoundSide(
        side.record.slug,
        dict(side.record.title),
        side.people,
        len(side.table),
        first,
        last,
        is_split=side.is_split,
        beyond=side.beyond,
    )


def _day(minutes: int) -> str:
    return datetime.fromtimestamp(minutes * 60, UTC).astimezone(TOWN_CLOCK).date().isoformat()


def _ground(pair: Pair) -> CommonGround:
    common = pair.common.area
    return CommonGround(
        round(common / 1e6, 2),
        pair.is_same_ground,
        common / max(pair.area_then_m2, 1.0),
        common / max(pair.area_now_m2, 1.0),
    )
