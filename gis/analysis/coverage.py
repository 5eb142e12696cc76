"""Who took part against who lives in the town: shares of age groups and sexes, and how many are missing.

The census counts people by age and sex; a map asks for age in groups of its own. Where one of these cuts across
a census group, that group's people are split as if they were spread evenly over its years.

The share of each group among those who answered is compared with its share among the town's people of the ages
asked for. Its uncertainty is Wilson's score interval (E. B. Wilson, Probable inference, the law of succession, and
statistical inference, Journal of the American Statistical Association 22, 1927); the census is taken as exact.
People came of their own accord, so the interval speaks of chance alone, not of who feels invited.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gis.analysis.groups import AgeRange, Sex

Z_95: Final = 1.959963984540054
OLDEST: Final = 100
"""Where "and over" is taken to end when its people have to be split."""
FEWEST: Final = 10
"""Of fewer answers nothing is said about shares."""


@dataclass(frozen=True)
class CensusGroup:
    """So many people of one sex within an age range."""

    ages: AgeRange
    sex: Sex
    people: int


class Verdict(StrEnum):
    """What may be said of a group's share: too small, too large, or no more than chance."""

    UNDER = "under"
    OVER = "over"
    EVEN = "even"


@dataclass(frozen=True)
class GroupShare:
    """One group among the participants and among the people."""

    key: str
    seen: int
    """Participants."""
    residents: float
    """People of the census, split where a census group was cut."""
    seen_share: float
    expected_share: float
    low: float
    high: float
    """Wilson's 95 % interval of `seen_share`."""
    missing: int
    """How many more of them, and nobody else, would make the shares equal; 0 where there are enough."""

    @property
    def ratio(self) -> float | None:
        """How many times their share of the town they are; None where the census has nobody of them."""
        return self.seen_share / self.expected_share if self.expected_share else None

    @property
    def ratio_interval(self) -> tuple[float, float] | None:
        """The 95 % interval of the ratio."""
        return (self.low / self.expected_share, self.high / self.expected_share) if self.expected_share else None

    @property
    def verdict(self) -> Verdict:
        """Whether the share differs by more than chance."""
        if self.high < self.expected_share:
            return Verdict.UNDER
        return Verdict.OVER if self.low > self.expected_share else Verdict.EVEN


@dataclass(frozen=True)
class Coverage:
    """The groups of one question against the census."""

    groups: Sequence[GroupShare]
    answered: int
    """Participants in one of the groups."""
    residents: float
    """People of the census in one of the groups."""
    is_split: bool
    """Whether a census group had to be split."""

    @property
    def is_enough(self) -> bool:
        """Whether there are answers enough to speak of shares."""
        return self.answered >= FEWEST and self.residents > 0

    @property
    def missing(self) -> list[GroupShare]:
        """The groups with too small a share, the one that lacks most people first."""
        under = [group for group in self.groups if group.verdict is Verdict.UNDER and group.missing]
        return sorted(under, key=lambda group: -group.missing)


def wilson(seen: int, n: int, z: float = Z_95) -> tuple[float, float]:
    """Wilson's score interval of a share.

    >>> tuple(round(end, 3) for end in wilson(10, 100))
    (0.055, 0.174)
    """
    if n == 0:
        return 0.0, 1.0
    share = seen / n
    middle = share + z * z / (2 * n)
    half = z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    whole = 1 + z * z / n
    # At 0 and n the formula gives the ends themselves, but for the last digits.
    low = 0.0 if seen == 0 else (middle - half) / whole
    return low, 1.0 if seen == n else (middle + half) / whole


def age_coverage(
    census: Sequence[CensusGroup], ages: Mapping[str, AgeRange], seen: Mapping[str, int], sex: Sex | None = None
) -> Coverage:
    """The age groups of a question against the census, of both sexes or of one."""
    groups = [group for group in census if sex in (None, group.sex)]
    residents = {key: residents_of(groups, wanted) for key, wanted in ages.items()}
    return _coverage(residents, seen, is_split=any(_cuts(wanted, groups) for wanted in ages.values()))


def sex_coverage(census: Sequence[CensusGroup], sexes: Mapping[str, Sex], seen: Mapping[str, int]) -> Coverage:
    """The sexes of a question against the census; who answered otherwise is in no group."""
    residents = {
        key: float(sum(group.people for group in census if group.sex is sex)) for key, sex in sexes.items()
    }
    return _coverage(residents, seen, is_split=False)


def cross_coverage(
    census: Sequence[CensusGroup],
    ages: Mapping[str, AgeRange],
    sexes: Mapping[str, Sex],
    seen: Mapping[tuple[str, str], int],
) -> dict[tuple[str, str], GroupShare]:
    """Each age group of each sex, by (age option, sex option); shares are of all these together."""
    residents: dict[tuple[str, str], float] = {}
    for sex_key, sex in sexes.items():
        groups = [group for group in census if group.sex is sex]
        residents |= {(age_key, sex_key): residents_of(groups, wanted) for age_key, wanted in ages.items()}
    found = _coverage(
        {cross_key(pair): people for pair, people in residents.items()},
        {cross_key(pair): people for pair, people in seen.items()},
        is_split=False,
    )
    return dict(zip(residents, found.groups, strict=True))


def residents_of(census: Sequence[CensusGroup], wanted: AgeRange) -> float:
    """How many people of the census are of these ages, where a group is cut as its years are."""
    return sum(group.people * _part(group.ages, wanted) for group in census)


def missing_people(seen: int, n: int, expected_share: float) -> int:
    """How many more people of a group would bring its share to the expected one, if nobody else came.

    >>> missing_people(34, 838, 0.21)
    180
    """
    if expected_share >= 1 or seen >= expected_share * n:
        return 0
    # A hair less, so that a sum that comes out whole in decimals is not rounded up in binary.
    return math.ceil((expected_share * n - seen) / (1 - expected_share) - 1e-9)


def cross_key(pair: tuple[str, str]) -> str:
    """One key of an age option and a sex option."""
    return "/".join(pair)


def _coverage(residents: Mapping[str, float], seen: Mapping[str, int], *, is_split: bool) -> Coverage:
    everybody = sum(residents.values())
    n = sum(seen.get(key, 0) for key in residents)
    groups = []
    for key, people in residents.items():
        count = seen.get(key, 0)
        expected = people / everybody if everybody else 0.0
        low, high = wilson(count, n)
        share = count / n if n else 0.0
        groups.append(
            GroupShare(key, count, people, share, expected, low, high, missing_people(count, n, expected))
        )
    return Coverage(groups, n, everybody, is_split)


def _part(whole: AgeRange, wanted: AgeRange) -> float:
    """The part of a census group's years that is wanted."""
    least, most = max(whole.least, wanted.least), min(_end(whole), _end(wanted))
    if wanted.most is None and whole.most is None and whole.least >= wanted.least:
        return 1.0
    return max(0, most - least + 1) / (_end(whole) - whole.least + 1)


def _cuts(wanted: AgeRange, census: Sequence[CensusGroup]) -> bool:
    return any(0 < _part(group.ages, wanted) < 1 for group in census)


def _end(ages: AgeRange) -> int:
    return max(OLDEST, ages.least) if ages.most is None else ages.most
