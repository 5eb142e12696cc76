"""The privacy rule of public heat: no square of 250 m speaks for fewer than k people.

A 250 m square in which fewer than k distinct respondents pinned a category gives nothing to the public
surface of that category. The squares are fixed and k is one for the whole map, so no two answers differ
by one person's square.
"""

from __future__ import annotations

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
