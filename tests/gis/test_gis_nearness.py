"""Feelings beside facts: distances as by hand, planted relations found, and nothing where there is none."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
import shapely

from gis.analysis.nearness import (
    Beside,
    MarkedTown,
    Share,
    densest_ground,
    distances,
    hilbert_index,
    lay_beside,
    marked_town,
)

HALF_M = 1500.0
TOWN = shapely.box(-HALF_M, -HALF_M, HALF_M, HALF_M)
REACH = 1
"""Which of the reaches is 50 m."""


@dataclass
class Made:
    """A made-up town: where its people pinned, what, and what it is laid beside."""

    x: np.ndarray
    y: np.ndarray
    feeling: np.ndarray
    person: np.ndarray
    facts: np.ndarray
    town: MarkedTown = field(init=False)

    def __post_init__(self) -> None:
        self.town = marked_town(TOWN, self.x // 25, self.y // 25, self.feeling, self.person)

    def beside(self, seed: int = 1) -> Beside:
        return lay_beside(self.town, [shapely.points(self.facts)], np.random.default_rng(seed))[0]

    def share(self, category: int = 1) -> Share:
        related = self.beside().related[category]
        assert related
        return related.shares[REACH]


def a_field(rng: np.random.Generator, points: np.ndarray, scale_m: float) -> np.ndarray:
    """A smooth random surface of mean 0 and deviation 1."""
    waves, phase = rng.normal(size=(2, 200)) / scale_m, rng.uniform(0, 2 * np.pi, 200)
    return np.sqrt(2 / 200) * np.cos(points @ waves + phase).sum(axis=1)


def a_town(
    seed: int, *, pull: float = 0.0, quarters: float = 0.0, people: int = 250, facts_by_pins: bool = True
) -> Made:
    """People who pin in clusters, few of them much; `pull` is how much facts make for feeling 1 near them,
    `quarters` how much whole quarters agree in what they feel, whatever stands there."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform(-1200, 1200, (30, 2))
    each = np.minimum(np.ceil(rng.lognormal(1.6, 0.9, people)).astype(int), 80)
    person = np.repeat(np.arange(people), each)
    points = centres[rng.integers(0, 30, len(person))] + rng.normal(0, 140, (len(person), 2))
    inside = (np.abs(points) < HALF_M).all(axis=1)
    points, person = points[inside], person[inside]
    around = centres if facts_by_pins else rng.uniform(-HALF_M, HALF_M, (30, 2))
    facts = around[rng.integers(0, 30, 150)] + rng.normal(0, 150, (150, 2))
    facts = facts[(np.abs(facts) < HALF_M).all(axis=1)]
    near = distances(points, shapely.points(facts), 50) <= 50
    tends = quarters * a_field(rng, points, 250) + rng.normal(size=people)[person] * 0.5 + pull * near - 0.4
    feels = (rng.random(len(points)) < 1 / (1 + np.exp(-tends))).astype(int)
    return Made(points[:, 0], points[:, 1], feels, person, facts)


def test_the_curve_visits_every_square_once_and_goes_from_neighbour_to_neighbour() -> None:
    column, row = (axis.ravel() for axis in np.meshgrid(np.arange(32), np.arange(32)))
    order = np.argsort(hilbert_index(column, row))
    assert sorted(hilbert_index(column, row)) == list(range(1024))
    assert (np.abs(np.diff(column[order])) + np.abs(np.diff(row[order])) == 1).all()


def test_distances_are_those_by_hand_to_points_lines_and_areas() -> None:
    rng = np.random.default_rng(3)
    points = rng.uniform(-500, 500, (300, 2))
    lines = np.array([shapely.LineString(rng.uniform(-500, 500, (4, 2))) for _ in range(20)])
    for facts in (shapely.points(rng.uniform(-500, 500, (40, 2))), lines, shapely.buffer(lines, 30)):
        by_hand = np.array([min(shapely.distance(shapely.Point(at), fact) for fact in facts) for at in points])
        by_hand[by_hand > 60] = np.inf
        assert np.allclose(distances(points, facts, 60), by_hand)


def test_a_place_is_a_person_in_a_square_once_whatever_the_order() -> None:
    x, y = np.array([0, 0, 0, 4, 4]), np.array([0, 0, 0, 0, 0])
    feeling, person = np.array([0, 0, 1, 0, 0]), np.array([7, 7, 7, 7, 9])
    town = marked_town(TOWN, x, y, feeling, person)
    assert town.counts.sum(axis=1).tolist() == [3, 1]
    assert town.people == 2
    assert len(town.x_index) == (2 * HALF_M / 25) ** 2


def test_shares_are_those_counted_by_hand() -> None:
    made = a_town(4, pull=1.0)
    places = {
        (x // 25, y // 25, f, p) for x, y, f, p in zip(made.x, made.y, made.feeling, made.person, strict=True)
    }
    for n, reach in enumerate(made.town.reaches_m):
        hits = total = 0
        for x, y, feeling, _ in places:
            if feeling == 1:
                away = np.hypot(*((x + 0.5) * 25 - made.facts[:, 0], (y + 0.5) * 25 - made.facts[:, 1])).min()
                hits, total = hits + (away <= reach), total + 1
        related = made.beside().related[1]
        assert related
        assert (related.shares[n].reach_m, related.shares[n].near) == (reach, hits)
        assert related.shares[n].share == pytest.approx(hits / total)


def test_the_ground_is_what_a_town_of_no_pins_would_give() -> None:
    made = a_town(5)
    found = made.beside()
    centres = made.town.centres()
    away = np.sqrt(((centres[:, None, :] - made.facts[None, :, :]) ** 2).sum(axis=2)).min(axis=1)
    assert found.of_ground == tuple(pytest.approx((away <= reach).mean()) for reach in made.town.reaches_m)
    related = found.related[1]
    assert related
    # Moved anywhere, a pattern hits as much as the ground holds.
    assert [share.ground.expected for share in related.shares] == pytest.approx(found.of_ground, abs=2e-3)


@pytest.mark.parametrize("pull", [1.5, -1.5])
def test_a_planted_relation_is_found_in_its_direction(pull: float) -> None:
    share = a_town(6, pull=pull, quarters=0.4).share()
    assert share.among
    assert share.among.p <= 0.02
    assert share.lead * pull > 0
    assert (share.lead_low > 0) == (pull > 0)
    assert (share.lead_high < 0) == (pull < 0)
    assert not share.among.low <= share.share <= share.among.high
    assert share.low < share.share < share.high


def test_quarters_that_agree_by_themselves_prove_no_relation() -> None:
    """Shuffled voice by voice, most of these towns would show one; believed are few more than one in twenty."""
    towns = [a_town(seed, quarters=1.5) for seed in range(100, 140)]
    shares = [town.share() for town in towns]
    believed = [s for s in shares if s.among and s.among.p <= 0.05 and not s.lead_low <= 0 <= s.lead_high]
    assert len(believed) <= 6  # of 40: two are due, and seven come by luck in one run of a hundred
    alone = [town for town in towns if _shuffled_p(town) <= 0.05]
    assert len(alone) > 3 * len(believed)


def test_pins_laid_without_regard_to_the_facts_are_not_nearer_than_the_ground() -> None:
    shares = [a_town(seed, facts_by_pins=False).share() for seed in range(200, 230)]
    assert sum(share.ground.p <= 0.05 for share in shares) <= 5


def test_pins_where_the_facts_are_go_together_with_them() -> None:
    found = a_town(7).beside().related[1]
    assert found
    assert found.shares[REACH].ground.p <= 0.05
    assert found.correlation > found.by_chance.high


def test_one_tireless_person_does_not_make_a_relation() -> None:
    """Thirty people of no preference, and one who marks every lamp as unsafe."""
    rng = np.random.default_rng(8)
    lamps = rng.uniform(-1200, 1200, (120, 2))
    points = np.vstack([rng.uniform(-1400, 1400, (150, 2)), lamps])
    person = np.concatenate([rng.integers(0, 30, 150), np.full(120, 30)])
    feels = np.concatenate([rng.integers(0, 2, 150), np.ones(120, dtype=int)])
    share = Made(points[:, 0], points[:, 1], feels, person, lamps).share()
    assert share.among
    assert share.share > 0.5
    assert share.among.p > 0.05 or share.lead_low <= 0


def test_a_feeling_that_nobody_else_contradicts_is_set_beside_the_ground_only() -> None:
    made = a_town(9)
    alone = Made(made.x, made.y, np.zeros_like(made.feeling), made.person, made.facts)
    assert alone.share(0).among is None


@pytest.mark.parametrize("pins", [0, 1, 4])
def test_almost_nothing_gives_numbers_and_no_error(pins: int) -> None:
    at = np.arange(pins) * 100.0
    made = Made(at, at, np.arange(pins) % 2, np.arange(pins), np.array([[0.0, 0.0]]))
    found = made.beside()
    assert len(found.related) == min(pins, 2)
    for related in found.related:
        assert related
        assert all(share.ground.p > 0 for share in related.shares)
    assert lay_beside(made.town, [np.array([], dtype=object)], np.random.default_rng(1))[0].of_ground[0] == 0


def test_the_same_seed_gives_the_same_to_the_last_digit() -> None:
    made = a_town(10)
    assert made.beside(5) == made.beside(5)


def test_the_densest_ground_holds_half_of_the_places_on_little_ground() -> None:
    made = a_town(11)
    dense = densest_ground(made.town, 1)
    centres = made.town.centres()[made.town.at[made.town.category == 1]]
    inside = shapely.contains_xy(dense, centres)
    assert 0.5 <= inside.mean() < 0.55
    assert dense.area < TOWN.area / 8
    assert densest_ground(made.town, 7).is_empty


def _shuffled_p(made: Made) -> float:
    """What the shuffle of voices alone would say: the test that is not honest here."""
    rng = np.random.default_rng(1)
    town = made.town
    near = distances(town.centres(), shapely.points(made.facts), 50)[town.at] <= 50
    voices, which = np.unique(town.person * 2 + town.category, return_inverse=True)
    places, hits = np.bincount(which), np.bincount(which, near)
    mine = voices % 2 == 1
    seen = hits[mine].sum() / places[mine].sum()
    dealt = []
    for _ in range(199):
        drawn = rng.permutation(len(voices))[: mine.sum()]
        dealt.append(hits[drawn].sum() / places[drawn].sum())
    return 2 * min((np.array(dealt) >= seen).mean(), (np.array(dealt) <= seen).mean())
