"""Many people with phones at once, from one process: each opens the map, thinks, pins, thinks, and looks around.

A heap of times and a selector over plain sockets: all of them must cost far less than the server they visit.
"""

from __future__ import annotations

import heapq
import itertools
import selectors
import socket
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http import HTTPStatus

from bench.sending import request_bytes

PATIENCE_S = 30.0
PIECE = 1 << 18


@dataclass(frozen=True)
class Step:
    """One request of a visit: what kind it is, how long the person thinks before it, and what is sent."""

    kind: str
    think_s: float
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


Visit = Iterator[Step]
"""The steps of one person, one after another."""


@dataclass
class Seen:
    """What the people met: seconds from sending to the last byte, by kind; statuses by kind; what went wrong."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: dict[tuple[str, int], int] = field(default_factory=lambda: defaultdict(int))
    broken: list[str] = field(default_factory=list)
    began: float = 0.0
    ended: float = 0.0
    created: int = 0
    """Answers of 201, those of the warming up among them."""

    def answers(self, kind: str | None = None, status: int | None = None) -> int:
        """How many answers of this kind and status there were."""
        wanted = ((k, s, n) for (k, s), n in self.statuses.items())
        return sum(n for k, s, n in wanted if kind in (None, k) and status in (None, s))


class _Person:
    """One visit after another over one connection."""

    def __init__(self, visits: Iterator[Visit]) -> None:
        self.visits = visits
        self.visit = next(visits)
        self.step: Step | None = None
        self.socket: socket.socket | None = None
        self.received = bytearray()
        self.awaited = -1
        self.sent_at = 0.0
        self.tried_again = False

    def next_step(self) -> Step:
        """What the person does next; at the end of a visit somebody new comes."""
        while True:
            step = next(self.visit, None)
            if step is not None:
                return step
            self.close()
            self.visit = next(self.visits)

    def close(self) -> None:
        """Hang up."""
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def visit_for(
    port: int, visits: Callable[[], Iterator[Visit]], *, people: int, warm_s: float, seconds: float
) -> Seen:
    """Let so many people come for so long; what they met after the first `warm_s` seconds.

    They stop asking at the end, and what is under way is waited for.
    """
    crowd = _Crowd(port)
    start = time.monotonic()
    for number in range(people):
        crowd.think(_Person(visits()), start, spread_s=warm_s * number / people)
    crowd.run_until(start + warm_s)
    crowd.seen = Seen(began=time.monotonic())
    crowd.run_until(start + warm_s + seconds)
    crowd.seen.ended = time.monotonic()
    crowd.finish()
    crowd.seen.created = crowd.created
    return crowd.seen


class _Crowd:
    def __init__(self, port: int) -> None:
        self.port = port
        self.seen = Seen()
        self.selector = selectors.DefaultSelector()
        self.waiting: list[tuple[float, int, _Person]] = []
        self.order = itertools.count()
        self.busy: set[_Person] = set()
        self.closing = False
        self.created = 0

    def think(self, person: _Person, now: float, spread_s: float = 0.0) -> None:
        """Let the person think until the next step."""
        person.step = person.next_step()
        heapq.heappush(self.waiting, (now + person.step.think_s + spread_s, next(self.order), person))

    def run_until(self, end: float) -> None:
        """Send what is due, take what comes."""
        while (now := time.monotonic()) < end:
            while self.waiting and self.waiting[0][0] <= now:
                self.send(heapq.heappop(self.waiting)[2])
            due = min(self.waiting[0][0] if self.waiting else end, end)
            self.take(max(0.0, due - time.monotonic()))

    def finish(self) -> None:
        """Wait for what is under way."""
        self.closing = True
        self.waiting.clear()
        end = time.monotonic() + PATIENCE_S
        while self.busy and time.monotonic() < end:
            self.take(0.5)
        for person in self.busy:
            self.seen.broken.append(f"{person.step.kind if person.step else ''}: no answer in {PATIENCE_S:.0f} s")
            person.close()

    def send(self, person: _Person) -> None:
        assert person.step is not None
        step = person.step
        person.sent_at = time.monotonic()
        person.tried_again = False
        self.busy.add(person)
        self._transmit(person, step)

    def _transmit(self, person: _Person, step: Step) -> None:
        if person.socket is None:
            person.socket = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
            person.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        person.received.clear()
        person.awaited = -1
        try:
            person.socket.sendall(request_bytes(step.method, step.path, step.headers, step.body))
        except OSError:
            self._again(person, "sending")
            return
        self.selector.register(person.socket, selectors.EVENT_READ, person)

    def take(self, timeout_s: float) -> None:
        for key, _ in self.selector.select(timeout_s):
            person: _Person = key.data
            assert person.socket is not None
            try:
                piece = person.socket.recv(PIECE)
            except OSError:
                piece = b""
            if not piece:
                self.selector.unregister(person.socket)
                self._again(person, "reading")
                continue
            person.received += piece
            if self._is_whole(person):
                self.selector.unregister(person.socket)
                self._answered(person)

    def _again(self, person: _Person, doing: str) -> None:
        """A connection that was kept open may have been closed by the other side: browsers then ask once more."""
        person.close()
        assert person.step is not None
        if not person.tried_again and not person.received:
            person.tried_again = True
            self._transmit(person, person.step)
            return
        self.seen.broken.append(f"{person.step.kind}: closed while {doing}")
        self._done(person)

    def _is_whole(self, person: _Person) -> bool:
        if person.awaited < 0:
            head_end = person.received.find(b"\r\n\r\n")
            if head_end < 0:
                return False
            head = bytes(person.received[:head_end]).lower()
            if b"transfer-encoding: chunked" in head:
                return person.received.endswith(b"0\r\n\r\n")
            lengths = [int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:")]
            person.awaited = head_end + 4 + (lengths[0] if lengths else 0)
        return len(person.received) >= person.awaited

    def _answered(self, person: _Person) -> None:
        assert person.step is not None
        kind, status = person.step.kind, int(person.received[9:12])
        self.seen.seconds[kind].append(time.monotonic() - person.sent_at)
        self.seen.statuses[kind, status] += 1
        self.created += status == HTTPStatus.CREATED
        head = bytes(person.received[: person.received.find(b"\r\n\r\n")]).lower()
        if b"connection: close" in head:
            person.close()
        self._done(person)

    def _done(self, person: _Person) -> None:
        self.busy.discard(person)
        if not self.closing:
            self.think(person, time.monotonic())
