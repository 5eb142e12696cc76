"""Clusters against the reference implementation and brute force, and what the public may know of them."""

from __future__ import annotations

import warnings
from collections import defaultdict

import numpy as np
import pytest
import shapely
from numpy.typing import ArrayLike

from gis.analysis.clusters import (
    MARGIN_M,
    NONE,
    REACH_M,
    clusters_of_cells,
    clusters_of_voices,
    outline,
    surely_people,
)
from gis.analysis.voices import Voices
from gis.grid import Cells, coarse_of, square_polygons
from gis.privacy import Crowd, suppress


@pytest.fixture
def chance() -> np.random.Generator:
    return np.random.default_rng(7)


def a_town(chance: np.random.Generator, pins: int = 900, people: int = 120) -> tuple[np.ndarray, ...]:
    """Squares and persons of pins that gather at a few places, by people of whom some are very busy."""
    centres = chance.integers(-60, 60, (6, 2))
    at = centres[chance.integers(0, len(centres), pins)] + np.round(chance.normal(0, 4, (pins, 2))).astype(int)
    at[: pins // 3] = chance.integers(-70, 70, (pins // 3, 2))
    who = np.minimum(chance.pareto(0.8, pins) * 10, people - 1).astype(int)
    return at[:, 0], at[:, 1], who


def as_counted(x: np.ndarray, y: np.ndarray, who: ArrayLike) -> tuple[Cells, Crowd]:
    """Squares with their people, and the people of the 250 m squares around: what public heat is made of."""
    voices, around = Voices.of(x, y, who), Voices.of(coarse_of(x), coarse_of(y), who)
    cells = Cells.of(voices.x_index, voices.y_index, voices.people)
    return cells, Crowd.of(around.x_index, around.y_index, around.people)


def test_with_one_pin_a_person_it_is_the_reference_s_dbscan(chance: np.random.Generator) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sklearn.cluster import DBSCAN
    x, y, _ = a_town(chance)
    voices = Voices.of(x, y, np.arange(len(x)))
    found = clusters_of_voices(voices, least_people=8)
    cells = Cells.of(voices.x_index, voices.y_index, voices.people)
    reference = DBSCAN(eps=REACH_M + 1e-6, min_samples=8).fit(voices.centres(), sample_weight=voices.people)
    core = np.zeros(len(cells), dtype=bool)
    core[reference.core_sample_indices_] = True
    assert np.array_equal(found.is_core, core)
    assert np.array_equal(found.label == NONE, reference.labels_ == -1)
    pairs = set(zip(found.label[core].tolist(), reference.labels_[core].tolist(), strict=True))
    assert len(pairs) == found.count == reference.labels_.max() + 1 > 3
    by_counts = clusters_of_cells(cells, least_people=8)
    assert np.array_equal(by_counts.label, found.label)


def test_a_core_is_where_enough_different_people_spoke_as_counted_by_hand(chance: np.random.Generator) -> None:
    x, y, who = a_town(chance)
    voices = Voices.of(x, y, who)
    people = defaultdict(set)
    for column, row, person in zip(x.tolist(), y.tolist(), who.tolist(), strict=True):
        people[column, row].add(person)
    reach = range(-3, 4)
    for column, row, is_core in zip(
        voices.x_index.tolist(), voices.y_index.tolist(), clusters_of_voices(voices).is_core, strict=True
    ):
        near = set().union(
            *(people[column + dx, row + dy] for dx in reach for dy in reach if dx * dx + dy * dy <= 9)
        )
        assert is_core == (len(near) >= 5)


def test_one_busy_person_makes_no_cluster() -> None:
    x, y = np.divmod(np.arange(100), 10)
    assert clusters_of_voices(Voices.of(x, y, ["busy"] * 100)).count == 0
    assert clusters_of_voices(Voices.of(x, y, ["busy", "other", "third", "fourth"] * 25)).count == 0
    assert clusters_of_voices(Voices.of(x, y, ["one", "two", "three", "four", "five"] * 20)).count == 1


def test_places_out_of_reach_of_each_other_are_two_clusters() -> None:
    x = [0] * 5 + [3] * 5 + [7] * 5
    found = clusters_of_voices(Voices.of(x, [0] * 15, range(15)))
    assert found.label.tolist() == [0, 0, 1]


def test_a_square_at_the_edge_goes_to_the_nearest_core() -> None:
    squares = {-2: 2, -1: 2, 0: 3, 3: 1, 5: 1, 6: 1, 7: 3, 8: 3}
    x = [column for column, people in squares.items() for _ in range(people)]
    found = clusters_of_voices(Voices.of(x, [0] * len(x), range(len(x))), least_people=7)
    assert found.is_core.tolist() == [True, True, True, False, True, True, True, True]
    assert found.label.tolist() == [0, 0, 0, 1, 1, 1, 1, 1]


def test_nobody_is_no_cluster() -> None:
    assert clusters_of_voices(Voices.of([], [], [])).count == 0
    assert clusters_of_cells(Cells.of([], [], [])).count == 0


def test_people_within_reach_are_those_counted_by_hand(chance: np.random.Generator) -> None:
    x, y, who = a_town(chance, pins=300)
    voices = Voices.of(x, y, who)
    places = chance.uniform(-1500, 1500, (50, 2))
    centres = (np.column_stack([x, y]) + 0.5) * 25
    by_hand = [len(set(who[np.hypot(*(centres - place).T) <= 200].tolist())) for place in places]
    assert voices.within(places, 200).tolist() == by_hand
    assert voices.people.sum() == len({*zip(x.tolist(), y.tolist(), who.tolist(), strict=True)})
    assert voices.pins.sum() == 300
    assert voices.total == len(set(who.tolist()))


@pytest.mark.parametrize("seed", range(12))
def test_what_the_public_hears_of_people_is_never_more_than_there_were(seed: int) -> None:
    x, y, who = a_town(np.random.default_rng(seed), pins=400, people=40)
    counted, crowd = as_counted(x, y, who)
    cells = suppress(counted, crowd, 5)
    found = clusters_of_cells(cells)
    cell = np.nonzero(found.label != NONE)[0]
    sure = surely_people(cells, crowd, cell, found.label[cell], found.count)
    for label in range(found.count):
        mine = found.label == label
        squares = set(zip(cells.x_index[mine].tolist(), cells.y_index[mine].tolist(), strict=True))
        really = {
            person
            for column, row, person in zip(x.tolist(), y.tolist(), who.tolist(), strict=True)
            if (column, row) in squares
        }
        assert 0 < sure[label] <= len(really)


def test_a_busy_person_s_corner_of_a_crowded_square_is_not_many_people() -> None:
    corner_x, corner_y = np.divmod(np.arange(9), 3)
    x = np.concatenate([corner_x, [9, 9, 9, 9]])
    y = np.concatenate([corner_y, [9, 9, 9, 9]])
    who = ["busy"] * 9 + ["a", "b", "c", "d"]
    cells, crowd = as_counted(x, y, who)
    assert len(suppress(cells, crowd, 5)) == 10
    found = clusters_of_cells(cells)
    cell = np.nonzero(found.label == found.label[0])[0]
    assert surely_people(cells, crowd, cell, np.zeros(len(cell), dtype=np.int64), 1).tolist() == [1]


def test_an_outline_covers_its_squares_with_a_margin_and_shows_no_pin_by_its_corners(
    chance: np.random.Generator,
) -> None:
    x, y, who = a_town(chance)
    voices = Voices.of(x, y, who)
    found = clusters_of_voices(voices)
    for label in range(found.count):
        mine = found.label == label
        area = outline(voices.x_index[mine], voices.y_index[mine])
        squares = shapely.union_all(square_polygons(voices.x_index[mine], voices.y_index[mine]))
        assert area.is_valid
        assert len(area.geoms) == 1
        assert area.covers(squares)
        assert area.boundary.distance(squares) > MARGIN_M - 2


def test_a_single_square_has_an_outline_far_wider_than_an_address() -> None:
    area = outline([0], [0])
    assert area.area > 4000
    assert area.centroid.distance(shapely.Point(12.5, 12.5)) < 0.01
