"""A streaming replica that answers anonymous readers: whether it is there and keeps up, as this process sees it.

Each process that serves asks primary and replica twice a second how far their logs are. The replica's age is the
time since the primary was where the replica is now: no clocks are compared, and a replica that lost its primary
without noticing grows old as well. What does not answer in time is cut off, so that nobody waits for it.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

MOST_LAG_S = 5.0
"""Older than this it answers nobody; the marks of those who wrote last longer (app/db.py)."""
EVERY_S = 0.5
PATIENCE_S = 1.0
"""How often it is asked, and how long an answer may take before its connections are cut."""
FRESH_S = 2.5
"""News of it older than this are none."""
SAMPLES = 240

SECOND_QUESTIONS_A_S = 10.0
MOST_SECOND_QUESTIONS = 20.0
"""So many of its "there is nothing" a process has the primary confirm, and so many at once."""

_PRIMARY_IS = text("SELECT system_identifier, pg_current_wal_lsn() - '0/0' FROM pg_control_system()")
_REPLICA_IS = text(
    "SELECT system_identifier, pg_is_in_recovery(), pg_last_wal_replay_lsn() - '0/0' FROM pg_control_system()"
)
NOT_ASKED, AWAY, ANOTHER, OWN_MASTER, BEHIND, KEEPS_UP = (
    "not asked yet",
    "away",
    "another database",
    "no replica any more",
    "behind",
    "keeps up",
)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReplicaState:
    """What is known of the replica: in one word, since when, and by how many seconds it is behind."""

    word: str
    asked_at: float
    """By the clock that never goes back."""
    lag_s: float | None = None

    @property
    def is_usable(self) -> bool:
        """Whether it may answer now."""
        return self.word == KEEPS_UP and time.monotonic() - self.asked_at < FRESH_S


class SecondQuestions:
    """How many more answers of the replica this process may have the primary look at just now."""

    def __init__(self) -> None:
        self._left = MOST_SECOND_QUESTIONS
        self._at = time.monotonic()
        self._lock = threading.Lock()

    def may_ask(self) -> bool:
        """Whether there is one more; it is used up by asking."""
        with self._lock:
            now = time.monotonic()
            self._left = min(MOST_SECOND_QUESTIONS, self._left + (now - self._at) * SECOND_QUESTIONS_A_S)
            self._at = now
            if self._left < 1:
                return False
            self._left -= 1
            return True


class Replica:
    """The replica of one process: its sessions, and a watcher that starts with the first question."""

    def __init__(self, primary: Engine, engine: Engine, watched: Engine) -> None:
        self.session: sessionmaker[Session] = sessionmaker(engine, expire_on_commit=False)
        self.engine = engine
        self.second_questions = SecondQuestions()
        self._primary, self._watched = primary, watched
        """The watcher's own lines."""
        self._state = ReplicaState(NOT_ASKED, 0.0)
        self._known: deque[tuple[float, int]] = deque(maxlen=SAMPLES)
        """Moments, and where the primary's log was then at least."""
        self._identity: int | None = None
        self._lines: WeakSet[Any] = WeakSet()
        self._watcher: threading.Thread | None = None
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        for one in (engine, watched):
            event.listen(one, "connect", lambda line, _record: self._lines.add(line))

    @property
    def state(self) -> ReplicaState:
        """What is known of it; the first question begins the watching."""
        # Lazily: a server is loaded before it is forked, and threads do not survive that.
        if self._watcher is None or not self._watcher.is_alive():
            with self._lock:
                if (self._watcher is None or not self._watcher.is_alive()) and not self._stopped.is_set():
                    self._watcher = threading.Thread(target=self._watch, name="replica", daemon=True)
                    self._watcher.start()
        return self._state

    def failed(self, error: BaseException) -> None:
        """Take note that it could not answer: one that is gone is asked no more until the watcher finds it again.

        A statement it refused or gave up (a write, a conflict with what it replays) says nothing of the next.
        """
        is_gone = not isinstance(error, DBAPIError) or error.connection_invalidated
        if is_gone or getattr(getattr(error, "orig", None), "sqlstate", None) is None:
            self._is(AWAY)

    def close(self) -> None:
        """Stop watching, and let go of the connections."""
        self._stopped.set()
        if self._watcher is not None:
            self._watcher.join(PATIENCE_S * 4)
        for one in (self.engine, self._watched, self._primary):
            one.dispose()

    def _watch(self) -> None:
        while not self._stopped.is_set():
            impatience = threading.Timer(PATIENCE_S, self._cut)
            impatience.daemon = True
            try:
                self._sample_primary()
                impatience.start()
                self._ask()
            except Exception as error:
                self._is(AWAY, type(error).__name__)
            finally:
                impatience.cancel()
            self._stopped.wait(EVERY_S)

    def _sample_primary(self) -> None:
        """Remember where the primary is; when it is away nothing new is written, and the replica stays as good."""
        before = time.monotonic()
        with suppress(SQLAlchemyError), self._primary.connect() as connection:
            self._identity, position = connection.execute(_PRIMARY_IS).one()
            if self._known and position < self._known[-1][1]:
                self._known.clear()  # another one has taken over, and what the old one wrote last is lost
            self._known.append((before, int(position)))

    def _ask(self) -> None:
        with self._watched.connect() as connection:
            identity, is_replica, position = connection.execute(_REPLICA_IS).one()
        if not is_replica:
            self._is(OWN_MASTER)
        elif self._identity is None:
            self._is(NOT_ASKED)
        elif identity != self._identity:
            self._is(ANOTHER)
        else:
            lag_s = self._lag(int(position))
            behind = lag_s is None or lag_s > MOST_LAG_S
            self._is(BEHIND if behind else KEEPS_UP, lag_s=lag_s)

    def _lag(self, position: int) -> float | None:
        """Seconds from when the primary was there to the last we heard of it; None when that is too long ago."""
        newest = self._known[-1][0]
        return next((newest - moment for moment, then in reversed(self._known) if then <= position), None)

    def _is(self, word: str, why: str = "", *, lag_s: float | None = None) -> None:
        if word != self._state.word:
            log.warning("the replica: %s%s", word, f" ({why})" if why else "")
        self._state = ReplicaState(word, time.monotonic(), lag_s)

    def _cut(self) -> None:
        """End all talk with a replica that does not answer: who waits for its word goes to the primary instead."""
        self._is(AWAY, "no answer")
        for line in list(self._lines):
            # It may be closing this very moment; and its own object is its thread's.
            with suppress(Exception), socket.socket(fileno=os.dup(line.fileno())) as same:
                same.shutdown(socket.SHUT_RDWR)
