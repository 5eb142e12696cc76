"""A million pins as files: ours over HTTP beside ogr2ogr and psql from the same table, and what the server takes.

Bounds: GeoJSON at least twice as fast as ogr2ogr and at most 1.5 times psql's plain COPY; GeoPackage at most 1.5
times ogr2ogr; the server under 200 MB throughout.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from shapely import MultiPolygon, box
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.orm import Session

from app.inputs.map_folder import parse_map
from app.queries.maps import read_map
from app.services.maps import save_map
from bench.database import bench_database
from bench.memory import Watch
from bench.search import COMMENTS, MARKS, TAG
from bench.servers import gunicorn
from bench.table import print_table

PINS, PEOPLE = 1_000_000, 60_000
WEST, SOUTH, EAST, NORTH = 18.10, 49.72, 18.40, 49.92
SLUG = "bench"
MEGABYTE = 1 << 20

# Three quarters without a comment, as in Ostrava; the others have two of the samples' own.
FILL_PINS = """
INSERT INTO pin (map_id, id, respondent_id, category, position, square_x, square_y, comment, channel, zoom,
                 created_at)
SELECT :map, gen_random_uuid(), md5((1 + n % :people)::text)::uuid,
       (ARRAY['safe', 'unsafe', 'improve'])[1 + n % 3],
       ST_SetSRID(ST_MakePoint(:west + random() * (:east - :west), :south + random() * (:north - :south)), 4326),
       n % 1200, n / 1200,
       CASE WHEN n % 4 = 0 THEN (CAST(:said AS text[]))[1 + n % :kinds] || ' '
            || (CAST(:said AS text[]))[1 + (n * 7919 + 11) % :kinds] END,
       'web', 17, now() - random() * interval '40 days'
FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS n
"""
FILL_PEOPLE = (
    "INSERT INTO respondent (map_id, id) SELECT :map, md5(n::text)::uuid FROM generate_series(1, :people) AS n"
)

COLUMNS = "id, category, comment, created_at, channel, event, supports, status, answer, answered_at"
WHERE = "WHERE map_id = {map} AND state = 'visible'"
JSON = f"""
SELECT json_build_object(
  'type', 'Feature', 'id', id, 'geometry', ST_AsGeoJSON(position, 6)::json, 'properties', json_build_object(
    'category', category, 'comment', comment, 'created_at', created_at, 'channel', channel, 'event', event,
    'supports', supports, 'status', status, 'answer', answer, 'answered_at', answered_at))
FROM pin {WHERE}
"""


def main(arguments: Sequence[str]) -> None:
    """Fill a map, take it away in every way, print how long each took; `--pins N` for another number."""
    pins = int(arguments[1]) if arguments[:1] == ["--pins"] else PINS
    if missing := [name for name in ("ogr2ogr", "psql", "curl") if not shutil.which(name)]:
        sys.exit(f"bench export: it needs {', '.join(missing)}: ogr2ogr (gdal-bin) and psql are the references")
    with bench_database() as url, tempfile.TemporaryDirectory() as folder:
        engine = create_engine(url)
        with Session(engine) as session:
            map_id = _fill(session, pins)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE pin"))
        engine.dispose()
        _measure(url, Path(folder), map_id, pins)


def _measure(url: str, folder: Path, map_id: int, pins: int) -> None:
    environment = {"DATABASE_URL": url, "POCIT_HOME": str(folder / "home")}
    psql = _timed(lambda: _psql(url, JSON.format(map=map_id), folder / "psql.json"))
    by_ogr = {form: _timed(partial(_ogr2ogr, url, map_id, form, folder / "ogr")) for form in REFERENCES}
    rows = []
    with gunicorn("app:create_app()", environment, "/readyz") as port, Watch() as server:
        idle = server.seen()
        for ending, form in ENDINGS.items():
            target = folder / f"ours.{ending}"
            server.forget()
            took = _timed(partial(_download, port, ending, target))
            peak = server.seen()
            ogr = by_ogr.get(form)
            rows.append(
                [
                    f"{ending} over HTTP",
                    f"{took:.1f} s",
                    f"{target.stat().st_size / MEGABYTE:.0f} MB",
                    f"{ogr:.1f} s" if ogr else "",
                    f"{ogr / took:.1f}×" if ogr else "",
                    f"{took / psql:.2f}×" if ending == "geojson" else "",
                    *(f"{one:.0f} MB" for one in (peak.largest_rss, peak.whole_pss)),
                ]
            )
            target.unlink()
    rows.append(
        ["the server at rest", *[""] * 5, *(f"{one:.0f} MB" for one in (idle.largest_rss, idle.whole_pss))]
    )
    print_table(
        f"{pins:,} pins; psql COPY (SELECT json_build_object…) took {psql:.1f} s",
        ["", "took", "size", "ogr2ogr", "ogr2ogr : ours", "ours : psql", "largest process, RSS", "all, PSS"],
        rows,
    )


REFERENCES = {
    "GeoJSON": ["-lco", "COORDINATE_PRECISION=6", "-lco", "ID_FIELD=id"],
    "GPKG": [],
    "FlatGeobuf": [],
    "ESRI Shapefile": ["-lco", "ENCODING=UTF-8"],
}
ENDINGS = {
    "geojson": "GeoJSON",
    "csv": "",
    "gpkg": "GPKG",
    "fgb": "FlatGeobuf",
    "shp.zip": "ESRI Shapefile",
    "parquet": "",
}


def _timed(work: Callable[[], None]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _download(port: int, ending: str, target: Path) -> None:
    # A client that costs as little as the references' own writing does.
    address = f"http://127.0.0.1:{port}/data/{SLUG}/pins.{ending}"
    subprocess.run(["curl", "-sSf", "-o", str(target), address], check=True)


def _psql(url: str, query: str, target: Path) -> None:
    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with target.open("wb") as file:
        subprocess.run(["psql", "-qc", f"COPY ({query}) TO STDOUT", address], stdout=file, check=True)
    target.unlink()


def _ogr2ogr(url: str, map_id: int, form: str, folder: Path) -> None:
    at = make_url(url)
    given = {"host": at.query.get("host") or at.host, "port": at.port, "user": at.username, "dbname": at.database}
    source = "PG:" + " ".join(f"{key}='{value}'" for key, value in given.items() if value)
    query = f"SELECT position, {COLUMNS} FROM pin {WHERE.format(map=map_id)}"
    folder.mkdir()
    subprocess.run(
        [
            "ogr2ogr",
            "-q",
            "-f",
            form,
            str(folder / "pins"),
            source,
            "-sql",
            query,
            "-nln",
            "pins",
            *REFERENCES[form],
        ],
        check=True,
        env=os.environ | ({"PGPASSWORD": str(at.password)} if at.password else {}),
        stderr=subprocess.DEVNULL,
    )
    shutil.rmtree(folder)


def _fill(session: Session, pins: int) -> int:
    boundary = MultiPolygon([box(WEST, SOUTH, EAST, NORTH)])
    description = {"title": {"cs": "Bench"}, "town": {"name": "Bench", "ruian": 999_999}}
    save_map(session, parse_map(description, slug=SLUG, boundary=boundary))
    session.commit()
    map_id = read_map(session, SLUG).id
    said = [TAG.sub("", line).strip() for line in COMMENTS.read_text().splitlines() if line[:1] not in MARKS]
    values = {"map": map_id, "people": PEOPLE, "said": said, "kinds": len(said)}
    values |= {"west": WEST, "south": SOUTH, "east": EAST, "north": NORTH}
    session.execute(text(FILL_PEOPLE), values)
    session.execute(text(FILL_PINS), values | {"first": 1, "last": pins})
    session.commit()
    return map_id
