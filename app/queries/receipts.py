"""What a person who shows their receipt gave to a map, and what became of it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Support
from app.queries.features import pins_of
from app.queries.maps import MapRecord, QuestionRecord
from app.queries.respondents import find_respondent


@dataclass(frozen=True)
class OwnPin:
    """One pin as its author reads it."""

    id: uuid.UUID
    lon: float
    lat: float
    category: str
    comment: str | None
    created_at: datetime
    supports: int
    state: str
    hidden_reason: str | None
    status: str
    answer: str | None
    answered_at: datetime | None
    answers: Mapping[str, Any]
    photo_state: str | None
    """What became of its photo; None where there is none."""
    photo_alt: str | None
    photo_reason: str | None


@dataclass(frozen=True)
class Given:
    """All of one person."""

    pins: Sequence[OwnPin]
    """Answered ones first, the newest answer on top; then the newest pins."""
    about: Sequence[tuple[QuestionRecord, Sequence[str]]]
    """What they said about themselves: the question and the keys or words of the answer."""
    supports: int
    """How many pins of others they support."""

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing of theirs any more."""
        return not (self.pins or self.about or self.supports)


def given_by(session: Session, the_map: MapRecord, person: uuid.UUID) -> Given | None:
    """All that the person gave; None where nobody is known by this id (any more)."""
    respondent = find_respondent(session, the_map.id, person)
    if respondent is None:
        return None
    rows = [
        OwnPin(**{name: getattr(row, name) for name in OwnPin.__dataclass_fields__})
        for row in pins_of(session, the_map, person)
    ]
    rows.sort(key=lambda pin: pin.created_at, reverse=True)
    rows.sort(key=_answered, reverse=True)
    supports = select(func.count()).where(Support.map_id == the_map.id, Support.respondent_id == person)
    about = [
        (question, _several(respondent.about[question.key]))
        for question in the_map.about
        if question.key in respondent.about
    ]
    return Given(rows, about, session.scalar(supports) or 0)


def _answered(pin: OwnPin) -> float:
    return pin.answered_at.timestamp() if pin.answered_at else 0.0


def _several(value: Any) -> Sequence[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]
