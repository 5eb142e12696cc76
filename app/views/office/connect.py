"""A map in the GIS of its town: what to type where, a file that opens in QGIS by itself, layers to take away."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, render_template, request, url_for

from app.db import session
from app.errors import InvalidInput, Refusal
from app.i18n import N_
from app.inputs.accounts import MOST_PASSWORD_CHARACTERS
from app.inputs.crs_parameters import offered_crs
from app.inputs.file_forms import FORMS
from app.inputs.token_forms import MOST_NAME_CHARACTERS, TokenInput
from app.queries.layers import EVERYTHING, LAYERS
from app.queries.maps import MapRecord
from app.queries.tokens import tokens_of
from app.security import require, session_towns
from app.views.office import blueprint
from app.views.office.access import office_map
from app.views.office.setup_words import problems_by_field
from app.views.office.tokens import make_own
from app.views.reader import reader_language, say
from gis.crs import KROVAK, KROVAK_ACCURACY, WEB_MERCATOR, WGS84
from gis.formats.layer import Layer, Look, Paint
from gis.formats.qgis_layers import (
    FEATURES,
    TILES,
    LiveLayer,
    Login,
    features_source,
    layer_definition,
    tiles_source,
)

QLR = "application/x-qgis-layer-definition"
ABOUT = {
    "pins": N_("Every pin with all that is known of it."),
    "hot-spots": N_("Squares with more people than chance would bring."),
    "clusters": N_("Outlines of places that many people marked, with their names."),
    "contrast": N_("Squares in which one feeling outweighs the other; once it has been computed under Analyses."),
    "contested": N_("Places where feelings oppose, with their people; once computed under Analyses."),
    "changes": N_("Squares in which people marked more or less than last round; once computed under Analyses."),
    "top-places": N_("The highest places with how sure their ranks are; once computed under Analyses."),
    "places": N_("Areas that the town answered as one."),
    "heat-cells": N_("How many people marked each square of 25 m."),
    "heat-hexagons": N_("The same counts in hexagons of a hectare, easier on the eye than squares."),
    "heat-contours": N_("The heat of the map, as areas."),
    "boundary": N_("The area in which pins may be placed."),
}
"""The layers that can be taken away, said in one sentence."""
CRS_WORDS = {KROVAK: "S-JTSK", WGS84: "WGS 84", 4258: "ETRS89"}
UTM_ZONE = 32600
"""Codes of the UTM zones of the north begin here."""


@dataclass(frozen=True)
class Addresses:
    """Where a GIS client reads the map."""

    api: str
    collection: str
    office: str
    """Of the office's files, without the slash."""

    @property
    def heat(self) -> str:
        """The heat as tiles."""
        return self.office + "/heat/{z}/{x}/{y}.png"

    @property
    def vector_tiles(self) -> str:
        """The pins as vector tiles."""
        return self.collection + "/tiles/WebMercatorQuad/{z}/{y}/{x}"


@blueprint.get("/maps/<slug>/connect")
def connect(slug: str) -> str:
    """How the map comes into QGIS, ArcGIS, GDAL and Python, and all its layers as files."""
    return _page(office_map(slug))


@blueprint.post("/maps/<slug>/connect/qgis")
def connect_qgis(slug: str) -> Response | tuple[str, int]:
    """The layers of the map for QGIS, in one file that signs in by a new token of its own."""
    the_map = office_map(slug)
    wanted = TokenInput(_token_name(the_map), request.form.get("password", "")[:MOST_PASSWORD_CHARACTERS])
    try:
        token = make_own(wanted, None if require().is_admin else [the_map.town_id])
    except InvalidInput as refusal:
        session().rollback()
        return _page(the_map, refusal), 422
    session().commit()
    response = Response(_qlr(the_map, Login("token", token)), mimetype=QLR)
    response.headers["Content-Disposition"] = f'attachment; filename="{the_map.slug}.qlr"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _page(the_map: MapRecord, refusal: Refusal | None = None) -> str:
    systems = _systems(the_map)
    asked = request.args.get("crs", "")
    chosen = asked if asked in systems else next(iter(systems))
    return render_template(
        "office/connect.html",
        the_map=the_map,
        official=require(),
        at=_addresses(the_map),
        layers=LAYERS.values(),
        about=ABOUT,
        everything=EVERYTHING,
        forms=FORMS.values(),
        systems=systems,
        chosen=chosen,
        accuracy=KROVAK_ACCURACY if the_map.metric_srid == KROVAK else "",
        asks_password=session_towns() is None,
        has_tokens=bool(tokens_of(session(), require().id)),
        problems=problems_by_field(refusal),
    )


def _addresses(the_map: MapRecord) -> Addresses:
    items: str = url_for("api.read_items", slug=the_map.slug, _external=True)
    return Addresses(
        api=url_for("api.landing", _external=True),
        collection=items.removesuffix("/items"),
        office=url_for("office.map_page", slug=the_map.slug, _external=True),
    )


def _systems(the_map: MapRecord) -> dict[str, str]:
    """The coordinate systems to choose from by their codes, the one in which the town measures first."""
    found = {crs.epsg for crs in offered_crs(the_map)} - {WEB_MERCATOR}
    codes = sorted(found, key=lambda code: (code != the_map.metric_srid, code not in CRS_WORDS, -code))
    return {f"EPSG:{code}": CRS_WORDS.get(code) or f"UTM {code - UTM_ZONE}N" for code in codes}


def _token_name(the_map: MapRecord) -> str:
    return f"QGIS: {say(the_map.title)}"[:MOST_NAME_CHARACTERS]


def _qlr(the_map: MapRecord, login: Login) -> str:
    """The pins over the heat of everything; the heat of each category waits to be switched on."""
    at, gettext = _addresses(the_map), reader_language().gettext
    west, south, east, north = the_map.boundary.bounds
    pins = LiveLayer(
        key=f"{the_map.slug}_pins",
        title=gettext(N_("Pins")),
        provider=FEATURES,
        source=features_source(at.api, the_map.slug, login),
        bounds=(west, south, east, north),
        look=_look(the_map),
    )
    heat = [
        LiveLayer(
            key=f"{the_map.slug}_heat_{key}",
            title=title,
            provider=TILES,
            source=tiles_source(at.heat + query, login),
            bounds=(west, south, east, north),
            shown=not query,
        )
        for key, title, query in (
            ("all", gettext(N_("Heat")), ""),
            *(
                (one.key, f"{gettext(N_('Heat'))}: {say(one.word)}", f"?category={one.key}")
                for one in the_map.categories
            ),
        )
    ]
    return layer_definition(say(the_map.title), [pins, *heat])


def _look(the_map: MapRecord) -> Layer:
    """How the pins are drawn: each category in its colour and shape."""
    paints = [Paint(one.key, say(one.word), one.color, one.shape) for one in the_map.categories]
    return Layer("pins", "", "Point", WGS84, (), iter(()), Look(paints, "category"))
