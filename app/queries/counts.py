"""The counts of a map as the blocks and the waiting changes say together, in one snapshot of the database.

A change says that one person has a pin more or less in a square. Whether the square then has one person more or
less depends on whether that person has others there, which an index answers: so the sum over blocks and changes is
exact at every moment, and no pin has to wait for another to be counted. See decision 0015.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.inputs.filters import Scope
from app.queries.pin_table import PinTable
from gis.blocks import Block, SquareCounts, crowd_place
from gis.grid import SQUARES_PER_PRIVACY_SQUARE, Indices

COLUMNS = ("people", "pins", "crowd")
PREFIX = {Scope.PUBLIC: "", Scope.OFFICE: "office_"}
_KIND = {Scope.PUBLIC: "visible", Scope.OFFICE: "counted"}
_HAS = {Scope.PUBLIC: "p.state = 'visible'", Scope.OFFICE: "p.state <> 'hidden'"}

# `now_has` are the person's pins in the square in this snapshot, `net` what the changes brought: before them it
# were `now_has - net`. The same for the squares of 250 m. Squares of 5514 are negative, hence floor.
_SQUARES = """
SELECT category, square_x AS x, square_y AS y,
       sum((now_has > 0)::int - (now_has - net > 0)::int)::int AS people, sum(net)::int AS pins
FROM (
    SELECT t.category, t.square_x, t.square_y, t.net, now.has AS now_has
    FROM (
        SELECT respondent_id, category, square_x, square_y, sum({kind}) AS net
        FROM {changes} WHERE map_id = :map AND respondent_id IS NOT NULL
        GROUP BY 1, 2, 3, 4 HAVING sum({kind}) <> 0
    ) AS t, LATERAL (
        SELECT count(*) AS has FROM pin p
        WHERE p.map_id = :map AND p.respondent_id = t.respondent_id AND p.category = t.category
          AND p.square_x = t.square_x AND p.square_y = t.square_y AND {has}
    ) AS now
) AS moved
GROUP BY 1, 2, 3
"""
_CROWDS = """
SELECT category, x, y, sum((now_has > 0)::int - (now_has - net > 0)::int)::int AS people, 0 AS pins
FROM (
    SELECT t.category, t.x, t.y, t.net, now.has AS now_has
    FROM (
        SELECT respondent_id, category, floor(square_x / {side}.0)::int AS x, floor(square_y / {side}.0)::int AS y,
               sum({kind}) AS net
        FROM {changes} WHERE map_id = :map AND respondent_id IS NOT NULL
        GROUP BY 1, 2, 3, 4 HAVING sum({kind}) <> 0
    ) AS t, LATERAL (
        SELECT count(*) AS has FROM pin p
        WHERE p.map_id = :map AND p.respondent_id = t.respondent_id AND p.category = t.category
          AND p.square_x BETWEEN t.x * {side} AND t.x * {side} + {side} - 1
          AND p.square_y BETWEEN t.y * {side} AND t.y * {side} + {side} - 1 AND {has}
    ) AS now
) AS moved
GROUP BY 1, 2, 3
"""
_MARK = """
SELECT COALESCE(max(s.folded), 0) + count(c.id) AS n,
       COALESCE(bit_xor(uuid_hash_extended(c.id, 0)), 0) # COALESCE(max(s.folded_mark), 0) AS mark,
       count(c.id) AS waiting
FROM (SELECT CAST(:map AS bigint) AS map_id) AS m
LEFT JOIN heat_state s ON s.map_id = m.map_id LEFT JOIN heat_change c ON c.map_id = m.map_id
"""
_ALL = """
SELECT 'block' AS part, category, block_x AS x, block_y AS y, {people} AS people_packed, {pins} AS pins_packed,
       {crowd} AS crowd_packed, 0 AS people, 0 AS pins
FROM heat_block WHERE map_id = :map
UNION ALL SELECT 'square', category, x, y, NULL, NULL, NULL, people, pins FROM ({squares}) AS s
UNION ALL SELECT 'crowd', category, x, y, NULL, NULL, NULL, people, pins FROM ({crowds}) AS c
"""


_VISIBLE = text(
    """
    SELECT visible + (SELECT COALESCE(sum(visible), 0) FROM heat_change WHERE map_id = :map)
    FROM heat_state WHERE map_id = :map AND visible_at = folded
    """
)


@dataclass(frozen=True)
class CountMark:
    """What tells one state of a map's pins from another, whatever of it has been taken into the blocks."""

    changes: int
    """How many there have ever been."""
    folded: int
    """Their ids, hashed and folded by XOR."""
    waiting: int = field(compare=False)
    """How many of them are not in the blocks yet."""


@dataclass(frozen=True)
class Moves:
    """What waiting changes add to the blocks of one category; columns of one length each."""

    squares: Indices
    """x, y, people, pins of 25 m squares, a row each."""
    crowds: Indices
    """x, y, people, 0 of squares of 250 m."""

    @classmethod
    def none(cls) -> Moves:
        """Nothing."""
        return cls(np.zeros((0, 4), dtype=np.int64), np.zeros((0, 4), dtype=np.int64))


@dataclass(frozen=True)
class KeptCounts:
    """The counts of a map as they are kept: packed, to be opened category by category."""

    blocks: Mapping[str, Sequence[Block]] = field(repr=False)
    moves: Mapping[str, Moves] = field(repr=False)

    @property
    def categories(self) -> list[str]:
        """Those of which there is anything."""
        return sorted({*self.blocks, *self.moves})

    @property
    def bytes(self) -> int:
        """About what it takes."""
        packed = sum(len(b.people) + len(b.pins) + len(b.crowd) + 200 for one in self.blocks.values() for b in one)
        return packed + sum(m.squares.nbytes + m.crowds.nbytes for m in self.moves.values())

    def of(self, category: str) -> SquareCounts:
        """What was counted of one category."""
        moves = self.moves.get(category, Moves.none())
        return add_moves(SquareCounts.of_blocks(self.blocks.get(category, ()), moves.squares[:, :2]), moves)


def visible_pins(session: Session, map_id: int) -> int | None:
    """How many visible pins the map has, from what is kept of it; None where that is not known just now."""
    known = session.scalar(_VISIBLE, {"map": map_id})
    return None if known is None else int(known)


def count_mark(session: Session, map_id: int) -> CountMark:
    """The mark of the map's pins as they are; its time goes by the waiting changes, not by the map's size."""
    row = session.execute(text(_MARK), {"map": map_id}).one()
    return CountMark(int(row.n), int(row.mark), int(row.waiting))


def read_counts(session: Session, map_id: int, scope: Scope) -> KeptCounts:
    """The counts of everything that the public may see, or of everything that nobody has hidden."""
    named = {column: f"{PREFIX[scope]}{column}" for column in COLUMNS}
    query = _ALL.format(**named, squares=squares_sql(scope), crowds=crowds_sql(scope))
    rows = session.connection().exec_driver_sql(query.replace(":map", "%(map)s"), {"map": map_id}).all()
    blocks: dict[str, list[Block]] = defaultdict(list)
    moved: dict[tuple[str, str], list[tuple[int, ...]]] = defaultdict(list)
    for part, category, x, y, *packed, people, pins in rows:
        if part == "block":
            blocks[category].append(Block(x, y, *packed))
        else:
            moved[category, part].append((x, y, people, pins))
    return KeptCounts(blocks, moves_of(moved))


def counts_of(pins: PinTable) -> KeptCounts:
    """The counts of chosen pins, straight from them."""
    blocks = {}
    for key in pins.categories:
        some = pins.of(key)
        if len(some):
            blocks[key] = list(SquareCounts.of_pins(some.x_index, some.y_index, some.person).blocks())
    return KeptCounts(blocks, {})


def squares_sql(scope: Scope, changes: str = "heat_change") -> str:
    """The statement for what waiting changes add to 25 m squares; takes `:map`."""
    return _SQUARES.format(kind=_KIND[scope], has=_HAS[scope], changes=changes)


def crowds_sql(scope: Scope, changes: str = "heat_change") -> str:
    """The same for squares of 250 m."""
    return _CROWDS.format(kind=_KIND[scope], has=_HAS[scope], changes=changes, side=SQUARES_PER_PRIVACY_SQUARE)


def moves_of(rows: Mapping[tuple[str, str], Sequence[Sequence[int]]]) -> dict[str, Moves]:
    """Rows by category and part (`square` or `crowd`) as arrays."""

    def array(category: str, part: str) -> Indices:
        return np.array(rows.get((category, part), ()), dtype=np.int64).reshape(-1, 4)

    return {key: Moves(array(key, "square"), array(key, "crowd")) for key in {category for category, _ in rows}}


def add_moves(counts: SquareCounts, moves: Moves) -> SquareCounts:
    """The counts with the changes in them; there must be room for all of these."""
    x, y, people, pins = moves.squares.T
    at = counts.place(x, y)
    counts.people.reshape(-1)[at] += people.astype(np.int32)
    counts.pins.reshape(-1)[at] += pins.astype(np.int32)
    x, y, people, _ = moves.crowds.T
    if len(x):
        counts.crowd[crowd_place(counts, x, y)] += people.astype(np.int32)
    return counts


def packed(counts: KeptCounts) -> Iterator[tuple[str, Block]]:
    """Everything as blocks, to be kept: category and block."""
    for category in counts.categories:
        if category in counts.moves:
            yield from ((category, block) for block in counts.of(category).blocks())
        else:
            yield from ((category, block) for block in counts.blocks[category])
