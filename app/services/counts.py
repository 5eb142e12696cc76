"""Taking changes of pins into the blocks of counted squares, and counting all pins anew.

What is taken in is struck off by the statement that looks what it means, in one snapshot of the database; readers
see either all of it or nothing (queries/counts.py), and nobody who pins is kept waiting: new changes are new rows.
"""

from __future__ import annotations

import itertools
import logging
import threading
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np
from sqlalchemy import case, delete, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.inputs.filters import PinFilter, Scope
from app.inputs.heat import COUNTED_STATES
from app.models import HeatBlock, HeatChange, HeatState, PinState, TownMap
from app.queries.counts import (
    COLUMNS,
    PREFIX,
    CountMark,
    KeptCounts,
    Moves,
    add_moves,
    count_mark,
    counts_of,
    crowds_sql,
    moves_of,
    read_counts,
    squares_sql,
)
from app.queries.maps import MapRecord
from app.queries.pin_table import PinTable, read_pins
from gis.blocks import BLOCK_SQUARES, Block, SquareCounts, block_of, pack
from gis.grid import SQUARES_PER_PRIVACY_SQUARE

T = TypeVar("T")

log = logging.getLogger(__name__)

LOCK = 2_718_285
"""The first half of the advisory lock under which one process at a time takes in the changes of a map."""
FOLD_FROM = 200
"""Waiting changes from which it is worth the while; up to there each reading adds them in some milliseconds."""
REBUILD_FROM = 50_000
"""Waiting changes from which counting everything anew is quicker: a large import."""
EVERY_S = 5.0
QUIET_TURNS = 60
"""After so many turns even a single change is taken in."""
ROWS_AT_ONCE = 500

_MEANING = " UNION ALL ".join(
    f"SELECT '{part}' AS part, '{scope}' AS scope, category, x, y, people, pins, 0::bigint AS mark"
    f" FROM ({sql(scope, 'gone')}) AS {part}_{scope}"
    for scope in Scope
    for part, sql in (("square", squares_sql), ("crowd", crowds_sql))
)
_TAKE = text(
    f"""
    WITH gone AS (DELETE FROM heat_change WHERE map_id = :map RETURNING *)
    {_MEANING}
    UNION ALL
    SELECT 'all', NULL, NULL, NULL, NULL, count(*)::int, COALESCE(sum(visible), 0)::int,
           COALESCE(bit_xor(uuid_hash_extended(id, 0)), 0)
    FROM gone
    """
)

# One statement, hence one snapshot: what waits is not counted twice.
_COUNT_VISIBLE = text(
    """
    UPDATE heat_state SET visible_at = folded, visible =
        (SELECT count(*) FROM pin WHERE map_id = :map AND state = 'visible')
        - (SELECT COALESCE(sum(visible), 0) FROM heat_change WHERE map_id = :map)
    WHERE map_id = :map
    """
)

Place = tuple[str, int, int]
"""Category, column and row of a block."""
Packed = Mapping[Scope, Block | None]
"""A block as the public may see it, and with all that nobody has hidden; None for nothing in it."""


@dataclass(frozen=True)
class Rebuilt:
    """What counting anew has found."""

    pins: int
    squares: int
    """Squares of 25 m, category by category, with anything in them."""
    different: int
    """Of these, or of those kept before, how many were kept otherwise: 0, or something is broken."""


def fold(session: Session, map_id: int, *, wait: bool = True) -> bool:
    """Take the waiting changes of a map, those of this transaction too, into its blocks.

    False where nothing waits; and where another process is at it, unless one will wait for that.
    """
    if not _lock(session, map_id, wait=wait):
        return False
    moves, struck, more_visible = _taken(session, map_id)
    if not struck.waiting:
        return False
    _keep(session, map_id, _with_moves(session, map_id, moves))
    if not _strike_off(session, map_id, struck, more_visible):
        session.execute(_COUNT_VISIBLE, {"map": map_id})
    return True


def rebuild(session: Session, the_map: MapRecord, *, compared: bool = True) -> Rebuilt | None:
    """Count all pins of the map anew and keep that; None where another process is at it.

    How much was kept otherwise is only looked for where it shall be `compared`.

    Wants a session whose transaction has not begun yet; the caller commits. Takes one category after another, so a
    map of ten million pins wants some hundred megabytes.
    """
    session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    if not _lock(session, the_map.id, wait=False):
        return None
    nothing = KeptCounts({}, {})
    kept = {scope: read_counts(session, the_map.id, scope) if compared else nothing for scope in Scope}
    session.execute(delete(HeatBlock).where(HeatBlock.map_id == the_map.id))
    pins = squares = different = 0
    for key in sorted({*the_map.category_by_key, *kept[Scope.OFFICE].categories}):
        found = _counted(session, the_map, key)
        _keep(session, the_map.id, _by_place(key, found))
        pins += int(found[Scope.OFFICE].pins.sum(dtype=np.int64))
        squares += int(np.count_nonzero(found[Scope.OFFICE].pins))
        if compared:
            different += sum(_differences(found[scope], kept[scope].of(key)) for scope in Scope)
    _strike_off(session, the_map.id, _struck(session, the_map.id))
    session.execute(_COUNT_VISIBLE, {"map": the_map.id})
    return Rebuilt(pins, squares, different)


def settle(session: Session, the_map: MapRecord) -> None:
    """Take in what waits, in the quicker of two ways, and commit; for whoever has changed very many pins.

    Wants a session whose transaction has not begun yet.
    """
    is_much = count_mark(session, the_map.id).waiting >= REBUILD_FROM
    session.rollback()
    if not is_much or rebuild(session, the_map, compared=False) is None:
        fold(session, the_map.id)
    session.commit()
    if is_much:
        _clear_away(session)


def _clear_away(session: Session) -> None:
    """Free what a flood of changes has left behind: until autovacuum comes by, each reading would go over it."""
    with session.get_bind().engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM (ANALYZE) heat_change"))


def keep_counts(open_session: Callable[[], Session], stop: threading.Event, *, every_s: float = EVERY_S) -> None:
    """Take in what waits on any map, again and again until told to stop; a failure is logged and tried again.

    At times also the few that wait on a quiet map: whose pins they were is kept no longer than needed.
    """
    for turn in itertools.count(1):
        if stop.wait(every_s):
            return
        least = 1 if turn % QUIET_TURNS == 0 else FOLD_FROM
        for map_id in _try(open_session, partial(_waiting_maps, least=least)) or ():
            _try(open_session, partial(fold, map_id=map_id, wait=False))


def _try(open_session: Callable[[], Session], deed: Callable[[Session], T]) -> T | None:
    """The deed in a transaction of its own; None where it fails, which is logged and hinders no other."""
    try:
        with open_session() as session:
            done = deed(session)
            session.commit()
    except Exception as error:
        # Only what kind of failure: its text may quote a row.
        log.error("taking in counts failed: %s", type(error).__name__)  # noqa: TRY400
        return None
    return done


def _waiting_maps(session: Session, least: int) -> Sequence[int]:
    """Maps with so many waiting changes; what is left of a map that was deleted goes with it."""
    gone = select(TownMap.id).where(TownMap.id == HeatChange.map_id)
    session.execute(delete(HeatChange).where(~gone.exists()))
    many = select(HeatChange.map_id).group_by(HeatChange.map_id).having(func.count() >= least)
    return session.scalars(many).all()


def _lock(session: Session, map_id: int, *, wait: bool) -> bool:
    """The right to change the blocks of this map until the transaction ends."""
    keys = {"key": LOCK, "map": map_id}
    if wait:
        session.execute(text("SELECT pg_advisory_xact_lock(:key, CAST(hashint8(:map) AS int))"), keys)
        return True
    return bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(:key, CAST(hashint8(:map) AS int))"), keys))


def _taken(session: Session, map_id: int) -> tuple[Mapping[Scope, Mapping[Place, Moves]], CountMark, int]:
    """Strike off what waits: what it means block by block, its share of the map's mark, visible pins more."""
    rows: dict[Scope, dict[Place, dict[tuple[str, str], list[tuple[int, ...]]]]]
    rows = {scope: defaultdict(lambda: defaultdict(list)) for scope in Scope}
    struck, more_visible = CountMark(0, 0, 0), 0
    for row in session.execute(_TAKE, {"map": map_id}):
        if row.part == "all":
            struck, more_visible = CountMark(row.people, row.mark, row.people), row.pins
            continue
        side = 1 if row.part == "square" else SQUARES_PER_PRIVACY_SQUARE
        x, y = (int(block_of(index * side)) for index in (row.x, row.y))
        found = rows[Scope(row.scope)][row.category, x, y]
        found[row.category, row.part].append((row.x, row.y, row.people, row.pins))
    moves = {
        scope: {place: moves_of(one)[place[0]] for place, one in found.items()} for scope, found in rows.items()
    }
    return moves, struck, more_visible


def _with_moves(
    session: Session, map_id: int, moves: Mapping[Scope, Mapping[Place, Moves]]
) -> Mapping[Place, Packed]:
    """The blocks that changes touch, as they are with them."""
    touched = sorted({place for one in moves.values() for place in one})
    here = tuple_(HeatBlock.category, HeatBlock.block_x, HeatBlock.block_y).in_(touched)
    rows = session.scalars(select(HeatBlock).where(HeatBlock.map_id == map_id, here)) if touched else ()
    kept = {(row.category, row.block_x, row.block_y): row for row in rows}

    def block(place: Place, scope: Scope) -> Block | None:
        found, (_, x, y) = kept.get(place), place
        before = [Block(x, y, *(getattr(found, PREFIX[scope] + name) for name in COLUMNS))] if found else []
        corner = np.array([[x * BLOCK_SQUARES, y * BLOCK_SQUARES]], dtype=np.int64)
        counts = add_moves(SquareCounts.of_blocks(before, corner), moves[scope].get(place, Moves.none()))
        return next(counts.blocks(), None)

    return {place: {scope: block(place, scope) for scope in Scope} for place in touched}


def _counted(session: Session, the_map: MapRecord, category: str) -> Mapping[Scope, SquareCounts]:
    """One category, counted from its pins."""
    of_category = PinFilter(categories=frozenset({category}))

    def pins(states: frozenset[PinState]) -> PinTable:
        return read_pins(session, the_map, replace(of_category, states=states))

    public = counts_of(pins(frozenset({PinState.VISIBLE}))).of(category)
    if not len(pins(COUNTED_STATES - {PinState.VISIBLE})):
        return {Scope.PUBLIC: public, Scope.OFFICE: public}
    return {Scope.PUBLIC: public, Scope.OFFICE: counts_of(pins(COUNTED_STATES)).of(category)}


def _by_place(category: str, found: Mapping[Scope, SquareCounts]) -> Mapping[Place, Packed]:
    """A whole category, block by block."""
    blocks = {scope: {(block.x, block.y): block for block in one.blocks()} for scope, one in found.items()}
    places = sorted({place for one in blocks.values() for place in one})
    return {(category, *place): {scope: one.get(place) for scope, one in blocks.items()} for place in places}


def _keep(session: Session, map_id: int, found: Mapping[Place, Packed]) -> None:
    """Write the blocks; those in which nothing is left go."""
    rows, empty = [], []
    for (category, x, y), packed in found.items():
        if not any(packed.values()):
            empty.append((category, x, y))
            continue
        row = {"map_id": map_id, "category": category, "block_x": x, "block_y": y}
        for scope, block in packed.items():
            row |= {PREFIX[scope] + name: getattr(block, name) if block else _nothing(name) for name in COLUMNS}
        rows.append(row)
    if empty:
        place = tuple_(HeatBlock.category, HeatBlock.block_x, HeatBlock.block_y)
        session.execute(delete(HeatBlock).where(HeatBlock.map_id == map_id, place.in_(empty)))
    for start in range(0, len(rows), ROWS_AT_ONCE):
        new = insert(HeatBlock).values(rows[start : start + ROWS_AT_ONCE])
        values = {PREFIX[scope] + name: new.excluded[PREFIX[scope] + name] for scope in Scope for name in COLUMNS}
        session.execute(
            new.on_conflict_do_update(index_elements=list(HeatBlock.__table__.primary_key), set_=values)
        )


def _nothing(name: str) -> bytes:
    empty = SquareCounts.over(np.zeros((1, 2), dtype=np.int64))
    return pack(getattr(empty, name))


def _struck(session: Session, map_id: int) -> CountMark:
    """Strike off all that waits in this snapshot: its share of the map's mark."""
    gone = delete(HeatChange).where(HeatChange.map_id == map_id).returning(HeatChange.id).cte("gone")
    hashed = func.coalesce(func.bit_xor(func.uuid_hash_extended(gone.c.id, 0)), 0)
    count, mark = session.execute(select(func.count(), hashed).select_from(gone)).one()
    return CountMark(count, mark, count)


def _strike_off(session: Session, map_id: int, struck: CountMark, more_visible: int = 0) -> bool:
    """Changes are in the blocks now; the mark of the map stays what it was. Whether its visible pins are known."""
    new = insert(HeatState).values(map_id=map_id, folded=struck.changes, folded_mark=struck.folded)
    still_known = case((HeatState.visible_at == HeatState.folded, HeatState.folded + struck.changes))
    struck_off = new.on_conflict_do_update(
        index_elements=[HeatState.map_id],
        set_={
            "folded": HeatState.folded + struck.changes,
            "folded_mark": HeatState.folded_mark.op("#")(struck.folded),
            "folded_at": func.now(),
            "visible": HeatState.visible + more_visible,
            "visible_at": still_known,
        },
    )
    return session.scalar(struck_off.returning(HeatState.visible_at)) is not None


def _differences(one: SquareCounts, other: SquareCounts) -> int:
    """In how many squares two counts of the same thing differ."""
    rows = [set(zip(*(column.tolist() for column in counts.columns()), strict=True)) for counts in (one, other)]
    return len({row[:2] for row in rows[0] ^ rows[1]})
