"""Heat as files: a picture, a GeoTIFF, contours, or the standalone map."""

from __future__ import annotations

from datetime import UTC, datetime

from app.inputs.heat import HeatQuery, Weight
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


def heat_file(the_map: MapRecord, heat: Heat, form: str, theme: ThemeName = "light") -> bytes:
    """The bytes of the whole surface as `png`, `tif` or `geojson`."""
    match form:
        case "tif":
            return geotiff(heat.surface, unit=unit_of(heat.query), tags=_tags(the_map, heat))
        case "geojson":
            areas = contour_features(heat.surface, heat.breaks, unit=unit_of(heat.query))
            return dumps(feature_collection(areas)).encode()
        case _:
            inks = heat_ramp(the_map, heat.query.category, theme)
            return town_picture(heat.surface, inks, heat.breaks, longest_px=PICTURE_PIXELS).png


def heat_tile(the_map: MapRecord, heat: Heat, zxy: tuple[int, int, int], theme: ThemeName) -> bytes:
    """One XYZ tile of the surface as PNG."""
    return tile(heat.surface, zxy, heat_ramp(the_map, heat.query.category, theme), heat.breaks)


def heat_ramp(the_map: MapRecord, category: str | None, theme: ThemeName = "light") -> Ramp:
    """The inks of a category; all together have a hue that is no category's."""
    if category is None:
        return ramp(palette().theme("light").ui["accent"], theme)
    return ramp(the_map.category_by_key[category].color, theme)


def unit_of(query: HeatQuery) -> str:
    """The unit of the surface."""
    return "people/ha" if query.weight is Weight.PEOPLE else "pins/ha"


def _tags(the_map: MapRecord, heat: Heat) -> dict[str, str]:
    return {
        "map": the_map.slug,
        "category": heat.query.category or "all",
        "weight": heat.query.weight,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }
