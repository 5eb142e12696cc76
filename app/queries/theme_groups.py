"""Who writes what: themes and words that one group writes more often than the others who answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from app.queries.maps import MapRecord
from app.queries.pin_table import options_of
from app.queries.theme_parts import Heard, Reasons, who_says
from gis.analysis.hot_spots import false_discovery
from gis.analysis.keywords import (
    LEAST_IN_PLACE,
    LEAST_PEOPLE,
    LEAST_TIMES,
    SURE,
    chance,
    counted,
    log_likelihood,
    log_ratio,
)

Told = Callable[[float], None]
"""Whom it tells which share of its work is done."""

LEAST_SAID = 15
"""People of all groups who say a single word, before it is tested: rarer ones could not become sure."""


@dataclass(frozen=True)
class Spoken:
    """How many people of a group wrote about a feeling, and how many of those who chose something else."""

    question: str
    option: str
    category: str
    writers: int
    others: int


@dataclass(frozen=True)
class GroupWord:
    """A theme, or a word, that one group writes more often than those who answered otherwise."""

    question: str
    option: str
    category: str
    words: tuple[str, ...]
    """The theme's words, or the one word."""
    theme: int | None
    """Which theme of its category, from 0; None for a single word."""
    people: int
    of: int
    others: int
    others_of: int
    g2: float
    q: float
    log_ratio: float


@dataclass(frozen=True)
class Share:
    """How many people of a group write of a theme, whether that is more than others or not."""

    question: str
    option: str
    category: str
    theme: int
    people: int
    of: int


@dataclass(frozen=True)
class Compared:
    """All that is known of groups."""

    words: tuple[GroupWord, ...]
    """What groups write surely more often than others, by question, surest first."""
    spoken: tuple[Spoken, ...]
    """Groups of which at least k people wrote, and as many others."""
    shares: tuple[Share, ...]
    tested: int


@dataclass(frozen=True)
class _Tested:
    """One comparison before anybody knows how many there are."""

    spoken: Spoken
    units: tuple[int, ...]
    theme: int | None
    people: int
    others: int


def compare_groups(
    the_map: MapRecord, heard: Heard, questions: Sequence[str], categories: Sequence[Reasons], told: Told
) -> Compared:
    """What groups write, held against those who answered otherwise, question by question; tells how far it is."""
    found: list[GroupWord] = []
    spoken: list[Spoken] = []
    shares: list[Share] = []
    tested = 0
    for i, question in enumerate(questions):
        told(i / len(questions))
        mine = list(_of_question(the_map, heard, question, categories))
        spoken.extend(dict.fromkeys(one.spoken for one in mine))
        # Themes and single words are tested apart: a few themes shall not drown among hundreds of words.
        themes = [one for one in mine if one.theme is not None]
        words = [one for one in mine if one.theme is None and one.people + one.others >= LEAST_SAID]
        tested += len(themes) + len(words)
        known: dict[tuple[str, str], set[int]] = {}
        found += [*_told(heard, themes, known), *_told(heard, words, known)]
        shares += [_share(one) for one in themes]
    return Compared(tuple(found), tuple(spoken), tuple(shares), tested)


def _of_question(
    the_map: MapRecord, heard: Heard, question: str, categories: Sequence[Reasons]
) -> Iterator[_Tested]:
    """Every theme and key word of every feeling, of each group held against the others who answered."""
    answers = heard.comments.answers[question]
    for number, reasons in enumerate(categories):
        rows = np.nonzero((heard.comments.category == number) & (answers > 0))[0]
        said = heard.said.where(rows)
        for i, option in enumerate(options_of(the_map, question)):
            voices, part = said.voices_of((answers[rows] >> i) & 1)
            mine, others = voices[part == 1], voices[part == 0]
            spoken = Spoken(question, option, reasons.shown.category, mine.shape[0], others.shape[0])
            if min(spoken.writers, spoken.others) < the_map.k:
                continue
            alone = counted(mine), counted(others)
            for units, theme in _comparable(reasons):
                a, b = (
                    int(count[units[0]]) if len(units) == 1 else who_says(voices, units)
                    for count, voices in zip(alone, (mine, others), strict=True)
                )
                if a + b >= LEAST_PEOPLE:
                    yield _Tested(spoken, units, theme, a, b)


def _comparable(reasons: Reasons) -> Iterator[tuple[tuple[int, ...], int | None]]:
    for i, theme in enumerate(reasons.themes):
        yield theme, i
    alone = {theme[0] for theme in reasons.themes if len(theme) == 1}
    for unit in reasons.words:
        if unit not in alone:
            yield (unit,), None


def _share(one: _Tested) -> Share:
    spoken = one.spoken
    return Share(spoken.question, spoken.option, spoken.category, one.theme or 0, one.people, spoken.writers)


def _told(heard: Heard, tested: Sequence[_Tested], taken: dict[tuple[str, str], set[int]]) -> Iterator[GroupWord]:
    """The sure ones; no word that was told already of the same group and feeling, alone or in a theme."""
    chances = [_chance(one) for one in tested]
    rates = false_discovery(chances)
    for i in sorted(range(len(tested)), key=lambda i: (chances[i], tested[i].units)):
        one = tested[i]
        known = taken.setdefault((one.spoken.option, one.spoken.category), set())
        four = (one.people, one.spoken.writers, one.others, one.spoken.others)
        ratio = float(log_ratio(*four))
        is_sure = rates[i] <= SURE and ratio >= np.log2(LEAST_TIMES) and one.people >= LEAST_IN_PLACE
        if is_sure and not known.intersection(one.units):
            known.update(one.units)
            yield GroupWord(
                one.spoken.question,
                one.spoken.option,
                one.spoken.category,
                tuple(heard.spellings.shown(heard.said.units[unit]) for unit in one.units),
                one.theme,
                *four,
                round(float(log_likelihood(*four)), 3),
                float(rates[i]),
                round(ratio, 3),
            )


def _chance(one: _Tested) -> float:
    return float(chance([one.people], one.spoken.writers, [one.others], one.spoken.others)[0])
