"""A picture for a sheet's frame out of raster tiles, warped into its CRS; muted_picture.py makes it pale."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Final

import numpy as np
from PIL import Image

from gis.crs import WEB_MERCATOR, transformer
from gis.formats.report_map_tiles import TileKey, put_together
from gis.paper.sheet import PaperSheet

MOST_TILES: Final = 240
_QUALITY: Final = 85
_ROWS: Final = 256


def tile_ground(tiles: Mapping[TileKey, bytes], sheet: PaperSheet, px_per_mm: float) -> bytes:
    """One JPEG that fits the frame exactly, of tiles of one zoom; OSError for a tile that is no picture.

    Every pixel is looked up where it lies on the ground, so that the picture is true to the sheet's grid, not to
    that of the tiles.
    """
    whole = put_together(tiles)
    width, height = (round(side * px_per_mm) for side in sheet.layout.frame[2:])
    source = np.asarray(whole.picture)
    result = np.empty((height, width, 3), np.uint8)
    way = transformer(sheet.crs, WEB_MERCATOR)
    columns = sheet.layout.frame[0] + (np.arange(width) + 0.5) / px_per_mm
    for start in range(0, height, _ROWS):
        rows = sheet.layout.frame[1] + (np.arange(start, min(start + _ROWS, height)) + 0.5) / px_per_mm
        east, ground_north = sheet.to_ground(*np.meshgrid(columns, rows))
        mercator_x, mercator_y = way(east.ravel(), ground_north.ravel())
        across = np.clip((mercator_x - whole.west) / whole.pixel_m, 0, source.shape[1] - 1).astype(int)
        down = np.clip((whole.north - mercator_y) / whole.pixel_m, 0, source.shape[0] - 1).astype(int)
        result[start : start + len(rows)] = source[down, across].reshape(len(rows), width, 3)
    out = BytesIO()
    Image.fromarray(result).save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
