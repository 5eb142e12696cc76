"""The form of a map's basemap: a source of tiles, a file, or blank paper; and the layer a town draws itself."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import urlsplit

import shapely
from shapely import MultiPolygon
from shapely.errors import ShapelyError

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.fields import storable
from gis.crs import recognise_krovak
from gis.geojson import dumps

MOST_LAYER_BYTES = 20_000_000
MOST_PACK_BYTES = 500_000_000
MOST_FEATURES = 300_000
MOST_ADDRESS_CHARACTERS = 1_000
MOST_ATTRIBUTION_CHARACTERS = 200
LEAST_ZOOM, MOST_ZOOM = 10, 22

POLYGON_KINDS = ("area", "green", "water", "building")
LINE_KINDS = ("street", "rail", "river", "barrier")
POINT_KINDS = ("place", "district", "lamp", "tree")
KINDS = (*POLYGON_KINDS, *LINE_KINDS, *POINT_KINDS)
"""What our own vector layer may hold (static/js/map/atlas.js)."""


@dataclass(frozen=True)
class Preset:
    """A well-known source of tiles."""

    key: str
    name: str
    hint: str
    url: str
    max_zoom: int
    attribution: str


_CUZK = "https://ags.cuzk.gov.cz/arcgis1/rest/services/{}/MapServer/tile/{{z}}/{{y}}/{{x}}"

PRESETS = (
    Preset(
        "ztm",
        N_("ČÚZK: topographic map"),
        N_("The state’s base map of Czechia: free, without a key, known from walks and offices."),
        _CUZK.format("ZTM_WM"),
        19,
        "© ČÚZK",
    ),
    Preset(
        "orto",
        N_("ČÚZK: aerial photographs"),
        N_("People find their bench and their tree; on a phone the names of streets are missing."),
        _CUZK.format("ORTOFOTO_WM"),
        20,
        "© ČÚZK",
    ),
    Preset(
        "osm",
        N_("OpenStreetMap"),
        N_(
            "The volunteers’ own server, for light use only: we keep each tile for a month and say who asks. "
            "For a campaign of thousands take ČÚZK, or a file of your own."
        ),
        "https://tile.openstreetmap.org/{z}/{x}/{y}.png",
        19,
        "© OpenStreetMap contributors",
    ),
)


@dataclass(frozen=True)
class BasemapForm:
    """What the form says; files come beside it."""

    kind: str
    url: str
    max_zoom: int
    attribution: str
    anyway: bool
    """Take the source although no picture came from it just now."""


def parse_basemap(form: Mapping[str, str]) -> BasemapForm:
    """The form's fields; InvalidInput names each wrong one."""
    problems: list[Problem] = []
    kind = form.get("kind", "")
    if kind not in ("vector", "xyz", "pmtiles", "none"):
        problems.append(Problem("kind", N_("Choose what the map stands on.")))
    attribution = " ".join(form.get("attribution", "").split())
    if len(attribution) > MOST_ATTRIBUTION_CHARACTERS or not storable(attribution):
        problems.append(
            Problem("attribution", N_("At most %(most)s characters."), {"most": MOST_ATTRIBUTION_CHARACTERS})
        )
    url, max_zoom = "", 19
    if kind == "xyz":
        url = _collected(problems, form.get("url", ""))
        zoom = form.get("max_zoom", "").strip() or "19"
        if zoom.isdecimal() and LEAST_ZOOM <= int(zoom[:3]) <= MOST_ZOOM:
            max_zoom = int(zoom)
        else:
            limits = {"least": LEAST_ZOOM, "most": MOST_ZOOM}
            problems.append(Problem("max_zoom", N_("A whole number from %(least)s to %(most)s."), limits))
        if not attribution:
            problems.append(Problem("attribution", N_("Say whose the map is; every source asks for that.")))
    if problems:
        raise InvalidInput(*problems)
    return BasemapForm(kind, url, max_zoom, attribution, anyway="anyway" in form)


def tile_template(text: str) -> str:
    """An address of tiles with {z}, {x} and {y}, also of one in the manner of WMTS; InvalidInput."""
    address = text.strip()
    for theirs, ours in (("TileMatrix", "z"), ("TileRow", "y"), ("TileCol", "x")):
        address = re.sub(rf"\{{{theirs}\}}", f"{{{ours}}}", address, flags=re.IGNORECASE)
    if "{-y}" in address:
        raise _wrong(N_("This source counts rows from the south (TMS); ask for its XYZ or WMTS address."))
    if "{s}" in address:
        raise _wrong(N_("Write one of the server’s names in the place of {s}, such as a."))
    holes = re.findall(r"\{([^{}]*)\}", address)
    if sorted(holes) != ["x", "y", "z"]:
        raise _wrong(N_("An address of tiles is a web address with {z}, {x} and {y} in it."))
    try:
        parts = urlsplit(address)
        there = parts.scheme in ("http", "https") and bool(parts.hostname) and "{" not in parts.netloc
    except ValueError:
        there = False
    is_clean = (
        len(address) <= MOST_ADDRESS_CHARACTERS and address.isascii() and not re.search(r"[\s\"<>\\^`|]", address)
    )
    if not there or not is_clean:
        raise _wrong(N_("An address of tiles is a web address with {z}, {x} and {y} in it."))
    if parts.username is not None:
        raise _wrong(N_("An address with a name and password in it can’t be used; ask for a key instead."))
    return address


def read_layer(source: IO[bytes], boundary: MultiPolygon) -> str:
    """A vector layer as the text that browsers get: known kinds only, plain properties, near the town."""
    raw = source.read(MOST_LAYER_BYTES + 1)
    if len(raw) > MOST_LAYER_BYTES:
        raise _bad_file(N_("The file is larger than %(megabytes)s MB."), megabytes=MOST_LAYER_BYTES // 1_000_000)
    try:
        features = json.loads(raw.decode("utf-8-sig"))["features"]
        kept = [_plain(feature) for feature in features if feature["properties"].get("kind") in KINDS]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _bad_file(
            N_("A basemap is a GeoJSON FeatureCollection whose features have a kind: %(kinds)s."),
            kinds=", ".join(KINDS),
        ) from error
    if len(kept) > MOST_FEATURES:
        raise _bad_file(N_("There are more than %(limit)s features; leave out the smallest."), limit=MOST_FEATURES)
    shapes = _shapes(kept)
    if not len(shapes):
        raise _bad_file(
            N_("No feature has a kind that we draw (%(kinds)s); check the column kind."), kinds=", ".join(KINDS)
        )
    vertices = shapely.get_coordinates(shapes)
    if recognise_krovak(vertices[:, 0], vertices[:, 1]) is not None:
        raise _bad_file(N_("The coordinates are S-JTSK; GeoJSON wants WGS 84 longitude and latitude."))
    if not shapely.box(*shapely.total_bounds(shapes)).intersects(shapely.box(*boundary.bounds)):
        raise _bad_file(N_("The layer lies elsewhere than the town; check its coordinates."))
    try:
        text = dumps({"type": "FeatureCollection", "features": kept})
        text.encode()  # a lone surrogate is a character of JSON, but not of any file
    except ValueError as error:
        raise _bad_file(N_("The file holds numbers or characters that JSON can't hold.")) from error
    return text


def _plain(feature: Mapping[str, Any]) -> dict[str, Any]:
    properties = {
        str(key): value
        for key, value in feature["properties"].items()
        if isinstance(value, str | int | float) and len(str(value)) <= MOST_ATTRIBUTION_CHARACTERS
    }
    return {"type": "Feature", "properties": properties, "geometry": feature["geometry"]}


def _shapes(features: list[dict[str, Any]]) -> Any:
    """The geometries; those that are none, or do not suit their kind, end the reading."""
    import numpy as np

    shapes = []
    for number, feature in enumerate(features, 1):
        kind = feature["properties"]["kind"]
        wanted = "Polygon" if kind in POLYGON_KINDS else "LineString" if kind in LINE_KINDS else "Point"
        try:
            shape = shapely.geometry.shape(feature["geometry"])
            is_sound = shape.geom_type.endswith(wanted) and bool(np.isfinite(shapely.get_coordinates(shape)).all())
        except (ValueError, TypeError, IndexError, KeyError, AttributeError, RecursionError, ShapelyError):
            is_sound = False
        if not is_sound:
            raise _bad_file(
                N_("Feature %(number)s (%(kind)s) has no %(wanted)s that can be drawn."),
                number=number, kind=kind, wanted=wanted,
            )  # fmt: skip
        shapes.append(shape)
    return np.array(shapes)


def _collected(problems: list[Problem], address: str) -> str:
    try:
        return tile_template(address)
    except InvalidInput as refusal:
        problems.extend(refusal.problems)
        return ""


def _wrong(message: str) -> InvalidInput:
    return InvalidInput(Problem("url", message))


def _bad_file(message: str, **data: object) -> InvalidInput:
    return InvalidInput(Problem("layer", message, data))
