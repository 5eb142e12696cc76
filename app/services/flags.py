"""Flags: why somebody should look at a pin, found by itself.

Texts are looked at when a pin is posted (services/pins.py stores those flags in its own statement). What needs
other pins to compare with is found later, for a few pins at a time: `check_new` takes pins whose `checked_at` is
empty, so it costs what is new and not what is there. It looks at their texts as well, for pins that came from a
file and for a town that has changed its words. It never changes who may see a pin.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import shapely
from sqlalchemy import Row, TextClause, text
from sqlalchemy.orm import Session

from app.models import FlagKind, QuestionType
from app.queries.maps import MapRecord
from app.services.detectors import HELD, find_all
from app.services.vulgar import word_list

Details = dict[FlagKind, dict[str, Any]]
"""The flags of one pin: what of its text, or how many pins, give the reason."""
Found = dict[tuple[uuid.UUID, FlagKind], dict[str, Any]]

TEXT_KINDS = frozenset(
    {
        FlagKind.PHONE,
        FlagKind.EMAIL,
        FlagKind.BIRTH_NUMBER,
        FlagKind.NUMBER_PLATE,
        FlagKind.LINK,
        FlagKind.VULGAR,
    }
)
AT_ONCE = 1000
"""Pins checked in one go."""
SAME_TEXTS = 3
"""So many pins of one text on one map are told."""
LEAST_SAME_LETTERS = 12
"""Shorter texts ("tma", "hezký park") are the same by chance."""
BURST_PINS, BURST_S = 12, 60
"""One person's pins within a minute: a thumb that also looks where it pins needs five seconds for each."""
CROWD_PEOPLE, CROWD_S = 5, 10
"""New people with one category in one 25 m square within seconds. Pins of an event are left out: there,
thirty people do pin the same school at once."""
CLOSE_M = 15
MOST_COUNTED = 20

LOCK = 2_718_284
"""The advisory lock, by map, of those who change many pins at once: no two of them wait for each other's pins."""


def text_flags(the_map: MapRecord, comment: str | None, answers: Mapping[str, Any]) -> Details:
    """The flags that a pin's own words give: places in its comment, and in its answers of own words by key."""
    words = word_list(the_map.vulgar_words, the_map.ordinary_words)
    found: Details = {}
    if comment:
        for kind, spans in find_all(comment, words).items():
            found[kind] = {"spans": [list(span) for span in spans]}
    for question in the_map.questions:
        said = answers.get(question.key) if question.type == QuestionType.TEXT else None
        if isinstance(said, str):
            for kind, spans in find_all(said, words).items():
                detail = found.setdefault(kind, {"spans": []})
                detail.setdefault("answers", {})[question.key] = [list(span) for span in spans]
    return found


def must_wait(the_map: MapRecord, found: Iterable[FlagKind]) -> bool:
    """Whether a pin with these flags waits for a look on this map."""
    return the_map.hold_flagged and not HELD.isdisjoint(found)


def flags_json(found: Details) -> str:
    """The flags as the posting statement takes them."""
    return json.dumps([{"kind": kind, "detail": detail} for kind, detail in found.items()])


def replace_text_flags(session: Session, the_map: MapRecord, pin_id: uuid.UUID, found: Details) -> None:
    """Give a pin whose words have changed the flags of its new ones; what was settled was about the old ones."""
    session.execute(_DROP_FLAGS, {"map": the_map.id, "pins": [pin_id], "kinds": list(TEXT_KINDS)})
    _store(session, the_map.id, {(pin_id, kind): detail for kind, detail in found.items()})
    session.execute(_REFLAG, {"map": the_map.id, "pins": [pin_id]})


def unsettle(session: Session, the_map: MapRecord, pins: Sequence[uuid.UUID]) -> None:
    """Have what was flagged about these pins looked at again; whether they are flagged is kept with the pins."""
    session.execute(
        text("UPDATE pin_flag SET settled = false WHERE map_id = :map AND pin_id = ANY(:pins)"),
        {"map": the_map.id, "pins": list(pins)},
    )


def check_all(session: Session, the_map: MapRecord) -> int:
    """Check every pin that waits for it; commits after each thousand, so that nobody waits long. How many."""
    whole = 0
    while checked := check_new(session, the_map):
        session.commit()
        whole += checked
    return whole


def check_again(session: Session, map_ids: Sequence[int]) -> None:
    """Have the pins of these maps checked anew: their words to mind, or their boundary, have changed."""
    session.execute(
        text("UPDATE pin SET checked_at = NULL WHERE map_id = ANY(:maps) AND checked_at IS NOT NULL"),
        {"maps": list(map_ids)},
    )


def check_new(session: Session, the_map: MapRecord, limit: int = AT_ONCE) -> int:
    """Check the next unchecked pins of the map; how many. 0 also while somebody else does it."""
    if not session.scalar(text("SELECT pg_try_advisory_xact_lock(:key, :map)"), _lock_of(the_map)):
        return 0
    batch = session.execute(_NEXT, {"map": the_map.id, "limit": limit}).all()
    if not batch:
        return 0
    ids = [row.id for row in batch]
    asked = {"map": the_map.id, "pins": ids}
    found = _by_themselves(the_map, batch)
    for kind, query, more in _COMPARED:
        for row in session.execute(query, asked):
            found.setdefault((row.id, kind), {"n": row.n, **more})
    _leave_crowds(session, the_map, set(ids), found)
    touched = sorted({*ids, *(pin for pin, _ in found)})
    # Pins are locked before their flags, always: whoever decides about one of them does it in this order too.
    session.execute(_LOCKED, {"map": the_map.id, "pins": touched})
    session.execute(_DROP_STALE, asked | {"flags": _rows(found)})
    _store(session, the_map.id, found)
    session.execute(_REFLAG, {"map": the_map.id, "pins": touched})
    session.execute(_CHECKED, asked)
    return len(ids)


def _leave_crowds(session: Session, the_map: MapRecord, batch: set[uuid.UUID], found: Found) -> None:
    """Drop the earlier pins of a crowd that are flagged already from what was found.

    A flood must not be written anew with every few pins of it. Small groups are: their number shall be right.
    """
    earlier = [key for key, detail in found.items() if key[0] not in batch and detail.get("n", 0) > MOST_COUNTED]
    if not earlier:
        return
    asked = {"map": the_map.id, "pins": [pin for pin, _ in earlier]}
    known = {(row.pin_id, row.kind) for row in session.execute(_KNOWN, asked)}
    for key in earlier:
        if key in known:
            del found[key]


def lock_many(session: Session, the_map: MapRecord) -> None:
    """Wait until nobody else changes many pins of this map, and keep others from it until the end."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key, :map)"), _lock_of(the_map))


def _lock_of(the_map: MapRecord) -> dict[str, int]:
    return {"key": LOCK, "map": the_map.id}


def _by_themselves(the_map: MapRecord, batch: Sequence[Row[Any]]) -> Found:
    """What can be seen from the pins alone: their texts, and whether they lie in the boundary."""
    inside = shapely.intersects_xy(the_map.boundary, [row.lon for row in batch], [row.lat for row in batch])
    found: Found = {}
    for row, is_inside in zip(batch, inside, strict=True):
        for kind, detail in text_flags(the_map, row.comment, row.answers).items():
            found[row.id, kind] = detail
        if not is_inside:
            found[row.id, FlagKind.OUTSIDE] = {}
    return found


def _store(session: Session, map_id: int, found: Found) -> None:
    if found:
        session.execute(_STORE, {"map": map_id, "flags": _rows(found)})


def _rows(found: Found) -> str:
    rows = [{"pin_id": str(pin), "kind": kind, "detail": detail} for (pin, kind), detail in found.items()]
    return json.dumps(rows)


_NEXT = text(
    """
    SELECT id, comment, answers, ST_X(position) AS lon, ST_Y(position) AS lat
    FROM pin WHERE map_id = :map AND checked_at IS NULL LIMIT :limit
    FOR UPDATE SKIP LOCKED
    """
)
_LOCKED = text("SELECT FROM pin WHERE map_id = :map AND id = ANY(:pins) ORDER BY id FOR UPDATE")
_KNOWN = text("SELECT pin_id, kind FROM pin_flag WHERE map_id = :map AND pin_id = ANY(:pins)")
_DROP_FLAGS = text("DELETE FROM pin_flag WHERE map_id = :map AND pin_id = ANY(:pins) AND kind = ANY(:kinds)")
_DROP_STALE = text(
    """
    DELETE FROM pin_flag WHERE map_id = :map AND pin_id = ANY(:pins) AND (pin_id, kind) NOT IN (
        SELECT pin_id, kind FROM jsonb_to_recordset(CAST(:flags AS jsonb)) AS found (pin_id uuid, kind text)
    )
    """
)
# What an official has settled stays so, unless other words are meant now.
_STORE = text(
    """
    INSERT INTO pin_flag AS old (map_id, pin_id, kind, detail)
    SELECT pin.map_id, pin.id, new.kind, new.detail
    FROM jsonb_to_recordset(CAST(:flags AS jsonb)) AS new (pin_id uuid, kind text, detail jsonb)
    JOIN pin ON pin.map_id = :map AND pin.id = new.pin_id
    ON CONFLICT (map_id, pin_id, kind) DO UPDATE SET
        detail = excluded.detail,
        settled = old.settled AND old.detail - 'n' = excluded.detail - 'n'
    """
)
_REFLAG = text(
    """
    UPDATE pin SET flagged = NOT flagged
    WHERE map_id = :map AND id = ANY(:pins) AND flagged <> EXISTS (
        SELECT FROM pin_flag f WHERE f.map_id = pin.map_id AND f.pin_id = pin.id AND NOT f.settled
    )
    """
)
_CHECKED = text("UPDATE pin SET checked_at = clock_timestamp() WHERE map_id = :map AND id = ANY(:pins)")

# The first pin of a place is nothing special; told are those that came later to it.
CLOSE_BEFORE = f"""
    SELECT count(*) AS n FROM (
        SELECT FROM pin old
        WHERE old.map_id = new.map_id AND old.respondent_id = new.respondent_id
          AND old.category = new.category
          AND old.square_x BETWEEN new.square_x - 1 AND new.square_x + 1
          AND old.square_y BETWEEN new.square_y - 1 AND new.square_y + 1
          AND (old.created_at, old.id) < (new.created_at, new.id)
          AND ST_DWithin(old.position::geography, new.position::geography, {CLOSE_M})
        LIMIT {MOST_COUNTED}
    ) AS few
"""
"""How many pins of the same person and category were there before the pin `new`."""
_CLOSE = text(
    f"""
    SELECT new.id, 1 + before.n AS n FROM pin new, LATERAL ({CLOSE_BEFORE}) AS before
    WHERE new.map_id = :map AND new.id = ANY(:pins) AND before.n > 0
    """
)
_BURSTS = text(
    f"""
    WITH theirs AS (
        SELECT id, respondent_id, created_at, count(*) OVER (
            PARTITION BY respondent_id ORDER BY created_at
            RANGE BETWEEN '{BURST_S} seconds' PRECEDING AND CURRENT ROW
        ) AS so_far
        FROM pin WHERE map_id = :map AND channel = 'web' AND respondent_id IN (
            SELECT respondent_id FROM pin WHERE map_id = :map AND id = ANY(:pins)
        )
    ), within AS (
        SELECT id, max(so_far) OVER (
            PARTITION BY respondent_id ORDER BY created_at
            RANGE BETWEEN CURRENT ROW AND '{BURST_S} seconds' FOLLOWING
        ) AS n
        FROM theirs
    )
    SELECT id, n FROM within WHERE n >= {BURST_PINS}
    """
)
# Each person counts with the first pin in a square and category.
_CROWDS = text(
    f"""
    WITH new AS (
        SELECT DISTINCT square_x, square_y, category,
               min(created_at) OVER () - interval '{CROWD_S} seconds' AS since,
               max(created_at) OVER () + interval '{CROWD_S} seconds' AS until
        FROM pin WHERE map_id = :map AND id = ANY(:pins) AND channel = 'web' AND event IS NULL
    ), firsts AS (
        SELECT DISTINCT ON (p.square_x, p.square_y, p.category, p.respondent_id)
               p.id, p.square_x, p.square_y, p.category, p.created_at
        FROM pin p JOIN new USING (square_x, square_y, category)
        WHERE p.map_id = :map AND p.channel = 'web' AND p.event IS NULL
          AND p.created_at BETWEEN new.since AND new.until
        ORDER BY p.square_x, p.square_y, p.category, p.respondent_id, p.created_at
    ), counted AS (
        SELECT *, count(*) OVER (
            PARTITION BY square_x, square_y, category ORDER BY created_at
            RANGE BETWEEN '{CROWD_S} seconds' PRECEDING AND CURRENT ROW
        ) AS so_far FROM firsts
    ), within AS (
        SELECT id, max(so_far) OVER (
            PARTITION BY square_x, square_y, category ORDER BY created_at
            RANGE BETWEEN CURRENT ROW AND '{CROWD_S} seconds' FOLLOWING
        ) AS n FROM counted
    )
    SELECT id, n FROM within WHERE n >= {CROWD_PEOPLE}
    """
)
SAID = "regexp_replace(plain_words(comment), '[^[:alnum:]]+', '', 'g')"
"""What a comment says, whatever its case, marks and signs."""
# Materialized: before the tables are analysed the planner would compute each text again for each other one.
_REPEATED = text(
    f"""
    WITH new AS MATERIALIZED (
        SELECT DISTINCT {SAID} AS said FROM pin
        WHERE map_id = :map AND id = ANY(:pins) AND length(comment) >= {LEAST_SAME_LETTERS}
    ), whole AS MATERIALIZED (
        SELECT id, state, {SAID} AS said FROM pin
        WHERE map_id = :map AND length(comment) >= {LEAST_SAME_LETTERS} AND EXISTS (SELECT FROM new)
    ), same AS (
        SELECT id, state, count(*) OVER (PARTITION BY said) AS n
        FROM whole JOIN new USING (said) WHERE length(said) >= {LEAST_SAME_LETTERS}
    )
    SELECT id, n FROM same WHERE n >= {SAME_TEXTS} AND (state <> 'hidden' OR id = ANY(:pins))
    """
)
_COMPARED: Sequence[tuple[FlagKind, TextClause, Mapping[str, Any]]] = (
    (FlagKind.CLOSE, _CLOSE, {}),
    (FlagKind.BURST, _BURSTS, {}),
    (FlagKind.BURST, _CROWDS, {"people": True}),
    (FlagKind.REPEATED, _REPEATED, {}),
)
