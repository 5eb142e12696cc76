"""How long the server waits for what is sent to it: as long as it comes, and for few at a time.

A thread that reads a request waits for its sender, and there are few threads. gunicorn alone waits without an end:
a body that comes a byte at a time, read by the app or left over after its answer, holds a thread for days. Here a
sender has so much patience, which what they send renews; and only half of the threads wait for who is slow. The
slowest of them goes first. A thread is taken only when something has come, and none waits for a goodbye.
"""

from __future__ import annotations

import errno
import fcntl
import select
import selectors
import socket
import struct
import termios
import threading
import time
from collections import deque
from contextlib import suppress
from functools import partial
from typing import Any, Final

from gunicorn.http.message import Request  # type: ignore[import-untyped]
from gunicorn.http.unreader import SocketUnreader  # type: ignore[import-untyped]
from gunicorn.workers.gthread import TConn, ThreadWorker  # type: ignore[import-untyped]

PATIENCE_S: Final = 15.0
"""So long we wait for a sender altogether, and for what renews it."""
LEAST_RATE: Final = 16 * 1024
"""Bytes that renew a second of it: who goes on at this rate, as on the slowest of phones, is never cut off."""
LATE_S: Final = 2.0
"""Whom we have waited for so long is slow, and needs one of the places for slow ones."""
LATE_IN_CROWD_S: Final = 1.0
"""The same while those places are taken."""
MOST_DRAINED: Final = 60 * 1024
"""What has come of a body that nobody read is thrown away up to here; of more the connection is closed."""
GOODBYE_S: Final = 2.0
"""So long who is sent away may still send: else the answer would be lost with the connection."""


class TooSlow(ConnectionResetError):
    """A sender whose patience is used up, or who was the slowest of too many; to gunicorn they have gone."""

    def __init__(self) -> None:
        """Say it as the kernel says that somebody has gone."""
        super().__init__(errno.ECONNRESET, "too slow")


class Crowd:
    """The places for slow senders in one process."""

    def __init__(self, most: int) -> None:
        """So many, at least one."""
        self._most = max(1, most)
        self._seated: set[Pace] = set()
        self._lock = threading.Lock()

    @property
    def is_full(self) -> bool:
        """Whether all places are taken."""
        return len(self._seated) >= self._most

    def seat(self, pace: Pace) -> None:
        """Give a slow sender a place, if need be that of a slower one; TooSlow for the slowest."""
        with self._lock:
            if pace in self._seated:
                return
            # Who has sent all, and is being answered, is not waited for any more.
            self._seated = {one for one in self._seated if one.is_waited_for}
            if len(self._seated) >= self._most:
                slowest = min(self._seated, key=lambda one: one.left_s)
                if slowest.left_s >= pace.left_s:
                    raise TooSlow
                self._seated.discard(slowest)
                slowest.cut()
            self._seated.add(pace)

    def leave(self, pace: Pace) -> None:
        """Give the place back."""
        with self._lock:
            self._seated.discard(pace)


class Pace:
    """How fast one connection sends, and how much patience there is left with it."""

    def __init__(self, crowd: Crowd, line: socket.socket) -> None:
        """Of a connection that has sent nothing yet."""
        self._crowd, self._line = crowd, line
        self._left_s, self._waited_s = PATIENCE_S, 0.0
        self._since: float | None = None
        self._last = 0.0
        self._is_cut = False

    @property
    def left_s(self) -> float:
        """The patience that is left."""
        since = self._since
        return self._left_s - (time.monotonic() - since if since is not None else 0)

    @property
    def is_waited_for(self) -> bool:
        """Whether a thread waits for it, or did a moment ago."""
        return self._since is not None or time.monotonic() - self._last < LATE_S

    def wait(self, most_s: float | None) -> bool:
        """Wait for something to come, at most so long; whether it has. TooSlow when patience is at its end."""
        ended = None if most_s is None else time.monotonic() + most_s
        while True:
            late_s = LATE_IN_CROWD_S if self._crowd.is_full else LATE_S
            step_s = min(self._left_s, late_s - self._waited_s if self._waited_s < late_s else PATIENCE_S)
            if ended is not None:
                step_s = min(step_s, ended - time.monotonic())
            has_come = self._sleep(max(0.0, step_s))
            # Also of who sends a byte now and then.
            if self._is_cut or self._left_s <= 0:
                raise TooSlow
            if self._waited_s >= late_s:
                self._crowd.seat(self)
            if has_come:
                return True
            if ended is not None and time.monotonic() >= ended:
                return False

    def note(self, n_bytes: int) -> None:
        """Renew the patience by what has come; a burst is no credit for later."""
        self._left_s = min(PATIENCE_S, self._left_s + n_bytes / LEAST_RATE)

    def rest(self) -> None:
        """The request is answered: the next one begins anew."""
        self._crowd.leave(self)
        self._left_s, self._waited_s = PATIENCE_S, 0.0

    def cut(self) -> None:
        """Wake the thread that waits: it has waited enough."""
        self._is_cut = True
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RD)

    def _sleep(self, most_s: float) -> bool:
        poll = select.poll()
        poll.register(self._line, select.POLLIN)
        self._since = began = time.monotonic()
        has_come = bool(poll.poll(most_s * 1000 + 1))
        self._last, self._since = time.monotonic(), None
        self._left_s -= self._last - began
        self._waited_s += self._last - began
        return has_come


class PatientReading(SocketUnreader):  # type: ignore[misc]
    """All that comes over a connection: headers, bodies, and what is thrown away of them."""

    def __init__(self, line: socket.socket, pace: Pace) -> None:
        """Reading this connection at this pace."""
        super().__init__(line)
        self._pace = pace

    def chunk(self, size_hint: int | None = None) -> bytes:
        """The next piece; TooSlow, or TimeoutError where gunicorn itself set an end."""
        if not self._pace.wait(self.sock.gettimeout()):
            raise TimeoutError
        piece: bytes = super().chunk(size_hint)
        self._pace.note(len(piece))
        return piece


class PatientRequest(Request):  # type: ignore[misc]
    """A request that ends its connection where a part of it is still to come after the answer."""

    def should_close(self) -> bool:
        """Whether no other request can follow on this connection."""
        return bool(super().should_close()) or self._is_to_come()

    def _is_to_come(self) -> bool:
        body = getattr(self, "body", None)
        if body is None:
            return False
        if body.failed:
            return True
        if not hasattr(body.reader, "length"):  # in chunks: it ends where its reader has seen the end
            return getattr(body.reader, "parser", None) is not None
        left: int = body.reader.length
        if left == 0:
            return False
        reading = body.reader.unreader
        waiting = fcntl.ioctl(reading.sock, termios.FIONREAD, b"\0" * 4)
        return left > min(MOST_DRAINED, reading.buf.getbuffer().nbytes + struct.unpack("i", waiting)[0])


class PatientLine(TConn):  # type: ignore[misc]
    """One connection, read with patience and closed without anybody waiting."""

    worker: PatientWorker
    pace: Pace

    def init(self) -> None:
        """Have the connection read by us."""
        is_new = not self.initialized
        super().init()
        if is_new:
            self.pace = Pace(self.worker.crowd, self.sock)
            self.parser.unreader = PatientReading(self.sock, self.pace)
            self.parser.mesg_class = PatientRequest

    def close(self, graceful: bool = False) -> None:
        """Close at once, or let the answer arrive first; not in the thread that takes new connections."""
        if graceful and self.worker.alive:
            self.worker.say_goodbye(self)
        else:
            super().close(graceful)


class PatientWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's worker with threads, which holds none of them for who does not send."""

    def __init__(self, *args: Any, **named: Any) -> None:
        """With half of its threads for slow senders."""
        super().__init__(*args, **named)
        self.crowd = Crowd(self.cfg.threads // 2)
        self.leaving: deque[PatientLine] = deque()

    def accept(self, listener: socket.socket) -> None:
        """Take a connection; a thread reads it when something has come."""
        try:
            line, client = listener.accept()
        except OSError as error:
            if error.errno not in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                raise
            return
        self.nr_conns += 1
        conn = PatientLine(self.cfg, line, client, listener.getsockname())
        conn.worker = self
        conn.timeout = time.monotonic() + self.cfg.keepalive
        self.pending_conns.append(conn)
        self.poller.register(line, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))

    def handle(self, conn: PatientLine) -> Any:
        """Handle a request, and give back the place of a slow sender."""
        try:
            return super().handle(conn)
        finally:
            if conn.initialized:
                conn.pace.rest()

    def say_goodbye(self, conn: PatientLine) -> None:
        """Send no more, and throw away what still comes: closed at once, the answer would be lost on its way."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
            conn.timeout = time.monotonic() + GOODBYE_S
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._throw_away, conn))
        except OSError:
            conn.close()
            return
        self.nr_conns += 1
        self.leaving.append(conn)

    def murder_pending(self) -> None:
        """Close those who have not begun in time, and those who don't leave."""
        super().murder_pending()
        while self.leaving and self.leaving[0].timeout < time.monotonic():
            self._gone(self.leaving[0])

    def _throw_away(self, conn: PatientLine, line: socket.socket) -> None:
        try:
            if line.recv(65536):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._gone(conn)

    def _gone(self, conn: PatientLine) -> None:
        self.leaving.remove(conn)
        self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()
