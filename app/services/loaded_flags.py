"""Flags of pins that were loaded from a file, found for all of them at once.

The same as services/flags.py finds for a few at a time; comparing a million pins thousand by thousand with all
others would take hours.
"""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.models import FlagKind
from app.queries.maps import MapRecord
from app.services.flags import (
    CLOSE_BEFORE,
    LEAST_SAME_LETTERS,
    MOST_COUNTED,
    SAID,
    SAME_TEXTS,
    lock_many,
)


def flag_loaded(session: Session, the_map: MapRecord) -> None:
    """Flag what comparing tells of the pins in `loaded_pin`, and of earlier ones that say the same.

    Keeps others who change many pins of the map waiting from here to the transaction's end.
    """
    lock_many(session, the_map)
    values = {"map": the_map.id, "close": FlagKind.CLOSE, "repeated": FlagKind.REPEATED}
    for statement in (_FOUND, _CLOSE, _REPEATED, _LEAVE_CROWDS):
        session.execute(text(statement), values)
    # Pins are locked before their flags, always: whoever decides about one of them does it in this order too.
    for statement in (_LOCKED, _STORE, _REFLAG, "DROP TABLE found_flag"):
        session.execute(text(statement), values)


_FOUND = "CREATE TEMPORARY TABLE found_flag (pin_id uuid, kind text, n integer, loaded boolean) ON COMMIT DROP"
# Few pins have another of their person in a column of squares beside theirs; only those are looked at closely.
_CLOSE = f"""
    WITH theirs AS (
        SELECT id, square_x - lag(square_x) OVER line AS before, lead(square_x) OVER line - square_x AS behind
        FROM pin WHERE map_id = :map AND respondent_id IN (SELECT respondent_id FROM loaded_pin)
        WINDOW line AS (PARTITION BY respondent_id, category ORDER BY square_x)
    ), near AS MATERIALIZED (
        SELECT id FROM theirs JOIN loaded_pin USING (id) WHERE before <= 1 OR behind <= 1
    )
    INSERT INTO found_flag
    SELECT new.id, :close, 1 + before.n, true
    FROM near JOIN pin new ON new.map_id = :map AND new.id = near.id, LATERAL ({CLOSE_BEFORE}) AS before
    WHERE before.n > 0 AND new.checked_at IS NOT NULL
"""
_REPEATED = f"""
    WITH whole AS MATERIALIZED (
        SELECT id, state, {SAID} AS said FROM pin
        WHERE map_id = :map AND length(comment) >= {LEAST_SAME_LETTERS}
    ), often AS MATERIALIZED (
        SELECT said FROM whole WHERE length(said) >= {LEAST_SAME_LETTERS}
        GROUP BY said HAVING count(*) >= {SAME_TEXTS}
    ), same AS (
        SELECT whole.id, state, loaded_pin.id IS NOT NULL AS loaded, count(*) OVER each AS n,
               count(loaded_pin.id) OVER each AS new
        FROM whole JOIN often USING (said) LEFT JOIN loaded_pin ON loaded_pin.id = whole.id
        WINDOW each AS (PARTITION BY said)
    )
    INSERT INTO found_flag SELECT id, :repeated, n, loaded FROM same
    WHERE new > 0 AND (state <> 'hidden' OR loaded)
"""
# A flood must not be written anew with every few pins of it. Small groups are: their number shall be right.
_LEAVE_CROWDS = f"""
    DELETE FROM found_flag USING pin_flag known
    WHERE NOT loaded AND found_flag.n > {MOST_COUNTED} AND known.map_id = :map
      AND known.pin_id = found_flag.pin_id AND known.kind = found_flag.kind
"""
_LOCKED = """
    SELECT FROM pin WHERE map_id = :map AND id IN (SELECT pin_id FROM found_flag WHERE NOT loaded)
    ORDER BY id FOR UPDATE
"""
_STORE = """
    INSERT INTO pin_flag AS old (map_id, pin_id, kind, detail)
    SELECT pin.map_id, pin.id, kind, jsonb_build_object('n', n)
    FROM found_flag JOIN pin ON pin.map_id = :map AND pin.id = pin_id
    ON CONFLICT (map_id, pin_id, kind) DO UPDATE SET
        detail = excluded.detail,
        settled = old.settled AND old.detail - 'n' = excluded.detail - 'n'
"""
_REFLAG = """
    UPDATE pin SET flagged = true
    FROM (SELECT DISTINCT pin_id FROM found_flag) AS found
    WHERE map_id = :map AND id = found.pin_id AND NOT flagged AND EXISTS (
        SELECT FROM pin_flag f WHERE f.map_id = pin.map_id AND f.pin_id = pin.id AND NOT f.settled
    )
"""
