"""What an official asks of a map's pins: a filter in the address, a place in the list."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

from app.errors import Malformed, Problem
from app.i18n import N_
from app.inputs.area import parse_area
from app.inputs.fields import storable
from app.inputs.filters import PinFilter
from app.inputs.heat import (
    COUNTED_STATES,
    OFFICE_PARAMETERS,
    Arguments,
    HeatQuery,
    moment,
    not_one_of,
    parse_heat,
    single,
)
from app.inputs.search import parse_search
from app.models import Channel, PinState, PinStatus, QuestionType

FILTER_PARAMETERS = frozenset(
    {
        "category",
        "since",
        "until",
        "channel",
        "event",
        "state",
        "status",
        "answered",
        "flagged",
        "area",
        "words",
        "person",
    }
)
YES_NO = ("yes", "no")
ANSWER_PREFIX, ABOUT_PREFIX = "answer_", "about_"
CURSOR = re.compile(r"(\d{1,17})\.([0-9a-f]{32})")


class Question(Protocol):
    """What a filter needs to know of a question."""

    @property
    def key(self) -> str:
        """Its name."""

    @property
    def type(self) -> str:
        """How it is answered."""

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


class View(StrEnum):
    """How the list stands beside the map."""

    CARDS = "cards"
    TABLE = "table"


@dataclass(frozen=True)
class OfficeFilter:
    """Which pins an official looks at (dots, heat, legend and files follow), and how the list shows them."""

    pins: PinFilter = field(default_factory=PinFilter)
    silent: bool = False
    """Whether the list also has pins without a comment."""
    view: View = View.CARDS

    @property
    def listed(self) -> PinFilter:
        """The filter of the list: pins with a comment, unless silent ones matter too.

        They do when one asks for pins that are not shown or are flagged (each has to be decided), for one
        person's, or for words, which may stand in an answer.
        """
        pins = self.pins
        if self.silent or pins.states or pins.flagged or pins.person or pins.search:
            return pins
        return replace(pins, commented=True)


@dataclass(frozen=True)
class Cursor:
    """A place in a list that runs from the newest to the oldest."""

    created_at: datetime
    id: uuid.UUID

    def __str__(self) -> str:
        """As it stands in an address: microseconds since 1970, and the id."""
        return f"{_microseconds(self.created_at)}.{self.id.hex}"


def parse_office_filter(arguments: Mapping[str, str], the_map: FilteredMap) -> OfficeFilter:
    """The filter of a page's query string; Malformed for values the map has not.

    Empty values, as forms send them, ask for nothing; names that are no filter are somebody else's.
    """
    names = filter_names(the_map)
    given = {key: value for key, value in arguments.items() if key in names and value != ""}
    return OfficeFilter(
        pins=_pins(given, the_map),
        silent=arguments.get("silent") == "1",
        view=View.TABLE if arguments.get("view") == View.TABLE else View.CARDS,
    )


def parse_office_pins(arguments: Arguments, the_map: FilteredMap) -> PinFilter:
    """The pins a file shall hold; Malformed also for names that are no filter: nobody gets more than meant."""
    return _pins(single(arguments, filter_names(the_map)), the_map)


def parse_office_heat(arguments: Arguments, the_map: FilteredMap) -> tuple[HeatQuery, PinFilter]:
    """The heat that an official asks for, and the pins it is made of: of every category, as all share a scale."""
    known = filter_names(the_map) | OFFICE_PARAMETERS
    query = parse_heat(arguments, the_map.category_by_key, known)
    pins = _pins(single(arguments, known), the_map)
    return query, replace(pins, categories=None, states=pins.states or COUNTED_STATES)


def filter_names(the_map: FilteredMap) -> frozenset[str]:
    """The parameters by which an official may choose pins of this map."""
    answers = {ANSWER_PREFIX + question.key for question in the_map.questions if question.option_keys}
    about = {ABOUT_PREFIX + question.key for question in the_map.about if question.option_keys}
    return FILTER_PARAMETERS | answers | about


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


def _pins(given: Mapping[str, str], the_map: FilteredMap) -> PinFilter:
    """The filter of values that are not empty."""
    since, until = given.get("since"), given.get("until")
    if since and until and since > until:  # days written year first sort as texts
        since, until = until, since
    category, state, status = given.get("category"), given.get("state"), given.get("status")
    return PinFilter(
        categories=frozenset({_one_of("category", category, the_map.category_by_key)}) if category else None,
        since=moment("since", since),
        until=moment("until", until, end=True),
        states=frozenset({PinState(_one_of("state", state, list(PinState)))}) if state else None,
        channel=_one_of("channel", given["channel"], list(Channel)) if "channel" in given else None,
        event=_storable("event", given["event"]) if "event" in given else None,
        status=PinStatus(_one_of("status", status, list(PinStatus))) if status else None,
        answered=_one_of("answered", given["answered"], YES_NO) == "yes" if "answered" in given else None,
        flagged=_one_of("flagged", given["flagged"], YES_NO) == "yes" if "flagged" in given else None,
        area=parse_area(given.get("area")),
        search=parse_search(_storable("words", given.get("words", "")), _written(the_map)),
        person=_uuid("person", given["person"]) if "person" in given else None,
        answers=_answers(given, ANSWER_PREFIX, the_map.questions),
        about=_answers(given, ABOUT_PREFIX, the_map.about),
    )


def _written(the_map: FilteredMap) -> tuple[str, ...]:
    """The questions about a pin that people answer in their own words."""
    return tuple(question.key for question in the_map.questions if question.type == QuestionType.TEXT)


def _one_of(name: str, value: str, allowed: Collection[str]) -> str:
    if value not in allowed:
        raise not_one_of(name, list(allowed))
    return value


def _storable(name: str, text: str) -> str:
    if not storable(text):
        raise Malformed(Problem(name, N_("The text holds characters that can't be stored.")))
    return text


def _uuid(key: str, text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise Malformed(Problem(key, N_("This is not an id."))) from error


def _answers(given: Mapping[str, str], prefix: str, questions: Sequence[Question]) -> tuple[tuple[str, str], ...]:
    """Answers asked for, of questions with something to choose; Malformed for what nobody could choose."""
    return tuple(
        (question.key, _one_of(prefix + question.key, given[prefix + question.key], sorted(question.option_keys)))
        for question in questions
        if question.option_keys and prefix + question.key in given
    )


def _microseconds(moment: datetime) -> int:
    return int(moment.replace(microsecond=0).timestamp()) * 1_000_000 + moment.microsecond
