"""Points as rows of CSV, as a database copies them out: passed on as they are, or read as Arrow batches."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from gis.formats.layer import ID, Field, Kind, arrow_type, layer_schema

if TYPE_CHECKING:
    import pyarrow as pa

BLOCK_BYTES = 1 << 17
"""Read at a time: larger ones are no quicker, and take ten times the memory."""
X, Y = "(x)", "(y)"
"""The two columns behind the id; no field is called so."""


class CopiedPoints:
    """A layer's batches, made of CSV only where somebody asks for them.

    Each row is the id, x, y and the fields in their order; nothing without quotes is missing, moments are UTC
    without a zone. Whoever sends the rows to another process takes `pieces`, and needs no Arrow for it.
    """

    def __init__(self, pieces: Iterable[bytes], fields: Sequence[Field]) -> None:
        self.pieces = pieces
        self._fields = fields
        self._batches: Iterator[pa.RecordBatch] | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        return self

    def __next__(self) -> pa.RecordBatch:
        if self._batches is None:
            self._batches = _batches(self.pieces, self._fields)
        return next(self._batches)


def _batches(pieces: Iterable[bytes], fields: Sequence[Field]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    from gis.formats.wkb import point_wkb

    schema = layer_schema((field.name, field.kind) for field in fields)
    for table in _tables(pieces, fields):
        place = point_wkb(table.column(X).to_numpy(), table.column(Y).to_numpy())
        values = [_column(table, field) for field in fields]
        yield pa.RecordBatch.from_arrays([table.column(ID), *values, place], schema=schema)


def _column(table: pa.RecordBatch, field: Field) -> Any:
    from pyarrow import compute

    values = table.column(field.name)
    return compute.assume_timezone(values, "UTC") if field.kind is Kind.TIME else values


def _tables(pieces: Iterable[bytes], fields: Sequence[Field]) -> Iterator[pa.RecordBatch]:
    """The rows with the types of their fields."""
    import pyarrow as pa
    from pyarrow import csv

    some = iter(pieces)
    first = next(some, None)
    if first is None:
        return
    kinds = {ID: Kind.TEXT, X: Kind.NUMBER, Y: Kind.NUMBER} | {field.name: field.kind for field in fields}
    types = {name: pa.timestamp("us") if kind is Kind.TIME else arrow_type(kind) for name, kind in kinds.items()}
    yield from csv.open_csv(
        pa.PythonFile(Reading(chain([first], some)), mode="r"),
        read_options=csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES, column_names=list(kinds)),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=types,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )


class Reading(io.RawIOBase):
    """Pieces of bytes as a file that can be read once."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._left = b""

    def readable(self) -> bool:
        """It can."""
        return True

    def read(self, size: int = -1) -> bytes:
        """So many bytes, fewer only at the end."""
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
