"""Contested places: where many people say the one and about as many the other, and which of them.

A place is all ground within reach of a square's centre. Whoever says both there is counted apart: they do not
oppose anybody, they differ with themselves, perhaps by day and night. Of the others a share says the one; its
interval by Wilson (1927) is what other people of the same mind could have said. A place is contested if even at
the far ends of that interval each side has a good part, and it ranks by how many people the weaker side has at the
least, which asks both for many people and for an even split. Places do not overlap: the higher takes the ground.

Between whom? For a question, people who gave the same answer are a group. The test asks whether those who say the
one and those who say the other answer alike: the sum of squared differences of all groups from what the place as a
whole would bring (Pearson 1900), against the same with the sides dealt anew among the people (Good 2005). Who says
both can tell only by answers that are the pin's own, such as its time of day; they swap sides with themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.analysis.contrast import FEW, MORE_ROUNDS, ROUNDS, Sides, near_squares, runs_of, voices_near
from gis.grid import Floats, Indices

REACH_M: Final = 150.0
"""About the size of a square with the streets that lead to it."""
LEAST_SHARE: Final = 0.25
"""Of those who take a side, what each side has at the least, as sure as Z says."""
Z: Final = 1.959963984540054
"""95 per cent of a normal distribution lie within so many standard deviations."""
MOST_PLACES: Final = 40
_BATCH: Final = 250

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ContestedPlace:
    """One place where feelings oppose."""

    x: float
    y: float
    """Its middle, metric."""
    people_one: int
    """Different people who say only the one there …"""
    people_other: int
    """… only the other …"""
    people_both: int
    """… and both."""
    share: float
    """The one's part among those who take a side."""
    low: float
    high: float
    """The interval around it."""

    @property
    def weaker(self) -> float:
        """How many people the weaker side has at the least: what places are ranked by."""
        return (self.people_one + self.people_other) * min(self.low, 1 - self.high)

    @property
    def is_even(self) -> bool:
        """Whether as many may say the one as the other."""
        return self.low <= 0.5 <= self.high


@dataclass(frozen=True, slots=True)
class Answers:
    """What people of one place answered: matrices of people by options, true where a person gave that answer."""

    one: Flags
    """Those who say only the one."""
    other: Flags
    both_one: Flags
    """Those who say both, by their pins of the one …"""
    both_other: Flags
    """… and of the other; the same people in the same order."""

    @property
    def counts(self) -> tuple[Indices, Indices]:
        """How many people say the one, and the other, with each answer."""
        ones = self.one.sum(axis=0) + self.both_one.sum(axis=0)
        others = self.other.sum(axis=0) + self.both_other.sum(axis=0)
        return ones.astype(np.int64), others.astype(np.int64)

    @property
    def people(self) -> Indices:
        """How many different people gave each answer."""
        both = self.both_one | self.both_other
        people: Indices = self.one.sum(axis=0) + self.other.sum(axis=0) + both.sum(axis=0)
        return people

    def of(self, options: Flags) -> Answers:
        """Only some of the options."""
        return Answers(*(m[:, options] for m in (self.one, self.other, self.both_one, self.both_other)))

    def given(self) -> Answers:
        """Only the people who answered at all: of those who say both, for either side."""
        kept = self.both_one.any(axis=1) & self.both_other.any(axis=1)
        one, other = self.one[self.one.any(axis=1)], self.other[self.other.any(axis=1)]
        return Answers(one, other, self.both_one[kept], self.both_other[kept])


def contested(places: Floats, sides: Sides, *, least: int, reach_m: float = REACH_M) -> list[ContestedPlace]:
    """Of metric places those that are contested by at least so many people on each side, the strongest first."""
    found: list[ContestedPlace] = []
    ones, others, boths = _sided(places, sides, reach_m)
    low, high = wilson(ones, ones + others)
    enough = (np.minimum(ones, others) >= least) & (np.minimum(low, 1 - high) >= LEAST_SHARE)
    weaker = (ones + others) * np.minimum(low, 1 - high)
    for i in np.argsort(-weaker, kind="stable"):
        x, y = (float(v) for v in places[i])
        if not enough[i] or any(np.hypot(x - one.x, y - one.y) < 2 * reach_m for one in found):
            continue
        share = float(ones[i] / (ones[i] + others[i]))
        found.append(
            ContestedPlace(x, y, int(ones[i]), int(others[i]), int(boths[i]), share, float(low[i]), float(high[i]))
        )
        if len(found) == MOST_PLACES:
            break
    return found


def wilson(successes: ArrayLike, trials: ArrayLike) -> tuple[Floats, Floats]:
    """The interval of 95 per cent around shares; 0 to 1 where there are no trials.

    >>> [round(float(end), 2) for end in wilson(10, 20)]
    [0.3, 0.7]
    """
    n = np.asarray(trials, dtype=np.float64)
    share = np.divide(successes, n, out=np.full(n.shape, 0.5), where=n > 0)
    weight = Z**2 / np.maximum(n, 1e-9)
    middle = (share + weight / 2) / (1 + weight)
    half = np.sqrt(weight * share * (1 - share) + weight**2 / 4) / (1 + weight)
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def groups_differ(answers: Answers, rng: np.random.Generator, *, rounds: int = ROUNDS) -> float:
    """How often sides dealt anew would set the groups as far apart; 1 where there is nothing to be compared."""
    given = answers.given()
    ones, others = given.counts
    if np.count_nonzero(ones + others) < 2 or not ones.any() or not others.any():
        return 1.0
    reached = _as_far(given, rng, rounds)
    done = rounds
    if reached < FEW:
        reached += _as_far(given, rng, MORE_ROUNDS)
        done += MORE_ROUNDS
    return (reached + 1) / (done + 1)


def _as_far(given: Answers, rng: np.random.Generator, rounds: int) -> int:
    """In how many rounds the groups are as far apart as they are."""
    alone = np.vstack([given.one, given.other]).astype(np.float64)
    side = np.arange(len(alone)) < len(given.one)
    swap = given.both_other.astype(np.float64) - given.both_one
    ones, others = given.counts
    spread = np.maximum(ones + others, 1)
    # Where the lots are on average: the one's part of those who take a side, and half of those who say both.
    expected = alone.sum(axis=0) * side.mean() if len(alone) else np.zeros(len(ones))
    expected = expected + (given.both_one.sum(axis=0) + given.both_other.sum(axis=0)) / 2
    seen = float(((ones - expected) ** 2 / spread).sum())
    stays = given.both_one.sum(axis=0)
    reached = 0
    for start in range(0, rounds, _BATCH):
        batch = min(_BATCH, rounds - start)
        dealt = rng.permuted(np.tile(side, (batch, 1)), axis=1) @ alone + stays
        dealt += rng.integers(0, 2, (batch, len(swap))) @ swap
        apart = ((dealt - expected) ** 2 / spread).sum(axis=1)
        reached += int((apart >= seen * (1 - 1e-12)).sum())
    return reached


def _sided(places: Floats, sides: Sides, reach_m: float) -> tuple[Indices, Indices, Indices]:
    """How many different people around each place say only the one, only the other, and both."""
    columns: list[list[Indices]] = []
    for at in runs_of(voices_near(places, sides, reach_m)):
        near = near_squares(places[at], sides.centres(), reach_m)
        one, other = (near @ sides.one).tocsr(), (near @ sides.other).tocsr()
        columns.append([np.diff(said.tocsr().indptr) for said in (one, other, one.multiply(other))])
    one, other, both = (
        np.concatenate([np.zeros(0, dtype=np.int64), *(block[i] for block in columns)]) for i in range(3)
    )
    return one - both, other - both, both
