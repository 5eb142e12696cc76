"""Ten million pins in a thousand maps on one machine: each map answers as if it were small and alone, or does not.

    ./run bench scale                                # about 12 GB of disk and a quarter of an hour to load
    ./run bench scale --maps 100 --pins 1000000

A small map is measured alone in an empty database; then the server is filled and it is measured again, in turn
with the largest. Everything goes over HTTP to the server as it is deployed. Bound: 1.5 times the small map.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http.client import HTTPConnection

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from app.queries.maps import MapRecord
from bench.crowd import SEED
from bench.database import bench_database
from bench.scale_maps import MOST_MAPS, fill_server, sizes
from bench.servers import gunicorn
from bench.table import print_table
from gis.mercator import HALF_WORLD_M, mercator_of

MAPS, PINS = 1_000, 10_000_000
ROUNDS = 15
BOUND = 1.5
ZOOM = 15
ALONE, HERE, LARGE = "small map, alone", "small map, full server", "largest map"

Asking = Callable[[HTTPConnection, MapRecord, random.Random], float]
"""Asks once, and says how many milliseconds that took."""


def main(arguments: Sequence[str]) -> None:
    """Measure alone, fill, measure again."""
    parser = argparse.ArgumentParser(prog="./run bench scale", description="Many pins in many maps.")
    parser.add_argument("--maps", type=int, default=MAPS, help=f"at most {MOST_MAPS}")
    parser.add_argument("--pins", type=int, default=PINS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args(list(arguments))
    wanted = sizes(min(asked.maps, MOST_MAPS), asked.pins)
    large, small = next(iter(wanted)), list(wanted)[-1]
    figures: dict[str, dict[str, float]] = {}
    with bench_database() as url:
        figures |= _measured(url, {small: wanted[small]}, {ALONE: small}, asked.rounds)
    with bench_database() as url:
        figures |= _measured(url, wanted, {HERE: small, LARGE: large}, asked.rounds)
    _report(figures, {ALONE: wanted[small], HERE: wanted[small], LARGE: wanted[large]})


def _measured(
    url: str, wanted: Mapping[str, int], of: Mapping[str, str], rounds: int
) -> dict[str, dict[str, float]]:
    """Medians in milliseconds, by map and by what was asked; the maps take turns."""
    engine = create_engine(url)
    with Session(engine) as session:
        maps = fill_server(session, wanted, SEED)
    engine.dispose()
    times: dict[str, dict[str, list[float]]] = {name: {key: [] for key in ASKED} for name in of}
    dice = random.Random(SEED)
    with (
        tempfile.TemporaryDirectory() as home,
        gunicorn(
            "app:create_app()", {"DATABASE_URL": url, "POCIT_HOME": home, "POCIT_WORKERS": "1"}, "/readyz"
        ) as port,
    ):
        connection = HTTPConnection("127.0.0.1", port, timeout=120)
        for number in range(rounds + 2):
            for key, ask in ASKED.items():
                for name, slug in of.items():
                    took = ask(connection, maps[slug], dice)
                    if number > 1:  # the first rounds warm up
                        times[name][key].append(took)
        connection.close()
    return {name: {key: statistics.median(some) for key, some in found.items()} for name, found in times.items()}


def _report(figures: Mapping[str, Mapping[str, float]], pins: Mapping[str, int]) -> None:
    pace = figures[HERE][PACE] / figures[ALONE][PACE]
    rows, missed = [], []
    for key in ASKED:
        alone, here, large = (figures[name][key] for name in (ALONE, HERE, LARGE))
        # The export is of all pins of a map: what counts is the time of a pin.
        if key == EXPORT:
            alone, here, large = (
                1000 * value / pins[name] for value, name in ((alone, ALONE), (here, HERE), (large, LARGE))
            )
        ratios = here / alone / pace, large / here
        rows.append([key, f"{alone:.1f}", f"{here:.1f}", f"{large:.1f}", *(f"{one:.2f}" for one in ratios)])
        missed += [key] if max(ratios) > BOUND else []
    print_table(
        f"scale: milliseconds, medians; {', '.join(f'{name} {n:,}' for name, n in pins.items())} pins",
        ["", ALONE, HERE, LARGE, "full : alone", "largest : small"],
        rows,
    )
    print(f"  “full : alone” is freed of the machine's own change of pace between the two, {pace:.2f} by /healthz")
    print(f"  ratios over {BOUND}: {', '.join(missed) or 'none'}")


# ── What is asked ───────────────────────────────────────────────────────────────────────────────────────────────


def _get(path: str, connection: HTTPConnection, the_map: MapRecord, dice: random.Random) -> float:
    """One address of the map; `{n}` is a number that differs each time, so that nothing kept is the answer."""
    lon, lat = _somewhere(the_map, dice)
    column, row = _tile(lon, lat)
    around = ",".join(f"{value:.6f}" for value in (lon - 0.004, lat - 0.003, lon + 0.004, lat + 0.003))
    filled = path.format(slug=the_map.slug, n=dice.randrange(60, 100), z=ZOOM, column=column, row=row, box=around)
    return _asked(connection, "GET", filled)


def _post(connection: HTTPConnection, the_map: MapRecord, dice: random.Random) -> float:
    """A pin of somebody new."""
    feature = {
        "type": "Feature",
        "id": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
        "geometry": {"type": "Point", "coordinates": _somewhere(the_map, dice)},
        "properties": {"category": the_map.categories[0].key, "zoom": 17},
    }
    headers = {"Content-Type": "application/geo+json", "Authorization": f"Bearer {dice.getrandbits(256):064x}"}
    path = f"/api/collections/{the_map.slug}/items"
    return _asked(connection, "POST", path, json.dumps(feature).encode(), headers)


def _asked(
    connection: HTTPConnection,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> float:
    begun = time.perf_counter()
    connection.request(method, path, body, {"Accept-Encoding": "gzip", **(headers or {})})
    answer = connection.getresponse()
    said = answer.read()
    took = (time.perf_counter() - begun) * 1000
    assert answer.status in (200, 201, 204), f"{method} {path}: {answer.status} {said[:300]!r}"
    return took


def _somewhere(the_map: MapRecord, dice: random.Random) -> list[float]:
    """A place near the middle of the map."""
    middle = the_map.boundary.centroid
    return [round(at + dice.uniform(-0.02, 0.02), 6) for at in (middle.x, middle.y)]


def _tile(lon: float, lat: float) -> tuple[int, int]:
    """Column and row of the XYZ tile this place is in."""
    x, y = mercator_of(lon, lat)
    side = 2 * HALF_WORLD_M / 2**ZOOM
    return int((float(x) + HALF_WORLD_M) // side), int((HALF_WORLD_M - float(y)) // side)


PACE = "/healthz, the machine's pace"
EXPORT = "export: GeoJSON, µs a pin"
ASKED: dict[str, Asking] = {
    PACE: partial(_get, "/healthz"),
    "the citizen's page": partial(_get, "/m/{slug}"),
    "the page of results": partial(_get, "/m/{slug}/results"),
    "API: 100 pins": partial(_get, "/api/collections/{slug}/items?limit=100"),
    "API: 1 000 pins": partial(_get, "/api/collections/{slug}/items?limit=1000"),
    "API: pins in a box, the first 100": partial(_get, "/api/collections/{slug}/items?bbox={box}&limit=100"),
    "API: a pin is stored": _post,
    "API: a vector tile": partial(_get, "/api/collections/{slug}/tiles/WebMercatorQuad/{z}/{row}/{column}"),
    "heat: a tile, nothing kept": partial(_get, "/m/{slug}/heat/{z}/{column}/{row}.png?bandwidth={n}"),
    "heat: the town as PNG, nothing kept": partial(_get, "/m/{slug}/heat.png?bandwidth={n}"),
    "front page": partial(_get, "/"),
    "API: the collections": partial(_get, "/api/collections"),
    EXPORT: partial(_get, "/data/{slug}/pins.geojson"),
}
