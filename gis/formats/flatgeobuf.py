"""A layer as FlatGeobuf."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gis.formats.gdal_files import write_rows
from gis.formats.layer import Layer, layer_schema
from gis.formats.spool import spooled

MOST_INDEXED_ROWS: Final = 250_000
"""GDAL sorts the index in memory, 180 bytes a row; beyond this the file has none and is read in its order."""


def write_flatgeobuf(layer: Layer, path: Path) -> None:
    """Write the layer, with its spatial index while it is not too large for that."""
    schema = layer_schema((field.name, field.kind) for field in layer.fields)
    with spooled(layer, path.with_suffix(".rows")) as rows:
        write_rows(
            path,
            "FlatGeobuf",
            layer,
            (schema, rows.batches()),
            {
                "SPATIAL_INDEX": "YES" if 0 < rows.rows <= MOST_INDEXED_ROWS else "NO",
                "TITLE": layer.title,
                "DESCRIPTION": layer.description,
            },
        )
