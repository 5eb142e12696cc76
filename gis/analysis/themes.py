"""Themes: key words that people say together, and the comments that say most of them.

Two words belong together as far as people write them in the same comments (normalised pointwise mutual
information, Bouma 2009), or write them with the same other words: "feťáci" and "opilci" seldom stand in one
comment, but what stands beside them is alike (cosine of positive pointwise mutual information). The mean of both
joins them, by average linkage; words of one stem are always near. All counts are of people, and few people count
for less. No randomness: the same comments give the same themes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gis.analysis.keywords import Said, counted, parts_of
from gis.analysis.lemmas import NOT, folded
from gis.grid import Floats, Indices

APART: Final = 0.89
"""Distance, 1 less the likeness, up to which words are one theme; chosen by reading the comments of real maps."""
LEAST_TOGETHER: Final = 2
"""People who have to write two words together before that counts."""
CAUTION: Final = 3.0
"""So many people who write both count half, to keep rare pairs from seeming close."""
OF_ONE_STEM: Final = 0.6
STEM_LETTERS: Final = 5
LEAST_CONTEXT: Final = 5
"""People who have to say a word before what stands beside it tells anything."""
MOST_LETTERS: Final = 200
LEAST_LETTERS: Final = 20
BEST_LETTERS: Final = 90


@dataclass(frozen=True)
class _Together:
    """For some units: with how many people each stands in one comment with every unit."""

    people: Floats
    mine: Indices
    """People who say each of the chosen units."""
    all: Indices
    """People who say each unit."""
    whole: int


def themes_of(
    said: Said, words: Sequence[int], people_of: Callable[[Sequence[int]], int], part: Indices | None = None
) -> list[list[int]]:
    """The words as themes: those of most people first, and in each its most frequent word first.

    A person counts once in each `part` of the comments (a number for each: its feeling, say). What belongs
    together is learned from all that was said; `people_of` says how many people say any of some words where it
    matters (of one feeling, say).
    """
    if not words:
        return []
    groups: dict[int, list[int]] = {}
    for word, label in zip(words, _labels(_likeness(said, words, part)), strict=True):
        groups.setdefault(int(label), []).append(word)
    sorted_groups = [sorted(group, key=lambda word: (-people_of([word]), word)) for group in groups.values()]
    return sorted(sorted_groups, key=lambda group: (-people_of(group), group))


def quotes(
    said: Said, theme: Sequence[int], texts: Sequence[str], weight: Floats, quotable: NDArray[np.bool_], most: int
) -> list[int]:
    """Rows of the comments that say most of a theme in few words, no two of one person or alike.

    `weight` says how telling each unit is.
    """
    mine = said.rows[:, list(theme)]
    telling = np.asarray(mine @ weight[list(theme)], dtype=np.float64).ravel()
    beside = np.asarray(said.rows @ weight, dtype=np.float64).ravel()
    fitting = [int(row) for row in np.nonzero((telling > 0) & quotable)[0] if _fits(texts[int(row)])]

    def order(row: int) -> tuple[float, int, str]:
        length = len(texts[row])
        long = abs(np.log(length / BEST_LETTERS))
        return (-(telling[row] + 0.2 * beside[row]) / (1 + long), length, texts[row])

    chosen: list[int] = []
    people: set[int] = set()
    told: set[str] = set()
    for row in sorted(fitting, key=order):
        person, plain = int(said.person[row]), folded(texts[row].lower())
        if person not in people and plain not in told:
            chosen.append(row)
            people.add(person)
            told.add(plain)
        if len(chosen) == most:
            break
    return chosen


def same_stem(one: str, two: str) -> bool:
    """Whether two dictionary forms are plainly of one stem.

    >>> same_stem("nebezpečný", "¬bezpečně"), same_stem("komunita", "komunikace")
    (True, False)
    """
    a, b = (folded(word.removeprefix(NOT)) for word in (one, two))
    a, b = (word.removeprefix("ne") if len(word) > STEM_LETTERS else word for word in (a, b))
    same = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return same >= STEM_LETTERS and same > 0.6 * max(len(a), len(b))


def _labels(likeness: Floats) -> Indices:
    count = len(likeness)
    if count == 1:
        return np.ones(1, dtype=np.int64)
    from scipy.cluster.hierarchy import fcluster, linkage

    apart = 1 - likeness
    tree = linkage(apart[np.triu_indices(count, 1)], "average")
    return np.asarray(fcluster(tree, APART, "distance"), dtype=np.int64)


def _likeness(said: Said, words: Sequence[int], part: Indices | None) -> Floats:
    """How much each two words belong together, 0 to 1."""
    together = _together(said, words, np.zeros(len(said), dtype=np.int64) if part is None else part)
    stems = np.array(
        [
            [OF_ONE_STEM if i != j and same_stem(said.units[i], said.units[j]) else 0.0 for j in words]
            for i in words
        ]
    )
    found = np.maximum((_beside(together, words) + _alike(together, said, words)) / 2, stems)
    np.fill_diagonal(found, 1.0)
    return np.asarray((found + found.T) / 2, dtype=np.float64)


def _together(said: Said, words: Sequence[int], part: Indices) -> _Together:
    columns = said.rows.tocsc()
    people = np.zeros((len(words), len(said.units)))
    for i, word in enumerate(words):
        rows = columns.indices[columns.indptr[word] : columns.indptr[word + 1]]
        people[i] = counted(said.where(rows).voices_of(part[rows])[0])
        people[i, word] = 0
    everybody, _ = said.voices_of(part)
    all_people = counted(everybody)
    return _Together(people, all_people[list(words)], all_people, everybody.shape[0])


def _beside(together: _Together, words: Sequence[int]) -> Floats:
    """Normalised pointwise mutual information of the words among themselves, where it is above 0."""
    both = together.people[:, list(words)] / together.whole
    alone = np.outer(together.mine, together.mine) / together.whole**2
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.log(both / alone) / -np.log(both)
    found = np.where(both * together.whole >= LEAST_TOGETHER, np.nan_to_num(np.maximum(found, 0)), 0)
    count = together.people[:, list(words)]
    return np.asarray(np.minimum(found, 1) * count / (count + 2), dtype=np.float64)


def _alike(together: _Together, said: Said, words: Sequence[int]) -> Floats:
    """How alike what stands beside the words is: the cosine of their rows of mutual information."""
    context = [
        i
        for i, unit in enumerate(said.units)
        if together.all[i] >= LEAST_CONTEXT and " " not in unit and not unit.startswith(NOT)
    ]
    if not context:
        return np.zeros((len(words), len(words)))
    count = together.people[:, context]
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.outer(together.mine, together.all[context]) / together.whole
        known = np.maximum(np.log(count / expected), 0)
    known = np.where(count >= LEAST_TOGETHER, known, 0) * count / (count + CAUTION)
    place = {unit: i for i, unit in enumerate(context)}
    for i, word in enumerate(words):
        for part in parts_of(said.units[word]):
            # A phrase always stands beside its own words.
            known[i, [place[u] for u in context if said.units[u] == part]] = 0
    length = np.linalg.norm(known, axis=1, keepdims=True)
    rows = np.divide(known, length, out=np.zeros_like(known), where=length > 0)
    return np.asarray(rows @ rows.T, dtype=np.float64)


def _fits(text: str) -> bool:
    return LEAST_LETTERS <= len(text) <= MOST_LETTERS and not text.isupper()
