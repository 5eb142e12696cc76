"""A layer as a zipped Shapefile: the format's limits kept without losing anything silently.

Names have at most ten characters (Field.short), texts 254 bytes: a longer one goes on in `…_2`, `…_3`. A text file
in the zip says what each short name means. Moments are written as texts, as the format only knows days.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gis.formats.gdal_files import write_rows
from gis.formats.layer import GEOMETRY, ID, Field, Kind, Layer
from gis.formats.spool import Spool, spooled

if TYPE_CHECKING:
    import pyarrow as pa

MOST_TEXT_BYTES: Final = 254
MOST_NAME_CHARACTERS: Final = 10
MOST_BYTES: Final = 2**31 - 1
MOST_FIELDS: Final = 255
WIDTHS: Final = {Kind.INTEGER: 18, Kind.NUMBER: 24, Kind.TIME: 27}
TIME_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"  # Arrow writes seconds with their decimals
WIDTH: Final = b"GDAL:OGR:width"
EXPLAINED: Final = "columns.txt"


class FileTooLarge(ValueError):
    """A file of this form can't hold so much."""


@dataclass(frozen=True)
class _Column:
    """One column of the table: a field, or the n-th part of a long text."""

    name: str
    source: str
    kind: Kind
    width: int
    part: int = 0
    parts: int = 1


def write_shapefile(layer: Layer, path: Path) -> None:
    """Write the zip; FileTooLarge for more than the two gigabytes, or 255 columns, that the format can hold."""
    folder = path.with_suffix(".shp.parts")
    folder.mkdir()
    try:
        with spooled(layer, folder / "rows") as rows:
            columns = _columns(layer, rows)
            _check_size(layer, rows, columns)
            write_rows(
                folder / f"{layer.name}.shp",
                "ESRI Shapefile",
                layer,
                (_schema(columns), _batches(rows, columns)),
                {"2GB_LIMIT": "YES"},
                encoding="UTF-8",
            )
        (folder / f"{layer.name}.cpg").write_text("UTF-8")
        (folder / EXPLAINED).write_text(_explained(layer, columns), encoding="utf-8-sig")
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
            for file in sorted(folder.iterdir()):
                packed.write(file, file.name)
                file.unlink()
    finally:
        shutil.rmtree(folder)


def _columns(layer: Layer, rows: Spool) -> Sequence[_Column]:
    taken = {field.short.lower() for field in layer.fields} | {ID}
    columns = [_Column(ID, ID, Kind.TEXT, 36)]
    for field in layer.fields:
        columns += _of_field(field, rows.longest.get(field.name, 0), taken)
    return columns


def _of_field(field: Field, longest: int, taken: set[str]) -> Iterator[_Column]:
    width = WIDTHS.get(field.kind, min(max(longest, 1), MOST_TEXT_BYTES))
    # A part may end up to three bytes early, where the next character does not fit whole.
    parts = 1 if longest <= MOST_TEXT_BYTES else -(-longest // (MOST_TEXT_BYTES - 3))
    yield _Column(field.short, field.name, field.kind, width, 0, parts)
    for part in range(1, parts):
        yield _Column(_part_name(field.short, part + 1, taken), field.name, field.kind, width, part, parts)


def _part_name(short: str, number: int, taken: set[str]) -> str:
    mark = f"_{number}"
    name = short[: MOST_NAME_CHARACTERS - len(mark)] + mark
    while name.lower() in taken:
        mark = f"_{mark}"
        name = short[: MOST_NAME_CHARACTERS - len(mark)] + mark
    taken.add(name.lower())
    return name


def _check_size(layer: Layer, rows: Spool, columns: Sequence[_Column]) -> None:
    table = rows.rows * (1 + sum(column.width for column in columns)) + 32 * (len(columns) + 1) + 1
    # A point takes 28 bytes with its head; a polygon about as much as its WKB and a frame.
    shapes = rows.rows * 28 if layer.geometry_type == "Point" else rows.geometry_bytes + rows.rows * 60
    if max(table, shapes) > MOST_BYTES or len(columns) > MOST_FIELDS:
        raise FileTooLarge


def _schema(columns: Sequence[_Column]) -> pa.Schema:
    import pyarrow as pa

    types = {Kind.INTEGER: pa.int64(), Kind.NUMBER: pa.float64()}
    fields = []
    for column in columns:
        said = {} if column.kind in types else {WIDTH: str(column.width)}
        fields.append(pa.field(column.name, types.get(column.kind, pa.string()), metadata=said))
    return pa.schema([*fields, pa.field(GEOMETRY, pa.binary())])


def _batches(rows: Spool, columns: Sequence[_Column]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    schema = _schema(columns)
    for batch in rows.batches():
        arrays = [_values(batch.column(column.source), column) for column in columns]
        yield pa.RecordBatch.from_arrays([*arrays, batch.column(GEOMETRY)], schema=schema)


def _values(values: Any, column: _Column) -> Any:
    import pyarrow as pa
    from pyarrow import compute

    if column.kind is Kind.TIME:
        return compute.strftime(values, format=TIME_FORMAT)
    if column.parts == 1:
        return values
    texts = (None if text is None else _part(text, column.part) for text in values.to_pylist())
    return pa.array(texts, pa.string())


def _part(text: str, number: int) -> str | None:
    """The n-th part of a text of at most 254 bytes each, or None behind its end; no character is torn apart.

    >>> [len(_part("ž" * 130, n) or "") for n in range(3)]
    [127, 3, 0]
    """
    left = text.encode()
    if number == 0 and len(left) <= MOST_TEXT_BYTES:
        return text
    for _ in range(number):
        left = left[_cut(left) :]
    return left[: _cut(left)].decode() if left else None


def _cut(text: bytes) -> int:
    """Where the first part ends: at most 254 bytes on, and not within a character."""
    if len(text) <= MOST_TEXT_BYTES:
        return len(text)
    end = MOST_TEXT_BYTES
    while text[end] & 0xC0 == 0x80:
        end -= 1
    return end


def _explained(layer: Layer, columns: Sequence[_Column]) -> str:
    """Each short name with the column it stands for, its meaning and its codes."""
    fields = {field.name: field for field in layer.fields}
    lines = [layer.title, layer.description, f"EPSG:{layer.epsg}", ""]
    for column in columns:
        field = fields.get(column.source)
        whole = column.source + (f" ({column.part + 1}/{column.parts})" if column.parts > 1 else "")
        lines.append("\t".join([column.name, whole, field.meaning if field else ""]).rstrip())
        if field and column.part == 0:
            lines += [f"\t\t{code} = {said}" for code, said in field.values.items()]
    return "\r\n".join(line for line in lines) + "\r\n"
