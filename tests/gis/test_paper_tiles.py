"""Tiles under a sheet: each pixel of the picture lies where the sheet's own grid has it."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from gis.crs import WEB_MERCATOR, transformer
from gis.formats.report_map_tiles import tiles_over
from gis.mercator import TILE_PIXELS, tile_bounds
from gis.paper.sheet import Sticker, sheet_of
from gis.paper.tile_ground import tile_ground

AREA = (-495_000.0, -1_112_000.0, -489_000.0, -1_107_000.0)
PX_PER_MM = 4.0


def test_a_place_on_the_tiles_is_at_its_place_on_the_sheet() -> None:
    sheet = sheet_of(AREA, 5514, [Sticker.of("safe", "#009e73")], paper="A4")
    way = transformer(5514, WEB_MERCATOR)
    west, south, east, north = sheet.bounds
    x, y = way([west, east, west, east], [south, south, north, north])
    bounds = (min(x), min(y), max(x), max(y))
    target = way((west + east) / 2 + 700, (south + north) / 2 - 400)
    tiles = {key: _tile(key, target) for key in tiles_over(bounds, 2000, 19, most=200)}
    picture = np.asarray(Image.open(io.BytesIO(tile_ground(tiles, sheet, PX_PER_MM))).convert("L"))
    rows, columns = np.nonzero(picture < 100)
    left, top, width, height = sheet.layout.frame
    at = left + (columns.mean() + 0.5) / PX_PER_MM, top + (rows.mean() + 0.5) / PX_PER_MM
    expected = sheet.to_page((west + east) / 2 + 700, (south + north) / 2 - 400)
    assert np.hypot(at[0] - expected[0], at[1] - expected[1]) < 0.3
    assert picture.shape == (round(height * PX_PER_MM), round(width * PX_PER_MM))


def _tile(key: tuple[int, int, int], target: tuple[float, float]) -> bytes:
    """White, with a black dot of 60 m around the target."""
    west, _, east, north = tile_bounds(*key)
    step = (east - west) / TILE_PIXELS
    x = west + (np.arange(TILE_PIXELS) + 0.5) * step
    y = north - (np.arange(TILE_PIXELS) + 0.5) * step
    dark = np.hypot(x[None, :] - target[0], y[:, None] - target[1]) < 60
    out = io.BytesIO()
    Image.fromarray(np.where(dark, 0, 255).astype(np.uint8)).save(out, "PNG")
    return out.getvalue()
