"""The public maps of a server as a directory: of each only what a line needs, so that thousands cost little."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.i18n import Texts
from app.inputs.place_search import plain
from app.queries.stories import BEHIND, alphabetical

_MARK = text(
    """
    SELECT count(*), COALESCE(bit_xor(hashtextextended(concat_ws('/', m.id, m.version, t.name), 0)), 0)
    FROM town_map m JOIN town t ON t.id = m.town_id WHERE NOT m.draft
    """
)
_LISTED = text(
    """
    SELECT m.slug, t.name AS town, m.title, m.opens_at, m.closes_at, m.anonymised_at, m.story_published,
           ST_XMin(m.boundary) AS west, ST_YMin(m.boundary) AS south,
           ST_XMax(m.boundary) AS east, ST_YMax(m.boundary) AS north
    FROM town_map m JOIN town t ON t.id = m.town_id WHERE NOT m.draft ORDER BY m.id
    """
)


@dataclass(frozen=True)
class Listed:
    """A map as one line of the directory."""

    slug: str
    town: str
    title: Texts
    opens_at: datetime | None
    closes_at: datetime | None
    is_told: bool
    """Whether its story is published, once it is over."""
    is_closed_for_good: bool
    box: tuple[float, float, float, float]
    """West, south, east, north of its boundary."""
    letter: str
    """Under which the town stands in a Czech alphabet: C and Č apart, Ch after H."""
    words: str
    """Town and title, plain, to be searched."""

    def is_open(self, now: datetime) -> bool:
        """Whether pins may be placed at this moment."""
        started = self.opens_at is None or now >= self.opens_at
        return started and not self.is_closed_for_good and not self.is_over(now)

    def is_over(self, now: datetime) -> bool:
        """Whether the map has closed."""
        return self.closes_at is not None and now >= self.closes_at


class Directory:
    """The lines of all public maps by the alphabet, kept by one process while nothing about the maps changes."""

    def __init__(self) -> None:
        self._kept: tuple[tuple[int, int], Sequence[Listed]] | None = None
        self._lock = threading.Lock()

    def lines(self, session: Session) -> Sequence[Listed]:
        """Of all maps that are no drafts, as they are now."""
        count, mark = session.execute(_MARK).one()
        now = (int(count), int(mark))
        with self._lock:
            if self._kept is not None and self._kept[0] == now:
                return self._kept[1]
        # What changes between the two statements is kept under a mark that is asked for no more.
        made = read_lines(session)
        with self._lock:
            self._kept = (now, made)
        return made

    def mark(self) -> str:
        """What the lines were last made of, for caches."""
        with self._lock:
            return "" if self._kept is None else f"{self._kept[0][0]}.{self._kept[0][1]}"


def read_lines(session: Session) -> Sequence[Listed]:
    """The lines of all maps that are no drafts, by the alphabet of their towns."""
    lines = [
        Listed(
            row.slug,
            row.town,
            row.title,
            row.opens_at,
            row.closes_at,
            bool(row.story_published),
            row.anonymised_at is not None,
            (row.west, row.south, row.east, row.north),
            letter_of(row.town),
            plain(" ".join((row.town, *row.title.values()))),
        )
        for row in session.execute(_LISTED)
    ]
    return sorted(lines, key=lambda line: alphabetical(line.town))


def letter_of(name: str) -> str:
    """The letter of the Czech alphabet that a name begins with, in capitals; # for what begins with none."""
    first = alphabetical(name)[:2]
    if not first[:1].isalpha():
        return "#"
    if first[1:] == BEHIND:
        return {"h": "Ch", "c": "Č", "r": "Ř", "s": "Š", "z": "Ž"}.get(first[0], first[0].upper())
    return first[0].upper()


def found_in(lines: Sequence[Listed], asked: str) -> list[Listed]:
    """The lines in which every word asked for begins a word; those whose town begins so come first."""
    wanted = plain(asked).split()
    hits = [line for line in lines if all(_begins_a_word(line.words, word) for word in wanted)]
    return sorted(hits, key=lambda line: not plain(line.town).startswith(" ".join(wanted)))


def _begins_a_word(words: str, wanted: str) -> bool:
    return words.startswith(wanted) or f" {wanted}" in words or f"-{wanted}" in words
