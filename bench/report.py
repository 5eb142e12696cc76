"""The council report of a city: seconds, processor seconds and memory, part by part, against the promised minute.

`./run bench report` makes a town of Ostrava's size (23 800 pins of 1 630 people on 20 × 20 km, a vector ground of
4 000 features); `./run bench report SLUG` measures that map in the database of DATABASE_URL and changes nothing
but its list of reports.
"""

from __future__ import annotations

import json
import os
import random
import resource
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from shapely import MultiPolygon, box
from sqlalchemy import create_engine, insert, text
from sqlalchemy.orm import Session, sessionmaker

from app.config import with_driver
from app.inputs.map_folder import parse_map
from app.models import Channel, Pin, Report, ReportState, Respondent
from app.queries.heat_store import HeatStore
from app.queries.maps import MapRecord, read_map
from app.services.maps import save_map
from app.services.reports import Office, Order, Progress, make, report_file
from app.views.markdown import rendered
from bench.database import bench_database
from bench.table import print_table
from gis.crs import to_metric
from gis.grid import square_of

PROMISED_S = 60.0
PEOPLE, PINS = 1630, 23_800
WEST, SOUTH, EAST, NORTH = 18.10, 49.74, 18.38, 49.92
HILLS, STREETS = 300, 4000
COMMENT = "Večer je tu tma a nikdo tudy nechodí, lampa nesvítí už třetí týden, prosíme o opravu."
SEED = 20261121
MEBIBYTE = 1024


class Watch(Progress):
    """Notes when each step began, by the clock and by the processor."""

    def __init__(self, sessions: sessionmaker[Session], order: Order) -> None:
        super().__init__(sessions, order)
        self.began: dict[str, tuple[float, float]] = {}

    def say(self, hundredths: int, step: str, state: ReportState = ReportState.RUNNING) -> None:
        """Note the step's beginning, then say it as ever."""
        self.began.setdefault(step or "end", (time.perf_counter(), time.process_time()))
        super().say(hundredths, step, state)


def main(arguments: list[str]) -> None:
    """Make one report in both files and print where the time went."""
    if arguments:
        url = with_driver(os.environ["DATABASE_URL"])
        _measure(url, arguments[0])
        return
    with bench_database() as url:
        with _sessions(url) as sessions, sessions() as session:
            _city(session)
        _measure(url, "bench")


@contextmanager
def _sessions(url: str) -> Iterator[sessionmaker[Session]]:
    engine = create_engine(url)
    try:
        yield sessionmaker(engine, expire_on_commit=False)
    finally:
        engine.dispose()


def _measure(url: str, slug: str) -> None:
    with tempfile.TemporaryDirectory() as home, _sessions(url) as sessions:
        with sessions() as session:
            the_map = read_map(session, slug)
            order = Order(the_map.id, slug, uuid.uuid4(), "cs")
            session.add(Report(map_id=the_map.id, id=order.report_id, language="cs", asked_by="bench"))
            session.commit()
        before = _peak()
        office = Office(sessions, HeatStore(), Path(home), frozenset(), rendered)
        watch = Watch(sessions, order)
        make(office, order, watch)
        sizes = {
            form: report_file(office.home, the_map.id, order.report_id, form).stat().st_size
            for form in ("pdf", "html")
        }
        with sessions() as session:
            row = session.get(Report, (the_map.id, order.report_id))
            if row is not None:
                session.delete(row)
            session.commit()
    _print(slug, watch, sizes, (before, _peak()))


def _print(slug: str, watch: Watch, sizes: dict[str, int], memory: tuple[float, float]) -> None:
    steps = list(watch.began.items())
    rows = [
        [step, f"{later[0] - began[0]:.2f}", f"{later[1] - began[1]:.2f}"]
        for (step, began), (_, later) in pairwise(steps)
    ]
    wall, cpu = (steps[-1][1][i] - steps[0][1][i] for i in (0, 1))
    rows.append(["all", f"{wall:.2f}", f"{cpu:.2f}"])
    rows.append(["reference: promised", f"{PROMISED_S:.0f}", ""])
    rows.append(["ratio all / promised", f"{wall / PROMISED_S:.2f}", f"{cpu / PROMISED_S:.2f}"])
    print_table(f"report: seconds to make the report of “{slug}”", ["", "clock", "processor"], rows)
    print(f"  files: PDF {sizes['pdf'] / 1e6:.1f} MB, HTML {sizes['html'] / 1e6:.1f} MB")
    print(f"  memory: {memory[1]:.0f} MB at most, {memory[0]:.0f} MB before")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEBIBYTE


def _city(session: Session) -> None:
    """A city with hills of pins, as people place them: many near a few places, some anywhere."""
    dice = random.Random(SEED)
    area = MultiPolygon([box(WEST, SOUTH, EAST, NORTH)])
    description = {
        "title": {"cs": "Měření"},
        "town": {"name": "Měřín", "ruian": 999_001},
        "basemap": {"kind": "vector"},
    }
    ground = json.dumps({"type": "FeatureCollection", "features": [_street(dice, n) for n in range(STREETS)]})
    save_map(session, parse_map(description, slug="bench", boundary=area, basemap_geojson=ground))
    session.flush()
    the_map = read_map(session, "bench")
    people = [uuid.UUID(int=dice.getrandbits(128), version=4) for _ in range(PEOPLE)]
    session.execute(insert(Respondent), [{"map_id": the_map.id, "id": person, "about": {}} for person in people])
    hills = [(dice.uniform(WEST, EAST), dice.uniform(SOUTH, NORTH)) for _ in range(HILLS)]
    session.execute(insert(Pin), [_pin(dice, the_map, people, hills) for _ in range(PINS)])
    # As an import does, and the database by itself a minute later: the planner must know what there is.
    session.execute(text("ANALYZE pin"))
    session.commit()


def _pin(
    dice: random.Random, the_map: MapRecord, people: list[uuid.UUID], hills: list[tuple[float, float]]
) -> dict[str, object]:
    lon, lat = hills[min(int(dice.expovariate(1 / 40)), HILLS - 1)]
    lon = min(max(lon + dice.gauss(0, 0.003), WEST), EAST)
    lat = min(max(lat + dice.gauss(0, 0.002), SOUTH), NORTH)
    column, row = square_of(*to_metric(the_map.metric_srid)(lon, lat))
    return {
        "map_id": the_map.id,
        "id": uuid.UUID(int=dice.getrandbits(128), version=4),
        "respondent_id": dice.choice(people),
        "category": dice.choice([category.key for category in the_map.categories]),
        "position": f"SRID=4326;POINT({lon} {lat})",
        "square_x": int(column),
        "square_y": int(row),
        "comment": f"{COMMENT} {dice.getrandbits(40)}" if dice.random() < 0.25 else None,
        "channel": Channel.WEB,
    }


def _street(dice: random.Random, number: int) -> dict[str, object]:
    lon, lat = dice.uniform(WEST, EAST), dice.uniform(SOUTH, NORTH)
    places = [[lon + dice.gauss(0, 0.001) * step, lat + dice.gauss(0, 0.001) * step] for step in range(8)]
    return {
        "type": "Feature",
        "properties": {"kind": "street", "class": dice.choice(("main", "street")), "name": f"Ulice {number}"},
        "geometry": {"type": "LineString", "coordinates": places},
    }
