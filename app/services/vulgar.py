"""Vulgar words in a text: found by their stems whatever the case, diacritics, stretched or replaced letters.

The lists are files of our own (`app/wordlists`), where their signs are explained; a town adds words and lets
others pass.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "wordlists"
LISTS = ("cs", "en")

PREFIXES = (
    "na", "za", "po", "vy", "roz", "roze", "u", "ne", "nej", "do", "z", "ze", "s", "od", "pre", "pro", "ob", "o",
    "pri", "pod", "nad", "vo",
)  # fmt: skip
"""What stands before a verb's stem; at most two of them are taken off (ne-za-…)."""
MOST_PREFIXES = 2
LEAST_STARRED = 4
MOST_LETTERS = 40
"""Longer ones are no words."""
MOST_KNOWN = 20_000
"""Words whose answer one list remembers: people use few, again and again."""

LETTERS_FOR = str.maketrans("013457@$€!", "oieastasei")
"""Digits and signs that stand for letters."""

TOKEN = re.compile(r"[\w@$€!*]+")
"""A word, with the signs that may stand for its letters."""
GLUE = "-._*"
SPACED = re.compile(r"(?<!\w)[^\W\d_](?:[ .\-_*,]{1,2}[^\W\d_]){3,}(?!\w)")
"""Letters set apart one by one."""

INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
"""Characters that nobody sees, put between letters to hide a word."""

Span = tuple[int, int]


@dataclass(frozen=True)
class Spelling:
    """A word with every run of one letter drawn together, and how long the runs were."""

    letters: str
    runs: tuple[int, ...]


@dataclass
class Entries:
    """Words and stems to look up, by their drawn-together letters."""

    words: dict[str, list[Spelling]] = field(default_factory=dict)
    stems: dict[str, list[Spelling]] = field(default_factory=dict)
    lengths: set[int] = field(default_factory=set)

    def add(self, text: str) -> None:
        """Add a word, or a stem written with a star at its end."""
        spelling = _spelled(text.removesuffix("*"))
        if text.endswith("*"):
            self.stems.setdefault(spelling.letters, []).append(spelling)
            self.lengths.add(len(spelling.letters))
        else:
            self.words.setdefault(spelling.letters, []).append(spelling)

    def have(self, word: Spelling) -> bool:
        """Whether the word is among them, each letter at least as often in a row as in the entry."""
        if any(_covers(word.runs, entry.runs) for entry in self.words.get(word.letters, ())):
            return True
        return any(
            _covers(word.runs, entry.runs)
            for length in self.lengths
            for entry in self.stems.get(word.letters[:length], ())
        )


@dataclass(frozen=True)
class WordList:
    """What a town minds: plain entries, those that need their diacritics or follow prefixes, exceptions."""

    plain: Entries = field(default_factory=Entries)
    accented: Entries = field(default_factory=Entries)
    prefixed: Entries = field(default_factory=Entries)
    prefixed_accented: Entries = field(default_factory=Entries)
    ordinary: Entries = field(default_factory=Entries)
    _known: dict[str, bool] = field(default_factory=dict, repr=False, compare=False)

    def minds(self, word: str) -> bool:
        """Whether one word, in lower case and with its diacritics, is vulgar."""
        known = self._known.get(word)
        if known is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            known = self._known[word] = self._look_up(word)
        return known

    def _look_up(self, word: str) -> bool:
        plain = _spelled(without_marks(word))
        if self.ordinary.have(plain):
            return False
        if self.plain.have(plain) or _behind_prefix(self.prefixed, plain, self.ordinary):
            return True
        accented = _spelled(word)
        if accented.letters == plain.letters:
            return False
        return self.accented.have(accented) or _behind_prefix(self.prefixed_accented, accented, self.ordinary)


@cache
def built_in_words() -> Mapping[str, Sequence[str]]:
    """The entries of the built-in lists by language, as they are written there."""
    return {
        code: tuple(
            line
            for line in (FOLDER / f"{code}.txt").read_text(encoding="utf-8").split("\n")
            if line and not line.startswith("#")
        )
        for code in LISTS
    }


def readable_entry(entry: str) -> str:
    """An entry as a person reads it in the list: what may stand before it as a dash."""
    return f"-{entry[1:]}" if entry.startswith("~") else entry


@lru_cache(maxsize=256)
def word_list(vulgar: tuple[str, ...] = (), ordinary: tuple[str, ...] = ()) -> WordList:
    """The built-in lists with a town's own words and the words it lets pass."""
    own = WordList()
    built_in: Iterable[str] = (entry for entries in built_in_words().values() for entry in entries)
    for entry in (*built_in, *vulgar):
        text = entry.lstrip("~-")
        marked = without_marks(text) != text
        if entry.startswith("-"):
            own.ordinary.add(text)
            continue
        (own.accented if marked else own.plain).add(text)
        if entry.startswith("~"):
            (own.prefixed_accented if marked else own.prefixed).add(text)
    for text in ordinary:
        own.ordinary.add(without_marks(text.lstrip("~-")))
    return own


def vulgar_spans(text: str, words: WordList) -> list[Span]:
    """Where the text is vulgar: [start, end) of each word, in order."""
    low, places = _readable(text)
    found = [(start, end) for start, end, word in _words(low) if _is_vulgar(word, words)]
    found += [m.span() for m in SPACED.finditer(low) if words.minds(re.sub(r"[\W_]", "", m[0]))]
    if places is not None:
        found = [(places[start], places[end - 1] + 1) for start, end in found]
    return merged(found)


def merged(spans: Iterable[Span]) -> list[Span]:
    """The spans in order, overlapping ones as one."""
    done: list[Span] = []
    for start, end in sorted(spans):
        if done and start < done[-1][1]:
            done[-1] = (done[-1][0], max(end, done[-1][1]))
        else:
            done.append((start, end))
    return done


def without_marks(text: str) -> str:
    """The text without diacritics; as many letters as before for every Czech and Slovak text."""
    if text.isascii():
        return text
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))


def _readable(text: str) -> tuple[str, Sequence[int] | None]:
    """The text in lower case; where characters had to be dropped or joined, also where each of them stood."""
    if text.isascii() or (unicodedata.is_normalized("NFC", text) and not INVISIBLE.search(text)):
        low = text.lower()
        if len(low) == len(text):
            return low, None
    letters: list[str] = []
    places: list[int] = []
    for place, char in enumerate(text):
        if INVISIBLE.match(char):
            continue
        joined = (
            unicodedata.normalize("NFC", letters[-1] + char) if letters and unicodedata.combining(char) else ""
        )
        if len(joined) == 1:
            letters[-1] = joined
        else:
            letters.append(char.lower()[:1] or char)
            places.append(place)
    return "".join(letters), places


def _words(low: str) -> Iterator[tuple[int, int, str]]:
    """Words of a text; those glued by one dash, dot or underscore also as one."""
    glued: tuple[int, int, str] | None = None
    for token in TOKEN.finditer(low):
        start, end = token.span()
        word = token[0]
        yield start, end, word
        near = glued is not None and start - glued[1] == 1 and low[glued[1]] in GLUE
        if glued is not None and near and end - glued[0] <= MOST_LETTERS:
            glued = (glued[0], end, glued[2] + word)
            yield glued
        else:
            glued = (start, end, word)


def _is_vulgar(word: str, words: WordList) -> bool:
    word = word[:MOST_LETTERS]
    if word.isalpha():
        return words.minds(word)
    bare = word.strip("!*@$€_")
    if sum(char.isalpha() for char in bare) < 2:
        return False
    if "*" in bare:
        return _starred(bare, words)
    read = bare.translate(LETTERS_FOR)
    return words.minds(bare) or (read != bare and words.minds(read))


def _starred(word: str, words: WordList) -> bool:
    """Whether a word whose letters are covered by stars is one of the list: k*rva, f**k."""
    read = without_marks(word)
    for entries in (words.plain, words.accented):
        if any(len(entry) == len(read) and _reads(read, without_marks(entry)) for entry in entries.words):
            return True
        if any(_reads(read[: len(entry)], without_marks(entry)) for entry in entries.stems):
            return True
    return False


def _reads(starred: str, entry: str) -> bool:
    """Whether the stars may stand for the entry's letters; the first and half of all must be there to read."""
    stars = starred.count("*")
    return (
        len(starred) == len(entry) >= LEAST_STARRED
        and 0 < stars <= len(entry) / 2
        and starred[0] == entry[0]
        and all(char in ("*", letter) for char, letter in zip(starred, entry, strict=True))
    )


def _behind_prefix(entries: Entries, word: Spelling, ordinary: Entries, depth: int = MOST_PREFIXES) -> bool:
    for prefix in PREFIXES:
        if word.letters.startswith(prefix) and len(word.letters) > len(prefix) + 2:
            rest = Spelling(word.letters[len(prefix) :], word.runs[len(prefix) :])
            if ordinary.have(rest):
                continue
            if entries.have(rest) or (depth > 1 and _behind_prefix(entries, rest, ordinary, depth - 1)):
                return True
    return False


def _spelled(word: str) -> Spelling:
    letters: list[str] = []
    runs: list[int] = []
    for char in word:
        if letters and letters[-1] == char:
            runs[-1] += 1
        else:
            letters.append(char)
            runs.append(1)
    return Spelling("".join(letters), tuple(runs))


def _covers(runs: Sequence[int], least: Sequence[int]) -> bool:
    return all(n >= need for n, need in zip(runs, least, strict=False))
