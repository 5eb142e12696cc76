"""Who spoke where: people in squares, and how many different ones speak within reach of a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.grid import SQUARE_M, Floats, Indices

_HAIR_M: Final = 1e-6
"""Square centres lie exactly on the edge of a reach; rounding must not throw them out."""


@dataclass(frozen=True, slots=True)
class Voices:
    """Squares of one side, each once, and in which of them each person spoke, each pair of them once."""

    x_index: Indices
    y_index: Indices
    square: Indices
    """A row for each square and person: which square …"""
    person: Indices
    """… and which person, as numbers from 0."""
    pins: Indices
    """How many rows each square was made of: its pins, where a row is a pin."""
    side_m: int = SQUARE_M

    @classmethod
    def of(cls, x_index: ArrayLike, y_index: ArrayLike, person: ArrayLike, side_m: int = SQUARE_M) -> Voices:
        """From a row for each pin, or for each person and square, with repetitions as they come.

        >>> Voices.of([1, 1, 2], [0, 0, 0], ["anna", "anna", "jan"]).people
        array([1, 1])
        """
        x, y = np.asarray(x_index, dtype=np.int64), np.asarray(y_index, dtype=np.int64)
        places, square = np.unique(_key(x, y), return_inverse=True)
        people, who = np.unique(np.asarray(person), return_inverse=True)
        pairs = np.unique(square.astype(np.int64) * max(len(people), 1) + who)
        first = np.zeros(len(places), dtype=np.int64)
        first[square] = np.arange(len(x))
        pins = np.bincount(square, minlength=len(places)).astype(np.int64)
        return cls(x[first], y[first], *np.divmod(pairs, max(len(people), 1)), pins, side_m)

    @property
    def people(self) -> Indices:
        """How many people spoke in each square."""
        return np.bincount(self.square, minlength=len(self.x_index)).astype(np.int64)

    @property
    def total(self) -> int:
        """How many people spoke at all."""
        return len(np.unique(self.person))

    def centres(self) -> Floats:
        """Metric (x, y) of the squares' centres, a row each."""
        return centres_of(self.x_index, self.y_index, self.side_m)

    def within(self, places: Floats, reach_m: float) -> Indices:
        """How many different people spoke in squares whose centres lie within reach of each metric place."""
        if not len(places) or not len(self.x_index):
            return np.zeros(len(places), dtype=np.int64)
        from scipy.spatial import KDTree

        near = KDTree(places).sparse_distance_matrix(
            KDTree(self.centres()), reach_m + _HAIR_M, output_type="ndarray"
        )
        return self.together(near["j"], near["i"], len(places))

    def together(self, squares: Indices, group: Indices, count: int) -> Indices:
        """How many different people spoke in each of `count` groups of squares: a row for each square of each."""
        from scipy.sparse import csr_array

        joined = csr_array((np.ones(len(squares), dtype=np.int32), (group, squares)), (count, len(self.x_index)))
        spoke = csr_array(
            (np.ones(len(self.square), dtype=np.int32), (self.square, self.person)),
            (len(self.x_index), int(self.person.max(initial=-1)) + 1),
        )
        different: Indices = np.diff((joined @ spoke).indptr).astype(np.int64)
        return different


def centres_of(x_index: ArrayLike, y_index: ArrayLike, side_m: int = SQUARE_M) -> Floats:
    """Metric (x, y) of squares' centres, a row each."""
    both: NDArray[np.float64] = np.column_stack([x_index, y_index]).astype(np.float64)
    return (both + 0.5) * side_m


def near_pairs(centres: Floats, reach_m: float) -> Indices:
    """Pairs of different squares within reach of each other, each pair once: an array of (one, other)."""
    if len(centres) < 2:
        return np.zeros((0, 2), dtype=np.int64)
    from scipy.spatial import KDTree

    pairs: Indices = KDTree(centres).query_pairs(reach_m + _HAIR_M, output_type="ndarray")
    return pairs


def _key(x: Indices, y: Indices) -> Indices:
    """One integer for a pair of indices, in the order of x, then y."""
    named: Indices = x * np.int64(2**32) + y
    return named
