"""Round against round: exact tests, planted changes found, and no more false alarms than promised."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, fisher_exact, hypergeom
from shapely import box

from gis.analysis.change import (
    NONE,
    Round,
    Spoken,
    alarms_between_halves,
    areas,
    changes,
    compared,
    family_wise,
    fisher,
    least_by_chance,
    would_be_seen,
)
from gis.analysis.hot_spots import BAND_M, SIDE_M, Ground, ground_of
from gis.analysis.voices import Voices
from gis.grid import Indices

TOWN_M = 5_000.0
ALL_SQUARES = round(TOWN_M / SIDE_M) ** 2


def a_ground() -> Ground:
    return ground_of(box(0, 0, TOWN_M, TOWN_M))


def a_town(rng: np.random.Generator, people: int) -> Spoken:
    """Pins as towns give them: few people give many of them, at few places, in bursts around each person's own."""
    many = np.minimum(rng.zipf(1.7, people), 400)
    person = np.repeat(np.arange(people), many)
    hubs = rng.uniform(0, TOWN_M, (30, 2))
    weight = rng.pareto(1.2, 30) + 0.1
    home = hubs[rng.choice(30, people, p=weight / weight.sum())]
    at = np.where(
        rng.random((len(person), 1)) < 0.6,
        home[person] + rng.normal(0, 150, (len(person), 2)),
        rng.uniform(0, TOWN_M, (len(person), 2)),
    )
    x, y = np.clip(at, 0, TOWN_M - 1).T // SIDE_M
    return Spoken(x.astype(np.int64), y.astype(np.int64), person)


def voices(said: Spoken) -> Voices:
    return Voices.of(said.x_index, said.y_index, said.person, SIDE_M)


def without(said: Spoken, kept: np.ndarray) -> Spoken:
    return Spoken(said.x_index[kept], said.y_index[kept], said.person[kept])


def brute_force_near(said: Spoken, x: int, y: int) -> int:
    """Different people within 250 m, one pin after another."""
    near = {
        int(who)
        for column, row, who in zip(said.x_index, said.y_index, said.person, strict=True)
        if ((column - x) ** 2 + (row - y) ** 2) * SIDE_M**2 <= BAND_M**2
    }
    return len(near)


def test_the_probability_is_twice_the_smaller_tail_of_the_hypergeometric_distribution() -> None:
    rng = np.random.default_rng(1)
    of_then, of_now = rng.integers(20, 400, 200), rng.integers(20, 400, 200)
    then, now = rng.integers(0, of_then + 1), rng.integers(0, of_now + 1)
    found = fisher(then, of_then, now, of_now)
    for i, p in enumerate(found):
        table = hypergeom(of_then[i] + of_now[i], then[i] + now[i], of_now[i])
        expected = min(1.0, 2 * min(table.cdf(now[i]), table.sf(now[i] - 1)))
        assert p == pytest.approx(expected, rel=1e-9, abs=1e-300)


def test_the_probability_is_never_below_the_one_sided_fisher_test() -> None:
    table = [[12, 88], [30, 70]]
    one_sided = fisher_exact(table, alternative="less")[1]
    assert compared(30, 100, 12, 100).p[0] == pytest.approx(2 * one_sided)


def test_nobody_in_a_round_gives_no_certainty() -> None:
    one = compared([0, 5], [0, 10], [0, 0], [0, 0])
    assert one.p.tolist() == [1.0, 1.0]
    assert (one.high - one.low >= 1).all()


def test_the_interval_of_the_difference_is_newcombes_own_example() -> None:
    """Newcombe (1998), table II, method 10: 56 of 70 against 48 of 80 gives 0.0524 to 0.3339."""
    one = compared(48, 80, 56, 70)
    assert one.difference[0] == pytest.approx(0.2)
    assert one.low[0] == pytest.approx(0.0524, abs=5e-5)
    assert one.high[0] == pytest.approx(0.3339, abs=5e-5)


def test_people_near_each_square_are_those_of_a_brute_force_count() -> None:
    rng = np.random.default_rng(2)
    then, now = a_town(rng, 250), a_town(rng, 180)
    found = changes(a_ground(), Round(250, voices(then)), Round(180, voices(now)))
    assert len(found.q) > 100
    for i in rng.choice(len(found.q), 40, replace=False):
        x, y = int(found.x_index[i]), int(found.y_index[i])
        assert found.shares.then[i] == brute_force_near(then, x, y)
        assert found.shares.now[i] == brute_force_near(now, x, y)


def test_only_squares_are_tested_near_which_enough_of_both_rounds_together_spoke() -> None:
    rng = np.random.default_rng(3)
    then, now = a_town(rng, 120), a_town(rng, 90)
    found = changes(a_ground(), Round(120, voices(then)), Round(90, voices(now)), least=15)
    assert (found.shares.then + found.shares.now >= 15).all()
    assert len(found.q) < ALL_SQUARES
    x, y = a_ground().indices()
    tested = set(zip(found.x_index.tolist(), found.y_index.tolist(), strict=True))
    enough = [
        (int(a), int(b))
        for a, b in list(zip(x, y, strict=True))[::37]
        if brute_force_near(then, int(a), int(b)) + brute_force_near(now, int(a), int(b)) >= 15
    ]
    assert enough
    assert tested.issuperset(enough)


def planted(rng: np.random.Generator) -> tuple[Spoken, Spoken]:
    """Two rounds of one town, the second of fewer people; fear gone at (1000, 1000) and new at (4000, 4000)."""
    then, now = a_town(rng, 900), a_town(rng, 600)
    plaza = Spoken(*(np.full(110, 1000 // SIDE_M) for _ in range(2)), rng.choice(900, 110, replace=False))
    fresh = Spoken(*(np.full(70, 4000 // SIDE_M) for _ in range(2)), rng.choice(600, 70, replace=False))
    return _with(then, plaza), _with(now, fresh)


def _with(one: Spoken, other: Spoken) -> Spoken:
    return Spoken(
        *(
            np.concatenate([getattr(one, name), getattr(other, name)]).astype(np.int64)
            for name in ("x_index", "y_index", "person")
        )
    )


def same_people(rng: np.random.Generator) -> tuple[Spoken, Spoken]:
    """The people of one town by lot in two rounds of 900 and 600, each numbered from 0."""
    town = a_town(rng, 1500)
    order = rng.permutation(1500)
    place = np.empty(1500, dtype=np.int64)
    place[order] = np.arange(1500)
    number = place[town.person]
    first = without(Spoken(town.x_index, town.y_index, number), number < 900)
    second = without(Spoken(town.x_index, town.y_index, number - 900), number >= 900)
    return first, second


def test_a_planted_fall_and_a_planted_new_place_are_found_and_little_else() -> None:
    rng = np.random.default_rng(4)
    then, now = same_people(rng)
    plaza, fresh = (1000 // SIDE_M, 1000 // SIDE_M), (4000 // SIDE_M, 4000 // SIDE_M)
    before = Spoken(*(np.full(110, plaza[0]) for _ in range(2)), rng.choice(900, 110, replace=False))
    after = Spoken(*(np.full(70, fresh[0]) for _ in range(2)), rng.choice(600, 70, replace=False))
    then, now = _with(then, before), _with(now, after)
    found = changes(a_ground(), Round(900, voices(then)), Round(600, voices(now)))
    label = areas(found, SIDE_M)
    ways = {}
    for square in (plaza, fresh):
        at = (found.x_index == square[0]) & (found.y_index == square[1])
        ways[square] = (int(label[at][0]), int(np.sign(found.level[at][0])))
    assert ways[plaza][1] == -1
    assert ways[fresh][1] == 1
    assert ways[plaza][0] != ways[fresh][0]
    strangers = np.nonzero((label != NONE) & ~np.isin(label, [ways[plaza][0], ways[fresh][0]]))[0]
    assert len(strangers) <= 3
    chance = family_wise(
        found.shares.p,
        least_by_chance(a_ground(), then, now, people_then=900, people_now=600, rng=np.random.default_rng(5)),
    )
    told = {int(one) for one in label[(label != NONE) & (chance <= 0.05)]}
    assert told == {ways[plaza][0], ways[fresh][0]}


def test_random_halves_of_one_town_alarm_no_more_often_than_promised() -> None:
    """400 splits of ten heavy-tailed towns; people, not pins, are divided."""
    alarms, splits = 0, 40
    for seed in range(10):
        town = a_town(np.random.default_rng(100 + seed), 600)
        alarms += alarms_between_halves(a_ground(), town, 600, np.random.default_rng(seed), splits=splits)
    # Of 400 at 5 per cent, more than 31 would come once in a hundred times.
    assert alarms <= binom.ppf(0.99, 10 * splits, 0.05)


def test_the_least_probability_by_chance_holds_for_rounds_of_the_same_people() -> None:
    """The area's own test: in fewer than 1 of 20 comparisons without any change does an area look sure."""
    alarms = 0
    for seed in range(40):
        rng = np.random.default_rng(200 + seed)
        then, now = same_people(rng)
        found = changes(a_ground(), Round(900, voices(then)), Round(600, voices(now)))
        by_chance = least_by_chance(a_ground(), then, now, people_then=900, people_now=600, rng=rng, times=39)
        alarms += bool((family_wise(found.shares.p, by_chance) <= 0.05).any())
    assert alarms <= binom.ppf(0.99, 40, 0.05)


def test_pins_instead_of_people_would_break_the_promise() -> None:
    """Why people are divided: with each pin taken for a person, halves of one town differ nearly always."""
    town = a_town(np.random.default_rng(7), 600)
    as_pins = Spoken(town.x_index, town.y_index, np.arange(len(town.person)))
    rng = np.random.default_rng(8)
    alarms = 0
    for _ in range(20):
        in_first = rng.permutation(600)[town.person] < 300
        first, second = without(as_pins, in_first), without(as_pins, ~in_first)
        pins = int(in_first.sum())
        found = changes(a_ground(), Round(pins, voices(first)), Round(len(in_first) - pins, voices(second)))
        alarms += bool((found.q <= 0.05).any())
    assert alarms >= 10


def test_more_people_of_every_feeling_are_not_more_of_one_among_all() -> None:
    """A school came: near (2000, 2000) everything grows alike. The first question moves, the second stays."""
    rng = np.random.default_rng(9)
    then, now = same_people(rng)
    school = np.arange(200)
    at = 2000 // SIDE_M
    of_fear = _with(now, Spoken(np.full(60, at), np.full(60, at), school[:60]))
    anything_then = _with(then, a_town(np.random.default_rng(10), 900))
    anything_then = _with(anything_then, Spoken(np.full(20, at), np.full(20, at), np.arange(20)))
    then = _with(then, Spoken(np.full(6, at), np.full(6, at), np.arange(6)))
    anything_now = _with(
        _with(of_fear, a_town(np.random.default_rng(11), 600)), Spoken(*(np.full(200, at),) * 2, school)
    )
    found = changes(
        a_ground(),
        Round(900, voices(then), voices(anything_then)),
        Round(600, voices(of_fear), voices(anything_now)),
    )
    here = (found.x_index == at) & (found.y_index == at)
    assert found.level[here][0] == 99
    assert found.among is not None
    assert found.among.p[here][0] > 0.05


def test_areas_are_squares_that_touch_and_change_the_same_way() -> None:
    rng = np.random.default_rng(12)
    then, now = planted(rng)
    found = changes(a_ground(), Round(900, voices(then)), Round(600, voices(now)))
    label = areas(found, SIDE_M)
    for one in set(label[label != NONE].tolist()):
        ways = set(np.sign(found.level[label == one]).tolist())
        assert len(ways) == 1


def test_it_is_told_what_change_could_have_been_seen() -> None:
    fall, growth = would_be_seen(30, 1000, 600, 1e-4)
    assert fall is not None
    assert growth is not None
    assert compared(30, 1000, fall, 600).p[0] <= 1e-4 < compared(30, 1000, fall + 1, 600).p[0]
    assert compared(30, 1000, growth, 600).p[0] <= 1e-4 < compared(30, 1000, growth - 1, 600).p[0]
    assert would_be_seen(3, 1000, 600, 1e-4)[0] is None


@pytest.mark.parametrize("people", [0, 1, 4])
def test_hardly_anybody_gives_no_squares_and_no_areas(people: int) -> None:
    nobody = Spoken(*(np.arange(people, dtype=np.int64) for _ in range(3)))
    found = changes(a_ground(), Round(people, voices(nobody)), Round(people, voices(nobody)))
    assert not len(found.q)
    assert not len(areas(found, SIDE_M))
    by_chance = least_by_chance(
        a_ground(), nobody, nobody, people_then=people, people_now=people, rng=np.random.default_rng(1), times=3
    )
    assert by_chance.tolist() == [1.0, 1.0, 1.0]


def test_the_same_seed_gives_the_same_answer() -> None:
    then, now = planted(np.random.default_rng(13))

    def once() -> Indices:
        return least_by_chance(
            a_ground(), then, now, people_then=900, people_now=600, rng=np.random.default_rng(3), times=9
        )

    assert once().tolist() == once().tolist()
