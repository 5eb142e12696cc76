"""What the server says of itself, as lines for people or as JSON for programs that collect: one event, one line.

Never who asked, and nothing of what they sent: no address, no query, no body, no path with a name or a code in it.
An exception is told by its class and by the places in the code it came through. Its own words may quote what
somebody wrote, or a row of the database, so they are kept only where the class speaks about code or files.
"""

from __future__ import annotations

import json
import logging
import logging.config
import re
import traceback
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

FORMATS: Final = ("text", "json")

REQUEST: ContextVar[Mapping[str, str] | None] = ContextVar("request", default=None)
"""What every event of a request says of it: its number, its method, its route."""

SPEAK_OF_CODE: Final = (
    OSError,
    AttributeError,
    NameError,
    ImportError,
    AssertionError,
    NotImplementedError,
    MemoryError,
    RecursionError,
)
"""Exceptions whose words name code or files of ours."""
OURS: Final = f"{Path(__file__).resolve().parent.parent}/"
MOST_WORDS: Final = 300
MOST_PLACES: Final = 40
LEFT: Final = (ConnectionError, TimeoutError)
"""What a write meets when the reader has gone: a daily matter, and nobody's fault."""
OWN: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record of Python's logging has; the rest was given with it by `extra`."""
ADDRESS_IN_WORDS: Final = re.compile(r"\bip=\S+")


def settings(log_format: str) -> dict[str, Any]:
    """The settings of Python's logging: everything to stderr in this format, gunicorn's own words too."""
    formatter = "app.logs.Objects" if log_format == "json" else "app.logs.Lines"
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"said": {"()": formatter}},
        "filters": {"discreet": {"()": "app.logs.Discreet"}},
        "handlers": {
            "said": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stderr",
                "formatter": "said",
                "filters": ["discreet"],
            }
        },
        "root": {"level": "WARNING", "handlers": ["said"]},
        "loggers": {
            "app": {"level": "INFO"},
            "gunicorn.error": {"level": "WARNING", "handlers": ["said"], "propagate": False},
        },
    }


def set_up(log_format: str) -> None:
    """Have this process say what happens in this format."""
    logging.config.dictConfig(settings(log_format))


class Discreet(logging.Filter):
    """Lets pass what may be kept: gunicorn's own words without addresses, and nothing of readers that left."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to say it at all; what it says is made fit."""
        if not record.name.startswith("gunicorn"):
            return True
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, LEFT):
            return False
        message = record.getMessage()
        # Its sentences about a request that could not be read, or broke, quote where it came from and its address.
        if message.startswith("Invalid request"):
            message = "a request that is none was refused"
        elif message.startswith("Error handling request"):
            message = "a request broke off"
        record.msg, record.args = ADDRESS_IN_WORDS.sub("", message), ()
        return True


class Lines(logging.Formatter):
    """A line for people: when, how grave, who says what, in which request; failures with their places below."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        facts = facts_of(record)
        head = [facts.pop("time"), facts.pop("level"), facts.pop("logger"), facts.pop("event")]
        where = facts.pop("where", [])
        rest = [f"{name}={value}" for name, value in facts.items()]
        return "\n    ".join([" ".join(one_line(str(word)) for word in (*head, *rest)), *map(one_line, where)])


class Objects(logging.Formatter):
    """One JSON object on a line of its own."""

    def format(self, record: logging.LogRecord) -> str:
        """The object."""
        return json.dumps(facts_of(record), ensure_ascii=False, default=str)


def facts_of(record: logging.LogRecord) -> dict[str, Any]:
    """All that is said of one event: its moment, level, logger, words, request, own values, failure."""
    moment = datetime.fromtimestamp(record.created, UTC)
    facts: dict[str, Any] = {
        "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": record.getMessage(),
    }
    facts |= REQUEST.get() or {}
    facts |= {name: value for name, value in vars(record).items() if name not in OWN}
    if record.exc_info and record.exc_info[1] is not None:
        facts |= told(record.exc_info[1])
    return facts


def told(error: BaseException) -> dict[str, Any]:
    """What may be kept of a failure: classes, words that quote nobody, places in the code, the cause last."""
    chain = list(_chain(error))
    facts: dict[str, Any] = {"error": " < ".join(type(one).__name__ for one in chain)}
    words = [_words(one) for one in chain]
    if any(words):
        facts["said"] = " < ".join(word or "…" for word in words)
    facts["where"] = [place for one in chain for place in _places(one)][-MOST_PLACES:]
    return facts


def one_line(words: str) -> str:
    """The words without line breaks and control characters, with which one event could play two."""
    return "".join(character if character.isprintable() else " " for character in words)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)


def _words(error: BaseException) -> str:
    """What an exception says, where it quotes nobody; of the database's, the code, the table and the rule."""
    diagnosis = getattr(error, "diag", None)
    if diagnosis is not None:  # PostgreSQL's own words may quote a row
        known = [getattr(diagnosis, name, None) for name in ("sqlstate", "table_name", "constraint_name")]
        return " ".join(str(one) for one in known if one)
    return one_line(str(error))[:MOST_WORDS] if isinstance(error, SPEAK_OF_CODE) else ""


def _places(error: BaseException) -> list[str]:
    """Where it came through our own code, and where it began."""
    frames = traceback.extract_tb(error.__traceback__)
    return [
        f"{frame.filename.removeprefix(OURS)}:{frame.lineno} {frame.name}"
        for number, frame in enumerate(frames, 1)
        if _is_ours(frame.filename) or number == len(frames)
    ]


def _is_ours(file: str) -> bool:
    return file.startswith(OURS) and "site-packages" not in file
