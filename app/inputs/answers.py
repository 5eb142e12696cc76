"""Answers to a map's questions, checked against what may be answered."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from app.errors import Problem
from app.i18n import N_
from app.inputs.fields import storable
from app.models import QuestionType

MOST_ANSWER_CHARACTERS = 500


class Question(Protocol):
    """What a check needs to know of a question."""

    @property
    def key(self) -> str:
        """Its name."""

    @property
    def type(self) -> str:
        """How it is answered."""

    @property
    def categories(self) -> Collection[str]:
        """With which categories it is asked; empty: with all."""

    @property
    def option_keys(self) -> Collection[str]:
        """What may be chosen."""


def check_answers(
    answers: Mapping[str, Any], questions: Sequence[Question], category: str | None = None
) -> list[Problem]:
    """What is wrong with these answers: unknown questions, values that can't be chosen, texts too long."""
    by_key = {question.key: question for question in questions}
    problems = []
    for key, value in answers.items():
        question = by_key.get(key)
        if question is None or (category and question.categories and category not in question.categories):
            problems.append(Problem(_shown(key), N_("This is not asked here.")))
        elif not _fits(value, question):
            problems.append(Problem(key, N_("This can't be the answer.")))
    return problems


def _fits(value: Any, question: Question) -> bool:
    match question.type:
        case QuestionType.MULTIPLE:
            return (
                isinstance(value, list)
                and all(isinstance(one, str) for one in value)
                and len(set(value)) == len(value)
                and set(value) <= set(question.option_keys)
            )
        case QuestionType.TEXT:
            return isinstance(value, str) and storable(value) and len(value) <= MOST_ANSWER_CHARACTERS
        case _:
            return isinstance(value, str) and value in question.option_keys


def _shown(key: str) -> str:
    """A stranger's key, short and printable enough to be said back."""
    return key.encode("utf-8", "replace").decode()[:80]
