"""The work of the process of services/analyst.py: one run after another, until none waits or its server ends."""

from __future__ import annotations

import os
import threading

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from app.errors import Refusal
from app.services.analyses import Order, Progress, hand_back, make, take_waiting
from app.services.analyst import CUT_OFF

STDIN = 0


def work_off(engine: Engine) -> None:
    """Make all runs that wait, in the order in which they were asked for."""
    sessions = sessionmaker(engine, expire_on_commit=False)
    at_work = _AtWork(sessions)
    threading.Thread(target=at_work.watch, name="stdin", daemon=True).start()
    while (order := take_waiting(sessions)) is not None:
        at_work.order = order
        try:
            make(sessions, order, Progress(sessions, order), lambda: os._exit(CUT_OFF))
        except Refusal:
            pass  # its words are with the run
        finally:
            at_work.order = None


class _AtWork:
    """What is being made, and the end of it when whoever started us has ended."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self._sessions = sessions
        self.order: Order | None = None

    def watch(self) -> None:
        # Not through sys.stdin: its lock would be in the way of our own end.
        while os.read(STDIN, 1):
            pass
        try:
            if self.order is not None:
                hand_back(self._sessions, self.order)
        except SQLAlchemyError:
            pass  # the database ends as well; then the run stands still, and says so
        finally:
            os._exit(0)
