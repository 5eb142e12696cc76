"""From everything that is public: which pins are one person's? Attacked with the true persons of a real campaign.

    ./run bench reidentify /path/to/ostrava_2023.csv     # respondents' ids in its first column
    ./run bench reidentify                               # made-up people

The file says who placed which pin, but not when: the moments are made up (a burst at the newsletter, quiet days,
half a minute from pin to pin), and the pins stored as phones send them, one after another. Then everything is read
as anybody may read it, and each attack claims pairs. Printed is how many of its claims are true, beside the base
rate and beside what it was worth before moments were coarsened. It fails where an attack is better than its bar.
"""

from __future__ import annotations

import csv
import json
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from flask.testing import FlaskClient
from shapely import MultiPoint, MultiPolygon
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from app import create_app
from app.config import Config
from app.inputs.map_folder import parse_map
from app.inputs.row_ids import NAMESPACE
from app.queries.maps import MapRecord, read_map
from app.services.counts import rebuild
from app.services.maps import save_map
from bench.database import bench_database
from bench.reidentify_attacks import (
    Claim,
    Floats,
    Ints,
    base_rate,
    by_distance,
    classes,
    guessed_ids,
    neighbours,
    surfaces_apart,
    within,
)
from bench.table import print_table
from gis.crs import to_metric
from gis.grid import square_of

SEED = 20231101
DAYS = 40
BETWEEN_PINS_S = 35.0
WEST, SOUTH, EAST, NORTH = 18.08, 49.70, 18.42, 49.93
"""Around Ostrava: what lies elsewhere the town's boundary would not have taken."""
KEYS = ("good", "better", "unsafe", "further")
SLUG = "who"
K = 5
BANDWIDTHS_M = (20.0, 25.0, 30.0, 40.0, 50.0, 75.0)
FEWEST = 1000
"""Pairs of one kind of which a rate is told: of fewer it is chance."""
MOST_COMPARED = 6000
"""Pins compared each with each for what geography alone says: of a sample, the rates are the same."""
INSERT_PEOPLE = "INSERT INTO respondent (map_id, id) VALUES (:map, :id)"
INSERT_PINS = """
INSERT INTO pin (map_id, id, respondent_id, category, position, square_x, square_y, zoom, comment, channel,
                 created_at, changed_at, checked_at)
VALUES (:map, :id, :person, :category, ST_SetSRID(ST_MakePoint(:lon, :lat), 4326), :x, :y, 17, :comment, 'web',
        :at, :at, :at)
"""


@dataclass(frozen=True)
class Campaign:
    """Who placed what where and when: columns of one length, in the order in which the pins came."""

    names: Sequence[str]
    person: Ints
    category: Ints
    lon: Floats
    lat: Floats
    comment: Sequence[str | None]
    seconds: Floats
    """Since the first day began."""


@dataclass(frozen=True)
class Surfaces:
    """Two GeoTIFFs of one feeling and bandwidth."""

    bandwidth_m: float
    people: bytes
    pins: bytes


@dataclass(frozen=True)
class Published:
    """Everything public, row by row as the campaign's: where a row stands in a form, and what it is told of."""

    orders: dict[str, Ints]
    told: Ints
    ids: Sequence[uuid.UUID]
    surfaces: dict[str, Surfaces]


def main(arguments: Sequence[str]) -> None:
    """Load, read as anybody, attack, tell."""
    rng = np.random.default_rng(SEED)
    rows = list(_rows(Path(arguments[0]))) if arguments else list(_made_up(rng))
    campaign = as_campaign(rows, rng)
    with bench_database() as url, tempfile.TemporaryDirectory() as home:
        engine = create_engine(url)
        with Session(engine) as session:
            the_map = store(session, campaign, rng)
            ids = session.info["ids"]
        app = create_app(Config(database_url=url, home=Path(home), secret_key="bench only"))  # noqa: S106 - of no server
        with app.test_client() as client:
            published = read_everything(client, ids)
        engine.dispose()
    if report(the_map, campaign, published):
        sys.exit("bench reidentify: an attack is better than its bar")


def as_campaign(rows: Sequence[tuple[str, int, float, float, str | None]], rng: np.random.Generator) -> Campaign:
    """The rows with moments: each person has one sitting, one in eight comes back another day."""
    names = sorted({row[0] for row in rows})
    number = {name: n for n, name in enumerate(names)}
    person = np.array([number[row[0]] for row in rows])
    weight = 0.03 + np.exp(-np.arange(DAYS) / 3.0) + np.exp(-np.abs(np.arange(DAYS) - 18) / 1.5)
    day = rng.choice(DAYS, len(names), p=weight / weight.sum())
    start = day * 86_400 + rng.normal(18 * 3600, 3 * 3600, len(names)).clip(6 * 3600, 23.5 * 3600)
    again = rng.random(len(names)) < 1 / 8
    other = rng.integers(0, DAYS, len(names)) * 86_400 + 19 * 3600.0
    seconds = np.empty(len(rows))
    for n in range(len(names)):
        mine = np.flatnonzero(person == n)
        half = len(mine) // 2 if again[n] else len(mine)
        for some, begun in ((mine[:half], start[n]), (mine[half:], other[n])):
            seconds[some] = begun + np.cumsum(rng.exponential(BETWEEN_PINS_S, len(some)) + 8)
    order = np.argsort(seconds, kind="stable")

    def column(n: int) -> list[Any]:
        return [rows[i][n] for i in order]

    return Campaign(
        names,
        person[order],
        np.array(column(1)),
        np.array(column(2)),
        np.array(column(3)),
        column(4),
        seconds[order],
    )


def store(session: Session, campaign: Campaign, rng: np.random.Generator) -> MapRecord:
    """The map with the campaign's pins in it, stored in the order in which they came."""
    hull = MultiPoint(np.column_stack([campaign.lon, campaign.lat])).convex_hull.buffer(0.005)
    described = {
        "title": {"cs": "Kdo to byl"},
        "town": {"name": "Kdo", "slug": SLUG, "ruian": 999_003},
        "categories": [{"key": key, "label": {"cs": key}, "color": "#336699", "shape": "circle"} for key in KEYS],
        "publish": {"k": K},
    }
    save_map(session, parse_map(described, slug=SLUG, boundary=MultiPolygon([hull]), basemap_geojson=None))
    session.flush()
    the_map = read_map(session, SLUG)
    begun = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=DAYS + 2)
    x, y = square_of(*to_metric(the_map.metric_srid)(campaign.lon, campaign.lat))
    people = [uuid.UUID(bytes=rng.bytes(16), version=4) for _ in campaign.names]
    ids = [uuid.UUID(bytes=rng.bytes(16), version=4) for _ in campaign.person]
    session.execute(text(INSERT_PEOPLE), [{"map": the_map.id, "id": one} for one in people])
    session.execute(
        text(INSERT_PINS),
        [
            {
                "map": the_map.id, "id": ids[i], "person": people[campaign.person[i]],
                "category": KEYS[campaign.category[i]], "lon": float(campaign.lon[i]),
                "lat": float(campaign.lat[i]), "x": int(x[i]), "y": int(y[i]), "comment": campaign.comment[i],
                "at": begun + timedelta(seconds=float(campaign.seconds[i])),
            }
            for i in range(len(ids))
        ],
    )  # fmt: skip
    rebuild(session, the_map)
    session.commit()
    session.execute(text("ANALYZE pin"))
    session.commit()
    session.info["ids"] = ids
    return the_map


def read_everything(client: FlaskClient, ids: Sequence[uuid.UUID]) -> Published:
    """The pages of the API, the files, the pins of the page and the heat, as anybody gets them."""
    row = {str(one): n for n, one in enumerate(ids)}
    path, order, told = f"/api/collections/{SLUG}/items?limit=10000", [], [""] * len(ids)
    while path:
        page = json.loads(client.get(path).get_data())
        for feature in page["features"]:
            order.append(row[feature["id"]])
            told[order[-1]] = feature["properties"]["created_at"]
        path = next((link["href"] for link in page["links"] if link["rel"] == "next"), "")
    orders = {"API, page by page": order}
    file = json.loads(client.get(f"/data/{SLUG}/pins.geojson").get_data())
    orders["pins.geojson"] = [row[feature["id"]] for feature in file["features"]]
    table = client.get(f"/data/{SLUG}/pins.csv").get_data(as_text=True).lstrip("\ufeff")
    orders["pins.csv"] = [row[line["id"]] for line in csv.DictReader(table.splitlines(), delimiter=";")]
    orders["pins of the page"] = [
        row[one] for one in json.loads(client.get(f"/m/{SLUG}/pins.json").get_data())["ids"]
    ]
    surfaces = {}
    for key in KEYS:
        surfaces[key] = finest(client, key)
    _, numbers = np.unique(told, return_inverse=True)
    return Published({name: np.array(found) for name, found in orders.items()}, numbers, list(ids), surfaces)


def finest(client: FlaskClient, category: str) -> Surfaces:
    """People and pins by the smallest bandwidth that is given for so large a map."""
    for bandwidth_m in BANDWIDTHS_M:
        asked = f"/m/{SLUG}/heat.tif?category={category}&bandwidth={bandwidth_m}&weight="
        people, pins = client.get(asked + "people"), client.get(asked + "pins")
        if people.status_code == 200:
            return Surfaces(bandwidth_m, people.get_data(), pins.get_data())
    sys.exit("bench reidentify: no heat is given")


def report(the_map: MapRecord, campaign: Campaign, published: Published) -> bool:
    """Print what each attack is worth; whether one is better than its bar."""
    person = campaign.person
    base = base_rate(person)
    days = (campaign.seconds // 86_400).astype(np.int64)
    failed = False
    rows: list[tuple[object, ...]] = [("any two pins (base rate)", base.pairs, _share(base.precision), "", "", "")]

    def tell(name: str, claim: Claim, before: Claim | None, bar: float | None) -> None:
        nonlocal failed
        bad = bar is not None and claim.precision > bar
        failed |= bad
        rows.append((
            name, claim.pairs, _share(claim.precision), _share(before.precision) if before else "",
            _share(bar) if bar is not None else "", "TOO GOOD" if bad else "",
        ))  # fmt: skip

    came = np.arange(len(person))
    for name, order in published.orders.items():
        tell(f"neighbours in: {name}", neighbours(person, order), neighbours(person, came), 3 * base.precision)
    exact = within(person, campaign.seconds, 120)
    together, worst = classes(person, published.told)
    _, worst_day = classes(person, days)
    tell("told the same moment, all pairs", together, exact, 1 / K)
    rows.append(("told the same moment, worst span", "", _share(worst), _share(worst_day), _share(1 / K), ""))
    failed |= worst > 1 / K + 1e-9
    failed |= _tell_distances(rows, campaign, the_map, published.told)
    squares, true = _same_square(the_map, campaign, published)
    rows.append(("more pins than people in a square of 25 m", squares, _share(true), "", "", "told by definition"))
    rows.append(("ids made of a known row", guessed(campaign, published), "", len(person), 0, "of pins"))
    tell("watching live: arrivals within 2 min", exact, None, None)
    heading = ("attack", "pairs", "true", "before", "bar", "")
    print_table(f"{len(person)} pins of {len(campaign.names)} people, k = {K}", heading, rows)
    return failed


def guessed(campaign: Campaign, published: Published) -> int:
    """Pins whose id is what the older rule made of a row, tried with the persons as the file names them."""
    said = [
        [repr((SLUG, campaign.names[campaign.person[i]], KEYS[campaign.category[i]],
               f"{campaign.lon[i]:.7f} {campaign.lat[i]:.7f}", campaign.comment[i], None))]
        for i in range(len(campaign.person))
    ]  # fmt: skip
    return guessed_ids(published.ids, said, NAMESPACE)


def _tell_distances(rows: list[tuple[object, ...]], campaign: Campaign, the_map: MapRecord, told: Ints) -> bool:
    """What the told moment adds to what the places say, distance by distance; whether it is too much."""
    x, y = (np.asarray(one) for one in to_metric(the_map.metric_srid)(campaign.lon, campaign.lat))
    some = np.random.default_rng(SEED).permutation(len(x))[:MOST_COMPARED]
    anyhow = by_distance(campaign.person[some], x[some], y[some], campaign.category[some])
    with_day = by_distance(campaign.person, x, y, campaign.category, told)
    too_good = False
    for (says, metres), claim in sorted(with_day.items(), key=str):
        bad = claim.pairs >= FEWEST and claim.precision > 1 / K
        too_good |= bad
        place = _share(anyhow[says, metres].precision)
        name = f"same span, {says} feeling, up to {metres:g} m"
        note = "TOO GOOD" if bad else "before: by place alone"
        rows.append((name, claim.pairs, _share(claim.precision), place, _share(1 / K), note))
    return too_good


def _same_square(the_map: MapRecord, campaign: Campaign, published: Published) -> tuple[int, float]:
    """Squares told to have fewer people than pins, and in how many of them two pins are one person's."""
    x, y = (np.asarray(one) for one in square_of(*to_metric(the_map.metric_srid)(campaign.lon, campaign.lat)))
    told = right = 0
    for n, key in enumerate(KEYS):
        mine = np.flatnonzero(campaign.category == n)
        found = published.surfaces[key]
        if not len(mine):
            continue
        more = surfaces_apart(found.people, found.pins, found.bandwidth_m, x[mine], y[mine])
        for square in np.unique(np.column_stack([x[mine], y[mine]])[more > 0.5], axis=0):
            here = campaign.person[mine[(x[mine] == square[0]) & (y[mine] == square[1])]]
            told += 1
            right += len(np.unique(here)) < len(here)
    return told, right / told if told else 0.0


def _rows(path: Path) -> Iterator[tuple[str, int, float, float, str | None]]:
    """Person, category, place and comment of each row of the open data set."""
    known: dict[str, int] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.reader(file):
            try:
                lon, lat = float(row[2]), float(row[3])
            except (ValueError, IndexError):
                continue
            if row[0] and WEST < lon < EAST and SOUTH < lat < NORTH:
                category = known.setdefault(row[1], len(known) % len(KEYS))
                yield row[0], category, lon, lat, row[5].strip() or None


def _made_up(rng: np.random.Generator) -> Iterator[tuple[str, int, float, float, str | None]]:
    known = rng.normal((18.28, 49.83), (0.03, 0.02), (400, 2))
    for person in range(800):
        home = known[rng.integers(len(known))]
        for _ in range(1 + int(rng.pareto(1.2) * 3) % 60):
            near = home if rng.random() < 1 / 3 else known[rng.integers(len(known))]
            lon, lat = rng.normal(near, 0.004)
            yield f"person {person}", int(rng.integers(len(KEYS))), float(lon), float(lat), None


def _share(value: float) -> str:
    return f"{value:.2%}"
