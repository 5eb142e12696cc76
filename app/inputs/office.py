"""What an official asks of a map's pins: a filter in the address, a place in the list, a reason to hide."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Protocol

from app.errors import Malformed, Problem
from app.i18n import N_
from app.inputs.fields import storable
from app.inputs.filters import PinFilter
from app.inputs.heat import OFFICE_PARAMETERS, parse_office_heat

MOST_WORDS_CHARACTERS = 100
ANSWER_PREFIX, ABOUT_PREFIX = "answer_", "about_"
CURSOR = re.compile(r"(\d{1,17})\.([0-9a-f]{32})")

READY_REASONS: Mapping[str, str] = {
    "person": N_("The text names or points at a particular person."),
    "rude": N_("The text is vulgar or insulting."),
    "elsewhere": N_("It does not concern this place."),
    "repeated": N_("The same thing is on the map already."),
    "advert": N_("It is an advertisement."),
}
"""Reasons to hide a pin that can be chosen; the author reads them in the language of the map."""


class Question(Protocol):
    """What a filter needs to know of a question."""

    @property
    def key(self) -> str:
        """Its name."""

    @property
    def option_keys(self) -> Collection[str]:
        """What may be chosen."""


class FilteredMap(Protocol):
    """What a filter needs to know of a map."""

    @property
    def category_by_key(self) -> Mapping[str, object]:
        """Its categories."""

    @property
    def questions(self) -> Sequence[Question]:
        """What is asked about a pin."""

    @property
    def about(self) -> Sequence[Question]:
        """What is asked about the person."""


@dataclass(frozen=True)
class OfficeFilter:
    """Which pins an official looks at: what heat understands (`pins`), and what only lists and dots do."""

    pins: PinFilter = field(default_factory=PinFilter)
    words: str | None = None
    """A text within the comment, in whatever case."""
    person: uuid.UUID | None = None
    """All pins of one respondent."""
    answers: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)
    silent: bool = False
    """Whether the list also has pins without a comment."""

    @property
    def beyond_heat(self) -> bool:
        """Whether it asks for something that heat can't be asked for."""
        return bool(self.words or self.person or self.answers or self.about)

    @property
    def listed(self) -> OfficeFilter:
        """The filter of the list: pins with a comment, unless silent ones matter too.

        They do when one asks for pins that are not shown (each has to be decided) or for one person's.
        """
        if self.silent or self.pins.states is not None or self.person is not None:
            return self
        return replace(self, pins=replace(self.pins, commented=True))


@dataclass(frozen=True)
class Cursor:
    """A place in a list that runs from the newest to the oldest."""

    created_at: datetime
    id: uuid.UUID

    def __str__(self) -> str:
        """As it stands in an address: microseconds since 1970, and the id."""
        return f"{_microseconds(self.created_at)}.{self.id.hex}"


@dataclass(frozen=True)
class Hiding:
    """Why a pin is hidden: one of the ready reasons, own words, or both."""

    ready: str | None
    words: str


def parse_office_filter(arguments: Mapping[str, str], the_map: FilteredMap) -> OfficeFilter:
    """The filter of a query string; Malformed for values the map has not.

    Empty values, as forms send them, ask for nothing.
    """
    given = {key: value for key, value in arguments.items() if value != ""}
    since, until = given.get("since"), given.get("until")
    if since and until and since > until:  # days written year first sort as texts
        given |= {"since": until, "until": since}
    known = {key: [value] for key, value in given.items() if key in OFFICE_PARAMETERS}
    query, pins = parse_office_heat(known, the_map.category_by_key)
    pins = replace(
        pins,
        categories=frozenset({query.category}) if query.category else None,
        states=pins.states if "state" in given else None,
    )
    return OfficeFilter(
        pins=pins,
        words=_words(given.get("words")),
        person=_uuid("person", given["person"]) if "person" in given else None,
        answers=_answers(given, ANSWER_PREFIX, the_map.questions),
        about=_answers(given, ABOUT_PREFIX, the_map.about),
        silent=given.get("silent") == "1",
    )


def parse_cursor(text: str | None) -> Cursor | None:
    """The place in the list, or its beginning."""
    if not text:
        return None
    found = CURSOR.fullmatch(text)
    if not found:
        raise Malformed(Problem("before", N_("This is no place in the list.")))
    try:
        moment = datetime.fromtimestamp(int(found[1]) // 1_000_000, UTC).replace(
            microsecond=int(found[1]) % 1_000_000
        )
    except (ValueError, OverflowError, OSError) as error:
        raise Malformed(Problem("before", N_("This is no place in the list."))) from error
    return Cursor(moment, uuid.UUID(found[2]))


def parse_hiding(form: Mapping[str, str]) -> Hiding:
    """The reason a form gives; whether there is one at all is for the service to say."""
    ready = form.get("ready") or None
    if ready is not None and ready not in READY_REASONS:
        raise Malformed(
            Problem("ready", N_("This must be one of: %(allowed)s."), {"allowed": ", ".join(READY_REASONS)})
        )
    words = form.get("reason", "")
    if not storable(words):
        raise Malformed(Problem("reason", N_("The text holds characters that can't be stored.")))
    return Hiding(ready, words.strip())


def parse_seen(form: Mapping[str, str]) -> datetime | None:
    """When the pin had last changed as the official read it."""
    text = form.get("seen")
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Malformed(Problem("seen", N_("This must be a date and time like 2026-09-14T08:00:00Z."))) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _words(text: str | None) -> str | None:
    words = (text or "").strip()[:MOST_WORDS_CHARACTERS]
    if not storable(words):
        raise Malformed(Problem("words", N_("The text holds characters that can't be stored.")))
    return words or None


def _uuid(key: str, text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise Malformed(Problem(key, N_("This is not an id."))) from error


def _answers(given: Mapping[str, str], prefix: str, questions: Sequence[Question]) -> dict[str, str]:
    """Answers asked for, of questions with something to choose; Malformed for what nobody could choose."""
    found = {}
    for question in questions:
        value = given.get(prefix + question.key)
        if value is None or not question.option_keys:
            continue
        if value not in question.option_keys:
            allowed = ", ".join(sorted(question.option_keys))
            raise Malformed(
                Problem(prefix + question.key, N_("This must be one of: %(allowed)s."), {"allowed": allowed})
            )
        found[question.key] = value
    return found


def _microseconds(moment: datetime) -> int:
    return int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond
