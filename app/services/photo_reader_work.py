"""The work of the process of photo_reader.py: one photo after another, until none waits or its server ends."""

from __future__ import annotations

import os
import threading
from functools import partial
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from app.inputs.photo_reading import SheetReading
from app.services.photo_queue import PhotoOrder, hand_back, lookup, read_photo, take_back_lost, take_waiting

STDIN = 0


def work_off(engine: Engine, folder: Path) -> None:
    """Read all photos that wait, maps taking turns; each by a process of its own in the folder."""
    sessions = sessionmaker(engine, expire_on_commit=False)
    at_work = _AtWork(sessions)
    threading.Thread(target=at_work.watch, name="stdin", daemon=True).start()
    take_back_lost(sessions)
    while (order := take_waiting(sessions)) is not None:
        with SheetReading(partial(lookup, sessions, order.map_id), folder) as reading:
            at_work.order, at_work.reading = order, reading
            try:
                read_photo(sessions, order, reading)
            finally:
                at_work.order = at_work.reading = None


class _AtWork:
    """What is being read, and the end of it when whoever started us has ended."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions
        self.order: PhotoOrder | None = None
        self.reading: SheetReading | None = None

    def watch(self) -> None:
        # Not through sys.stdin: its lock would be in the way of our own end.
        while os.read(STDIN, 1):
            pass
        reading, order = self.reading, self.order
        try:
            if order is not None:
                hand_back(self._sessions, order)
            if reading is not None:
                reading.close()
        except (SQLAlchemyError, OSError):
            pass  # the database ends as well; whoever reads next takes the photo up
        finally:
            os._exit(0)
