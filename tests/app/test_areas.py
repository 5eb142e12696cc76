"""Areas as they stand in an address."""

from __future__ import annotations

import random

import pytest

from app.errors import Malformed
from app.inputs.area import MOST_CORNERS, area_text, parse_area

SQUARE = "15.50000 49.60000,15.60000 49.60000,15.60000 49.70000,15.50000 49.70000"


def test_area_comes_back_as_it_was() -> None:
    corners = parse_area(SQUARE)
    assert corners is not None
    assert area_text(corners) == SQUARE


def test_area_that_names_its_first_corner_again_is_the_same() -> None:
    assert parse_area(f"{SQUARE},15.5 49.6") == parse_area(SQUARE)


def test_no_area_is_none() -> None:
    assert parse_area("") is None
    assert parse_area(None) is None


@pytest.mark.parametrize(
    "text",
    [
        "15.5 49.6,15.6 49.6",
        "15.5 49.6,15.6 49.7,15.6 49.6,15.5 49.7",
        "15.5 49.6,15.5 49.6,15.5 49.6",
        "15.5 49.6,15.6 49.6,15.7 49.6",
        "15.5,49.6,15.6,49.7",
        "181 49,15 49,15 50",
        "15 91,15 49,16 50",
        "nan nan,15 49,16 50",
        "1e3 49,15 49,16 50",
        "١٥ 49,15 49,16 50",
        ",,,",
        "x" * 100_000,
        ",".join(["15.5 49.6"] * (MOST_CORNERS + 2)),
    ],
)
def test_area_that_encloses_nothing_or_crosses_itself_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        parse_area(text)


def test_no_text_does_anything_but_parse_or_refuse() -> None:
    chance = random.Random(49)  # noqa: S311 - the same every time
    for _ in range(3000):
        text = "".join(chance.choice("0123456789. ,-+exnaif\u00a0") for _ in range(chance.randrange(80)))
        try:
            corners = parse_area(text)
        except Malformed:
            continue
        assert corners is None or len(corners) >= 3
