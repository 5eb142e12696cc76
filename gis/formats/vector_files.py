"""Layers written into files that a GIS opens, in memory that does not grow with their rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from gis.formats.layer import Layer

FORMS = ("geojson", "csv", "gpkg", "fgb", "shp", "parquet")


def write_layers(layers: Sequence[Layer], form: str, path: Path) -> None:
    """Write the layers into a new file of this form; only a GeoPackage takes more than one.

    FileTooLarge (gis/formats/shapefile.py) where a form has a limit that the rows exceed. What a failure leaves
    at `path` is nobody's file.
    """
    if form == "gpkg":
        from gis.formats.geopackage import write_geopackage

        write_geopackage(layers, path)
        return
    (layer,) = layers
    _writers()[form](layer, path)


def _writers() -> Mapping[str, Callable[[Layer, Path], None]]:
    # Imported here: each form has libraries of its own, and the web's processes need none of them.
    from gis.formats.flatgeobuf import write_flatgeobuf
    from gis.formats.geoparquet import write_geoparquet
    from gis.formats.shapefile import write_shapefile

    return {
        "geojson": _write_geojson,
        "csv": _write_csv,
        "fgb": write_flatgeobuf,
        "shp": write_shapefile,
        "parquet": write_geoparquet,
    }


def _write_geojson(layer: Layer, path: Path) -> None:
    from gis.formats.layer_geojson import layer_geojson

    _write_pieces(layer_geojson(layer), path)


def _write_csv(layer: Layer, path: Path) -> None:
    from gis.formats.table_csv import layer_csv

    _write_pieces(layer_csv(layer), path)


def _write_pieces(pieces: Iterable[bytes], path: Path) -> None:
    with path.open("wb") as file:
        file.writelines(pieces)
