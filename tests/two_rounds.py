"""Two rounds of one town: of the second fewer people, fear gone at one place and new at another."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.models import Channel, Pin, PinState, Respondent, TownMap
from app.queries.maps import MapRecord, read_map
from gis.crs import to_metric
from gis.grid import square_of
from tests.builders import a_map

GONE, FRESH, QUIET = (15.510, 49.620), (15.530, 49.620), (15.520, 49.613)
"""Where fear has gone, where it is new, and where everybody feels safe in both rounds."""
EARLIER, LATER = datetime.fromisoformat("2023-05-01T10:00:00Z"), datetime.fromisoformat("2027-05-01T10:00:00Z")
THEN, NOW = "pred", "potom"
TOWN = {"name": "Testov", "slug": "testov", "ruian": 900_001}

Row = tuple[str, str, tuple[float, float], datetime]
"""Who, what, where and when."""


def two_rounds(session: Session, **of_the_later: Any) -> MapRecord:
    """The later of the two: 80 people then, 60 now; what is given describes the later one."""
    then = a_map(session, THEN, town=TOWN, **of_the_later.pop("of_the_earlier", {}))
    now = a_map(session, NOW, town=TOWN, **of_the_later)
    rows = [*_everybody(80, EARLIER), *((f"r{n}", "unsafe", GONE, EARLIER) for n in range(40))]
    set_pins(session, then, rows)
    rows = [*_everybody(60, LATER), *((f"r{n}", "unsafe", FRESH, LATER) for n in range(30))]
    set_pins(session, now, [*rows, ("r40", "unsafe", GONE, LATER)])
    return follows(session, now, then)


def follows(session: Session, now: MapRecord, then: MapRecord) -> MapRecord:
    """The map as the next round of another."""
    session.execute(
        update(TownMap).where(TownMap.id == now.id).values(previous_id=then.id, version=TownMap.version + 1)
    )
    session.commit()
    return read_map(session, now.slug)


def set_pins(session: Session, the_map: MapRecord, rows: Iterable[Row]) -> None:
    """Pins of a map, many at once; people are known by name."""
    rows = list(rows)
    known = {name: uuid.uuid5(uuid.NAMESPACE_OID, f"{the_map.slug} {name}") for name, *_ in rows}
    for person in known.values():
        session.merge(Respondent(map_id=the_map.id, id=person))
    session.flush()
    session.add_all(_pin(the_map, known[name], category, at, moment) for name, category, at, moment in rows)
    session.commit()


def _pin(the_map: MapRecord, person: uuid.UUID, category: str, at: tuple[float, float], moment: datetime) -> Pin:
    column, row = square_of(*to_metric(the_map.metric_srid)(*at))
    return Pin(
        map_id=the_map.id,
        id=uuid.uuid4(),
        respondent_id=person,
        category=category,
        position=f"SRID=4326;POINT({at[0]} {at[1]})",
        square_x=int(column),
        square_y=int(row),
        channel=Channel.WEB,
        state=PinState.VISIBLE,
        created_at=moment,
    )


def _everybody(people: int, moment: datetime) -> list[Row]:
    """Each feels safe in the quiet place, two months long one after another."""
    return [(f"r{n}", "safe", QUIET, moment.replace(month=5 + n % 2)) for n in range(people)]
