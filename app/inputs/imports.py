"""What one row of a file means for a map: a pin ready to store, or the reason why not."""

from __future__ import annotations

import json
import re
import uuid
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from app.config import TOWN_CLOCK
from app.errors import Problem
from app.i18n import N_
from app.inputs.answers import Question, check_answers
from app.inputs.fields import storable
from app.inputs.pin_files import PinRow
from app.models import Channel, PinState, PinStatus

NAMESPACE = uuid.UUID("6f1c3f0e-6d0b-5c0e-9f43-9a4f0a8b6c11")
"""For ids derived from what a row says: the same row is the same pin, however often it comes."""

ABOUT_PREFIXES = ("about.", "about_")
CZECH_MOMENT = re.compile(
    r"(\d{1,2})\. ?(\d{1,2})\. ?(\d{4})(?:,? +(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?)?", re.ASCII
)
"""As offices write it, 14. 9. 2026 8:00, by the town's clock; other times without a zone are UTC."""
MOST_IMPORTED_COMMENT = 10_000
"""Old surveys had longer comments than we let people write; they are kept whole."""


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
    categories: Mapping[str, str]
    """Category key by everything that may name it, folded: keys, words, labels."""
    events: frozenset[str]
    questions: tuple[Question, ...]
    about: tuple[Question, ...]


@dataclass(frozen=True)
class ImportedPin:
    """One pin from a file, not yet placed in a square."""

    id: uuid.UUID
    respondent_id: uuid.UUID
    category: str
    comment: str | None
    created_at: datetime | None
    channel: str
    event: str | None
    zoom: int | None
    state: str
    status: str
    answer: str | None
    answered_at: datetime | None
    answers: str
    about: str


class RowReader:
    """Reads rows of one file; remembers what it has seen, so that equal rows become different pins."""

    def __init__(self, target: ImportMap, options: ImportOptions) -> None:
        self.target = target
        self.options = options
        self._seen: Counter[uuid.UUID] = Counter()

    def read(self, row: PinRow, lon: float, lat: float) -> ImportedPin | Problem:
        """The pin of a row whose place is known, or what is wrong with it."""
        values, options = row.values, self.options
        try:
            category = self._category(values)
            comment = _comment(self._said(values, options.comment_field, "comment"))
            created_at = _moment(
                self._said(values, options.created_field, "created_at"), options.created_field or "created_at"
            )
            values = {"id": values.get("id")} if options.only_named else values
            answered_at = _moment(values.get("answered_at"), "answered_at")
            answers = self._answers(values, category)
            about = self._about(values)
            state = _member(values.get("state"), PinState, PinState.VISIBLE, "state")
            status = _member(values.get("status"), PinStatus, PinStatus.RECEIVED, "status")
            channel = self._channel(values)
            event = self._event(values)
            zoom = _zoom(values.get("zoom"))
        except _Bad as bad:
            return bad.problem
        respondent = _text(self._said(row.values, options.respondent_field, "respondent"))
        pin_id = self._id(values, (respondent, category, f"{lon:.7f} {lat:.7f}", comment, created_at))
        person = self._respondent(respondent, pin_id)
        return ImportedPin(
            pin_id, person, category, comment, created_at, channel, event, zoom, state, status,
            _comment(values.get("answer")), answered_at, json.dumps(answers), json.dumps(about),
        )  # fmt: skip

    def _said(self, values: Mapping[str, Any], named: str | None, ours: str) -> Any:
        """The value of the field named for it; of the one with our own name where none is and it may count."""
        if named is None and self.options.only_named:
            return None
        return values.get(named or ours)

    def _category(self, values: Mapping[str, Any]) -> str:
        if self.options.category is not None:
            return self.options.category
        written = _text(self._said(values, self.options.category_field, "category")) or ""
        key = self.options.category_keys.get(written)
        if key is None and self.options.only_named:
            raise _Bad("category", N_("“%(written)s” was left out."), written=written[:80])
        key = key or self.target.categories.get(written.casefold())
        if key is None:
            raise _Bad("category", N_("The map has no category “%(written)s”."), written=written[:80])
        return key

    def _answers(self, values: Mapping[str, Any], category: str) -> dict[str, Any]:
        found = {q.key: _answer(values[q.key]) for q in self.target.questions if q.key in values}
        return _checked(found, self.target.questions, category)

    def _about(self, values: Mapping[str, Any]) -> dict[str, Any]:
        found = {
            question.key: _answer(values[prefix + question.key])
            for question in self.target.about
            for prefix in ABOUT_PREFIXES
            if prefix + question.key in values
        }
        return _checked(found, self.target.about, None)

    def _channel(self, values: Mapping[str, Any]) -> str:
        if not self.options.keep_channel:
            return Channel.IMPORT
        return _member(values.get("channel"), Channel, Channel.IMPORT, "channel")

    def _event(self, values: Mapping[str, Any]) -> str | None:
        code = _text(values.get("event"))
        if code is not None and code not in self.target.events:
            raise _Bad("event", N_("The map has no event of this code."))
        return code

    def _id(self, values: Mapping[str, Any], said: tuple[Any, ...]) -> uuid.UUID:
        """The row's own UUID, or one made of what it says and, for equal rows, of how many came before it."""
        own = _uuid(values.get("id"))
        if own is not None:
            return own
        same = uuid.uuid5(NAMESPACE, repr((self.target.slug, *said)))
        self._seen[same] += 1
        return same if self._seen[same] == 1 else uuid.uuid5(same, str(self._seen[same]))

    def _respondent(self, written: str | None, pin_id: uuid.UUID) -> uuid.UUID:
        """The person of the row; where the file knows no people, every row is one."""
        if written is None:
            return uuid.uuid5(NAMESPACE, f"alone {pin_id}")
        own = None if self.options.only_named else _uuid(written)
        return own or uuid.uuid5(NAMESPACE, repr((self.target.slug, "respondent", written)))


class _Bad(Exception):
    """A value that stops its row."""

    def __init__(self, name: str, message: str, **data: object) -> None:
        self.problem = Problem(name, message, data)
        super().__init__(name)


def _text(value: Any) -> str | None:
    if value is None:
        return None
    return str(value).strip() or None


def _comment(value: Any) -> str | None:
    text = _text(value)
    if text is None:
        return None
    if not storable(text):
        raise _Bad("comment", N_("The text holds characters that can't be stored."))
    if len(text) > MOST_IMPORTED_COMMENT:
        raise _Bad(
            "comment",
            N_("The text has %(length)s characters; the most is %(most)s."),
            length=len(text),
            most=MOST_IMPORTED_COMMENT,
        )
    return text


def _moment(value: Any, name: str) -> datetime | None:
    text = _text(value)
    if text is None:
        return None
    try:
        if czech := CZECH_MOMENT.fullmatch(text):
            day, month, year, hour, minute, second = (int(part or 0) for part in czech.groups())
            return datetime(year, month, day, hour, minute, second, tzinfo=TOWN_CLOCK)
        found = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        raise _Bad(name, N_("This must be a date and time like 2026-09-14T08:00:00Z.")) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _member(value: Any, allowed: Any, default: str, name: str) -> str:
    text = _text(value)
    if text is None:
        return default
    if text not in set(allowed):
        raise _Bad(name, N_("This must be one of: %(allowed)s."), allowed=", ".join(allowed))
    return text


def _zoom(value: Any) -> int | None:
    if _text(value) is None:
        return None
    try:
        zoom = int(float(value))
    except (ValueError, OverflowError):
        zoom = -1
    if not 0 <= zoom <= 24:
        raise _Bad("zoom", N_("A zoom is a number from 0 to 24."))
    return zoom


def _answer(value: Any) -> Any:
    """An answer as a file holds it: a text, or the JSON list of a multiple choice."""
    text = _text(value)
    if text is not None and text.startswith("["):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def _checked(found: Mapping[str, Any], questions: tuple[Question, ...], category: str | None) -> dict[str, Any]:
    given = {key: value for key, value in found.items() if value is not None}
    for problem in check_answers(given, questions, category):
        raise _Bad(problem.field, problem.message, **problem.data)
    return given


def _uuid(value: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(value)
    except (ValueError, TypeError, AttributeError):
        return None
