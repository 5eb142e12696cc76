"""Pins from files into the tables: by COPY, many at once, with the flags of their texts and of what is around.

All in the one transaction of the import. Pins that came by web are left to the queue to check (services/flags.py):
only they are looked at for bursts.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.inputs.imports import ImportedPins
from app.models import Channel, QuestionType
from app.queries.maps import MapRecord
from app.services.flags import flags_json, text_flags
from app.services.loaded_flags import flag_loaded
from gis.grid import Floats, Indices

MANY = 500
"""Rows after which the planner's picture of the tables is wrong."""
NOTHING = "\\N"


@dataclass(frozen=True)
class Ready:
    """Pins of a part that can be stored, with their squares."""

    pins: ImportedPins
    lon: Floats
    lat: Floats
    columns: Indices
    lines: Indices


class Loading:
    """One import's way into the tables; the session is its own until it is finished."""

    def __init__(self, session: Session, the_map: MapRecord) -> None:
        self._session = session
        self._map_id = the_map.id
        self._the_map = the_map
        self.has_older: bool = session.scalar(text(_HAS_PINS), {"map": the_map.id}) or False
        """Whether a row may be stored under the id that an earlier version gave it: in an empty map none is."""
        session.execute(text(_INCOMING))
        session.execute(text(_LOADED))
        session.execute(text(_SETTINGS))

    def store(self, lines: bytes) -> int:
        """Store the pins of one part that are not there yet; how many."""
        driver = self._session.connection().connection.driver_connection
        assert driver is not None  # noqa: S101 - a session that just ran a statement has a connection
        with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.write(lines)
        values = {"map": self._map_id}
        known = (_KNOWN_PINS, _KNOWN_PEOPLE) if self.has_older else ()
        for statement in (*known, _PEOPLE, _PINS, _TEXT_FLAGS):
            self._session.execute(text(statement), values)
        stored: int = self._session.execute(text(_REMEMBER)).rowcount  # type: ignore[attr-defined]
        self._session.execute(text("TRUNCATE incoming_pin, stored_pin"))
        return stored

    def finish(self, stored: int) -> None:
        """Compare what was stored with each other and with what was there before."""
        if stored >= MANY:
            # Until autovacuum comes by, the planner would take the tables for nearly empty and loop over them.
            self._session.execute(text("ANALYZE pin, respondent"))
            self._session.execute(text("ANALYZE loaded_pin"))
            self._session.execute(text("SELECT gin_clean_pending_list('ix_pin_words')"))
        if stored:
            flag_loaded(self._session, self._the_map)
        self._session.execute(text("DROP TABLE incoming_pin, stored_pin, loaded_pin"))


def copy_lines(the_map: MapRecord, ready: Ready) -> bytes:
    """The pins as COPY reads them."""
    pins = ready.pins
    columns: Sequence[Iterable[str]] = (
        map(str, range(len(pins))), pins.ids, pins.respondents, pins.category, map(repr, ready.lon.tolist()),
        map(repr, ready.lat.tolist()), map(str, ready.columns.tolist()), map(str, ready.lines.tolist()),
        _column(pins.zoom), _column(pins.comment), _column(pins.answers), pins.channel, _column(pins.event),
        pins.state, pins.status, _column(pins.answer), _moments(pins.answered_at), _moments(pins.created_at),
        _column(pins.about), _flags(the_map, ready), *_older(pins),
    )  # fmt: skip
    return "".join(f"{row}\n" for row in map("\t".join, zip(*columns, strict=True))).encode()


def _older(pins: ImportedPins) -> Sequence[Iterable[str]]:
    if pins.older is None:
        return [itertools.repeat(NOTHING, len(pins)) for _ in range(2)]
    return pins.older.ids, pins.older.respondents


def _flags(the_map: MapRecord, ready: Ready) -> Iterator[str]:
    asked = any(question.type == QuestionType.TEXT for question in the_map.questions)
    for comment, answers, channel in zip(ready.pins.comment, ready.pins.answers, ready.pins.channel, strict=True):
        if channel == Channel.WEB or (comment is None and not asked):
            yield NOTHING
            continue
        found = text_flags(the_map, comment, json.loads(answers) if asked else {})
        yield _written(flags_json(found)) if found else NOTHING


def _column(values: Sequence[object]) -> Iterable[str]:
    """A column as COPY's text form has it; one of which nothing is told costs nothing."""
    if values.count(None) == len(values):
        return itertools.repeat(NOTHING, len(values))
    return map(_written, values)


def _moments(values: Sequence[datetime | None]) -> Iterable[str]:
    return [NOTHING if value is None else value.isoformat() for value in values]


def _written(value: object) -> str:
    """A value in a column of COPY's text form."""
    if value is None:
        return NOTHING
    written = str(value)
    if "\\" in written:
        written = written.replace("\\", "\\\\")
    if "\n" in written or "\t" in written or "\r" in written:
        written = written.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return written


# The index of words is brought up to date in few large turns. Comparing all pins at the end sorts in memory, and
# is over before compiling it would be worth it.
_SETTINGS = """
    SET LOCAL gin_pending_list_limit = '64MB';
    SET LOCAL work_mem = '64MB';
    SET LOCAL jit = off
"""
# Where the database is spread by map, a temporary table stays on the coordinator and its rows go out by map id.
_INCOMING = """
    CREATE TEMPORARY TABLE incoming_pin (
        n bigint, id uuid, respondent_id uuid, category text, lon double precision, lat double precision,
        square_x integer, square_y integer, zoom smallint, comment text, answers jsonb, channel text, event text,
        state text, status text, answer text, answered_at timestamptz, created_at timestamptz, about jsonb,
        flags jsonb, older_id uuid, older_respondent_id uuid
    ) ON COMMIT DROP
"""
_LOADED = """
    CREATE TEMPORARY TABLE stored_pin (id uuid, respondent_id uuid) ON COMMIT DROP;
    CREATE TEMPORARY TABLE loaded_pin (id uuid, respondent_id uuid) ON COMMIT DROP
"""
"""What was stored of one part, and of all parts so far."""
_COPY = """
    COPY incoming_pin (
        n, id, respondent_id, category, lon, lat, square_x, square_y, zoom, comment, answers, channel, event,
        state, status, answer, answered_at, created_at, about, flags,
        older_id, older_respondent_id
    ) FROM STDIN
"""
_HAS_PINS = "SELECT EXISTS (SELECT FROM pin WHERE map_id = :map)"
# What an earlier version stored keeps its id, and its person theirs: their new rows are the same person's.
_KNOWN_PINS = """
    UPDATE incoming_pin SET id = known.id
    FROM (SELECT id FROM pin WHERE map_id = :map AND id IN (SELECT older_id FROM incoming_pin)) AS known
    WHERE incoming_pin.older_id = known.id AND incoming_pin.id <> known.id
"""
_KNOWN_PEOPLE = """
    UPDATE incoming_pin SET respondent_id = known.id
    FROM (
        SELECT id FROM respondent WHERE map_id = :map AND id IN (SELECT older_respondent_id FROM incoming_pin)
    ) AS known
    WHERE incoming_pin.older_respondent_id = known.id AND incoming_pin.respondent_id <> known.id
"""
_PEOPLE = """
    INSERT INTO respondent (map_id, id, about)
    SELECT DISTINCT ON (respondent_id) :map, respondent_id, about FROM incoming_pin
    ORDER BY respondent_id, (about = '{}'), n
    ON CONFLICT (map_id, id) DO NOTHING
"""
# Checked at once, as they come: marking a million pins later would write each of them a second time.
_PINS = """
    WITH stored AS (
        INSERT INTO pin (
            map_id, id, respondent_id, category, position, square_x, square_y, zoom, comment, answers, channel,
            event, state, status, answer, answered_at, created_at, changed_at, flagged, checked_at
        )
        SELECT :map, id, respondent_id, category, ST_SetSRID(ST_MakePoint(lon, lat), 4326), square_x, square_y,
               zoom, comment, answers, channel, event, state, status, answer, answered_at,
               COALESCE(created_at, now()), now(), flags IS NOT NULL,
               CASE WHEN channel <> 'web' THEN clock_timestamp() END
        FROM incoming_pin ORDER BY n
        ON CONFLICT (map_id, id) DO NOTHING
        RETURNING id, respondent_id
    )
    INSERT INTO stored_pin SELECT id, respondent_id FROM stored
"""
_REMEMBER = "INSERT INTO loaded_pin SELECT * FROM stored_pin"
_TEXT_FLAGS = """
    INSERT INTO pin_flag (map_id, pin_id, kind, detail)
    SELECT :map, incoming.id, flag ->> 'kind', flag -> 'detail'
    FROM (
        SELECT DISTINCT ON (id) id, flags FROM incoming_pin
        WHERE flags IS NOT NULL AND id IN (SELECT id FROM stored_pin) ORDER BY id, n
    ) AS incoming, jsonb_array_elements(flags) AS flag
"""
