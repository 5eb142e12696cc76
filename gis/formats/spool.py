"""A layer's rows kept on disk for a moment: counted and measured, then read again from the beginning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gis.formats.layer import GEOMETRY, Kind, Layer, layer_schema

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Spool:
    """The rows of a layer on disk, and what some formats must know before the first one is written."""

    path: Path
    rows: int
    geometry_bytes: int
    longest: Mapping[str, int]
    """The longest text of each text field, in bytes of UTF-8."""

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows as they came."""
        import pyarrow as pa

        # Read, not mapped: a mapped file would count as our memory, all of it.
        with pa.OSFile(str(self.path)) as file, pa.ipc.open_stream(file) as reader:
            yield from reader


@contextmanager
def spooled(layer: Layer, path: Path) -> Iterator[Spool]:
    """The layer's rows in a file at this path, which is gone afterwards."""
    try:
        yield _written(layer, path)
    finally:
        path.unlink(missing_ok=True)


def _written(layer: Layer, path: Path) -> Spool:
    import pyarrow as pa
    from pyarrow import compute

    texts = [field.name for field in layer.fields if field.kind in (Kind.TEXT, Kind.LIST)]
    rows, geometry_bytes = 0, 0
    longest = dict.fromkeys(texts, 0)
    schema = layer_schema((field.name, field.kind) for field in layer.fields)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, schema) as writer:
        for batch in layer.batches:
            rows += batch.num_rows
            geometry_bytes += batch.column(GEOMETRY).nbytes
            for name in texts:
                most = compute.max(compute.binary_length(batch.column(name))).as_py()
                longest[name] = max(longest[name], most or 0)
            writer.write_batch(batch)
    return Spool(path, rows, geometry_bytes, longest)
