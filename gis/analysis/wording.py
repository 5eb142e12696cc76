"""How what is said is written: the spelling that people use most, names, and comments that name somebody."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from gis.analysis.lemmas import FOLDER, NOT, Lemmas, Unit, folded

_SENTENCE_END: Final = '.!?:\n-–"„“('
MUCH_RARER: Final = 1 / 3
MOST_WORDS: Final = 5
"""Of a spelling that is shown: what is taken away may stand far from what takes it."""
_TITLE = re.compile(
    r"\b(?:pan|paní|pána|pánem|panem|panu|pani|p|slečna|slečny|ing|mgr|bc|mudr|judr|phdr|doc|prof|mr|mrs|ms|soused\w*|"
    r"starost\w*|primátor\w*)\b\.?\s+(?=[^\W\d_])",
    re.IGNORECASE,
)
_PAIR = re.compile(r"\b([^\W\d_]{3,})\s+([^\W\d_][\w-]*)")
_WOMAN = re.compile(r"\b[^\W\d_]{3,}(?:ová|ové|ovou)\b")
_PERSONAL = re.compile(r"@|https?:|www\.|(?:\d[\s./-]?){6,}")


@dataclass
class Spellings:
    """How units are written in comments, counted comment by comment."""

    wanted: Collection[str]
    _seen: dict[str, Counter[str]] = field(default_factory=dict, repr=False)
    _capital: Counter[str] = field(default_factory=Counter, repr=False)
    _small: Counter[str] = field(default_factory=Counter, repr=False)
    _personal: Counter[str] = field(default_factory=Counter, repr=False)

    def add(self, text: str, units: Collection[Unit]) -> None:
        """Count the spellings of one comment."""
        shouts = text.isupper()
        names = names_somebody(text)
        for unit in units:
            if unit.key not in self.wanted:
                continue
            written = " ".join(text[unit.start : unit.end].split())
            self._seen.setdefault(unit.key, Counter())[written.lower() if shouts else written] += 1
            before = text[: unit.start].rstrip()
            begins = not before or before[-1] in _SENTENCE_END
            if not shouts and not begins:
                (self._capital if written[0].isupper() else self._small)[unit.key] += 1
            if names and any(word[0].isupper() for word in written.split()[begins:]):
                self._personal[unit.key] += 1

    def is_name(self, key: str) -> bool:
        """Whether people mostly write it with a capital where no sentence begins."""
        return self._capital[key] > self._small[key]

    def is_personal(self, key: str) -> bool:
        """Whether it mostly stands, with a capital, in comments that seem to name a person."""
        return 2 * self._personal[key] > self._seen.get(key, Counter()).total()

    def shown(self, key: str) -> str:
        """The spelling that most comments use, accents before none; small letters unless it is a name.

        The dictionary form is shown where it is not much rarer: "chodník" and not "chodníku".
        """
        seen = self._seen.get(key)
        if not seen:
            return key.removeprefix(NOT)
        counts: Counter[str] = Counter()
        for written, count in seen.items():
            counts[written if self.is_name(key) else written.lower()] += count
        short = {written: n for written, n in counts.items() if len(written.split()) <= MOST_WORDS} or counts
        joined: Counter[str] = Counter()
        for written, count in short.items():
            joined[folded(written)] += count
        best = min(
            short, key=lambda written: (-joined[folded(written)], written.isascii(), -short[written], written)
        )
        # Not for adjectives: their dictionary form is masculine, and what they speak of is left out.
        is_close = key in short and joined[folded(key)] >= MUCH_RARER * joined[folded(best)]
        return key if is_close and not self.is_name(key) and key[-1] not in "ýí" else best


def names_somebody(text: str) -> bool:
    """Whether a comment seems to name a person, or gives a number or address at which to reach one.

    Cautious: streets named for people count too. What is shown as typical has hundreds of others to choose from.

    >>> names_somebody("Soused Novák tu pouští psa"), names_somebody("Večer je v podchodu tma")
    (True, False)
    """
    if _PERSONAL.search(text) or any(match[0][0].isupper() for match in _WOMAN.finditer(text)):
        return True
    if any(text[match.end()].isupper() for match in _TITLE.finditer(text)):
        return True
    return any(
        one[0].isupper() and two[0].isupper() and _is_first_name(one)
        for one, two in (match.groups() for match in _pairs(text))
    )


def runs_down(text: str) -> bool:
    """Whether a comment has a word that runs people down for what they are."""
    words = re.findall(r"[^\W\d_]+", folded(text.lower()))
    whole, beginnings = _not_quoted()
    return any(word in whole or word.startswith(beginnings) for word in words)


def lemmas_of(lemmas: Lemmas, texts: Collection[str]) -> frozenset[str]:
    """All dictionary forms of some texts and their words as they stand: such as those of a question itself."""
    words = [word.lower() for text in texts for word in re.findall(r"[^\W\d_]+", text)]
    return frozenset(words) | {lemmas.lemma(word) for word in words}


def _pairs(text: str) -> list[re.Match[str]]:
    """Every two words that stand together, also those that share one."""
    found = []
    at = 0
    while (match := _PAIR.search(text, at)) is not None:
        found.append(match)
        at = match.start(2)
    return found


def _is_first_name(word: str) -> bool:
    """Whether it is a first name in one of its cases: Petr, Petrem; Jana, Janou."""
    plain = folded(word.lower())
    return any(plain.startswith(stem) and len(plain) <= most for stem, most in _first_names().items())


@cache
def _first_names() -> Mapping[str, int]:
    """The unchanging beginnings of first names, and how long they become at most."""
    found: dict[str, int] = {}
    for line in (FOLDER / "first_names.txt").read_text(encoding="utf-8").split("\n"):
        for name in () if line.startswith("#") or line.endswith(":") else line.split():
            plain = folded(name.lower())
            stem = plain.rstrip("aeiouy")
            stem = stem if len(stem) >= 3 else plain
            found[stem] = max(found.get(stem, 0), len(stem) + 3)
    return found


@cache
def _not_quoted() -> tuple[frozenset[str], tuple[str, ...]]:
    lines = (FOLDER / "not_quoted.txt").read_text(encoding="utf-8").split("\n")
    words = [word for line in lines if not line.startswith("#") for word in line.split()]
    return frozenset(word for word in words if not word.endswith("*")), tuple(
        word.removesuffix("*") for word in words if word.endswith("*")
    )
