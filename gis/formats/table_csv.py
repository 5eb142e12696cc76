"""Tables in CSV for spreadsheets and GIS: layers, a row a feature, and any other rows; safe to open."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import shapely

from gis.crs import is_geographic
from gis.formats.layer import GEOMETRY, ID, SEVERAL, Layer
from gis.formats.layer_geojson import decimals_of, written_time

BOM: Final = "\ufeff"
"""Tells Excel that the text is UTF-8; without it every accent is broken."""
SEPARATOR: Final = ";"
"""What Excel expects where the comma is the decimal mark, as in Czechia; GIS programs find it out themselves."""
FORMULA: Final = "=+-@＝＋－＠"
"""A cell that begins so is run by spreadsheets; what citizens write must only be read."""
BLANK: Final = " \t\r\n\v\f\u00a0\u200b\u3000\ufeff"
"""What a spreadsheet may pass over before it looks for a formula."""
PIECE_CHARACTERS: Final = 32_000


def layer_csv(layer: Layer) -> Iterator[bytes]:
    """The layer as pieces of UTF-8 to send one after another: the heading, then a row for each feature.

    A point also has its two coordinates by themselves; every row names its coordinate system.
    """
    names = [field.name for field in layer.fields]
    point = layer.geometry_type == "Point"
    decimals = decimals_of(layer.epsg)
    rows = (
        [row[ID], *_place(shape, decimals, point=point), f"EPSG:{layer.epsg}", *(row[name] for name in names)]
        for row, shape in _rows_and_shapes(layer)
    )
    yield table_heading(layer.epsg, names, point=point)
    yield from _written(rows)


def table_heading(epsg: int, names: Sequence[str], *, point: bool = True) -> bytes:
    r"""The first line of a layer's table, with what tells Excel the encoding.

    >>> table_heading(5514, ["category"]).decode()[1:]
    'id;wkt;x;y;crs;category\n'
    """
    axes = (("lon", "lat") if is_geographic(epsg) else ("x", "y")) if point else ()
    own = [name if name not in names else f"{name}_" for name in ("wkt", *axes, "crs")]
    return b"".join(table_rows([ID, *own, *names], ()))


def table_rows(heading: Sequence[str], rows: Iterable[Iterable[Any]]) -> Iterator[bytes]:
    """Any table as pieces of UTF-8 to send one after another, safe to open in a spreadsheet."""
    yield BOM.encode()
    yield from _written([heading])
    yield from _written(rows)


def _written(rows: Iterable[Iterable[Any]]) -> Iterator[bytes]:
    line = io.StringIO()
    writer = csv.writer(line, delimiter=SEPARATOR, lineterminator="\n")
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        if line.tell() > PIECE_CHARACTERS:
            yield _taken(line)
    yield _taken(line)


def _rows_and_shapes(layer: Layer) -> Iterator[tuple[Mapping[str, Any], Any]]:
    for batch in layer.batches:
        shapes = shapely.from_wkb(batch.column(GEOMETRY).to_pylist())
        yield from zip(batch.drop_columns([GEOMETRY]).to_pylist(), shapes, strict=True)


def _place(shape: Any, decimals: int, *, point: bool) -> list[Any]:
    text = shapely.to_wkt(shape, rounding_precision=decimals)
    return [text, round(shape.x, decimals), round(shape.y, decimals)] if point else [text]


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, datetime):
        return written_time(value)
    if isinstance(value, (list, tuple)):
        value = SEVERAL.join(str(one) for one in value)
    text = str(value)
    return f"'{text}" if text.lstrip(BLANK).startswith(tuple(FORMULA)) else text


def _taken(line: io.StringIO) -> bytes:
    """What has been written since the last time."""
    text = line.getvalue()
    line.seek(0)
    line.truncate()
    return text.encode()
