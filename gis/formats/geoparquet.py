"""A layer as GeoParquet 1.1 (geoparquet.org): Parquet that says where its rows lie."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from gis.crs import WGS84
from gis.formats.layer import GEOMETRY, Layer, layer_schema
from gis.formats.wkb import bounds_of

if TYPE_CHECKING:
    import pyarrow as pa

VERSION: Final = "1.1.0"
GROUP_ROWS: Final = 50_000
"""Rows that are compressed, and may be skipped, together."""


def write_geoparquet(layer: Layer, path: Path) -> None:
    """Write the layer; its extent is known and written last."""
    import pyarrow as pa
    from pyarrow import parquet

    schema = layer_schema((field.name, field.kind) for field in layer.fields)
    bounds = np.array([np.inf, np.inf, -np.inf, -np.inf])
    # Arrow's own schema stays out: readers that find it look for the file's metadata nowhere else.
    with parquet.ParquetWriter(path, schema, compression="zstd", store_schema=False) as writer:
        for group in _groups(layer.batches):
            for batch in group:
                bounds = _joined(bounds, bounds_of(batch.column(GEOMETRY)))
            writer.write_table(pa.Table.from_batches(group))
        writer.add_key_value_metadata({"geo": json.dumps(_geo(layer, bounds)), **_said(layer)})


def _said(layer: Layer) -> dict[str, str]:
    """What the layer is and what its columns mean, for whoever looks into the file's metadata."""
    columns = {field.name: {"description": field.meaning, "values": dict(field.values)} for field in layer.fields}
    return {
        "title": layer.title,
        "description": layer.description,
        "columns": json.dumps(columns, ensure_ascii=False),
    }


def _groups(batches: Iterator[pa.RecordBatch]) -> Iterator[Sequence[pa.RecordBatch]]:
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        if rows >= GROUP_ROWS:
            yield held
            held, rows = [], 0
    if held:
        yield held


def _geo(layer: Layer, bounds: Any) -> dict[str, Any]:
    # The type of the layer is the type of every row: that is what one geometry type a file means.
    column: dict[str, Any] = {
        "encoding": "WKB",
        "geometry_types": [layer.geometry_type],
        "crs": _projjson(layer.epsg),
        "edges": "planar",
    }
    if np.isfinite(bounds).all():
        column["bbox"] = [float(one) for one in bounds]
    return {"version": VERSION, "primary_column": GEOMETRY, "columns": {GEOMETRY: column}}


def _projjson(epsg: int) -> dict[str, Any]:
    from pyproj import CRS

    # Coordinates are x before y whatever the system says; of WGS 84 there is a system that says so.
    crs = CRS.from_authority("OGC", "CRS84") if epsg == WGS84 else CRS.from_epsg(epsg)
    found: dict[str, Any] = crs.to_json_dict()
    return found


def _joined(one: Any, other: Any) -> Any:
    return np.concatenate([np.fmin(one[:2], other[:2]), np.fmax(one[2:], other[2:])])
