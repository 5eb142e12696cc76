"""The heat surface as a GeoTIFF that opens in any GIS: float32, in the map's metric CRS, nodata outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gis.analysis.density import Surface
from gis.analysis.share import Share

NODATA: Final = -9999.0


def geotiff(surface: Surface | Share, *, unit: str, tags: Mapping[str, str] | None = None) -> bytes:
    """The surface as one compressed, tiled GeoTIFF; `unit` (as `people/ha`, or `%`) names the band's unit.

    `tags` are further metadata, such as the category, the period and the date of the export.
    """
    from rasterio.crs import CRS
    from rasterio.io import MemoryFile
    from rasterio.transform import Affine

    frame = surface.frame
    profile = {
        "driver": "GTiff",
        "width": frame.columns,
        "height": frame.rows,
        "count": 1,
        "dtype": "float32",
        "crs": CRS.from_epsg(surface.srid),
        "transform": Affine(frame.cell_m, 0, frame.west, 0, -frame.cell_m, frame.north),
        "nodata": NODATA,
        "compress": "deflate",
        "predictor": 3,
        "tiled": True,
        "blockxsize": 256,
        "blockysize": 256,
    }
    with MemoryFile() as memory:
        with memory.open(**profile) as raster:
            raster.write(surface.masked(NODATA), 1)
            raster.set_band_description(1, f"heat ({unit})")
            raster.units = (unit,)
            raster.update_tags(
                bandwidth_m=f"{surface.bandwidth_m:g}",
                total=f"{surface.total:g}",
                unit=unit,
                **dict(tags or {}),
            )
        return bytes(memory.read())
