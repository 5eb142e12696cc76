"""Made-up crowds with the tails of a real map: a few people set most pins, and a few places draw most of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CATEGORIES = ("safe", "unsafe", "improve")
MEDIAN_PINS = 8
"""A person, as in Ostrava in 2023 …"""
MOST_PINS = 400
"""… and the busiest one."""
SCATTERED = 0.25
"""Pins that are set anywhere."""


@dataclass(frozen=True)
class Crowd:
    """A row for each pin, in metres from a corner of the town."""

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    person: NDArray[np.int64]
    category: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.x)


def a_crowd_of(people: int, *, width_m: float, height_m: float, margin_m: float = 0.0, seed: int = 2023) -> Crowd:
    """The pins of so many people in a rectangle, none nearer to its edge than the margin; the same for a seed."""
    chance = np.random.default_rng(seed)
    tail = np.exp(chance.normal(np.log(MEDIAN_PINS), 1.1, people))
    pins = np.clip(np.round(tail), 1, MOST_PINS).astype(np.int64)
    person = np.repeat(np.arange(people), pins)
    n = len(person)
    low, high = np.array([margin_m, margin_m]), np.array([width_m - margin_m, height_m - margin_m])
    places = chance.uniform(low, high, (60, 2))
    fame = 1 / np.arange(1, 61)
    at = places[chance.choice(60, n, p=fame / fame.sum())] + chance.normal(0, 40, (n, 2))
    scattered = chance.random(n) < SCATTERED
    at[scattered] = chance.uniform(low, high, (int(scattered.sum()), 2))
    at = np.clip(at, low, high)
    return Crowd(at[:, 0], at[:, 1], person, np.array(CATEGORIES)[chance.integers(0, 3, n)])
