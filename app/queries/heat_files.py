"""Heat as files: a picture, a GeoTIFF, contours, or the standalone map."""

from __future__ import annotations

from datetime import UTC, datetime

from app.inputs.heat import HeatQuery, Measure, Weight
from app.queries.heat_store import Heat
from app.queries.maps import MapRecord
from gis.formats.contours import contour_features
from gis.formats.geotiff import geotiff
from gis.formats.heat_png import tile, town_picture
from gis.geojson import dumps, feature_collection
from gis.palette import ThemeName, palette
from gis.ramp import Ramp, ramp

PICTURE_PIXELS = 1600
"""The longer side of the whole-town picture: sharp on a poster's inset, and small to send."""
MIMETYPES = {"png": "image/png", "tif": "image/tiff", "geojson": "application/geo+json"}


def heat_file(the_map: MapRecord, heat: Heat, form: str, theme: ThemeName = "light", *, chosen: str = "") -> bytes:
    """The bytes of the whole surface as `png`, `tif` or `geojson`.

    `chosen` is the filter as it stands in an address: a GeoTIFF on somebody's disk says which pins it was made of.
    """
    match form:
        case "tif":
            return geotiff(heat.shown, unit=unit_of(heat.query), tags=_tags(the_map, heat, chosen))
        case "geojson":
            areas = contour_features(heat.shown, heat.breaks, unit=unit_of(heat.query))
            return dumps(feature_collection(areas)).encode()
        case _:
            inks = heat_ramp(the_map, heat.query.category, theme)
            return town_picture(heat.shown, inks, heat.breaks, longest_px=PICTURE_PIXELS).png


def heat_tile(the_map: MapRecord, heat: Heat, zxy: tuple[int, int, int], theme: ThemeName) -> bytes:
    """One XYZ tile of the surface as PNG."""
    return tile(heat.shown, zxy, heat_ramp(the_map, heat.query.category, theme), heat.breaks)


def heat_ramp(the_map: MapRecord, category: str | None, theme: ThemeName = "light") -> Ramp:
    """The inks of a category; all together have a hue that is no category's."""
    if category is None:
        return ramp(palette().theme("light").ui["accent"], theme)
    return ramp(the_map.category_by_key[category].color, theme)


def file_words(query: HeatQuery) -> list[str]:
    """What a file of this surface is called behind the map's own name."""
    kind = "share" if query.measure is Measure.SHARE else "heat"
    return [kind, query.category or "all"]


def unit_of(query: HeatQuery) -> str:
    """The unit of the surface."""
    if query.measure is Measure.SHARE:
        return "%"
    return "people/ha" if query.weight is Weight.PEOPLE else "pins/ha"


def _tags(the_map: MapRecord, heat: Heat, chosen: str) -> dict[str, str]:
    tags = {
        "map": the_map.slug,
        "category": heat.query.category or "all",
        "weight": heat.query.weight,
        "measure": heat.query.measure,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    if chosen:
        tags["filter"] = chosen
    if heat.share:
        tags["least_people_per_ha"] = f"{heat.share.least:.4g}"
    return tags
