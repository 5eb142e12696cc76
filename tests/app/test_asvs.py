"""The walk through ASVS: every requirement has its row, and every test that a row names is there."""

from __future__ import annotations

import re
from itertools import chain

from app.config import ROOT

PAGE = ROOT / "docs" / "security" / "asvs.md"
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([^|]+) \| ([^|]+) \| ([^|]*) \|$")
STATES = {"yes", "part", "no", "–"}

LAST = {
    "1.1": 7, "1.2": 4, "1.4": 5, "1.5": 4, "1.6": 4, "1.7": 2, "1.8": 2, "1.9": 2, "1.10": 1, "1.11": 2,
    "1.12": 2, "1.14": 6, "2.1": 12, "2.2": 3, "2.3": 3, "2.4": 6, "2.5": 7, "2.6": 3, "2.7": 6, "2.8": 7,
    "2.9": 3, "2.10": 4, "3.1": 1, "3.2": 4, "3.3": 4, "3.4": 5, "3.5": 3, "3.7": 1, "4.1": 5, "4.2": 2,
    "4.3": 3, "5.1": 5, "5.2": 8, "5.3": 10, "5.4": 3, "5.5": 4, "6.1": 3, "6.2": 6, "6.3": 2, "6.4": 2,
    "7.1": 4, "7.2": 2, "7.3": 4, "7.4": 3, "8.1": 4, "8.2": 3, "8.3": 8, "9.1": 3, "9.2": 4, "10.2": 2,
    "10.3": 3, "11.1": 8, "12.1": 3, "12.2": 1, "12.3": 6, "12.4": 2, "12.5": 2, "12.6": 1, "13.1": 5,
    "13.2": 6, "13.3": 2, "13.4": 2, "14.1": 4, "14.2": 6, "14.3": 3, "14.4": 7, "14.5": 4,
}  # fmt: skip
"""The last requirement of levels 1 and 2 in each section of 4.0.3."""
DELETED = {"1.4.2", "1.4.3", "1.12.1", "4.1.4", "7.3.2", "13.1.2", "13.2.4", "14.3.1"}


def rows() -> dict[str, tuple[str, str]]:
    """State and reason by number."""
    found = [ROW.match(line) for line in PAGE.read_text().splitlines()]
    listed = [match for match in found if match]
    assert len({match[1] for match in listed}) == len(listed), "a number stands twice"
    return {match[1]: (match[3].strip(), match[4].strip()) for match in listed}


def test_every_requirement_of_levels_one_and_two_has_its_row() -> None:
    wanted = {f"{section}.{n}" for section, last in LAST.items() for n in range(1, last + 1)} - DELETED
    assert set(rows()) == wanted


def test_every_row_says_how_it_stands_and_why() -> None:
    for number, (state, reason) in rows().items():
        assert state in STATES, number
        assert reason, number


def test_every_test_that_is_named_is_there() -> None:
    files = list((ROOT / "tests").rglob("test_*.py"))
    known = {path.stem for path in files}
    known |= set(chain.from_iterable(re.findall(r"def (test_\w+)", path.read_text()) for path in files))
    named = set(re.findall(r"`(test_\w+)`", PAGE.read_text()))
    assert named - known == set()
    assert len(named) > 80


def test_every_path_that_is_named_is_there() -> None:
    named = set(re.findall(r"`((?:app|deploy|docs|tests|services|views|static)/[\w./]+)`", PAGE.read_text()))
    missing = {name for name in named if not any((base / name).exists() for base in (ROOT, ROOT / "app"))}
    assert missing == set()
