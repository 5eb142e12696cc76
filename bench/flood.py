"""A flood against a real server: what gets in of it, and what its neighbours feel.

One address sends pins under new tokens as fast as it can, first without doing sums, then doing them with the speed
of a machine. Beside it thirty phones of a school behind another address, and three neighbours behind the flooding
one, place pins as people do and do sums where they are asked. Addresses come through one trusted proxy.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import statistics
import tempfile
import threading
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any

from shapely import MultiPolygon, box
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from app.inputs.map_folder import parse_map
from app.services.maps import save_map
from bench.database import bench_database
from bench.servers import gunicorn
from bench.table import print_table

FLOODING, SCHOOL = "203.0.113.66", "198.51.100.7"
ITEMS = "/api/collections/bench/items"
ROUND_S = 25.0
CONNECTIONS = 6
PHONES = 30
EVERY_S = 5.0
WARMING = 40
WEST, SOUTH, EAST, NORTH = 15.50, 49.61, 15.54, 49.63


@dataclass
class Side:
    """What one side of the flood met."""

    statuses: Counter[int] = field(default_factory=Counter)
    took_ms: list[float] = field(default_factory=list)
    sums_ms: list[float] = field(default_factory=list)

    def row(self, name: str, seconds: float) -> list[str]:
        """As a row of the table."""
        stored, refused = self.statuses[201], sum(self.statuses.values()) - self.statuses[201]
        took = sorted(self.took_ms) or [0.0]
        p95 = took[int(0.95 * (len(took) - 1))]
        sums = f"{statistics.median(self.sums_ms):.0f}" if self.sums_ms else "–"
        return [name, str(stored), f"{stored / seconds:.0f}", str(refused), f"{p95:.0f}", sums]


@dataclass(frozen=True)
class Sender:
    """Somebody behind an address."""

    port: int
    address: str
    side: Side
    does_sums: bool

    def send(self, line: HTTPConnection, token: str) -> None:
        """Place one pin, with a sum where one is asked for and done."""
        began = time.monotonic()
        body = json.dumps(_feature())
        status, answer = self._post(line, token, body, "")
        if status == 429 and self.does_sums and "challenge" in answer:
            at = time.monotonic()
            proof = _proof(answer["challenge"])
            self.side.sums_ms.append(1000 * (time.monotonic() - at))
            status, _ = self._post(line, token, body, proof)
        self.side.statuses[status] += 1
        self.side.took_ms.append(1000 * (time.monotonic() - began))

    def _post(self, line: HTTPConnection, token: str, body: str, proof: str) -> tuple[int, Any]:
        headers = {
            "Content-Type": "application/geo+json",
            "Authorization": f"Bearer {token}",
            "X-Forwarded-For": self.address,
        }
        if proof:
            headers["Pocit-Proof"] = proof
        line.request("POST", ITEMS, body, headers)
        answer = line.getresponse()
        said = answer.read()
        return answer.status, json.loads(said) if answer.status == 429 else None


def main(_arguments: list[str]) -> None:
    """Measure both floods, one after the other, on the same server."""
    with bench_database() as url, tempfile.TemporaryDirectory() as home:
        engine = create_engine(url)
        with Session(engine) as session:
            description = {"title": {"cs": "Měření"}, "town": {"name": "Měřín", "ruian": 999_001}}
            area = MultiPolygon([box(WEST, SOUTH, EAST, NORTH)])
            save_map(session, parse_map(description, slug="bench", boundary=area))
            session.commit()
        settings = {
            "DATABASE_URL": url,
            "POCIT_HOME": home,
            "POCIT_TRUSTED_PROXIES": "1",
            "POCIT_UNLIMITED_NETWORKS": "",
        }
        with gunicorn("app:create_app()", settings, "/readyz") as port:
            warm = Side()
            for _ in range(WARMING):
                sender = Sender(port, SCHOOL, warm, does_sums=False)
                sender.send(HTTPConnection("127.0.0.1", port, timeout=60), uuid.uuid4().hex)
            rows = _round(port, does_sums=False) + _round(port, does_sums=True)
        with engine.connect() as connection:
            stored = connection.scalar(text("SELECT count(*) FROM pin"))
        engine.dispose()
    print_table(
        f"flood: {CONNECTIONS} connections from one address for {ROUND_S:.0f} s, and its neighbours",
        ["", "stored", "a second", "refused", "p95 ms", "sum ms"],
        rows,
    )
    assert stored == WARMING + sum(int(row[1]) for row in rows), "not every 201 is stored once"


def _round(port: int, *, does_sums: bool) -> list[list[str]]:
    flood, school, neighbour = Side(), Side(), Side()
    until = time.monotonic() + ROUND_S

    def flooding() -> None:
        sender = Sender(port, FLOODING, flood, does_sums)
        line = HTTPConnection("127.0.0.1", port, timeout=60)
        while time.monotonic() < until:
            sender.send(line, uuid.uuid4().hex)

    def phone(side: Side, address: str, offset_s: float) -> None:
        sender, token = Sender(port, address, side, does_sums=True), uuid.uuid4().hex
        line = HTTPConnection("127.0.0.1", port, timeout=60)
        time.sleep(offset_s)
        while time.monotonic() < until:
            sender.send(line, token)
            line.close()  # gunicorn lets go of a line that rests
            time.sleep(EVERY_S)

    people = [threading.Thread(target=phone, args=(school, SCHOOL, n * EVERY_S / PHONES)) for n in range(PHONES)]
    people += [threading.Thread(target=phone, args=(neighbour, FLOODING, n)) for n in range(3)]
    threads = [*people, *(threading.Thread(target=flooding) for _ in range(CONNECTIONS))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    how = "that does sums" if does_sums else "that does no sums"
    return [
        flood.row(f"a flood {how}", ROUND_S),
        school.row(f"  {PHONES} phones of a school", ROUND_S),
        neighbour.row("  3 phones behind the flood's address", ROUND_S),
    ]


def _proof(challenge: dict[str, Any]) -> str:
    """The proof of a sum, with the speed of this machine."""
    said = challenge["parameters"]
    start = hashlib.sha256(bytes.fromhex(said["salt"]) + bytes.fromhex(said["nonce"]))
    wanted = bytes.fromhex(said["keyPrefix"])
    counter = 0
    while True:
        tried = start.copy()
        tried.update(counter.to_bytes(4, "big"))
        found = tried.digest()
        if found.startswith(wanted):
            break
        counter += 1
    solution = {"counter": counter, "derivedKey": found.hex()}
    return base64.b64encode(json.dumps({"challenge": challenge, "solution": solution}).encode()).decode()


def _feature() -> dict[str, Any]:
    point = [round(random.uniform(WEST, EAST), 6), round(random.uniform(SOUTH, NORTH), 6)]
    return {
        "type": "Feature",
        "id": str(uuid.uuid4()),
        "geometry": {"type": "Point", "coordinates": point},
        "properties": {"category": random.choice(("safe", "unsafe", "improve")), "zoom": 17},
    }
