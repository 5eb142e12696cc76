"""In which form and coordinate system a file is wanted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from app.errors import Malformed, Problem
from app.i18n import N_
from gis.crs import WGS84, UnknownCrs, is_flat

EPSG = re.compile(r"EPSG:([0-9]{1,6})", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class Form:
    """One kind of file that layers are given away as."""

    key: str
    """How the command line and the code name it."""
    ending: str
    """The end of its file name and of its address, without the dot."""
    mimetype: str
    title: str
    """What people call it: a gettext id, or a name that is the same in every language."""
    streamed: bool = False
    """Whether it can be sent while it is made; the others are made on disk first."""


FORMS: Mapping[str, Form] = {
    form.key: form
    for form in (
        Form("geojson", "geojson", "application/geo+json", "GeoJSON", streamed=True),
        Form("csv", "csv", "text/csv", N_("CSV table"), streamed=True),
        Form("gpkg", "gpkg", "application/geopackage+sqlite3", "GeoPackage"),
        Form("fgb", "fgb", "application/flatgeobuf", "FlatGeobuf"),
        Form("shp", "shp.zip", "application/zip", N_("Shapefile (zipped)")),
        Form("parquet", "parquet", "application/vnd.apache.parquet", "GeoParquet"),
    )
}
FORM_BY_ENDING: Mapping[str, Form] = {form.ending: form for form in FORMS.values()}


def parse_epsg(text: str | None) -> int:
    """The EPSG code of `EPSG:n`, WGS 84 where nothing is said; Malformed for systems that no flat map has."""
    if text is None:
        return WGS84
    found = EPSG.fullmatch(text)
    if not found:
        raise Malformed(Problem("crs", N_("A coordinate system is written like EPSG:5514.")))
    epsg = int(found[1])
    try:
        flat = is_flat(epsg)
    except UnknownCrs:
        flat = False
    if not flat:
        raise Malformed(Problem("crs", N_("We don't know the coordinate system EPSG:%(n)s."), {"n": epsg}))
    return epsg
