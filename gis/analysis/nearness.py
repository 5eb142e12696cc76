"""How feelings lie to facts: what share of marked places is near lamps or stops, and what chance would bring.

A *place* is one person's mark of one category in one 25 m square, counted once; its distance is that of the
square's centre to the nearest fact. Two questions are asked of the share of places within reach, each with a
chance of its own, because each answers something else:

- *among*: are the places of this feeling nearer than all that people marked? Chance has two ways to deal the
  feelings out anew where people pin at all, and the more cautious of the two counts. (1) Feelings are shuffled
  among voices, a voice being all that one person marked with one feeling: one tireless person stays one. (2) What
  each spot of the marked ground says (the shares of feelings at its nearest marked square) is moved along the
  ground: a quarter that many fear stays one quarter. Shuffled voice by voice alone, such a quarter would "prove"
  a relation with whatever happens to stand in it.
- *ground*: are the places nearer than the ground of the town is? The whole pattern is moved along the ground.

Moving is the random shift of Lotwick and Silverman (1982), made along the curve of Hilbert (1891) through the
squares of the ground: it visits neighbours one after another, so that what lies together stays together, and a
town of any outline has no edge to fall off. All shifts are tried at once, as a correlation by Fourier transform.
Intervals of shares come from drawing people with replacement (Efron 1979), never pins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.fft import irfft, rfft
from scipy.ndimage import gaussian_filter
from scipy.spatial import KDTree
from shapely.geometry.base import BaseGeometry

from gis.analysis.density import DEFAULT_BANDWIDTH_M
from gis.analysis.hot_spots import Ground, ground_of
from gis.analysis.voices import centres_of
from gis.grid import SQUARE_M, Floats, Indices, square_polygons

REACHES_M: Final = (25, 50, 100, 200)
SIDES_M: Final = (25, 50, 125, 250)
MOST_SQUARES: Final = 1_500_000
"""Of a town's rectangle; a region is looked at in larger squares."""
MARKED_M: Final = 250.0
"""Ground farther from every mark is not where people pin at all."""
SHUFFLES: Final = 999
DRAWS: Final = 400
MOST_SHIFTS: Final = 10_000
LEAST_P: Final = 0.001
"""No chance is called smaller: neighbouring shifts are nearly the same one."""
BAND: Final = (0.025, 0.975)
_HAIR: Final = 1e-9
_HAIR_M: Final = 1e-6

Mask = NDArray[np.bool_]
Step = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Chance:
    """What chance alone would bring, and how often as much as was seen, in either direction."""

    expected: float
    low: float
    high: float
    p: float


@dataclass(frozen=True, slots=True)
class Share:
    """The places of one category within one reach of a layer."""

    reach_m: int
    near: int
    share: float
    low: float
    high: float
    """The middle 95 % of the shares that other people of the same kind would give."""
    lead: float
    """By how much the share exceeds that of all marked places, and the same interval of it."""
    lead_low: float
    lead_high: float
    among: Chance | None
    """None where nobody marked anything else, so that there is nothing to deal out."""
    ground: Chance


@dataclass(frozen=True, slots=True)
class Related:
    """One category beside one layer."""

    shares: tuple[Share, ...]
    """By reach."""
    correlation: float
    """Of people and facts per hectare over the ground (Pearson), both as Gaussians of 75 m."""
    by_chance: Chance


@dataclass(frozen=True, slots=True)
class Beside:
    """One layer beside all categories."""

    of_all: tuple[float, ...]
    """The share of all marked places within each reach."""
    of_ground: tuple[float, ...]
    """The share of the town's ground within each reach."""
    related: tuple[Related | None, ...]
    """By category; None where nobody marked it."""


@dataclass(frozen=True)
class MarkedTown:
    """The ground of a town along Hilbert's curve, and the places that were marked on it."""

    ground: Ground
    x_index: Indices
    """The squares of the ground in the order of the curve."""
    y_index: Indices
    at: Indices
    """A row for each place: its square's number along the curve …"""
    category: Indices
    person: Indices
    categories: int

    @property
    def reaches_m(self) -> tuple[int, ...]:
        """The reaches that squares of this side can tell."""
        return tuple(reach for reach in REACHES_M if reach >= self.ground.side_m)

    @property
    def people(self) -> int:
        """How many people there are."""
        return len(np.unique(self.person))

    @cached_property
    def counts(self) -> Floats:
        """Places by category in each square of the ground."""
        counted: Floats = np.zeros((self.categories, len(self.x_index)))
        np.add.at(counted, (self.category, self.at), 1.0)
        return counted

    def centres(self) -> Floats:
        """Metric (x, y) of the ground's squares, along the curve."""
        return centres_of(self.x_index, self.y_index, self.ground.side_m)


def marked_town(
    boundary: BaseGeometry, x_index: ArrayLike, y_index: ArrayLike, category: ArrayLike, person: ArrayLike
) -> MarkedTown:
    """The places of a town from its pins' 25 m squares, in any order and number; those outside are left out.

    Raises TownTooLarge for more than a region.
    """
    ground = ground_of(boundary, _side_m(boundary))
    x, y = ground.indices()
    order = np.argsort(hilbert_index(x - ground.left, y - ground.bottom), kind="stable")
    number = np.full(ground.inside.shape, -1, dtype=np.int64)
    number[y[order] - ground.bottom, x[order] - ground.left] = np.arange(len(order))
    columns = [np.asarray(one, dtype=np.int64) for one in (x_index, y_index, category)]
    who = np.unique(np.asarray(person), return_inverse=True)[1]
    rows = np.unique(np.column_stack([*columns, who]).astype(np.int64), axis=0)
    middles = centres_of(rows[:, 0], rows[:, 1], SQUARE_M)
    column, row = (np.floor(middles / ground.side_m).astype(np.int64) - (ground.left, ground.bottom)).T
    height, width = ground.inside.shape
    here = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    at = np.where(here, number[np.clip(row, 0, height - 1), np.clip(column, 0, width - 1)], -1)
    rows, at = rows[at >= 0], at[at >= 0]
    categories = int(columns[2].max(initial=-1)) + 1
    return MarkedTown(ground, x[order], y[order], at, rows[:, 2], rows[:, 3], categories)


def distances(points: Floats, facts: NDArray[Any], most_m: float) -> Floats:
    """Metres from each metric point to the nearest fact, 0 inside an area; infinite beyond `most_m`.

    >>> distances(np.array([[0.0, 0.0], [9.0, 0.0]]), shapely.points([[3.0, 0.0]]), 5)
    array([ 3., inf])
    """
    found: Floats = np.full(len(points), np.inf)
    if not len(facts) or not len(points):
        return found
    if (shapely.get_type_id(facts) == shapely.GeometryType.POINT).all():
        tree = KDTree(shapely.get_coordinates(facts))
        return np.asarray(tree.query(points, distance_upper_bound=most_m + _HAIR_M)[0], dtype=np.float64)
    which, away = shapely.STRtree(facts).query_nearest(
        shapely.points(points), max_distance=most_m + _HAIR_M, return_distance=True, all_matches=False
    )
    found[which[0]] = away
    return found


def lay_beside(
    town: MarkedTown, layers: Sequence[NDArray[Any]], rng: np.random.Generator, done: Step = lambda _share: None
) -> list[Beside]:
    """Every category beside every layer of metric points, lines or areas; `done` hears the share of the work.

    Deterministic for a generator of the same seed.
    """
    spans = [distances(town.centres(), facts, max(REACHES_M)) for facts in layers]
    done(0.2)
    near = [[span <= reach + _HAIR_M for reach in town.reaches_m] for span in spans]
    flat = [mask for masks in near for mask in masks]
    drawn = _drawn(town, flat, rng)
    done(0.35)
    shuffled = _shuffled(town, flat, rng, lambda share: done(0.35 + 0.35 * share))
    moved = _Moved(town)
    found = []
    for n, (facts, masks) in enumerate(zip(layers, near, strict=True)):
        columns = slice(n * len(masks), (n + 1) * len(masks))
        layer = _Layer(masks, drawn[columns], shuffled[columns], *_densities(town, facts, spans[n]))
        related = tuple(
            _related(town, moved, category, layer) if town.counts[category].any() else None
            for category in range(town.categories)
        )
        everything = town.counts.sum(axis=0)
        found.append(Beside(
            tuple(_share(everything, mask) for mask in masks), tuple(float(mask.mean()) for mask in masks), related
        ))  # fmt: skip
        done(0.7 + 0.3 * (n + 1) / len(layers))
    return found


def densest_ground(town: MarkedTown, category: int, share: float = 0.5) -> BaseGeometry:
    """The least ground that holds this share of a category's places, by their density; empty for none."""
    counts = town.counts[category] if category < town.categories else np.zeros(len(town.x_index))
    if not counts.any():
        return shapely.Polygon()
    density = _smooth(town, counts)
    order = np.argsort(density, kind="stable")[::-1]
    enough = int(np.searchsorted(np.cumsum(counts[order]), share * counts.sum())) + 1
    dense = order[density[order] >= density[order[enough - 1]]]
    squares = square_polygons(town.x_index[dense], town.y_index[dense], town.ground.side_m)
    return shapely.coverage_union_all(squares)


def hilbert_index(column: Indices, row: Indices) -> Indices:
    """How far along the curve of Hilbert (1891) each square of a grid lies; indices from 0 up.

    >>> hilbert_index(np.array([0, 0, 1, 1]), np.array([0, 1, 1, 0]))
    array([0, 1, 2, 3])
    """
    x, y = np.array(column, dtype=np.int64), np.array(row, dtype=np.int64)
    along = np.zeros_like(x)
    most = max(int(x.max(initial=0)), int(y.max(initial=0)), 1)
    last = (1 << most.bit_length()) - 1
    side = (last + 1) // 2
    while side:
        right, up = (x & side > 0).astype(np.int64), (y & side > 0).astype(np.int64)
        along += side * side * ((3 * right) ^ up)
        turned = (up == 0) & (right == 1)
        x, y = np.where(turned, last - x, x), np.where(turned, last - y, y)
        x, y = np.where(up == 0, y, x), np.where(up == 0, x, y)
        side //= 2
    return along


@dataclass(frozen=True, slots=True)
class _Draws:
    """Shares when people are drawn anew: a row a draw."""

    shares: Floats
    of_all: Floats


@dataclass(frozen=True, slots=True)
class _Layer:
    """What one layer's categories are judged by: by reach, and the densities over the ground."""

    near: Sequence[Mask]
    drawn: Sequence[_Draws]
    shuffled: Sequence[Floats]
    people: Floats
    facts: Floats


class _Moved:
    """Patterns on the ground, moved along the curve by every number of squares at once."""

    def __init__(self, town: MarkedTown) -> None:
        self.squares = len(town.x_index)
        self.patterns = [rfft(counts) for counts in town.counts]
        total = town.counts.sum(axis=0)
        marked = np.nonzero(total)[0]
        centres = town.centres()
        away, which = _nearest(centres, centres[marked])
        self.ground = np.nonzero(away <= MARKED_M)[0]
        source = marked[which[self.ground]] if len(marked) else marked
        self.mass = total[self.ground]
        mass = rfft(self.mass) if len(self.ground) else self.mass
        self.fields, self.dealt = [], []
        for counts in town.counts:
            field = rfft(counts[source] / np.maximum(total[source], 1)) if len(source) else mass
            self.fields.append(field)
            self.dealt.append(irfft(np.conj(field) * mass, len(self.ground)) if len(source) else mass)

    def over_ground(self, category: int, values: Floats) -> Floats:
        """The sum of a category's places × values of the ground, for every shift; the first is none."""
        return _some(irfft(np.conj(self.patterns[category]) * rfft(values), self.squares))

    def dealt_anew(self, category: int, near: Mask) -> Floats:
        """The share of a category's places that are near, were the feelings of the marked ground moved."""
        there = rfft(self.mass * near[self.ground])
        hits = irfft(np.conj(self.fields[category]) * there, len(self.ground))
        dealt = self.dealt[category]
        shares: Floats = np.divide(hits, dealt, out=np.full(len(hits), np.nan), where=dealt > _HAIR)
        shares = _some(shares)
        return shares[np.isfinite(shares)]


def _related(town: MarkedTown, moved: _Moved, category: int, layer: _Layer) -> Related:
    """One category beside one layer."""
    counts = town.counts[category]
    everything = town.counts.sum(axis=0)
    alone = counts.sum() == everything.sum()
    shares = []
    for mask, draws, voices, reach in zip(layer.near, layer.drawn, layer.shuffled, town.reaches_m, strict=True):
        share = _share(counts, mask)
        by_ground = moved.over_ground(category, mask.astype(np.float64)) / counts.sum()
        among = None
        if not alone:
            among = _more_cautious(
                _chance(share, voices[:, category]), _chance(share, moved.dealt_anew(category, mask))
            )
        low, high = np.nanquantile(draws.shares[:, category], BAND)
        lead_low, lead_high = np.nanquantile(draws.shares[:, category] - draws.of_all, BAND)
        shares.append(Share(
            reach, int(counts[mask].sum()), share, float(low), float(high),
            share - _share(everything, mask), float(lead_low), float(lead_high), among, _chance(share, by_ground),
        ))  # fmt: skip
    return Related(tuple(shares), *_correlated(layer.people[category], layer.facts))


def _drawn(town: MarkedTown, near: Sequence[Mask], rng: np.random.Generator) -> list[_Draws]:
    """The shares of each mask for people drawn with replacement, as Poisson weights of one each."""
    people = int(town.person.max(initial=-1)) + 1
    of_person = town.category * people + town.person
    cells = town.categories * people

    def by_person(rows: Mask) -> Floats:
        return np.bincount(of_person[rows], minlength=cells).reshape(town.categories, people).astype(np.float64)

    every = by_person(np.ones(len(town.at), dtype=bool))
    hits = [by_person(mask[town.at]) for mask in near]
    sums: Floats = np.zeros((len(near) + 1, DRAWS, town.categories))
    for start in range(0, DRAWS, 50):
        rows = slice(start, min(start + 50, DRAWS))
        weights = rng.poisson(1.0, (rows.stop - rows.start, people)).astype(np.float64)
        for n, table in enumerate([every, *hits]):
            sums[n, rows] = weights @ table.T
    with np.errstate(invalid="ignore", divide="ignore"):
        return [_Draws(hit / sums[0], hit.sum(axis=1) / sums[0].sum(axis=1)) for hit in sums[1:]]


def _shuffled(town: MarkedTown, near: Sequence[Mask], rng: np.random.Generator, done: Step) -> list[Floats]:
    """The shares of each mask when feelings are shuffled among voices: by mask an array (shuffle, category)."""
    voices, which = np.unique(town.category * (town.person.max(initial=0) + 1) + town.person, return_inverse=True)
    columns = [np.bincount(which, minlength=len(voices)).astype(np.float64)]
    columns += [np.bincount(which, mask[town.at], len(voices)).astype(np.float64) for mask in near]
    table = np.column_stack(columns)
    sizes = np.bincount(voices // (town.person.max(initial=0) + 1), minlength=town.categories)
    spoken = np.nonzero(sizes)[0]
    starts = np.concatenate([[0], np.cumsum(sizes[spoken])[:-1]])
    shares: Floats = np.full((len(near), SHUFFLES, town.categories), np.nan)
    for n in range(SHUFFLES if len(voices) else 0):
        sums = np.add.reduceat(table[rng.permutation(len(voices))], starts, axis=0)
        shares[:, n, spoken] = (sums[:, 1:] / sums[:, :1]).T
        if n % 100 == 0:
            done(n / SHUFFLES)
    return list(shares)


def _densities(town: MarkedTown, facts: NDArray[Any], span: Floats) -> tuple[Floats, Floats]:
    """People of each category, and facts, around every square of the ground, as Gaussians of 75 m."""
    people = np.array([_smooth(town, counts) for counts in town.counts])
    return people, _smooth(town, _facts_in_squares(town, facts, span))


def _smooth(town: MarkedTown, weights: Floats) -> Floats:
    """What stands in the squares of the ground, as Gaussians of 75 m felt in each of them."""
    columns, rows = town.x_index - town.ground.left, town.y_index - town.ground.bottom
    laid = np.zeros(town.ground.inside.shape)
    laid[rows, columns] = weights
    felt = gaussian_filter(laid, DEFAULT_BANDWIDTH_M / town.ground.side_m, mode="constant")
    return np.asarray(felt[rows, columns], dtype=np.float64)


def _facts_in_squares(town: MarkedTown, facts: NDArray[Any], span: Floats) -> Floats:
    """How much of a layer each square holds: points counted, lines by length, areas by what they cover."""
    if len(facts) and (shapely.get_dimensions(facts) == 2).all():
        return (span <= 0).astype(np.float64)
    side = town.ground.side_m
    if len(facts) and (shapely.get_dimensions(facts) == 1).all():
        facts = shapely.points(shapely.get_coordinates(shapely.segmentize(facts, side / 2)))
    laid = np.zeros(town.ground.inside.shape)
    cells = np.floor(shapely.get_coordinates(facts) / side).astype(np.int64)
    cells -= (town.ground.left, town.ground.bottom)
    height, width = town.ground.inside.shape
    here = (cells >= 0).all(axis=1) & (cells[:, 0] < width) & (cells[:, 1] < height)
    np.add.at(laid, (cells[here, 1], cells[here, 0]), 1.0)
    found: Floats = laid[town.y_index - town.ground.bottom, town.x_index - town.ground.left]
    return found


def _correlated(people: Floats, facts: Floats) -> tuple[float, Chance]:
    """Pearson's correlation over the ground, and what shifts along the curve would give."""
    one, other = people - people.mean(), facts - facts.mean()
    scale = float(np.sqrt((one**2).sum() * (other**2).sum()))
    if not scale:
        return 0.0, Chance(0.0, 0.0, 0.0, 1.0)
    shifts = _some(irfft(np.conj(rfft(one)) * rfft(other), len(one)) / scale)
    seen = float((one * other).sum() / scale)
    return seen, _chance(seen, shifts)


def _chance(seen: float, by_chance: Floats) -> Chance:
    values = by_chance[np.isfinite(by_chance)]
    if not len(values):
        return Chance(seen, seen, seen, 1.0)
    low, high = np.quantile(values, BAND)
    as_much = (values >= seen - _HAIR).sum(), (values <= seen + _HAIR).sum()
    p = 2 * (min(as_much) + 1) / (len(values) + 1)
    return Chance(float(values.mean()), float(low), float(high), float(min(1.0, max(LEAST_P, p))))


def _more_cautious(one: Chance, other: Chance) -> Chance:
    """The larger probability, and the band that holds both."""
    cautious = max((one, other), key=lambda chance: chance.p)
    return Chance(cautious.expected, min(one.low, other.low), max(one.high, other.high), cautious.p)


def _nearest(points: Floats, others: Floats) -> tuple[Floats, Indices]:
    """How far the nearest of the others is from each point, and which; infinitely far where there is none."""
    if not len(others):
        return np.full(len(points), np.inf), np.zeros(len(points), dtype=np.int64)
    away, which = KDTree(others).query(points)
    return np.asarray(away, dtype=np.float64), np.asarray(which, dtype=np.int64)


def _some(shifts: Floats) -> Floats:
    """At most so many of all shifts, evenly."""
    return np.asarray(shifts[:: max(1, ceil(len(shifts) / MOST_SHIFTS))], dtype=np.float64)


def _share(counts: Floats, mask: Mask) -> float:
    total = counts.sum()
    return float(counts[mask].sum() / total) if total else 0.0


def _side_m(boundary: BaseGeometry) -> int:
    """The smallest side whose squares are few enough; the largest one is for ground_of to refuse."""
    west, south, east, north = boundary.bounds
    for side in SIDES_M:
        if ceil((east - west) / side + 1) * ceil((north - south) / side + 1) <= MOST_SQUARES:
            return side
    return SIDES_M[-1]
