"""Why a boundary can't be used, in words that say what to do."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from app.errors import Problem
from app.i18n import N_
from app.inputs.boundary_reader import Fault
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


class UploadFault(StrEnum):
    """Why an uploaded file was not even opened as a layer."""

    NO_FILE = "no_file"
    TOO_LARGE = "too_large"
    PROGRAM = "program"
    XML = "xml"
    NOT_A_LAYER = "not_a_layer"
    LONE_SHP = "lone_shp"
    BROKEN_ZIP = "broken_zip"
    ENCRYPTED = "encrypted"
    MANY_ENTRIES = "many_entries"
    ESCAPING = "escaping"
    BOMB = "bomb"
    NO_LAYER_IN_ZIP = "no_layer_in_zip"
    SEVERAL_LAYERS_IN_ZIP = "several_layers_in_zip"
    MISSING_PARTS = "missing_parts"
    TOO_HARD = "too_hard"
    NOTHING_LEFT = "nothing_left"


UPLOAD_WORDS = {
    UploadFault.NO_FILE: N_("Choose a file first; this one is empty or missing."),
    UploadFault.TOO_LARGE: N_(
        "The file is larger than %(megabytes)s MB; leave only your municipality in it, or simplify its outline."
    ),
    UploadFault.PROGRAM: N_(
        "This is a program, not a map layer; choose a GeoJSON, GeoPackage or zipped Shapefile."
    ),
    UploadFault.XML: N_("We don't read KML, GML and other XML; export the layer from your GIS as a GeoPackage."),
    UploadFault.NOT_A_LAYER: N_(
        "%(name)s is not a map layer that we read; choose a GeoJSON, GeoPackage or zipped Shapefile."
    ),
    UploadFault.LONE_SHP: N_(
        "A Shapefile is several files; pack the .shp with its .shx, .dbf and .prj into one zip and upload that."
    ),
    UploadFault.BROKEN_ZIP: N_("The zip is damaged and can't be unpacked; pack the layer again."),
    UploadFault.ENCRYPTED: N_("The zip asks for a password; pack the layer again without one."),
    UploadFault.MANY_ENTRIES: N_("There are more than %(limit)s files in the zip; pack only the one layer."),
    UploadFault.ESCAPING: N_(
        "The zip holds paths or links that lead out of it, so it stays packed; pack just the layer's files."
    ),
    UploadFault.BOMB: N_(
        "Unpacked, the zip would grow beyond %(megabytes)s MB, so it stays packed; pack only the one layer."
    ),
    UploadFault.NO_LAYER_IN_ZIP: N_(
        "There is no Shapefile, GeoPackage or GeoJSON in the zip; pack the layer's files."
    ),
    UploadFault.SEVERAL_LAYERS_IN_ZIP: N_("There are several layers in the zip (%(names)s); leave only one."),
    UploadFault.MISSING_PARTS: N_(
        "The zip lacks the Shapefile's %(missing)s; pack all the files of that name together."
    ),
    UploadFault.TOO_HARD: N_(
        "The file could not be read within half a minute; save the layer anew in your GIS, with your town only."
    ),
    UploadFault.NOTHING_LEFT: N_("The areas in it have no size; check the layer in your GIS."),
}

READER_WORDS = {
    Fault.UNREADABLE: N_("The layer in the file can't be read (%(reason)s); save it anew in your GIS."),
    Fault.NOT_GEOJSON: N_("This is not valid GeoJSON (%(reason)s); export the layer from your GIS once more."),
    Fault.EMPTY: N_("The layer is empty; check in your GIS that it holds the area, and save it again."),
    Fault.NO_AREAS: N_(
        "There are no areas in the layer, only %(found)s; turn them into polygons in your GIS first."
    ),
    Fault.TOO_MANY_AREAS: N_(
        "There are more than %(limit)s areas in the file; leave only those of your town or its surroundings."
    ),
    Fault.TOO_MANY_VERTICES: N_(
        "The outlines have more than %(limit)s points together; simplify them in your GIS."
    ),
    Fault.NO_CRS: N_(
        "The file does not name its coordinate system (%(x)s, %(y)s); add the .prj, or save it in WGS 84."
    ),
    Fault.UNKNOWN_CRS: N_(
        "We can't go from the file's coordinate system (%(crs)s) to WGS 84; save it in WGS 84 or S-JTSK."
    ),
    Fault.OUTSIDE_EUROPE: N_(
        "By its coordinate system it lies outside Europe (%(lon)s, %(lat)s); check which system it is really in."
    ),
    Fault.SWAPPED: N_(
        "Latitude and longitude are swapped; save the layer with longitude first, as GeoJSON wants it."
    ),
    Fault.TOO_HARD: UPLOAD_WORDS[UploadFault.TOO_HARD],
}

FILE_FIELD = "file"


def upload_problem(fault: UploadFault, **data: object) -> Problem:
    """What is wrong with the uploaded file."""
    return Problem(FILE_FIELD, UPLOAD_WORDS[fault], data)


def reader_problem(fault: str, data: Mapping[str, object]) -> Problem:
    """What is wrong with the layer in the uploaded file."""
    return Problem(FILE_FIELD, READER_WORDS[Fault(fault)], data)
