"""What single values of a file mean: times, texts, options; or what is wrong with them."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from app.config import TOWN_CLOCK
from app.errors import Problem
from app.i18n import N_
from app.inputs.answers import Question, check_answers
from app.inputs.fields import storable
from app.inputs.visible import visible

CZECH_MOMENT = re.compile(
    r"(\d{1,2})\. ?(\d{1,2})\. ?(\d{4})(?:,? +(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?)?", re.ASCII
)
"""As offices write it, 14. 9. 2026 8:00, by the town's clock; other times without a zone are UTC."""
MOST_KNOWN = 50_000
"""Different texts of one column that are remembered."""
MOST_IMPORTED_COMMENT = 10_000
"""Old surveys had longer comments than we let people write; they are kept whole."""


class Known(dict[Any, Any]):
    """What texts mean, read when first met; a Problem for those that mean nothing."""

    def __init__(self, read: Callable[[Any], Any]) -> None:
        super().__init__()
        self._read = read

    def all(self, written: Iterable[Any]) -> list[Any]:
        """What each of them means."""
        if len(self) > MOST_KNOWN:
            self.clear()
        return [self[value] for value in written]

    def __missing__(self, written: Any) -> Any:
        try:
            meant = self._read(written)
        except Bad as bad:
            meant = bad.problem
        self[written] = meant
        return meant


class Bad(Exception):
    """A value that stops its row."""

    def __init__(self, name: str, message: str, **data: object) -> None:
        self.problem = Problem(name, message, data)
        super().__init__(name)


def text_of(value: Any) -> str | None:
    if value is None:
        return None
    return str(value).strip() or None


def comment_of(value: Any) -> str | None:
    text = text_of(value)
    if text is None:
        return None
    if not storable(text):
        raise Bad("comment", N_("The text holds characters that can't be stored."))
    if len(text) > MOST_IMPORTED_COMMENT:
        raise Bad(
            "comment",
            N_("The text has %(length)s characters; the most is %(most)s."),
            length=len(text),
            most=MOST_IMPORTED_COMMENT,
        )
    return visible(text).strip() or None


def moment_of(value: Any, name: str) -> datetime | None:
    text = text_of(value)
    if text is None:
        return None
    try:
        if czech := CZECH_MOMENT.fullmatch(text):
            day, month, year, hour, minute, second = (int(part or 0) for part in czech.groups())
            return datetime(year, month, day, hour, minute, second, tzinfo=TOWN_CLOCK)
        found = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        raise Bad(name, N_("This must be a date and time like 2026-09-14T08:00:00Z.")) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def member_of(value: Any, allowed: Any, default: str, name: str) -> str:
    text = text_of(value)
    if text is None:
        return default
    if text not in list(allowed):
        raise Bad(name, N_("This must be one of: %(allowed)s."), allowed=", ".join(allowed))
    return text


def zoom_of(value: Any) -> int | None:
    if text_of(value) is None:
        return None
    try:
        zoom = int(float(value))
    except (ValueError, OverflowError):
        zoom = -1
    if not 0 <= zoom <= 24:
        raise Bad("zoom", N_("A zoom is a number from 0 to 24."))
    return zoom


def _answer(value: Any) -> Any:
    """An answer as a file holds it: a text, or the JSON list of a multiple choice."""
    text = text_of(value)
    if text is not None and text.startswith("["):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text


def answers_json(questions: tuple[Question, ...], values: Sequence[Any], category: str | None) -> str:
    given = {
        question.key: answer
        for question, value in zip(questions, values, strict=True)
        if (answer := _answer(value)) is not None
    }
    for problem in check_answers(given, questions, category):
        raise Bad(problem.field, problem.message, **problem.data)
    return json.dumps(given)


def uuid_of(value: Any) -> uuid.UUID | None:
    try:
        return uuid.UUID(value)
    except (ValueError, TypeError, AttributeError):
        return None
