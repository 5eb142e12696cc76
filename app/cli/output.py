"""What commands share: a session, where data goes, progress, and refusals in one line."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar

import click
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.config import database_address
from app.db import open_database
from app.errors import Refusal, Unknown
from app.queries.maps import MapRecord, read_published_map

T = TypeVar("T")


class CommandRefused(Exception):
    """A command can't do its work; the message is the one line it says."""


output_option = click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file instead of stdout.",
)


@contextmanager
def opened_session() -> Iterator[Session]:
    """A session on the database of the environment; what is not committed is rolled back."""
    database = open_database(database_address())
    try:
        with database.session() as session:
            yield session
    except OperationalError as error:
        reason = str(error.orig).splitlines()[0]
        raise CommandRefused(f"the database does not answer: {reason}") from error
    finally:
        database.engine.dispose()


def find_map(session: Session, slug: str) -> MapRecord:
    """The map of this slug, or a refusal that names it."""
    try:
        return read_published_map(session, slug)
    except Unknown as error:
        raise CommandRefused(f"there is no map “{slug}”; see `pocit map list`") from error


@contextmanager
def written(path: Path | None) -> Iterator[IO[bytes]]:
    """Where data goes: stdout, or a file that appears only when it is whole."""
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    try:
        opened = tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False)  # noqa: SIM115
    except OSError as error:
        raise CommandRefused(f"can't write to {path}: {error.strerror}") from error
    with opened as file:
        unfinished = Path(file.name)
        try:
            yield file
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
    unfinished.chmod(0o644)
    unfinished.replace(path)


def with_progress(
    items: Iterable[T], label: str, total: int | None = None, size: Callable[[T], int] = lambda _: 1
) -> Iterator[T]:
    """The items, with a progress bar on stderr where a person watches; `size` is what an item counts for."""
    if not sys.stderr.isatty():
        yield from items
        return
    with click.progressbar(items, length=total, label=label, file=sys.stderr, update_min_steps=500) as bar:
        for item in bar:
            yield item
            bar.update(size(item) - 1)


def said_in_english(refusal: Refusal) -> str:
    """The refusal as one line: what is wrong, field by field."""
    return " ".join(str(refusal).split())
