"""Public heat: pictures, tiles, a GeoTIFF and contours of what may be shown to everybody."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, current_app, request

from app.db import primary_session, session
from app.errors import Unknown
from app.inputs.filters import Scope
from app.inputs.heat import parse_heat
from app.queries.heat import refuse_unpublished, shown_version
from app.queries.heat_files import MIMETYPES, file_words, heat_file, heat_tile
from app.queries.heat_store import Heat, HeatStore
from app.queries.maps import MapRecord
from app.services.snapshots import ensure_snapshot, is_due
from app.views.reader import load_map
from gis.palette import ThemeName

blueprint = Blueprint("heat", __name__)

EXTENSION = "pocit-heat"
MOST_ZOOM = 22
TILE_KEPT_S = 60
DRAWING = "1"
"""Grows when the same numbers are drawn or written otherwise, so that browsers ask for the new picture."""


@blueprint.record
def _give_store(state: object) -> None:
    state.app.extensions[EXTENSION] = HeatStore()  # type: ignore[attr-defined]


def heat_store() -> HeatStore:
    """What this process keeps of heat."""
    found: HeatStore = current_app.extensions[EXTENSION]
    return found


@blueprint.get("/m/<slug>/heat.<any(png, tif, geojson):form>")
def whole_town(slug: str, form: str) -> Response:
    """The heat of the whole map as picture, GeoTIFF or contours."""
    the_map, heat = public_heat(slug)
    return heat_response(the_map, heat, form, kept="public, no-cache")


@blueprint.get("/m/<slug>/heat-dark.png")
def whole_town_dark(slug: str) -> Response:
    """The same picture for pages in the dark."""
    the_map, heat = public_heat(slug)
    return heat_response(the_map, heat, "png", kept="public, no-cache", theme="dark")


@blueprint.get("/m/<slug>/heat/<int:z>/<int:x>/<int:y>.png")
def town_tile(slug: str, z: int, x: int, y: int) -> Response:
    """One tile of heat, for the page and for a GIS."""
    the_map, heat = public_heat(slug, as_tile=True)
    return tile_response(the_map, heat, (z, x, y), kept=f"public, max-age={TILE_KEPT_S}")


@blueprint.get("/m/<slug>/heat-dark/<int:z>/<int:x>/<int:y>.png")
def town_tile_dark(slug: str, z: int, x: int, y: int) -> Response:
    """The same tile for pages in the dark."""
    the_map, heat = public_heat(slug, as_tile=True)
    return tile_response(the_map, heat, (z, x, y), kept=f"public, max-age={TILE_KEPT_S}", theme="dark")


def public_heat(slug: str, *, as_tile: bool = False) -> tuple[MapRecord, Heat]:
    """The map and the heat that the query string asks for, as everybody may see it; of tiles a little older."""
    the_map = load_map(slug)
    refuse_unpublished(the_map)
    query = parse_heat(request.args.to_dict(flat=False), the_map.category_by_key)
    keep_snapshot(the_map)
    version = shown_version(session(), the_map) if as_tile else None
    return the_map, heat_store().heat(session(), the_map, query, Scope.PUBLIC, version=version)


def keep_snapshot(the_map: MapRecord) -> None:
    """See that today's snapshot is there, where the public of this map lives on it."""
    # Counted where it is written: a replica only has yesterday's.
    if is_due(session(), the_map) and ensure_snapshot(primary_session(), the_map):
        session().commit()


def heat_response(
    the_map: MapRecord, heat: Heat, form: str, *, kept: str, theme: ThemeName = "light", chosen: str = ""
) -> Response:
    """The whole surface in one of its forms; 304 where the asker has it already.

    `chosen` is the office's filter as it stands in the address, for the files to tell.
    """
    mark = f"{heat.version}/{heat.query}/{form}/{theme}/{chosen}"
    response = _conditional(mark, MIMETYPES[form], kept)
    if response.status_code == 304:
        return response
    response.set_data(
        heat_store().picture((the_map.id, mark), lambda: heat_file(the_map, heat, form, theme, chosen=chosen))
    )
    if form != "png":
        name = "-".join([the_map.slug, *file_words(heat.query)])
        response.headers["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response


def tile_response(
    the_map: MapRecord, heat: Heat, zxy: tuple[int, int, int], *, kept: str, theme: ThemeName = "light"
) -> Response:
    """One tile of the surface; Unknown for a tile that isn't there."""
    z, x, y = zxy
    if z > MOST_ZOOM or x >= 2**z or y >= 2**z:
        raise Unknown
    mark = f"{heat.version}/{heat.query}/{zxy}/{theme}"
    response = _conditional(mark, MIMETYPES["png"], kept)
    if response.status_code != 304:
        response.set_data(heat_store().picture((the_map.id, mark), lambda: heat_tile(the_map, heat, zxy, theme)))
    return response


def _conditional(mark: str, mimetype: str, kept: str) -> Response:
    """An empty answer with its ETag, turned into 304 where the asker has it."""
    response = Response(mimetype=mimetype)
    response.headers["Cache-Control"] = kept
    response.set_etag(hashlib.sha256(f"{DRAWING}/{mark}".encode()).hexdigest()[:20])
    response.make_conditional(request)
    return response
