"""What is looked for in texts: words in any order, each by its beginning, and exact phrases in quotes.

Czech words are inflected, so a word of five letters or more loses its ending and is looked for by what is left:
"lavička" finds "lavičky", "lavičkách", "lavičce" (k softens to c, h to z) and "laviček" (an e comes in). A word of
three or four letters that ends with a vowel is looked for in the forms its ending can take, as three letters begin
too many others: "voda" finds "vodu", not "vodovod". Accents and capitals never matter.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MOST_CHARACTERS = 100
LONG = 5
"""Letters from which on a word is looked for by its beginning."""
LEAST_STEM = 4
SHORT = 3

VOWELS = "aeiouy"
LONG_ENDINGS = ("ami", "emi", "ach", "ech", "ich", "ych", "eho", "iho", "emu", "imu", "ovi", "ymi", "imi")
SHORT_ENDINGS = ("ou", "um", "em", "am", "im", "ym")
FORMS = ("", "a", "e", "i", "o", "u", "y", "ou", "em", "um", "am", "ach", "ech", "ami")
SOFTENED = {"k": "c", "h": "z"}
FLEETING = "klnc"
"""Consonants before which an e comes and goes: lavička, laviček; světlo, světel; okno, oken; chodce, chodec."""

QUOTES = str.maketrans("„“”«»″", '""""""')
PHRASE = re.compile(r'"([^"]*)"')
EDGE = re.compile(r"^[\W_]+|[\W_]+$")


@dataclass(frozen=True, order=True)
class Form:
    """One text that a word may have: a beginning of it, or all of it."""

    text: str
    is_whole: bool = False


@dataclass(frozen=True)
class Search:
    """All of this has to be there."""

    text: str
    """As it was typed."""
    words: tuple[tuple[Form, ...], ...] = ()
    """Each in any of its forms."""
    phrases: tuple[str, ...] = ()
    sign: str | None = None
    """Where nothing has a letter or digit: the text itself, an emoji perhaps."""
    answer_keys: tuple[str, ...] = ()
    """Questions whose written answers are looked through as well."""


def parse_search(text: str, answer_keys: tuple[str, ...] = ()) -> Search | None:
    """What a text typed into the search field looks for; None for nothing. No text is refused.

    >>> parse_search('lampa "u školy"').phrases
    ('u školy',)
    """
    typed = text.strip()[:MOST_CHARACTERS].strip()
    if not typed:
        return None
    straight = typed.translate(QUOTES)
    phrases = tuple(phrase.strip() for phrase in PHRASE.findall(straight) if _speaks(phrase))
    words = [EDGE.sub("", word) for word in PHRASE.sub(" ", straight).replace('"', " ").split()]
    forms = tuple(forms_of(word) for word in words if word)
    sign = None if forms or phrases else typed
    return Search(typed, forms, phrases, sign, answer_keys)


def forms_of(word: str) -> tuple[Form, ...]:
    """The forms by which a word is found.

    >>> [form.text for form in forms_of("lavička")]
    ['lavicc', 'lavicek', 'lavick']
    """
    plain = _plain(word)
    if not plain.isascii() or not plain.isalpha() or len(plain) < SHORT:
        return (Form(word, is_whole=len(word) == 1),)
    if len(plain) >= LONG:
        return tuple(sorted({Form(beginning) for beginning in _beginnings(plain)}))
    if plain[-1] not in VOWELS:
        return (Form(plain),)
    stem = plain[:-1]
    forms = {Form(plain), *(Form(stem + ending, is_whole=True) for ending in FORMS)}
    if stem[-1] in SOFTENED:
        forms.add(Form(stem[:-1] + SOFTENED[stem[-1]] + "e", is_whole=True))
    return tuple(sorted(forms))


def _beginnings(plain: str) -> set[str]:
    """The stem of a long word, also softened, with and without the e that comes and goes."""
    stem = _stem(plain)
    found = {stem}
    before, last = stem[-2], stem[-1]
    if last in SOFTENED:
        found.add(stem[:-1] + SOFTENED[last])
    if before not in VOWELS and last in FLEETING:
        found.add(f"{stem[:-1]}e{last}")
    if last == "c" and before not in VOWELS:
        found |= {f"{stem[:-1]}k", f"{stem[:-1]}ek"}
    if last == "z" and before in VOWELS:
        found.add(f"{stem[:-1]}h")
    if before == "e" and last in FLEETING and len(stem) > LEAST_STEM and stem[-3] not in VOWELS:
        bare = stem[:-2] + last
        found |= {bare, bare[:-1] + SOFTENED.get(last, last)}
    return found


def _stem(plain: str) -> str:
    """A word without its ending, where enough is left of it."""
    for endings in (LONG_ENDINGS, SHORT_ENDINGS):
        for ending in endings:
            stem = plain.removesuffix(ending)
            if stem != plain and len(stem) >= LEAST_STEM and stem[-1] not in VOWELS:
                return stem
    stem = plain.rstrip(VOWELS)
    return stem if len(stem) >= LEAST_STEM else plain


def _plain(word: str) -> str:
    """The word in small letters without accents."""
    parts = unicodedata.normalize("NFKD", word.lower())
    return "".join(part for part in parts if not unicodedata.combining(part))


def _speaks(text: str) -> bool:
    return any(char.isalnum() for char in text)
