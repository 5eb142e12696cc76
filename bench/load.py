"""The hour after the newsletter: two hundred people at once open the map, pin, look around; then more and more.

    ./run bench load                          # 200, 400, 800 people, then 200 who do not think at all
    ./run bench load --people 200 --seconds 120

Each person comes from an address of their own, opens the page with what belongs to it, thinks some seconds
between pins as people do, sets eight of them (the median of a real campaign), and one in three looks at the
results. Beside it, in turn: the same posts at the same pace against a bare Flask handler with one INSERT.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import re
import statistics
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from http.client import HTTPConnection

from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from app.services.counts import rebuild
from bench.crowd import SEED, boundary, made_up
from bench.crowd_tables import bare_pins, fill, make_map
from bench.database import bench_database
from bench.servers import gunicorn
from bench.submit import BARE_TABLE
from bench.table import print_table
from bench.visitors import Seen, Step, Visit, visit_for

CROWDS = (200, 400, 800)
SECONDS, WARM_S = 45.0, 15.0
PINS_BEFORE = 24_000
"""What the map has already: as Ostrava's at its end."""
PINS_A_PERSON = 8
THINK_S = 12.0
"""Between two pins, on average; nobody takes less than two seconds."""
LOOK_S = 6.0
BOUND_MS = 150
SLUG = "pins-here"
READS = "reading"
POST = "a pin"


def main(arguments: Sequence[str]) -> None:
    """Measure every size of crowd, ours and the reference in turn."""
    parser = argparse.ArgumentParser(prog="./run bench load", description="The hour after the newsletter.")
    parser.add_argument("--people", type=int, nargs="*", default=CROWDS)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    asked = parser.parse_args(list(arguments))
    with bench_database() as url, tempfile.TemporaryDirectory() as home, ExitStack() as running:
        engine = create_engine(url)
        with Session(engine) as session:
            session.execute(text(BARE_TABLE))
            with bare_pins(engine, {}):
                the_map = make_map(session, SLUG, boundary())
                fill(session, the_map, made_up(PINS_BEFORE, SEED))
            rebuild(session, the_map)
            session.commit()
        environment = {"DATABASE_URL": url, "POCIT_HOME": home, "POCIT_TRUSTED_PROXIES": "1"}
        ours = running.enter_context(gunicorn("app:create_app()", environment, "/readyz"))
        bare = running.enter_context(gunicorn("bench.servers_bare:create_bare()", environment, "/"))
        both = Both(ours, bare, _assets(ours), asked.seconds)
        found = [(f"{n} people", *both.met(n)) for n in asked.people]
        restless = min(asked.people)
        found.append((f"{restless} without a pause", *both.met(restless, pace=0.0)))
        with engine.connect() as connection:
            stored = connection.scalar(text("SELECT count(*) FROM pin")) or 0
        engine.dispose()
    _report(found)
    answered = sum(ours.created for _, ours, _ in found)
    print(f"  {answered:,} pins answered with 201, {stored - PINS_BEFORE:,} stored")
    assert stored - PINS_BEFORE >= answered, "a pin that was answered for is not there"


@dataclass
class Both:
    """Our server and the reference, and who has visited them so far."""

    ours: int
    bare: int
    assets: Sequence[str]
    seconds: float
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def met(self, people: int, pace: float = 1.0) -> tuple[Seen, Seen]:
        """What the crowd meets with us, and what the same posts meet at the bare handler."""
        return self._met(self.ours, people, pace, at_bare=False), self._met(self.bare, people, pace, at_bare=True)

    def _met(self, port: int, people: int, pace: float, *, at_bare: bool) -> Seen:
        def visits() -> Iterator[Visit]:
            for number in self.numbers:
                yield _visit(random.Random(f"{SEED}/{number}"), number, self.assets, pace, bare=at_bare)

        warm_s = WARM_S if pace else 3.0
        return visit_for(port, visits, people=people, warm_s=warm_s, seconds=self.seconds)


def _visit(dice: random.Random, number: int, assets: Sequence[str], pace: float, *, bare: bool) -> Visit:
    """One person's visit; at the bare handler only its posts."""
    address = {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}
    reading = {"Accept-Encoding": "br", "Accept-Language": "cs", **address}
    token = f"{dice.getrandbits(256):064x}"

    def read(path: str, think_s: float = 0.0) -> Step:
        return Step(READS, think_s * pace, "GET", path, reading)

    if not bare:
        yield read(f"/m/{SLUG}", dice.expovariate(1 / LOOK_S))
        for path in (*assets, f"/m/{SLUG}/boundary.geojson"):
            yield read(path)
    for n in range(PINS_A_PERSON):
        think_s = 2 + dice.expovariate(1 / (THINK_S - 2))
        yield _post(dice, token, address, think_s * pace, bare=bare)
        if n == 0 and not bare:
            yield read(f"/m/{SLUG}/pins.json")
    if not bare and dice.random() < 1 / 3:
        yield read(f"/m/{SLUG}/results", dice.expovariate(1 / LOOK_S))
        yield read(f"/m/{SLUG}/results/ground.svg")
        for category in ("good", "bad", "develop"):
            yield read(f"/m/{SLUG}/results/heat/{category}.png")


def _post(dice: random.Random, token: str, address: dict[str, str], think_s: float, *, bare: bool) -> Step:
    properties: dict[str, object] = {"category": dice.choice(("good", "bad", "develop")), "zoom": 17}
    if dice.random() < 0.25:
        properties["comment"] = "Večer je tu tma a nikdo tudy nechodí."
    middle = boundary().centroid
    feature = {
        "type": "Feature",
        "id": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
        "geometry": {
            "type": "Point",
            "coordinates": [round(at + dice.uniform(-0.03, 0.03), 6) for at in (middle.x, middle.y)],
        },
        "properties": properties,
    }
    headers = {"Content-Type": "application/geo+json", "Authorization": f"Bearer {token}", **address}
    path = "/items" if bare else f"/api/collections/{SLUG}/items"
    return Step(POST, think_s, "POST", path, headers, json.dumps(feature).encode())


def _assets(port: int) -> list[str]:
    """The files that the page names: what a browser fetches that has never been here."""
    connection = HTTPConnection("127.0.0.1", port)
    connection.request("GET", f"/m/{SLUG}")
    page = connection.getresponse().read().decode()
    connection.close()
    return sorted(set(re.findall(r'(?:src|href)="(/(?:static/[^"]+\.(?:js|css)[^"]*|palette\.css[^"]*))"', page)))


def _report(found: Sequence[tuple[str, Seen, Seen]]) -> None:
    rows, kept = [], []
    for name, ours, bare in found:
        posts, reads = ([ms * 1000 for ms in ours.seconds[kind]] for kind in (POST, READS))
        reference = [ms * 1000 for ms in bare.seconds[POST]]
        took = ours.ended - ours.began
        wrong = ours.answers() - ours.answers(status=200) - ours.answers(status=201) + len(ours.broken)
        rows.append(
            [
                name,
                f"{len(posts) / took:.0f}",
                f"{len(reads) / took:.0f}",
                *(f"{_share(posts, share):.0f}" for share in (50, 95, 99)),
                f"{_share(reads, 95):.0f}",
                f"{_share(reference, 95):.0f}",
                f"{_share(posts, 95) / _share(reference, 95):.1f}",
                str(wrong),
            ]
        )
        kept += [name] if _share(posts, 95) <= BOUND_MS and not wrong else []
        for status in sorted({s for _, s in ours.statuses} - {200, 201}):
            print(f"  {name}: {ours.answers(status=status)} answers of {status}")
        for line in sorted(set(ours.broken)):
            print(f"  {name}: {ours.broken.count(line)} × {line}")
    print_table(
        f"load: a map with {PINS_BEFORE:,} pins; milliseconds until the last byte",
        [
            "",
            "pins/s",
            "reads/s",
            "pin p50",
            "p95",
            "p99",
            "read p95",
            "reference: bare POST p95",
            "ours : reference",
            "errors",
        ],
        rows,
    )
    print(f"  p95 of a pin within {BOUND_MS} ms and no error: {', '.join(kept) or 'none'}")


def _share(values: Sequence[float], percent: int) -> float:
    return (
        statistics.quantiles(values, n=100, method="inclusive")[percent - 1] if len(values) > 1 else float("nan")
    )
