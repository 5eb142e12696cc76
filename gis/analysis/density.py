"""Heat: the surface of people (or pins) per hectare, as Gaussians standing on the counted squares.

The definition is public: what was counted in a 25 m square stands at the square's centre; the surface is the
sum of Gaussians whose standard deviation is the bandwidth in metres on the ground. Because a Gaussian is a
product of one along x and one along y, the surface is two matrix products, exact at every cell centre: no
raster is blurred, nothing wraps around, nothing is cut nearer than six bandwidths.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil, floor
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.grid import SQUARE_M, Cells, SquareRaster

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

DEFAULT_BANDWIDTH_M: Final = 75.0
# Below 20 m the Gaussian is narrower than the square it stands for: one would see the counting grid.
MIN_BANDWIDTH_M: Final = 20.0
# Above 1 km a town is one cloud, and the answer says less than a table of quarters.
MAX_BANDWIDTH_M: Final = 1000.0
FRAME_BANDWIDTHS: Final = 3  # how far beyond the boundary the surface is given
REACH_BANDWIDTHS: Final = 6  # how far a square is felt: what is cut is 2·10⁻⁸ of the peak
MAX_CELLS: Final = 50_000_000  # 200 MB of float32
SQUARE_METRES_PER_HECTARE: Final = 10_000.0
_BLOCK_ROWS: Final = 64


class UnusableBandwidth(ValueError):
    """A bandwidth outside what means something on a town's map."""

    def __init__(self, bandwidth_m: float) -> None:
        super().__init__(f"bandwidth {bandwidth_m} m is not within {MIN_BANDWIDTH_M}–{MAX_BANDWIDTH_M} m")
        self.bandwidth_m = bandwidth_m
        self.minimum_m = MIN_BANDWIDTH_M
        self.maximum_m = MAX_BANDWIDTH_M


class SurfaceTooLarge(ValueError):
    """A boundary so wide, for a bandwidth so small, that the surface would not fit in memory."""

    def __init__(self, cells: int) -> None:
        super().__init__(f"a surface of {cells} cells, at most {MAX_CELLS}")
        self.cells = cells
        self.limit = MAX_CELLS


@dataclass(frozen=True, slots=True)
class Frame:
    """The raster of a surface: west and north edges on the 25 m grid, cells of `cell_m` metres."""

    west: float
    north: float
    cell_m: float
    columns: int
    rows: int

    @property
    def east(self) -> float:
        """The eastern edge."""
        return self.west + self.columns * self.cell_m

    @property
    def south(self) -> float:
        """The southern edge."""
        return self.north - self.rows * self.cell_m

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """(minx, miny, maxx, maxy)."""
        return self.west, self.south, self.east, self.north

    def x_centres(self) -> NDArray[np.float64]:
        """Metric x of the columns' centres, west to east."""
        return self.west + (np.arange(self.columns, dtype=np.float64) + 0.5) * self.cell_m

    def y_centres(self) -> NDArray[np.float64]:
        """Metric y of the rows' centres, north to south."""
        return self.north - (np.arange(self.rows, dtype=np.float64) + 0.5) * self.cell_m


@dataclass(frozen=True, slots=True)
class Surface:
    """People (or pins) per hectare at the cell centres of a frame; row 0 is the northernmost.

    `values` covers the whole rectangle; `given` says where the surface is published, see `masked`.
    """

    values: NDArray[np.float32]
    frame: Frame
    srid: int
    bandwidth_m: float
    total: float
    given: BaseGeometry = field(repr=False)

    @property
    def west(self) -> float:
        """The western edge of the frame."""
        return self.frame.west

    @property
    def north(self) -> float:
        """The northern edge of the frame."""
        return self.frame.north

    @property
    def cell_m(self) -> float:
        """The side of one cell."""
        return self.frame.cell_m

    @property
    def peak(self) -> float:
        """The highest value."""
        return float(self.values.max(initial=0.0))

    def counted(self) -> float:
        """What the cells add up to: the total, but for the thin tails beyond the frame."""
        return float(self.values.sum(dtype=np.float64)) * self.cell_m**2 / SQUARE_METRES_PER_HECTARE

    def masked(self, nodata: float = float("nan")) -> NDArray[np.float32]:
        """The values with `nodata` outside the boundary and three bandwidths around it."""
        outside = _outside(self.given, self.frame)
        return np.where(outside, np.float32(nodata), self.values)


def frame_of(boundary: BaseGeometry, bandwidth_m: float) -> Frame:
    """The frame around a metric boundary and three bandwidths, in cells of at most a third of the bandwidth.

    A 25 m square is cut into an odd number of cells a side, so that its centre is the centre of a cell and
    the peak of a lone pin is in the raster, not between two cells of it.
    """
    if not MIN_BANDWIDTH_M <= bandwidth_m <= MAX_BANDWIDTH_M:
        raise UnusableBandwidth(bandwidth_m)
    cuts = max(1, ceil(SQUARE_M / (bandwidth_m / 3) - 1e-9))
    cuts += 1 - cuts % 2
    minx, miny, maxx, maxy = boundary.bounds
    margin = FRAME_BANDWIDTHS * bandwidth_m
    left, bottom = floor((minx - margin) / SQUARE_M), floor((miny - margin) / SQUARE_M)
    right, top = ceil((maxx + margin) / SQUARE_M), ceil((maxy + margin) / SQUARE_M)
    columns, rows = (right - left) * cuts, (top - bottom) * cuts
    if columns * rows > MAX_CELLS:
        raise SurfaceTooLarge(columns * rows)
    return Frame(float(left * SQUARE_M), float(top * SQUARE_M), SQUARE_M / cuts, columns, rows)


def density(
    counted: Cells | SquareRaster, boundary: BaseGeometry, *, srid: int, bandwidth_m: float = DEFAULT_BANDWIDTH_M
) -> Surface:
    """The heat surface of counted squares over a boundary given in the same metric CRS.

    Squares outside the frame count as far as they are felt inside. Raises UnusableBandwidth, SurfaceTooLarge.
    """
    frame = frame_of(boundary, bandwidth_m)
    given = boundary.buffer(FRAME_BANDWIDTHS * bandwidth_m)
    felt = _felt(counted, frame, REACH_BANDWIDTHS * bandwidth_m)
    values = np.zeros((frame.rows, frame.columns), dtype=np.float32)
    if felt.values.size:
        _stand(felt, frame, bandwidth_m, values)
    return Surface(values, frame, srid, bandwidth_m, counted.total, given)


def _felt(counted: Cells | SquareRaster, frame: Frame, reach_m: float) -> SquareRaster:
    minx, miny, maxx, maxy = frame.bounds
    around = (minx - reach_m, miny - reach_m, maxx + reach_m, maxy + reach_m)
    if isinstance(counted, SquareRaster):
        return counted.within(around)
    x, y = counted.centres()
    near = (x > around[0]) & (x < around[2]) & (y > around[1]) & (y < around[3])
    return SquareRaster.of(counted.where(near))


def _stand(felt: SquareRaster, frame: Frame, bandwidth_m: float, values: NDArray[np.float32]) -> None:
    """Fill `values` with the sum of Gaussians: first along x, then, block by block of rows, along y."""
    counts = felt.values
    lines, columns = counts.shape
    x = (felt.left + np.arange(columns, dtype=np.float64) + 0.5) * SQUARE_M
    y = (felt.bottom + np.arange(lines, dtype=np.float64) + 0.5) * SQUARE_M
    along_x: NDArray[np.float32] = np.empty((lines, frame.columns), dtype=np.float32)
    reach = REACH_BANDWIDTHS * bandwidth_m
    centres = frame.x_centres()
    for start in range(0, frame.columns, _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        near = _near(x, centres[block], reach)
        np.matmul(counts[:, near], _gaussian(x[near], centres[block], bandwidth_m), out=along_x[:, block])
    centres = frame.y_centres()
    for start in range(0, frame.rows, _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        near = _near(y, centres[block], reach)
        values[block] = _gaussian(centres[block], y[near], bandwidth_m) @ along_x[near]
    values *= np.float32(SQUARE_METRES_PER_HECTARE)


def _near(positions: NDArray[np.float64], centres: NDArray[np.float64], reach_m: float) -> slice:
    """The run of sorted positions within reach of a block of centres."""
    low, high = float(centres.min()) - reach_m, float(centres.max()) + reach_m
    return slice(int(np.searchsorted(positions, low)), int(np.searchsorted(positions, high)))


def _gaussian(one: NDArray[np.float64], other: NDArray[np.float64], bandwidth_m: float) -> NDArray[np.float32]:
    """The one-dimensional Gaussian, per metre, between every two positions."""
    away = (one[:, None] - other[None, :]) / bandwidth_m
    height = np.exp(-0.5 * away**2) / (bandwidth_m * np.sqrt(2 * np.pi))
    return np.asarray(height, dtype=np.float32)


def _outside(area: BaseGeometry, frame: Frame) -> NDArray[np.bool_]:
    """Which cell centres lie outside an area."""
    from rasterio.features import geometry_mask
    from rasterio.transform import Affine

    transform = Affine(frame.cell_m, 0, frame.west, 0, -frame.cell_m, frame.north)
    shape: list[Any] = [shapely.geometry.mapping(area)]
    outside: NDArray[np.bool_] = geometry_mask(shape, (frame.rows, frame.columns), transform)
    return outside
