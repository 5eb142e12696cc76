"""Signals and child processes: what is started here also ends here."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType


class Stopped(BaseException):
    """The person, or the system, asked this process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Signals:
    """SIGINT, SIGTERM and SIGHUP as an exception that can be put off while something is half done."""

    def __init__(self) -> None:
        self._depth = 0
        self._waiting: int | None = None

    def install(self) -> None:
        """Begin to listen; a SIGHUP that is already ignored (nohup) stays ignored."""
        signal.signal(signal.SIGINT, self._arrived)
        signal.signal(signal.SIGTERM, self._arrived)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self._arrived)

    def _arrived(self, number: int, _frame: FrameType | None) -> None:
        if self._depth:
            self._waiting = number
        else:
            raise Stopped(number)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """A stretch that no signal breaks; one that came meanwhile is raised at its end."""
        if threading.current_thread() is not threading.main_thread():
            yield  # Python delivers signals to the main thread only
            return
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
        if not self._depth and self._waiting is not None:
            number, self._waiting = self._waiting, None
            raise Stopped(number)

    @contextmanager
    def closing(self) -> Iterator[None]:
        """The way out: whatever signal comes now, the ending goes on and is not repeated."""
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            self._waiting = None


SIGNALS = Signals()


class Children:
    """The set-up commands that run right now (apt, pip, npm), so that all can be ended together."""

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[str]] = set()
        self._closed = False
        self._guard = threading.Lock()

    def start(self, command: list[str], **options: object) -> subprocess.Popen[str]:
        """Start a command whose output is read as lines; none after the end has begun."""
        with self._guard:
            if self._closed:
                raise Stopped(signal.SIGTERM)
            child: subprocess.Popen[str] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                process_group=0,
                **options,  # type: ignore[call-overload]
            )
            self._running.add(child)
            return child

    def ended(self, child: subprocess.Popen[str]) -> None:
        """Forget a command that is over."""
        with self._guard:
            self._running.discard(child)

    def end_all(self) -> None:
        """Ask all that runs to end; the threads that read them collect them."""
        with self._guard:
            self._closed = True
            for child in self._running:
                # Their own children too: venv runs pip, npm runs node. Under sudo they aren't ours to end.
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(child.pid, signal.SIGTERM)


CHILDREN = Children()


def run_through(command: list[str], *, ends_by: signal.Signals = signal.SIGTERM, **options: object) -> int:
    """Exit status of a command that has our terminal; signals go on to it, and it is waited for.

    `ends_by` is what it gets for a SIGTERM or SIGHUP: pytest, for one, cleans up on SIGINT only.
    """
    arrived: list[int] = []
    started: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int) -> None:
        by_keyboard = number == signal.SIGINT and _in_the_foreground()
        if not by_keyboard:  # a Ctrl-C has reached the whole foreground group by itself
            started[0].send_signal(number if number == signal.SIGINT else ends_by)

    def forward(number: int, _frame: FrameType | None) -> None:
        if started:
            pass_on(number)
        else:
            arrived.append(number)

    before = {number: signal.signal(number, forward) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        started.append(subprocess.Popen(command, **options))  # type: ignore[call-overload]
        for number in arrived:
            pass_on(number)
        status = started[0].wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return status if status >= 0 else 128 - status


def _in_the_foreground() -> bool:
    """Whether the terminal's keys reach this process group."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False
