"""Files that the app gave away, read back by what their readers have: GDAL, pyarrow, json and csv."""

from __future__ import annotations

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyogrio
import shapely
from pyarrow import parquet
from pyproj import CRS

FORMS = ("geojson", "csv", "gpkg", "fgb", "shp.zip", "parquet")


@dataclass(frozen=True)
class Taken:
    """One layer as it was read."""

    rows: Sequence[Mapping[str, Any]]
    """The properties of every row, the id too."""
    shapes: Sequence[shapely.Geometry]
    epsg: int | None
    """None where the file says nothing, as WGS 84 in GeoJSON and GeoParquet."""

    @property
    def columns(self) -> list[str]:
        """The names of the columns, in their order."""
        return list(self.rows[0])


def taken(data: bytes, ending: str, layer: str = "pins") -> Taken:
    """The layer in these bytes."""
    if ending == "geojson":
        return _geojson(data)
    if ending == "csv":
        return _csv(data)
    if ending == "parquet":
        return _parquet(data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"file.{ending}")
        path.write_bytes(data)
        return by_gdal(f"/vsizip/{path}/{layer}.shp" if ending == "shp.zip" else str(path), layer)


def by_gdal(path: str, layer: str) -> Taken:
    """One layer of a file on disk, as GDAL reads it."""
    meta, table = pyogrio.read_arrow(path, layer=layer, datetime_as_string=True)
    shapes = shapely.from_wkb(table.column(meta["geometry_name"] or "wkb_geometry").to_pylist())
    rows = table.drop_columns([meta["geometry_name"] or "wkb_geometry"]).to_pylist()
    return Taken(rows, list(shapes), CRS.from_user_input(meta["crs"]).to_epsg() if meta["crs"] else None)


def everything_said(data: bytes, ending: str) -> str:
    """All that stands in a file, packed or not, as one text to search in."""
    if ending == "shp.zip":
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return "".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())
    if ending == "parquet":
        table = parquet.read_table(io.BytesIO(data))
        return str(table.schema.metadata) + str(table.to_pylist())
    return data.decode("utf-8", "replace")


def _geojson(data: bytes) -> Taken:
    whole = json.loads(data)
    rows = [{"id": feature["id"], **feature["properties"]} for feature in whole["features"]]
    shapes = [shapely.from_geojson(json.dumps(feature["geometry"])) for feature in whole["features"]]
    named = whole.get("crs", {}).get("properties", {}).get("name", "")
    return Taken(rows, shapes, int(named.rpartition(":")[2]) if named else None)


def _csv(data: bytes) -> Taken:
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))
    own = {"wkt", "lon", "lat", "x", "y", "crs"}
    return Taken(
        [{key: value for key, value in row.items() if key not in own} for row in rows],
        [shapely.from_wkt(row["wkt"]) for row in rows],
        int(rows[0]["crs"].removeprefix("EPSG:")) if rows else None,
    )


def _parquet(data: bytes) -> Taken:
    table = parquet.read_table(io.BytesIO(data))
    geo = json.loads(table.schema.metadata[b"geo"])
    column = geo["columns"][geo["primary_column"]]
    rows = table.drop_columns([geo["primary_column"]]).to_pylist()
    shapes = shapely.from_wkb(table.column(geo["primary_column"]).to_pylist())
    return Taken(rows, list(shapes), CRS.from_json_dict(column["crs"]).to_epsg())
