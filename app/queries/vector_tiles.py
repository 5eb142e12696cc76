"""Pins as vector tiles (MVT), encoded by PostGIS.

A tile that holds at most MOST_SINGLE pins has every one of them with its properties. One that holds more has, for
each category and each square of a fine grid with anything in it, one point at the middle of the pins there and
their number: however many pins a map has, no tile grows past some thousand points. Each zoom in has four times the
room, so that single pins appear where there are few first, and near enough everywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, Select, Text, case, cast, func, literal_column, select
from sqlalchemy.orm import Session

from app.inputs.filters import PinFilter, Scope
from app.models import Pin
from app.queries.columns import Column, pin_columns
from app.queries.item_pages import patience
from app.queries.maps import MapRecord
from app.queries.pin_rows import pins_from
from gis.formats.layer import ID, Kind
from gis.mercator import HALF_WORLD_M, Bounds, lon_lat_bounds, mercator_of, tile_bounds

LAYER = "pins"
PINS = "pins"
"""The property that says how many pins a point stands for."""
UNITS = 4096
"""A tile's side in its own units, each 15 cm at zoom 16."""
BUFFER_UNITS = 256
"""How far around its edge a tile holds its neighbours' pins, so that no symbol is cut in two: 16 of 256 pixels."""
MOST_SINGLE = 4096
FINEST, COARSEST = 64, 16
"""Squares along a tile's side; powers of two whose squares fit the buffer a whole number of times."""
MOST_ZOOM = 22
WEB_MERCATOR = 3857
RFC3339 = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'

GEOMETRY, ROW = "@geometry", "@tile"
"""Names that no question can have."""
WORLD = 360.0


@dataclass(frozen=True)
class TileAddress:
    """One tile of the Web Mercator pyramid; rows count from the north."""

    zoom: int
    row: int
    col: int

    @property
    def is_there(self) -> bool:
        """Whether the pyramid has such a tile."""
        return 0 <= self.zoom <= MOST_ZOOM and max(self.row, self.col) < 2**self.zoom

    def box(self) -> Bounds:
        """West, south, east, north of the tile with its buffer, in degrees."""
        west, south, east, north = tile_bounds(self.zoom, self.col, self.row)
        buffer_m = (east - west) * BUFFER_UNITS / UNITS
        return lon_lat_bounds((west - buffer_m, south - buffer_m, east + buffer_m, north + buffer_m))


@dataclass(frozen=True)
class TileRange:
    """The rows and columns of one zoom level, ends included."""

    zoom: int
    first_row: int
    last_row: int
    first_col: int
    last_col: int


def tile_ranges(the_map: MapRecord) -> list[TileRange]:
    """Where the map's boundary lies at each zoom."""
    west, south, east, north = the_map.boundary.bounds
    x, y = mercator_of([west, east], [north, south])
    columns = ((x + HALF_WORLD_M) / (2 * HALF_WORLD_M)).tolist()
    rows = ((HALF_WORLD_M - y) / (2 * HALF_WORLD_M)).tolist()

    def at(share: float, zoom: int) -> int:
        return min(max(math.floor(share * (1 << zoom)), 0), (1 << zoom) - 1)

    return [
        TileRange(zoom, at(rows[0], zoom), at(rows[1], zoom), at(columns[0], zoom), at(columns[1], zoom))
        for zoom in range(MOST_ZOOM + 1)
    ]


def tile_columns(the_map: MapRecord, scope: Scope) -> list[Column]:
    """The properties that single pins have in a tile; a question of the name of the number stays out."""
    return [column for column in pin_columns(the_map, scope) if column.name != PINS]


def vector_tile(
    session: Session,
    the_map: MapRecord,
    wanted: PinFilter,
    scope: Scope,
    tile: TileAddress,
) -> bytes:
    """The pins of a tile that this scope may see, as MVT; no bytes where there are none.

    The same pins always give the same bytes, which may hence be compared by their hash.
    """
    with patience(session, wanted):
        single: bytes | None = session.scalar(_single_pins(the_map, wanted, scope, tile))
        if single is not None:
            return bytes(single)
        return bytes(session.scalar(_counted_pins(the_map, wanted, scope, tile)) or b"")


def squares_along(categories: int) -> int:
    """How many squares there are along a tile's side, so that all categories together stay few enough."""
    squares = FINEST
    while squares > COARSEST and squares**2 * categories > MOST_SINGLE:
        squares //= 2
    return squares


def _single_pins(
    the_map: MapRecord,
    wanted: PinFilter,
    scope: Scope,
    tile: TileAddress,
) -> Select[Any]:
    """The statement of a tile with every pin; its answer is NULL where they are too many."""
    envelope = func.ST_TileEnvelope(tile.zoom, tile.col, tile.row, type_=Text)
    position = func.ST_Transform(Pin.position, WEB_MERCATOR, type_=Text)
    near = (
        pins_from(
            the_map,
            wanted,
            scope,
            func.ST_AsMVTGeom(position, envelope, UNITS, BUFFER_UNITS, type_=Text).label(GEOMETRY),
            cast(Pin.id, Text).label(ID),
            *(_value(column).label(column.name) for column in tile_columns(the_map, scope)),
            literal_column("1").label(PINS),
        )
        .where(_inside(tile))
        .limit(MOST_SINGLE + 1)
        .cte("near")
    )
    count = select(func.count()).select_from(near).scalar_subquery()
    encoded = _encoded(select(near).order_by(near.c[ID]))
    return select(case((count <= MOST_SINGLE, encoded.scalar_subquery())))


def _counted_pins(
    the_map: MapRecord,
    wanted: PinFilter,
    scope: Scope,
    tile: TileAddress,
) -> Select[Any]:
    """The statement of a tile with one point for each category, state and square."""
    kinds = [Pin.category] if scope is Scope.PUBLIC else [Pin.category, Pin.state]
    x, y = _tile_units(tile)
    # Whole numbers: the sum of floats depends on their order, and the bytes must not.
    placed = (
        pins_from(the_map, wanted, scope, *kinds, x.label("x"), y.label("y"))
        .where(_inside(tile))
        .subquery("placed")
    )
    shift: Any = literal_column(str((UNITS // squares_along(len(the_map.categories))).bit_length() - 1))
    square = [placed.c.x.op(">>")(shift), placed.c.y.op(">>")(shift)]
    named = [placed.c[kind.name] for kind in kinds]
    count = func.count()
    middle = [func.sum(along, type_=BigInteger) // count for along in (placed.c.x, placed.c.y)]
    points = select(
        func.ST_MakePoint(*middle, type_=Text).label(GEOMETRY), *named, cast(count, Integer).label(PINS)
    )
    return _encoded(points.group_by(*named, *square).order_by(*named, *square))


def _encoded(rows: Select[Any]) -> Select[Any]:
    """The statement that makes one layer of the rows, in their order."""
    row: Any = literal_column(f'"{ROW}"')
    return select(func.ST_AsMVT(row, LAYER, UNITS, GEOMETRY)).select_from(rows.subquery(ROW))


def _inside(tile: TileAddress) -> ColumnElement[bool]:
    return Pin.position.op("&&")(func.ST_MakeEnvelope(*tile.box(), 4326, type_=Text))


def _tile_units(tile: TileAddress) -> tuple[ColumnElement[int], ColumnElement[int]]:
    """A pin's column and row in the tile's own units, counted from its north-west corner."""
    side = 2.0**tile.zoom
    lon, lat = func.ST_X(Pin.position), func.ST_Y(Pin.position)
    x = (lon + WORLD / 2) / WORLD * side - tile.col
    y = (1 - func.asinh(func.tan(func.radians(lat))) / math.pi) / 2 * side - tile.row
    return cast(func.floor(x * UNITS), Integer), cast(func.floor(y * UNITS), Integer)


def _value(column: Column) -> ColumnElement[Any]:
    """A column as MVT can hold it: numbers and text; a list is the text of its JSON, as elsewhere in MVT."""
    match column.kind:
        case Kind.TIME:
            return func.to_char(func.timezone("UTC", column.source), RFC3339)
        case Kind.LIST:
            return cast(column.source, Text)
        case _:
            return column.source
