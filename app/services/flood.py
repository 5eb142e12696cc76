"""Floods: more than people do, noticed by address and by map, and the sum that then is asked of every device.

Each process counts in its own memory; only every twentieth part of a limit it tells the database what it has
counted, and learns what all have. So a pin on a quiet day costs no statement more, and a flood is known to all
processes while it is small. What is counted in memory lies under hashes keyed by a random of this process.

Nobody is shut out for their neighbour's deeds: a flooding address, or map, is asked for a proof of work, which a
phone gives by itself (static/js/citizen/challenge). Only the one device that floods has to wait.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Final

from sqlalchemy.orm import Session

from app.errors import TooFast, TooMany
from app.services.throttle import Limit, attempt, grow, network, plain_address, wider

SHARED_PART: Final = 20
"""Counts are shared each time they have grown by this part of their limit."""
LEAST_STEP: Final = 12
"""More than one person places in a minute: else their pins would be told one by one."""
QUIET_PART: Final = 4
"""Once on, the sums are asked for until a whole window stays under this part of the limit."""
MOST_KEPT: Final = 50_000
"""Counts in the memory of one process; the ones longest untouched are forgotten."""
HARDEST: Final = 16
MINUTE_S, MINUTES_S, HOUR_S = 60, 300, 3600


@dataclass(frozen=True)
class Guard:
    """So much within a window is more than people do."""

    name: str
    most: int
    window_s: int
    devices: bool = False
    """Whether devices are counted, each once in a window, instead of what they send: tokens cost nothing."""

    @property
    def limit(self) -> Limit:
        """As the database counts it."""
        return Limit(f"flood {self.name}", self.most, timedelta(seconds=self.window_s))

    @cached_property
    def step(self) -> int:
        """By how much a count grows before it is shared."""
        return max(LEAST_STEP, self.most // SHARED_PART)


def _guards(name: str, times: int) -> tuple[Guard, ...]:
    """The guards of a place, so many times as wide as those of one address on one map.

    A hundred phones that empty their outboxes and go on are 2 000 pins and 100 devices; eight processes may each
    count a device once.
    """
    return (
        Guard(f"{name} pins", 12_000 * times, MINUTES_S),
        Guard(f"{name} pins hour", 40_000 * times, HOUR_S),
        Guard(f"{name} devices", 2_000 * times, MINUTES_S, devices=True),
        Guard(f"{name} devices hour", 8_000 * times, HOUR_S, devices=True),
    )


OF_DEVICE: Final = (Guard("device minute", 240, MINUTE_S), Guard("device hour", 1200, HOUR_S))
"""An outbox that empties twenty pins at once is far below; nobody places two pins each second."""
OF_PLACE: Final = _guards("place", 1)
"""One address on one map: a school, or a part of a mobile network."""
OF_WIDE: Final = _guards("wide", 4)
"""An IPv6 /48 on one map: whoever rents one has 65 536 places in it."""
OF_ANYWHERE: Final = _guards("anywhere", 4)
"""One address on all maps."""
OF_MAP: Final = _guards("map", 4)
"""A map, from wherever it comes."""
A_MINUTE_AT_EVENT: Final = 40
LEAST_GUESTS: Final = 100
"""At an event nobody is asked for sums: up to forty pins a minute from each of twice the people expected there,
and from no fewer than a hundred. Beyond that somebody has taken the code off a poster, and it is as if it had not
been given."""
MINUTES_OF_HOUR: Final = 6
"""So many of such minutes an hour has: nobody goes on like that."""
EVENT_TIMES: Final = 2
"""The whole event has so many times the room of one address: a class behind one is all its guests, and who fills
that from elsewhere leaves as much for them."""

Keys = Sequence[tuple[tuple[Guard, ...], tuple[str, ...]]]
"""What is counted together, and of whom."""


@dataclass(frozen=True)
class Visit:
    """Something a device sends to a map."""

    the_map: int
    device: str = field(repr=False)
    address: str | None = field(repr=False)


@dataclass(frozen=True)
class Gathering:
    """An event whose code was given, and how many are expected there."""

    code: str
    expected: int | None


@dataclass(frozen=True)
class Shared:
    """Where all processes count together: a way to sessions, and the server's secret."""

    opened: Callable[[], Session]
    secret: bytes = field(repr=False)


@dataclass(slots=True)
class _Count:
    """What one guard has counted of one key in its present window."""

    start_s: int
    was_on: bool = False
    own: int = 0
    shared: int = 0
    seen: set[bytes] = field(default_factory=set)

    @property
    def total(self) -> int:
        return self.own + self.shared


@dataclass(frozen=True, slots=True)
class _Noted:
    """The counts of one key that a visit has touched, and by what they are known to the database."""

    guards: tuple[Guard, ...]
    parts: tuple[str, ...] = field(repr=False)
    counts: Sequence[_Count]

    def hardness(self) -> int:
        """0 where it is quiet; in a flood the more, the more there is of it."""
        hardest = 0
        for guard, count in zip(self.guards, self.counts, strict=True):
            if count.was_on or count.total >= guard.most:
                hardest = max(hardest, 1, count.total // guard.most)
        return min(HARDEST, hardest)

    def wait_s(self, now_s: float) -> int:
        """Seconds until there is room again in every window; 0 where there is."""
        return max(
            (
                max(1, int(count.start_s + guard.window_s - now_s) + 1)
                for guard, count in zip(self.guards, self.counts, strict=True)
                if count.total > guard.most
            ),
            default=0,
        )


class FloodWatch:
    """What one process knows of floods."""

    def __init__(self, unlimited: Collection[ipaddress.IPv4Network | ipaddress.IPv6Network] = ()) -> None:
        self._unlimited = tuple(unlimited)
        self._counts: OrderedDict[bytes, list[_Count]] = OrderedDict()
        self._lock = threading.Lock()
        self._key = secrets.token_bytes(32)

    def meet(self, visit: Visit, among: Shared, *, now_s: float | None = None) -> int:
        """How hard a sum this visit has to bring: 0 on a quiet day, 1 to 16 in a flood.

        TooFast for a device that sends more than a person does.
        """
        now_s = time.time() if now_s is None else now_s
        around = [] if self._is_unlimited(visit.address) else _places(visit)
        keys = [(OF_DEVICE, (str(visit.the_map), visit.device)), *around]
        own, *others = noted = self._note(keys, visit.device, now_s)
        self._share(noted, among, now_s)
        wait_s = own.wait_s(now_s)
        if wait_s:
            raise TooFast(wait_s)
        return max((one.hardness() for one in (*others, *self._map_so_far(visit, now_s))), default=0)

    def let_in(self, visit: Visit, among: Shared, *, now_s: float | None = None) -> None:
        """Count on the map what it takes: what is turned away at the gate is no flood of the map's.

        Else one address that sends without an end, and gets nothing in, would have everybody do sums.
        """
        now_s = time.time() if now_s is None else now_s
        if not self._is_unlimited(visit.address):
            self._share(self._note([(OF_MAP, (str(visit.the_map),))], visit.device, now_s), among, now_s)

    def has_room(self, visit: Visit, event: Gathering, among: Shared, *, now_s: float | None = None) -> bool:
        """Whether so many pins at this event, from this address, its /48 and all over, are still its guests'.

        What one address sends beyond its room takes none of the others'.
        """
        now_s = time.time() if now_s is None else now_s
        for guards, parts in _rooms(visit, event):
            (noted,) = self._note([(guards, parts)], visit.device, now_s)
            self._share([noted], among, now_s)
            if noted.wait_s(now_s):
                return False
        return True

    def let_read(self, address: str | None, limit: Limit, *, now_s: float | None = None) -> None:
        """Count a reader, in this process only; TooMany for an address that asks more than a whole school does."""
        now_s = time.time() if now_s is None else now_s
        if self._is_unlimited(address):
            return
        guard = Guard(limit.action, limit.attempts, int(limit.window.total_seconds()))
        (noted,) = self._note([((guard,), (network(address),))], "", now_s)
        wait_s = noted.wait_s(now_s)
        if wait_s:
            raise TooMany(wait_s)

    def _note(self, keys: Keys, device: str, now_s: float) -> list[_Noted]:
        noted = []
        mark = self._hidden(device)[:8]
        with self._lock:
            for guards, parts in keys:
                counts = self._counts_of(guards, parts, now_s)
                for guard, count in zip(guards, counts, strict=True):
                    if not guard.devices:
                        count.own += 1
                    # Once it is a flood, who is in it need not be known any more.
                    elif mark not in count.seen and len(count.seen) <= guard.most:
                        count.seen.add(mark)
                        count.own += 1
                noted.append(_Noted(guards, parts, counts))
            while len(self._counts) > MOST_KEPT:
                self._counts.popitem(last=False)
        return noted

    def _counts_of(self, guards: tuple[Guard, ...], parts: tuple[str, ...], now_s: float) -> Sequence[_Count]:
        """The counts of this key in their present windows, of each guard one."""
        key = self._hidden("\x1f".join((guards[0].name, *parts)))
        known = self._counts.get(key)
        if known is None:
            known = self._counts[key] = [_Count(_start_s(guard, now_s)) for guard in guards]
            return known
        self._counts.move_to_end(key)
        for i, guard in enumerate(guards):
            if known[i].start_s + guard.window_s <= now_s:
                known[i] = _next(guard, known[i], now_s)
        # Not the list itself: a window that ends meanwhile puts others in their places.
        return tuple(known)

    def _map_so_far(self, visit: Visit, now_s: float) -> list[_Noted]:
        if self._is_unlimited(visit.address):
            return []
        parts = (str(visit.the_map),)
        with self._lock:
            return [_Noted(OF_MAP, parts, self._counts_of(OF_MAP, parts, now_s))]

    def _share(self, noted: Sequence[_Noted], among: Shared, now_s: float) -> None:
        """Tell the database what has grown enough here, and learn what all processes have counted."""
        with self._lock:
            due = [
                (guard, one.parts, count, count.own)
                for one in noted
                for guard, count in zip(one.guards, one.counts, strict=True)
                if count.own >= guard.step
            ]
            for _, _, count, n in due:
                count.own = 0
                count.shared += n
        if not due:
            return
        now = datetime.fromtimestamp(now_s, UTC)
        rows = [(attempt(guard.limit, *parts, secret=among.secret, now=now), n) for guard, parts, _, n in due]
        with among.opened() as session:
            totals = grow(session, rows)
            session.commit()
        with self._lock:
            for (_, _, count, _), total in zip(due, totals, strict=True):
                count.shared = max(count.shared, total)

    def _hidden(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16, key=self._key).digest()

    def _is_unlimited(self, address: str | None) -> bool:
        if not self._unlimited:
            return False
        found = plain_address(address)
        return found is not None and any(found in one for one in self._unlimited)


def _start_s(guard: Guard, now_s: float) -> int:
    return int(now_s // guard.window_s) * guard.window_s


def _next(guard: Guard, before: _Count, now_s: float) -> _Count:
    """The count of a new window, which knows whether there was a flood in the one before."""
    start_s = _start_s(guard, now_s)
    was_flood = before.was_on or before.total >= guard.most
    follows = before.start_s + guard.window_s == start_s
    return _Count(start_s, was_flood and follows and before.total >= guard.most // QUIET_PART)


@lru_cache(maxsize=512)
def _networks(address: str | None) -> tuple[str, str | None]:
    return network(address), wider(address)


def _rooms(visit: Visit, event: Gathering) -> Keys:
    """What bounds a code, the narrowest first."""
    room = max(LEAST_GUESTS, 2 * (event.expected or 0)) * A_MINUTE_AT_EVENT
    known = (str(visit.the_map), event.code)
    place, wide = _networks(visit.address)
    rooms = [(_room("event", room), (*known, place))]
    if wide:
        rooms.append((_room("event wide", room), (*known, wide)))
    return [*rooms, (_room("event whole", EVENT_TIMES * room), known)]


def _room(name: str, most: int) -> tuple[Guard, ...]:
    return (Guard(name, most, MINUTE_S), Guard(f"{name} hour", MINUTES_OF_HOUR * most, HOUR_S))


def _places(visit: Visit) -> Keys:
    the_map = str(visit.the_map)
    place, wide = _networks(visit.address)
    keys: list[tuple[tuple[Guard, ...], tuple[str, ...]]] = [
        (OF_PLACE, (the_map, place)),
        (OF_ANYWHERE, (place,)),
    ]
    return [*keys, (OF_WIDE, (the_map, wide))] if wide else keys
