"""The squares in which pins are counted: 25 m for heat, 250 m for the privacy rule.

Edges lie at multiples of the square's side in the map's metric CRS, so that two rounds, two maps and any
official with a GIS count in the same squares. A square is named by two integers, floor(x / side) and
floor(y / side).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

SQUARE_M: Final = 25
PRIVACY_SQUARE_M: Final = 250
SQUARES_PER_PRIVACY_SQUARE: Final = PRIVACY_SQUARE_M // SQUARE_M

Indices = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Cells:
    """25 m squares with what was counted in them: three arrays of one length, a square at most once."""

    x_index: Indices
    y_index: Indices
    weight: Floats

    @classmethod
    def of(cls, x_index: ArrayLike, y_index: ArrayLike, weight: ArrayLike) -> Cells:
        """Cells from any sequences, such as rows of a query."""
        x, y = np.asarray(x_index, dtype=np.int64), np.asarray(y_index, dtype=np.int64)
        return cls(x, y, np.asarray(weight, dtype=np.float64))

    def __len__(self) -> int:
        return len(self.x_index)

    @property
    def total(self) -> float:
        """Everything that was counted."""
        return float(self.weight.sum())

    def where(self, mask: NDArray[np.bool_]) -> Cells:
        """Only the squares that the mask keeps."""
        return Cells(self.x_index[mask], self.y_index[mask], self.weight[mask])

    def centres(self) -> tuple[Floats, Floats]:
        """Metric coordinates of the squares' centres."""
        x, y = self.x_index.astype(np.float64), self.y_index.astype(np.float64)
        return (x + 0.5) * SQUARE_M, (y + 0.5) * SQUARE_M


@dataclass(frozen=True, slots=True)
class SquareRaster:
    """Weights of every 25 m square of a rectangle; row 0 is the southernmost."""

    left: int
    """Column of the first square."""
    bottom: int
    values: NDArray[np.float32]

    @classmethod
    def of(cls, cells: Cells) -> SquareRaster:
        """Cells with the nothing between them."""
        if not len(cells):
            return cls(0, 0, np.zeros((0, 0), dtype=np.float32))
        left, bottom = int(cells.x_index.min()), int(cells.y_index.min())
        shape = (int(cells.y_index.max()) - bottom + 1, int(cells.x_index.max()) - left + 1)
        values = np.zeros(shape, dtype=np.float32)
        np.add.at(values, (cells.y_index - bottom, cells.x_index - left), cells.weight)
        return cls(left, bottom, values)

    @property
    def total(self) -> float:
        """Everything that was counted."""
        return float(self.values.sum(dtype=np.float64))

    def within(self, bounds: tuple[float, float, float, float]) -> SquareRaster:
        """The squares whose centres lie within metric (minx, miny, maxx, maxy)."""
        rows, columns = self.values.shape
        x = (self.left + np.arange(columns) + 0.5) * SQUARE_M
        y = (self.bottom + np.arange(rows) + 0.5) * SQUARE_M
        west, east = np.searchsorted(x, bounds[0], "right"), np.searchsorted(x, bounds[2])
        south, north = np.searchsorted(y, bounds[1], "right"), np.searchsorted(y, bounds[3])
        values = self.values[south:north, west:east]
        return SquareRaster(self.left + int(west), self.bottom + int(south), values)


def square_of(x: ArrayLike, y: ArrayLike, side_m: int = SQUARE_M) -> tuple[Indices, Indices]:
    """The squares in which metric points lie, as two index arrays."""
    columns = np.floor(np.asarray(x, dtype=np.float64) / side_m)
    rows = np.floor(np.asarray(y, dtype=np.float64) / side_m)
    return columns.astype(np.int64), rows.astype(np.int64)


def coarse_of(index: ArrayLike) -> Indices:
    """The 250 m index along one axis in which a 25 m index lies."""
    coarse: Indices = np.floor_divide(np.asarray(index, dtype=np.int64), SQUARES_PER_PRIVACY_SQUARE)
    return coarse


def numbered(names: ArrayLike) -> Indices:
    """The same whole numbers as numbers from 0, in the order of the names.

    >>> numbered([70, -3, 70])
    array([1, 0, 1])
    """
    given = np.asarray(names, dtype=np.int64)
    order = np.argsort(given)
    new = np.diff(given[order], prepend=given[order[:1]] - 1) != 0 if len(given) else np.zeros(0, dtype=np.bool_)
    found = np.empty(len(given), dtype=np.int64)
    found[order] = np.cumsum(new) - 1
    return found


def distinct(values: ArrayLike) -> Indices:
    """Each whole number once, rising. `numpy.unique` hashes them, which takes several times as long for many."""
    given = np.sort(np.asarray(values, dtype=np.int64))
    return given[np.concatenate([[True], given[1:] != given[:-1]])] if len(given) else given


def square_polygons(x_index: ArrayLike, y_index: ArrayLike, side_m: int = SQUARE_M) -> NDArray[np.object_]:
    """Metric polygons of squares, for drawing and for joining with other layers."""
    x = np.asarray(x_index, dtype=np.float64) * side_m
    y = np.asarray(y_index, dtype=np.float64) * side_m
    squares: NDArray[np.object_] = shapely.box(x, y, x + side_m, y + side_m)
    return squares
