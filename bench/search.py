"""Searching in comments: by the index of words, without it, and as a plain text within, in the same run."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from shapely import MultiPolygon, box
from sqlalchemy import ColumnElement, create_engine, func, select, text
from sqlalchemy.orm import Session

from app.inputs.filters import PinFilter
from app.inputs.map_folder import parse_map
from app.inputs.search import parse_search
from app.models import Pin
from app.queries.features import conditions
from app.queries.maps import read_map
from app.services.maps import save_map
from bench.database import bench_database
from bench.table import print_table

PINS, PEOPLE = 100_000, 6_000
ROUNDS = 9
SOUGHT = ("lavička", "lampa", "přechod škola", '"u školy"', "nic takového")
COMMENTS = Path(__file__).parents[1] / "sample_maps" / "make_vzorov" / "comments.txt"
TAG, MARKS = re.compile(r"^\[\w*\]"), ("", "#", "=", "-")
"""Who says it, and lines that are no comments: see the head of the file."""
WEST, SOUTH, EAST, NORTH = 15.50, 49.61, 15.54, 49.63

# A quarter of the pins has a comment, as in Ostrava: two of the samples' own, so that few are the same.
FILL = """
INSERT INTO respondent (map_id, id) SELECT :map, md5(n::text)::uuid FROM generate_series(1, :people) AS n;
INSERT INTO pin (map_id, id, respondent_id, category, position, square_x, square_y, comment, channel)
SELECT :map, gen_random_uuid(), md5((1 + n % :people)::text)::uuid, 'safe',
       ST_SetSRID(ST_MakePoint(:west + random() * (:east - :west), :south + random() * (:north - :south)), 4326),
       n % 1200, n / 1200,
       CASE WHEN n % 4 = 0 THEN (CAST(:said AS text[]))[1 + n % :kinds] || ' '
            || (CAST(:said AS text[]))[1 + (n * 7919 + 11) % :kinds] END, 'import'
FROM generate_series(1, :pins) AS n;
"""


def main(_arguments: Sequence[str]) -> None:
    """Fill a map, then count what each search finds, in three ways."""
    with bench_database() as url:
        engine = create_engine(url)
        with Session(engine) as session:
            map_id = _fill(session)
            rows = [_row(session, map_id, sought) for sought in SOUGHT]
        engine.dispose()
    print_table(
        f"search in {PINS:,} pins, {PINS // 4:,} comments: median of {ROUNDS}, ms",
        ["sought", "found", "by index", "no index", "within", "no index : index"],
        rows,
    )


def _row(session: Session, map_id: int, sought: str) -> list[object]:
    wanted = conditions(map_id, PinFilter(search=parse_search(sought)))
    asked = sought.strip('"').split()
    within = [func.plain_words(Pin.comment).contains(func.plain_words(word)) for word in asked]
    found, by_index = _measured(session, wanted)
    session.execute(text("SET enable_bitmapscan = off"))
    session.execute(text("SET enable_indexscan = off"))
    same, without = _measured(session, wanted)
    _, plain = _measured(session, [Pin.map_id == map_id, *within])
    session.execute(text("RESET enable_bitmapscan"))
    session.execute(text("RESET enable_indexscan"))
    assert same == found
    return [sought, found, f"{by_index:.1f}", f"{without:.1f}", f"{plain:.1f}", f"{without / by_index:.0f}×"]


def _measured(session: Session, wanted: Sequence[ColumnElement[bool] | Any]) -> tuple[int, float]:
    """How many match, and the median of the times it took, in milliseconds."""
    query = select(func.count()).select_from(Pin).where(*wanted)
    found, times = 0, []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        found = session.scalar(query) or 0
        times.append((time.perf_counter() - begun) * 1000)
    return found, statistics.median(times)


def _fill(session: Session) -> int:
    boundary = MultiPolygon([box(WEST, SOUTH, EAST, NORTH)])
    description = {"title": {"cs": "Bench"}, "town": {"name": "Bench", "ruian": 999_999}}
    save_map(session, parse_map(description, slug="bench", boundary=boundary))
    session.commit()
    map_id = read_map(session, "bench").id
    said = [TAG.sub("", line).strip() for line in COMMENTS.read_text().splitlines() if line[:1] not in MARKS]
    values = {"west": WEST, "south": SOUTH, "east": EAST, "north": NORTH, "said": said, "kinds": len(said)}
    for statement in FILL.split(";\n"):
        if statement.strip():
            session.execute(text(statement), values | {"map": map_id, "people": PEOPLE, "pins": PINS})
    session.commit()
    session.execute(text("ANALYZE pin"))
    session.commit()
    return map_id
