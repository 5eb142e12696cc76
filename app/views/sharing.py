"""What a link to a map looks like where people pass it on: its picture, and the tags that name it."""

from __future__ import annotations

import hashlib

from flask import Blueprint, Response, request, url_for

from app.db import session
from app.i18n import N_, public_languages
from app.queries.maps import MapRecord
from app.services.share_picture import SIZE, picture_of
from app.views.framing import is_embedded, kept_arguments
from app.views.headers import FOR_EVER
from app.views.heat import heat_store
from app.views.reader import load_map, reader_language, say

blueprint = Blueprint("sharing", __name__)

DRAWING = 1
"""Grows when the picture is drawn another way, so that nobody keeps the old one."""
KEPT = "public, max-age=3600"

blueprint.add_app_template_global(is_embedded, "embedded")
blueprint.add_app_template_global(kept_arguments, "kept_arguments")


@blueprint.get("/m/<slug>/picture.png")
def picture(slug: str) -> Response:
    """The town, the name of the map and its categories, 1200 × 630, in the reader's language."""
    the_map = load_map(slug)
    mark = _mark(the_map)
    response = Response(mimetype="image/png")
    response.headers["Cache-Control"] = FOR_EVER if request.args.get("v") == mark else KEPT
    # Without a `lang` that we speak it is in the reader's own: a cache on the way must tell readers apart.
    if request.args.get("lang") not in public_languages():
        response.vary.update(["Accept-Language", "Cookie"])
    response.set_etag(mark)
    response.make_conditional(request)
    if response.status_code != 304:
        key = f"{the_map.id}/{mark}/share"
        words = reader_language()
        question = words.gettext(N_("What people said") if the_map.is_over() else N_("How do you feel here?"))
        draw = lambda: picture_of(session(), the_map, words.code, question)  # noqa: E731
        response.set_data(heat_store().picture(key, draw))
    return response


@blueprint.app_template_global("share_picture")
def share_picture(the_map: MapRecord) -> dict[str, object]:
    """The address and the size of a map's picture in the reader's language."""
    address = url_for(
        "sharing.picture", slug=the_map.slug, lang=reader_language().code, v=_mark(the_map), _external=True
    )
    words = ", ".join(say(category.word) for category in the_map.categories)
    alt = reader_language().gettext(N_("Map of %(town)s"), {"town": the_map.town})
    return {"url": address, "width": SIZE[0], "height": SIZE[1], "alt": f"{alt}: {words}"}


@blueprint.app_template_global("share_locale")
def share_locale() -> str:
    """The reader's language as social networks write it: cs_CZ."""
    locale = reader_language().locale
    return TERRITORIES.get(locale.language, locale.language)


TERRITORIES = {
    "cs": "cs_CZ",
    "de": "de_DE",
    "en": "en_GB",
    "nb": "nb_NO",
    "pl": "pl_PL",
    "sk": "sk_SK",
    "uk": "uk_UA",
}


def share_address(the_map: MapRecord) -> str:
    """The address to pass on: of the map itself, wherever and at whichever event it is open now."""
    return url_for("citizen.citizen_page", slug=the_map.slug, _external=True)


def _mark(the_map: MapRecord) -> str:
    """Changes when the picture does."""
    said = f"{DRAWING}/{the_map.id}/{the_map.version}/{the_map.basemap_fingerprint}/{the_map.is_over()}"
    return hashlib.sha256(f"{said}/{reader_language().code}".encode()).hexdigest()[:12]
