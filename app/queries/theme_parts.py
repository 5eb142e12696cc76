"""What the comments of one feeling say more often than the others, as themes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from app.queries.comments import Comments
from app.queries.maps import MapRecord
from app.queries.pin_table import PinTable
from gis.analysis.keywords import (
    LEAST_IN_PLACE,
    LEAST_PEOPLE,
    KeyWord,
    Matrix,
    Said,
    counted,
    key_words,
    parts_of,
    without_doubles,
)
from gis.analysis.themes import quotes, themes_of
from gis.analysis.wording import Spellings
from gis.grid import Floats, Indices

MOST_WORDS = 250
"""Key words of a feeling that are kept, the strongest."""
MOST_GROUPED = 60
"""Key words that are made into themes: beyond them each is said by few."""
MOST_THEMES = 12
MOST_NAMES = 12
SHOWN_QUOTES = 2
MOST_COMMON = 6
MOST_QUOTES = 6
"""Kept for each theme: some may be gone, or be found unfit, when they are shown."""


@dataclass(frozen=True)
class Word:
    """One key word as people write it, with how many say it here and there."""

    text: str
    people: int
    of: int
    elsewhere: int
    elsewhere_of: int
    g2: float
    q: float
    log_ratio: float
    is_name: bool
    """A name of something in town: it says where, not why."""


@dataclass(frozen=True)
class Theme:
    """Key words that belong together, and who says any of them."""

    words: tuple[Word, ...]
    people: int
    of: int
    elsewhere: int
    elsewhere_of: int
    quotes: tuple[str, ...] = field(repr=False)
    """Pins whose comments say most of it."""


@dataclass(frozen=True)
class CategoryThemes:
    """Why people feel so, one feeling."""

    category: str
    pins: int
    people: int
    commented: int
    writers: int
    elsewhere_of: int
    """Voices of the other feelings: each person once in each."""
    tested: int
    """Words and phrases held against the rest."""
    themes: tuple[Theme, ...]
    common: tuple[Word, ...]
    """What most people say, whether of other feelings too or not: for maps on which little stands out."""
    names: tuple[Word, ...]
    words: tuple[Word, ...] = field(repr=False)
    """All key words, for the table."""


@dataclass(frozen=True)
class Heard:
    """All that was written, ready to be counted."""

    comments: Comments
    said: Said
    quotable: NDArray[np.bool_]
    spellings: Spellings = field(repr=False)

    def word(self, key: KeyWord) -> Word:
        """A key word as it is shown."""
        unit = self.said.units[key.unit]
        return Word(
            text=self.spellings.shown(unit),
            people=key.here,
            of=key.here_of,
            elsewhere=key.there,
            elsewhere_of=key.there_of,
            g2=round(key.g2, 3),
            q=key.q,
            log_ratio=round(key.log_ratio, 3),
            is_name=self.spellings.is_name(unit),
        )

    def without_people(self, words: Sequence[KeyWord]) -> list[KeyWord]:
        """The words that are not, and have in them no, names of persons, as far as can be told."""
        personal = self.spellings.is_personal
        units = self.said.units
        return [word for word in words if not any(map(personal, (units[word.unit], *parts_of(units[word.unit]))))]

    def is_name(self, key: KeyWord) -> bool:
        """Whether it names something in town."""
        return self.spellings.is_name(self.said.units[key.unit])

    def commonest(self, here: Indices, here_of: int, there: Indices, there_of: int) -> list[KeyWord]:
        """The words that most people here say, without names."""
        units, name = self.said.units, self.spellings.is_name
        often = [int(unit) for unit in np.argsort(-here, kind="stable") if here[unit] >= LEAST_IN_PLACE]
        in_names = {part for i in often if name(units[i]) for part in (units[i], *parts_of(units[i]))}
        chosen = [i for i in often if not parts_of(units[i]) and units[i] not in in_names]
        found = [KeyWord(i, int(here[i]), here_of, int(there[i]), there_of, 0.0, 1.0, 0.0) for i in chosen]
        return self.without_people(found)[:MOST_COMMON]

    def quotes(
        self, rows: Indices, theme: Sequence[int], weight: Floats, most: int, taken: Collection[str] = ()
    ) -> tuple[str, ...]:
        """The pins among these rows whose comments say most of some units; none that is quoted already."""
        free = np.array([self.comments.pins[row] not in taken for row in rows], dtype=np.bool_)
        texts = [self.comments.texts[row] for row in rows]
        chosen = quotes(self.said.where(rows), theme, texts, weight, self.quotable[rows] & free, most)
        return tuple(self.comments.pins[int(rows[i])] for i in chosen)


@dataclass(frozen=True)
class Reasons:
    """The themes of one category while a run still knows the numbers of its units."""

    shown: CategoryThemes
    themes: tuple[tuple[int, ...], ...]
    """The units of each theme shown, in its order."""
    words: tuple[int, ...]
    """The units of all key words."""


def category_themes(heard: Heard, the_map: MapRecord, category: int, pins: PinTable) -> Reasons:
    """The themes of the category with this number."""
    key = the_map.categories[category].key
    pinned = pins.of(key)
    voices, part = heard.said.voices_of(heard.comments.category.astype(np.int64))
    mine, others = voices[part == category], voices[part != category]
    here, there = counted(mine), counted(others)
    told = heard.without_people(key_words(here, mine.shape[0], there, others.shape[0]))
    found = without_doubles(told, heard.said.units)[:MOST_WORDS]
    rows = np.nonzero(heard.comments.category == category)[0]
    themes, groups = _themes(
        heard, [word for word in found if not heard.is_name(word)][:MOST_GROUPED], rows, mine, others
    )
    shown = CategoryThemes(
        category=key,
        pins=len(pinned),
        people=pinned.people,
        commented=len(rows),
        writers=mine.shape[0],
        elsewhere_of=others.shape[0],
        tested=int((here + there >= LEAST_PEOPLE).sum()),
        themes=themes,
        common=tuple(heard.word(word) for word in heard.commonest(here, mine.shape[0], there, others.shape[0])),
        names=tuple(heard.word(word) for word in found if heard.is_name(word))[:MOST_NAMES],
        words=tuple(heard.word(word) for word in found),
    )
    return Reasons(shown, groups, tuple(word.unit for word in found))


def who_says(voices: Matrix, units: Sequence[int]) -> int:
    """How many of these voices say any of these units."""
    chosen = np.zeros(voices.shape[1], dtype=np.int32)
    chosen[list(units)] = 1
    return int(np.count_nonzero(voices @ chosen))


def _themes(
    heard: Heard, reasons: Sequence[KeyWord], rows: Indices, mine: Matrix, others: Matrix
) -> tuple[tuple[Theme, ...], tuple[tuple[int, ...], ...]]:
    by_unit = {word.unit: word for word in reasons}
    part = heard.comments.category.astype(np.int64)
    groups = themes_of(heard.said, list(by_unit), lambda units: who_says(mine, units), part)[:MOST_THEMES]
    weight = np.zeros(len(heard.said.units))
    for word in reasons:
        weight[word.unit] = np.sqrt(word.g2)
    themes: list[Theme] = []
    quoted: set[str] = set()
    for group in groups:
        # What a page shows of one theme shall not come again with the next.
        chosen = heard.quotes(rows, group, weight, MOST_QUOTES, quoted)
        quoted.update(chosen[:SHOWN_QUOTES])
        themes.append(
            Theme(
                words=tuple(heard.word(by_unit[unit]) for unit in group),
                people=who_says(mine, group),
                of=mine.shape[0],
                elsewhere=who_says(others, group),
                elsewhere_of=others.shape[0],
                quotes=chosen,
            )
        )
    return tuple(themes), tuple(tuple(group) for group in groups)
