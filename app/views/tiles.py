"""Basemap tiles of others through our own server, so that nobody else learns who looks at the map."""

from __future__ import annotations

from flask import Blueprint, Response, current_app

from app.errors import Unknown
from app.services.tiles import Tile, TileUnavailable, fetch_tile
from app.views.reader import load_map

blueprint = Blueprint("tiles", __name__)

KEPT_BY_BROWSERS = "public, max-age=604800"


@blueprint.get("/m/<slug>/base/<int:z>/<int:x>/<int:y>")
def base_tile(slug: str, z: int, x: int, y: int) -> Response:
    """One tile of the map's basemap, from our store or fetched now."""
    the_map = load_map(slug)
    tile = Tile(z, x, y)
    if the_map.basemap["kind"] != "xyz" or not tile.lies_near(the_map.boundary, the_map.basemap["max_zoom"]):
        raise Unknown
    folder = current_app.extensions["pocit-config"].home / "tiles"
    try:
        picture = fetch_tile(the_map.basemap["url"], tile, folder)
    except TileUnavailable as error:
        current_app.logger.warning("basemap tile: %s", error)
        # No content: the page sees that there is no picture and says so; an error status would only alarm its log.
        return Response(status=204, headers={"Cache-Control": "no-store"})
    return Response(picture.data, mimetype=picture.mimetype, headers={"Cache-Control": KEPT_BY_BROWSERS})
