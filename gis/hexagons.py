"""Hexagons that cover a town without a gap: of one hectare each, for maps whose squares would look like a grid.

They are regular, stand on a corner, and one has its middle at the origin of the metric CRS: two rounds and two
maps are counted in the same hexagons. What is counted in squares goes to the hexagon in which the square's middle
lies.
A hexagon is named by two integers, its axial coordinates: `column` grows to the east, `row` to the north-east.
"""

from __future__ import annotations

from math import ceil, sqrt
from typing import Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from gis.grid import SQUARE_M, Floats, Indices

SQUARE_METRES_PER_HECTARE: Final = 10_000.0
HEXAGON_HA: Final = 1.0
"""About a block of houses, 124 m from corner to corner."""
WIDE_HEXAGON_HA: Final = 100.0
"""A square kilometre: to squares of 250 m what a hexagon of a hectare is to squares of 25 m."""
_CORNERS: Final = np.radians(np.arange(30, 390, 60))


def side_of(area_ha: float = HEXAGON_HA) -> float:
    """The side in metres of a regular hexagon; its corners lie as far from its middle.

    >>> round(side_of(1.0), 2)
    62.04
    """
    return sqrt(2 * area_ha * SQUARE_METRES_PER_HECTARE / (3 * sqrt(3)))


def hexagon_of(x: ArrayLike, y: ArrayLike, area_ha: float = HEXAGON_HA) -> tuple[Indices, Indices]:
    """The hexagons (column, row) in which metric points lie: those whose middle is the nearest."""
    side_m = side_of(area_ha)
    across, up = np.asarray(x, dtype=np.float64) / side_m, np.asarray(y, dtype=np.float64) / side_m
    row = 2 / 3 * up
    column = across / sqrt(3) - row / 2
    return _nearest(column, row)


def hexagon_centres(column: ArrayLike, row: ArrayLike, area_ha: float = HEXAGON_HA) -> tuple[Floats, Floats]:
    """Metric (x, y) of the hexagons' middles."""
    side_m = side_of(area_ha)
    q, r = np.asarray(column, dtype=np.float64), np.asarray(row, dtype=np.float64)
    return side_m * sqrt(3) * (q + r / 2), side_m * 1.5 * r


def hexagon_polygons(column: ArrayLike, row: ArrayLike, area_ha: float = HEXAGON_HA) -> NDArray[np.object_]:
    """Metric polygons of hexagons, counter-clockwise."""
    x, y = hexagon_centres(column, row, area_ha)
    side_m = side_of(area_ha)
    rings = np.stack(
        [x[:, None] + side_m * np.cos(_CORNERS), y[:, None] + side_m * np.sin(_CORNERS)],
        axis=-1,
    )
    hexagons: NDArray[np.object_] = shapely.polygons(rings)
    return hexagons


def counted_hectares(
    column: Indices, row: Indices, area_ha: float = HEXAGON_HA, square_m: int = SQUARE_M
) -> Floats:
    """The ground that is counted in each hexagon: the squares whose middle lies in it, in hectares.

    The squares' grid and the hexagons' never meet: of squares of 25 m, 14 to 19 go to a hexagon of one hectare. A
    density has to be divided by this, else it would show the two grids and not the town.
    """
    x, y = hexagon_centres(column, row, area_ha)
    reach = ceil(side_of(area_ha) / square_m) + 1
    steps = np.arange(-reach, reach + 1)
    squares_x = (np.floor(x / square_m)[:, None, None] + steps[None, :, None] + 0.5) * square_m
    squares_y = (np.floor(y / square_m)[:, None, None] + steps[None, None, :] + 0.5) * square_m
    across, up = np.broadcast_arrays(squares_x, squares_y)
    its_column, its_row = hexagon_of(across, up, area_ha)
    inside = (its_column == column[:, None, None]) & (its_row == row[:, None, None])
    found: Floats = inside.sum(axis=(1, 2)) * (square_m**2 / SQUARE_METRES_PER_HECTARE)
    return found


def _nearest(column: Floats, row: Floats) -> tuple[Indices, Indices]:
    """Fractions of axial coordinates rounded to the hexagon around them.

    In cube coordinates (column, row and third, which sum to 0) each is rounded; the one that was furthest from a
    whole number is then made of the two others.
    """
    third = -column - row
    q, r, s = np.rint(column), np.rint(row), np.rint(third)
    off_q, off_r, off_s = np.abs(q - column), np.abs(r - row), np.abs(s - third)
    mend_q = (off_q > off_r) & (off_q > off_s)
    mend_r = ~mend_q & (off_r > off_s)
    q, r = np.where(mend_q, -r - s, q), np.where(mend_r, -q - s, r)
    return q.astype(np.int64), r.astype(np.int64)
