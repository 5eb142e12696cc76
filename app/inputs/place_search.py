"""What somebody types who looks for a street, an address or a place: words in any order, the last unfinished."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from app.errors import Malformed, Problem
from app.i18n import N_

MOST_CHARACTERS: Final = 80
MOST_WORDS: Final = 8
LEAST_CHARACTERS: Final = 2
SPOT = re.compile(r"(-?[0-9]{1,3}(?:\.[0-9]{1,9})?),(-?[0-9]{1,2}(?:\.[0-9]{1,9})?)")

WORD = re.compile(r"[^\W_]+")
NUMBER = re.compile(r"[0-9]{1,5}[a-z]?")
SAID_BESIDE: Final = frozenset({"ulice", "ul", "c", "p", "cp", "ev", "cev", "cislo", "popisne", "evidencni"})
"""Words about an address that are no part of it, as people write them or as our own labels do."""
SHORTENED: Final = {
    "namesti": "nam", "trida": "tr", "nabrezi": "nabr", "svateho": "sv", "svate": "sv", "generala": "gen",
    "doktora": "dr", "kapitana": "kpt", "plukovnika": "plk", "profesora": "prof",
}  # fmt: skip
"""Words that address lists often shorten; the other way round the beginning of a word is enough."""


@dataclass(frozen=True)
class PlaceSearch:
    """Words to be found, all of them."""

    words: tuple[str, ...]
    """With at least one letter at their beginning; each may be the beginning of a word."""
    numbers: tuple[str, ...]
    """House numbers, or numbers in names."""
    is_typing_number: bool
    """Whether the last number may go on."""

    @property
    def all(self) -> tuple[str, ...]:
        """Words and numbers."""
        return (*self.words, *self.numbers)


def parse_places(text: str) -> PlaceSearch | None:
    """What a text looks for; None where it is too little to look for anything. No text is refused.

    >>> parse_places("Široká 12/3")
    PlaceSearch(words=('siroka',), numbers=('12', '3'), is_typing_number=True)
    """
    found = WORD.findall(plain(text[:MOST_CHARACTERS]))[:MOST_WORDS]
    if sum(map(len, found)) < LEAST_CHARACTERS and not any(NUMBER.fullmatch(word) for word in found):
        return None
    numbers = [word for word in found if NUMBER.fullmatch(word)]
    words = [word for word in found if not NUMBER.fullmatch(word)]
    kept = [word for word in words if word not in SAID_BESIDE]
    # "c" may be all that is typed yet; beside other words it stands before a number.
    words = kept or (words if not numbers else [])
    if not words and not numbers:
        return None
    last = bool(found) and found[-1] in numbers
    return PlaceSearch(tuple(words), tuple(numbers), last and text[-1:].isalnum())


def parse_spot(text: str) -> tuple[float, float]:
    """Longitude and latitude of "15.52,49.62"; Malformed for anything else."""
    found = SPOT.fullmatch(text)
    if not found or not (abs(float(found[1])) <= 180 and abs(float(found[2])) <= 90):
        raise Malformed(Problem("at", N_("A point is a longitude and a latitude in degrees.")))
    return float(found[1]), float(found[2])


def plain(text: str) -> str:
    """The text in small letters without accents, as the database's plain_words has it."""
    parts = unicodedata.normalize("NFKD", text.lower())
    return "".join(part for part in parts if not unicodedata.combining(part))
