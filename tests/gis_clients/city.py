"""A synthetic city for GIS clients to read: the same pins on every run, as widely spread as Ostrava's."""

from __future__ import annotations

import random
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from shapely import MultiPolygon, box
from sqlalchemy import insert
from sqlalchemy.orm import Session

from app.models import Pin, Respondent
from app.queries.maps import MapRecord
from gis.crs import to_metric
from gis.grid import square_of
from tests.builders import a_map, a_pin, a_token, an_official

CITY = "mesto"
VISIBLE, PENDING, HIDDEN = 3000, 30, 40
PEOPLE = 200
WEST, SOUTH, EAST, NORTH = 18.10, 49.72, 18.42, 49.90
FIRST = datetime(2026, 5, 1, 6, 0, tzinfo=UTC)
APART = timedelta(minutes=17)

SAID = (
    None,
    None,
    None,
    "Příliš tmavý průchod, večer se tudy bojím.",
    "Krásné stromy, dá se tu v klidu sedět.",
    'Nápis „Pozor“ nikdo nečte; "zkratka" přes koleje.',
    "Dlouhá věta,\nna dvou řádcích.",
    "=SUMA(A1:A9) a žádná lavička",
    "Žluťoučký kůň 🐎 úpěl ďábelské ódy.",
)

CONTROL = "body"
KNOWN_POINTS = {
    "Praha": ((14.4006, 50.0903), (-744230.709, -1042498.866)),
    "Chrudim": ((15.7955, 49.9511), (-647061.241, -1070586.506)),
    "Litoměřice": ((14.1318, 50.5335), (-756370.771, -991028.596)),
    "Valašské Meziříčí": ((17.9711, 49.4718), (-496548.954, -1139895.383)),
    "Ostrava": ((18.2820, 49.8355), (-470644.968, -1101564.970)),
}
"""Longitude and latitude, and the S-JTSK of it by EPSG:5239 (±1 m)."""

MOST_OFF_M = 1.0


@dataclass(frozen=True)
class City:
    """What was put in, to compare with what clients get."""

    the_map: MapRecord
    rows: list[dict[str, Any]] = field(repr=False)
    """The visible pins."""
    token: str
    """Of an official of the city."""

    def ids(self, wanted: Any = lambda row: True) -> set[str]:
        """The ids of the visible pins that are wanted."""
        return {str(row["id"]) for row in self.rows if wanted(row)}


def build(session: Session) -> City:
    """The city with its pins, an official's token, and a map with the known points."""
    question = {
        "key": "when",
        "type": "single",
        "label": {"cs": "Kdy?"},
        "published": True,
        "options": [{"key": "day", "label": {"cs": "Ve dne"}}, {"key": "night", "label": {"cs": "V noci"}}],
    }
    boundary = MultiPolygon([box(WEST, SOUTH, EAST, NORTH)])
    the_map = a_map(session, CITY, boundary=boundary, questions=[question])
    rows = _rows(the_map)
    people = {row["respondent_id"] for row in rows}
    session.execute(insert(Respondent), [{"map_id": the_map.id, "id": one} for one in sorted(people)])
    session.execute(insert(Pin), rows)
    session.commit()
    _known_points(session)
    token = a_token(session, an_official(session, town=CITY, role="viewer"))
    return City(the_map, rows[:VISIBLE], token)


def _rows(the_map: MapRecord) -> list[dict[str, Any]]:
    chance = random.Random(5239)  # noqa: S311 - the same city each time
    states = ["visible"] * VISIBLE + ["pending"] * PENDING + ["hidden"] * HIDDEN
    return [_row(the_map, chance, n, state) for n, state in enumerate(states)]


def _row(the_map: MapRecord, chance: random.Random, n: int, state: str) -> dict[str, Any]:
    lon = round(chance.uniform(WEST, EAST), 6)
    lat = round(chance.uniform(SOUTH, NORTH), 6)
    square_x, square_y = square_of(*to_metric(the_map.metric_srid)(lon, lat))
    answered = n % 10 == 0
    return {
        "map_id": the_map.id,
        "id": uuid.UUID(int=chance.getrandbits(128), version=4),
        "respondent_id": uuid.uuid5(uuid.NAMESPACE_OID, f"person {n % PEOPLE}"),
        "category": ("safe", "unsafe", "improve")[chance.randrange(3)],
        "position": f"SRID=4326;POINT({lon} {lat})",
        "square_x": int(square_x),
        "square_y": int(square_y),
        "comment": chance.choice(SAID),
        "answers": {"when": chance.choice(["day", "night"])},
        "channel": "web",
        "state": state,
        "supports": n % 4,
        "status": "planned" if answered else "received",
        "answer": "Lampy vyměníme do konce roku." if answered else None,
        "answered_at": FIRST + timedelta(days=60) if answered else None,
        "created_at": FIRST + n * APART,
    }


def position(row: dict[str, Any]) -> tuple[float, float]:
    """Longitude and latitude of a row."""
    lon, lat = row["position"].removeprefix("SRID=4326;POINT(").rstrip(")").split()
    return float(lon), float(lat)


def _known_points(session: Session) -> None:
    country = MultiPolygon([box(12.1, 48.6, 18.85, 51.05)])
    the_map = a_map(session, CONTROL, boundary=country)
    for name, (at, _) in KNOWN_POINTS.items():
        a_pin(session, the_map, at=at, comment=name)
