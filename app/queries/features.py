"""Which pins a filter means, as conditions and rows; and the Feature that a pin's author reads."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from geojson import Feature, Point
from sqlalchemy import Row, Select, and_, cast, func, or_, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.i18n import language
from app.inputs.filters import PinFilter, Scope
from app.inputs.pin_photo_forms import photo_reason_words
from app.inputs.reasons import reason_words
from app.models import PhotoShown, Pin, PinPhoto, PinState, PinStatus, Respondent
from app.queries.maps import MapRecord
from app.queries.published import LOUD
from app.queries.search import says
from gis.geojson import DECIMALS

PUBLIC_COLUMNS = (
    "category",
    "comment",
    "created_at",
    "channel",
    "event",
    "supports",
    "status",
    "answer",
    "answered_at",
)


@dataclass(frozen=True)
class FreshPin:
    """A pin just stored, with the columns a row of `pin_query` has."""

    id: uuid.UUID
    lon: float
    lat: float
    category: str
    comment: str | None
    event: str | None
    zoom: int | None
    answers: Mapping[str, Any]
    channel: str
    state: str
    created_at: datetime
    supports: int = 0
    status: str = PinStatus.RECEIVED
    answer: str | None = None
    answered_at: datetime | None = None
    hidden_reason: str | None = None
    precision_m: float | None = None
    photo_state: str | None = None
    photo_alt: str | None = None
    photo_reason: str | None = None


PinRow = Row[Any] | FreshPin


def pin_query(the_map: MapRecord, wanted: PinFilter, scope: Scope) -> Select[Any]:
    """The statement for the pins of a map that this scope may see, not yet ordered."""
    columns: list[Any] = [
        Pin.id,
        func.ST_X(Pin.position).label("lon"),
        func.ST_Y(Pin.position).label("lat"),
        *(getattr(Pin, name) for name in PUBLIC_COLUMNS),
        Pin.answers,
        Pin.changed_at,
    ]
    query = select(*columns)
    if scope is Scope.OFFICE:
        query = query.add_columns(
            Pin.state,
            Pin.hidden_reason,
            Pin.respondent_id.label("respondent"),
            Pin.zoom,
            Pin.precision_m,
            Respondent.about,
            PinPhoto.state.label("photo_state"),
            PinPhoto.alt.label("photo_alt"),
            PinPhoto.reason.label("photo_reason"),
        )
        query = query.join(
            Respondent, and_(Respondent.map_id == Pin.map_id, Respondent.id == Pin.respondent_id)
        ).outerjoin(PinPhoto, and_(PinPhoto.map_id == Pin.map_id, PinPhoto.pin_id == Pin.id))
    else:
        query = query.where(Pin.state == PinState.VISIBLE)
    return query.where(*conditions(the_map.id, wanted))


def conditions(map_id: int, wanted: PinFilter) -> list[Any]:
    """The WHERE of a filter, without its `where`: that one needs the map's columns (see pin_rows.pins_from)."""
    found: list[Any] = [Pin.map_id == map_id]
    if wanted.categories is not None:
        found.append(Pin.category.in_(sorted(wanted.categories)))
    if wanted.states is not None:
        found.append(Pin.state.in_(sorted(wanted.states)))
    if wanted.since is not None:
        found.append(Pin.created_at >= wanted.since)
    if wanted.until is not None:
        found.append(Pin.created_at <= wanted.until)
    if wanted.channel is not None:
        found.append(Pin.channel == wanted.channel)
    if wanted.event is not None:
        found.append(Pin.event == wanted.event)
    if wanted.commented:
        found.append(Pin.comment.is_not(None))
    if wanted.bbox is not None:
        found.append(_in_box(*wanted.bbox))
    return found + _office_conditions(map_id, wanted)


def _office_conditions(map_id: int, wanted: PinFilter) -> list[Any]:
    """The part of the WHERE that only officials' filters have."""
    found: list[Any] = []
    if wanted.status is not None:
        found.append(Pin.status == wanted.status)
    if wanted.answered is not None:
        found.append(Pin.answer.is_not(None) if wanted.answered else Pin.answer.is_(None))
    if wanted.flagged is not None:
        found.append(Pin.flagged.is_(wanted.flagged))
    if wanted.area is not None:
        found.append(func.ST_Intersects(Pin.position, _polygon(wanted.area)))
    if wanted.search is not None:
        found.append(says(map_id, wanted.search))
    if wanted.person is not None:
        found.append(Pin.respondent_id == wanted.person)
    found += [_chose(Pin.answers, key, value) for key, value in wanted.answers]
    if wanted.about:
        chosen = [_chose(Respondent.about, key, value) for key, value in wanted.about]
        found.append(Pin.respondent_id.in_(select(Respondent.id).where(Respondent.map_id == map_id, *chosen)))
    return found


def pins_of(session: Session, the_map: MapRecord, respondent_id: uuid.UUID) -> Sequence[Row[Any]]:
    """Everything one respondent pinned, oldest first, whatever its state."""
    query = pin_query(the_map, PinFilter(), Scope.OFFICE).where(Pin.respondent_id == respondent_id)
    return session.execute(query.order_by(Pin.created_at, Pin.id)).all()


def own_feature(row: PinRow, the_map: MapRecord, code: str | None = None) -> dict[str, Any]:
    """The author's view of a row: what is public, all own answers, and what moderation did with it.

    `code` is the language in which the author reads why; else the map's first.
    """
    properties = _properties(row)
    # As everybody reads them first, then those that only the author does.
    for question in sorted(the_map.questions, key=lambda question: not question.published):
        properties[question.key] = row.answers.get(question.key)
    properties["state"] = row.state
    properties["hidden_reason"] = reason_words(row.hidden_reason, language(code or the_map.languages[0]))
    properties["zoom"] = row.zoom
    properties["precision_m"] = row.precision_m
    if the_map.pin_photos or row.photo_state:
        properties |= _photo_properties(row, the_map, code)
    found: dict[str, Any] = Feature(
        id=str(row.id), geometry=Point((row.lon, row.lat), precision=DECIMALS), properties=properties
    )
    return found


def photo_address(slug: str, pin_id: uuid.UUID) -> str:
    """Where everybody finds the photo of a pin, once it is shown; on this server."""
    return f"/m/{slug}/photos/{pin_id}.jpg"


def rfc3339(moment: datetime | None) -> str | None:
    """A moment in UTC as RFC 3339."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z") if moment else None


def _properties(row: PinRow) -> dict[str, Any]:
    return {
        "category": row.category,
        "comment": row.comment,
        # The day, as everybody reads it: what the author is answered is what others are.
        "created_at": rfc3339(LOUD.told(row.created_at)),
        "channel": row.channel,
        "event": row.event,
        "supports": row.supports,
        "status": row.status,
        "answer": row.answer,
        "answered_at": rfc3339(row.answered_at),
    }


def _photo_properties(row: PinRow, the_map: MapRecord, code: str | None) -> dict[str, Any]:
    """What the author knows of their pin's photo; its address once everybody may see it."""
    is_shown = row.photo_state == PhotoShown.SHOWN
    return {
        "photo": photo_address(the_map.slug, row.id) if is_shown else None,
        "photo_alt": row.photo_alt,
        "photo_state": row.photo_state,
        "photo_reason": photo_reason_words(row.photo_reason, language(code or the_map.languages[0])),
    }


def _chose(answers: Any, key: str, value: str) -> Any:
    """Whether the answer to one question is, or among several has, this value."""
    return or_(
        answers.op("@>")(cast({key: value}, JSONB)),
        answers.op("@>")(cast({key: [value]}, JSONB)),
    )


def _polygon(corners: Sequence[tuple[float, float]]) -> Any:
    ring = ", ".join(f"{lon!r} {lat!r}" for lon, lat in (*corners, corners[0]))
    return func.ST_GeomFromText(f"POLYGON(({ring}))", 4326)


def _in_box(west: float, south: float, east: float, north: float) -> Any:
    """Pins in a box, edges included; a box over the 180th meridian is two."""
    if west <= east:
        return func.ST_Intersects(Pin.position, func.ST_MakeEnvelope(west, south, east, north, 4326))
    return or_(
        func.ST_Intersects(Pin.position, func.ST_MakeEnvelope(west, south, 180, north, 4326)),
        func.ST_Intersects(Pin.position, func.ST_MakeEnvelope(-180, south, east, north, 4326)),
    )
