"""Heat kept in memory by one process while the pins behind it stay as they are."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar, cast

from sqlalchemy.orm import Session

from app.errors import TooMany
from app.inputs.filters import PUBLIC_FILTER, PinFilter, Scope
from app.inputs.heat import HeatQuery, Measure, Weight
from app.queries.counts import KeptCounts
from app.queries.heat import KEPT, heat_counts, heat_version, make_surface
from app.queries.heat_words import least_voices
from app.queries.maps import MapRecord
from gis.analysis.density import DEFAULT_BANDWIDTH_M, Surface
from gis.analysis.scale import Breaks, class_breaks
from gis.analysis.share import PERCENT_BREAKS, Share, least_density

T = TypeVar("T")

MOST_BYTES = 96_000_000
"""A surface of a large city is 4 MB, a tile 20 kB."""
ENTRY_BYTES = 1000
"""About what keeping anything takes beside the thing itself: else empty tiles could be kept without end."""
AT_ONCE = 2
"""Surfaces that one process makes at a time: a fine one of a large city takes hundreds of megabytes."""
ROOM = 3
"""Requests of one process that may be busy, for each scope, with surfaces that are hardly asked for twice: of a
bandwidth that no page opens with, or of pins that an official chose.

There is no end of these; the other threads (deploy/gunicorn.conf.py) are for everybody else.
"""
PATIENCE_S = 2.0
RETRY_S = 5


@dataclass(frozen=True)
class Heat:
    """A surface with the class breaks it is shown in, and the mark of what it was made of."""

    version: str
    query: HeatQuery
    surface: Surface = field(repr=False)
    breaks: Breaks
    share: Share | None = field(default=None, repr=False)
    """Of all feelings, where that is asked for; `surface` then is what it is a part of."""

    @property
    def shown(self) -> Surface | Share:
        """What pictures and files show."""
        return self.surface if self.share is None else self.share

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show."""
        return not self.breaks or self.shown.peak < self.breaks[0]


class Shelf:
    """The most recently used things up to a number of bytes; each is made once, however many ask at once."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self._kept: OrderedDict[Hashable, tuple[object, int]] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T], size: Callable[[T], int]) -> T:
        """The thing of this key, made now where it is not kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return cast("T", self._kept[key][0])
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._kept:
                    return cast("T", self._kept[key][0])
            try:
                made = make()
                self._keep(key, made, size(made))
            finally:
                with self._lock:
                    self._making.pop(key, None)
            return made

    def __contains__(self, key: Hashable) -> bool:
        """Whether it is kept at this moment."""
        with self._lock:
            return key in self._kept

    def _keep(self, key: Hashable, made: object, size: int) -> None:
        with self._lock:
            if size > self.most_bytes // 2:
                return
            size += ENTRY_BYTES
            self._kept[key] = (made, size)
            self.bytes += size
            while self.bytes > self.most_bytes:
                _, (_, freed) = self._kept.popitem(last=False)
                self.bytes -= freed


class HeatStore:
    """Surfaces and their pictures, by map, by the version of its pins, and by what was asked."""

    def __init__(self, most_bytes: int = MOST_BYTES, *, room: int = ROOM, patience_s: float = PATIENCE_S) -> None:
        self._shelf = Shelf(most_bytes)
        self._making = threading.BoundedSemaphore(AT_ONCE)
        self._rooms = {scope: threading.BoundedSemaphore(room) for scope in Scope}
        self._patience_s = patience_s

    def heat(
        self,
        session: Session,
        the_map: MapRecord,
        query: HeatQuery,
        scope: Scope,
        wanted: PinFilter = PUBLIC_FILTER,
        *,
        version: str | None = None,
    ) -> Heat:
        """The heat that this scope may see; `wanted` chooses pins for officials only.

        With a `version` (queries/heat.py, `shown_version`) the heat that was first made under it, else of now.

        All categories of a map share their breaks, so that one colour depth means one number of people.
        TooMany when too many at once ask for bandwidths of their own.
        """
        # Marks never come back, so pins that arrive between the mark and the counting are kept under one that is
        # asked for no more.
        version = version or heat_version(session, the_map, wanted, scope)
        base = (the_map.id, version, scope, wanted if scope is Scope.OFFICE else None)
        shared = (*base, "breaks", query.bandwidth_m, query.weight)
        is_usual = query.bandwidth_m == DEFAULT_BANDWIDTH_M and (scope is Scope.PUBLIC or wanted in KEPT)
        is_made = (*base, query) in self._shelf and (query.category is None or shared in self._shelf)

        def counted() -> KeptCounts:
            return heat_counts(session, the_map, wanted, scope)

        def squares() -> KeptCounts:
            return self._shelf.get((*base, "squares"), counted, lambda made: made.bytes)

        def made_surface(asked: HeatQuery) -> Surface:
            found = squares()
            with self._making:
                return make_surface(the_map, found, asked, scope)

        def surface(asked: HeatQuery) -> Surface:
            return self._shelf.get(
                (*base, asked), lambda: made_surface(asked), lambda made: int(made.values.nbytes)
            )

        def shared_breaks() -> Breaks:
            # One after another, so that no more than two of them are in memory.
            every = (surface(replace(query, category=category.key)) for category in the_map.categories)
            return class_breaks(max(every, key=lambda one: one.peak))

        def share() -> Share:
            whole = replace(query.density, category=None)
            # Kept one by one: shares of other categories stand on the same whole.
            voices = surface(replace(whole, weight=Weight.PEOPLE))
            least = least_density(query.bandwidth_m, least_voices(the_map))
            return Share(surface(query.density), surface(whole), voices, least)

        def heat() -> Heat:
            if query.measure is Measure.SHARE:
                told = self._shelf.get((*base, query), share, lambda made: int(made.values.nbytes))
                return Heat(version, query, told.part, PERCENT_BREAKS, told)
            found = surface(query)
            if query.category is None:
                return Heat(version, query, found, class_breaks(found))
            return Heat(version, query, found, self._shelf.get(shared, shared_breaks, lambda _: 0))

        if is_usual or is_made:
            return heat()
        with self._turn(self._rooms[scope]):
            return heat()

    @contextmanager
    def _turn(self, room: threading.BoundedSemaphore) -> Iterator[None]:
        """One of the places for heat that is asked for once; TooMany when none gets free."""
        if not room.acquire(timeout=self._patience_s):
            raise TooMany(RETRY_S)
        try:
            yield
        finally:
            room.release()

    def picture(self, key: Hashable, make: Callable[[], bytes]) -> bytes:
        """A picture by its key, drawn once."""
        return self._shelf.get(("picture", key), make, len)

    def remember(self, key: Hashable, make: Callable[[], T], size: int = 20_000) -> T:
        """Anything else worth keeping, of about so many bytes."""
        return self._shelf.get(("thing", key), make, lambda _: size)
