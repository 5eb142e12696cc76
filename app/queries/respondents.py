"""Respondents as they are stored."""

from __future__ import annotations

import uuid

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Respondent


def find_respondent(session: Session, map_id: int, respondent_id: uuid.UUID) -> Respondent | None:
    """The respondent's row, if the person gave anything yet."""
    return session.scalar(
        select(Respondent)
        .where(Respondent.map_id == map_id, Respondent.id == respondent_id)
        .execution_options(populate_existing=True)
    )
