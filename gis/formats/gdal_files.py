"""Rows through GDAL into a file of one of its formats."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gis.formats.layer import GEOMETRY, Layer

if TYPE_CHECKING:
    import pyarrow as pa

SETTINGS: Final = {
    # The file is new, nobody else reads it, and a failure throws it away: no journal, no waiting for the disk.
    "OGR_SQLITE_SYNCHRONOUS": "OFF",
    "OGR_SQLITE_JOURNAL": "OFF",
    "OGR_SQLITE_CACHE": "8",
    # The spatial index is built when all rows are there, sorted in at most so much memory.
    "OGR_GPKG_ALLOW_THREADED_RTREE": "NO",
    "OGR_GPKG_MAX_RAM_USAGE_RTREE": str(64 << 20),
}


def write_rows(
    path: Path,
    driver: str,
    layer: Layer,
    rows: tuple[pa.Schema, Iterable[pa.RecordBatch]],
    options: Mapping[str, Any],
    **more: Any,
) -> None:
    """Write the rows, which may be other than the layer's own, as one layer of the driver's.

    `options` are the driver's for a layer; `more` goes to pyogrio.
    """
    import pyarrow as pa
    import pyogrio
    from pyogrio.raw import write_arrow

    pyogrio.set_gdal_config_options(SETTINGS)
    reader = pa.RecordBatchReader.from_batches(*rows)
    with warnings.catch_warnings():
        # It can't know that we named the columns as the format wants them.
        warnings.simplefilter("ignore", RuntimeWarning)
        write_arrow(
            reader,
            path,
            layer=layer.name,
            driver=driver,
            geometry_name=GEOMETRY,
            geometry_type=layer.geometry_type,
            crs=f"EPSG:{layer.epsg}",
            layer_options=options,
            **more,
        )
