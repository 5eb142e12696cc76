"""The words a town minds or lets pass, as an editor writes them: one a line, a star for every ending."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.errors import InvalidInput, Problem
from app.i18n import N_

WORD = re.compile(r"[^\W\d_]{2,40}\*?")
MOST_WORDS = 500
FIELDS = ("vulgar", "ordinary")


@dataclass(frozen=True)
class TownWords:
    """What a town adds to the built-in lists, and what of them it lets pass; in lower case, sorted."""

    vulgar: tuple[str, ...]
    ordinary: tuple[str, ...]


def parse_town_words(form: Mapping[str, str]) -> TownWords:
    """The two lists of the form; InvalidInput names the lines that are no words."""
    problems: list[Problem] = []
    vulgar, ordinary = (_words(field, form.get(field, ""), problems) for field in FIELDS)
    both = sorted(set(vulgar) & set(ordinary))
    if both:
        words = ", ".join(both)
        problems.append(
            Problem("ordinary", N_("A word can't be minded and let pass: %(words)s."), {"words": words})
        )
    if problems:
        raise InvalidInput(*problems)
    return TownWords(vulgar, ordinary)


def _words(field: str, text: str, problems: list[Problem]) -> tuple[str, ...]:
    words = {word.strip().lower() for word in re.split(r"[,\n]", text) if word.strip()}
    wrong = sorted(word for word in words if not WORD.fullmatch(word))
    if wrong:
        message = N_(
            "Write single words of letters, with a star at the end for all endings. These are not: %(words)s."
        )
        problems.append(Problem(field, message, {"words": ", ".join(word[:40] for word in wrong[:10])}))
    if len(words) > MOST_WORDS:
        problems.append(Problem(field, N_("At most %(most)s words fit here."), {"most": MOST_WORDS}))
    return tuple(sorted(words - set(wrong)))
