"""Basemap tiles through our own server, of others or of a town's file: nobody else learns who looks at a map."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, current_app
from flask.sansio.blueprints import BlueprintSetupState

from app.errors import Unknown
from app.services.tile_packs import pack_tile
from app.services.tile_store import limit_store
from app.services.tiles import Picture, Tile, TileUnavailable, fetch_tile
from app.views.reader import load_map

blueprint = Blueprint("tiles", __name__)


@blueprint.record
def limit_tiles(state: BlueprintSetupState) -> None:
    """Have the stored tiles take no more of the disk than the operator lets them."""
    config = state.app.extensions["pocit-config"]
    limit_store(config.home / "tiles", config.tiles_megabytes * 1_000_000)


KEPT_BY_BROWSERS = "public, max-age=604800"
NOTHING = Picture(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000b494441"
        "5478da636000020000050001e9fadcd80000000049454e44ae426082"
    ),
    "image/png",
)
"""A clear pixel: where a town's own file ends, there is paper, and nothing has failed."""


@blueprint.get("/m/<slug>/base/<int:z>/<int:x>/<int:y>")
def base_tile(slug: str, z: int, x: int, y: int) -> Response:
    """One tile of the map's basemap: from its file, from our store, or fetched now."""
    the_map = load_map(slug)
    tile, basemap = Tile(z, x, y), the_map.basemap
    if basemap["kind"] not in ("xyz", "pmtiles") or not tile.lies_near(the_map.boundary, basemap["max_zoom"]):
        raise Unknown
    try:
        picture = _picture(basemap, tile)
    except TileUnavailable as error:
        return no_tile(error)
    return Response(picture.data, mimetype=picture.mimetype, headers={"Cache-Control": KEPT_BY_BROWSERS})


def no_tile(error: TileUnavailable) -> Response:
    """No content: the page sees that there is no picture and says so; an error status would only alarm its log."""
    current_app.logger.warning("basemap tile: %s", error)
    return Response(status=204, headers={"Cache-Control": "no-store", "X-Why": error.why})


def packs_folder() -> Path:
    """Where uploaded tile files lie."""
    home: Path = current_app.extensions["pocit-config"].home
    return home / "basemaps"


def _picture(basemap: Mapping[str, Any], tile: Tile) -> Picture:
    config = current_app.extensions["pocit-config"]
    if basemap["kind"] == "pmtiles":
        return pack_tile(packs_folder(), basemap["fingerprint"], tile) or NOTHING
    return fetch_tile(basemap["url"], tile, config.home / "tiles", config.tile_hosts)
