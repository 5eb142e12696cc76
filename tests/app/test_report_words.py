"""How a report writes, and what it keeps to itself: pure functions, no database."""

from __future__ import annotations

import random
from datetime import date

import pytest

from app.i18n import language
from app.queries.report import SILENT, protected, told
from app.queries.summary import Count
from app.services.report_words import HARD, Pen

CZECH, ENGLISH = Pen(language("cs")), Pen(language("en"))
K = 5


@pytest.mark.parametrize(
    ("plain", "set_"),
    [
        ("Šel k lampě a v parku i u vody", "Šel k~lampě a~v~parku i~u~vody"),
        ("dne 14. září a 6. třída", "dne 14.~září a~6.~třída"),
        ("do 75 m a 8 lidí", "do 75~m a~8~lidí"),
        ("A pak O tom", "A~pak O~tom"),
        ("rok 2026 byl", "rok 2026 byl"),
        ("oko", "oko"),
    ],
)
def test_czech_lines_don_t_end_with_what_belongs_to_the_next_word(plain: str, set_: str) -> None:
    assert CZECH.typeset(f"<p>{plain}</p>") == f"<p>{set_.replace('~', HARD)}</p>"


def test_tags_styles_and_drawings_are_left_alone() -> None:
    page = '<p class="a b" title="k lesu">k lesu</p><style>a b { }</style><svg><text>k lesu</text></svg>'
    wanted = page.replace(">k lesu</p>", f">k{HARD}lesu</p>")
    assert CZECH.typeset(page) == wanted


def test_word_before_an_emphasis_is_bound_as_well() -> None:
    assert CZECH.typeset("<p>Jdu k <b>lesu</b></p>") == f"<p>Jdu k{HARD}<b>lesu</b></p>"


def test_english_binds_only_numbers_to_their_words() -> None:
    assert ENGLISH.typeset("<p>a pin in 8 people</p>") == f"<p>a pin in 8{HARD}people</p>"


def test_numbers_days_and_shares_are_written_as_the_language_does() -> None:
    assert CZECH.number(1475) == f"1{HARD}475"
    assert CZECH.percent(0.414) == f"41{HARD}%"
    assert ENGLISH.percent(0.414) == "41%"
    first, last = date(2026, 9, 14), date(2026, 10, 25)
    assert CZECH.span(first, first) == "14. září 2026"
    assert "2026" in CZECH.span(first, last)
    assert CZECH.place(18.282, 49.8346) == f"49,8346°{HARD}N, 18,2820°{HARD}E"


def test_small_groups_go_together_with_silence_first() -> None:
    rows = protected({("woman",): 69, ("man",): 70, ("other",): 4, (SILENT,): 77}, K)
    assert [(row.options, row.people) for row in rows] == [
        (("woman",), 69),
        (("man",), 70),
        (("other", SILENT), 81),
    ]


def test_nobody_is_a_number_that_may_be_told() -> None:
    rows = protected({("young",): 0, ("old",): 9}, K)
    assert [(row.options, row.people) for row in rows] == [(("young",), 0), (("old",), 9)]


def test_where_all_together_are_too_few_no_number_is_told() -> None:
    rows = protected({("young",): 1, ("old",): 2}, K)
    assert [(row.options, row.people) for row in rows] == [(("young", "old"), None)]


def test_no_table_lets_a_small_group_be_reckoned() -> None:
    """Whatever the counts: rows add up to all, and none of them is of one to four people."""
    dice = random.Random(20261121)  # noqa: S311 - the same counts each time
    for _ in range(500):
        counts = {(f"o{n}",): dice.choice([0, 1, 2, 4, 5, 6, 30]) for n in range(dice.randint(1, 6))}
        counts[SILENT,] = dice.choice([0, 1, 3, 5, 40])
        rows = protected(counts, K)
        assert sorted(option for row in rows for option in row.options) == sorted(o for (o,) in counts)
        assert all(row.people is None or row.people == 0 or row.people >= K for row in rows)
        if all(row.people is not None for row in rows):
            assert sum(row.people for row in rows) == sum(counts.values())
        else:
            assert sum(counts.values()) < K


def test_count_of_few_people_is_not_told() -> None:
    assert told(Count("a", 4, 90, 3), K) is None
    assert told(Count("a", 5, 5, 0), K) == Count("a", 5, 5, 0)
    assert told(Count("a", 0, 0, 0), K) == Count("a", 0, 0, 0)
