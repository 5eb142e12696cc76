"""Pins on their way out, as many as there are: JSON made by PostgreSQL itself, or Arrow batches for GIS files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Numeric,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.orm import Session

from app.i18n import Language
from app.inputs.filters import PinFilter, Scope
from app.models import Pin, PinState, Respondent
from app.queries.columns import Column, pin_columns
from app.queries.copied import CSV, TABLE, copied, copied_texts
from app.queries.cql2_conditions import sql_condition
from app.queries.features import conditions
from app.queries.maps import MapRecord
from gis.crs import WGS84
from gis.formats.copied_points import CopiedPoints
from gis.formats.layer import SEVERAL, Kind
from gis.formats.layer_geojson import collection_head, decimals_of
from gis.formats.table_csv import BLANK, FORMULA, table_heading
from gis.geojson import dumps

MOST_ARGUMENTS = 90
"""A function of PostgreSQL takes a hundred."""
JSON_TIME = r'\"YYYY-MM-DD"T"HH24:MI:SS.US"Z"\"'
MOST_SORTED = 50_000
"""Pins of a map that are sorted for the office: some tens of milliseconds."""
SHEET_TIME = JSON_TIME.replace(r"\"", "")


def pins_from(the_map: MapRecord, wanted: PinFilter, scope: Scope, *columns: Any) -> Select[Any]:
    """A statement over the pins of a map that this scope may see."""
    query = select(*columns).select_from(Pin)
    if scope is Scope.OFFICE:
        query = query.join(Respondent, and_(Respondent.map_id == Pin.map_id, Respondent.id == Pin.respondent_id))
    else:
        query = query.where(Pin.state == PinState.VISIBLE)
        query = query.where(*the_map.quiet.within(wanted.since, wanted.until))
        wanted = replace(wanted, since=None, until=None)
    if wanted.where is not None:
        query = query.where(sql_condition(wanted.where, pin_columns(the_map, scope)))
    return query.where(*conditions(the_map.id, wanted))


def _ordered(session: Session, the_map: MapRecord, scope: Scope, query: Select[Any]) -> Select[Any]:
    """The rows in the order of their ids, which are random: as they lie, pins of one sitting are neighbours.

    The office, which knows the persons, is spared the sorting of very many; up to there its files too are the same
    byte for byte for as long as the pins are, also out of a restored backup.
    """
    if scope is Scope.PUBLIC or the_map.anonymised_at:
        return query.order_by(Pin.id)
    some = select(Pin.id).where(Pin.map_id == the_map.id).limit(MOST_SORTED + 1).subquery()
    is_much = (session.scalar(select(func.count()).select_from(some)) or 0) > MOST_SORTED
    return query if is_much else query.order_by(Pin.id)


def json_feature(columns: Sequence[Column], epsg: int = WGS84, *, lat_first: bool = False) -> ColumnElement[str]:
    """The SQL that makes one GeoJSON Feature as text: numbers rounded, all properties always there."""
    # Put together as text: json_build_object takes half as long again, and the time goes nowhere else.
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
    return _joined([literal_column(_quoted(part)) if isinstance(part, str) else part for part in parts])


def _joined(parts: list[Any]) -> ColumnElement[str]:
    """Parts as one text: by one call for many, as each `||` would write all that stands before it once more."""
    if len(parts) > MOST_ARGUMENTS:
        some = range(0, len(parts), MOST_ARGUMENTS)
        return _joined([_joined(parts[n : n + MOST_ARGUMENTS]) for n in some])
    return func.concat(*parts, type_=Text)


def geojson_pins(
    session: Session, the_map: MapRecord, wanted: PinFilter, scope: Scope, epsg: int = WGS84
) -> Iterator[bytes]:
    """All matching pins as the pieces of one FeatureCollection, one feature a line.

    In WGS 84 it is RFC 7946; in any other system it carries the older standard's `crs` member. Axes are always
    east before north, as in all files.
    """
    made = pins_from(the_map, wanted, scope, json_feature(pin_columns(the_map, scope), epsg))
    query = _ordered(session, the_map, scope, made)
    yield collection_head("pins", epsg)
    separator = b""
    for features in copied_texts(session, query):
        if features:
            yield separator + b",\n".join(features)
            separator = b",\n"
    yield b"\n]}\n"


def csv_pins(
    session: Session, the_map: MapRecord, wanted: PinFilter, scope: Scope, epsg: int = WGS84
) -> Iterator[bytes]:
    """All matching pins as the pieces of a table for spreadsheets and GIS, as gis/formats/table_csv.py has it."""
    columns = pin_columns(the_map, scope)
    decimals = decimals_of(epsg)
    x, y = (
        func.trim_scale(func.round(cast(axis(position_in(epsg)), Numeric), decimals))
        for axis in (func.ST_X, func.ST_Y)
    )
    query = pins_from(
        the_map,
        wanted,
        scope,
        Pin.id,
        func.concat("POINT (", x, " ", y, ")"),
        x.label("x"),
        y.label("y"),
        literal(f"EPSG:{epsg}"),
        *(_sheet_value(column) for column in columns),
    )
    yield table_heading(epsg, [column.name for column in columns])
    yield from copied(session, _ordered(session, the_map, scope, query), TABLE)


def pin_points(
    session: Session, the_map: MapRecord, wanted: PinFilter, scope: Scope, words: Language, epsg: int = WGS84
) -> CopiedPoints:
    """All matching pins as the batches of a layer; they are read when somebody asks for the first."""
    columns = pin_columns(the_map, scope)
    place = position_in(epsg)
    query = pins_from(
        the_map, wanted, scope, Pin.id, func.ST_X(place), func.ST_Y(place), *(_table_value(c) for c in columns)
    )
    pieces = copied(session, _ordered(session, the_map, scope, query), CSV)
    return CopiedPoints(pieces, [column.as_field(words) for column in columns])


def position_in(epsg: int) -> Any:
    """The pin's point in a system, x east and y north; S-JTSK by the key that PostGIS takes, EPSG:5239."""
    return Pin.position if epsg == WGS84 else func.ST_Transform(Pin.position, epsg)


def _json_point(epsg: int, *, lat_first: bool) -> ColumnElement[Any]:
    decimals = decimals_of(epsg)
    point = position_in(epsg)
    if lat_first:
        point = func.ST_FlipCoordinates(point)
    return func.ST_AsGeoJSON(point, decimals, 0)


def _json_value(column: Column) -> ColumnElement[Any]:
    if column.is_code:
        return func.concat('"', column.source, '"')
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


def _sheet_value(column: Column) -> ColumnElement[Any]:
    """The value for a spreadsheet: a text that it would run as a formula stands behind an apostrophe."""
    match column.kind:
        case Kind.INTEGER | Kind.NUMBER:
            return column.source
        case Kind.TIME:
            return func.to_char(func.timezone("UTC", column.source), SHEET_TIME)
        case _:
            text = _table_value(column)
            first = func.left(func.ltrim(text, BLANK), 1)
            risky = and_(first != "", func.strpos(FORMULA, first) > 0)
            return case((risky, literal("'").op("||")(text)), else_=text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
