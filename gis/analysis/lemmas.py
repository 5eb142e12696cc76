"""What a comment says, as words that can be counted: dictionary forms, two-word phrases, and words taken away.

Forms become dictionary forms by simplemma's dictionaries ("lampy", "lampou": lampa). Three things need more care:

- On phones people leave the accents out. A comment without any is read with them: of all spellings that become
  the written word without their accents, the one that other comments of the map use most, else the dictionary's.
- A negation belongs to its word: "nebojím" is not "bát", and "není tu světlo" says the opposite of "světlo". Words
  behind a negation, within its part of the sentence, are counted a second time, marked by NOT.
- Two words that stand together are counted as a phrase beside the words ("vyloučená lokalita").
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import pairwise
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent.parent / "wordlists"
LANGUAGES: Final = ("cs", "en", "sk", "de", "uk")
"""Those whose dictionaries we read: others take most of a gigabyte, and their words stay as they are written."""
ACCENTED: Final = ("cs", "sk")
"""Languages that people write on phones without accents."""
NOT: Final = "¬"
REACH: Final = 5
"""Words behind a negation that may still belong to it; of them it takes away TAKEN that say something."""
TAKEN: Final = 2
LEAST_LETTERS: Final = 2
MOST_LETTERS: Final = 40

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_BREAK = re.compile(r"[.,;:!?()\[\]\n/…+\"„“]|\s[-–—]+\s|\d")
_ADVERSATIVE: Final = frozenset({"ale", "avšak", "však", "but", "jinak", "jen", "only"})
_PREFIX: Final = "ne"


@dataclass(frozen=True, slots=True)
class Unit:
    """Something said, and where: `key` is a dictionary form, two of them, or one that is taken away."""

    key: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Token:
    word: str
    start: int
    end: int
    breaks: bool
    """Whether something parts it from the word before."""
    lemma: str = ""
    negates: bool = False
    says: bool = False
    """Whether it says something by itself."""


@dataclass(frozen=True, slots=True)
class _Read:
    """A word in the language in which it was found."""

    lemma: str
    negates: bool
    is_negator: bool
    """Whether it is nothing but a negation."""
    is_mute: bool
    """Whether it says nothing by itself in this language; in another it may: "sad" is an orchard."""


@dataclass
class Lemmas:
    """Dictionary forms in the languages of a map, knowing how its people spell."""

    languages: Sequence[str]
    """Those of the map, its first one first."""
    mute: Collection[str] = ()
    """Further words that say nothing here, such as the name of the town; forms or dictionary forms."""
    _spelled: Counter[str] = field(default_factory=Counter, repr=False)
    _accented: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    _known: dict[tuple[str, bool, tuple[str, ...]], _Read] = field(default_factory=dict, repr=False)

    def learn(self, texts: Iterable[str]) -> None:
        """Learn how the words of these texts are spelled, with and without accents."""
        bare: set[str] = set()
        for text in texts:
            words = [match[0].lower() for match in _WORD.finditer(text)]
            if is_bare(text):
                bare.update(words)
            else:
                self._spelled.update(words)
                bare.update(word for word in words if word.isascii())
        self._accented = self._spellings(bare)
        self._known.clear()

    def units(self, text: str) -> list[Unit]:
        """What a text says, in order: words, phrases, words taken away; the same may come more than once."""
        tokens = self._tokens(text)
        found = [Unit(token.lemma, token.start, token.end) for token in tokens if token.says]
        for one, two in pairwise(tokens):
            if one.says and two.says and not two.breaks and one.lemma != two.lemma:
                found.append(Unit(f"{one.lemma} {two.lemma}", one.start, two.end))
        found.extend(_taken_away(tokens))
        return found

    def lemma(self, form: str) -> str:
        """The dictionary form of one word as it is written.

        >>> Lemmas(("cs",)).lemma("lampou")
        'lampa'
        >>> Lemmas(("cs",)).lemma("nebojím")
        'nebát'
        """
        return self._read(form.lower(), is_bare(form), self._kept).lemma

    def _tokens(self, text: str) -> list[_Token]:
        bare = is_bare(text)
        matches = list(_WORD.finditer(text))
        order = self._likely_languages([match[0].lower() for match in matches])
        found = []
        end = 0
        for match in matches:
            word = match[0].lower()
            read = self._read(word, bare, order)
            breaks = bool(_BREAK.search(text, end, match.start())) or end == 0
            says = LEAST_LETTERS < len(word) <= MOST_LETTERS and not read.is_mute and not read.is_negator
            says = says and word not in self.mute and read.lemma not in self.mute
            found.append(_Token(word, match.start(), match.end(), breaks, read.lemma, read.negates, says))
            end = match.end()
        return found

    def _likely_languages(self, words: Sequence[str]) -> tuple[str, ...]:
        """The languages of the map, that in which most of these words are known first."""
        if len(self._kept) < 2:
            return self._kept
        known = {language: sum(self._knows(language, word) for word in words) for language in self._kept}
        return tuple(sorted(self._kept, key=lambda language: -known[language]))

    def _knows(self, language: str, word: str) -> bool:
        return word in _dictionary(language) or (language in ACCENTED and word in self._accented)

    def _read(self, word: str, bare: bool, order: tuple[str, ...]) -> _Read:
        """What a word is in the first of these languages that has it."""
        key = (word, bare, order)
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._looked_up(self._with_accents(word, bare), order)
        return known

    def _with_accents(self, word: str, bare: bool) -> str:
        """The word as it is spelled; one of a comment with accents only where no dictionary has it as it is."""
        spellings = self._accented.get(word)
        if not spellings or (not bare and self._is_known(word)):
            return word
        own = (word,) if self._is_known(word) else ()
        likely: str = max((*own, *spellings), key=lambda spelling: self._spelled[spelling])
        return likely

    def _looked_up(self, word: str, order: Sequence[str]) -> _Read:
        for language in order:
            found = _own_forms(language).get(word) or _dictionary(language).get(word)
            if found is not None:
                return _as_read(word, *_with_negation(word, found, language), language)
            rest = word.removeprefix(_PREFIX)
            if language in ACCENTED and rest != word and len(rest) > LEAST_LETTERS:
                base = _dictionary(language).get(rest)
                if base is not None:
                    return _as_read(word, _PREFIX + base.lower(), True, language)
        guessed = self._guessed(word) if self._kept else word
        return next(
            (read for language in order if (read := _as_read(word, guessed, False, language)).is_mute),
            _as_read(word, guessed, False, order[0] if order else ""),
        )

    def _guessed(self, word: str) -> str:
        import simplemma

        found: str = simplemma.lemmatize(word, lang=self._kept[0])
        return found.lower()

    def _is_known(self, word: str) -> bool:
        return any(word in _dictionary(language) for language in self._kept)

    @cached_property
    def _kept(self) -> tuple[str, ...]:
        return tuple(language for language in self.languages if language in LANGUAGES)

    def _spellings(self, bare: Collection[str]) -> Mapping[str, tuple[str, ...]]:
        """For words without accents all known spellings that have some; one pass over the dictionary."""
        found: dict[str, set[str]] = {}
        accented = [language for language in self._kept if language in ACCENTED]
        if not bare or not accented:
            return {}
        known = (word for language in accented for word in _dictionary(language))
        for spelling in (*self._spelled, *known):
            if not spelling.isascii() and (plain := folded(spelling.lower())) in bare:
                found.setdefault(plain, set()).add(spelling.lower())
        return {plain: tuple(sorted(spellings)) for plain, spellings in found.items()}


def folded(text: str) -> str:
    """The text without diacritics.

    >>> folded("přechod")
    'prechod'
    """
    if text.isascii():
        return text
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))


def is_bare(text: str) -> bool:
    """Whether no letter of a text has a diacritic."""
    return text.isascii() or folded(text) == unicodedata.normalize("NFC", text)


@cache
def stop_words(language: str) -> frozenset[str]:
    """The words of a language that say nothing about a place by themselves."""
    return frozenset((*_listed(f"stop_{language}.txt"), *_listed(f"judge_{language}.txt")))


@cache
def negators(language: str) -> frozenset[str]:
    """The words of a language that take away what stands near them."""
    for line in _lines("negators.txt"):
        if line.startswith(f"{language}:"):
            return frozenset(line.removeprefix(f"{language}:").split())
    return frozenset()


@cache
def _own_forms(language: str) -> Mapping[str, str]:
    return dict(line.split(maxsplit=1) for line in _lines(f"forms_{language}.txt"))


@cache
def _dictionary(language: str) -> Mapping[str, str]:
    """Form to dictionary form; loaded when first asked for, for it takes a while and some tens of megabytes."""
    from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

    return DefaultDictionaryFactory().get_dictionary(language)


def _with_negation(word: str, found: str, language: str) -> tuple[str, bool]:
    """The dictionary gives "bát" for "nebojím": put the negation back, but not where ne- begins another word."""
    found = found.lower()
    if language not in ACCENTED or not word.startswith(_PREFIX) or found.startswith(_PREFIX):
        return found, False
    rest = word.removeprefix(_PREFIX)
    # "nejhezčí" is the most beautiful, not the opposite: "jhezčí" is no word.
    if word == "není" or rest in _dictionary(language):
        return _PREFIX + found, True
    return found, False


def _as_read(word: str, lemma: str, is_negated: bool, language: str) -> _Read:
    is_negator = word in negators(language) or lemma in negators(language)
    negates = is_negator or (is_negated and _is_verb(lemma))
    mute = stop_words(language)
    return _Read(lemma, negates, is_negator, word in mute or lemma in mute)


def _is_verb(lemma: str) -> bool:
    return lemma.endswith(("t", "ci", "ť", "ct"))


def _taken_away(tokens: Sequence[_Token]) -> Iterator[Unit]:
    """The words that a negation takes away: those behind it, or before it where nothing comes behind."""
    for i, token in enumerate(tokens):
        if not token.negates:
            continue
        taken = _near(tokens[i + 1 : i + 1 + REACH])
        if taken:
            for other in taken:
                yield Unit(NOT + other.lemma, token.start, other.end)
            continue
        before = list(reversed(tokens[max(0, i - REACH) : i]))
        for other in _near_before(before, token):
            yield Unit(NOT + other.lemma, other.start, token.end)


def _near(tokens: Sequence[_Token]) -> list[_Token]:
    found: list[_Token] = []
    for token in tokens:
        if token.breaks or token.word in _ADVERSATIVE or len(found) >= TAKEN:
            break
        if token.says:
            found.append(token)
    return found


def _near_before(tokens: Sequence[_Token], negation: _Token) -> list[_Token]:
    found: list[_Token] = []
    after = negation
    for token in tokens:
        if after.breaks or token.word in _ADVERSATIVE or found:
            break
        if token.says:
            found.append(token)
        after = token
    return found


def _listed(name: str) -> Iterator[str]:
    for line in _lines(name):
        yield from line.split()


def _lines(name: str) -> Iterator[str]:
    path = FOLDER / name
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line and not line.startswith("#"):
            yield line
