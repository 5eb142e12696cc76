"""Who took part against the census: what options mean, shares, intervals, and how many are missing."""

from __future__ import annotations

import math
import random

import pytest

from gis.analysis.coverage import (
    CensusGroup,
    Verdict,
    age_coverage,
    cross_coverage,
    missing_people,
    residents_of,
    sex_coverage,
    wilson,
)
from gis.analysis.groups import AgeRange, Option, Sex, age_options, age_range, sex_options

FIVE_YEARS = [
    CensusGroup(AgeRange(least, None if least == 85 else least + 4), sex, 100)
    for least in range(0, 90, 5)
    for sex in Sex
]


def options(*texts: str) -> list[Option]:
    return [Option(f"o{n}", [text]) for n, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("under15", 0, 14),
        ("Méně než 15", 0, 14),
        ("méně než 15 let", 0, 14),
        ("mladší než 15", 0, 14),
        ("Under 15", 0, 14),
        ("15-24", 15, 24),
        ("15–24 let", 15, 24),
        ("15 až 24 let", 15, 24),
        ("age_25_44", 25, 44),
        ("65plus", 65, None),
        ("65+", 65, None),
        ("65 a více", 65, None),
        ("65 let a více", 65, None),
        ("60 a starší", 60, None),
        ("65 or over", 65, None),
        ("0 až 5 (více nebo rovno 0 a méně než 5)", 0, 4),
        ("Od 85 (více nebo rovno 85)", 85, None),
    ],
)
def test_age_is_read_as_people_write_it(text: str, least: int, most: int | None) -> None:
    assert age_range(text) == AgeRange(least, most)


@pytest.mark.parametrize(
    "text", ["Nechci říct", "Bydlím tu", "", "-", "žáci 6.–9. ročníku", "999 a více", "24–15"]
)
def test_what_is_no_age_is_none(text: str) -> None:
    assert age_range(text) is None


def test_half_open_words_are_read_by_their_neighbours() -> None:
    read = age_options("age", ["Věk"], options("do 15 let", "15–24", "25–64", "nad 65", "nechci říct"))
    assert read == {
        "o0": AgeRange(0, 14),
        "o1": AgeRange(15, 24),
        "o2": AgeRange(25, 64),
        "o3": AgeRange(65, None),
    }
    read = age_options("age", ["Věk"], options("15–25", "25–45", "45+"))
    assert list(read.values()) == [AgeRange(15, 24), AgeRange(25, 44), AgeRange(45, None)]


def test_years_of_something_else_are_no_ages() -> None:
    assert age_options("stay", ["Kolik let tu bydlíte?"], options("do 5 let", "5–10", "11 a více")) == {}
    assert age_options("often", ["Jak často tu jste?"], options("1-2", "3-5")) == {}
    assert age_options("age", ["Věk"], options("0–20", "15–30")) == {}


def test_sexes_are_read_from_keys_and_labels() -> None:
    read = sex_options([Option("woman", ["Žena"]), Option("x2", ["muž"]), Option("other", ["Jinak"])])
    assert read == {"woman": Sex.WOMAN, "x2": Sex.MAN}
    assert sex_options([Option("a", ["Bydlím tu"]), Option("m", ["Muž"])]) == {}


def test_wilson_is_as_in_the_books() -> None:
    # Newcombe (1998), table I: 81 of 263 and 0 of 20.
    low, high = wilson(81, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    low, high = wilson(0, 20)
    assert (low, round(high, 4)) == (0.0, 0.1611)
    assert wilson(20, 20)[1] == 1.0


def test_group_that_cuts_across_the_census_takes_its_part_of_the_years() -> None:
    census = [CensusGroup(AgeRange(10, 19), Sex.WOMAN, 100), CensusGroup(AgeRange(60, None), Sex.WOMAN, 410)]
    assert residents_of(census, AgeRange(0, 14)) == 50
    assert residents_of(census, AgeRange(15, 24)) == 50
    assert residents_of(census, AgeRange(60, None)) == 410
    # 60 and over is taken to end at 100: 41 years, of which 36 are 65 and over.
    assert residents_of(census, AgeRange(65, None)) == pytest.approx(360)
    found = age_coverage(census, {"a": AgeRange(10, 14), "b": AgeRange(15, None)}, {"a": 5, "b": 5})
    assert found.is_split


def test_census_groups_that_fit_are_not_split_and_nobody_is_lost() -> None:
    ages = {"young": AgeRange(0, 14), "middle": AgeRange(15, 64), "old": AgeRange(65, None)}
    found = age_coverage(FIVE_YEARS, ages, {"young": 1, "middle": 50, "old": 3})
    assert not found.is_split
    assert found.residents == 3600
    assert sum(group.expected_share for group in found.groups) == pytest.approx(1)
    assert found.answered == 54


def test_missing_people_would_make_the_shares_equal() -> None:
    assert missing_people(34, 838, 0.21) == 180
    chance = random.Random(2)  # noqa: S311 - the same every time
    for _ in range(500):
        n = chance.randrange(1, 2000)
        seen, expected = chance.randrange(0, n + 1), chance.random() * 0.95
        more = missing_people(seen, n, expected)
        assert (seen + more) / (n + more) >= expected - 1e-9
        if more:
            assert (seen + more - 1) / (n + more - 1) < expected


def test_only_what_is_more_than_chance_is_called_missing() -> None:
    ages = {"young": AgeRange(0, 44), "old": AgeRange(45, None)}
    few = age_coverage(FIVE_YEARS, ages, {"young": 6, "old": 4})
    many = age_coverage(FIVE_YEARS, ages, {"young": 600, "old": 400})
    assert [group.verdict for group in few.groups] == [Verdict.EVEN, Verdict.EVEN]
    assert [group.verdict for group in many.groups] == [Verdict.OVER, Verdict.UNDER]
    assert [group.key for group in many.missing] == ["old"]
    low, high = many.groups[1].ratio_interval or (0, 0)
    assert low < many.groups[1].ratio < high < 1  # type: ignore[operator]


def test_people_outside_the_census_groups_are_not_compared() -> None:
    found = sex_coverage(FIVE_YEARS, {"w": Sex.WOMAN, "m": Sex.MAN}, {"w": 30, "m": 20, "other": 7})
    assert found.answered == 50
    assert [group.expected_share for group in found.groups] == [0.5, 0.5]


def test_map_that_asks_only_adults_is_compared_with_adults() -> None:
    found = age_coverage(FIVE_YEARS, {"a": AgeRange(15, 64), "b": AgeRange(65, None)}, {"a": 60, "b": 40})
    assert found.residents == 3000
    assert found.groups[1].expected_share == pytest.approx(1 / 3)


def test_nobody_and_nothing_break_no_numbers() -> None:
    nobody = age_coverage([], {"a": AgeRange(0, 14), "b": AgeRange(15, None)}, {})
    assert not nobody.is_enough
    assert nobody.groups[0].ratio is None
    assert all(math.isfinite(group.high) for group in nobody.groups)


def test_sexes_of_an_age_are_told_apart() -> None:
    shares = cross_coverage(
        FIVE_YEARS,
        {"young": AgeRange(0, 44), "old": AgeRange(45, None)},
        {"w": Sex.WOMAN, "m": Sex.MAN},
        {("young", "w"): 3, ("old", "m"): 1},
    )
    assert shares["young", "w"].seen_share == 0.75
    assert shares["old", "w"].seen_share == 0
    assert sum(share.expected_share for share in shares.values()) == pytest.approx(1)
