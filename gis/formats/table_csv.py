"""Points as a CSV table for spreadsheets and GIS: a row a feature, read and written one by one."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

BOM: Final = "\ufeff"
"""Tells Excel that the text is UTF-8; without it every accent is broken."""
SEPARATOR: Final = ";"
"""What Excel expects where the comma is the decimal mark, as in Czechia; GIS programs find it out themselves."""
PLACE_COLUMNS: Final = ("id", "wkt", "lon", "lat")
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is run by spreadsheets; what citizens write must only be read."""
SEVERAL: Final = " | "
PIECE_CHARACTERS: Final = 32_000


def csv_table(features: Iterable[Mapping[str, Any]], columns: Sequence[str]) -> Iterator[bytes]:
    """The table as pieces of UTF-8 to send one after another: the heading, then a row for each point.

    `columns` are the properties wanted, in this order; a feature without one has an empty cell.

    >>> point = {"id": "a", "geometry": {"coordinates": [15.5, 49.6]}, "properties": {"comment": "=1+1"}}
    >>> b"".join(csv_table([point], ["comment"])).decode().splitlines()[1]
    "a;POINT (15.5 49.6);15.5;49.6;'=1+1"
    """
    return table_rows([*PLACE_COLUMNS, *columns], (_point_row(feature, columns) for feature in features))


def table_rows(heading: Sequence[str], rows: Iterable[Iterable[Any]]) -> Iterator[bytes]:
    """Any table as pieces of UTF-8 to send one after another, safe to open in a spreadsheet."""
    line = io.StringIO()
    writer = csv.writer(line, delimiter=SEPARATOR, lineterminator="\r\n")
    line.write(BOM)
    writer.writerow(heading)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        if line.tell() > PIECE_CHARACTERS:
            yield _taken(line)
    yield _taken(line)


def _point_row(feature: Mapping[str, Any], columns: Sequence[str]) -> list[Any]:
    lon, lat = feature["geometry"]["coordinates"]
    properties = feature["properties"]
    return [feature["id"], f"POINT ({lon} {lat})", lon, lat, *(properties.get(name) for name in columns)]


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, (int, float)):
        return value
    if isinstance(value, (list, tuple)):
        value = SEVERAL.join(str(one) for one in value)
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


def _taken(line: io.StringIO) -> bytes:
    """What has been written since the last time."""
    text = line.getvalue()
    line.seek(0)
    line.truncate()
    return text.encode()
