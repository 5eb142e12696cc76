"""Heat of 10 thousand to 10 million pins in one town of Ostrava's size: surfaces, counts, pins, filters, loading.

    ./run bench heat                                  # all sizes; about 6 GB of disk at its height
    ./run bench heat --sizes 10000,100000,1000000     # without the ten million
    ./run bench heat --file survey.csv --respondent-field who --category-field feeling

The pins are made up by a seed, with the heavy tails of people and places that Ostrava's map had (bench/crowd.py);
or people of a file are drawn again and again, their pins some tens of metres beside where they were.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from shapely import MultiPolygon
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from app.inputs.filters import PinFilter, Scope
from app.inputs.heat import HeatQuery
from app.inputs.search import parse_search
from app.queries.counts import read_counts
from app.queries.heat import heat_counts
from app.queries.heat_files import heat_tile
from app.queries.heat_store import Heat, HeatStore
from app.queries.maps import MapRecord
from app.queries.pin_table import OFFICE_COUNTS
from app.services.counts import rebuild
from bench.crowd import CATEGORIES, SEED, STARTS, Pins, Sample, boundary, made_up, read_sample, resampled
from bench.crowd_tables import bare_pins, fill, make_map
from bench.database import bench_database
from bench.heat_loading import measure_loading
from bench.heat_pins import measure_pins
from bench.table import print_table

Key = TypeVar("Key")

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
MILLION = 1_000_000
ROUNDS = 7
TILE = (14, 9022, 5568)
"""In the middle of Ostrava."""

# What everybody would write who has the points alone.
BY_SQUARE = """
    SELECT category, square_x, square_y, count(DISTINCT respondent_id), count(*)
    FROM pin WHERE map_id = :map AND state <> 'hidden' GROUP BY 1, 2, 3
"""
BY_POINT = """
    SELECT category, ST_SnapToGrid(ST_Transform(position, 5514), -12.5, -12.5, 25, 25) AS square,
           count(DISTINCT respondent_id), count(*)
    FROM pin WHERE map_id = :map AND state <> 'hidden' GROUP BY 1, 2
"""


def main(arguments: Sequence[str]) -> None:
    """Load every size, then measure one after another; the sizes take turns."""
    asked = _asked(arguments)
    sample = read_sample(asked.file, asked.respondent_field, asked.category_field) if asked.file else None
    with bench_database() as url:
        engine = create_engine(url)
        with Session(engine) as session:
            maps = _load(session, asked.sizes, asked.seed, sample)
            _surfaces(session, maps, asked.rounds)
            large = maps.get(MILLION) or maps[max(maps)]
            _counts(session, large, asked.rounds)
            _filters(session, large, asked.rounds)
            measure_pins(engine, large, asked.rounds)
            if not asked.no_import:
                measure_loading(session, url, min(MILLION, max(asked.sizes)), asked.seed)
        engine.dispose()


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./run bench heat", description="Heat of 10 thousand to 10 million pins."
    )
    parser.add_argument("--sizes", type=_sizes, default=SIZES, help="pins of each map, with commas between")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--file", type=Path, help="draw the people of this file, as `pocit pins import` reads it")
    parser.add_argument("--respondent-field", default="respondent")
    parser.add_argument("--category-field", default="category")
    parser.add_argument("--no-import", action="store_true", help="leave out `pocit pins import` of a million pins")
    return parser.parse_args(list(arguments))


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(sorted(int(part) for part in text.split(",")))


def _load(session: Session, sizes: Sequence[int], seed: int, sample: Sample | None) -> dict[int, MapRecord]:
    """A map of each size, its counts kept; prints how long it took."""
    area: MultiPolygon = sample.boundary if sample else boundary()
    keys = sample.categories if sample else CATEGORIES
    engine = session.get_bind().engine
    maps, rows, shared = {}, [], dict[str, float]()
    with bare_pins(engine, shared):
        for n in sizes:
            maps[n] = make_map(session, f"pins-{n}", area, keys)
            pieces: Iterator[Pins] = resampled(sample, n, seed) if sample else made_up(n, seed)
            rows.append([n, *fill(session, maps[n], pieces).values()])
    for row, the_map in zip(rows, maps.values(), strict=True):
        begun = time.perf_counter()
        counted = rebuild(session, the_map)
        session.commit()
        took = time.perf_counter() - begun
        assert counted is not None
        assert counted.pins == row[0], f"{counted.pins} counted of {row[0]}"
        row.append(took)
        row.append(sum(row[1:]))
    print_table(
        "heat: loading the maps by SQL, seconds",
        ["pins", "made, staged", "people", "pins", "counted anew", "together", "pins a second"],
        [[f"{n:,}", *(f"{s:.1f}" for s in steps), f"{n / steps[-1]:,.0f}"] for n, *steps in rows],
    )
    size = session.scalar(text("SELECT pg_size_pretty(pg_database_size(current_database()))"))
    print(
        f"  behind them, for all: {', '.join(f'{step} {s:.1f} s' for step, s in shared.items())}; {size} of disk"
    )
    session.commit()
    return maps


def _surfaces(session: Session, maps: dict[int, MapRecord], rounds: int) -> None:
    """A whole-town surface and a tile, each made of nothing that is kept in memory; the sizes in turn."""
    kept: dict[int, tuple[HeatStore, Heat]] = {}

    def surface(the_map: MapRecord, query: HeatQuery) -> Heat:
        return HeatStore().heat(session, the_map, query, Scope.OFFICE, OFFICE_COUNTS)

    def tile(the_map: MapRecord) -> bytes:
        return heat_tile(the_map, surface(the_map, HeatQuery("bad")), TILE, "light")

    def next_tile(n: int) -> bytes:
        store, _ = kept[n]
        heat = store.heat(session, maps[n], HeatQuery("bad"), Scope.OFFICE, OFFICE_COUNTS)
        return heat_tile(maps[n], heat, TILE, "light")

    for n, the_map in maps.items():
        store = HeatStore()
        kept[n] = (store, store.heat(session, the_map, HeatQuery("bad"), Scope.OFFICE, OFFICE_COUNTS))
    work: dict[str, Callable[[int], object]] = {
        "surface of the town, all categories": lambda n: surface(maps[n], HeatQuery()),
        "surface of one category (four for its scale)": lambda n: surface(maps[n], HeatQuery("bad")),
        "a tile, nothing kept": lambda n: tile(maps[n]),
        "the next tile": next_tile,
    }
    smallest = min(maps)
    rows = []
    for name, one in work.items():
        times = _in_turn({n: partial(one, n) for n in maps}, rounds, session)
        rows.append([name, *(f"{times[n]:.1f}" for n in maps), f"{times[max(maps)] / times[smallest]:.2f}"])
    heading = ["", *(f"{n:,}" for n in maps), f"{max(maps):,} : {smallest:,}"]
    print_table(f"heat: milliseconds, median of {rounds} rounds in turn", heading, rows)


def _counts(session: Session, the_map: MapRecord, rounds: int) -> None:
    """The counts of all categories, opened; against grouping the points."""

    def kept() -> tuple[int, int]:
        counts = read_counts(session, the_map.id, Scope.OFFICE)
        opened = [counts.of(key) for key in counts.categories]
        return sum(int(one.people.sum()) for one in opened), sum(int(one.pins.sum()) for one in opened)

    def grouped(statement: str) -> tuple[int, int]:
        rows = session.execute(text(statement), {"map": the_map.id}).all()
        return sum(row[-2] for row in rows), sum(row[-1] for row in rows)

    session.execute(text("SET work_mem = '256MB'"))  # the references shall not sort on disk
    told = kept()
    assert told == grouped(BY_SQUARE), "the kept counts are not what the points say"
    times: dict[str, float] = _in_turn({"kept": kept}, rounds, session)
    slow = {"squares": lambda: grouped(BY_SQUARE), "points": lambda: grouped(BY_POINT)}
    times |= _in_turn(slow, min(rounds, 3), session)
    session.execute(text("RESET work_mem"))
    mine = times["kept"]
    print_table(
        f"heat: counting {told[1]:,} pins, median of {rounds} (references: of {min(rounds, 3)})",
        ["", "ms", "reference : ours"],
        [
            ["ours: the kept counts, read and opened", f"{mine:.1f}", ""],
            [
                "reference: GROUP BY the stored squares",
                f"{times['squares']:.0f}",
                f"{times['squares'] / mine:.0f}×",
            ],
            [
                "reference: GROUP BY the points put on a grid",
                f"{times['points']:.0f}",
                f"{times['points'] / mine:.0f}×",
            ],
        ],
    )


def _filters(session: Session, the_map: MapRecord, rounds: int) -> None:
    """Surfaces of chosen pins, which nothing is kept of."""
    begun = datetime.fromtimestamp(STARTS, UTC)
    chosen = {
        "young people, at night": replace(OFFICE_COUNTS, answers=(("when", "night"),), about=(("age", "young"),)),
        "two weeks": replace(OFFICE_COUNTS, since=begun + timedelta(days=14), until=begun + timedelta(days=28)),
        "the word tma": replace(OFFICE_COUNTS, search=parse_search("tma")),
        "reference: all pins, kept": OFFICE_COUNTS,
    }

    def surface(wanted: PinFilter) -> Heat:
        return HeatStore().heat(session, the_map, HeatQuery(), Scope.OFFICE, wanted)

    times = _in_turn({name: partial(surface, wanted) for name, wanted in chosen.items()}, rounds, session)
    plain = times["reference: all pins, kept"]
    rows = []
    for name, wanted in chosen.items():
        counts = heat_counts(session, the_map, wanted, Scope.OFFICE)
        pins = sum(int(counts.of(key).pins.sum()) for key in counts.categories)
        rows.append([name, f"{pins:,}", f"{times[name]:.0f}", f"{times[name] / plain:.1f}"])
    print_table(
        f"heat: a whole-town surface of chosen pins, ms, median of {rounds} rounds in turn",
        ["", "pins", "ms", "ratio"],
        rows,
    )


def _in_turn(work: Mapping[Key, Callable[[], object]], rounds: int, session: Session) -> dict[Key, float]:
    """Each once a round, so that a change of the machine's pace meets all alike; medians in milliseconds."""
    times: dict[Key, list[float]] = {key: [] for key in work}
    for number in range(rounds + 1):
        for key, one in work.items():
            begun = time.perf_counter()
            one()
            if number:  # the first round warms up
                times[key].append((time.perf_counter() - begun) * 1000)
            session.rollback()
    return {key: statistics.median(some) for key, some in times.items()}
