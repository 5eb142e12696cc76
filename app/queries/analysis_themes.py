"""Why people feel so: the words that belong to each feeling, place and group, and what is said with them.

What is kept has no comment in it: quotes are kept as pins, and read when they are shown, so that what people
withdraw or the town hides is gone from here at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy.orm import Session

from app.i18n import N_
from app.queries.analyses import Asked, Told
from app.queries.comments import Comments, read_comments
from app.queries.maps import MapRecord
from app.queries.pin_table import chosen_questions, read_pins
from app.queries.theme_groups import Compared, compare_groups
from app.queries.theme_parts import CategoryThemes, Heard, category_themes
from app.queries.theme_places import PlaceWords, place_words
from gis.analysis.keywords import Said, said_in
from gis.analysis.lemmas import Lemmas
from gis.analysis.wording import Spellings, lemmas_of, names_somebody, runs_down

READS = N_("Reading what people wrote")
LEMMAS = N_("Bringing words to their dictionary forms")
WEIGHS = N_("Holding each word against the rest of the town")
PLACES = N_("Reading place by place")
GROUPS = N_("Reading group by group")

AT_ONCE = 2_000
"""Comments between two words on how far it is."""
TOWN_ENDINGS = "- a y e ě u o ou em i ech ský ská ské ského skou ských ském".split()  # noqa: SIM905 - read as words
"""Of the town's own name, which says nothing in its own town."""


@dataclass(frozen=True)
class Result:
    """Everything the page says."""

    pins: int
    people: int
    commented: int
    """Pins about which something was written."""
    writers: int
    """People who wrote something."""
    categories: tuple[CategoryThemes, ...]
    places: tuple[PlaceWords, ...]
    groups: Compared


def find(session: Session, the_map: MapRecord, asked: Asked, told: Told) -> Result:
    """The themes of all comments that count for the office; there is nothing to choose."""
    told(0.0, READS)
    questions = [question.key for question in chosen_questions(the_map)]
    pins = read_pins(session, the_map)
    comments = read_comments(session, the_map, questions)
    heard = _heard(the_map, comments, told)
    told(0.6, WEIGHS)
    categories = [category_themes(heard, the_map, i, pins) for i in range(len(the_map.categories))]
    told(0.7, PLACES)
    places = place_words(session, the_map, heard, lambda share: told(0.75 + 0.15 * share, PLACES))
    told(0.9, GROUPS)
    groups = compare_groups(the_map, heard, questions, categories, lambda share: told(0.9 + 0.1 * share, GROUPS))
    return Result(
        pins=len(pins),
        people=pins.people,
        commented=len(comments),
        writers=len(np.unique(comments.person)),
        categories=tuple(one.shown for one in categories),
        places=places,
        groups=groups,
    )


def _heard(the_map: MapRecord, comments: Comments, told: Told) -> Heard:
    """What the comments say, and how it is written."""
    lemmas = Lemmas(the_map.languages)
    lemmas.learn(comments.texts)
    lemmas.mute = _says_nothing(the_map, lemmas)
    keys: list[list[str]] = []
    for start in range(0, len(comments), AT_ONCE):
        told(0.1 + 0.3 * start / len(comments), LEMMAS)
        keys.extend([unit.key for unit in lemmas.units(text)] for text in comments.texts[start : start + AT_ONCE])
    said = said_in(keys, comments.person)
    quotable = np.array(
        [
            bool(may) and not names_somebody(text) and not runs_down(text)
            for may, text in zip(comments.quotable, comments.texts, strict=True)
        ],
        dtype=np.bool_,
    )
    return Heard(comments, said, quotable, _spellings(lemmas, said, comments.texts, told))


def _spellings(lemmas: Lemmas, said: Said, texts: Sequence[str], told: Told) -> Spellings:
    spellings = Spellings(frozenset(said.units))
    for i, text in enumerate(texts):
        if i % AT_ONCE == 0:
            told(0.4 + 0.2 * i / len(texts), LEMMAS)
        spellings.add(text, lemmas.units(text))
    return spellings


def _says_nothing(the_map: MapRecord, lemmas: Lemmas) -> frozenset[str]:
    """The words of the questions themselves and the name of the town: to repeat them is no reason."""
    texts = [
        text
        for category in the_map.categories
        for words in (category.word, category.label, category.prompt)
        for text in (words or {}).values()
    ]
    town = the_map.town.lower()
    stem = town.rstrip("aeiouyáéíóúůýě")
    return lemmas_of(lemmas, texts) | {town} | {stem + ending.strip("-") for ending in TOWN_ENDINGS}
