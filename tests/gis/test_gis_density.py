"""Heat is what the public definition says, compared with sums written out by hand."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gis.analysis.density import SurfaceTooLarge, UnusableBandwidth, density, frame_of
from gis.grid import Cells

BANDWIDTHS = [20, 33, 50, 75, 75.5, 120, 400]


def direct_sum(cells, x, y, bandwidth_m):
    px, py = cells.centres()
    away = (np.asarray(x)[:, None] - px) ** 2 + (np.asarray(y)[:, None] - py) ** 2
    hills = np.exp(-away / (2 * bandwidth_m**2)) / (2 * np.pi * bandwidth_m**2)
    return (hills * cells.weight).sum(axis=1) * 10_000


def some_centres(frame, count=300):
    rng = np.random.default_rng(7)
    rows, columns = rng.integers(0, frame.rows, count), rng.integers(0, frame.columns, count)
    return rows, columns, frame.x_centres()[columns], frame.y_centres()[rows]


@pytest.mark.parametrize("bandwidth_m", BANDWIDTHS)
def test_surface_is_the_sum_of_gaussians_at_every_cell_centre(town, bandwidth_m):
    cells = town.cells()
    surface = town.surface(bandwidth_m, cells)
    rows, columns, x, y = some_centres(surface.frame)
    expected = direct_sum(cells, x, y, bandwidth_m)
    assert np.abs(surface.values[rows, columns] - expected).max() < 1e-5 * surface.peak


@pytest.mark.parametrize("bandwidth_m", BANDWIDTHS)
def test_cells_times_their_area_add_up_to_what_was_counted(town, bandwidth_m):
    cells = town.cells(margin_m=round(min(3 * bandwidth_m, 800) / 25) * 25)
    surface = town.surface(bandwidth_m, cells)
    assert surface.counted() == pytest.approx(cells.total, rel=1e-4)
    assert surface.total == cells.total


@pytest.mark.parametrize("bandwidth_m", BANDWIDTHS)
def test_cells_are_at_most_a_third_of_the_bandwidth_and_cut_the_square_oddly(town, bandwidth_m):
    frame = frame_of(town.boundary, bandwidth_m)
    cuts = 25 / frame.cell_m
    assert frame.cell_m <= bandwidth_m / 3 + 1e-9
    assert cuts == pytest.approx(round(cuts))
    assert round(cuts) % 2 == 1
    assert frame.west % 25 == 0
    assert frame.north % 25 == 0


def test_frame_covers_the_boundary_and_three_bandwidths(town):
    frame = frame_of(town.boundary, 80)
    assert shapely.box(*frame.bounds).covers(shapely.box(*town.boundary.buffer(240).bounds))


def test_a_lone_pin_peaks_at_the_centre_of_its_square(town):
    minx, miny, *_ = town.boundary.bounds
    lone = Cells.of([minx // 25 + 40], [miny // 25 + 30], [1])
    surface = town.surface(75, lone)
    row, column = np.unravel_index(surface.values.argmax(), surface.values.shape)
    (x,), (y,) = lone.centres()
    assert (surface.frame.x_centres()[column], surface.frame.y_centres()[row]) == (x, y)
    assert surface.peak == pytest.approx(10_000 / (2 * np.pi * 75**2), rel=1e-6)


def test_pins_beyond_the_frame_are_felt_inside_it(town):
    minx, miny, *_ = town.boundary.bounds
    outside = Cells.of([(minx - 400) // 25], [miny // 25 + 40], [5])
    surface = town.surface(75, outside)
    rows, columns, x, y = some_centres(surface.frame, 2000)
    assert surface.values[rows, columns] == pytest.approx(direct_sum(outside, x, y, 75), abs=1e-7)
    assert surface.peak > 0
    assert surface.total == 5


def test_pins_on_another_continent_change_nothing(town):
    cells = town.cells()
    far = Cells.of([*cells.x_index, 900_000], [*cells.y_index, -900_000], [*cells.weight, 7])
    assert np.array_equal(town.surface(75, far).values, town.surface(75, cells).values)


def test_twice_the_weight_is_twice_the_heat(town):
    cells = town.cells()
    doubled = Cells(cells.x_index, cells.y_index, cells.weight * 2)
    assert town.surface(75, doubled).values == pytest.approx(town.surface(75, cells).values * 2, rel=1e-5)


def test_nothing_counted_is_a_surface_of_zeros(town):
    surface = town.surface(75, Cells.of([], [], []))
    assert surface.peak == 0
    assert surface.counted() == 0


def test_beyond_three_bandwidths_there_is_no_data():
    l_shaped = shapely.union_all([shapely.box(0, 0, 500, 3000), shapely.box(0, 0, 3000, 500)])
    surface = density(Cells.of([4], [4], [1]), l_shaped, srid=5514, bandwidth_m=75)
    x, y = np.meshgrid(surface.frame.x_centres(), surface.frame.y_centres())
    away = shapely.distance(shapely.points(x, y), l_shaped)
    masked = surface.masked()
    clear = np.abs(away - 225) > 1  # a buffer is a polygon: its arcs are off by a little
    assert np.array_equal(np.isnan(masked)[clear], (away > 225)[clear])


@pytest.mark.parametrize("bandwidth_m", [0, -5, 1, 19.9, 1000.1, float("nan"), float("inf")])
def test_bandwidth_that_means_nothing_is_refused(town, bandwidth_m):
    with pytest.raises(UnusableBandwidth) as refused:
        town.surface(bandwidth_m)
    assert refused.value.minimum_m == 20


def test_a_country_at_a_fine_bandwidth_is_refused_before_memory_is_taken():
    country = shapely.box(-904_000, -1_228_000, -431_000, -935_000)
    with pytest.raises(SurfaceTooLarge) as refused:
        density(Cells.of([], [], []), country, srid=5514, bandwidth_m=20)
    assert refused.value.cells > refused.value.limit
