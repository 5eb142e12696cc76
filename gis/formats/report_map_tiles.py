"""A quiet ground for paper out of raster tiles already fetched: pale, nearly grey, in one picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Mosaic:
    """Tiles of one zoom put together, and where they lie in Web Mercator."""

    picture: Image.Image
    west: float
    north: float
    pixel_m: float


def put_together(tiles: Mapping[TileKey, bytes]) -> Mosaic:
    """Tiles of one zoom as one picture, white where one is missing; OSError for a tile that is no picture."""
    z = next(iter(tiles))[0]
    left, right = min(x for _, x, _ in tiles), max(x for _, x, _ in tiles)
    top, bottom = min(y for _, _, y in tiles), max(y for _, _, y in tiles)
    whole = Image.new("RGB", ((right - left + 1) * TILE_PIXELS, (bottom - top + 1) * TILE_PIXELS), "white")
    for (_, x, y), data in tiles.items():
        with Image.open(BytesIO(data)) as tile:
            flat = tile.convert("RGBA").resize((TILE_PIXELS, TILE_PIXELS))
        whole.paste(flat, ((x - left) * TILE_PIXELS, (y - top) * TILE_PIXELS), flat)
    west, _, _, north = tile_bounds(z, left, top)
    return Mosaic(whole, west, north, 2 * HALF_WORLD_M / 2**z / TILE_PIXELS)


def mosaic(tiles: Mapping[TileKey, bytes], bounds: Bounds) -> bytes:
    """One JPEG over exactly these bounds, of tiles of one zoom; OSError for a tile that is no picture."""
    whole = put_together(tiles)
    left, right = (round((edge - whole.west) / whole.pixel_m) for edge in bounds[::2])
    bottom, top = (round((whole.north - edge) / whole.pixel_m) for edge in bounds[1::2])
    cut = whole.picture.crop((left, top, right, bottom))
    quiet = ImageEnhance.Color(cut).enhance(_COLOUR)
    out = BytesIO()
    Image.blend(quiet, Image.new("RGB", quiet.size, "white"), _WHITE).save(out, "JPEG", quality=_QUALITY)
    return out.getvalue()
