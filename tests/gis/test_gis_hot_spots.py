"""Hot spots against the reference implementation, and against what chance alone would show."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.stats import false_discovery_control
from shapely import box

from gis.analysis import hot_spots as module
from gis.analysis.hot_spots import BAND_M, SIDE_M, Ground, TownTooLarge, false_discovery, ground_of, hot_spots
from gis.grid import PRIVACY_SQUARE_M, SQUARE_M

TOWN = box(-20 * SIDE_M, -15 * SIDE_M, 20 * SIDE_M, 15 * SIDE_M)
"""40 by 30 squares around the origin, which Krovak coordinates have on one side only."""


@pytest.fixture
def chance() -> np.random.Generator:
    return np.random.default_rng(2023)


def ragged(chance: np.random.Generator) -> Ground:
    """A town whose edge has bays and which has a lake in its middle."""
    ground = ground_of(TOWN)
    inside = ground.inside & (chance.random(ground.inside.shape) > 0.15)
    inside[10:16, 12:22] = False
    return Ground(ground.left, ground.bottom, inside)


def reference_z(ground: Ground, values: np.ndarray) -> np.ndarray:
    """Gi* as esda has it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from esda.getisord import G_Local
        from libpysal.weights import DistanceBand

        places = np.column_stack(ground.indices()) * float(SIDE_M)
        near = DistanceBand(places, BAND_M + 0.001, binary=True, silence_warnings=True)
        return np.asarray(G_Local(values, near, transform="B", star=True, permutations=0).Zs)


@pytest.mark.parametrize("tail", [1.1, 2.0])
def test_z_is_that_of_the_reference(chance: np.random.Generator, tail: float) -> None:
    ground = ragged(chance)
    x, y = ground.indices()
    values = np.floor(chance.pareto(tail, len(x))).clip(0, 300)
    found = hot_spots(ground, x, y, values)
    assert np.abs(found.z - reference_z(ground, found.counted)).max() < 1e-6
    assert found.counted.tolist() == values.tolist()


def test_false_discovery_is_that_of_the_reference(chance: np.random.Generator) -> None:
    p = np.concatenate([chance.random(500), chance.random(30) ** 6, [0.0, 1.0, 0.04, 0.04]])
    assert np.allclose(false_discovery(p), false_discovery_control(p, method="bh"))
    assert len(false_discovery([])) == 0


def test_a_square_is_whole_in_one_square_of_the_privacy_rule_and_of_whole_squares_of_heat() -> None:
    assert PRIVACY_SQUARE_M % SIDE_M == 0
    assert SIDE_M % SQUARE_M == 0


def test_a_crowd_in_one_quarter_is_hot_and_the_rest_is_not(chance: np.random.Generator) -> None:
    ground = ground_of(TOWN)
    x, y = ground.indices()
    quarter = (abs(x - 5) <= 2) & (abs(y - 5) <= 2)
    values = chance.poisson(np.where(quarter, 9.0, 0.5))
    found = hot_spots(ground, x, y, values)
    assert (found.level[(x == 5) & (y == 5)] == 99).all()
    far = (abs(x - 5) > 5) | (abs(y - 5) > 5)
    assert not found.level[far].any()


def test_a_silent_quarter_of_a_talkative_town_is_cold(chance: np.random.Generator) -> None:
    ground = ground_of(TOWN)
    x, y = ground.indices()
    silent = (abs(x + 8) <= 3) & (abs(y) <= 3)
    found = hot_spots(ground, x, y, chance.poisson(np.where(silent, 0.0, 6.0)))
    assert (found.level[(x == -8) & (y == 0)] == -99).all()
    assert (found.level < 0).sum() > 20
    assert (found.level > 0).sum() <= 0.1 * (found.level != 0).sum()


def test_few_people_scattered_by_chance_make_no_hot_spots(chance: np.random.Generator) -> None:
    """The normal approximation alone would promise some in nearly every such town."""
    ground = ground_of(TOWN)
    x, y = ground.indices()
    alarms = promised = 0
    for _ in range(100):
        at = chance.integers(0, len(x), 60)
        found = hot_spots(ground, x[at], y[at], np.ones(60))
        alarms += bool((found.level >= 95).any())
        normal = false_discovery(2 * module.ndtr(-np.abs(found.z)))
        promised += bool((normal <= 0.05).any())
    assert promised > 50
    assert alarms <= 10


@pytest.mark.parametrize("people", [0, 1])
def test_one_pin_in_a_town_is_no_hot_spot(people: int) -> None:
    found = hot_spots(ground_of(TOWN), [3], [4], [people])
    assert not found.level.any()
    assert np.isfinite(found.z).all()
    assert ((found.p >= 0) & (found.p <= 1)).all()


def test_where_every_square_holds_the_same_nothing_stands_out() -> None:
    ground = ground_of(TOWN)
    x, y = ground.indices()
    found = hot_spots(ground, x, y, np.full(len(x), 7))
    assert not found.z.any()
    assert not found.level.any()


def test_neighbours_are_the_thirteen_squares_within_250_metres() -> None:
    found = hot_spots(ground_of(TOWN), [0], [0], [1])
    near = {(int(x), int(y)) for x, y, n in zip(found.x_index, found.y_index, found.near, strict=True) if n}
    assert near == {(x, y) for x in range(-2, 3) for y in range(-2, 3) if x * x + y * y <= 4}


def test_what_lies_outside_the_town_takes_no_part() -> None:
    ground = ground_of(TOWN)
    inside = hot_spots(ground, [3], [4], [5])
    also = hot_spots(ground, [3, 500, -21], [4, 4, 0], [5, 900, 900])
    assert np.array_equal(inside.z, also.z)


def test_every_place_within_a_crooked_boundary_is_in_a_square_and_none_beside_it() -> None:
    town = box(10, 10, 1000, 730).difference(box(300, 300, 420, 420)).buffer(-3)
    ground = ground_of(town)
    x, y = ground.indices()
    squares = [box(a * SIDE_M, b * SIDE_M, (a + 1) * SIDE_M, (b + 1) * SIDE_M) for a, b in zip(x, y, strict=True)]
    assert all(square.intersection(town).area > 0 for square in squares)
    assert sum(square.intersection(town).area for square in squares) == pytest.approx(town.area)


def test_a_boundary_on_the_grid_takes_no_ring_of_strangers() -> None:
    assert ground_of(TOWN).inside.sum() == 40 * 30


def test_a_town_as_large_as_a_country_is_refused() -> None:
    with pytest.raises(TownTooLarge) as refused:
        ground_of(box(0, 0, 500_000, 500_000))
    assert refused.value.squares > refused.value.limit
