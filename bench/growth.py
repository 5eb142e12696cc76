"""What a request costs and a pin weighs: the figures from which docs/growing.md reckons.

Seconds of processors, of web processes and database together, instead of seconds of a clock: so many requests fit
into a second of one core, whatever else the machine is doing. A bare Flask with one INSERT stands beside.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

from shapely import MultiPolygon, box
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from app.inputs.map_folder import parse_map
from app.queries.maps import read_map
from app.services.counts import settle
from app.services.maps import save_map
from bench.database import bench_database
from bench.sending import request_bytes, send_for
from bench.servers import gunicorn
from bench.submit import BARE_TABLE, EAST, NORTH, PINS_A_PERSON, SOUTH, WEST, _requests
from bench.table import print_table

ITEMS = "/api/collections/bench/items"
ROUND_S = 4.0
CONNECTIONS = 8
TICKS = os.sysconf("SC_CLK_TCK")
PHONE = {"Accept-Encoding": "gzip, br", "Accept-Language": "cs"}
READS = {
    "the page of a map": "/m/bench",
    "all its pins for the page": "/m/bench/pins.json",
    "the same, unchanged (304)": "/m/bench/pins.json",
    "the picture of its heat, unchanged (304)": "/m/bench/heat.png",
    "a tile of its heat": "/m/bench/heat/14/8898/5583.png",
    "the results": "/m/bench/results",
    "100 pins of the API": f"{ITEMS}?limit=100",
    "a vector tile": "/api/collections/bench/tiles/WebMercatorQuad/14/5583/8898",
}
PINS, PARTS = 80_000, 20
PEOPLE = """
    INSERT INTO respondent (map_id, id)
    SELECT :map, md5(:part || '/' || n)::uuid FROM generate_series(1, :people) AS n
"""
MANY = """
    INSERT INTO pin (map_id, id, respondent_id, category, position, square_x, square_y, zoom, comment, channel)
    SELECT :map, gen_random_uuid(), md5(:part || '/' || p)::uuid, (ARRAY['safe', 'unsafe', 'improve'])[1 + n % 3],
           ST_SetSRID(ST_MakePoint(:west + x * 0.04, :south + y * 0.02), 4326),
           (-660000 / 25 + x * 116)::int, (-1110000 / 25 + y * 90)::int, 17,
           CASE WHEN n % 4 = 0 THEN 'Večer je tu tma a nikdo tudy nechodí.' END, 'web'
    FROM generate_series(1, :people) AS p, generate_series(1, 8) AS n, LATERAL (SELECT random() + 0 * (p + n) AS x,
         random() + 0 * (p + n) AS y) AS spot
"""
GROWN = ("pin", "respondent", "pin_flag", "heat_block", "heat_state", "heat_change")
"""The tables that grow with pins."""


def main(_arguments: list[str]) -> None:
    """Store pins for a while, then ask for each thing as long, and count what the processors did."""
    with bench_database() as url, tempfile.TemporaryDirectory() as home:
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with Session(engine) as session:
            description = {"title": {"cs": "Měření"}, "town": {"name": "Měřín", "ruian": 999_001}}
            area = MultiPolygon([box(WEST, SOUTH, EAST, NORTH)])
            save_map(session, parse_map(description, slug="bench", boundary=area))
            session.execute(text(BARE_TABLE))
            session.commit()
        environment = {"DATABASE_URL": url, "POCIT_HOME": home}
        with gunicorn("bench.servers_bare:create_bare()", environment, "/") as port:
            bare = _cost(engine, port, _requests("/items"), 201)
        with gunicorn("app:create_app()", environment, "/readyz") as port:
            rows = [_row("a pin", _cost(engine, port, _requests(ITEMS), 201), bare)]
            for name, path in READS.items():
                known = _mark(port, path) if "(304)" in name else {}
                asked = itertools.repeat(request_bytes("GET", path, PHONE | known, b""))
                rows.append(_row(name, _cost(engine, port, asked, 304 if known else 200), bare))
        _report(rows, bare, engine)
        engine.dispose()


def _cost(engine: Engine, port: int, requests: Iterator[bytes], status: int) -> float:
    """Milliseconds of processors for one request, after a second of warming up."""
    send_for(port, requests, connections=CONNECTIONS, seconds=1.0)
    before = _worked_s(engine)
    load = send_for(port, requests, connections=CONNECTIONS, seconds=ROUND_S)
    worked = _worked_s(engine) - before
    assert set(load.statuses) == {status}, load.statuses
    return 1000 * worked / load.statuses[status]


def _worked_s(engine: Engine) -> float:
    """What our web processes and the database's processes for us have worked by now."""
    with engine.connect() as connection:
        asked = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        backends = list(connection.scalars(text(asked)))
    return sum(_ticks(pid) for pid in [*_descendants(os.getpid()), *backends]) / TICKS


def _descendants(pid: int) -> Iterator[int]:
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield int(child)
        yield from _descendants(int(child))


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _mark(port: int, path: str) -> dict[str, str]:
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("GET", path, headers=PHONE)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return {"If-None-Match": answer.headers["ETag"]}


def _row(name: str, cost_ms: float, bare_ms: float) -> list[str]:
    return [name, f"{cost_ms:.2f}", f"{1000 / cost_ms:.0f}", f"{cost_ms / bare_ms:.2f}"]


def _report(rows: list[list[str]], bare_ms: float, engine: Engine) -> None:
    print_table(
        "growth: milliseconds of one core for a request, web and database together",
        ["", "ms", "a second of a core", "ratio to bare"],
        [_row("reference: bare Flask + psycopg_pool, one INSERT", bare_ms, bare_ms), *rows],
    )
    _fill(engine)
    with engine.connect() as connection:
        pins = connection.scalar(text("SELECT count(*) FROM pin")) or 1
        for table in GROWN:
            connection.execute(text(f"VACUUM ANALYZE {table}"))
        sizes = {t: connection.scalar(text(f"SELECT pg_total_relation_size('{t}')")) or 0 for t in GROWN}
    print_table(
        f"growth: bytes a pin, with all indexes, of {pins} pins (8 a person, a quarter with words)",
        ["", "bytes a pin"],
        [[t, f"{size / pins:.0f}"] for t, size in sizes.items()]
        + [["together", f"{sum(sizes.values()) / pins:.0f}"]],
    )


def _fill(engine: Engine) -> None:
    """Pins enough to weigh: as scattered as those that were sent, in parts as they would come."""
    with Session(engine, expire_on_commit=False) as session:
        the_map = read_map(session, "bench")
        given = {"map": the_map.id, "west": WEST, "south": SOUTH, "people": PINS // PARTS // PINS_A_PERSON}
        for part in range(PARTS):
            session.execute(text(PEOPLE), given | {"part": part})
            session.execute(text(MANY), given | {"part": part})
        session.rollback()
        settle(session, the_map)
