"""A QGIS layer definition (.qlr): live layers that open with one double click, in their colours.

A layer reads from the server whenever QGIS draws it; the file holds addresses, styles and the way to sign in,
never data. Written for QGIS 3.22 and read by every later one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_letters, digits
from typing import Final
from xml.etree import ElementTree as ET

from gis.crs import WEB_MERCATOR, WGS84
from gis.formats.layer import Layer
from gis.formats.qgis_style import qml

DOCTYPE: Final = "<!DOCTYPE qgis-layer-definition>\n"
REFRESH_MS: Final = 300_000
"""How often an open map asks the server again."""
PAGE_ITEMS: Final = 5000
FEATURES: Final = "OAPIF"
TILES: Final = "wms"
"""How QGIS calls its readers of OGC API – Features, and of tiles."""
PLAIN: Final = frozenset(ascii_letters + digits + "-._~")
SRSID: Final = {WGS84: 3452, WEB_MERCATOR: 3857}
"""The systems' numbers in QGIS's own list: without one it does not look at the code."""


@dataclass(frozen=True)
class Login:
    """What the layers say to the server: a user name and a password, as HTTP Basic."""

    user: str
    password: str


@dataclass(frozen=True)
class LiveLayer:
    """One layer of the definition; `look` gives a layer of features its renderer."""

    key: str
    title: str
    provider: str
    source: str
    bounds: tuple[float, float, float, float]
    """West, south, east, north in degrees."""
    shown: bool = True
    look: Layer | None = None


def features_source(api: str, collection: str, login: Login | None = None) -> str:
    """The source of a collection of an OGC API, read page by page as far as the map is in view."""
    values = {
        "pagingEnabled": "enabled",
        "pageSize": str(PAGE_ITEMS),
        "restrictToRequestBBOX": "1",
        "srsname": "OGC:CRS84",
        "typename": collection,
        "url": api,
        **_sign_in(login),
    }
    return " ".join(f"{name}='{_escaped(value)}'" for name, value in values.items())


def tiles_source(template: str, login: Login | None = None, *, most_zoom: int = 20) -> str:
    """The source of tiles from an address with {z}, {x} and {y} in it."""
    values = {"type": "xyz", "url": _percent(template, plain=":/"), "zmin": "0", "zmax": str(most_zoom)}
    values |= {name: _percent(value) for name, value in _sign_in(login).items()}
    return "&".join(f"{name}={value}" for name, value in values.items())


def layer_definition(title: str, layers: Sequence[LiveLayer]) -> str:
    """The file: these layers in a group of this title, the first on top."""
    root = ET.Element("qlr")
    tree = ET.SubElement(root, "layer-tree-group", name="", expanded="1", checked="Qt::Checked")
    group = ET.SubElement(tree, "layer-tree-group", name=title, expanded="1", checked="Qt::Checked")
    maps = ET.SubElement(root, "maplayers")
    for layer in layers:
        ET.SubElement(
            group,
            "layer-tree-layer",
            id=layer.key,
            name=layer.title,
            providerKey=layer.provider,
            source=layer.source,
            checked="Qt::Checked" if layer.shown else "Qt::Unchecked",
            expanded="1",
        )
        maps.append(_map_layer(layer))
    return DOCTYPE + ET.tostring(root, "unicode")


def _map_layer(layer: LiveLayer) -> ET.Element:
    features = layer.provider == FEATURES
    element = ET.Element(
        "maplayer",
        type="vector" if features else "raster",
        styleCategories="AllStyleCategories",
        autoRefreshEnabled="1",
        autoRefreshMode="ReloadData",
        autoRefreshTime=str(REFRESH_MS),
        readOnly="1",
    )
    extent = ET.SubElement(element, "wgs84extent")
    for name, value in zip(("xmin", "ymin", "xmax", "ymax"), layer.bounds, strict=True):
        ET.SubElement(extent, name).text = f"{value:.6f}"
    ET.SubElement(element, "id").text = layer.key
    ET.SubElement(element, "datasource").text = layer.source
    ET.SubElement(element, "layername").text = layer.title
    system = ET.SubElement(ET.SubElement(element, "srs"), "spatialrefsys")
    epsg = WGS84 if features else WEB_MERCATOR
    ET.SubElement(system, "srsid").text = str(SRSID[epsg])
    ET.SubElement(system, "srid").text = str(epsg)
    ET.SubElement(system, "authid").text = f"EPSG:{epsg}"
    ET.SubElement(element, "provider", encoding="UTF-8").text = layer.provider
    if features:
        element.set("geometry", "Point")
        element.set("wkbType", "Point")
    if layer.look is not None:
        element.append(_renderer(layer.look))
    return element


def _renderer(look: Layer) -> ET.Element:
    """The renderer of the layer's own style."""
    style = ET.fromstring(qml(look).partition("\n")[2])  # noqa: S314 - written by us a line before
    found = style.find("renderer-v2")
    if found is None:
        msg = f"the style of {look.name} has no renderer"
        raise ValueError(msg)
    return found


def _sign_in(login: Login | None) -> dict[str, str]:
    return {} if login is None else {"username": login.user, "password": login.password}


def _percent(text: str, plain: str = "") -> str:
    """The text as a value of a query string; `plain` characters stay beside letters, digits and `-._~`."""
    kept = PLAIN | set(plain)
    return "".join(one if one in kept else "".join(f"%{byte:02X}" for byte in one.encode()) for one in text)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("'", "\\'")
