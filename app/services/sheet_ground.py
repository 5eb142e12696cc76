"""What is drawn in a sheet's frame: the map's own vector layer, or its tiles fetched once for this frame."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy.orm import Session

from app.i18n import text_in
from app.queries.maps import MapRecord, basemap_layer
from app.services.tile_packs import BrokenPack, pack_tile
from app.services.tiles import Picture, Tile, TileUnavailable, fetch_tile
from gis.crs import WEB_MERCATOR, transformer
from gis.formats.report_map_tiles import TileKey, tiles_over
from gis.mercator import Bounds
from gis.paper.ground import Ground, ground_of
from gis.paper.sheet import PaperSheet
from gis.paper.tile_ground import MOST_TILES, tile_ground

log = logging.getLogger(__name__)

TILES_S = 60.0
"""For fetching what is not in our store yet."""
PX_PER_MM = 8.0
"""Two hundred to the inch: as fine as office printers show soft pictures."""


def sheet_ground(
    session: Session, the_map: MapRecord, sheet: PaperSheet, home: Path, inner_hosts: Collection[str]
) -> Ground:
    """The ground of a sheet. Without a layer and where tiles can't be had: the boundary on paper."""
    layer = basemap_layer(session, the_map.id) if the_map.basemap["kind"] == "vector" else None
    features = json.loads(layer.geojson)["features"] if layer else ()
    picture = None
    if the_map.basemap["kind"] in {"xyz", "pmtiles"}:
        picture = _tiles(the_map, sheet, home, inner_hosts)
    given = the_map.basemap.get("attribution") or ""
    return ground_of(
        features,
        the_map.boundary,
        sheet.crs,
        picture=picture,
        attribution=given if isinstance(given, str) else text_in(given, the_map.languages[0]),
    )


def _tiles(the_map: MapRecord, sheet: PaperSheet, home: Path, inner_hosts: Collection[str]) -> bytes | None:
    bounds = _mercator(sheet)
    width = round(sheet.layout.frame[2] * PX_PER_MM)
    until = time.monotonic() + TILES_S
    found: dict[TileKey, bytes] = {}
    try:
        for key in tiles_over(bounds, width, int(the_map.basemap.get("max_zoom", 19)), most=MOST_TILES):
            if time.monotonic() > until:
                log.warning("no tiles on a sheet: their server is too slow")
                return None
            if picture := _tile(the_map.basemap, Tile(*key), home, inner_hosts):
                found[key] = picture.data
        return tile_ground(found, sheet, PX_PER_MM) if found else None
    except (TileUnavailable, BrokenPack, OSError) as error:
        log.warning("no tiles on a sheet: %s", error)
        return None


def _tile(basemap: Mapping[str, Any], tile: Tile, home: Path, inner_hosts: Collection[str]) -> Picture | None:
    """A tile of a server or of the town's own file, which has none beyond its edge."""
    if basemap["kind"] == "pmtiles":
        return pack_tile(home / "basemaps", basemap["fingerprint"], tile)
    return fetch_tile(basemap["url"], tile, home / "tiles", inner_hosts)


def _mercator(sheet: PaperSheet) -> Bounds:
    """Web Mercator bounds around the frame, which lies askew in them."""
    west, south, east, north = sheet.bounds
    along = np.linspace(0, 1, 9)
    x = np.concatenate([west + (east - west) * along] * 2 + [np.full(9, west), np.full(9, east)])
    y = np.concatenate([np.full(9, south), np.full(9, north)] + [south + (north - south) * along] * 2)
    mx, my = transformer(sheet.crs, WEB_MERCATOR)(x, y)
    return float(mx.min()), float(my.min()), float(mx.max()), float(my.max())
