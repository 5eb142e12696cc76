"""What a new boundary would leave outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from geoalchemy2.shape import from_shape
from shapely import MultiPolygon
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import Pin

MOST_SHOWN = 2_000


@dataclass(frozen=True)
class Outside:
    """The pins of a map that would lie outside."""

    pins: int
    """All of the map."""
    outside: int
    places: Sequence[tuple[float, float]]
    """Longitude and latitude of the first of them, to be shown."""


def pins_outside(session: Session, map_id: int, boundary: MultiPolygon) -> Outside:
    """How many pins of the map, in whatever state, this boundary would leave outside, and where."""
    # The constant side first: PostGIS prepares it once for all pins. The edge is inside, as in MapRecord.covers.
    is_outside = ~func.ST_Covers(from_shape(boundary, srid=4326), Pin.position)
    counts = select(func.count(), func.count().filter(is_outside)).where(Pin.map_id == map_id)
    pins, outside = session.execute(counts).one()
    if not outside:
        return Outside(pins, 0, ())
    places = (
        select(func.ST_X(Pin.position), func.ST_Y(Pin.position))
        .where(Pin.map_id == map_id, is_outside)
        .order_by(Pin.created_at, Pin.id)
        .limit(MOST_SHOWN)
    )
    return Outside(pins, outside, [(round(lon, 6), round(lat, 6)) for lon, lat in session.execute(places)])
