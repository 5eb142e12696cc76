"""The process that reads photos of sheets: `python -m app.services.photo_reader`, started when one comes in.

Like the one that makes analyses (analyst.py) it is nice to the machine, works alone of all that are started, and
ends when whoever started it has ended; the photo at hand then waits again. It opens no stranger's file itself:
that is done by a process of its own for each photo (inputs/photo_reading.py).
"""

from __future__ import annotations

import logging
import os
import shutil
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from app.config import Config
from app.db import open_database
from app.logs import set_up
from app.services.analyst import NICE, Analyst, the_only_one

log = logging.getLogger(__name__)

MODULE: Final = "app.services.photo_reader"
ONE_AT_A_TIME: Final = 7_113_203
"""The advisory lock of the one that reads, on the whole database."""
WAITING: Final = "SELECT EXISTS (SELECT FROM sheet_photo WHERE state IN ('waiting', 'reading'))"
FOLDER: Final = "photos-being-read"


def photo_reader(database_url: str, home: Path) -> Analyst:
    """What has waiting photos read: it starts this process."""
    return Analyst(database_url, home, MODULE)


def main() -> int:
    """Read the photos that wait, unless another process does."""
    config = Config.from_environment()
    set_up(config.log_format)
    # A Ctrl-C in the terminal is for the server; we end when it has ended.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError):
        os.nice(NICE)
    engine = open_database(config.database_url).engine
    try:
        while _work(engine, config.home) and _waits(engine):
            pass
    except OperationalError as error:
        # The photo at hand waits again once another process is called, by whoever looks.
        log.warning("the database does not answer: %s", str(error.orig).splitlines()[0])
        return 1
    finally:
        engine.dispose()
    return 0


def _work(engine: Engine, home: Path) -> bool:
    """Read all that wait; False where another process is at it, which looks once more after it has let go."""
    with the_only_one(engine, ONE_AT_A_TIME) as alone:
        if alone and _waits(engine):
            from app.services.photo_reader_work import work_off

            folder = home / FOLDER
            # What a reader that was killed has left behind is nobody's any more: we are the only one.
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700, parents=True)
            work_off(engine, folder)
        return alone


def _waits(engine: Engine) -> bool:
    with engine.connect() as connection:
        return bool(connection.scalar(text(WAITING)))


if __name__ == "__main__":
    sys.exit(main())
