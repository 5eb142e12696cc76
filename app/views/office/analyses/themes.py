"""Themes on the page: of each feeling why, in how many people's words; then by place, then by group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.db import session
from app.i18n import N_, Language
from app.inputs.filters import Scope
from app.queries.analysis_themes import Result
from app.queries.comments import comments_to_quote
from app.queries.layer_notes import limits
from app.queries.maps import CategoryRecord, MapRecord
from app.queries.theme_groups import GroupWord, Share
from app.queries.theme_parts import CategoryThemes, Theme, Word
from app.queries.theme_places import PlaceWords
from app.services.detectors import find_all
from app.services.vulgar import WordList, word_list
from app.views.office.analyses.frame import Choice, Table
from app.views.reader import number, reader_language, say
from gis.analysis.keywords import LEAST_IN_PLACE, LEAST_PEOPLE
from gis.analysis.wording import names_somebody, runs_down

FIRST_THEMES = 3
"""Of each feeling: seen at once; the others unfold."""
QUOTES = 1
"""Of each theme; its words lead to all comments."""
WORDS_IN_NAME = 5
THEMES_BY_GROUP = 6

NOTHING = N_("Too few people wrote the same to speak of themes.")
STRONGEST = N_("“%(category)s”: %(n)s of %(of)s people who wrote a word about it write of %(words)s.")
METHOD = (
    N_(
        "Comments, and answers in people’s own words, are brought to dictionary forms (simplemma); comments"
        " without accents are read with the accents that others on this map use. A negation stays with its word:"
        " “no light” is not “light”. Words of the questions themselves, the name of the town, and words that only"
        " praise or blame are left out."
    ),
    N_(
        "People are counted, not words: each person says a word once in each feeling, however often. A key word"
        " is said by at least %(least)s people, and by a larger share of those who wrote about this feeling than"
        " of those who wrote about the others (each person once for each of them): by the log-likelihood ratio G²"
        " (Dunning 1993; Rayson and Garside 2000), or by Fisher’s exact test where that is more cautious. Of all"
        " words told, at most about 5 %% are there by luck (Benjamini and Hochberg 1995)."
    ),
    N_(
        "Words are one theme when people write them in the same comments, or with the same other words; the"
        " numbers of a theme count everyone who writes at least one of its words."
    ),
    N_(
        "A place is compared with what is written of the same feeling in the rest of the town, a group with those"
        " who answered the same question otherwise; there a word needs %(few)s people. Nothing is told of places"
        " and groups of which fewer than %(k)s people wrote."
    ),
)
LIMITS = (
    N_(
        "It says what people write, not what is there: that many write of someone is no proof that those do harm."
        " Who writes is not who pins, and who pins is not the town."
    ),
    N_(
        "One person may have written about several feelings, and is then compared with themselves too; that makes"
        " the test, as a rule, more cautious. Irony, and a word with two meanings, are not recognised."
    ),
    N_(
        "Quoted are whole comments that everybody may read, each person once in a theme: none that was covered or"
        " hidden, that seems to name a person or gives a number or an address, or that runs people down. What is"
        " withdrawn later disappears here as well."
    ),
)


@dataclass(frozen=True)
class Quote:
    """One comment, and its pin."""

    pin: str
    text: str


@dataclass(frozen=True)
class ThemePart:
    """One theme on the page."""

    found: Theme
    words: Sequence[Word]
    """The first of them; all are in the table."""
    more: int
    quotes: Sequence[Quote]


@dataclass(frozen=True)
class PlacePart:
    """One place on the page."""

    found: PlaceWords
    quotes: Sequence[Quote]


@dataclass(frozen=True)
class Part:
    """One feeling on the page."""

    category: CategoryRecord
    found: CategoryThemes
    first: Sequence[ThemePart]
    others: Sequence[ThemePart]
    places: Sequence[PlacePart]

    @property
    def silent(self) -> float:
        """The share of its pins about which nothing was written."""
        return 1 - self.found.commented / self.found.pins if self.found.pins else 0.0


@dataclass(frozen=True)
class GroupLine:
    """One thing that a group writes more often than others, in the reader's words."""

    option: str
    category: CategoryRecord
    found: GroupWord


@dataclass(frozen=True)
class GroupTable:
    """Themes of one feeling by the options of one question."""

    category: CategoryRecord
    options: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Share | None]]]


@dataclass(frozen=True)
class QuestionPart:
    """One question on the page."""

    label: str
    lines: Sequence[GroupLine]
    tables: Sequence[GroupTable]


def context(the_map: MapRecord, result: Result) -> dict[str, Any]:
    """A part for every feeling that the map still has, one for every question, and the words on the method."""
    words = reader_language()
    quoted = _quotes(the_map, result)
    return {
        "found": result,
        "finding": headline(the_map, result),
        "parts": [_part(the_map, result, one, quoted) for one in _known(the_map, result)],
        "questions": list(_questions(the_map, result)),
        "notes": _notes(the_map, words),
    }


def headline(the_map: MapRecord, result: Result) -> str:
    """The theme that most people write of, for its size among those who wrote of that feeling."""
    words = reader_language()
    themes = [(one, theme) for one in _known(the_map, result) for theme in one.themes]
    if not themes:
        return words.gettext(NOTHING)
    part, theme = max(
        themes, key=lambda found: found[1].people / found[1].of - found[1].elsewhere / _some(found[1])
    )
    said = {
        "category": say(the_map.category_by_key[part.category].word),
        "n": number(theme.people),
        "of": number(theme.of),
        "words": _named(theme),
    }
    return words.gettext(STRONGEST, said)


def choices(the_map: MapRecord) -> Sequence[Choice]:
    """Nothing to choose."""
    return ()


def rows(the_map: MapRecord, result: Result) -> Table:
    """A row for each key word of a feeling, of a place, and for what groups write more often."""
    heading = ["part", "category", "place", "question", "option", "theme", "word", "is_name", "people", "of"]
    heading += ["elsewhere", "elsewhere_of", "g2", "q", "log_ratio"]
    return heading, _rows(the_map, result)


def _rows(the_map: MapRecord, result: Result) -> Iterator[list[Any]]:
    for one in _known(the_map, result):
        number_of = {word.text: i for i, theme in enumerate(one.themes, 1) for word in theme.words}
        for word in one.words:
            yield ["feeling", one.category, "", "", "", number_of.get(word.text, ""), *_cells(word)]
    for place in result.places:
        name = (
            place.name or ", ".join(word.text for word in place.names) or f"{place.lat:.4f} N, {place.lon:.4f} E"
        )
        for word in (*place.words, *place.names):
            yield ["place", place.category, name, "", "", "", *_cells(word)]
    for group in result.groups.words:
        theme = "" if group.theme is None else group.theme + 1
        start = ["group", group.category, "", group.question, group.option, theme, " · ".join(group.words), ""]
        numbers = [group.people, group.of, group.others, group.others_of, group.g2, group.q, group.log_ratio]
        yield [*start, *numbers]


def _cells(word: Word) -> list[Any]:
    numbers = [word.people, word.of, word.elsewhere, word.elsewhere_of, word.g2, word.q, word.log_ratio]
    return [word.text, "yes" if word.is_name else "no", *numbers]


def _known(the_map: MapRecord, result: Result) -> list[CategoryThemes]:
    return [one for one in result.categories if one.category in the_map.category_by_key]


def _quotes(the_map: MapRecord, result: Result) -> Mapping[str, str]:
    """The comments that may be quoted at this moment: pins change after a run."""
    themes = [theme.quotes for one in result.categories for theme in one.themes]
    pins = {pin for quotes in (*themes, *(place.quotes for place in result.places)) for pin in quotes}
    minded = word_list(the_map.vulgar_words, the_map.ordinary_words)
    found = comments_to_quote(session(), the_map, pins)
    return {pin: text for pin, text in found.items() if _may_stand(text, minded)}


def _may_stand(text: str, minded: WordList) -> bool:
    return not find_all(text, minded) and not names_somebody(text) and not runs_down(text)


def _part(the_map: MapRecord, result: Result, found: CategoryThemes, quoted: Mapping[str, str]) -> Part:
    told: set[str] = set()
    themes = [_theme(theme, quoted, told) for theme in found.themes]
    places = [
        PlacePart(place, _chosen(place.quotes, quoted, set(), 1))
        for place in result.places
        if place.category == found.category
    ]
    category = the_map.category_by_key[found.category]
    return Part(category, found, themes[:FIRST_THEMES], themes[FIRST_THEMES:], places)


def _theme(theme: Theme, quoted: Mapping[str, str], told: set[str]) -> ThemePart:
    quotes = _chosen(theme.quotes, quoted, told, QUOTES)
    return ThemePart(theme, theme.words[:WORDS_IN_NAME], max(0, len(theme.words) - WORDS_IN_NAME), quotes)


def _chosen(pins: Iterable[str], quoted: Mapping[str, str], told: set[str], most: int) -> list[Quote]:
    """The first of these that may be quoted and were not yet."""
    free = [pin for pin in pins if pin in quoted and pin not in told][:most]
    told.update(free)
    return [Quote(pin, quoted[pin]) for pin in free]


def _questions(the_map: MapRecord, result: Result) -> Iterator[QuestionPart]:
    for question in (*the_map.questions, *the_map.about):
        labels = {str(option["key"]): say(option["label"]) for option in question.options}
        shares = [share for share in result.groups.shares if share.question == question.key]
        if not shares:
            continue
        lines = [
            GroupLine(labels.get(one.option, one.option), the_map.category_by_key[one.category], one)
            for one in result.groups.words
            if one.question == question.key and one.category in the_map.category_by_key
        ]
        tables = [_table(the_map, one, shares, labels) for one in _known(the_map, result)]
        yield QuestionPart(say(question.label), lines, [table for table in tables if table.rows])


def _table(
    the_map: MapRecord, found: CategoryThemes, shares: Sequence[Share], labels: Mapping[str, str]
) -> GroupTable:
    mine = {(share.theme, share.option): share for share in shares if share.category == found.category}
    options = [key for key in labels if any(option == key for _, option in mine)]
    lines = [
        (_named(theme), [mine.get((i, option)) for option in options])
        for i, theme in enumerate(found.themes[:THEMES_BY_GROUP])
    ]
    category = the_map.category_by_key[found.category]
    return GroupTable(category, [labels[option] for option in options], lines if options else [])


def _named(theme: Theme) -> str:
    return ", ".join(word.text for word in theme.words[:WORDS_IN_NAME])


def _some(theme: Theme) -> int:
    return max(1, theme.elsewhere_of)


def _notes(the_map: MapRecord, words: Language) -> list[str]:
    said = {"least": LEAST_PEOPLE, "few": LEAST_IN_PLACE, "k": the_map.k}
    texts = [words.gettext(message, said) for message in (*METHOD, *LIMITS)]
    return [*texts, *limits(the_map, Scope.OFFICE, words)]
