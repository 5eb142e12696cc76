"""Contrast: where one feeling outweighs another, and whether more than a few people make it so.

The surface is the logarithm of the ratio of two densities (Bithell 1990; Kelsall and Diggle 1995): both feelings
are spread by one Gaussian, each divided by its own total, so that zero is the town's own balance. What is spread
are voices: a person counts once in a square and feeling, however many pins they set there. One more voice that
speaks as the town does is added everywhere, so that a few people far out make no infinite ratio.

The test asks whether the balance of a place could come from the people who happen to speak there. What it
shuffles are people, as the pins of one person are no independent witnesses: somebody in Ostrava set 401, and to
shuffle pins would make hundreds of people of each such person. In each round everybody draws, without replacement,
one of all voices of the town, and says that with all the weight they have around a square. Where everybody has one
pin this is the random labelling of Kelsall and Diggle; where somebody has many, these win or lose together, and no
place is significant by one person. It is cautious: who says both around a square is dealt one of them, so the lots
spread wider than people do. By the simulations in the tests it keeps to its level where people are as unequal as
those of Ostrava and speak in clumps of one feeling; shuffling pins raises two to five times the false alarms it
admits.

Among thousands of squares some look special by luck: Benjamini and Hochberg (1995) keep such false alarms down.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array
from scipy.spatial import KDTree

from gis.analysis.hot_spots import LEVELS, SIDE_M, Ground, false_discovery
from gis.analysis.voices import centres_of
from gis.grid import Floats, Indices

BANDWIDTH_M: Final = 100.0
"""A little more than the heat's: a ratio of two densities needs more people than one density does."""
CUT: Final = 3.0
"""Bandwidths beyond which a voice weighs nothing: a hundredth of its weight in the middle."""
REACH: Final = 2.0
"""Bandwidths within which people are counted: most of what a voice weighs lies there."""
ROUNDS: Final = 999
MORE_ROUNDS: Final = 9_000
"""Further rounds for squares that few of the first ones reach: their probability is told more finely."""
FEW: Final = 20
"""Rounds that reach a square, below which it gets the further ones (Besag and Clifford 1991)."""
LEAST_SURE: Final = 95
"""Per cent of certainty from which a square belongs to an area."""
DEEP: Final = 0.75
NONE: Final = -1
"""The label of a square that belongs to no area."""
_AROUND: Final = tuple((dx, dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy)
_BATCH: Final = 64
_BLOCK_ENTRIES: Final = 2_000_000
_HAIR: Final = 1e-9
"""Equal shares differ by rounding."""

Matrix = Any
"""A sparse matrix of scipy, which has no types of its own."""


@dataclass(frozen=True, slots=True)
class Sides:
    """Who said the one and who said the other in which squares, each person once in a square and side."""

    x_index: Indices
    y_index: Indices
    one: Matrix
    """A row for each square, a column for each person; 1 where this person said the one there."""
    other: Matrix
    side_m: int = SIDE_M

    @classmethod
    def of(
        cls, x_index: ArrayLike, y_index: ArrayLike, person: ArrayLike, is_one: ArrayLike, side_m: int = SIDE_M
    ) -> Sides:
        """From a row for each pin, in any order.

        >>> Sides.of([1, 1, 1], [0, 0, 0], ["anna", "anna", "jan"], [True, True, False]).one.sum()
        1
        """
        x, y = np.asarray(x_index, dtype=np.int64), np.asarray(y_index, dtype=np.int64)
        # One number for a square: several columns take ten times as long to sort.
        _, first, square = np.unique(x * np.int64(2**32) + y, return_index=True, return_inverse=True)
        people, who = np.unique(np.asarray(person), return_inverse=True)
        mine = np.asarray(is_one, dtype=bool)

        def matrix(rows: NDArray[np.bool_]) -> Matrix:
            pairs = np.divmod(np.unique(square[rows] * max(len(people), 1) + who[rows]), max(len(people), 1))
            return csr_array((np.ones(len(pairs[0])), pairs), (len(first), len(people)))

        return cls(x[first], y[first], matrix(mine), matrix(~mine), side_m)

    @property
    def voices(self) -> tuple[int, int]:
        """How many voices the one and the other have."""
        return int(self.one.sum()), int(self.other.sum())

    @property
    def people(self) -> tuple[int, int, int]:
        """How many people said the one, the other, and either."""
        return _different(self.one), _different(self.other), _different(self.one + self.other)

    @property
    def share(self) -> float:
        """The one's part in all voices of the town; 0 where there are none."""
        one, other = self.voices
        return one / (one + other) if one + other else 0.0

    def centres(self) -> Floats:
        """Metric (x, y) of the squares' centres, a row each."""
        return centres_of(self.x_index, self.y_index, self.side_m)


@dataclass(frozen=True, slots=True)
class Contrast:
    """The squares around which enough people spoke: columns of one length."""

    x_index: Indices
    y_index: Indices
    people_one: Indices
    """Different people within reach who said the one …"""
    people_other: Indices
    """… and the other; who said both is among both."""
    people: Indices
    """Different people within reach who said either."""
    share: Floats
    """The one's part in what is said around the square, the near weighing more."""
    excess: Floats
    """How many voices of the one there are around the square beyond the town's share, the near weighing more."""
    log_ratio: Floats
    """Natural logarithm of how much the one outweighs the other here, against the town: 0 as in the town."""
    p: Floats
    """How often people's opinions dealt by lot would bring a share as far from the town's, in either direction."""
    q: Floats
    """The same for all squares together: the least share of false alarms at which this one is counted in."""
    level: Indices
    """99, 95 or 90 where the one outweighs by more than chance, the same below zero for the other, else 0."""

    def __len__(self) -> int:
        return len(self.x_index)

    def centres(self, side_m: int = SIDE_M) -> Floats:
        """Metric (x, y) of the squares' centres, a row each."""
        return centres_of(self.x_index, self.y_index, side_m)


@dataclass(frozen=True, slots=True)
class _Tested:
    """The squares that are tested."""

    x_index: Indices
    y_index: Indices
    people: Indices
    people_one: Indices
    people_other: Indices


@dataclass(frozen=True, slots=True)
class _Dealer:
    """Who deals the lots."""

    voices: tuple[int, int]
    """How many lots say the one, and the other: all voices of the town."""
    rng: np.random.Generator
    beat: Callable[[], None]
    """Told after every few rounds that it goes on."""

    def reached(self, heard: Matrix, one: Floats, rounds: int) -> tuple[Indices, Indices]:
        """In how many rounds each square gets as much of the one as it has, and in how many as little."""
        speaks = np.bincount(heard.indices, minlength=heard.shape[1]) > 0
        speaking = int(speaks.sum())
        columns = (np.cumsum(speaks) - 1)[heard.indices]
        heard = csr_array((heard.data, columns, heard.indptr), (heard.shape[0], speaking))
        hair = _HAIR * heard.sum(axis=1)
        least, most = (one - hair)[:, None], (one + hair)[:, None]
        above, below = np.zeros(len(one), dtype=np.int64), np.zeros(len(one), dtype=np.int64)
        for start in range(0, rounds, _BATCH):
            got = heard @ self._dealt(speaking, min(_BATCH, rounds - start))
            above += (got >= least).sum(axis=1)
            below += (got <= most).sum(axis=1)
            self.beat()
        return above, below

    def _dealt(self, people: int, rounds: int) -> Floats:
        """What everybody draws, without replacement: a row for each person, a column for each round.

        How many ones so many people draw, and then who of them: the same as drawing one after another, without
        laying out all lots of a large town.
        """
        ones = self.rng.hypergeometric(*self.voices, people, rounds)
        drawn = self.rng.permuted(np.arange(people) < ones[:, None], axis=1)
        return np.ascontiguousarray(drawn.T, dtype=np.float64)


def contrast(  # noqa: PLR0913 - the two sides, the ground, and the figures of the method by name
    ground: Ground,
    sides: Sides,
    *,
    least: int,
    bandwidth_m: float = BANDWIDTH_M,
    rounds: int = ROUNDS,
    more_rounds: int = MORE_ROUNDS,
    seed: int = 1,
    told: Callable[[float], None] = lambda share: None,
) -> Contrast:
    """The contrast around every square of the ground within reach of which at least so many people spoke.

    `told` hears how much of 1 is done. The same input and seed give the same answer.
    """
    tested = _enough(ground, sides, least, REACH * bandwidth_m)
    n = len(tested.x_index)
    one, either, p = np.zeros(n), np.zeros(n), np.ones(n)
    both = sides.one + sides.other
    centres = centres_of(tested.x_index, tested.y_index, sides.side_m)
    for at in runs_of(voices_near(centres, sides, CUT * bandwidth_m)):
        told(at.start / n)
        near = _gaussian(centres[at], sides.centres(), bandwidth_m)
        heard = (near @ both).tocsr()
        one[at], either[at] = (near @ sides.one).sum(axis=1), heard.sum(axis=1)
        if 0 < sides.share < 1:
            dealer = _Dealer(sides.voices, np.random.default_rng([seed, at.start]), partial(told, at.start / n))
            p[at] = _by_lot(heard, one[at], dealer, rounds, more_rounds)
    q = false_discovery(p)
    share = np.divide(one, either, out=np.zeros(n), where=either > 0)
    return Contrast(
        tested.x_index,
        tested.y_index,
        tested.people_one,
        tested.people_other,
        tested.people,
        share,
        one - sides.share * either,
        _log_ratio(one, either - one, sides.share),
        p,
        q,
        _level(q, share > sides.share, tested, least),
    )


def areas(found: Contrast) -> Indices:
    """To which area each square belongs, from 0, and NONE for those that are not significant at 95 per cent.

    An area is the ground around one peak of the excess: squares that touch, also at a corner, and lean to the same
    side are of one area, unless it falls between them below DEEP of the lower peak. So one does not run through a
    whole town where one feeling outweighs nearly everywhere.
    """
    label = np.full(len(found), NONE, dtype=np.int64)
    count = 0
    for way in (1, -1):
        mine = np.nonzero(found.level * way >= LEAST_SURE)[0]
        basin = _basins(found.x_index[mine], found.y_index[mine], found.excess[mine] * way)
        label[mine] = basin + count
        count += int(basin.max(initial=NONE)) + 1
    return label


def _basins(x_index: Indices, y_index: Indices, height: Floats) -> Indices:
    """To which peak each square belongs, from 0, the highest first."""
    basin: dict[tuple[int, int], int] = {}
    joined: list[int] = []
    peak: list[float] = []

    def root(one: int) -> int:
        while joined[one] != one:
            one = joined[one]
        return one

    places = list(zip(x_index.tolist(), y_index.tolist(), strict=True))
    for i in np.argsort(-height, kind="stable").tolist():
        x, y = places[i]
        around = {root(basin[at]) for dx, dy in _AROUND if (at := (x + dx, y + dy)) in basin}
        if not around:
            joined.append(len(joined))
            peak.append(float(height[i]))
        highest, *others = sorted(around) or [len(joined) - 1]
        basin[x, y] = highest
        for lower in others:
            if height[i] >= DEEP * peak[lower]:
                joined[lower] = highest
    roots = [root(basin[place]) for place in places]
    return np.unique(np.array(roots, dtype=np.int64), return_inverse=True)[1].astype(np.int64)


def _by_lot(heard: Matrix, one: Floats, dealer: _Dealer, rounds: int, more_rounds: int) -> Floats:
    """How often voices dealt to people by lot bring as much of the one around each square, or as little.

    `heard` says how much each person speaks around each square, `one` how much of it all is the one.
    """
    above, below = dealer.reached(heard, one, rounds)
    done = np.full(len(one), rounds)
    few = np.nonzero(np.minimum(above, below) < FEW)[0]
    if more_rounds and len(few):
        further = dealer.reached(heard[few], one[few], more_rounds)
        above[few] += further[0]
        below[few] += further[1]
        done[few] += more_rounds
    p: Floats = np.minimum(2 * (np.minimum(above, below) + 1) / (done + 1), 1.0)
    return p


def _enough(ground: Ground, sides: Sides, least: int, reach_m: float) -> _Tested:
    """The squares within reach of which at least so many people spoke, with those people."""
    x, y = ground.indices()
    columns: list[list[Indices]] = []
    centres = centres_of(x, y, ground.side_m)
    heard = voices_near(centres, sides, reach_m)
    # Nobody speaks around most squares of a town; they need not be looked at.
    candidates = np.nonzero(heard >= least)[0]
    both = sides.one + sides.other
    for at in runs_of(heard[candidates]):
        near = near_squares(centres[candidates[at]], sides.centres(), reach_m)
        columns.append([np.diff((near @ said).tocsr().indptr) for said in (both, sides.one, sides.other)])
    people, one, other = (
        np.concatenate([np.zeros(0, dtype=np.int64), *(block[i] for block in columns)]) for i in range(3)
    )
    enough = people >= least
    chosen = candidates[enough]
    return _Tested(x[chosen], y[chosen], people[enough], one[enough], other[enough])


def _level(q: Floats, is_more: NDArray[np.bool_], tested: _Tested, least: int) -> Indices:
    """How sure each square is, below zero where the other outweighs; 0 where the winners are too few."""
    level = np.zeros(len(q), dtype=np.int64)
    for sure in sorted(LEVELS):
        level[q <= 1 - sure / 100] = sure
    level[np.where(is_more, tested.people_one, tested.people_other) < least] = 0
    return level * np.where(is_more, 1, -1)


def _log_ratio(one: Floats, other: Floats, town_share: float) -> Floats:
    """The relative risk, with one more voice at each square that speaks as the town does."""
    if not 0 < town_share < 1:
        return np.zeros(len(one))
    odds = (one + town_share) / (other + 1 - town_share)
    ratio: Floats = np.log(odds) - np.log(town_share / (1 - town_share))
    return ratio


def voices_near(places: Floats, sides: Sides, reach_m: float) -> Indices:
    """How many voices there are within reach of each place: as much as a block of them takes."""
    voices = np.asarray((sides.one + sides.other).sum(axis=1)).ravel()
    counted: Indices = (near_squares(places, sides.centres(), reach_m) @ voices).astype(np.int64)
    return counted


def near_squares(places: Floats, squares: Floats, reach_m: float) -> Matrix:
    """1 where a square's centre lies within reach of a place."""
    near = _apart(places, squares, reach_m)
    return csr_array((np.ones(len(near)), (near["i"], near["j"])), (len(places), len(squares)))


def _gaussian(places: Floats, squares: Floats, bandwidth_m: float) -> Matrix:
    """What a voice in each square weighs at each place: 1 where it stands."""
    near = _apart(places, squares, CUT * bandwidth_m)
    weight = np.exp(-0.5 * (near["v"] / bandwidth_m) ** 2)
    return csr_array((weight, (near["i"], near["j"])), (len(places), len(squares)))


def _apart(places: Floats, squares: Floats, reach_m: float) -> Any:
    """Rows (i, j, v) of place, square and the metres between them."""
    if not len(places) or not len(squares):
        return np.zeros(0, dtype=[("i", np.int64), ("j", np.int64), ("v", np.float64)])
    # Centres lie exactly on the edge of a reach; rounding must not throw them out.
    return KDTree(places).sparse_distance_matrix(KDTree(squares), reach_m * (1 + _HAIR), output_type="ndarray")


def runs_of(sizes: Indices) -> Iterator[slice]:
    """Slices of rows of such sizes that take together about as much memory as a block may."""
    block = np.cumsum(sizes) // _BLOCK_ENTRIES
    edges = [0, *(np.nonzero(np.diff(block))[0] + 1), len(sizes)]
    for start, stop in pairwise(edges):
        if stop > start:
            yield slice(int(start), int(stop))


def _different(said: Matrix) -> int:
    """How many people said anything."""
    return len(np.unique(said.tocoo().coords[1]))
