"""PMTiles files made by the package itself, whole and hostile."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from PIL import Image
from pmtiles.tile import Compression, TileType, zxy_to_tileid
from pmtiles.writer import Writer

from app.services.tiles import Tile, tile_at
from tests.builders import BOX, CENTRE


def a_picture(colour: str = "#dfe8cf", kind: str = "PNG") -> bytes:
    """A picture of one colour."""
    whole = io.BytesIO()
    Image.new("RGB", (256, 256), colour).save(whole, kind)
    return whole.getvalue()


def middle(z: int) -> Tile:
    """The tile in the middle of `a_map`."""
    return Tile(z, *tile_at(*CENTRE, z))


def a_pack(tiles: Mapping[Tile, bytes] | None = None, **header: Any) -> bytes:
    """A PMTiles file; without tiles given, one of the middle from zoom 10 to 14."""
    tiles = tiles if tiles is not None else {middle(z): a_picture() for z in range(10, 15)}
    whole = io.BytesIO()
    writer = Writer(whole)
    for tile in sorted(tiles, key=lambda t: zxy_to_tileid(t.z, t.x, t.y)):
        writer.write_tile(zxy_to_tileid(tile.z, tile.x, tile.y), tiles[tile])
    west, south, east, north = BOX.bounds
    zooms = [tile.z for tile in tiles] or [10]
    facts = {
        "tile_type": TileType.PNG,
        "tile_compression": Compression.NONE,
        "min_zoom": min(zooms),
        "max_zoom": max(zooms),
        "min_lon_e7": int(west * 1e7),
        "min_lat_e7": int(south * 1e7),
        "max_lon_e7": int(east * 1e7),
        "max_lat_e7": int(north * 1e7),
        "center_zoom": 12,
        "center_lon_e7": int(CENTRE[0] * 1e7),
        "center_lat_e7": int(CENTRE[1] * 1e7),
        **header,
    }
    writer.finalize(facts, {"name": "test"})
    return whole.getvalue()
