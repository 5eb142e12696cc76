"""Pins stored per second: our whole POST (validated, durable) against a bare Flask + psycopg_pool INSERT."""

from __future__ import annotations

import json
import random
import statistics
import tempfile
import uuid
from collections.abc import Iterator

from shapely import MultiPolygon, box
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from app.inputs.map_folder import parse_map
from app.services.maps import save_map
from bench.database import bench_database
from bench.sending import Load, request_bytes, send_for
from bench.servers import gunicorn
from bench.table import print_table

ROUNDS = 7
ROUND_S = 3.0
CONNECTIONS = 8
PINS_A_PERSON = 8
"""The median of a real campaign (Ostrava 2023)."""
WEST, SOUTH, EAST, NORTH = 15.50, 49.61, 15.54, 49.63
SEED = 20261121

BARE_TABLE = """
    CREATE TABLE bare_pin (
        id uuid PRIMARY KEY, category text NOT NULL, comment text, position geometry(Point, 4326) NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now()
    )
"""


def main(_arguments: list[str]) -> None:
    """Measure both in turn, so that a change in the machine's pace meets both alike."""
    with bench_database() as url, tempfile.TemporaryDirectory() as home:
        engine = create_engine(url)
        with Session(engine) as session:
            description = {"title": {"cs": "Měření"}, "town": {"name": "Měřín", "ruian": 999_001}}
            area = MultiPolygon([box(WEST, SOUTH, EAST, NORTH)])
            save_map(session, parse_map(description, slug="bench", boundary=area))
            session.execute(text(BARE_TABLE))
            session.commit()
        environment = {"DATABASE_URL": url, "POCIT_HOME": home}
        with (
            gunicorn("app:create_app()", environment, "/readyz") as ours_port,
            gunicorn("bench.servers_bare:create_bare()", environment, "/") as bare_port,
        ):
            ours, bare = _measure(ours_port, bare_port)
        with engine.connect() as connection:
            stored = connection.scalar(text("SELECT count(*) FROM pin"))
        engine.dispose()
    answered = sum(load.statuses.get(201, 0) for load in ours)
    # The first round warms both up; its pins count here, not in the figures.
    assert stored == answered, f"{answered} answered with 201, {stored} stored"
    _report(ours[1:], bare[1:])


def _measure(ours_port: int, bare_port: int) -> tuple[list[Load], list[Load]]:
    ours, bare = [], []
    our_requests, bare_requests = _requests("/api/collections/bench/items"), _requests("/items")
    for _ in range(ROUNDS + 1):
        bare.append(send_for(bare_port, bare_requests, connections=CONNECTIONS, seconds=ROUND_S))
        ours.append(send_for(ours_port, our_requests, connections=CONNECTIONS, seconds=ROUND_S))
    return ours, bare


def _requests(path: str) -> Iterator[bytes]:
    dice = random.Random(SEED)
    token = ""
    for number in range(10_000_000):
        if number % PINS_A_PERSON == 0:
            token = f"{dice.getrandbits(256):064x}"
        headers = {"Content-Type": "application/geo+json", "Authorization": f"Bearer {token}"}
        yield request_bytes("POST", path, headers, json.dumps(_feature(dice)).encode())


def _feature(dice: random.Random) -> dict[str, object]:
    properties: dict[str, object] = {"category": dice.choice(("safe", "unsafe", "improve")), "zoom": 17}
    if dice.random() < 0.25:
        properties["comment"] = "Večer je tu tma a nikdo tudy nechodí."
    point = [round(dice.uniform(WEST, EAST), 6), round(dice.uniform(SOUTH, NORTH), 6)]
    return {
        "type": "Feature",
        "id": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
        "geometry": {"type": "Point", "coordinates": point},
        "properties": properties,
    }


def _report(ours: list[Load], bare: list[Load]) -> None:
    mine, theirs = ([load.per_second(201) for load in loads] for loads in (ours, bare))
    ratios = [a / b for a, b in zip(mine, theirs, strict=True)]
    others = sum(n for load in (*ours, *bare) for status, n in load.statuses.items() if status != 201)

    def row(name: str, figures: list[float], digits: int) -> list[str]:
        return [
            name,
            *(f"{value:.{digits}f}" for value in (min(figures), statistics.median(figures), max(figures))),
        ]

    print_table(
        f"submit: pins stored per second, {CONNECTIONS} connections, {ROUNDS} rounds of {ROUND_S:.0f} s in turn",
        ["", "min", "median", "max"],
        [
            row("ours: POST …/items", mine, 0),
            row("reference: bare Flask + psycopg_pool, one INSERT", theirs, 0),
            row("ratio ours / reference", ratios, 2),
        ],
    )
    print(f"  answers other than 201: {others}")
