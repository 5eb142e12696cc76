"""Made-up pins into the tables, and into a file as `pocit pins import` takes it."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from shapely import MultiPolygon
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.inputs.map_folder import parse_map
from app.queries.maps import MapRecord, read_map
from app.services.maps import save_map
from bench.crowd import AGES, CATEGORIES, WHEN, Pins, comments, said

COLUMNS = (
    ("person", ">i4"), ("category", ">i2"), ("lon", ">f8"), ("lat", ">f8"), ("x_index", ">i4"),
    ("y_index", ">i4"), ("created", ">i8"), ("when", ">i2"), ("comment", ">i4"), ("age", ">i2"),
)  # fmt: skip
TYPES = {">i2": "smallint", ">i4": "integer", ">i8": "bigint", ">f8": "double precision"}
BEGINNING, END = b"PGCOPY\n\xff\r\n\x00" + bytes(8), b"\xff\xff"
"""Of COPY's binary form."""
HEADING = ("respondent", "category", "lon", "lat", "comment", "created_at", "when", "about.age")

STAGE = f"""
    CREATE UNLOGGED TABLE bench_stage ({", ".join(f'"{name}" {TYPES[kind]}' for name, kind in COLUMNS)})
"""
PEOPLE = """
    INSERT INTO respondent (map_id, id, about)
    SELECT :map, md5(:map || '/' || person)::uuid,
           CASE WHEN min(age) >= 0 THEN jsonb_build_object('age', (CAST(:ages AS text[]))[1 + min(age)])
                ELSE '{}' END
    FROM bench_stage GROUP BY person
"""
PINS = """
    INSERT INTO pin (map_id, id, respondent_id, category, position, square_x, square_y, zoom, comment, answers,
                     channel, created_at, changed_at, checked_at)
    SELECT :map, gen_random_uuid(), md5(:map || '/' || person)::uuid, (CAST(:keys AS text[]))[1 + category],
           ST_SetSRID(ST_MakePoint(lon, lat), 4326), x_index, y_index, 17,
           CASE WHEN comment >= 0 THEN (CAST(:said AS text[]))[1 + comment % :kinds] || ' '
                || (CAST(:said AS text[]))[1 + comment / :kinds % :kinds] END,
           CASE WHEN "when" >= 0 THEN jsonb_build_object('when', (CAST(:whens AS text[]))[1 + "when"])
                ELSE '{}' END,
           'import', to_timestamp(created), to_timestamp(created), to_timestamp(created)
    FROM bench_stage
"""
BOUND = """
    SELECT conrelid::regclass::text AS of, conname AS name, pg_get_constraintdef(oid) AS said, contype AS kind
    FROM pg_constraint
    WHERE (conrelid = 'pin'::regclass AND contype IN ('f', 'p')) OR (confrelid = 'pin'::regclass AND contype = 'f')
    ORDER BY contype = 'p'
"""
INDEXED = """
    SELECT indexname AS name, indexdef AS said FROM pg_indexes
    WHERE schemaname = current_schema() AND tablename = 'pin' AND indexname <> 'pk_pin'
"""


def make_map(
    session: Session,
    slug: str,
    boundary: MultiPolygon,
    keys: Iterable[str] = CATEGORIES,
    town: tuple[str, int] = ("Měřín", 999_001),
) -> MapRecord:
    """A map of the town (name, RÚIAN code): these categories, a question about day and night, one about age."""

    def question(key: str, options: Iterable[str]) -> dict[str, object]:
        return {
            "key": key,
            "label": {"cs": key},
            "type": "single",
            "options": [{"key": one, "label": {"cs": one}} for one in options],
        }

    described = {
        "title": {"cs": f"Měření {slug}"},
        "town": {"name": town[0], "ruian": town[1]},
        "categories": [{"key": key, "label": {"cs": key}} for key in keys],
        "questions": [question("when", WHEN)],
        "about": [question("age", AGES)],
    }
    save_map(session, parse_map(described, slug=slug, boundary=boundary))
    session.commit()
    return read_map(session, slug)


def fill(session: Session, the_map: MapRecord, pieces: Iterable[Pins]) -> dict[str, float]:
    """Put the pins into the tables and say how many seconds each step took; commits.

    The pins are in the tables only, without what the triggers keep: see services/counts.py, rebuild.
    """
    took: dict[str, float] = {}
    keys = [category.key for category in the_map.categories]
    values = {"map": the_map.id, "keys": keys, "ages": list(AGES), "whens": list(WHEN)}
    values |= {"said": list(comments()), "kinds": len(comments())}
    session.execute(text("DROP TABLE IF EXISTS bench_stage"))
    session.execute(text(STAGE))
    with _timed(took, "made and staged"):
        stage(session, pieces)
    with _timed(took, "people"):
        session.execute(text(PEOPLE), values)
    with _timed(took, "pins"):
        session.execute(text(PINS), values)
        session.execute(text("DROP TABLE bench_stage"))
        session.commit()
    return took


def stage(session: Session, pieces: Iterable[Pins]) -> None:
    """Put the pins into `bench_stage` as they are, by COPY's binary form."""
    driver = session.connection().connection.driver_connection
    assert driver is not None
    with driver.cursor() as cursor, cursor.copy("COPY bench_stage FROM STDIN (FORMAT binary)") as copy:
        copy.write(BEGINNING)
        for piece in pieces:
            copy.write(_binary(piece))
        copy.write(END)


@contextmanager
def bare_pins(engine: Engine, took: dict[str, float]) -> Iterator[None]:
    """Within it the table of pins has no index, no key and no trigger; behind it, all that it had before.

    Only for a database of one's own: it locks the table, and what is put in is checked afterwards at once.
    """
    with engine.begin() as connection:
        bound = connection.execute(text(BOUND)).all()
        indexed = connection.execute(text(INDEXED)).all()
        for one in bound:
            connection.execute(text(f"ALTER TABLE {one.of} DROP CONSTRAINT {one.name}"))
        for one in indexed:
            connection.execute(text(f"DROP INDEX {one.name}"))
        connection.execute(text("ALTER TABLE pin DISABLE TRIGGER USER"))
    yield
    with _timed(took, "indexes and keys"), engine.begin() as connection:
        connection.execute(text("SET LOCAL maintenance_work_mem = '1GB'"))
        for one in reversed(bound):
            connection.execute(text(f"ALTER TABLE {one.of} ADD CONSTRAINT {one.name} {one.said}"))
        for one in indexed:
            connection.exec_driver_sql(one.said)
        connection.execute(text("ALTER TABLE pin ENABLE TRIGGER USER"))
    with _timed(took, "ANALYZE"), engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE) pin, respondent"))


def write_csv(path: Path, pieces: Iterable[Pins], keys: Iterable[str] = CATEGORIES) -> None:
    """The pins as a file with our own column names."""
    names = list(keys)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADING)
        for piece in pieces:
            columns = (getattr(piece, name).tolist() for name in ("person", "category", "lon", "lat", "comment"))
            rest = (getattr(piece, name).tolist() for name in ("created", "when", "age"))
            for person, category, lon, lat, comment, created, when, age in zip(*columns, *rest, strict=True):
                writer.writerow(
                    (
                        f"p{person}", names[category], f"{lon:.7f}", f"{lat:.7f}",
                        said(comment) if comment >= 0 else "", datetime.fromtimestamp(created, UTC).isoformat(),
                        WHEN[when] if when >= 0 else "", AGES[age] if age >= 0 else "",
                    )
                )  # fmt: skip


def _binary(piece: Pins) -> bytes:
    parts = [("fields", ">i2")]
    for name, kind in COLUMNS:
        parts += [(f"{name}_bytes", ">i4"), (name, kind)]
    rows = np.empty(len(piece), dtype=parts)
    rows["fields"] = len(COLUMNS)
    for name, kind in COLUMNS:
        rows[f"{name}_bytes"] = np.dtype(kind).itemsize
        rows[name] = getattr(piece, name)
    return rows.tobytes()


@contextmanager
def _timed(took: dict[str, float], step: str) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    took[step] = took.get(step, 0.0) + time.perf_counter() - begun
