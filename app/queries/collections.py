"""The maps as collections of pins: which there are for whom, and from when to when their pins are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.inputs.filters import Scope
from app.models import Pin, PinState, Town, TownMap
from app.queries.maps import MapRecord, told_quiet


@dataclass(frozen=True)
class Span:
    """The moments of the first and the last pin, as this scope is told them; None where there is none."""

    first: datetime | None
    last: datetime | None


def collection_slugs(session: Session, towns: Sequence[int]) -> list[str]:
    """The slugs of all maps but drafts, and of all maps of these towns, by town.

    Whether a map publishes its pins now depends on the clock: the caller asks its record.
    """
    query = select(TownMap.slug).join(Town).order_by(Town.name, TownMap.id)
    return list(session.scalars(query.where(or_(TownMap.draft.is_(False), TownMap.town_id.in_(towns)))))


def all_towns(session: Session) -> list[int]:
    """The ids of all towns: what an administrator of the server may see."""
    return list(session.scalars(select(Town.id)))


def pin_span(session: Session, the_map: MapRecord, scope: Scope) -> Span:
    """From when to when the pins are that this scope may see."""
    query = select(func.min(Pin.created_at), func.max(Pin.created_at)).where(Pin.map_id == the_map.id)
    if scope is Scope.PUBLIC:
        query = query.where(Pin.state == PinState.VISIBLE)
    first, last = session.execute(query).one()
    if scope is Scope.PUBLIC:
        quiet = told_quiet(session, the_map)
        first, last = (moment and quiet.told(moment) for moment in (first, last))
    return Span(first, last)
