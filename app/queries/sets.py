"""What maps of other towns ask, for whoever wants to ask the same: only what their public pages show anyway."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Text, cast, func, or_, select
from sqlalchemy.orm import Session

from app.errors import Unknown
from app.inputs.library import ReadySet
from app.models import Town, TownMap
from app.queries.maps import CategoryRecord, MapRecord, QuestionRecord, read_map

MOST_SHOWN = 60
MOST_WORDS = 5


def public_maps(session: Session, words: str = "", *, most: int = MOST_SHOWN) -> list[MapRecord]:
    """Maps that are or were open, the newest first; with `words` those whose town or title has them."""
    query = (
        select(TownMap.slug)
        .join(Town)
        .where(TownMap.draft.is_(False), or_(TownMap.opens_at.is_(None), TownMap.opens_at <= func.now()))
        .order_by(TownMap.created_at.desc(), TownMap.id.desc())
        .limit(most)
    )
    for word in words.split()[:MOST_WORDS]:
        said = func.plain_words(func.concat(Town.name, " ", cast(TownMap.title, Text)))
        query = query.where(func.strpos(said, func.plain_words(word)) > 0)
    return [read_map(session, slug) for slug in session.scalars(query)]


def shared_set(session: Session, slug: str) -> ReadySet:
    """What the map of this slug asks; Unknown where it is not public."""
    the_map = read_map(session, slug)
    now = datetime.now(UTC)
    if the_map.draft or (the_map.opens_at is not None and the_map.opens_at > now):
        raise Unknown
    return set_of(the_map)


def set_of(the_map: MapRecord) -> ReadySet:
    """The map's categories and questions as a set: no pins, no officials, none of its texts to citizens."""
    description = {
        "categories": [_category(category) for category in the_map.categories],
        "questions": [_question(question) for question in the_map.questions],
        "about": [_question(question) for question in the_map.about],
    }
    return ReadySet(the_map.slug, the_map.title, {}, description)


def _category(category: CategoryRecord) -> dict[str, Any]:
    return {
        "key": category.key,
        "word": dict(category.word),
        "label": dict(category.label),
        "prompt": dict(category.prompt),
        "color": category.color,
        "shape": category.shape,
    }


def _question(question: QuestionRecord) -> dict[str, Any]:
    found: dict[str, Any] = {
        "key": question.key,
        "label": dict(question.label),
        "type": question.type,
        "categories": sorted(question.categories),
        "published": question.published,
    }
    if question.options:
        found["options"] = [{"key": option["key"], "label": dict(option["label"])} for option in question.options]
    return found
