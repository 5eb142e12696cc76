"""Passing a map on: its link, its code to be scanned, how a link looks, and on which websites it may stand."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

from flask import make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.errors import InvalidInput
from app.inputs.embed_form import ANY, MOST_ORIGINS, is_own_computer, parse_origins
from app.models import Role
from app.queries.maps import MapRecord
from app.security import require
from app.services.posters import pdf_of, qr_png, qr_svg
from app.services.sharing import allow_frames
from app.views import posters
from app.views.headers import policy
from app.views.hosts import own_root
from app.views.office import blueprint
from app.views.office.access import office_map
from app.views.reader import reader_language

MIMETYPES = {"svg": "image/svg+xml", "png": "image/png", "pdf": "application/pdf"}
FRAME_HEIGHT_PX = 720


@blueprint.get("/maps/<slug>/share")
def share(slug: str) -> Response:
    """The link, the code, the look of a link, the snippet and the websites that may use it."""
    the_map = office_map(slug)
    return _page(the_map, {"origins": "\n".join(_typed(the_map)), "any": ANY in the_map.embed_origins})


@blueprint.post("/maps/<slug>/share")
def save_share(slug: str) -> Response | tuple[Response, int]:
    """Keep on which websites the map may stand."""
    the_map = office_map(slug, Role.EDITOR)
    own = is_own_computer(urlsplit(request.host_url).hostname)
    try:
        allow_frames(session(), require(), the_map, parse_origins(request.form, on_own_computer=own))
    except InvalidInput as refusal:
        session().rollback()
        return _page(the_map, request.form, refusal), 422
    session().commit()
    return redirect(url_for("office.share", slug=slug, saved=1, _anchor="h-frame"), 303)


@blueprint.get("/maps/<slug>/qr.<any(svg, png, pdf):form>")
def qr(slug: str, form: str) -> Response:
    """The code that opens the map, as a file for the town's own leaflets."""
    the_map = office_map(slug)
    door = posters.door_of(the_map, None)
    if form == "svg":
        data: str | bytes = qr_svg(door.address)
    elif form == "png":
        data = qr_png(door.address)
    else:
        posters.speak_for(the_map)
        data = pdf_of(render_template("print/qr.html", the_map=the_map, door=door), "")
    response = make_response(data)
    response.mimetype = MIMETYPES[form]
    response.headers["Content-Disposition"] = f'attachment; filename="{the_map.slug}-qr.{form}"'
    return response


def _typed(the_map: MapRecord) -> list[str]:
    return [origin for origin in the_map.embed_origins if origin != ANY]


def _page(the_map: MapRecord, typed: Mapping[str, object], refusal: InvalidInput | None = None) -> Response:
    words = reader_language()
    door = posters.door_of(the_map, None)
    page = render_template(
        "office/share.html",
        the_map=the_map,
        door=door,
        typed=typed,
        problems=[words.gettext(p.message, p.data) for p in refusal.problems] if refusal else [],
        was_saved="saved" in request.args,
        most=MOST_ORIGINS,
        any_site=ANY in the_map.embed_origins,
        frame=url_for("citizen.citizen_page", slug=the_map.slug, embed="", _external=True),
        results_frame=url_for("results.results_page", slug=the_map.slug, embed="", _external=True),
        server=urljoin(own_root(), "/").rstrip("/"),
        height=FRAME_HEIGHT_PX,
        may_write=require().may(the_map.town_id, Role.EDITOR),
        is_framable=bool(the_map.embed_origins) and not the_map.draft,
    )
    response = make_response(page)
    # The one page of the office that shows another of ours in a frame: how the map looks in one.
    response.headers["Content-Security-Policy"] = f"{policy()}; frame-src 'self'"
    return response
