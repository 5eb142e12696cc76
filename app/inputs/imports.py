"""What the rows of a file mean for a map: pins ready to store, or the reasons why not."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from app.errors import Problem
from app.i18n import N_
from app.inputs.answers import Question
from app.inputs.pin_files import PinRows
from app.inputs.row_ids import NAMESPACE, Times, named, salted, unsalted
from app.inputs.row_values import (
    Bad,
    Known,
    answers_json,
    comment_of,
    member_of,
    moment_of,
    text_of,
    uuid_of,
    zoom_of,
)
from app.models import Channel, PinState, PinStatus
from gis.grid import Floats

ABOUT_PREFIXES = ("about.", "about_")


@dataclass(frozen=True)
class ImportOptions:
    """Which fields of a file hold what; those not named are looked for under our own names."""

    category_field: str | None = None
    category_keys: Mapping[str, str] = field(default_factory=dict)
    comment_field: str | None = None
    respondent_field: str | None = None
    created_field: str | None = None
    category: str | None = None
    """The key of one category that every row means."""
    only_named: bool = False
    """For a stranger's file: a field that is not named here means nothing, whatever it is called."""
    keep_channel: bool = False
    """For a map folder's own pins: they say how they came. Otherwise the channel is `import`."""


@dataclass(frozen=True)
class ImportMap:
    """What a row is checked against."""

    slug: str
    secret: bytes
    """The map's salt: else whoever guesses a row's person could tell by its pin's id that the guess is right."""
    categories: Mapping[str, str]
    """Category key by everything that may name it, folded: keys, words, labels."""
    events: frozenset[str]
    questions: tuple[Question, ...]
    about: tuple[Question, ...]


@dataclass(frozen=True)
class OlderIds:
    """What an earlier version would have called the rows and their persons; nothing new is stored under these."""

    ids: Sequence[str]
    respondents: Sequence[str]


@dataclass(frozen=True)
class ImportedPins:
    """Pins from a part of a file, as columns of one length; not yet placed in squares."""

    rows: Sequence[int]
    """Which rows of the part they are."""
    ids: Sequence[str]
    """Written without dashes, the respondents' as well."""
    respondents: Sequence[str]
    category: Sequence[str]
    comment: Sequence[str | None]
    created_at: Sequence[datetime | None]
    channel: Sequence[str]
    event: Sequence[str | None]
    zoom: Sequence[int | None]
    state: Sequence[str]
    status: Sequence[str]
    answer: Sequence[str | None]
    answered_at: Sequence[datetime | None]
    answers: Sequence[str]
    """JSON, as is what they said about themselves."""
    about: Sequence[str]
    older: OlderIds | None = None
    """None where nothing of an earlier version can be stored."""

    def __len__(self) -> int:
        return len(self.rows)


class PartReader:
    """Reads the parts of one file; remembers what it has seen, so that equal rows become different pins.

    Column by column, and a text that comes again is not read again.
    """

    def __init__(self, target: ImportMap, options: ImportOptions, *, with_older: bool = False) -> None:
        self.target = target
        self.options = options
        self._mark = salted(target.slug, target.secret)
        self._times = Times()
        self._people = Known(lambda written: self._respondent(self._mark, written))
        self._older_mark = unsalted(target.slug) if with_older else None
        self._older_times = Times()
        self._older_people = Known(lambda written: self._respondent(unsalted(target.slug), written))
        created = options.created_field or "created_at"
        self._category = Known(self._category_of)
        self._comment = Known(comment_of)
        self._created_at = Known(lambda value: moment_of(value, created))
        self._answered_at = Known(lambda value: moment_of(value, "answered_at"))
        self._answers = Known(self._answers_of)
        self._about = Known(self._about_of)
        self._state = Known(lambda value: member_of(value, PinState, PinState.VISIBLE, "state"))
        self._status = Known(lambda value: member_of(value, PinStatus, PinStatus.RECEIVED, "status"))
        self._channel = Known(self._channel_of)
        self._event = Known(self._event_of)
        self._zoom = Known(zoom_of)

    def read(self, part: PinRows, lon: Floats, lat: Floats) -> tuple[ImportedPins, Mapping[int, Problem]]:
        """The pins of rows whose places are known, and of the other rows what is wrong with them."""
        found = self._meant(part)
        bad: dict[int, Problem] = {}
        for column in found.values():
            for row, value in enumerate(column):
                if type(value) is Problem:
                    bad.setdefault(row, value)
        people = [text_of(value) for value in self._said(part, self.options.respondent_field, "respondent")]
        own: Sequence[Any] = part.values.get("id", (None,) * len(part))
        rows: Sequence[int] = range(len(part))
        if bad:
            rows = [row for row in rows if row not in bad]
            found = {name: [column[row] for row in rows] for name, column in found.items()}
            people, own = [people[row] for row in rows], [own[row] for row in rows]
        where = [f"{x:.7f} {y:.7f}" for x, y in zip(lon[rows].tolist(), lat[rows].tolist(), strict=True)]
        said = people, found["category"], where, found["comment"], found["created_at"]
        ids = self._ids(self._mark, said, own, self._times)
        older = None
        if self._older_mark is not None:
            # It kept what nobody sees in a comment.
            written = self._said(part, self.options.comment_field, "comment")
            said = *said[:3], [text_of(written[row]) for row in rows], said[4]
            before = self._ids(self._older_mark, said, own, self._older_times)
            older = OlderIds(before, self._respondents(people, before, self._older_people))
        return ImportedPins(rows, ids, self._respondents(people, ids, self._people), **found, older=older), bad

    def _meant(self, part: PinRows) -> dict[str, list[Any]]:
        """Column by column what is written; a Problem where that can't be stored. Told is a row's first one."""
        options, nothing = self.options, (None,) * len(part)
        values: Mapping[str, Sequence[Any]] = {} if options.only_named else part.values
        category = self._category.all(self._said(part, options.category_field, "category"))
        known = [None if type(key) is Problem else key for key in category]
        return {
            "category": category,
            "comment": self._comment.all(self._said(part, options.comment_field, "comment")),
            "created_at": self._created_at.all(self._said(part, options.created_field, "created_at")),
            "answered_at": self._answered_at.all(values.get("answered_at", nothing)),
            "answers": self._answers.all(self._given(values, self.target.questions, ("",), known)),
            "about": self._about.all(self._given(values, self.target.about, ABOUT_PREFIXES, nothing)),
            "state": self._state.all(values.get("state", nothing)),
            "status": self._status.all(values.get("status", nothing)),
            "channel": self._channel.all(values.get("channel", nothing)),
            "event": self._event.all(values.get("event", nothing)),
            "zoom": self._zoom.all(values.get("zoom", nothing)),
            "answer": self._comment.all(values.get("answer", nothing)),
        }

    def _said(self, part: PinRows, named: str | None, ours: str) -> Sequence[Any]:
        """The column of the field named for it; of the one with our own name where none is and it may count."""
        found = None if named is None and self.options.only_named else part.values.get(named or ours)
        return (None,) * len(part) if found is None else found

    def _given(
        self,
        values: Mapping[str, Sequence[Any]],
        questions: Sequence[Question],
        prefixes: Sequence[str],
        category: Sequence[Any],
    ) -> Iterable[tuple[Any, ...]]:
        """Row by row the category, if it matters, and what is written as the questions' answers."""
        nothing = (None,) * len(category)
        columns = []
        for question in questions:
            written = [values[prefix + question.key] for prefix in prefixes if prefix + question.key in values]
            columns.append(written[-1] if written else nothing)
        return zip(category, *columns, strict=True)

    def _category_of(self, value: Any) -> str:
        if self.options.category is not None:
            return self.options.category
        written = text_of(value) or ""
        key = self.options.category_keys.get(written)
        if key is None and self.options.only_named:
            raise Bad("category", N_("“%(written)s” was left out."), written=written[:80])
        key = key or self.target.categories.get(written.casefold())
        if key is None:
            raise Bad("category", N_("The map has no category “%(written)s”."), written=written[:80])
        return key

    def _answers_of(self, written: tuple[Any, ...]) -> str:
        category, *values = written
        return answers_json(self.target.questions, values, category)

    def _about_of(self, written: tuple[Any, ...]) -> str:
        return answers_json(self.target.about, written[1:], None)

    def _channel_of(self, value: Any) -> str:
        if not self.options.keep_channel:
            return Channel.IMPORT.value
        return member_of(value, Channel, Channel.IMPORT, "channel")

    def _event_of(self, value: Any) -> str | None:
        code = text_of(value)
        if code is not None and code not in self.target.events:
            raise Bad("event", N_("The map has no event of this code."))
        return code

    def _ids(
        self, mark: tuple[str, ...], said: Sequence[Sequence[Any]], own: Sequence[Any], seen: Times
    ) -> list[str]:
        """The rows' own UUIDs, or ones made of what they say and, for equal rows, of how many came before."""
        ids = named([repr((*mark, *row)) for row in zip(*said, strict=True)])
        mine = {row: known.hex for row, value in enumerate(own) if value is not None and (known := uuid_of(value))}
        made = [row for row in range(len(ids)) if row not in mine] if mine else range(len(ids))
        for place, times in seen.again([int(ids[row][:16], 16) for row in made]):
            row = made[place]
            ids[row] = uuid.uuid5(uuid.UUID(ids[row]), str(times)).hex
        for row, digits in mine.items():
            ids[row] = digits
        return ids

    def _respondents(self, written: Sequence[str | None], ids: Sequence[str], known: Known) -> list[str]:
        """The persons of the rows; where the file knows no person, the row is one."""
        people = known.all(person or "" for person in written)
        alone = [row for row, person in enumerate(written) if person is None]
        persons = named([f"alone {uuid.UUID(ids[row])}" for row in alone])
        for row, person in zip(alone, persons, strict=True):
            people[row] = person
        return people

    def _respondent(self, mark: tuple[str, ...], written: str) -> str:
        own = None if self.options.only_named else uuid_of(written)
        return (own or uuid.uuid5(NAMESPACE, repr((*mark, "respondent", written)))).hex
