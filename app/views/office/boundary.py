"""The boundary of a map: drawn, or taken from an uploaded file, looked at before it is set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import shapely
from flask import current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.errors import InvalidInput, Problem, Unknown
from app.i18n import N_
from app.inputs.boundary_files import MOST_UPLOAD_BYTES, UploadedArea, UploadedAreas, Wanted, read_boundary_file
from app.inputs.boundary_words import UploadFault, boundary_problem, upload_problem
from app.models import Role
from app.queries.boundaries import Outside, pins_outside
from app.queries.maps import MapRecord
from app.security import require
from app.services.boundaries import Chosen, choose, forget_draft, keep_draft, read_draft, set_boundary
from app.views.office import blueprint
from app.views.office.access import office_map
from app.views.office.ground import ground_config
from app.views.office.uploads import takes_files
from app.views.reader import reader_language, say
from gis.geojson import InvalidGeometry, geometry_json, read_boundary
from gis.outline import area_km2, mended, simplified

MOST_CORNERS = 150
"""To be moved by hand; a finer outline is simplified for that, and says so."""
SHOWN_DEGREES = 0.00002
"""Outlines of very many points are drawn to about two metres."""
MANY_POINTS = 5_000


def too_large(slug: str) -> str:
    """The page again, saying that the file is too large."""
    return _form(office_map(slug, Role.EDITOR), [upload_problem(UploadFault.TOO_LARGE, megabytes=20)])


@blueprint.get("/maps/<slug>/boundary")
def boundary(slug: str) -> str:
    """The boundary as it is, a drawing tool over it, and a form for a file."""
    return _form(office_map(slug, Role.EDITOR), [])


@blueprint.post("/maps/<slug>/boundary")
@takes_files(MOST_UPLOAD_BYTES, too_large)
def boundary_given(slug: str) -> Response | tuple[str, int]:
    """Take what was drawn or uploaded and go on to look at it; nothing is changed yet."""
    the_map = office_map(slug, Role.EDITOR)
    try:
        found = _drawn(request.form["polygon"]) if request.form.get("polygon") else _uploaded(the_map)
    except InvalidInput as refusal:
        return _form(the_map, list(refusal.problems), request.form.get("polygon", "")), 422
    token = keep_draft(_folder(), the_map.id, found)
    return redirect(url_for("office.boundary_preview", slug=slug, token=token), 303)


@blueprint.get("/maps/<slug>/boundary/<token>")
def boundary_preview(slug: str, token: str) -> str | Response | tuple[str, int]:
    """What the new boundary would be: on the map, in numbers, and which pins it would leave outside."""
    the_map = office_map(slug, Role.EDITOR)
    try:
        found = read_draft(_folder(), the_map.id, token)
    except Unknown:
        return redirect(url_for("office.boundary", slug=slug, gone=1), 303)
    return _preview(the_map, token, found, _parts(found, request.args.getlist("part")))


@blueprint.post("/maps/<slug>/boundary/<token>")
def boundary_set(slug: str, token: str) -> str | Response | tuple[str, int]:
    """Set it."""
    the_map = office_map(slug, Role.EDITOR)
    try:
        found = read_draft(_folder(), the_map.id, token)
    except Unknown:
        return redirect(url_for("office.boundary", slug=slug, gone=1), 303)
    parts = _parts(found, request.form.getlist("part"))
    try:
        chosen = _looked_at(choose(found, parts))
    except InvalidInput as refusal:
        return _preview(the_map, token, found, parts, list(refusal.problems))
    set_boundary(session(), require(Role.EDITOR, the_map.town_id), the_map, chosen)
    session().commit()
    forget_draft(_folder(), token)
    return redirect(url_for("office.boundary", slug=slug, saved=1), 303)


def _looked_at(chosen: Chosen) -> Chosen:
    """The boundary, if nothing of it was mended unseen."""
    if chosen.mended and "looked" not in request.form:
        raise InvalidInput(Problem("looked", N_("Look at the mended outline first and tick that it is right.")))
    return chosen


def _drawn(text: str) -> UploadedAreas:
    """What somebody drew; an outline that crosses itself is mended, to be looked at."""
    crossing = None
    try:
        area = read_boundary(text)
    except InvalidGeometry as error:
        where = error.details.get("where")
        if where is None:
            raise InvalidInput(boundary_problem(error, "polygon")) from error
        crossing = str(where)
        area = mended(shapely.from_geojson(text))
    name = reader_language().gettext(N_("What you drew"))
    return UploadedAreas([UploadedArea(name, area, crossing, chosen=True)], turned_krovak=False)


def _uploaded(the_map: MapRecord) -> UploadedAreas:
    file = request.files.get("file")
    if file is None or not file.filename:
        raise InvalidInput(upload_problem(UploadFault.NO_FILE))
    return read_boundary_file(file.stream, file.filename, Wanted(the_map.ruian, the_map.town))


def _form(the_map: MapRecord, problems: list[Problem], drawn: str = "") -> str:
    outline = simplified(the_map.boundary, MOST_CORNERS)
    return render_template(
        "office/boundary.html",
        the_map=the_map,
        problems=_said(problems),
        drawn=drawn,
        km2=area_km2(the_map.boundary),
        points=int(shapely.get_num_coordinates(the_map.boundary)),
        outline=outline,
        several=len(the_map.boundary.geoms) > 1 or any(part.interiors for part in the_map.boundary.geoms),
        scene=_scene(the_map) | {"outline": geometry_json(outline.polygon)},
    )


def _preview(
    the_map: MapRecord, token: str, found: UploadedAreas, parts: set[int], problems: list[Problem] | None = None
) -> str | tuple[str, int]:
    chosen: Chosen | None = None
    told = list(problems or [])
    try:
        chosen = choose(found, parts) if parts else None
    except InvalidInput as refusal:
        told = told or list(refusal.problems)
    outside = pins_outside(session(), the_map.id, chosen.area) if chosen else None
    page = render_template(
        "office/boundary_preview.html",
        the_map=the_map,
        token=token,
        found=found,
        parts=parts,
        chosen=chosen,
        outside=outside,
        crossings=[area for n, area in enumerate(found.areas) if n in parts and area.crossing],
        problems=_said(told),
        km2_of=area_km2,
        km2_before=area_km2(the_map.boundary),
        scene=_preview_scene(the_map, chosen, outside),
    )
    return (page, 422) if told else page


def _scene(the_map: MapRecord) -> dict[str, Any]:
    return {
        "title": say(the_map.title),
        "bounds": the_map.boundary.bounds,
        "boundary": url_for("data.boundary", slug=the_map.slug, v=the_map.version),
        "basemap": ground_config(the_map),
    }


def _preview_scene(the_map: MapRecord, chosen: Chosen | None, outside: Outside | None) -> dict[str, Any]:
    scene = _scene(the_map)
    if chosen is None or outside is None:
        return scene
    shape = chosen.area.simplify(SHOWN_DEGREES) if chosen.vertices > MANY_POINTS else chosen.area
    return scene | {
        "before": scene["boundary"],
        "boundary": geometry_json(shape),
        "bounds": chosen.area.bounds,
        "outside": outside.places,
    }


def _parts(found: UploadedAreas, asked: list[str]) -> set[int]:
    """The areas that were picked; without a choice those that are plainly the town's."""
    picked = {int(n) for n in asked if n.isdecimal() and len(n) < 6 and int(n) < len(found.areas)}
    if picked or "choose" in request.args:
        return picked
    return {n for n, area in enumerate(found.areas) if area.chosen}


def _said(problems: list[Problem]) -> dict[str, str]:
    words = reader_language()
    return {problem.field: words.gettext(problem.message, problem.data) for problem in problems}


def _folder() -> Path:
    home: Path = current_app.extensions["pocit-config"].home
    return home / "uploads" / "boundaries"
