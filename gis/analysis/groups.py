"""What an answer about oneself means, an age range or a sex, as the keys and labels of options say it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum


class Sex(StrEnum):
    """As censuses count."""

    WOMAN = "f"
    MAN = "m"


@dataclass(frozen=True, order=True)
class AgeRange:
    """Completed years, both ends included; `most` None: and over."""

    least: int
    most: int | None


@dataclass(frozen=True)
class Option:
    """One answer of a question: its key, and its words in all languages."""

    key: str
    labels: Sequence[str]


OLDEST_ASKED = 120
AGE_KEYS = re.compile(r"(^|_)(age|ages|agegroup|vek|veku|vekova|alter|wiek)(_|$)")
AGE_WORDS = re.compile(
    r"\b(vek|veku|vekov\w*|age|how old|kolik (je )?(vam|ti) (je )?(let|roku)|kolik (vam|ti)\b.*\blet)\b"
)
BETWEEN = re.compile(r"(\d{1,3}) ?(?:-|az|to|do|and|a|_) ?(\d{1,3})\b")
BELOW = re.compile(
    r"(?:mene nez|mladsi(?: nez)?|pod|under|less than|younger than|below|<) ?(\d{1,3})|^under_?(\d+)"
)
UP_TO = re.compile(r"(?:^do|^nejvyse|^maximalne|^up to|^to|<=) ?(\d{1,3})|(\d{1,3}) (?:a mene|or less|or under)")
OVER = re.compile(r"(?:nad|vice nez|starsi nez|over|older than|more than|>) ?(\d{1,3})\b")
FROM = re.compile(
    r"(\d{1,3}) ?_?(?:plus\b|\+|a vice|a starsi|a dele|let a vice|let a starsi|and over|and more|and older|"
    r"or over|or more|or older|years and over|years or over)|(?:^od|^from|>=) ?(\d{1,3})$"
)
HALF_OPEN = re.compile(r"vice nebo rovno (\d{1,3}) a mene nez (\d{1,3})")
"""As the Czech Statistical Office writes in its open data: "0 až 5 (více nebo rovno 0 a méně než 5)"."""
HALF_OPEN_TOP = re.compile(r"vice nebo rovno (\d{1,3})")

READINGS: tuple[tuple[re.Pattern[str], Callable[[list[int]], tuple[int, int | None]]], ...] = (
    (HALF_OPEN, lambda n: (n[0], n[1] - 1)),
    (HALF_OPEN_TOP, lambda n: (n[0], None)),
    (FROM, lambda n: (n[0], None)),
    (BETWEEN, lambda n: (n[0], n[1])),
    (BELOW, lambda n: (0, n[0] - 1)),
    (OVER, lambda n: (n[0] + 1, None)),
    (UP_TO, lambda n: (0, n[0])),
)
"""How each wording makes a range of its numbers; the first that fits counts."""
WOMEN = frozenset(
    {"woman", "women", "female", "f", "w", "zena", "zeny", "divka", "divky", "holka", "girl", "girls", "z"}
)
MEN = frozenset({"man", "men", "male", "m", "muz", "muzi", "chlapec", "chlapci", "kluk", "boy", "boys"})
ARTICLES = re.compile(r"^(a|an|the|jsem|i am) ")


def age_options(key: str, label: Sequence[str], options: Sequence[Option]) -> dict[str, AgeRange]:
    """The age range of each option of a question about age; empty for other questions, or where ranges overlap.

    An option without an age ("I'd rather not say") is left out. Half-open words are read by their neighbours:
    "up to 15" ends at 14 where another option begins with 15, "over 65" begins at 65 after one that ends at 64,
    and of 15–25 and 25–45 the first ends at 24.
    """
    if not AGE_KEYS.search(plain(key)) and not any(AGE_WORDS.search(plain(text)) for text in label):
        return {}
    read = {option.key: _range_of(option) for option in options}
    ranges = {key: ages for key, ages in read.items() if ages is not None}
    if len(ranges) < 2:
        return {}
    ranges = {key: _beside(ages, key, ranges) for key, ages in ranges.items()}
    ordered = sorted(ranges.values())
    ends = [OLDEST_ASKED if ages.most is None else ages.most for ages in ordered]
    apart = all(end < later.least for end, later in zip(ends, ordered[1:], strict=False))
    return ranges if apart else {}


def sex_options(options: Sequence[Option]) -> dict[str, Sex]:
    """Which option is women and which men; empty unless there is exactly one of each."""
    found = {option.key: sex for option in options if (sex := sex_of(option.key, *option.labels))}
    return found if sorted(found.values()) == [Sex.WOMAN, Sex.MAN] else {}


def age_range(text: str) -> AgeRange | None:
    """The age range that a text names.

    >>> age_range("15 až 24 let")
    AgeRange(least=15, most=24)
    >>> age_range("65+")
    AgeRange(least=65, most=None)
    """
    words = plain(text)
    for pattern, ends in READINGS:
        if found := pattern.search(words):
            least, most = ends([int(group) for group in found.groups() if group is not None])
            sound = least <= OLDEST_ASKED and (most is None or least <= most <= OLDEST_ASKED)
            return AgeRange(least, most) if sound else None
    return None


def sex_of(*texts: str) -> Sex | None:
    """The sex that the first telling one of these words names.

    >>> sex_of("žena")
    <Sex.WOMAN: 'f'>
    """
    for text in texts:
        word = ARTICLES.sub("", plain(text)).strip(" .")
        if word in WOMEN:
            return Sex.WOMAN
        if word in MEN:
            return Sex.MAN
    return None


def plain(text: str) -> str:
    """The text in small letters without accents, with plain dashes and single spaces."""
    parts = unicodedata.normalize("NFKD", text.lower())
    bare = "".join(part for part in parts if not unicodedata.combining(part))
    return " ".join(re.sub(r"[‐‑‒–—−]", "-", bare).split())


def _range_of(option: Option) -> AgeRange | None:
    """The range of the labels, which people read; of the key where they name none."""
    for text in (*option.labels, option.key):
        if found := age_range(text):
            return found
    return None


def _beside(ages: AgeRange, key: str, ranges: Mapping[str, AgeRange]) -> AgeRange:
    """The range moved by a year where it would overlap its neighbour or leave a gap of one."""
    others = [other for name, other in ranges.items() if name != key]
    if ages.least == 0 and ages.most is not None:
        starts = [other.least for other in others if other.least > 0]
        if starts and min(starts) - ages.most in (0, 2):
            return replace(ages, most=min(starts) - 1)
    if ages.most is not None and any(other.least == ages.most > ages.least for other in others):
        return replace(ages, most=ages.most - 1)
    if ages.most is None:
        ends = [other.most for other in others if other.most is not None]
        if ends and ages.least - max(ends) == 2:
            return replace(ages, least=max(ends) + 1)
    return ages
