"""A server full of maps: a capital, larger towns, many small ones, each in a place of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache

import numpy as np
import shapely
from shapely import MultiPolygon
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.queries.maps import MapRecord, read_map
from app.services.counts import rebuild
from bench.crowd import CENTRE, Pins, boundary, made_up
from bench.crowd_tables import bare_pins, fill, make_map
from bench.table import print_table
from gis.crs import KROVAK, WGS84, metric_srid, transformer
from gis.grid import Floats, square_of

SHARES = ((0.001, 100), (0.009, 20), (0.09, 4), (0.9, 0.4))
"""Of the maps, and how many times the average number of pins each of these has: one capital, nine cities …"""
APART_M = 8_000
"""From one town to the next: whole privacy squares, so that each looks like the other."""
MOST_MAPS = 1_100
WEST_M, SOUTH_M = -904_000, -1_227_000
"""The corner of Czechia in EPSG:5514."""


def sizes(maps: int, pins: int) -> dict[str, int]:
    """How many pins each map has, by its slug; the largest first."""
    found: dict[str, int] = {}
    for share, times in SHARES:
        for _ in range(max(1, round(share * maps))):
            if len(found) < maps:
                found[f"map-{len(found)}"] = max(100, round(pins / maps * times))
    return found


def fill_server(session: Session, wanted: Mapping[str, int], seed: int) -> dict[str, MapRecord]:
    """Make these maps with all their pins, indexes and counts; prints how long it took."""
    begun = time.perf_counter()
    shared: dict[str, float] = {}
    steps: dict[str, float] = {}
    made = {}
    places = dict(zip(wanted, _places(), strict=False))
    # All of them first: whether anybody pins a category that goes is looked up in an index that is then away.
    for number, (slug, place) in enumerate(places.items()):
        made[slug] = make_map(session, slug, _moved_area(*place), town=(f"Město {number}", 100_000 + number))
    session.commit()  # nothing of ours may hold the table that is laid bare
    with bare_pins(session.get_bind().engine, shared):
        for slug, n in wanted.items():
            for step, seconds in fill(session, made[slug], _moved(n, seed, *places[slug])).items():
                steps[step] = steps.get(step, 0.0) + seconds
    counting = time.perf_counter()
    for slug in wanted:
        counted = rebuild(session, made[slug], compared=False)
        session.commit()
        assert counted is not None
        assert counted.pins == wanted[slug], f"{slug}: {counted.pins} counted of {wanted[slug]}"
    steps |= shared | {"counts": time.perf_counter() - counting}
    whole = time.perf_counter() - begun
    pins = sum(wanted.values())
    size = session.scalar(text("SELECT pg_database_size(current_database())")) or 0
    pace = f"{whole:.0f} s, {pins / whole:,.0f} pins a second"
    print_table(
        f"scale: {len(wanted):,} maps with {pins:,} pins loaded by SQL in {pace}",
        ["", *steps],
        [["seconds", *(f"{seconds:.1f}" for seconds in steps.values())]],
    )
    print(f"  {size / 1e9:.2f} GB of disk, {size / pins:.0f} bytes a pin with everything around it")
    session.commit()
    return {slug: read_map(session, slug) for slug in wanted}


def _places() -> Iterator[tuple[float, float]]:
    """How far from the first town each further one lies, metres east and north: all over Czechia."""
    x, y = CENTRE
    yield 0.0, 0.0
    east, north = np.meshgrid(np.arange(WEST_M, WEST_M + 480_000, APART_M), np.arange(SOUTH_M, -930_000, APART_M))
    steps = [np.rint((grid.ravel() - at) / 250) * 250 for grid, at in ((east, x), (north, y))]
    for east_m, north_m in zip(*steps, strict=True):
        lon, lat = transformer(KROVAK, WGS84)(x + east_m, y + north_m)
        if metric_srid(float(lon), float(lat)) == KROVAK:
            yield float(east_m), float(north_m)


@cache
def _pool(n: int, seed: int) -> tuple[Pins, ...]:
    return tuple(made_up(n, seed))


def _moved(n: int, seed: int, east_m: float, north_m: float) -> Iterator[Pins]:
    """The town's pins, set down elsewhere."""
    # Those of a small town are kept, as there are hundreds of such towns.
    for piece in _pool(n, seed) if n < 100_000 else made_up(n, seed):
        x, y = transformer(WGS84, KROVAK)(piece.lon, piece.lat)
        x, y = x + east_m, y + north_m
        lon, lat = transformer(KROVAK, WGS84)(x, y)
        x_index, y_index = square_of(x, y)
        yield replace(piece, lon=lon, lat=lat, x_index=x_index, y_index=y_index)


def _moved_area(east_m: float, north_m: float) -> MultiPolygon:
    def moved(lon_lat: Floats) -> Floats:
        x, y = transformer(WGS84, KROVAK)(lon_lat[:, 0], lon_lat[:, 1])
        return np.column_stack(transformer(KROVAK, WGS84)(x + east_m, y + north_m))

    area: MultiPolygon = shapely.transform(boundary(), moved)
    return area
