"""What makes a map an app on the phone: its worker, manifest and icons, and the page for no connection."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request, url_for
from markupsafe import Markup

from app.i18n import N_
from app.queries.maps import MapRecord
from app.views.headers import FOR_EVER
from app.views.heat import heat_store
from app.views.reader import assets, data_block, load_map, reader_language, say
from app.views.worker_script import joined_script
from gis.formats.map_icon import Purpose, map_icon
from gis.palette import palette

blueprint = Blueprint("offline", __name__)

WORKER = "js/offline/worker.js"
ICONS: dict[str, tuple[int, Purpose]] = {
    "180": (180, "touch"),
    "192": (192, "any"),
    "512": (512, "any"),
    "maskable": (512, "maskable"),
}
"""By the end of their address: pixels, and what a phone does with them."""
DRAWING = 1
"""Grows when icons are drawn another way, so that nobody keeps the old ones."""
SHORT_NAME = 12
"""Characters that fit under an icon."""
KEPT = "public, max-age=3600"


@blueprint.get("/service-worker.js")
def service_worker() -> Response:
    """The worker that keeps citizens' pages for days without a connection."""
    folder = assets().folder
    response = Response(_worker(assets().mark) if not current_app.debug else joined_script(folder, WORKER))
    response.mimetype = "text/javascript"
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


@blueprint.get("/offline")
def offline_page() -> str:
    """What is shown where there is no connection and no kept page: the maps that are on this device."""
    return render_template("pages/offline.html")


@blueprint.get("/m/<slug>/manifest.webmanifest")
def manifest(slug: str) -> Response:
    """How the map stands among a phone's apps."""
    the_map = load_map(slug)
    response = Response(current_app.json.dumps(_manifest(the_map)), mimetype="application/manifest+json")
    response.headers["Cache-Control"] = KEPT
    response.vary.update(["Accept-Language", "Cookie"])
    return response


@blueprint.get("/m/<slug>/icon-<any('180', '192', '512', 'maskable'):kind>.png")
def icon(slug: str, kind: str) -> Response:
    """The map's icon: the shapes of its categories on the paper of the town's map."""
    the_map = load_map(slug)
    mark = _icon_mark(the_map)
    response = Response(mimetype="image/png")
    response.headers["Cache-Control"] = FOR_EVER if request.args.get("v") == mark else KEPT
    response.set_etag(f"{mark}-{kind}")
    response.make_conditional(request)
    if response.status_code != 304:
        size, purpose = ICONS[kind]
        draw = lambda: map_icon(_looks(the_map), size, purpose)  # noqa: E731
        response.set_data(heat_store().picture(f"{the_map.id}/{mark}/icon-{kind}", draw))
    return response


@blueprint.app_template_global("app_links")
def app_links(the_map: MapRecord) -> Markup:
    """The links in a page's head by which a phone takes the map among its apps."""
    manifest_url = url_for("offline.manifest", slug=the_map.slug, lang=reader_language().code)
    return Markup(
        '<link rel="manifest" href="{}">\n<link rel="apple-touch-icon" href="{}">\n'
        '<meta name="apple-mobile-web-app-title" content="{}">'
    ).format(manifest_url, _icon_url(the_map, "180"), _short_name(the_map))


@blueprint.app_template_global("offline_files")
def offline_files(script: str) -> Markup:
    """The addresses of all that a page's script needs, now or later, for the worker to keep with the page."""
    return data_block("offline-files", assets().files_of(script))


@lru_cache(maxsize=2)
def _worker(_mark: str) -> str:
    return joined_script(assets().folder, WORKER)


def _manifest(the_map: MapRecord) -> dict[str, Any]:
    address = url_for("citizen.citizen_page", slug=the_map.slug)
    words = reader_language()
    icons = [
        {
            "src": _icon_url(the_map, kind),
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": purpose,
        }
        for kind, (size, purpose) in ICONS.items()
        if purpose != "touch"
    ]
    paper = palette().light.ui["paper"]
    return {
        "id": address,
        "name": say(the_map.title),
        "short_name": _short_name(the_map),
        "description": words.gettext(
            N_("Show your town where you feel well, where you don’t, and what to improve.")
        ),
        "lang": words.code,
        "dir": "ltr",
        "start_url": address,
        "scope": address,
        "display": "standalone",
        "background_color": paper,
        "theme_color": paper,
        "categories": ["government", "navigation"],
        "icons": icons,
        "shortcuts": [
            {
                "name": words.gettext(N_("What people said")),
                "url": url_for("results.results_page", slug=the_map.slug),
            }
        ],
    }


def _short_name(the_map: MapRecord) -> str:
    """What fits under an icon: the town's name."""
    town = the_map.town
    return town if len(town) <= SHORT_NAME else town.split(" ")[0][:SHORT_NAME]


def _icon_url(the_map: MapRecord, kind: str) -> str:
    return url_for("offline.icon", slug=the_map.slug, kind=kind, v=_icon_mark(the_map))


def _looks(the_map: MapRecord) -> tuple[tuple[str, str], ...]:
    return tuple((category.shape, category.color) for category in the_map.categories)


def _icon_mark(the_map: MapRecord) -> str:
    return hashlib.sha256(repr((DRAWING, _looks(the_map))).encode()).hexdigest()[:10]
