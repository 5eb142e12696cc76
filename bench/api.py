"""Features read per second in pages of 10 000: our API against tipg and pygeoapi on the same database."""

from __future__ import annotations

import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from shapely import MultiPolygon, box
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from app.config import ROOT
from app.inputs.map_folder import parse_map
from app.queries.maps import read_map
from app.services.maps import save_map
from bench.api_peers import COLLECTION, installed_peers, pygeoapi, tipg
from bench.database import bench_database
from bench.servers import gunicorn
from bench.table import print_table

PINS, PEOPLE, PAGE = 200_000, 25_000, 10_000
ROUNDS = 3
BOUND = 4.0
WEST, SOUTH, EAST, NORTH = 15.50, 49.61, 15.54, 49.63
WAIT_S = 120

FILL = """
INSERT INTO respondent (map_id, id) SELECT :map, md5(n::text)::uuid FROM generate_series(1, :people) AS n;
INSERT INTO pin (map_id, id, respondent_id, category, position, square_x, square_y, zoom, comment, channel,
                 created_at)
SELECT :map, gen_random_uuid(), md5((1 + n % :people)::text)::uuid,
       (ARRAY['safe', 'unsafe', 'improve'])[1 + n % 3],
       ST_SetSRID(ST_MakePoint(:west + random() * (:east - :west), :south + random() * (:north - :south)), 4326),
       n % 1200, n / 1200, 17, CASE WHEN n % 4 = 0 THEN 'Večer je tu tma a nikdo tudy nechodí, místo ' || n END,
       'web', now() - n * interval '1 minute'
FROM generate_series(1, :pins) AS n;
"""
SAME = f"""
CREATE VIEW {COLLECTION} AS
SELECT id, category, comment, created_at, channel, event, supports, status, answer, answered_at, position AS geom
FROM pin WHERE map_id = (SELECT id FROM town_map WHERE slug = 'bench') AND state = 'visible'
"""


@dataclass(frozen=True)
class Server:
    """One server under measurement."""

    name: str
    port: int
    first_page: str


def main(_arguments: list[str]) -> None:
    """Read everything, page by page, from each server in turn; several times."""
    home = Path(os.environ.get("POCIT_HOME") or ROOT / ".local")
    python = installed_peers(home / "cache")
    with bench_database() as url, tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        engine = create_engine(url)
        _fill(engine)
        ours = gunicorn("app:create_app()", {"DATABASE_URL": url, "POCIT_HOME": folder}, "/readyz")
        page = f"items?limit={PAGE}"
        started = (
            ("ours", ours, f"/api/collections/bench/{page}"),
            ("tipg", tipg(python, url, PAGE), f"/collections/public.{COLLECTION}/{page}&f=geojson"),
            ("pygeoapi", pygeoapi(python, url, PAGE, Path(folder)), f"/collections/{COLLECTION}/{page}&f=json"),
        )
        figures = _measure([Server(name, running.enter_context(made), first) for name, made, first in started])
        engine.dispose()
    _report(figures)


def _fill(engine: Engine) -> None:
    with Session(engine) as session:
        description = {"title": {"cs": "Měření"}, "town": {"name": "Měřín", "slug": "bench", "ruian": 999_001}}
        area = MultiPolygon([box(WEST, SOUTH, EAST, NORTH)])
        save_map(session, parse_map(description, slug="bench", boundary=area))
        session.flush()
        values: dict[str, object] = {"west": WEST, "south": SOUTH, "east": EAST, "north": NORTH}
        values |= {"map": read_map(session, "bench").id, "people": PEOPLE, "pins": PINS}
        for statement in FILL.split(";\n")[:2]:
            session.execute(text(statement), values)
        session.execute(text(SAME))
        session.commit()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE pin"))


def _measure(servers: Sequence[Server]) -> dict[str, list[float]]:
    """Features a second of each server, a figure a round; the first round warms up and is checked instead."""
    figures: dict[str, list[float]] = {server.name: [] for server in servers}
    seen: dict[str, set[str]] = {}
    for number in range(ROUNDS + 1):
        for server in servers:
            seconds, ids = 0.0, []
            for page_s, features in _pages(server):
                seconds += page_s
                ids += features
            if number:
                figures[server.name].append(len(ids) / seconds)
            else:
                seen[server.name] = set(ids)
                assert len(ids) == len(seen[server.name]) == PINS, f"{server.name} gave {len(ids)} of {PINS} pins"
    assert all(ids == seen["ours"] for ids in seen.values()), "they do not read the same pins"
    return figures


def _pages(server: Server) -> Iterator[tuple[float, list[str]]]:
    """Each page: how long it took until it was wholly there, and the ids in it; reading it is not measured."""
    connection = HTTPConnection("127.0.0.1", server.port, timeout=WAIT_S)
    following: str | None = server.first_page
    while following:
        start = time.perf_counter()
        connection.request("GET", following, headers={"Accept": "application/geo+json, application/json"})
        answer = connection.getresponse()
        body = answer.read()
        seconds = time.perf_counter() - start
        assert answer.status == 200, f"{server.name}: {answer.status} {body[:500]!r}"
        page = json.loads(body)
        yield seconds, [str(feature["id"]) for feature in page["features"]]
        found = next((link["href"] for link in page["links"] if link["rel"] == "next"), None)
        following = found and f"{urlsplit(found).path}?{urlsplit(found).query}"
        # Some link to a next page that is empty.
        if len(page["features"]) < PAGE:
            break
    connection.close()


def _report(figures: dict[str, list[float]]) -> None:
    """The table, and whether the bound is kept."""
    ours = figures["ours"]

    def row(name: str, values: Sequence[float], digits: int) -> list[str]:
        shown = (min(values), statistics.median(values), max(values))
        return [name, *(f"{value:,.{digits}f}".replace(",", " ") for value in shown)]

    rows = [row("ours", ours, 0)]
    kept = True
    for name in ("tipg", "pygeoapi"):
        ratios = [mine / theirs for mine, theirs in zip(ours, figures[name], strict=True)]
        rows += [row(f"reference: {name}", figures[name], 0), row(f"ratio ours / {name}", ratios, 1)]
        kept = kept and statistics.median(ratios) >= BOUND
    print_table(
        f"api: features read per second, {PINS} pins in pages of {PAGE}, {ROUNDS} rounds in turn",
        ["", "min", "median", "max"],
        rows,
    )
    print(f"  at least {BOUND:.0f} times as many as each: {'yes' if kept else 'NO'}")
