"""Pins as columns of numbers, for canvases that draw thousands of them."""

from __future__ import annotations

from enum import IntFlag
from typing import Any

from sqlalchemy import Text, case, cast, func, select
from sqlalchemy.orm import Session

from app.inputs.filters import PinFilter
from app.models import Pin, PinState
from app.queries.features import conditions
from app.queries.maps import MapRecord
from app.queries.marks import keyed_mark
from gis.geojson import DECIMALS


class Flag(IntFlag):
    """What a canvas marks on a pin; static/js/map/pins.js has the same bits."""

    COMMENT = 1
    ANSWERED = 2
    QUIET = 4


def compact_pins(session: Session, the_map: MapRecord, wanted: PinFilter) -> dict[str, Any]:
    """Matching pins as equally long columns: ids, lon, lat, category (its place in the map's list), flags.

    They stand in the order of their ids, which says nothing: by time, one person's would be neighbours.
    """
    order = {category.key: n for n, category in enumerate(the_map.categories)}
    flags = (
        case((Pin.comment.is_not(None), Flag.COMMENT.value), else_=0)
        + case((Pin.answer.is_not(None), Flag.ANSWERED.value), else_=0)
        + case((Pin.state != PinState.VISIBLE, Flag.QUIET.value), else_=0)
    )
    rows = session.execute(
        select(Pin.id, func.ST_X(Pin.position), func.ST_Y(Pin.position), Pin.category, flags)
        .where(*conditions(the_map.id, wanted))
        .order_by(Pin.id)
    ).all()
    return {
        "count": len(rows),
        "categories": list(order),
        "ids": [str(row[0]) for row in rows],
        "lon": [round(row[1], DECIMALS) for row in rows],
        "lat": [round(row[2], DECIMALS) for row in rows],
        "category": [order[row[3]] for row in rows],
        "flags": [row[4] for row in rows],
    }


def pins_version(session: Session, the_map: MapRecord, wanted: PinFilter) -> str:
    """A mark that changes whenever a matching pin comes, changes or goes.

    Count and newest change alone would miss a deletion together with an arrival; the sum over hashed ids does not.
    """
    row = session.execute(
        select(
            func.count(),
            func.max(Pin.changed_at),
            func.coalesce(func.sum(func.hashtextextended(cast(Pin.id, Text), 0)), 0),
        ).where(*conditions(the_map.id, wanted))
    ).one()
    return keyed_mark(the_map, "pins", the_map.version, wanted, *row)
