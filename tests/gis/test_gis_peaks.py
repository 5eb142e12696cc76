"""The highest places of a surface: each is one, and none is lost to what merely lies between."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gis.analysis.density import Surface, density
from gis.analysis.peaks import APART_M, peaks
from gis.grid import Cells

TOWN = shapely.box(0, 0, 3_000, 2_000)


def hills(*of: tuple[int, int, float]) -> Surface:
    """Heat of so many people, each lot in one square: (column, row, people)."""
    x, y, people = zip(*of, strict=True)
    return density(Cells.of(x, y, people), TOWN, srid=5514, bandwidth_m=50)


def squares(found: list) -> list[tuple[int, int]]:
    return [(int(peak.x // 25), int(peak.y // 25)) for peak in found]


def test_places_come_from_the_top() -> None:
    found = peaks(hills((20, 20, 5), (60, 20, 9), (90, 60, 7)), least=0.01)
    assert squares(found) == [(60, 20), (90, 60), (20, 20)]
    assert [round(peak.value * 2 * np.pi * 50**2 / 10_000) for peak in found] == [9, 7, 5]


def test_a_lower_place_too_near_a_higher_one_is_the_same_place() -> None:
    assert squares(peaks(hills((20, 20, 5), (28, 20, 9)), least=0.01)) == [(28, 20)]


def test_a_place_that_is_none_hides_no_other() -> None:
    """Of three in a row the middle one belongs to the highest: the third is far enough from that, and stands."""
    found = peaks(hills((20, 20, 9), (30, 20, 8), (40, 20, 7)), least=0.01)
    assert squares(found) == [(20, 20), (40, 20)]


@pytest.mark.parametrize("away", [(9, 9), (12, 0), (0, 12), (-9, 9)])
def test_apart_is_the_same_in_every_direction(away: tuple[int, int]) -> None:
    x, y = away
    assert np.hypot(x, y) * 25 >= APART_M
    assert squares(peaks(hills((40, 40, 9), (40 + x, 40 + y, 8)), least=0.01)) == [(40, 40), (40 + x, 40 + y)]


def test_a_plateau_is_one_place() -> None:
    surface = hills((20, 20, 1))
    surface.values[:] = 0
    surface.values[10:14, 10:14] = 2
    assert len(peaks(surface, least=1)) == 1


def test_none_is_lower_than_asked_and_no_more_come_than_asked() -> None:
    surface = hills((20, 20, 5), (60, 20, 9), (90, 60, 7))
    assert len(peaks(surface, least=6.5 * 10_000 / (2 * np.pi * 50**2))) == 2
    assert len(peaks(surface, least=0.01, limit=1)) == 1
    assert peaks(density(Cells.of([], [], []), TOWN, srid=5514), least=0.0) == []
