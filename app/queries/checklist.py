"""What a map still lacks before it can open, or would be better with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import shapely
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.i18n import Texts
from app.models import Official, Role, TownRole
from app.queries.maps import MapRecord


class Standing(StrEnum):
    """How an item of the list stands."""

    DONE = "done"
    BETTER = "better"
    """The map may open without it, but it would be better with it."""
    NEEDED = "needed"
    """The map can't open before."""


@dataclass(frozen=True)
class Item:
    """One thing to have seen to; its words are the page's."""

    key: str
    standing: Standing
    data: Mapping[str, Any] = field(default_factory=dict)


def checklist(session: Session, the_map: MapRecord, now: datetime | None = None) -> Sequence[Item]:
    """Everything to be seen to before opening, in the order a map is made in."""
    now = now or datetime.now(UTC)
    return (
        _title(the_map),
        _worded("intro", [the_map.intro], the_map),
        _item("boundary", is_done=not is_provisional(the_map)),
        _item("basemap", is_done=the_map.basemap.get("kind", "none") != "none"),
        _categories(the_map),
        _questions(the_map),
        _dates(the_map, now),
        _item("privacy", is_done=bool(the_map.privacy_contact)),
        _moderators(session, the_map),
        _item("retention", is_done=the_map.closes_at is not None, days=the_map.retention_days),
    )


def blocking(items: Iterable[Item]) -> list[Item]:
    """The items without which the map can't open."""
    return [item for item in items if item.standing == Standing.NEEDED]


def is_provisional(the_map: MapRecord) -> bool:
    """Whether the boundary is a plain box along the map's edges: no town is one, a box drawn for a start is."""
    return bool(shapely.equals(the_map.boundary, shapely.envelope(the_map.boundary)))


def _item(key: str, *, is_done: bool, **data: Any) -> Item:
    return Item(key, Standing.DONE if is_done else Standing.BETTER, data)


def _title(the_map: MapRecord) -> Item:
    missing = _missing([the_map.title], the_map.languages)
    if the_map.languages[0] in missing:
        return Item("title", Standing.NEEDED, {"languages": missing})
    return _item("title", is_done=not missing, languages=missing)


def _worded(key: str, texts: Iterable[Texts], the_map: MapRecord) -> Item:
    missing = _missing(texts, the_map.languages)
    return _item(key, is_done=not missing, languages=missing)


def _categories(the_map: MapRecord) -> Item:
    texts = [text for category in the_map.categories for text in (category.word, category.label)]
    missing = _missing(texts, the_map.languages)
    if not the_map.categories or the_map.languages[0] in _missing(
        [category.word for category in the_map.categories], the_map.languages
    ):
        return Item("categories", Standing.NEEDED, {"languages": missing})
    return _item("categories", is_done=not missing, languages=missing)


def _questions(the_map: MapRecord) -> Item:
    questions = (*the_map.questions, *the_map.about)
    texts = [question.label for question in questions]
    texts += [option["label"] for question in questions for option in question.options]
    return _item(
        "questions",
        is_done=not (missing := _missing(texts, the_map.languages)),
        languages=missing,
        questions=len(the_map.questions),
        about=len(the_map.about),
    )


def _dates(the_map: MapRecord, now: datetime) -> Item:
    if the_map.is_over(now):
        return Item("dates", Standing.NEEDED, {"is_over": True})
    return _item("dates", is_done=the_map.closes_at is not None)


def _moderators(session: Session, the_map: MapRecord) -> Item:
    """Whether somebody of the town itself may look at pins; who runs the server is no help there."""
    wanted = [role for role in Role if role != Role.VIEWER]
    people = session.scalar(
        select(func.count(Official.id.distinct()))
        .join(TownRole, TownRole.official_id == Official.id)
        .where(TownRole.town_id == the_map.town_id, TownRole.role.in_(wanted))
    )
    return _item("moderators", is_done=bool(people), people=people or 0, moderation=the_map.moderation)


def _missing(texts: Iterable[Texts], languages: Sequence[str]) -> list[str]:
    """The languages in which one of the texts is missing."""
    every = list(texts)
    return [code for code in languages if not all(text.get(code, "").strip() for text in every)]
