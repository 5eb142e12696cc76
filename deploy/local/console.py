"""What the person sees: titled steps with a tick and their seconds, and clear words when it can't go on."""

from __future__ import annotations

import shutil
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from deploy.local.processes import CHILDREN

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
HEARTBEAT_S = 30.0
BRIEF_S = 2.0
LAST_LINES = 20


class Refused(Exception):
    """Set-up can't go on; the text says why and what to do."""


class Step:
    """One piece of work under way."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.detail = ""
        self.began = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self.began


class Console:
    """The steps on a terminal (with a spinner) or in a log (plain lines).

    A brief console, as `./run pocit` has, tells only of steps that took long enough to wonder.
    """

    def __init__(self, stream: TextIO | None = None, *, brief: bool = False) -> None:
        self.stream = stream or sys.stdout
        self.brief = brief
        self.lively = self.stream.isatty()
        self._steps: list[Step] = []
        self._guard = threading.Lock()
        self._ticker: threading.Thread | None = None

    def say(self, text: str = "") -> None:
        """Print a line."""
        with self._guard:
            self._line(text)

    @contextmanager
    def step(self, title: str) -> Iterator[Step]:
        """A titled piece of work; its line gets a tick when it's done, a cross when it fails."""
        step = Step(title)
        with self._guard:
            self._steps.append(step)
            if not self.lively and not self.brief:
                self._line(f"  · {title} …")
            if self._ticker is None:
                self._ticker = threading.Thread(target=self._tick, daemon=True)
                self._ticker.start()
        mark = "✗"
        try:
            yield step
            mark = "✓"
        finally:
            with self._guard:
                self._steps.remove(step)
                if not self.brief or step.seconds >= BRIEF_S:
                    detail = f" ({step.detail})" if step.detail and mark == "✓" else ""
                    self._line(f"  {mark} {title}{detail}  {step.seconds:.1f} s")

    def run(self, step: Step, command: list[str], log: Path, **options: object) -> None:
        """Run a command of a step; its output goes to a log, and its end on the screen when it fails."""
        lines: list[str] = []
        child = CHILDREN.start(command, **options)
        with child, log.open("a", encoding="utf-8") as file:
            file.write(f"$ {' '.join(command)}\n")
            for line in child.stdout or ():
                file.write(line)
                lines.append(line.rstrip())
                step.detail = line.strip()
        CHILDREN.ended(child)
        step.detail = ""
        if child.returncode:
            tail = "\n".join(f"    {line}" for line in lines[-LAST_LINES:])
            what = f"{step.title}: `{' '.join(command[:4])} …` ended with {child.returncode}"
            raise Refused(f"{what}\n{tail}\n    All of it: {log}")

    def _line(self, text: str) -> None:
        clear = "\r\033[K" if self.lively else ""
        self.stream.write(f"{clear}{text}\n")
        self.stream.flush()

    def _tick(self) -> None:
        frame, told = 0, 0.0
        while True:
            time.sleep(0.1)
            with self._guard:
                if not self._steps:
                    self._ticker = None
                    if self.lively:
                        self.stream.write("\r\033[K")
                        self.stream.flush()
                    return
                longest = max(step.seconds for step in self._steps)
                if self.lively and longest > (BRIEF_S if self.brief else 0):
                    frame += 1
                    self._spin(SPINNER[frame % len(SPINNER)])
                elif not self.lively and longest - told > HEARTBEAT_S:
                    told = longest
                    self._line(f"    {', '.join(step.title for step in self._steps)}: {longest:.0f} s so far")

    def _spin(self, sign: str) -> None:
        parts = [f"{step.title} {step.seconds:.0f} s" for step in self._steps]
        text = f"  {sign} {' · '.join(parts)}"
        if len(self._steps) == 1 and self._steps[0].detail:
            text += f"  {self._steps[0].detail}"
        self.stream.write(f"\r\033[K{text[: shutil.get_terminal_size().columns - 1]}")
        self.stream.flush()
