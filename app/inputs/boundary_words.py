"""Why a boundary can't be used, in words that say what to do."""

from __future__ import annotations

from app.errors import Problem
from app.i18n import N_
from gis.geojson import InvalidGeometry, Reason

WORDS = {
    Reason.NOT_JSON: N_("This is not valid JSON: %(reason)s"),
    Reason.NOT_GEOJSON: N_("This is not GeoJSON."),
    Reason.EMPTY: N_("There is no area in it."),
    Reason.SEVERAL_FEATURES: N_("There are several features; a boundary is one area."),
    Reason.NOT_A_POLYGON: N_("A boundary is a Polygon or a MultiPolygon."),
    Reason.NOT_A_NUMBER: N_("Some coordinates are not numbers."),
    Reason.TOO_MANY_VERTICES: N_("The boundary has too many points; simplify it."),
    Reason.KROVAK_NUMBERS: N_("The coordinates are S-JTSK; GeoJSON wants WGS 84 longitude and latitude."),
    Reason.NOT_WGS84: N_("The coordinates are not WGS 84 longitude and latitude."),
    Reason.SELF_CROSSING: N_("The boundary crosses itself; repair it in a GIS."),
}


def boundary_problem(error: InvalidGeometry, field: str) -> Problem:
    """The failure as a problem of this field."""
    data = {"reason": "", **error.details}
    return Problem(field, WORDS[error.reason], data)
