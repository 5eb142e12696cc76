"""The rows of a layer from columns of arrays: Arrow batches, whose shapes are made only when they are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.formats.layer import GEOMETRY, ID, Field, layer_schema

if TYPE_CHECKING:
    import pyarrow as pa

ROWS: Final = 10_000
"""In one batch: squares of them are two megabytes."""


def layer_batches(
    fields: Sequence[Field],
    ids: Sequence[str],
    columns: Mapping[str, Any],
    shapes: Callable[[slice], NDArray[np.object_]],
    rows: int = ROWS,
) -> Iterator[pa.RecordBatch]:
    """Batches of a layer with these fields; `shapes` gives the geometries of a run of rows."""
    import pyarrow as pa

    schema = layer_schema((field.name, field.kind) for field in fields)
    for start in range(0, len(ids), rows):
        run = slice(start, min(start + rows, len(ids)))
        arrays = [
            pa.array(shapely.to_wkb(shapes(run)), type=pa.binary())
            if name == GEOMETRY
            else pa.array(
                (ids if name == ID else columns[name])[run], type=schema.field(name).type, from_pandas=True
            )
            for name in schema.names
        ]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)
