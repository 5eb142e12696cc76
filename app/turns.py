"""Turns: a few places for work that is dear, with a short queue before them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import ServerBusy

MOST_WAITING = 1
WAIT_S = 20
"""How many requests wait for their turn, and how long, before they are told to come again."""


class Places:
    """A number of places of this process; who finds the queue before them full is sent away at once."""

    def __init__(self, most: int, waiting: int = MOST_WAITING) -> None:
        self._free = threading.BoundedSemaphore(most)
        self._queue = threading.BoundedSemaphore(waiting)

    def take(self) -> None:
        """Take a place; ServerBusy when none comes free soon."""
        if self._free.acquire(blocking=False):
            return
        # Every waiting request holds a thread: a long queue would be no better than serving them all.
        if not self._queue.acquire(blocking=False):
            raise ServerBusy
        try:
            if not self._free.acquire(timeout=WAIT_S):
                raise ServerBusy
        finally:
            self._queue.release()

    def leave(self) -> None:
        """Give the place back."""
        self._free.release()

    @contextmanager
    def one(self) -> Iterator[None]:
        """A place for as long as the block lasts; ServerBusy when none comes free soon."""
        self.take()
        try:
            yield
        finally:
            self.leave()
