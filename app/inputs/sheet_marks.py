"""What an official decided about the marks of a sheet: a form with one line a mark, read into frozen values.

A line that can't be read is told beside it; the others count all the same.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from app.errors import Malformed, Problem
from app.i18n import N_
from app.inputs.answers import Question
from app.inputs.fields import storable
from app.inputs.pins import MOST_COMMENT_CHARACTERS
from app.inputs.queue_forms import parse_moment
from app.models import QuestionType

LINE: Final = ("mark", "seen", "category", "x", "y", "row", "comment")
"""The fields of one line, each as often in the form as there are lines."""
MOST_LINES: Final = 2000
MOST_ROW: Final = 200
MOST_MM: Final = 2000.0
ABOUT: Final = "about."
LATER: Final = "later"
"""The button that keeps the work without making pins of it."""

Form = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class MarkInput:
    """One mark as it stands in the form."""

    id: uuid.UUID
    kept: bool
    """False for what is no mark, or not one of this sheet."""
    category: str
    x_mm: float
    y_mm: float
    row: int | None
    """The number of its line in the sheet's table."""
    comment: str | None
    seen: datetime | None
    """When it had last changed as the official read it; None for one that they put there themselves."""


@dataclass(frozen=True)
class ReviewInput:
    """A reviewed sheet: its marks, who its person is, and whether they are to become pins now."""

    marks: Sequence[MarkInput]
    about: Mapping[str, Any] = field(default_factory=dict)
    store: bool = True
    wrong: Mapping[uuid.UUID, Sequence[Problem]] = field(default_factory=dict)
    """What is wrong with lines that can't be read."""


def parse_review(form: Form, about: Sequence[Question] = ()) -> ReviewInput:
    """The form of a sheet; Malformed where its lines do not fit together."""
    columns = [form.get(name, ()) for name in LINE]
    if len({len(column) for column in columns}) != 1 or len(columns[0]) > MOST_LINES:
        raise Malformed(Problem("mark", N_("The form did not arrive whole. Please send it once more.")))
    dropped = set(form.get("drop", ()))
    marks: list[MarkInput] = []
    wrong: dict[uuid.UUID, Sequence[Problem]] = {}
    for values in zip(*columns, strict=True):
        line = dict(zip(LINE, values, strict=True))
        mark_id = _id(line["mark"])
        if not line["x"].strip() and not line["y"].strip():
            continue  # an empty line, offered for one more mark
        problems: list[Problem] = []
        mark = MarkInput(
            mark_id,
            line["mark"] not in dropped,
            line["category"],
            _millimetres(line["x"], "x", problems),
            _millimetres(line["y"], "y", problems),
            _row(line["row"], problems),
            _comment(line["comment"], problems),
            parse_moment("seen", line["seen"]),
        )
        if problems:
            wrong[mark_id] = tuple(problems)
        else:
            marks.append(mark)
    deed = form.get("deed", ("",))[0]
    return ReviewInput(tuple(marks), _about(form, about), deed != LATER, wrong)


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise Malformed(Problem("mark", N_("This is not an id."))) from error


def _millimetres(text: str, name: str, problems: list[Problem]) -> float:
    try:
        found = float(text.strip().replace(",", "."))
    except ValueError:
        found = math.nan
    if not 0 <= found <= MOST_MM:
        problems.append(Problem(name, N_("A place on the sheet is written in millimetres.")))
        return 0.0
    return found


def _row(text: str, problems: list[Problem]) -> int | None:
    digits = text.strip().removesuffix(".")
    if not digits:
        return None
    if not (digits.isascii() and digits.isdigit() and len(digits) < 5 and 1 <= int(digits) <= MOST_ROW):
        message = N_("The row is its number in the sheet’s table, at most %(most)s.")
        problems.append(Problem("row", message, {"most": MOST_ROW}))
        return None
    return int(digits)


def _comment(text: str, problems: list[Problem]) -> str | None:
    if not storable(text):
        problems.append(Problem("comment", N_("The text holds characters that can't be stored.")))
        return None
    said = text.strip()
    if len(said) > MOST_COMMENT_CHARACTERS:
        told = {"length": len(said), "most": MOST_COMMENT_CHARACTERS}
        problems.append(Problem("comment", N_("The text has %(length)s characters; the most is %(most)s."), told))
        return None
    return said or None


def _about(form: Form, questions: Sequence[Question]) -> dict[str, Any]:
    """Answers about the person, by question; what was left empty is not there."""
    found: dict[str, Any] = {}
    for question in questions:
        given = [value.strip() for value in form.get(ABOUT + question.key, ()) if value.strip()]
        if given:
            found[question.key] = given if question.type == QuestionType.MULTIPLE else given[0]
    return found
