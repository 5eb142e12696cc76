"""What a moderator waits for with 2 000 waiting pins of 25 000, against a plain page in the same run."""

from __future__ import annotations

import re
import statistics
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Mapping
from http.client import HTTPConnection
from http.cookies import SimpleCookie

from shapely import MultiPolygon, box
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from app.inputs.accounts import AccountInput
from app.inputs.map_folder import parse_map
from app.models import Role
from app.queries.maps import read_map
from app.queries.queue import IN_QUEUE
from app.services.accounts import save_official
from app.services.flags import check_all
from app.services.maps import save_map
from bench.database import bench_database
from bench.servers import gunicorn
from bench.table import print_table

PINS, WAITING, PEOPLE = 25_000, 2_000, 3_000
ROUNDS = 15
BULK_ROUNDS = 5
EMAIL, PASSWORD = "bench@bench.example", "correct horse battery staple"
QUEUE, UNDO = "/office/maps/bench/queue", "/office/maps/bench/undo"
WEST, SOUTH, EAST, NORTH = 15.50, 49.61, 15.54, 49.63

FILL = """
INSERT INTO respondent (map_id, id) SELECT :map, md5(n::text)::uuid FROM generate_series(1, :people) AS n;
INSERT INTO pin (map_id, id, respondent_id, category, position, square_x, square_y, zoom, comment, channel, state,
                 created_at)
SELECT :map, gen_random_uuid(), md5((1 + n % :people)::text)::uuid,
       (ARRAY['safe', 'unsafe', 'improve'])[1 + n % 3],
       ST_SetSRID(ST_MakePoint(:west + random() * (:east - :west), :south + random() * (:north - :south)), 4326),
       n % 1200, n / 1200, 17,
       CASE WHEN n % 12 = 0 THEN 'Volejte 777 ' || to_char(100000 + n, 'FM000 000')
            WHEN n % 4 = 0 THEN 'Večer je tu tma a nikdo tudy nechodí, místo ' || n END,
       'import', CASE WHEN n % 12 = 0 AND n / 12 <= :waiting THEN 'pending' ELSE 'visible' END,
       now() - n * interval '1 minute'
FROM generate_series(1, :pins) AS n;
"""


class Desk:
    """One official's browser: a connection that keeps its cookies."""

    def __init__(self, port: int) -> None:
        """Sign in."""
        self.connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: SimpleCookie = SimpleCookie()
        self.token = ""
        self.ask("GET", "/office/sign-in")
        self.ask("POST", "/office/sign-in", {"email": EMAIL, "password": PASSWORD, "next": "/office/"})
        self.ask("GET", "/office/")

    def ask(self, method: str, path: str, form: Mapping[str, object] | None = None) -> str:
        """The answer's text."""
        headers = {"Cookie": self.cookies.output(attrs=[], header="", sep=";").strip(), "Accept": "text/html"}
        body = None
        if form is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": self.token}
            if not path.endswith("sign-in"):
                headers["X-Part"] = "queue"
            body = urllib.parse.urlencode({"csrf_token": self.token, **form}, doseq=True)
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        answer = response.read().decode()
        for value in response.headers.get_all("Set-Cookie", []):
            self.cookies.load(value)
        assert response.status in (200, 303), f"{method} {path}: {response.status} {answer[:500]}"
        found = re.search(r'name="csrf_token" value="([^"]+)"', answer)
        self.token = found[1] if found else self.token
        return answer


def main(_arguments: list[str]) -> None:
    """Fill a map, then take every action in turn with the plain page."""
    with bench_database() as url, tempfile.TemporaryDirectory() as home:
        engine = create_engine(url)
        checked_s = _fill(engine)
        with gunicorn("app:create_app()", {"DATABASE_URL": url, "POCIT_HOME": home}, "/readyz") as port:
            figures = _measure(Desk(port), engine)
        plan = _plan(engine)
        engine.dispose()
    _report(figures, checked_s, plan)


def _fill(engine: Engine) -> float:
    """Pins, flags and an official; how long the whole check took."""
    with Session(engine) as session:
        description = {"title": {"cs": "Měření"}, "town": {"name": "Měřín", "slug": "bench", "ruian": 999_001}}
        area = MultiPolygon([box(WEST, SOUTH, EAST, NORTH)])
        save_map(session, parse_map(description, slug="bench", boundary=area))
        save_official(
            session, AccountInput(email=EMAIL, role=Role.MODERATOR, town_slug="bench", password=PASSWORD)
        )
        session.commit()
        the_map = read_map(session, "bench")
        values = {"west": WEST, "south": SOUTH, "east": EAST, "north": NORTH}
        values |= {"map": the_map.id, "people": PEOPLE, "pins": PINS, "waiting": WAITING}
        for statement in FILL.split(";\n")[:2]:
            session.execute(text(statement), values)
        session.execute(text("ANALYZE pin, respondent"))  # as an import does
        session.commit()
        start = time.perf_counter()
        check_all(session, the_map)
        checked_s = time.perf_counter() - start
        # So many wait and no more: what was noticed about shown pins is settled.
        session.execute(text("UPDATE pin SET flagged = false WHERE state = 'visible' AND flagged"))
        session.execute(text("ANALYZE"))
        session.commit()
        whole = session.scalar(text(f"SELECT count(*) FROM pin WHERE {IN_QUEUE}"))
        assert whole == WAITING, f"{whole} pins wait"
    return checked_s


def _measure(desk: Desk, engine: Engine) -> dict[str, list[float]]:
    figures: dict[str, list[float]] = {}

    def timed(name: str, work: Callable[[], str]) -> str:
        start = time.perf_counter()
        answer = work()
        figures.setdefault(name, []).append((time.perf_counter() - start) * 1000)
        return answer

    def done(name: str, form: Mapping[str, object]) -> None:
        answer = timed(name, lambda: desk.ask("POST", QUEUE, form))
        entry = re.search(r'data-entry="(\d+)"', answer)
        assert entry, f"{name}: {answer[:300]}"
        timed(f"undo: {name}", lambda: desk.ask("POST", UNDO, {"entry": entry[1]}))

    for number in range(ROUNDS + 1):
        if number == 1:
            figures.clear()  # the first round warms up
        timed("PostgreSQL round trip", lambda: _round_trip(engine))
        timed(PLAIN, lambda: desk.ask("GET", "/office/"))
        page = timed("queue, 40 pins", lambda: desk.ask("GET", QUEUE))
        timed("queue, one reason", lambda: desk.ask("GET", f"{QUEUE}?reason=phone"))
        pins = re.findall(r'class="queue-item" data-pin="([^"]+)"', page)
        as_of = re.search(r'name="as_of" value="([^"]+)"', page)
        assert len(pins) == 40
        assert as_of
        done("approve one", {"deed": f"approve {pins[0]}"})
        done("mask one", {"deed": f"mask {pins[0]}"})
        done("hide one", {"deed": f"hide {pins[0]} person"})
        done("approve 40", {"deed": "approve ticked", "pin": pins})
        if number <= BULK_ROUNDS:
            page = desk.ask("GET", QUEUE)
            as_of = re.search(r'name="as_of" value="([^"]+)"', page)
            assert as_of
            done(f"approve all {WAITING}", {"deed": "approve all", "as_of": as_of[1]})
    return figures


PLAIN = "reference: plain page, GET /office/"


def _round_trip(engine: Engine) -> str:
    with engine.connect() as connection:
        return str(connection.scalar(text("SELECT 1")))


def _plan(engine: Engine) -> str:
    query = (
        "EXPLAIN (COSTS OFF) SELECT id FROM pin WHERE map_id = (SELECT min(id) FROM town_map)"
        f" AND {IN_QUEUE} ORDER BY created_at, id LIMIT 41"
    )
    with engine.connect() as connection:
        lines = [str(line).strip() for line in connection.scalars(text(query))]
    return next(line for line in lines if "Scan using ix_pin_queue" in line)


def _report(figures: Mapping[str, list[float]], checked_s: float, plan: str) -> None:
    plain = statistics.median(figures[PLAIN])
    rows = [
        [
            name,
            *(f"{value:.1f}" for value in (min(times), statistics.median(times), max(times))),
            f"{statistics.median(times) / plain:.2f}",
        ]
        for name, times in figures.items()
    ]
    print_table(
        f"queue: milliseconds with {WAITING} waiting of {PINS} pins, {ROUNDS} rounds in turn",
        ["", "min", "median", "max", "ratio"],
        rows,
    )
    print(f"  {plan}")
    print(f"  the whole check of {PINS} pins took {checked_s:.1f} s")
