"""Counting squares, and the rule that a square of few people stays silent."""

from __future__ import annotations

import numpy as np
import pytest

from gis.analysis.voices import Voices
from gis.grid import Cells, coarse_of, square_of, square_polygons
from gis.privacy import Crowd, suppress


def counted(x, y, who):
    """The squares of pins with their people, and the people of the 250 m squares around."""
    voices = Voices.of(x, y, who)
    around = Voices.of(coarse_of(x), coarse_of(y), who)
    return (
        Cells.of(voices.x_index, voices.y_index, voices.people),
        Crowd.of(around.x_index, around.y_index, around.people),
    )


def test_a_point_on_an_edge_belongs_to_the_square_that_begins_there():
    x, y = square_of([0, 24.999, 25, -0.001, -25], [0, 0, 0, 0, -25.001])
    assert x.tolist() == [0, 0, 1, -1, -1]
    assert y.tolist() == [0, 0, 0, 0, -2]


def test_privacy_squares_begin_at_multiples_of_250_m_west_of_zero_too():
    x, _ = square_of([-250, -0.1, 0, 249.9, 250], np.zeros(5))
    assert coarse_of(x).tolist() == [-1, -1, 0, 0, 1]


def test_a_person_weighs_one_in_a_square_however_many_pins_they_set():
    voices = Voices.of([1, 1, 1, 2], [1, 1, 1, 1], ["anna", "anna", "jan", "anna"])
    assert dict(zip(voices.x_index.tolist(), voices.people.tolist(), strict=True)) == {1: 2, 2: 1}
    assert voices.pins.tolist() == [3, 1]


def test_square_polygons_are_the_squares():
    (polygon,) = square_polygons([-3], [2])
    assert polygon.bounds == (-75, 50, -50, 75)


def by_hand(x, y, who, k):
    crowds: dict[tuple[int, int], set[int]] = {}
    for i, j, person in zip(x, y, who, strict=True):
        crowds.setdefault((i // 10, j // 10), set()).add(person)
    return {(i, j) for i, j in zip(x, y, strict=True) if len(crowds[i // 10, j // 10]) >= k}


@pytest.mark.parametrize("k", [1, 2, 5, 12, 1000])
@pytest.mark.parametrize("seed", range(4))
def test_only_squares_in_a_crowd_of_k_people_are_kept(k, seed):
    rng = np.random.default_rng(seed)
    x, y = rng.integers(-60, 40, 700), rng.integers(-3000, -2950, 700)
    who = rng.zipf(1.5, 700) % 90
    kept = suppress(*counted(x, y, who), k)
    assert set(zip(kept.x_index.tolist(), kept.y_index.tolist(), strict=True)) == by_hand(
        x.tolist(), y.tolist(), who.tolist(), k
    )


def test_many_pins_of_four_people_stay_silent():
    x, y = np.zeros(400, dtype=int), np.zeros(400, dtype=int)
    who = np.arange(400) % 4
    assert len(suppress(*counted(x, y, who), 5)) == 0


def test_a_square_of_which_nobody_counted_the_people_stays_silent():
    assert len(suppress(Cells.of([1], [1], [9]), Crowd.of([], [], []), 1)) == 0


def test_k_below_one_is_a_mistake():
    with pytest.raises(ValueError, match="at least 1"):
        suppress(Cells.of([1], [1], [9]), Crowd.of([0], [0], [9]), 0)
