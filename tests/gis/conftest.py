"""Builders of the smallest town there can be: counted squares over a boundary, with defaults."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gis.analysis.density import Surface, density
from gis.crs import to_wgs84, transform_geometry
from gis.grid import Cells

# In the middle of Chrudim, on the 250 m grid.
WEST, SOUTH = -648_000, -1_072_000
TOWN = shapely.box(WEST, SOUTH, WEST + 3_000, SOUTH + 2_500)


class Town:
    """A metric boundary with seeded squares inside it."""

    boundary = TOWN
    srid = 5514

    def cells(self, count: int = 60, *, seed: int = 1, margin_m: int = 0) -> Cells:
        """Random squares, at least a margin away from the boundary."""
        rng = np.random.default_rng(seed)
        minx, miny, maxx, maxy = (round(v / 25) for v in TOWN.buffer(-margin_m).bounds)
        squares = np.unique(
            np.column_stack([rng.integers(minx, maxx, count), rng.integers(miny, maxy, count)]), axis=0
        )
        return Cells.of(squares[:, 0], squares[:, 1], rng.integers(1, 9, len(squares)))

    def surface(self, bandwidth_m: float = 75, cells: Cells | None = None) -> Surface:
        """The heat over the town."""
        return density(
            self.cells() if cells is None else cells, self.boundary, srid=self.srid, bandwidth_m=bandwidth_m
        )

    def boundary_wgs84(self) -> shapely.Polygon:
        """The boundary as a map folder has it."""
        return transform_geometry(TOWN, to_wgs84(self.srid))


@pytest.fixture(scope="session")
def town() -> Town:
    return Town()
