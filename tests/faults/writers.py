"""People who place pins all the while that something breaks, and remember what they were promised."""

from __future__ import annotations

import http.client
import json
import threading
import time
import uuid
from collections import Counter
from itertools import pairwise
from types import TracebackType
from typing import Self

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from app.queries.maps import read_map
from app.services.counts import Rebuilt, rebuild
from tests.builders import CENTRE, a_feature
from tests.faults.stack import CUT, Installation, eventually

WRITERS = 4
PINS_A_PERSON = 8
"""The median of a real campaign: nobody here is a flood."""
PATIENCE_S = 90
PAUSE_S = 0.02
"""Before another try, after one that did not get through."""


class Writers:
    """Several phones, each with a connection that it keeps, posting one pin after the other until told to stop."""

    def __init__(
        self, port: int, *, writers: int = WRITERS, slug: str = "testov", at: tuple[float, float] = CENTRE
    ) -> None:
        """Nobody posts yet."""
        self._port = port
        self._path = f"/api/collections/{slug}/items"
        self._at = at
        self._stop = threading.Event()
        self._guard = threading.Lock()
        self._threads = [threading.Thread(target=self._write, args=(n,), daemon=True) for n in range(writers)]
        self.acknowledged: set[str] = set()
        """The ids that were answered with 201."""
        self.sent: set[str] = set()
        self.statuses: Counter[int] = Counter()
        self.cut = 0
        """How often there was no answer."""
        self.cut_by: Counter[str] = Counter()
        self.slowest_s = 0.0
        self._stored_at: list[float] = []

    def __enter__(self) -> Self:
        """Everybody begins."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Everybody ends, once the last answer is there."""
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def wait_for(self, more: int, within_s: float = PATIENCE_S) -> None:
        """Wait until so many more pins were acknowledged."""
        wanted = len(self.acknowledged) + more
        eventually(lambda: len(self.acknowledged) >= wanted, within_s)

    @property
    def longest_pause_s(self) -> float:
        """The longest time in which nothing could be stored."""
        moments = sorted(self._stored_at)
        return max((after - before for before, after in pairwise(moments)), default=0.0)

    def _write(self, n: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)
        number, token = 0, ""
        while not self._stop.is_set():
            if number % PINS_A_PERSON == 0:
                token = f"writer-{n:02}-{uuid.uuid4().hex}"
            number += 1
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/geo+json"}
            at = (self._at[0] + n / 5000, self._at[1] + number % 50 / 10_000)
            feature = a_feature(at=at)
            with self._guard:
                self.sent.add(feature["id"])
            began = time.monotonic()
            try:
                connection.request("POST", self._path, json.dumps(feature), headers)
                answer = connection.getresponse()
                answer.read()
                status = answer.status
            except CUT as error:
                connection.close()
                status = 0
                with self._guard:
                    self.cut += 1
                    self.cut_by[type(error).__name__] += 1
            with self._guard:
                self.slowest_s = max(self.slowest_s, time.monotonic() - began)
                if status:
                    self.statuses[status] += 1
                if status == 201:
                    self.acknowledged.add(feature["id"])
                    self._stored_at.append(time.monotonic())
            if status != 201:
                self._stop.wait(PAUSE_S)
        connection.close()


def check_promises(load: Writers, installation: Installation, slug: str = "testov") -> None:
    """Every pin that was acknowledged is there exactly once, nothing is there that nobody sent, all is counted."""
    stored = installation.stored()
    assert len(stored) == len(set(stored))
    assert load.acknowledged <= set(stored), f"{len(load.acknowledged - set(stored))} acknowledged pins are lost"
    assert set(stored) <= load.sent
    assert set(load.statuses) <= {201, 503}, load.statuses
    assert eventually_counted(installation.url, slug) == (len(stored), 0)


def eventually_counted(url: str, slug: str) -> tuple[int, int]:
    """How many pins there are by counting anew, and in how many squares the kept counts said otherwise."""
    engine = create_engine(url)
    found: list[Rebuilt] = []

    def counted() -> bool:
        with Session(engine) as session:
            the_map = read_map(session, slug)
            session.rollback()
            done = rebuild(session, the_map)
        if done is not None:  # the server may be counting just now
            found.append(done)
        return bool(found)

    try:
        eventually(counted)
    finally:
        engine.dispose()
    return found[0].pins, found[0].different
