"""Layers as a GIS writes them, made by the real GDAL; and files that only pretend."""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from shapely.geometry.base import BaseGeometry

from gis.crs import to_metric, transform_geometry

SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj", ".cpg")


def a_layer(
    path: Path,
    shapes: Sequence[BaseGeometry],
    crs: str | None = "EPSG:4326",
    fields: Mapping[str, Sequence[Any]] | None = None,
    layer: str | None = None,
) -> Path:
    """A GeoPackage, Shapefile or FlatGeobuf of these shapes, whose coordinates are already in that system."""
    fields = fields or {"nazev": [f"Obec {n}" for n in range(len(shapes))]}
    options = {"append": True} if layer and path.exists() else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a layer without a system is what some tests are about
        _write(path, shapes, crs, fields, layer, options)
    return path


def _write(
    path: Path,
    shapes: Sequence[BaseGeometry],
    crs: str | None,
    fields: Mapping[str, Sequence[Any]],
    layer: str | None,
    options: Mapping[str, Any],
) -> None:
    pyogrio.raw.write(
        path,
        shapely.to_wkb(np.array(shapes, dtype=object)),
        [
            np.array(values, dtype=None if values and not isinstance(values[0], str) else object)
            for values in fields.values()
        ],
        list(fields),
        geometry_type=(shapes[0].geom_type + (" Z" if shapes[0].has_z else "")) if shapes else "Polygon",
        crs=crs,
        layer=layer,
        **options,
    )


def in_krovak(shape: BaseGeometry) -> BaseGeometry:
    """The WGS 84 shape in EPSG:5514."""
    return transform_geometry(shape, to_metric(5514))


def zipped(path: Path, folder: str = "", leave_out: Sequence[str] = ()) -> bytes:
    """The file with those of its name beside it, as a zip."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(path.parent.glob(f"{path.stem}.*")):
            if part.suffix not in leave_out:
                archive.write(part, f"{folder}{part.name}")
    return whole.getvalue()


def a_geojson(*shapes: BaseGeometry, **members: Any) -> bytes:
    """A FeatureCollection of these shapes."""
    features = [
        {
            "type": "Feature",
            "properties": {"nazev": f"Obec {n}"},
            "geometry": json.loads(shapely.to_geojson(shape)),
        }
        for n, shape in enumerate(shapes)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features, **members}).encode()
