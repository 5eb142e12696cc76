"""Contrasts and contested places: against direct sums and exact probabilities, honest where there is nothing."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import hypergeom
from shapely import box

from gis.analysis.contested import Answers, contested, groups_differ, wilson
from gis.analysis.contrast import CUT, NONE, REACH, Contrast, Sides, areas, contrast
from gis.analysis.hot_spots import SIDE_M, Ground, ground_of
from gis.analysis.voices import centres_of

BANDWIDTH_M = 100.0
TOWN = ground_of(box(0, 0, 40 * SIDE_M, 40 * SIDE_M))


@dataclass
class Said:
    """Pins as columns."""

    x: list[int]
    y: list[int]
    person: list[Any]
    is_one: list[bool]

    @classmethod
    def nothing(cls) -> Said:
        return cls([], [], [], [])

    def add(self, x: int, y: int, person: Any, is_one: bool, times: int = 1) -> None:
        self.x += [x] * times
        self.y += [y] * times
        self.person += [person] * times
        self.is_one += [bool(is_one)] * times

    def sides(self, side_m: int = SIDE_M) -> Sides:
        return Sides.of(self.x, self.y, self.person, self.is_one, side_m)


def some(rng: np.random.Generator, people: int = 60) -> Said:
    """People with some pins each, anywhere in the town, of either feeling."""
    said = Said.nothing()
    for person in range(people):
        for _ in range(rng.integers(1, 9)):
            said.add(*rng.integers(0, 40, 2).tolist(), person, bool(rng.random() < 0.4))
    return said


def a_town_of_two_minds(rng: np.random.Generator) -> Said:
    """Each of 500 people marks two places with either feeling; but in the south-west forty say the one only."""
    said = Said.nothing()
    for person in range(500):
        for _ in range(2):
            said.add(*rng.integers(10, 40, 2).tolist(), person, bool(rng.random() < 0.5))
    for person in range(500, 540):
        said.add(int(rng.integers(3, 6)), int(rng.integers(3, 6)), person, True)
    return said


def clumsy_people(rng: np.random.Generator, people: int = 250) -> Said:
    """As unequal as in Ostrava, in clumps of one feeling around a few places each; but no place has a feeling.

    A person’s pins: lognormal, median 8, up to some hundreds. A person’s leaning: anything from all to nothing.
    """
    said = Said.nothing()
    for person in range(people):
        leaning = rng.beta(0.5, 0.5)
        left = int(min(400, max(1, rng.lognormal(np.log(8), 1.3))))
        while left:
            pins = int(min(left, rng.integers(1, 12)))
            middle, is_one = np.clip(rng.normal(20, 8, 2), 2, 37), bool(rng.random() < leaning)
            for _ in range(pins):
                x, y = np.clip(np.round(middle + rng.normal(0, 1.2, 2)), 0, 39).astype(int).tolist()
                said.add(x, y, person, is_one)
            left -= pins
    return said


def test_surface_and_people_equal_a_direct_sum() -> None:
    said = some(np.random.default_rng(1))
    found = contrast(TOWN, said.sides(), least=3, bandwidth_m=BANDWIDTH_M, rounds=9, more_rounds=0)
    voices = sorted({*zip(said.x, said.y, said.person, said.is_one, strict=True)})
    town_share = sum(is_one for *_, is_one in voices) / len(voices)
    expected: dict[tuple[int, int], tuple[float, float, int, int, int]] = {}
    for column in range(40):
        for row in range(40):
            one = other = 0.0
            near: dict[bool, set[Any]] = {True: set(), False: set()}
            for x, y, person, is_one in voices:
                away = SIDE_M * np.hypot(x - column, y - row)
                if away <= CUT * BANDWIDTH_M + 1e-6:
                    weight = float(np.exp(-0.5 * (away / BANDWIDTH_M) ** 2))
                    one, other = one + weight * is_one, other + weight * (not is_one)
                if away <= REACH * BANDWIDTH_M + 1e-6:
                    near[is_one].add(person)
            ratio = np.log(((one + town_share) / (other + 1 - town_share)) / (town_share / (1 - town_share)))
            people = len(near[True] | near[False])
            if people >= 3:
                expected[column, row] = (
                    one / (one + other),
                    float(ratio),
                    people,
                    len(near[True]),
                    len(near[False]),
                )
    assert len(found) == len(expected) > 50
    for i, place in enumerate(zip(found.x_index.tolist(), found.y_index.tolist(), strict=True)):
        share, ratio, people, ones, others = expected[place]
        assert found.share[i] == pytest.approx(share, abs=1e-12)
        assert found.log_ratio[i] == pytest.approx(ratio, abs=1e-12)
        assert (found.people[i], found.people_one[i], found.people_other[i]) == (people, ones, others)


def test_probability_is_the_exact_one_where_everybody_has_one_pin() -> None:
    """Twelve people in one square, of whom seven say the one, of a town of 60 : 140: a hypergeometric draw."""
    said = Said.nothing()
    for person in range(200):
        here = person < 12
        is_one = person < 7 or 12 <= person < 65
        said.add(20 if here else 2, 20 if here else 2, person, is_one)
    found = contrast(TOWN, said.sides(), least=5, bandwidth_m=40.0, rounds=40_000, more_rounds=0)
    (here,) = np.nonzero((found.x_index == 20) & (found.y_index == 20))[0]
    exact = 2 * float(hypergeom(200, 60, 12).sf(6))
    assert 0.02 < exact < 0.1
    assert found.p[here] == pytest.approx(exact, abs=0.005)
    less = contrast(TOWN, Sides(*_swapped(said.sides())), least=5, bandwidth_m=40.0, rounds=40_000, more_rounds=0)
    assert less.p[here] == pytest.approx(exact, abs=0.005)
    assert less.log_ratio[here] == pytest.approx(-found.log_ratio[here], abs=1e-9)


def _swapped(sides: Sides) -> tuple[Any, ...]:
    return sides.x_index, sides.y_index, sides.other, sides.one, sides.side_m


def test_planted_contrast_is_found_where_it_is_and_nowhere_else() -> None:
    found = contrast(TOWN, a_town_of_two_minds(np.random.default_rng(2)).sides(), least=5, bandwidth_m=BANDWIDTH_M)
    sure = np.abs(found.level) >= 95
    south_west = (found.x_index < 9) & (found.y_index < 9)
    assert sure[south_west].sum() >= 9
    assert (found.level[south_west & sure] > 0).all()
    assert sure[~south_west].mean() < 0.01
    label = areas(found)
    (area,) = np.unique(label[south_west & sure])
    assert area != NONE


def test_one_person_with_hundreds_of_pins_makes_no_contrast_but_as_many_people_do() -> None:
    rng = np.random.default_rng(3)
    alone, many = Said.nothing(), Said.nothing()
    for said in (alone, many):
        for person in range(300):
            said.add(*rng.integers(10, 40, 2).tolist(), person, person % 2 == 0)
        for person in range(5):
            said.add(4, 4, person, person % 2 == 0)
    for x in range(2, 7):
        for y in range(2, 7):
            alone.add(x, y, "loud", is_one=True, times=16)
            many.add(x, y, f"{x} {y}", is_one=True)
    by_one = contrast(TOWN, alone.sides(), least=5, bandwidth_m=BANDWIDTH_M)
    by_many = contrast(TOWN, many.sides(), least=5, bandwidth_m=BANDWIDTH_M)
    here = (by_one.x_index < 9) & (by_one.y_index < 9)
    assert by_one.log_ratio[here].max() > 1.5
    assert not by_one.level[here].any()
    assert (by_many.level[(by_many.x_index < 9) & (by_many.y_index < 9)] >= 95).any()


def test_false_alarms_keep_to_their_level_where_people_are_unequal_and_shuffled_pins_do_not() -> None:
    of_people, of_pins, alarms = [], [], 0
    for seed in range(16):
        said = clumsy_people(np.random.default_rng(seed))
        fair = contrast(TOWN, said.sides(), least=5, bandwidth_m=BANDWIDTH_M, more_rounds=0, rounds=399)
        of_people.append((np.mean(fair.p <= 0.05), np.mean(fair.p <= 0.01)))
        alarms += bool((fair.level != 0).any())
        said.person = list(range(len(said.x)))
        naive = contrast(TOWN, said.sides(), least=5, bandwidth_m=BANDWIDTH_M, more_rounds=0, rounds=399)
        of_pins.append(np.mean(naive.p <= 0.05))
    at_5, at_1 = np.mean(of_people, axis=0)
    assert at_5 <= 0.05
    assert at_1 <= 0.012
    assert alarms <= 2
    assert np.mean(of_pins) > 0.15


@pytest.mark.parametrize("pins", [0, 1, 4])
def test_of_a_few_pins_nothing_is_concluded(pins: int) -> None:
    said = Said.nothing()
    for n in range(pins):
        said.add(5, 5, n, n % 2 == 0)
    found = contrast(TOWN, said.sides(), least=5)
    assert len(found) == 0
    assert len(areas(found)) == 0
    assert contested(centres_of(*TOWN.indices(), SIDE_M), said.sides(), least=5) == []


def test_where_all_say_the_same_nothing_outweighs() -> None:
    said = Said.nothing()
    for person in range(40):
        said.add(5 + person % 3, 5, person, is_one=True)
    found = contrast(TOWN, said.sides(), least=5)
    assert len(found) > 5
    assert (found.p == 1).all()
    assert not found.level.any()
    assert not found.log_ratio.any()


def test_same_pins_in_any_order_and_the_same_seed_give_the_same() -> None:
    said = some(np.random.default_rng(4))
    order = np.random.default_rng(5).permutation(len(said.x))
    mixed = Said(*([values[i] for i in order] for values in (said.x, said.y, said.person, said.is_one)))
    one, other = (contrast(TOWN, each.sides(), least=3, more_rounds=99) for each in (said, mixed))
    for name in ("share", "p", "q", "level"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


def test_whoever_is_told_can_stop_it() -> None:
    class Stopped(Exception):
        pass

    def stop(share: float) -> None:
        assert 0 <= share <= 1
        raise Stopped

    with pytest.raises(Stopped):
        contrast(TOWN, some(np.random.default_rng(6)).sides(), least=3, told=stop)


def a_contrast(excess: NDArray[np.float64]) -> Contrast:
    """Squares that are all sure, of a given excess."""
    y, x = (indices.ravel().astype(np.int64) for indices in np.indices(excess.shape))
    flat = excess.ravel()
    level = np.where(flat > 0, 99, np.where(flat < 0, -99, 0)).astype(np.int64)
    n, blank = np.ones(len(flat), dtype=np.int64), np.zeros(len(flat))
    return Contrast(x, y, n, n, n, blank, flat.astype(np.float64), blank, blank, blank, level)


def test_areas_part_where_the_excess_falls_and_join_over_corners() -> None:
    label = areas(a_contrast(np.array([[9, 2, 0, 0, -4], [5, 3, 8, 0, 0], [0, 0, 0, 1, -3], [0, 0, 0, 0, 0]])))
    grid = label.reshape(4, 5)
    assert grid[0, 0] == grid[1, 0] == grid[1, 1] != grid[1, 2]
    assert grid[1, 2] == grid[2, 3]
    assert grid[0, 4] != grid[2, 4]
    assert (grid[3] == NONE).all()
    joined = areas(a_contrast(np.array([[9, 7, 8]])))
    assert len(set(joined.tolist())) == 1


def test_contested_places_count_different_people_and_those_of_both_apart() -> None:
    said = Said.nothing()
    for person in range(30):
        said.add(100 + person % 3, 100, person, is_one=True, times=1 + person % 4)
    for person in range(30, 56):
        said.add(100, 100 + person % 3, person, is_one=False)
    for person in range(56, 64):
        said.add(101, 101, person, is_one=True)
        said.add(99, 99, person, is_one=False)
    for person in range(64, 104):  # all of one mind elsewhere
        said.add(20, 20, person, is_one=True)
    places = centres_of(*TOWN.indices(), SIDE_M)
    (found,) = contested(places, said.sides(25), least=5)
    assert (found.people_one, found.people_other, found.people_both) == (30, 26, 8)
    assert found.share == pytest.approx(30 / 56)
    assert found.is_even
    assert found.weaker == pytest.approx(56 * min(found.low, 1 - found.high))


def test_contested_places_do_not_overlap_and_uneven_or_small_ones_are_none() -> None:
    rng = np.random.default_rng(7)
    said = Said.nothing()
    for person in range(400):
        x, y = rng.integers(80, 120, 2).tolist()
        said.add(x, y, person, person % 2 == 0)
    for person in range(400, 500):
        said.add(20, 20, person, person % 10 == 0)
    for person in range(500, 508):
        said.add(180, 20, person, person % 2 == 0)
    found = contested(centres_of(*TOWN.indices(), SIDE_M), said.sides(25), least=5)
    assert len(found) > 2
    assert [place.weaker for place in found] == sorted((place.weaker for place in found), reverse=True)
    for one, other in combinations(found, 2):
        assert np.hypot(one.x - other.x, one.y - other.y) >= 300
    for place in found:
        assert min(place.low, 1 - place.high) >= 0.25
        assert 80 * 25 - 150 <= place.x <= 120 * 25 + 150


def test_interval_is_that_of_wilson() -> None:
    low, high = wilson([0, 10, 81], [10, 20, 263])
    assert low.round(4).tolist() == [0.0, 0.2993, 0.2553]
    assert high.round(4).tolist() == [0.2775, 0.7007, 0.3662]


def people_of(*counts: int) -> NDArray[np.bool_]:
    """So many people with each answer."""
    return np.repeat(np.eye(len(counts), dtype=bool), counts, axis=0)


def nobody(options: int) -> NDArray[np.bool_]:
    return np.zeros((0, options), dtype=bool)


def test_probability_of_a_difference_is_that_of_all_ways_to_deal_the_sides() -> None:
    answers = Answers(people_of(5, 1), people_of(1, 4), nobody(2), nobody(2))
    everybody = np.vstack([answers.one, answers.other])
    expected = everybody.sum(axis=0) * 6 / 11

    def apart(chosen: tuple[int, ...]) -> float:
        counts = everybody[list(chosen)].sum(axis=0)
        return float(((counts - expected) ** 2 / everybody.sum(axis=0)).sum())

    seen = apart(tuple(range(6)))
    ways = [apart(chosen) >= seen - 1e-9 for chosen in combinations(range(11), 6)]
    assert groups_differ(answers, np.random.default_rng(1), rounds=20_000) == pytest.approx(
        np.mean(ways), abs=0.012
    )


def test_groups_differ_only_where_they_do() -> None:
    differ = Answers(people_of(20, 5), people_of(6, 17), nobody(2), nobody(2))
    assert groups_differ(differ, np.random.default_rng(1)) < 0.002
    alike = Answers(people_of(20, 10), people_of(21, 11), nobody(2), nobody(2))
    assert groups_differ(alike, np.random.default_rng(1)) > 0.5
    one_group = Answers(people_of(20, 0), people_of(21, 0), nobody(2), nobody(2))
    assert groups_differ(one_group, np.random.default_rng(1)) == 1
    assert groups_differ(Answers(*(nobody(2) for _ in range(4))), np.random.default_rng(1)) == 1


def test_people_who_say_both_tell_by_what_they_answer_on_either_side() -> None:
    """Twelve people, safe by day and unsafe by night: nobody takes a side, and the hour does."""
    night, day = people_of(0, 12), people_of(12, 0)
    by_hour = Answers(nobody(2), nobody(2), night, day)
    assert groups_differ(by_hour, np.random.default_rng(1)) < 0.002
    both_same = Answers(nobody(2), nobody(2), people_of(6, 6), people_of(6, 6))
    assert groups_differ(both_same, np.random.default_rng(1)) == 1
    assert by_hour.people.tolist() == [12, 12]


def test_groups_that_do_not_differ_are_seldom_said_to() -> None:
    rng, said = np.random.default_rng(8), 0
    for _ in range(200):
        people = rng.integers(3, 25, (2, 4))
        pool = rng.dirichlet(np.ones(4))
        drawn = [rng.multinomial(row.sum(), pool) for row in people]
        answers = Answers(people_of(*drawn[0]), people_of(*drawn[1]), nobody(4), nobody(4))
        said += groups_differ(answers, rng, rounds=199) <= 0.05
    assert said <= 18


def test_ground_outside_the_boundary_is_not_tested() -> None:
    said = Said.nothing()
    for person in range(40):
        said.add(-30, 5, person, person % 2 == 0)
        said.add(5, 5, person + 40, person % 3 == 0)
    found = contrast(Ground(TOWN.left, TOWN.bottom, TOWN.inside), said.sides(), least=5)
    assert (found.x_index >= 0).all()
