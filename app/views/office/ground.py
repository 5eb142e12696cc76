"""The ground on which an editor draws or looks: the map's own, and not only as far as its boundary reaches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for

from app.inputs.defaults import CZECH_BASEMAP
from app.queries.maps import MapRecord
from app.views.citizen import basemap_config
from app.views.reader import say


def ground_config(the_map: MapRecord) -> dict[str, Any]:
    """The basemap as map modules take it; tiles come from everywhere, blank paper is the state's map meanwhile."""
    kind = the_map.basemap.get("kind", "none")
    rule: Mapping[str, Any] = CZECH_BASEMAP if kind == "none" else the_map.basemap
    if rule["kind"] != "xyz":
        return basemap_config(the_map)
    return tiles_config(the_map, rule["url"], say(rule.get("attribution")), rule.get("max_zoom", 19))


def tiles_config(the_map: MapRecord, template: str, attribution: str, max_zoom: int) -> dict[str, Any]:
    """Tiles of any source, fetched for editors only."""
    address = url_for("office.basemap_tile", slug=the_map.slug, z=0, x=0, y=0, url=template)
    return {
        "kind": "xyz",
        "url": address.replace("/0/0/0?", "/{z}/{x}/{y}?", 1),
        "attribution": attribution,
        "maxZoom": max_zoom,
    }
