"""The ground under the pins: presets, templates and files, with a live look."""

from __future__ import annotations

from typing import Any

from flask import Response as Picture
from flask import current_app, redirect, render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from app.db import session
from app.errors import InvalidInput, Malformed, Problem, Unknown
from app.i18n import N_
from app.inputs.basemap_forms import (
    KINDS,
    MOST_PACK_BYTES,
    PRESETS,
    BasemapForm,
    parse_basemap,
    read_layer,
    tile_template,
)
from app.models import Role
from app.queries.maps import MapRecord
from app.security import require
from app.services.basemaps import NewBasemap, forget_pack, set_basemap
from app.services.tile_packs import keep_pack
from app.services.tiles import Tile, TileUnavailable, ask_for_tile, fetch_tile, tile_at
from app.views.citizen import basemap_config
from app.views.office import blueprint
from app.views.office.access import office_map
from app.views.office.ground import tiles_config
from app.views.office.uploads import takes_files
from app.views.reader import reader_language, say
from app.views.tiles import no_tile, packs_folder

LEAST_ZOOM, MOST_ZOOM = 3, 22
TRIED_ZOOM = 14
WHY = {
    "unreachable": N_("Nobody answers at this address."),
    "busy": N_("The source is slow just now; look again in a moment."),
    "forbidden": N_("We don’t go to this address: it is not on the public internet, or no plain web address."),
    "no_picture": N_("Something answers, but not with a picture; check the order of {z}, {x} and {y}."),
}
"""Why no tile came, by the word in the header X-Why."""


def too_large(slug: str) -> str:
    """The page again, saying that the file is too large."""
    limit = {"megabytes": MOST_PACK_BYTES // 1_000_000}
    problem = Problem("pack", N_("The file is larger than %(megabytes)s MB."), limit)
    return _form(office_map(slug, Role.EDITOR), {"kind": "pmtiles"}, [problem])


@blueprint.get("/maps/<slug>/basemap")
def basemap(slug: str) -> str:
    """The form, filled with what the map stands on, and a map that shows it."""
    the_map = office_map(slug, Role.EDITOR)
    return _form(the_map, _as_form(the_map), [])


@blueprint.post("/maps/<slug>/basemap")
@takes_files(MOST_PACK_BYTES, too_large)
def basemap_set(slug: str) -> Response | tuple[str, int]:
    """Set it, once it is known to work."""
    the_map = office_map(slug, Role.EDITOR)
    try:
        wanted = _wanted(the_map, parse_basemap(request.form))
    except InvalidInput as refusal:
        return _form(the_map, request.form.to_dict(), list(refusal.problems)), 422
    left = set_basemap(session(), require(Role.EDITOR, the_map.town_id), the_map, wanted)
    session().commit()
    if left:
        forget_pack(session(), packs_folder(), left)
    return redirect(url_for("office.basemap", slug=slug, saved=1), 303)


@blueprint.get("/maps/<slug>/basemap/tile/<int:z>/<int:x>/<int:y>")
def basemap_tile(slug: str, z: int, x: int, y: int) -> Picture:
    """A tile of a source that no map stands on yet, for an editor's look at it."""
    the_map = office_map(slug, Role.EDITOR)
    try:
        template = tile_template(request.args.get("url", ""))
    except InvalidInput as refusal:
        raise Malformed(*refusal.problems) from refusal
    tile = Tile(z, x, y)
    if not (LEAST_ZOOM <= z <= MOST_ZOOM and x < 2**z and y < 2**z):
        raise Unknown
    config = current_app.extensions["pocit-config"]
    try:
        # What citizens will look at may be kept for them; the rest of the world is only looked at.
        if tile.lies_near(the_map.boundary, MOST_ZOOM) and template in _known_sources(the_map):
            picture = fetch_tile(template, tile, config.home / "tiles", config.tile_hosts)
        else:
            picture = ask_for_tile(template, tile, config.tile_hosts)
    except TileUnavailable as error:
        return no_tile(error)
    kept = {"Cache-Control": "private, max-age=3600"}
    return Picture(picture.data, mimetype=picture.mimetype, headers=kept)


def _wanted(the_map: MapRecord, form: BasemapForm) -> NewBasemap:
    attribution = dict.fromkeys(the_map.languages, form.attribution) if form.attribution else {}
    rule: dict[str, Any] = {"kind": form.kind, "attribution": attribution}
    if form.kind == "xyz":
        if not form.anyway and form.url not in _known_sources(the_map):
            _try_source(the_map, form.url)
        return NewBasemap(rule | {"url": form.url, "max_zoom": form.max_zoom})
    if form.kind == "vector":
        file = _file("layer")
        if file is None and the_map.basemap_fingerprint is None:
            raise InvalidInput(Problem("layer", N_("Choose the file with the layer.")))
        return NewBasemap(rule, read_layer(file.stream, the_map.boundary) if file else None)
    if form.kind == "pmtiles":
        return NewBasemap(rule | _pack(the_map))
    return NewBasemap({"kind": "none", "attribution": {}})


def _pack(the_map: MapRecord) -> dict[str, Any]:
    file = _file("pack")
    if file is not None:
        facts = keep_pack(file.stream, packs_folder(), the_map.boundary, MOST_PACK_BYTES)
        return {"fingerprint": facts.fingerprint, "min_zoom": facts.min_zoom, "max_zoom": facts.max_zoom}
    if the_map.basemap["kind"] == "pmtiles":
        return {key: the_map.basemap[key] for key in ("fingerprint", "min_zoom", "max_zoom")}
    raise InvalidInput(Problem("pack", N_("Choose the PMTiles file.")))


def _try_source(the_map: MapRecord, template: str) -> None:
    """InvalidInput when no picture of the town comes from there."""
    inside = the_map.boundary.representative_point()
    tile = Tile(TRIED_ZOOM, *tile_at(inside.x, inside.y, TRIED_ZOOM))
    try:
        ask_for_tile(template, tile, current_app.extensions["pocit-config"].tile_hosts)
    except TileUnavailable as error:
        raise InvalidInput(Problem("url", WHY[error.why])) from error


def _known_sources(the_map: MapRecord) -> set[str]:
    return {preset.url for preset in PRESETS} | {the_map.basemap.get("url", "")}


def _file(name: str) -> FileStorage | None:
    file = request.files.get(name)
    return file if file is not None and file.filename else None


def _as_form(the_map: MapRecord) -> dict[str, Any]:
    rule = the_map.basemap
    return {
        "kind": rule["kind"],
        "url": rule.get("url", ""),
        "max_zoom": rule.get("max_zoom", 19),
        "attribution": say(rule.get("attribution")),
    }


def _form(the_map: MapRecord, filled: dict[str, Any], problems: list[Problem]) -> str:
    words = reader_language()
    scene = {
        "title": say(the_map.title),
        "bounds": the_map.boundary.bounds,
        "boundary": url_for("data.boundary", slug=the_map.slug, v=the_map.version),
        "basemap": basemap_config(the_map),
        # The address with a hole for the template: the page fills it as one types.
        "tiles": tiles_config(the_map, "TEMPLATE", "", 19)["url"],
        "why": {key: words.gettext(text) for key, text in WHY.items()},
    }
    return render_template(
        "office/basemap.html",
        the_map=the_map,
        filled=filled,
        problems={p.field: words.gettext(p.message, p.data) for p in problems},
        may_insist=any(p.message in (WHY["unreachable"], WHY["no_picture"]) for p in problems),
        presets=PRESETS,
        kinds=KINDS,
        scene=scene,
    )
