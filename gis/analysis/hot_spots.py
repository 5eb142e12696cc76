"""Hot spots: squares around which more people spoke than chance would bring there (Getis-Ord Gi*).

People are counted in squares of 125 m: five by five of the heat's 25 m squares, and four of them make one 250 m
square of the privacy rule, so that none is half public. Neighbours are all squares whose centres lie within
250 m, the square itself among them: thirteen, about as far as "here" reaches on foot. Every square of the town
takes part, also where nobody spoke: silence is an answer too.

Gi* (Ord and Getis 1995) takes the sum around a square for normally distributed. Where people are few it is not,
and one pin in an empty town would be "significant". So each sum is also held against people scattered evenly
over the town (Poisson), and the more cautious of the two probabilities counts. Among thousands of squares some
look special by luck: Benjamini and Hochberg (1995) keep the share of such false alarms down.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import convolve
from scipy.special import ndtr, pdtr, pdtrc
from shapely.geometry.base import BaseGeometry

from gis.grid import Floats, Indices, square_polygons

SIDE_M: Final = 125
BAND_M: Final = 250.0
LEVELS: Final = (99, 95, 90)
"""Per cent of certainty: at 95, about one in twenty of the squares so marked is there by luck."""
MAX_SQUARES: Final = 4_000_000
"""A rectangle of 250 by 250 kilometres."""


class TownTooLarge(ValueError):
    """A boundary whose squares would not fit in memory."""

    def __init__(self, squares: int) -> None:
        super().__init__(f"{squares} squares, at most {MAX_SQUARES}")
        self.squares = squares
        self.limit = MAX_SQUARES


@dataclass(frozen=True, slots=True)
class Ground:
    """The squares of a town: a rectangle of them, of which those count that share ground with it."""

    left: int
    bottom: int
    inside: NDArray[np.bool_]
    """By row from the south, then by column from the west."""
    side_m: int = SIDE_M

    def indices(self) -> tuple[Indices, Indices]:
        """The x and y indices of the squares that count."""
        rows, columns = np.nonzero(self.inside)
        return columns.astype(np.int64) + self.left, rows.astype(np.int64) + self.bottom

    def spread(self, x_index: ArrayLike, y_index: ArrayLike, counts: ArrayLike) -> Floats:
        """Counts of squares laid out over the rectangle; what lies outside the town is left out."""
        column = np.asarray(x_index, dtype=np.int64) - self.left
        row = np.asarray(y_index, dtype=np.int64) - self.bottom
        rows, columns = self.inside.shape
        here = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
        laid = np.zeros(self.inside.shape, dtype=np.float64)
        np.add.at(laid, (row[here], column[here]), np.asarray(counts, dtype=np.float64)[here])
        laid[~self.inside] = 0
        return laid


@dataclass(frozen=True, slots=True)
class HotSpots:
    """The test of every square of a town: columns of one length."""

    x_index: Indices
    y_index: Indices
    counted: Floats
    """What was counted in the square."""
    near: Floats
    """What was counted in it and its neighbours together."""
    z: Floats
    """Gi*: by how many standard deviations `near` differs from what the whole town would bring there."""
    p: Floats
    """How often chance alone would bring a difference as large, in either direction: the cautious one of two."""
    q: Floats
    """The same for all squares together: the least share of false alarms at which this one is counted in."""
    level: Indices
    """99, 95 or 90 where more spoke than by chance, the same below zero where fewer did, else 0."""


def ground_of(boundary: BaseGeometry, side_m: int = SIDE_M) -> Ground:
    """The squares that share ground with a metric boundary; raises TownTooLarge.

    A square at the edge counts whole, so that every pin within the boundary is in one.
    """
    minx, miny, maxx, maxy = boundary.bounds
    left, bottom = floor(minx / side_m), floor(miny / side_m)
    columns, rows = ceil(maxx / side_m) - left, ceil(maxy / side_m) - bottom
    if columns * rows > MAX_SQUARES:
        raise TownTooLarge(columns * rows)
    y, x = np.mgrid[0:rows, 0:columns]
    squares = square_polygons(x.ravel() + left, y.ravel() + bottom, side_m)
    shapely.prepare(boundary)
    inside = shapely.intersects(boundary, squares) & ~shapely.touches(boundary, squares)
    return Ground(left, bottom, inside.reshape(rows, columns), side_m)


def hot_spots(
    ground: Ground, x_index: ArrayLike, y_index: ArrayLike, counts: ArrayLike, *, band_m: float = BAND_M
) -> HotSpots:
    """Gi* of every square of the ground, from counts in squares of its side; squares not given hold nothing."""
    laid = ground.spread(x_index, y_index, counts)
    inside = ground.inside
    kernel = _kernel(band_m / ground.side_m)
    near = convolve(laid, kernel, mode="constant")[inside]
    neighbours = convolve(inside.astype(np.float64), kernel, mode="constant")[inside]
    counted = laid[inside]
    z = _gi_star(counted, near, neighbours)
    p = np.maximum(2 * ndtr(-np.abs(z)), _by_scatter(counted, near, neighbours, z))
    p = np.minimum(p, 1.0)
    q = false_discovery(p)
    level = np.zeros(len(q), dtype=np.int64)
    for sure in sorted(LEVELS):
        level[q <= 1 - sure / 100] = sure
    return HotSpots(*ground.indices(), counted, near, z, p, q, level * np.sign(z).astype(np.int64))


def false_discovery(p: ArrayLike) -> Floats:
    """The adjusted probabilities of Benjamini and Hochberg (1995): take q ≤ a, and about a of them are wrong.

    >>> false_discovery([0.01, 0.04, 0.02]).round(3)
    array([0.03, 0.04, 0.03])
    """
    values = np.asarray(p, dtype=np.float64)
    if not len(values):
        return values
    order = np.argsort(values)[::-1]
    ranks = np.arange(len(values), 0, -1)
    falling = np.minimum.accumulate(values[order] * len(values) / ranks)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(falling, 1.0)
    return adjusted


def _gi_star(counted: Floats, near: Floats, neighbours: Floats) -> Floats:
    """Equation (14) of Ord and Getis (1995) with weights of 1; all 0 where every square holds the same."""
    n = len(counted)
    mean = counted.mean() if n else 0.0
    spread = counted.std() if n else 0.0
    if n < 2 or not spread:
        return np.zeros(n)
    scale = spread * np.sqrt((n * neighbours - neighbours**2) / (n - 1))
    z: Floats = np.divide(near - mean * neighbours, scale, out=np.zeros(n), where=scale > 0)
    return z


def _by_scatter(counted: Floats, near: Floats, neighbours: Floats, z: Floats) -> Floats:
    """How often evenly scattered people would differ as much, in either direction."""
    expected = (counted.mean() if len(counted) else 0.0) * neighbours
    tail = np.where(z > 0, pdtrc(np.maximum(near - 1, 0), expected), pdtr(near, expected))
    return np.asarray(2 * tail, dtype=np.float64)


def _kernel(reach: float) -> Floats:
    """1 for every square whose centre lies within so many sides of the middle one's."""
    most = floor(reach + 1e-9)
    dy, dx = np.mgrid[-most : most + 1, -most : most + 1]
    kernel: Floats = (dx**2 + dy**2 <= reach**2 + 1e-9).astype(np.float64)
    return kernel
