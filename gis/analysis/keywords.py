"""Key words: what people in one part of the comments say more often than those of the rest.

People are counted, not words: a voice is one person in one part (a feeling, a place, a group), and says a word
there once, however often it is written. For each word the voices here that say it are held against those there by
the log-likelihood ratio G² of the two-by-two table (Dunning 1993; Rayson and Garside 2000), which, unlike chi²,
may be asked of rare words. Where even G² has too few to go by, Fisher's exact test is more cautious, and the more
cautious of the two counts. Among hundreds of words some are frequent by luck: Benjamini and Hochberg (1995) keep
their share down. How strong a difference is says the log ratio (Hardie 2014): 1 is twice as often, 2 four times.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.special import chdtrc, gammaln, xlogy

from gis.analysis.hot_spots import false_discovery
from gis.analysis.lemmas import NOT
from gis.grid import Floats, Indices

LEAST_PEOPLE: Final = 5
"""Voices that have to say a word before it is one of many."""
LEAST_IN_PLACE: Final = 3
"""The same in a place or group, where fewer write."""
SURE: Final = 0.05
"""Of the words told, so great a share may be there by luck."""
LEAST_TIMES: Final = 1.25
"""A difference smaller than this tells nobody anything, however sure it is."""
MOST_OF_PART: Final = 0.5
"""A phrase stands for its part where this share of those who say the part say the phrase."""

Matrix = Any
"""A sparse matrix of scipy: rows are comments or voices, columns units; 1 where it is said."""


@dataclass(frozen=True)
class Said:
    """What comments say: a row a comment, a column a unit (a word, a phrase, a word taken away)."""

    units: tuple[str, ...]
    rows: Matrix = field(repr=False)
    person: Indices
    """Of each comment, numbers from 0."""

    def __len__(self) -> int:
        return len(self.person)

    def where(self, chosen: NDArray[Any]) -> Said:
        """Some of the comments, by a mask or by their numbers."""
        return Said(self.units, self.rows[chosen], self.person[chosen])

    def voices(self) -> Matrix:
        """A row for each person who wrote any of this, in the order of their numbers."""
        return self.voices_of(np.zeros(len(self), dtype=np.int64))[0]

    def voices_of(self, part: Indices) -> tuple[Matrix, Indices]:
        """A row for each person in each part, and that part."""
        if not len(self):
            return sparse.csr_matrix((0, len(self.units)), dtype=np.int32), np.zeros(0, dtype=np.int64)
        people = int(self.person.max()) + 1
        voices, voice = np.unique(part * people + self.person, return_inverse=True)
        gather = sparse.csr_matrix(
            (np.ones(len(self), dtype=np.int32), (voice, np.arange(len(self)))), shape=(len(voices), len(self))
        )
        said = (gather @ self.rows).tocsr()
        said.data[:] = 1
        return said, voices // people


@dataclass(frozen=True, slots=True)
class KeyWord:
    """One unit that is said more often here than there."""

    unit: int
    here: int
    here_of: int
    there: int
    there_of: int
    g2: float
    q: float
    """The false discovery rate at which it would just be told."""
    log_ratio: float


def said_in(comments: Iterable[Iterable[str]], person: ArrayLike, least_people: int = LEAST_IN_PLACE) -> Said:
    """What the comments say, without units that fewer people say anywhere: they can't become key words."""
    number: dict[str, int] = {}
    columns: list[int] = []
    starts = [0]
    for keys in comments:
        columns.extend(sorted({number.setdefault(key, len(number)) for key in keys}))
        starts.append(len(columns))
    shape = (len(starts) - 1, len(number))
    ones = np.ones(len(columns), dtype=np.int32)
    rows = sparse.csr_matrix((ones, np.asarray(columns, dtype=np.int64), np.asarray(starts)), shape=shape)
    units = tuple(number)
    whole = Said(units, rows, np.asarray(person, dtype=np.int64))
    kept = np.nonzero(counted(whole.voices()) >= least_people)[0]
    kept = kept[np.argsort([units[i] for i in kept], kind="stable")] if len(kept) else kept
    return Said(tuple(units[i] for i in kept), rows[:, kept].tocsr(), whole.person)


def counted(voices: Matrix) -> Indices:
    """How many voices say each unit."""
    return np.asarray(voices.sum(axis=0), dtype=np.int64).ravel()


def log_likelihood(here: ArrayLike, here_of: ArrayLike, there: ArrayLike, there_of: ArrayLike) -> Floats:
    """G² of those who say it and those who do not, here and there; never below 0, 0 where the shares are equal.

    >>> float(log_likelihood(10, 100, 20, 200).round(6))
    0.0
    """
    a, n, b, m = (np.asarray(one, dtype=np.float64) for one in (here, here_of, there, there_of))
    whole = n + m
    share = np.divide(a + b, whole, out=np.zeros_like(a + b + whole), where=whole > 0)
    expected = (n * share, m * share, n * (1 - share), m * (1 - share))
    found = np.zeros_like(share)
    for observed, mean in zip((a, b, n - a, m - b), expected, strict=True):
        # Where nothing is expected nothing is observed, and x log x of nothing is nothing.
        found = found + xlogy(
            observed, np.divide(observed, mean, out=np.ones_like(mean + observed), where=mean > 0)
        )
    return np.asarray(np.maximum(2 * found, 0.0), dtype=np.float64)


def chance(here: ArrayLike, here_of: int, there: ArrayLike, there_of: int) -> Floats:
    """How probable such a difference or a greater one is by luck: by G² or exactly, whichever is more cautious."""
    a, b = np.asarray(here, dtype=np.int64), np.asarray(there, dtype=np.int64)
    by_g2 = chdtrc(1, log_likelihood(a, here_of, b, there_of))
    exact = np.array([_upper_tail(int(x), here_of, int(y), there_of) for x, y in zip(a, b, strict=True)])
    return np.asarray(np.maximum(by_g2, np.minimum(1.0, 2 * exact)), dtype=np.float64)


def log_ratio(here: ArrayLike, here_of: ArrayLike, there: ArrayLike, there_of: ArrayLike) -> Floats:
    """How many times as often, as a power of two; half a voice stands for none, so that it stays finite."""
    a, n, b, m = (np.asarray(one, dtype=np.float64) for one in (here, here_of, there, there_of))
    found: Floats = np.log2((np.maximum(a, 0.5) * np.maximum(m, 1)) / (np.maximum(b, 0.5) * np.maximum(n, 1)))
    return found


def key_words(
    here: Indices, here_of: int, there: Indices, there_of: int, least_people: int = LEAST_PEOPLE
) -> list[KeyWord]:
    """The units said surely and noticeably more often here than there, strongest first.

    `here` and `there` count the voices that say each unit. All that enough voices say, here and there together,
    are tested: who says it is not looked at before.
    """
    tested = np.nonzero(here + there >= LEAST_PEOPLE)[0]
    a, b = here[tested], there[tested]
    g2 = log_likelihood(a, here_of, b, there_of)
    q = false_discovery(chance(a, here_of, b, there_of))
    ratio = log_ratio(a, here_of, b, there_of)
    told = (q <= SURE) & (ratio >= np.log2(LEAST_TIMES)) & (a >= least_people)
    found = [
        KeyWord(
            int(tested[i]), int(a[i]), here_of, int(b[i]), there_of, float(g2[i]), float(q[i]), float(ratio[i])
        )
        for i in np.nonzero(told)[0]
    ]
    return sorted(found, key=lambda word: (-word.g2, word.unit))


def without_doubles(words: Sequence[KeyWord], units: Sequence[str]) -> list[KeyWord]:
    """Words and phrases of which none says again what another does.

    A phrase, or a word taken away, stands for its part where most of those who say the part say it so; else a
    phrase stays only where it is stronger than both its parts.
    """
    by_unit = {units[word.unit]: word for word in words}
    dropped: set[str] = set()
    for key, word in by_unit.items():
        parts = [by_unit[part] for part in parts_of(key) if part in by_unit]
        for part in parts:
            if word.here >= MOST_OF_PART * part.here:
                dropped.add(units[part.unit])
        stronger = any(part.g2 > word.g2 and word.here < MOST_OF_PART * part.here for part in parts)
        if stronger and not key.startswith(NOT):
            dropped.add(key)
    return [word for word in words if units[word.unit] not in dropped]


def parts_of(key: str) -> tuple[str, ...]:
    """What a phrase, or a word taken away, is made of; nothing for a word."""
    if key.startswith(NOT):
        return (key.removeprefix(NOT),)
    return tuple(key.split()) if " " in key else ()


def _upper_tail(a: int, n: int, b: int, m: int) -> float:
    """Fisher's exact test, one-sided: a or more of the a + b who say it among the n here."""
    said = a + b
    most = min(said, n)
    if a <= 0 or most < a:
        return 1.0
    k = np.arange(a, most + 1)
    logs = _ln_choose(n, k) + _ln_choose(m, said - k) - _ln_choose(n + m, np.asarray(said))
    return float(np.exp(logs).sum())


def _ln_choose(n: int, k: NDArray[Any]) -> Floats:
    inside = (k >= 0) & (k <= n)
    safe = np.where(inside, k, 0)
    found: Floats = np.where(inside, gammaln(n + 1) - gammaln(safe + 1) - gammaln(n - safe + 1), -np.inf)
    return found
