"""Counted squares as arrays: whole towns for computing, square kilometres for keeping.

What is counted does not grow with the pins: a town has as many squares of 25 m with a hundred pins in each as with
one. Kept in blocks of 1 km, a town of 200 km² is read in the same few hundred rows at any number of pins.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.grid import SQUARES_PER_PRIVACY_SQUARE, Indices, SquareRaster, distinct, numbered

BLOCK_SQUARES: Final = 40
"""Squares of 25 m along the side of a block: 1 km, whole squares of 250 m."""
COARSE_IN_BLOCK: Final = BLOCK_SQUARES // SQUARES_PER_PRIVACY_SQUARE
_KIND: Final = np.dtype("<i4")

Counts = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Block:
    """One square kilometre, packed: its column and row, and what was counted in it."""

    x: int
    y: int
    people: bytes
    pins: bytes
    crowd: bytes


@dataclass(frozen=True, slots=True)
class SquareCounts:
    """What was counted of one category: arrays over a rectangle of whole blocks, row 0 the southernmost."""

    left: int
    """Column of the first 25 m square; a multiple of a block, as is `bottom`."""
    bottom: int
    people: Counts
    """Different respondents in each square."""
    pins: Counts
    crowd: Counts
    """Different respondents in each square of 250 m."""

    @classmethod
    def empty(cls) -> SquareCounts:
        """Nothing counted anywhere."""
        return cls.over(np.zeros((0, 2), dtype=np.int64))

    @classmethod
    def over(cls, blocks: Indices) -> SquareCounts:
        """Zeros over the rectangle around blocks, given as (column, row)."""
        if not len(blocks):
            return cls(0, 0, *(np.zeros((0, 0), dtype=np.int32) for _ in range(3)))
        (left, bottom), (right, top) = blocks.min(axis=0), blocks.max(axis=0) + 1
        shape = (int(top - bottom), int(right - left))
        fine, coarse = (tuple(side * n for side in shape) for n in (BLOCK_SQUARES, COARSE_IN_BLOCK))
        return cls(
            int(left) * BLOCK_SQUARES,
            int(bottom) * BLOCK_SQUARES,
            np.zeros(fine, dtype=np.int32),
            np.zeros(fine, dtype=np.int32),
            np.zeros(coarse, dtype=np.int32),
        )

    @classmethod
    def of_pins(cls, x_index: ArrayLike, y_index: ArrayLike, person: ArrayLike) -> SquareCounts:
        """Counted from a row for each pin: its square, and a number for who set it.

        >>> counts = SquareCounts.of_pins([0, 0, 1], [0, 0, 0], [7, 7, 7])
        >>> counts.people[0, :2], counts.pins[0, :2], counts.crowd[0, 0]
        (array([1, 1], dtype=int32), array([2, 1], dtype=int32), 1)
        """
        x, y = np.asarray(x_index, dtype=np.int64), np.asarray(y_index, dtype=np.int64)
        made = cls.over(_occupied(x, y))
        if not len(x):
            return made
        who = numbered(person)
        people = int(who.max()) + 1
        for values, side in ((made.people, 1), (made.crowd, SQUARES_PER_PRIVACY_SQUARE)):
            spoke = distinct(made.place(x, y, side) * people + who) // people
            values.reshape(-1)[:] = np.bincount(spoke, minlength=values.size)
        made.pins.reshape(-1)[:] = np.bincount(made.place(x, y), minlength=made.pins.size)
        return made

    @classmethod
    def of_blocks(cls, blocks: Iterable[Block], more: Indices | None = None) -> SquareCounts:
        """Unpacked; `more` are (column, row) of 25 m squares that there shall be room for as well."""
        found = list(blocks)
        around = np.array([(block.x, block.y) for block in found], dtype=np.int64).reshape(-1, 2)
        if more is not None and len(more):
            around = np.concatenate([around, _occupied(more[:, 0], more[:, 1])])
        made = cls.over(around)
        for block in found:
            rows, columns = made.run_of(block.x, block.y, BLOCK_SQUARES)
            made.people[rows, columns] = unpack(block.people, BLOCK_SQUARES)
            made.pins[rows, columns] = unpack(block.pins, BLOCK_SQUARES)
            rows, columns = made.run_of(block.x, block.y, COARSE_IN_BLOCK)
            made.crowd[rows, columns] = unpack(block.crowd, COARSE_IN_BLOCK)
        return made

    def blocks(self) -> Iterator[Block]:
        """Packed, without those in which there is nothing."""
        rows, columns = (n // BLOCK_SQUARES for n in self.people.shape)
        for j in range(rows):
            for i in range(columns):
                x, y = self.left // BLOCK_SQUARES + i, self.bottom // BLOCK_SQUARES + j
                fine, coarse = self.run_of(x, y, BLOCK_SQUARES), self.run_of(x, y, COARSE_IN_BLOCK)
                if self.pins[fine].any() or self.people[fine].any() or self.crowd[coarse].any():
                    yield Block(x, y, pack(self.people[fine]), pack(self.pins[fine]), pack(self.crowd[coarse]))

    def place(self, x: Indices, y: Indices, side: int = 1) -> Indices:
        """Where 25 m squares lie in the flat arrays of squares of so many of them a side."""
        column, row = (np.floor_divide(index, side) for index in (x, y))
        width = self.people.shape[1] // side
        place: Indices = (row - self.bottom // side) * width + (column - self.left // side)
        return place

    def raster(self, values: Counts, k: int | None = None) -> SquareRaster:
        """`people` or `pins` as weights; with k without the squares of 250 m in which fewer people spoke."""
        if k is None:
            return SquareRaster(self.left, self.bottom, values.astype(np.float32))
        enough = np.kron(self.crowd >= k, np.ones((SQUARES_PER_PRIVACY_SQUARE,) * 2, dtype=np.bool_))
        return SquareRaster(self.left, self.bottom, np.where(enough, values, 0).astype(np.float32))

    def columns(self) -> tuple[Indices, Indices, Indices, Indices, Indices]:
        """x, y, people, pins and the crowd around of every square with anything in it, by x, then y."""
        column, row = np.nonzero(self.pins.T)
        step = SQUARES_PER_PRIVACY_SQUARE
        crowd = self.crowd[row // step, column // step]
        found = (column + self.left, row + self.bottom, self.people[row, column], self.pins[row, column], crowd)
        x, y, people, pins, around = (one.astype(np.int64) for one in found)
        return x, y, people, pins, around

    def run_of(self, x: int, y: int, side: int) -> tuple[slice, slice]:
        """The rows and columns of a block in arrays that have so many squares along its side."""
        row, column = (y - self.bottom // BLOCK_SQUARES) * side, (x - self.left // BLOCK_SQUARES) * side
        return slice(row, row + side), slice(column, column + side)


def pack(values: Counts) -> bytes:
    """An array as compressed bytes."""
    return zlib.compress(np.ascontiguousarray(values, dtype=_KIND).tobytes(), 1)


def unpack(data: bytes, side: int) -> Counts:
    """The array of so many rows and columns."""
    return np.frombuffer(zlib.decompress(data), dtype=_KIND).reshape(side, side)


def together(parts: Iterable[SquareRaster]) -> SquareRaster:
    """The sum of several rasters, over all their ground."""
    some = [part for part in parts if part.values.size]
    if not some:
        return SquareRaster(0, 0, np.zeros((0, 0), dtype=np.float32))
    left, bottom = min(part.left for part in some), min(part.bottom for part in some)
    right = max(part.left + part.values.shape[1] for part in some)
    top = max(part.bottom + part.values.shape[0] for part in some)
    whole = np.zeros((top - bottom, right - left), dtype=np.float32)
    for part in some:
        row, column = part.bottom - bottom, part.left - left
        height, width = part.values.shape
        whole[row : row + height, column : column + width] += part.values
    return SquareRaster(left, bottom, whole)


def block_of(index: ArrayLike) -> Indices:
    """The block along one axis in which a 25 m index lies."""
    found: Indices = np.floor_divide(np.asarray(index, dtype=np.int64), BLOCK_SQUARES)
    return found


def crowd_place(counts: SquareCounts, x: Indices, y: Indices) -> tuple[Indices, Indices]:
    """Row and column in `crowd` of squares of 250 m, given by their own indices."""
    return y - counts.bottom // SQUARES_PER_PRIVACY_SQUARE, x - counts.left // SQUARES_PER_PRIVACY_SQUARE


def _occupied(x: Indices, y: Indices) -> Indices:
    """The blocks of squares, each at least once; only their extent matters."""
    if not len(x):
        return np.zeros((0, 2), dtype=np.int64)
    return np.array([[block_of(x.min()), block_of(y.min())], [block_of(x.max()), block_of(y.max())]])
