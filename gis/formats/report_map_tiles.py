"""A quiet ground for paper out of raster tiles already fetched: pale, nearly grey, in one picture."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from math import floor
from typing import Final

from PIL import Image, ImageEnhance

from gis.mercator import HALF_WORLD_M, TILE_PIXELS, Bounds, tile_bounds

MOST_TILES: Final = 80
_COLOUR: Final = 0.35
_WHITE: Final = 0.45
"""How much paper is mixed into the picture, so that heat and ink stand out."""
_QUALITY: Final = 82

TileKey = tuple[int, int, int]


def tiles_over(bounds: Bounds, width_px: int, max_zoom: int, *, most: int = MOST_TILES) -> list[TileKey]:
    """The (z, x, y) of the tiles that cover Web Mercator bounds about so sharply; never more than `most`."""
    for z in range(max_zoom, 0, -1):
        side = 2 * HALF_WORLD_M / 2**z
        if (bounds[2] - bounds[0]) / side * TILE_PIXELS > width_px * 1.5:
            continue
        columns = range(floor((bounds[0] + HALF_WORLD_M) / side), floor((bounds[2] + HALF_WORLD_M) / side) + 1)
        rows = range(floor((HALF_WORLD_M - bounds[3]) / side), floor((HALF_WORLD_M - bounds[1]) / side) + 1)
        if len(columns) * len(rows) <= most:
            return [(z, x, y) for y in rows for x in columns]
    return []


def mosaic(tiles: Mapping[TileKey, bytes], bounds: Bounds) -> bytes:
    """One JPEG over exactly these bounds, of tiles of one zoom; OSError for a tile that is no picture."""
    z = next(iter(tiles))[0]
    left, right = min(x for _, x, _ in tiles), max(x for _, x, _ in tiles)
    top, bottom = min(y for _, _, y in tiles), max(y for _, _, y in tiles)
    sheet = Image.new("RGB", ((right - left + 1) * TILE_PIXELS, (bottom - top + 1) * TILE_PIXELS), "white")
    for (_, x, y), data in tiles.items():
        with Image.open(BytesIO(data)) as tile:
            flat = tile.convert("RGBA").resize((TILE_PIXELS, TILE_PIXELS))
        sheet.paste(flat, ((x - left) * TILE_PIXELS, (y - top) * TILE_PIXELS), flat)
    west, _, _, north = tile_bounds(z, left, top)
    pixel = 2 * HALF_WORLD_M / 2**z / TILE_PIXELS
    box = (
        (bounds[0] - west) / pixel,
        (north - bounds[3]) / pixel,
        (bounds[2] - west) / pixel,
        (north - bounds[1]) / pixel,
    )
    cut = sheet.crop(tuple(round(edge) for edge in box))
    quiet = ImageEnhance.Color(cut).enhance(_COLOUR)
    out = BytesIO()
    Image.blend(quiet, Image.new("RGB", quiet.size, "white"), _WHITE).save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
