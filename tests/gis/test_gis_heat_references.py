"""The whole way from points to a surface and a file, against sums in plain numpy and sets in plain Python."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import shapely

from gis.analysis.density import density
from gis.analysis.robustness import people_cells, pin_cells
from gis.analysis.voices import Voices
from gis.formats.geotiff import NODATA, geotiff
from gis.grid import Cells, square_of
from tests.crowds import Crowd, a_crowd_of

WEST, SOUTH = -474_000, -1_104_000
WIDE, HIGH = 6_000, 4_500
TOWN = shapely.box(WEST, SOUTH, WEST + WIDE, SOUTH + HIGH)
MARGIN_M = 400
"""So far is nobody's hill cut off at the frame: three bandwidths around the boundary, and two within."""


@pytest.fixture(scope="module")
def crowd() -> Crowd:
    return a_crowd_of(350, width_m=WIDE, height_m=HIGH, margin_m=MARGIN_M)


def voices_of(crowd: Crowd) -> Voices:
    return Voices.of(*square_of(WEST + crowd.x, SOUTH + crowd.y), crowd.person)


def squares_by_hand(crowd: Crowd) -> dict[tuple[int, int], list[int]]:
    """By square, the person of each pin: nothing of ours but the definition."""
    found = defaultdict(list)
    for x, y, person in zip(crowd.x.tolist(), crowd.y.tolist(), crowd.person.tolist(), strict=True):
        found[int((WEST + x) // 25), int((SOUTH + y) // 25)].append(person)
    return found


def heat_by_hand(
    counts: dict[tuple[int, int], int], x: np.ndarray, y: np.ndarray, bandwidth_m: float
) -> np.ndarray:
    """Per hectare at every crossing of x and y: each square's Gaussian added up, in float64, none left out."""
    whole = np.zeros((len(y), len(x)))
    for (column, row), n in counts.items():
        east = np.exp(-0.5 * ((x - (column + 0.5) * 25) / bandwidth_m) ** 2)
        north = np.exp(-0.5 * ((y - (row + 0.5) * 25) / bandwidth_m) ** 2)
        whole += n * np.outer(north, east)
    return whole * 10_000 / (2 * np.pi * bandwidth_m**2)


@pytest.mark.parametrize("bandwidth_m", [40, 75, 200])
@pytest.mark.parametrize("weight", ["people", "pins"])
def test_heat_is_the_sum_by_hand_everywhere_and_adds_up(crowd: Crowd, weight: str, bandwidth_m: float) -> None:
    by_hand = squares_by_hand(crowd)
    counts = {at: len(set(people)) if weight == "people" else len(people) for at, people in by_hand.items()}
    cells = (people_cells if weight == "people" else pin_cells)(voices_of(crowd))
    surface = density(cells, TOWN, srid=5514, bandwidth_m=bandwidth_m)
    expected = heat_by_hand(counts, surface.frame.x_centres(), surface.frame.y_centres(), bandwidth_m)
    assert surface.values.shape == expected.shape
    assert np.abs(surface.values - expected).max() < 0.005 * expected.max()
    assert np.abs(surface.values - expected).max() < 1e-5 * expected.max(), "worse than float32 needs to be"
    assert surface.total == sum(counts.values())
    assert surface.counted() == pytest.approx(sum(counts.values()), rel=1e-4)


def test_the_crowd_has_the_tail_that_these_tests_are_about(crowd: Crowd) -> None:
    pins = np.sort(np.bincount(crowd.person))[::-1]
    assert np.median(pins) == pytest.approx(8, abs=1)
    assert pins[: len(pins) // 10].sum() > 0.35 * len(crowd)
    people = sum(len(set(one)) for one in squares_by_hand(crowd).values())
    assert people < len(crowd)


def test_people_never_outweigh_pins(crowd: Crowd) -> None:
    voices = voices_of(crowd)
    surfaces = [density(cells(voices), TOWN, srid=5514) for cells in (people_cells, pin_cells)]
    assert (surfaces[0].values <= surfaces[1].values * (1 + 1e-5) + 1e-6).all()


@pytest.mark.parametrize("cells_of", [people_cells, pin_cells])
def test_a_geotiff_read_back_sums_to_what_was_counted(crowd: Crowd, cells_of: object, tmp_path: Path) -> None:
    from rasterio import open as opened

    cells: Cells = cells_of(voices_of(crowd))  # type: ignore[operator]
    surface = density(cells, TOWN, srid=5514)
    path = tmp_path / "heat.tif"
    path.write_bytes(geotiff(surface, unit="people/ha"))
    with opened(path) as raster:
        values = raster.read(1, masked=True)
        assert raster.nodata == NODATA
        assert raster.crs.to_epsg() == 5514
        area = abs(raster.transform.a * raster.transform.e)
        found = float(values.sum(dtype=np.float64)) * area / 10_000
        assert found == pytest.approx(cells.total, rel=1e-4)
        (x, y), highest = raster.xy(*np.unravel_index(values.argmax(), values.shape)), values.max()
    by_hand = {(int(a), int(b)): n for a, b, n in zip(cells.x_index, cells.y_index, cells.weight, strict=True)}
    there = heat_by_hand(by_hand, np.array([x]), np.array([y]), 75)
    assert highest == pytest.approx(there[0, 0], rel=1e-5)
