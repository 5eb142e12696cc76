"""The `map.json` of a stored map: what inputs/map_folder.parse_map would make the same map of again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Unknown
from app.models import BasemapLayer, Category, Event, Question, QuestionScope, TownMap
from app.queries.maps import MapRecord


def describe(session: Session, the_map: MapRecord) -> dict[str, Any]:
    """Everything of the map that a folder's `map.json` says; boundary and own layer are files beside it."""
    row = session.get(TownMap, the_map.id)
    if row is None:
        raise Unknown
    return {
        "title": dict(row.title),
        "town": {"name": row.town.name, "slug": row.town.slug, "ruian": row.town.ruian},
        "intro": dict(row.intro),
        "thanks": dict(row.thanks),
        "privacy_contact": row.privacy_contact,
        "languages": list(row.languages),
        "categories": [_category(category) for category in row.categories],
        "questions": [_question(q) for q in row.questions if q.scope == QuestionScope.PIN],
        "about": [_question(q) for q in row.questions if q.scope == QuestionScope.ABOUT],
        "events": [_event(event) for event in _events(session, row.id)],
        "opens": _iso(row.opens_at),
        "closes": _iso(row.closes_at),
        "publish": {
            "pins": row.publish_pins,
            "heat": row.publish_heat,
            "after": {"pins": row.publish_pins_after, "heat": row.publish_heat_after},
            "k": row.k,
        },
        "moderation": row.moderation,
        "show_others": row.show_others,
        "hold_flagged": row.hold_flagged,
        "retention_days": row.retention_days,
        "photos": row.pin_photos,
        "basemap": dict(row.basemap),
    }


def own_layer(session: Session, the_map: MapRecord) -> str | None:
    """The `basemap.geojson` of the map, if it has one."""
    return session.scalar(select(BasemapLayer.geojson).where(BasemapLayer.map_id == the_map.id))


def _category(category: Category) -> dict[str, Any]:
    return {
        "key": category.key,
        "word": dict(category.word),
        "label": dict(category.label),
        "prompt": dict(category.prompt),
        "color": category.color,
        "shape": category.shape,
    }


def _question(question: Question) -> dict[str, Any]:
    return {
        "key": question.key,
        "type": question.type,
        "label": dict(question.label),
        "options": [{"key": option["key"], "label": dict(option["label"])} for option in question.options],
        "categories": list(question.categories),
        "published": question.published,
    }


def _events(session: Session, map_id: int) -> list[Event]:
    return list(session.scalars(select(Event).where(Event.map_id == map_id).order_by(Event.code)))


def _event(event: Event) -> dict[str, Any]:
    return {
        "code": event.code,
        "kind": event.kind,
        "title": dict(event.title),
        "place": event.place,
        "starts": _iso(event.starts_at),
        "ends": _iso(event.ends_at),
        "target_group": dict(event.target_group),
        "expected": event.expected_people,
        "simple": event.simple,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
