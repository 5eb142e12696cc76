"""Pins on their way out, as many as there are: JSON made by PostgreSQL itself, or Arrow batches for GIS files."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, Text, and_, case, cast, func, literal, literal_column, select
from sqlalchemy.orm import Session

from app.inputs.filters import PinFilter, Scope
from app.models import Pin, PinState, Respondent
from app.queries.columns import Column, pin_columns
from app.queries.copied import CSV, RAW, copied
from app.queries.features import conditions
from app.queries.maps import MapRecord
from gis.crs import WGS84, is_geographic, transformer
from gis.formats.layer import ID, Kind, arrow_type, layer_schema
from gis.formats.wkb import point_wkb
from gis.geojson import DECIMALS, dumps

if TYPE_CHECKING:
    import pyarrow as pa

PIECE_BYTES = 1 << 17
"""What is gathered before it is sent: COPY gives a row at a time, the web wants more."""
BATCH_BYTES = 1 << 20
METRIC_DECIMALS = 3
SEVERAL = "; "

JSON_TIME = r'\"YYYY-MM-DD"T"HH24:MI:SS.US"Z"\"'


def pins_from(the_map: MapRecord, wanted: PinFilter, scope: Scope, *columns: Any) -> Select[Any]:
    """A statement over the pins of a map that this scope may see."""
    query = select(*columns).select_from(Pin)
    if scope is Scope.OFFICE:
        query = query.join(Respondent, and_(Respondent.map_id == Pin.map_id, Respondent.id == Pin.respondent_id))
    else:
        query = query.where(Pin.state == PinState.VISIBLE)
    return query.where(*conditions(the_map.id, wanted))


def json_feature(columns: Sequence[Column], epsg: int = WGS84, *, lat_first: bool = False) -> ColumnElement[str]:
    """The SQL that makes one GeoJSON Feature as text: numbers rounded, all properties always there."""
    # Put together as text: json_build_object takes twice as long, and the time goes nowhere else.
    parts: list[Any] = [
        '{"type":"Feature","id":"',
        cast(Pin.id, Text),
        '","geometry":',
        _json_point(epsg, lat_first=lat_first),
        ',"properties":{',
    ]
    for n, column in enumerate(columns):
        parts += [("," if n else "") + dumps(column.name) + ":", _json_value(column)]
    parts.append("}}")
    text: Any = literal_column("''")
    for part in parts:
        text = text.op("||")(literal_column(_quoted(part)) if isinstance(part, str) else part)
    return cast(text, Text)


def geojson_pins(
    session: Session, the_map: MapRecord, wanted: PinFilter, scope: Scope, epsg: int = WGS84
) -> Iterator[bytes]:
    """All matching pins as the pieces of one FeatureCollection, one feature a line.

    In WGS 84 it is RFC 7946; in any other system it carries the older standard's `crs` member. Axes are always
    east before north, as in all files.
    """
    query = pins_from(the_map, wanted, scope, json_feature(pin_columns(the_map, scope), epsg))
    head = {"type": "FeatureCollection", "name": "pins"}
    crs = (
        {} if epsg == WGS84 else {"crs": {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{epsg}"}}}
    )
    yield (dumps(head | crs)[:-1] + ',"features":[\n').encode()
    first = True
    for piece in _gathered(copied(session, query, RAW), PIECE_BYTES):
        # Each row ends with a line break; between rows a comma belongs before it, behind the last none.
        rows = piece[:-1].replace(b"\n", b",\n")
        yield rows if first else b",\n" + rows
        first = False
    yield b"\n]}\n"


def pin_batches(
    session: Session, the_map: MapRecord, wanted: PinFilter, scope: Scope, epsg: int = WGS84
) -> Iterator[pa.RecordBatch]:
    """All matching pins as Arrow batches with the columns that gis/formats/layer.py names."""
    columns = pin_columns(the_map, scope)
    fields = [Kind.TEXT, Kind.NUMBER, Kind.NUMBER, *(column.kind for column in columns)]
    names = [ID, "lon", "lat", *(column.name for column in columns)]
    query = pins_from(
        the_map,
        wanted,
        scope,
        Pin.id,
        func.ST_X(Pin.position),
        func.ST_Y(Pin.position),
        *(_table_value(column) for column in columns),
    )
    move = transformer(WGS84, epsg)
    for table in _csv_batches(copied(session, query, CSV), names, fields):
        x, y = move(table.column("lon").to_numpy(), table.column("lat").to_numpy())
        values = [_column(table, column) for column in columns]
        yield _batch([table.column(ID), *values, point_wkb(x, y)], columns)


def _column(table: pa.RecordBatch, column: Column) -> Any:
    from pyarrow import compute

    values = table.column(column.name)
    return compute.assume_timezone(values, "UTC") if column.kind is Kind.TIME else values


def _batch(arrays: Sequence[Any], columns: Sequence[Column]) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.RecordBatch.from_arrays(
        arrays, schema=layer_schema((column.name, column.kind) for column in columns)
    )


def _csv_batches(pieces: Iterable[bytes], names: Sequence[str], kinds: Sequence[Kind]) -> Iterator[pa.RecordBatch]:
    """The rows of COPY's CSV with the types of their kinds; what is empty without quotes is missing."""
    import pyarrow as pa
    from pyarrow import csv

    some = iter(pieces)
    first = next(some, None)
    if first is None:
        return
    types = {name: arrow_type(kind) for name, kind in zip(names, kinds, strict=True)}
    # COPY writes moments as UTC without saying so.
    types |= {name: pa.timestamp("us") for name, kind in zip(names, kinds, strict=True) if kind is Kind.TIME}
    yield from csv.open_csv(
        pa.PythonFile(_Reading(chain([first], some)), mode="r"),
        read_options=csv.ReadOptions(use_threads=False, block_size=BATCH_BYTES, column_names=list(names)),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=types,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


class _Reading(io.RawIOBase):
    """Pieces of bytes as a file that can be read once."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._left = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        gathered, length = [self._left], len(self._left)
        while size < 0 or length < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            gathered.append(piece)
            length += len(piece)
        whole = b"".join(gathered)
        cut = len(whole) if size < 0 else size
        self._left = whole[cut:]
        return whole[:cut]


def _gathered(pieces: Iterable[bytes], size: int) -> Iterator[bytes]:
    held: list[bytes] = []
    length = 0
    for piece in pieces:
        held.append(piece)
        length += len(piece)
        if length >= size:
            yield b"".join(held)
            held, length = [], 0
    if held:
        yield b"".join(held)


def position_in(epsg: int) -> Any:
    """The pin's point in a system, x east and y north; S-JTSK by the key that PostGIS takes, EPSG:5239."""
    return Pin.position if epsg == WGS84 else func.ST_Transform(Pin.position, epsg)


def _json_point(epsg: int, *, lat_first: bool) -> ColumnElement[Any]:
    decimals = DECIMALS if is_geographic(epsg) else METRIC_DECIMALS
    point = position_in(epsg)
    if lat_first:
        point = func.ST_FlipCoordinates(point)
    return func.ST_AsGeoJSON(point, decimals, 0)


def _json_value(column: Column) -> ColumnElement[Any]:
    match column.kind:
        case Kind.INTEGER | Kind.NUMBER:
            return func.coalesce(cast(column.source, Text), "null")
        case Kind.TIME:
            moment = func.to_char(func.timezone("UTC", column.source), JSON_TIME)
            return func.coalesce(moment, "null")
        case Kind.LIST:
            return func.coalesce(cast(column.source, Text), "null")
        case _:
            return func.coalesce(cast(func.to_json(column.source), Text), "null")


def _table_value(column: Column) -> ColumnElement[Any]:
    match column.kind:
        case Kind.LIST:
            several = func.jsonb_array_elements_text(
                case((func.jsonb_typeof(column.source) == "array", column.source), else_=None)
            ).table_valued("value")
            return (
                select(func.string_agg(several.c.value, literal(SEVERAL))).select_from(several).scalar_subquery()
            )
        case Kind.TIME:
            return func.timezone("UTC", column.source)
        case _:
            return column.source


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
