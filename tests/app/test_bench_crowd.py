"""The benchmarks' made-up pins: the same by the same seed, and as unevenly spread as a real map's."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import shapely

from bench.crowd import AREA_KM2, CATEGORIES, Pins, boundary, made_up, read_sample, resampled
from gis.crs import KROVAK, to_metric, transform_geometry
from gis.grid import square_of

OSTRAVA = 23_865


def joined(pieces: list[Pins], name: str) -> np.ndarray:
    return np.concatenate([getattr(piece, name) for piece in pieces])


@pytest.fixture(scope="module")
def town() -> list[Pins]:
    """As many pins as Ostrava had."""
    return list(made_up(OSTRAVA))


def test_the_same_seed_makes_the_same_pins_and_another_makes_others() -> None:
    one, same, other = (list(made_up(3000, seed)) for seed in (7, 7, 8))
    for name in ("person", "category", "lon", "lat", "created", "comment", "age"):
        assert np.array_equal(joined(one, name), joined(same, name))
    assert not np.array_equal(joined(one, "lon"), joined(other, "lon"))


@pytest.mark.parametrize("n", [1, 10, 10_000, 450_000])
def test_there_are_as_many_pins_as_asked_for(n: int) -> None:
    pieces = list(made_up(n))
    assert sum(map(len, pieces)) == n
    people = joined(pieces, "person")
    assert np.array_equal(np.unique(people), np.arange(people[-1] + 1))
    assert np.all(np.diff(people) >= 0)


def test_the_town_is_as_large_as_ostrava_and_holds_all_pins(town: list[Pins]) -> None:
    assert transform_geometry(boundary(), to_metric(KROVAK)).area / 1e6 == pytest.approx(AREA_KM2, rel=0.002)
    lon, lat = joined(town, "lon"), joined(town, "lat")
    assert shapely.intersects_xy(boundary().buffer(1e-5), lon, lat).all()
    columns, rows = square_of(*to_metric(KROVAK)(lon, lat))
    assert np.mean((columns == joined(town, "x_index")) & (rows == joined(town, "y_index"))) > 0.9999


def test_few_people_and_few_places_have_very_many_of_the_pins(town: list[Pins]) -> None:
    of_people = np.sort(np.bincount(joined(town, "person")))[::-1]
    assert np.median(of_people) == 8
    assert of_people[: len(of_people) // 10].sum() / OSTRAVA == pytest.approx(0.41, abs=0.04)
    assert 150 < of_people[0] < 500
    places = joined(town, "x_index") * 1_000_000 + joined(town, "y_index")
    of_squares = np.sort(np.unique(places, return_counts=True)[1])[::-1]
    # Ostrava: 12 696 squares; a hundredth of them 14 % of the pins, a tenth 41 %, half 73 %.
    assert len(of_squares) == pytest.approx(12_696, rel=0.1)
    for part, share in ((0.01, 0.14), (0.1, 0.41), (0.5, 0.73)):
        assert of_squares[: int(len(of_squares) * part)].sum() / OSTRAVA == pytest.approx(share, abs=0.03)


def test_the_most_active_are_more_active_on_a_larger_map_but_remain_people() -> None:
    most = [int(np.bincount(joined(list(made_up(n)), "person")).max()) for n in (10_000, 1_000_000)]
    assert most[0] < most[1] <= 1000


def test_a_file_is_drawn_from_person_by_person(tmp_path: Path) -> None:
    path = tmp_path / "survey.csv"
    people = {"a": 1, "b": 3, "c": 12}
    rows = [
        [who, "Dobře" if n % 2 else "Špatně", 18.26 + n / 1000, 49.83 + len(who) / 1000]
        for who, most in people.items()
        for n in range(most)
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["who", "feeling", "x", "y"], *rows, ["d", "Dobře", 14.4, 50.1]])
    sample = read_sample(path, "who", "feeling")
    assert len(sample.x) == 16, "the pin in another town is left out"
    pieces = list(resampled(sample, 5000, 1))
    of_people = np.bincount(joined(pieces, "person"))
    assert of_people.sum() == 5000
    assert set(of_people[:-1]) == {1, 3, 12}
    x, y = to_metric(KROVAK)(joined(pieces, "lon"), joined(pieces, "lat"))
    beside = np.min(np.hypot(x[:, None] - sample.x, y[:, None] - sample.y), axis=1)
    assert beside.max() < 200
    again = list(resampled(sample, 5000, 1))
    assert np.array_equal(joined(pieces, "lon"), joined(again, "lon"))


def test_every_category_is_felt_somewhere(town: list[Pins]) -> None:
    assert np.bincount(joined(town, "category"), minlength=len(CATEGORIES)).min() > OSTRAVA / 10
