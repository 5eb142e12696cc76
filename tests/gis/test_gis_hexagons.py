"""Hexagons: regular, of a stated size, without gaps, the same for every round."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gis.grid import SQUARE_M
from gis.hexagons import (
    HEXAGON_HA,
    WIDE_HEXAGON_HA,
    counted_hectares,
    hexagon_centres,
    hexagon_of,
    hexagon_polygons,
    side_of,
)

CHRUDIM = (-648_000.0, -1_072_000.0)


def around(area_ha: float, rings: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """All hexagons at most so many steps from the one of Chrudim."""
    (q,), (r,) = hexagon_of([CHRUDIM[0]], [CHRUDIM[1]], area_ha)
    steps = range(-rings, rings + 1)
    found = np.array([(q + i, r + j) for i in steps for j in steps if abs(i + j) <= rings])
    return found[:, 0], found[:, 1]


@pytest.mark.parametrize("area_ha", [HEXAGON_HA, WIDE_HEXAGON_HA])
def test_every_hexagon_has_the_area_it_is_said_to_have_and_six_equal_sides(area_ha: float) -> None:
    polygons = hexagon_polygons(*around(area_ha), area_ha)
    assert shapely.area(polygons) == pytest.approx(area_ha * 10_000, rel=1e-9)
    for polygon in polygons:
        corners = shapely.get_coordinates(polygon)
        assert len(corners) == 7
        assert np.hypot(*np.diff(corners, axis=0).T) == pytest.approx(side_of(area_ha), rel=1e-9)
        assert shapely.is_ccw(polygon.exterior)


def test_neighbours_share_their_edges_and_leave_no_gap() -> None:
    polygons = shapely.set_precision(hexagon_polygons(*around(1.0)), 1e-3)
    whole = shapely.union_all(polygons)
    assert whole.geom_type == "Polygon"
    assert not whole.interiors
    assert whole.area == pytest.approx(shapely.area(polygons).sum(), rel=1e-6)


def test_point_lies_in_the_hexagon_it_is_counted_in() -> None:
    rng = np.random.default_rng(5)
    for west, south in (CHRUDIM, (0.0, 0.0), (500_000.0, 5_500_000.0)):
        x, y = west + rng.uniform(-400, 400, 3000), south + rng.uniform(-400, 400, 3000)
        polygons = hexagon_polygons(*hexagon_of(x, y))
        assert shapely.distance(polygons, shapely.points(x, y)).max() < 1e-6


def test_one_hexagon_has_its_middle_at_the_origin() -> None:
    assert [int(i[0]) for i in hexagon_of([0.0], [0.0])] == [0, 0]
    assert [float(v) for v in hexagon_centres(0, 0)] == [0.0, 0.0]


def test_middle_of_every_hexagon_is_in_it() -> None:
    q, r = around(1.0, rings=9)
    again = hexagon_of(*hexagon_centres(q, r))
    assert np.array_equal(again[0], q)
    assert np.array_equal(again[1], r)


def test_ground_of_a_hexagon_is_that_of_the_squares_that_go_to_it() -> None:
    """A hectare has sixteen squares of 25 m; by their middles fourteen to nineteen of them go to a hexagon."""
    rows, columns = np.mgrid[0:400, 0:400]
    x, y = CHRUDIM[0] + (columns.ravel() + 0.5) * SQUARE_M, CHRUDIM[1] + (rows.ravel() + 0.5) * SQUARE_M
    hexagons = np.column_stack(hexagon_of(x, y))
    inside = shapely.within(
        hexagon_polygons(hexagons[:, 0], hexagons[:, 1]), shapely.box(x.min(), y.min(), x.max(), y.max())
    )
    found, counts = np.unique(hexagons[inside], axis=0, return_counts=True)
    assert (counts.min(), counts.max()) == (14, 19)
    assert np.array_equal(counted_hectares(found[:, 0], found[:, 1]) * 16, counts)
    assert counts.mean() == pytest.approx(16, rel=0.02)
