"""What a new boundary would leave outside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
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
    position = select(func.ST_X(Pin.position), func.ST_Y(Pin.position)).where(Pin.map_id == map_id)
    found = np.array(session.execute(position.order_by(Pin.created_at, Pin.id)).all(), dtype=np.float64).reshape(
        -1, 2
    )
    # The same test as of a pin that is sent (MapRecord.covers).
    shapely.prepare(boundary)
    outside = found[~shapely.intersects_xy(boundary, found[:, 0], found[:, 1])]
    shown = [(round(lon, 6), round(lat, 6)) for lon, lat in outside[:MOST_SHOWN].tolist()]
    return Outside(len(found), len(outside), shown)
