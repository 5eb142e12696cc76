"""How far a ranking of places is to be trusted: with other people of the same kind, and without the loudest.

Two questions are put to the same pins. The bootstrap (Efron 1979) asks what would have come out had other people
answered: as many people are drawn as there are, with replacement, and the places are ranked anew, some hundreds of
times. People are drawn, not pins, since the pins of one person belong together (a cluster bootstrap, Davison and
Hinkley 1997, section 3.8). Leaving out asks how much hangs on the few who set most pins.

Heat is a sum over people, so a draw is a weighted sum: how often each person was drawn, times the squares in which
they spoke, times the Gaussian from each square to each spot. The last two never change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array

from gis.analysis.clusters import LEAST_PEOPLE
from gis.analysis.density import SQUARE_METRES_PER_HECTARE, Surface
from gis.analysis.peaks import Peak, peaks
from gis.analysis.places import WITHIN_M
from gis.analysis.voices import Voices
from gis.grid import SQUARE_M, Cells, Floats, Indices

MOST_SITES: Final = 100
"""Places that take part in a draw: the highest; what ranks below them does not come into the first ten."""
MOVES_M: Final = 75.0
"""The top of a place is looked for so near: a quarter of the way to the next one, on whose slope it is not yet."""
DRAWS: Final = 500
DRAWS_AT_ONCE: Final = 50
"""Bounds the memory: so many times the occupied squares near a site."""
SURE: Final = 0.9
"""In so many of the draws something has to hold before it is said without an if."""
_REACH_BANDWIDTHS: Final = 4.0  # what lies beyond adds 0.03 % to a spot

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sites:
    """Places of a surface, the highest first: arrays of one length."""

    x: Floats
    y: Floats
    value: Floats
    """People (or pins) per hectare at the top of each."""
    people: Indices
    """Different people who spoke within `WITHIN_M` of it."""

    def __len__(self) -> int:
        return len(self.x)

    def first(self, count: int) -> Sites:
        """The highest of them."""
        return Sites(self.x[:count], self.y[:count], self.value[:count], self.people[:count])


def most_active(person: ArrayLike, share: float) -> Indices:
    """The people who set most pins, from a row for each pin: this share of all people, rounded up.

    Of people with as many pins those with the lower number come first, so that the answer is always the same.

    >>> most_active([7, 7, 7, 8, 9, 9], 0.01)
    array([7])
    """
    people, pins = np.unique(np.asarray(person), return_counts=True)
    order = np.lexsort((people, -pins))
    left_out: Indices = people[order[: ceil(len(people) * share)]].astype(np.int64)
    return left_out


def people_cells(voices: Voices) -> Cells:
    """What heat counts by people: each once in a square."""
    return Cells.of(voices.x_index, voices.y_index, voices.people)


def pin_cells(voices: Voices) -> Cells:
    """What heat counts by pins."""
    return Cells.of(voices.x_index, voices.y_index, voices.pins)


def voice_cells(voices: Voices) -> Cells:
    """One voice for everybody, shared evenly among the squares in which they spoke: all add up to the people.

    Who marks a whole town then weighs no more than who marks one bench.

    >>> voice_cells(Voices.of([1, 2, 2], [0, 0, 0], ["anna", "anna", "jan"])).weight
    array([0.5, 1.5])
    """
    squares = np.bincount(voices.person)
    each = 1.0 / squares[voices.person]
    return Cells.of(
        voices.x_index, voices.y_index, np.bincount(voices.square, each, minlength=len(voices.x_index))
    )


def sites_of(surface: Surface, voices: Voices, *, limit: int = MOST_SITES, least: int = LEAST_PEOPLE) -> Sites:
    """The highest places of a surface at which at least so many different people spoke."""
    lone = SQUARE_METRES_PER_HECTARE / (2 * np.pi * surface.bandwidth_m**2)
    # Those of too few people fall out afterwards, so more are asked for than are wanted.
    found = peaks(surface, least=float(lone), limit=3 * limit)
    at = _places(found)
    people = voices.within(at, WITHIN_M)
    enough = np.nonzero(people >= least)[0][:limit]
    value = np.array([peak.value for peak in found], dtype=np.float64)
    return Sites(at[enough, 0], at[enough, 1], value[enough], people[enough])


def heights(surface: Surface, sites: Sites) -> Floats:
    """How high a surface is at each place: at the highest spot within `MOVES_M`, as tops move with who speaks."""
    if not len(sites):
        return np.zeros(0)
    frame, spots = surface.frame, _spots(sites)
    column = np.floor((spots[:, 0] - frame.west) / frame.cell_m).astype(np.int64).clip(0, frame.columns - 1)
    row = np.floor((frame.north - spots[:, 1]) / frame.cell_m).astype(np.int64).clip(0, frame.rows - 1)
    found: Floats = surface.values[row, column].astype(np.float64).reshape(len(sites), -1).max(axis=1)
    return found


def ranks_of(value: Floats) -> Indices:
    """Ranks along the last axis, 1 for the highest; equal ones in the order they come.

    >>> ranks_of(np.array([2.0, 5.0, 2.0]))
    array([2, 1, 3])
    """
    order = np.argsort(-value, axis=-1, kind="stable")
    rank: Indices = np.empty(value.shape, dtype=np.int64)
    np.put_along_axis(rank, order, np.broadcast_to(np.arange(1, value.shape[-1] + 1), value.shape), axis=-1)
    return rank


@dataclass(frozen=True, slots=True)
class Difference:
    """How far a surface is from another of the same frame; all shares of 1."""

    lost: float
    """The sum of absolute differences, against the sum of the first: what is gone, where one is a part of it."""
    moved: float
    """The share of its heat that lies elsewhere once both are put to the same total."""
    correlation: float
    """Pearson's, of the heights at the places of the first ranking; nan for fewer than three places."""


def difference(one: Surface, other: Surface, sites: Sites) -> Difference:
    """How much changes from one surface to another; 0, 0, 1 for the same."""
    a, b = one.values.astype(np.float64), other.values.astype(np.float64)
    whole, rest = float(a.sum()), float(b.sum())
    lost = float(np.abs(a - b).sum()) / whole if whole else 0.0
    moved = float(np.abs(a / whole - b / rest).sum()) / 2 if whole and rest else lost
    return Difference(lost, moved, _correlation(heights(one, sites), heights(other, sites)))


@dataclass(frozen=True, slots=True)
class Ranks:
    """What became of each site in each draw: a row a draw, a column a site."""

    rank: Indices
    """1 for the highest of the draw."""
    value: Floats
    """How high it was, per hectare; see `heights`."""

    @property
    def draws(self) -> int:
        """How often was drawn."""
        return len(self.rank)

    def interval(self, sure: float = SURE) -> tuple[Indices, Indices]:
        """For each site the ranks between which it stays in so many of the draws, as many beyond at either end."""
        ends = [(1 - sure) / 2, (1 + sure) / 2]
        low, high = (np.quantile(self.rank, end, axis=0, method="inverted_cdf").astype(np.int64) for end in ends)
        return np.asarray(low), np.asarray(high)

    def value_interval(self, sure: float = SURE) -> tuple[Floats, Floats]:
        """The same for the values."""
        return _ends(self.value, sure)

    def among(self, first: int) -> Floats:
        """For each site the share of draws in which it is among so many first ones."""
        share: Floats = (self.rank <= first).mean(axis=0)
        return share

    def stay_among(self, count: int, sure: float = 0.95) -> tuple[int, float]:
        """Among how many first ones the first `count` sites all stay in so many draws, and in how many they do."""
        worst = self.rank[:, :count].max(axis=1)
        among = int(np.quantile(worst, sure, method="inverted_cdf"))
        return among, float((worst <= among).mean())

    def cuts(self, most: int, sure: float = SURE) -> list[int]:
        """After which ranks, up to `most` and before the last, those above stay above all others so often.

        Between two cuts no order is to be relied on.
        """
        last = min(most, self.rank.shape[1] - 1)
        return [n for n in range(1, last + 1) if float((self.rank[:, :n].max(axis=1) == n).mean()) >= sure]


def drawn_ranks(
    voices: Voices,
    sites: Sites,
    draws: Iterator[NDArray[Any]],
    bandwidth_m: float,
) -> Iterator[Ranks]:
    """The ranks of sites in batches of draws of people: a row of multiplicities a draw, a column for each voice.

    `voices.person` are the columns.
    """
    spots = _spots(sites)
    hills, near = _hills(voices, spots, bandwidth_m)
    spoken = _spoken(voices, near)
    for drawn in draws:
        counts = np.asarray((spoken @ drawn.T.astype(np.float32)).T)
        heat = np.asarray((hills @ counts.T).T)
        value = heat.reshape(len(drawn), len(sites), -1).max(axis=2).astype(np.float64)
        yield Ranks(ranks_of(value), value)


def together(parts: Sequence[Ranks]) -> Ranks:
    """Batches of draws as one."""
    return Ranks(np.concatenate([part.rank for part in parts]), np.concatenate([part.value for part in parts]))


def drawn_people(people: int, draws: int, chance: np.random.Generator) -> Iterator[NDArray[np.int32]]:
    """Batches of draws: how often each of so many people was drawn, as many as there are, with replacement."""
    for start in range(0, draws, DRAWS_AT_ONCE):
        batch = np.empty((min(DRAWS_AT_ONCE, draws - start), people), dtype=np.int32)
        for row in batch:
            row[:] = np.bincount(chance.integers(0, people, people), minlength=people)
        yield batch


def _spots(sites: Sites) -> Floats:
    """Metric (x, y) of the lattice around every site, as many for each."""
    reach = int(MOVES_M // SQUARE_M)
    dy, dx = np.mgrid[-reach : reach + 1, -reach : reach + 1] * float(SQUARE_M)
    inside = np.hypot(dx, dy) <= MOVES_M
    offsets = np.column_stack([dx[inside], dy[inside]])
    middles = np.column_stack([sites.x, sites.y])
    spots: Floats = (middles[:, None, :] + offsets[None, :, :]).reshape(-1, 2)
    return spots


def _hills(voices: Voices, spots: Floats, bandwidth_m: float) -> tuple[Any, Indices]:
    """The Gaussian per hectare from each square (columns) to each spot (rows), and the squares that are felt."""
    from scipy.spatial import KDTree

    pairs = KDTree(spots).sparse_distance_matrix(
        KDTree(voices.centres()), _REACH_BANDWIDTHS * bandwidth_m, output_type="ndarray"
    )
    near, column = np.unique(pairs["j"], return_inverse=True)
    height = np.exp(-0.5 * (pairs["v"] / bandwidth_m) ** 2)
    height *= SQUARE_METRES_PER_HECTARE / (2 * np.pi * bandwidth_m**2)
    shape = (len(spots), len(near))
    return csr_array((height.astype(np.float32), (pairs["i"], column)), shape), near.astype(np.int64)


def _spoken(voices: Voices, near: Indices) -> Any:
    """Who (columns) spoke in each of some squares (rows)."""
    row_of = np.full(len(voices.x_index), -1, dtype=np.int64)
    row_of[near] = np.arange(len(near))
    rows = row_of[voices.square]
    felt = rows >= 0
    people = int(voices.person.max(initial=-1)) + 1
    ones = np.ones(int(felt.sum()), dtype=np.float32)
    return csr_array((ones, (rows[felt], voices.person[felt])), (len(near), people))


def _ends(values: Floats, sure: float) -> tuple[Floats, Floats]:
    """Of each column the values between which so many rows lie; values that there were, none between two."""
    low, high = (
        np.asarray(np.quantile(values, end, axis=0, method="inverted_cdf"), dtype=np.float64)
        for end in ((1 - sure) / 2, (1 + sure) / 2)
    )
    return low, high


def _places(found: Sequence[Peak]) -> Floats:
    return np.array([(peak.x, peak.y) for peak in found], dtype=np.float64).reshape(-1, 2)


def _correlation(one: Floats, other: Floats) -> float:
    """Pearson's; nan where there is too little to correlate."""
    if len(one) < 3 or not one.std() or not other.std():
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])
