"""How sure a ranking of places is, against drawing and counting by hand."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gis.analysis.density import Surface, density
from gis.analysis.robustness import (
    Ranks,
    Sites,
    difference,
    drawn_people,
    drawn_ranks,
    heights,
    most_active,
    people_cells,
    pin_cells,
    ranks_of,
    sites_of,
    together,
    voice_cells,
)
from gis.analysis.voices import Voices
from gis.grid import Cells

TOWN = shapely.box(0, 0, 6_000, 4_000)
BANDWIDTH_M = 75.0


def heat(cells: Cells) -> Surface:
    return density(cells, TOWN, srid=5514, bandwidth_m=BANDWIDTH_M)


def a_town(*, people: int = 300, seed: int = 7) -> Voices:
    """People who each pin some of 25 places of falling fame."""
    chance = np.random.default_rng(seed)
    places = np.column_stack([chance.integers(20, 220, 25), chance.integers(20, 140, 25)])
    fame = 1 / np.arange(1, 26)
    person = np.repeat(np.arange(people), chance.geometric(0.2, people))
    at = places[chance.choice(25, len(person), p=fame / fame.sum())] + chance.integers(-2, 3, (len(person), 2))
    return Voices.of(at[:, 0], at[:, 1], person)


def drawn_cells(voices: Voices, drawn: np.ndarray) -> Cells:
    """What heat counts when everybody counts as often as they were drawn: each copy is a person of its own."""
    counted = np.bincount(voices.square, drawn[voices.person], minlength=len(voices.x_index))
    return Cells.of(voices.x_index, voices.y_index, counted)


def test_a_draw_ranks_as_the_whole_surface_of_the_drawn_people() -> None:
    voices = a_town()
    sites = sites_of(heat(people_cells(voices)), voices)
    assert len(sites) > 10
    draws = np.concatenate(list(drawn_people(300, 6, np.random.default_rng(1))))
    found = together(list(drawn_ranks(voices, sites, iter([draws[:4], draws[4:]]), BANDWIDTH_M)))
    for n, drawn in enumerate(draws):
        by_hand = heights(heat(drawn_cells(voices, drawn)), sites)
        assert np.abs(found.value[n] - by_hand).max() < 1e-3 * by_hand.max()
        clear = np.abs(np.diff(np.sort(by_hand))).min() > 1e-3 * by_hand.max()
        assert not clear or found.rank[n].tolist() == ranks_of(by_hand).tolist()


def test_everybody_drawn_once_is_the_ranking_itself() -> None:
    voices = a_town()
    surface = heat(people_cells(voices))
    sites = sites_of(surface, voices)
    [found] = drawn_ranks(voices, sites, iter([np.ones((1, 300), dtype=np.int32)]), BANDWIDTH_M)
    assert found.rank[0].tolist() == list(range(1, len(sites) + 1))
    assert found.value[0] == pytest.approx(sites.value, rel=2e-3)
    assert heights(surface, sites) == pytest.approx(sites.value)


def test_a_draw_has_as_many_people_as_the_town() -> None:
    batches = list(drawn_people(70, 120, np.random.default_rng(3)))
    assert [len(batch) for batch in batches] == [50, 50, 20]
    draws = np.concatenate(batches)
    assert (draws.sum(axis=1) == 70).all()
    assert draws.mean() == 1
    assert draws.var() == pytest.approx(1 - 1 / 70, rel=0.1)
    again = np.concatenate(list(drawn_people(70, 120, np.random.default_rng(3))))
    assert np.array_equal(draws, again)


def test_the_interval_of_a_value_is_that_of_a_count_of_people() -> None:
    """A place of n people, each once, comes out between n ± 1.64 √n in 90 of 100 draws (binomial)."""
    n, others = 100, 900
    voices = Voices.of(np.r_[np.full(n, 40), np.full(others, 160)], np.full(n + others, 40), np.arange(n + others))
    sites = sites_of(heat(people_cells(voices)), voices)
    draws = drawn_people(n + others, 2000, np.random.default_rng(5))
    found = together(list(drawn_ranks(voices, sites, draws, BANDWIDTH_M)))
    low, high = (side[1] * 2 * np.pi * BANDWIDTH_M**2 / 10_000 for side in found.value_interval())
    spread = 1.645 * np.sqrt(n * (1 - n / (n + others)))
    assert (low, high) == (pytest.approx(n - spread, abs=2.5), pytest.approx(n + spread, abs=2.5))
    assert found.among(1).tolist() == [1, 0]


def test_two_places_as_strong_are_first_about_as_often() -> None:
    voices = Voices.of(np.r_[np.full(200, 40), np.full(200, 160)], np.full(400, 40), np.arange(400))
    sites = sites_of(heat(people_cells(voices)), voices)
    found = together(list(drawn_ranks(voices, sites, drawn_people(400, 500, np.random.default_rng(5)), 75.0)))
    assert found.among(1) == pytest.approx([0.5, 0.5], abs=0.07)
    assert found.cuts(10) == []
    assert [side.tolist() for side in found.interval()] == [[1, 1], [2, 2]]


def test_pins_of_one_person_are_drawn_together() -> None:
    """One person with a pin in each of 40 squares around is there or not: the value swings as one."""
    one = [(40 + i % 7, 40 + i // 7) for i in range(40)]
    x, y = np.array(one + [(160, 40)] * 5 + [(41, 41)] * 5).T
    voices = Voices.of(x, y, np.r_[np.zeros(40), np.arange(1, 11)])
    sites = sites_of(heat(people_cells(voices)), voices)
    found = together(list(drawn_ranks(voices, sites, drawn_people(11, 400, np.random.default_rng(9)), 75.0)))
    without = (found.value[:, 0] < 0.3 * sites.value[0]).mean()
    assert without == pytest.approx((1 - 1 / 11) ** 11, abs=0.08)


def test_places_of_too_few_people_are_none() -> None:
    crowd = [(40, 40, who) for who in range(5)]
    busy = [(120 + i % 4, 40 + i // 4, who) for i in range(16) for who in (7, 8)]
    voices = Voices.of(*np.array(crowd + busy).T)
    by_pins = heat(pin_cells(voices))
    assert sites_of(by_pins, voices).x.tolist() == [40 * 25 + 12.5]
    assert sites_of(by_pins, voices, least=0).people.tolist() == [2, 5]


def test_the_busiest_are_the_same_every_time_and_at_least_one() -> None:
    person = np.repeat([5, 3, 9, 1], [4, 4, 1, 2])
    assert most_active(person, 0.01).tolist() == [3]
    assert most_active(person, 0.5).tolist() == [3, 5]
    assert most_active(person, 0.51).tolist() == [3, 5, 1]
    assert most_active([], 0.01).tolist() == []


def test_one_voice_for_everybody_adds_up_to_the_people() -> None:
    voices = a_town()
    assert voice_cells(voices).total == pytest.approx(300)
    assert people_cells(voices).total == len(voices.person)
    assert pin_cells(voices).total >= people_cells(voices).total


def left_out(x: np.ndarray, y: np.ndarray, person: np.ndarray) -> dict[str, float]:
    """What is lost of each surface when the busiest per cent is left out."""
    whole = Voices.of(x, y, person)
    keep = ~np.isin(person, most_active(person, 0.01))
    rest = Voices.of(x[keep], y[keep], person[keep])
    sites = sites_of(heat(people_cells(whole)), whole).first(10)
    return {
        cells.__name__: difference(heat(cells(whole)), heat(cells(rest)), sites).lost
        for cells in (people_cells, pin_cells, voice_cells)
    }


def heavy_tail(chance: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """People by pin: of 1 000 most set a few and ten set 150 each, a quarter of all."""
    pins = np.r_[np.full(10, 150), np.minimum(chance.geometric(0.2, 990), 30)]
    return np.repeat(np.arange(1000), pins), pins


def test_without_the_busiest_people_change_clearly_less_than_pins_where_they_pin_the_same_spots_again() -> None:
    chance = np.random.default_rng(2023)
    person, _ = heavy_tail(chance)
    x, y = chance.integers(20, 220, len(person)), chance.integers(20, 140, len(person))
    busy = person < 10
    # Each of the busy comes back to five spots of their own: thirty pins on one.
    spot = person[busy] * 5 + chance.integers(0, 5, busy.sum())
    x[busy], y[busy] = 30 + spot % 40, 30 + spot // 40 * 7
    lost = left_out(x, y, person)
    assert lost["pin_cells"] > 0.2
    assert lost["people_cells"] < 0.1 * lost["pin_cells"]


def test_counting_people_in_squares_does_not_help_against_those_who_pin_all_over_the_town() -> None:
    """What our definition can't do, told on the page: they speak in many squares, once in each."""
    chance = np.random.default_rng(2023)
    person, _ = heavy_tail(chance)
    lost = left_out(chance.integers(20, 220, len(person)), chance.integers(20, 140, len(person)), person)
    assert lost["people_cells"] == pytest.approx(lost["pin_cells"], rel=0.02)
    assert lost["voice_cells"] == pytest.approx(0.01, abs=0.001)


def test_the_same_surface_differs_in_nothing() -> None:
    voices = a_town()
    surface = heat(people_cells(voices))
    same = difference(surface, surface, sites_of(surface, voices))
    assert (same.lost, same.moved) == (0, 0)
    assert same.correlation == pytest.approx(1)


def test_half_of_everything_is_lost_but_nothing_moved() -> None:
    voices = a_town()
    cells = people_cells(voices)
    half = Cells(cells.x_index, cells.y_index, cells.weight / 2)
    found = difference(heat(cells), heat(half), sites_of(heat(cells), voices))
    assert found.lost == pytest.approx(0.5)
    assert found.moved == pytest.approx(0, abs=1e-6)


def test_an_empty_surface_has_nothing_to_lose() -> None:
    nothing = Voices.of([], [], [])
    empty = heat(people_cells(nothing))
    sites = sites_of(empty, nothing)
    assert len(sites) == 0
    found = difference(empty, empty, sites)
    assert (found.lost, found.moved) == (0, 0)
    assert np.isnan(found.correlation)


def test_ranks_are_summed_up_as_by_hand() -> None:
    rank = np.array([[1, 2, 3, 4]] * 90 + [[2, 1, 3, 4]] * 8 + [[1, 4, 3, 2]] * 2)
    found = Ranks(rank, rank.astype(float))
    assert found.among(1).tolist() == [0.92, 0.08, 0, 0]
    assert found.cuts(10) == [1, 2, 3]
    assert found.cuts(10, sure=0.95) == [2, 3]
    assert found.stay_among(1) == (2, 1.0)
    assert found.stay_among(2) == (2, 0.98)
    assert [side.tolist() for side in found.interval()] == [[1, 1, 3, 4], [2, 2, 3, 4]]


def test_sites_are_as_far_as_they_need_to_be() -> None:
    sites = sites_of(heat(people_cells(a_town())), a_town())
    assert isinstance(sites, Sites)
    away = np.hypot(sites.x[:, None] - sites.x, sites.y[:, None] - sites.y)
    assert away[away > 0].min() >= 300
