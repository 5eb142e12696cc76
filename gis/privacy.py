"""The rules of what everybody may see: squares that speak for k people, and days that hide who sat together.

A 250 m square in which fewer than k distinct respondents pinned a category gives nothing to the public
surface of that category. The squares are fixed and k is one for the whole map, so no two answers differ
by one person's square.

Pins of one sitting carry nearly the same moment. So everybody gets days, and of quiet days several as one: whoever
takes two pins of one such span at random has met one person's with a chance of 1 in k at most (`joined_days`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.grid import Cells, Indices, coarse_of

DEFAULT_K: Final = 5


@dataclass(frozen=True, slots=True)
class Crowd:
    """Distinct respondents of one category in 250 m squares: three arrays of one length."""

    x_index: Indices
    y_index: Indices
    respondents: Indices

    @classmethod
    def of(cls, x_index: ArrayLike, y_index: ArrayLike, respondents: ArrayLike) -> Crowd:
        """A crowd from any sequences, such as rows of a query."""
        return cls(*(np.asarray(column, dtype=np.int64) for column in (x_index, y_index, respondents)))


def crowded(x_index: ArrayLike, y_index: ArrayLike, crowd: Crowd, k: int = DEFAULT_K) -> NDArray[np.bool_]:
    """Which 25 m squares lie in a 250 m square of at least k respondents (unknown squares have none)."""
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    enough = crowd.respondents >= k
    kept = _named(crowd.x_index[enough], crowd.y_index[enough])
    return np.isin(_named(coarse_of(x_index), coarse_of(y_index)), kept)


def suppress(cells: Cells, crowd: Crowd, k: int = DEFAULT_K) -> Cells:
    """The cells that may be shown in public."""
    return cells.where(crowded(cells.x_index, cells.y_index, crowd, k))


def _named(x: Indices, y: Indices) -> Indices:
    """One integer for a pair of indices; both lie well within ±2³¹."""
    named: Indices = x * np.int64(2**32) + y
    return named


def same_person_chance(pins: Mapping[Hashable, int]) -> float:
    """The chance that two pins taken at random are one person's, from each person's number of pins.

    This is Simpson's index (Simpson 1949) of who placed them; 0 where there are no two pins.

    >>> same_person_chance({"a": 2, "b": 2})
    0.3333333333333333
    """
    total = sum(pins.values())
    if total < 2:
        return 0.0
    return sum(n * (n - 1) for n in pins.values()) / (total * (total - 1))


def joined_days(days: Sequence[Mapping[Hashable, int]], k: int = DEFAULT_K) -> list[tuple[int, int]]:
    """Which neighbouring days must be told as one: (first, last) of each such span, in the order of the days.

    A day is each person's number of pins. Two pins of one span, or of one day outside of all spans, are one
    person's with a chance of at most 1/k, or of what it is among all pins where that is more. Where fewer than k
    people took part at all no span hides anybody, and there are none.
    """
    everybody = _sum(days)
    if len(everybody) < k:
        return []
    most = max(1 / k, same_person_chance(everybody))
    spans: list[tuple[int, int]] = []
    people: Counter[Hashable] = Counter()
    first = 0
    for n, day in enumerate(days):
        people.update(day)
        if same_person_chance(people) <= most:
            spans.append((first, n))
            people, first = Counter(), n + 1
    while people and spans:  # the last days go to those before them
        before = spans.pop()
        first = before[0]
        people = _sum(days[first:])
        if same_person_chance(people) <= most:
            people = Counter()
            spans.append((first, len(days) - 1))
    return [span for span in spans if span[0] < span[1]]


def _sum(days: Sequence[Mapping[Hashable, int]]) -> Counter[Hashable]:
    people: Counter[Hashable] = Counter()
    for day in days:
        people.update(day)
    return people
