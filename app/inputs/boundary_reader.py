"""Areas from a stranger's file, read by a process of its own: `python -m app.inputs.boundary_reader FILE …`.

GDAL is millions of lines of C, and a GeoPackage is a database that may compute: whatever a file makes them do
happens here, with little memory, a few seconds, no secrets in the environment, and only two of GDAL's drivers.
The answer is one JSON object: `areas`, or `problem` (a Fault) with its `data`.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError
from shapely import MultiPolygon
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from app.inputs.reading_apart import confine, reason
from gis.crs import KROVAK, WGS84, UnknownCrs, recognise_krovak, transform_geometry, transformer
from gis.outline import mended, polygonal

MOST_CPU_S = 25
MOST_AREAS = 2_000
MOST_ROWS = 50_000
"""Rows of a layer whose codes are looked through for one town: the country has 6 258 municipalities."""
MOST_VERTICES = 2_000_000
MOST_NAME_CHARACTERS = 80
EUROPE = (-32.0, 27.0, 46.0, 82.0)
CZECHIA = (12.0, 48.5, 18.9, 51.1)
KROVAK_KIN = (None, WGS84, 2065, 4156, 5221, 5513, KROVAK)
"""Systems whose numbers are looked at: many files name one of them and mean another order or sign."""
EPSG = re.compile(r"EPSG:{1,2}(?:[\d.]*:)?(\d{4,6})\b", re.IGNORECASE)
NAME_FIELDS = ("nazev", "naz_obec", "nazob", "naz", "obec", "name", "jmeno", "nazov", "navn", "nazwa")
CODE_FIELDS = ("obec", "kod", "ruian", "icob", "lau", "code", "nuts")


class Fault(StrEnum):
    """Why there is no area to take from a file; said in words by boundary_words.py."""

    UNREADABLE = "unreadable"
    NOT_GEOJSON = "not_geojson"
    EMPTY = "empty"
    NO_AREAS = "no_areas"
    TOO_MANY_AREAS = "too_many_areas"
    TOO_MANY_VERTICES = "too_many_vertices"
    NO_CRS = "no_crs"
    UNKNOWN_CRS = "unknown_crs"
    OUTSIDE_EUROPE = "outside_europe"
    SWAPPED = "swapped"
    TOO_HARD = "too_hard"


class Unreadable(Exception):
    """A file that gives no area."""

    def __init__(self, fault: Fault, **data: object) -> None:
        super().__init__(fault)
        self.fault = fault
        self.data = data


@dataclass(frozen=True)
class Layer:
    """One layer as it lies in the file."""

    name: str
    crs: str | None
    shapes: Sequence[BaseGeometry | None]
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Found:
    """One area of a file in WGS 84."""

    name: str
    area: MultiPolygon
    crossing: str | None
    """Where its outline crossed itself before it was mended."""
    rank: int | None
    """How well it answers to the town that was asked for; the least is the best."""


def read_areas(path: Path, ruian: int | None, town: str) -> tuple[list[Found], list[str]]:
    """All areas of a file, the town's own marked, and what was turned on the way; Unreadable."""
    layers = [_geojson_layer(path)] if path.suffix == ".geojson" else list(_gdal_layers(path, ruian))
    with_areas = [layer for layer in layers if any(len(polygonal(shape).geoms) for shape in layer.shapes)]
    if not with_areas:
        shapes = [shape for layer in layers for shape in layer.shapes if shape is not None and not shape.is_empty]
        if shapes:
            raise Unreadable(Fault.NO_AREAS, found=shapes[0].geom_type)
        raise Unreadable(Fault.EMPTY)
    found: list[Found] = []
    turned: list[str] = []
    for layer in with_areas:
        found += _areas(layer, ruian, town, turned)
    if len(found) > MOST_AREAS:
        raise Unreadable(Fault.TOO_MANY_AREAS, count=len(found), limit=MOST_AREAS)
    return _only_best(found), turned


def _areas(layer: Layer, ruian: int | None, town: str, turned: list[str]) -> Iterator[Found]:
    rows = [(s, row) for s, row in zip(layer.shapes, layer.rows, strict=True) if len(polygonal(s).geoms)]
    shapes = np.array([polygonal(shape) for shape, _ in rows])
    if len(shapes) > MOST_AREAS:
        raise Unreadable(Fault.TOO_MANY_AREAS, count=len(shapes), limit=MOST_AREAS)
    if int(shapely.get_num_coordinates(shapes).sum()) > MOST_VERTICES:
        raise Unreadable(Fault.TOO_MANY_VERTICES, limit=MOST_VERTICES)
    placed = _in_wgs84(shapes, layer.crs, turned)
    _refuse_far_away(placed)
    name_field = _name_field([row for _, row in rows])
    ranks = _ranks([row for _, row in rows], ruian, town)
    for n, (area, (_, row)) in enumerate(zip(placed, rows, strict=True)):
        crossing = None if area.is_valid else shapely.is_valid_reason(area)
        whole = area if crossing is None else mended(area)
        if whole.area:
            name = _text(row.get(name_field)) if name_field else ""
            yield Found(
                name or (layer.name if len(rows) == 1 else f"{layer.name} {n + 1}"), whole, crossing, ranks[n]
            )


def _in_wgs84(shapes: np.ndarray, crs: str | None, turned: list[str]) -> np.ndarray:
    vertices = shapely.get_coordinates(shapes)
    if not np.isfinite(vertices).all():
        raise Unreadable(Fault.UNREADABLE, reason="NaN")
    x, y = vertices[:, 0], vertices[:, 1]
    epsg = _epsg(crs)
    krovak = recognise_krovak(x, y) if epsg in KROVAK_KIN or "krovak" in str(crs).lower() else None
    if krovak is not None:
        if not krovak.is_standard or epsg not in (5513, KROVAK):
            turned.append(krovak.order)
        lon, lat = transformer(KROVAK, WGS84)(krovak.east, krovak.north)
        placed: np.ndarray = shapely.set_coordinates(shapes.copy(), np.column_stack([lon, lat]))
        return placed
    if crs is None:
        if (np.abs(x) > 180).any() or (np.abs(y) > 90).any():
            raise Unreadable(Fault.NO_CRS, x=round(float(x[0])), y=round(float(y[0])))
        return shapes
    try:
        if epsg is not None:
            moved = transform_geometry(shapes, transformer(epsg, WGS84))
        else:
            way = Transformer.from_crs(CRS.from_user_input(crs), WGS84, always_xy=True)
            moved = transform_geometry(shapes, way.transform)
    except (UnknownCrs, ProjError, ShapelyError) as error:
        raise Unreadable(Fault.UNKNOWN_CRS, crs=str(crs)[:60]) from error
    return np.asarray(moved)


def _refuse_far_away(shapes: np.ndarray) -> None:
    west, south, east, north = shapely.total_bounds(shapes)
    box = [float(edge) for edge in (west, south, east, north)]
    if all(math.isfinite(edge) for edge in box):
        if EUROPE[0] <= west and EUROPE[1] <= south and east <= EUROPE[2] and north <= EUROPE[3]:
            return
        if CZECHIA[0] <= south and CZECHIA[1] <= west and north <= CZECHIA[2] and east <= CZECHIA[3]:
            raise Unreadable(Fault.SWAPPED)
        raise Unreadable(Fault.OUTSIDE_EUROPE, lon=round(west, 2), lat=round(south, 2))
    raise Unreadable(Fault.UNKNOWN_CRS, crs="?")


def _geojson_layer(path: Path) -> Layer:
    try:
        parsed = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise Unreadable(Fault.NOT_GEOJSON, reason=reason(error, path)) from error
    features = parsed.get("features") if isinstance(parsed, dict) else None
    if isinstance(parsed, dict) and parsed.get("type") != "FeatureCollection":
        features = [parsed if parsed.get("type") == "Feature" else {"geometry": parsed}]
    if not isinstance(features, list) or not all(isinstance(feature, dict) for feature in features):
        raise Unreadable(Fault.NOT_GEOJSON, reason="FeatureCollection")
    crs = parsed.get("crs")
    named = json.dumps(crs) if crs is not None else None
    code = EPSG.search(named) if named else None
    rows = [f["properties"] if isinstance(f.get("properties"), dict) else {} for f in features]
    return Layer(
        "GeoJSON",
        f"EPSG:{code[1]}" if code else None,
        [_shape(feature.get("geometry")) for feature in features],
        [{str(key): value for key, value in row.items()} for row in rows],
    )


def _shape(geometry: Any) -> BaseGeometry | None:
    if geometry is None:
        return None
    try:
        return shapely.geometry.shape(geometry)
    except (ValueError, TypeError, IndexError, KeyError, AttributeError, RecursionError, ShapelyError) as error:
        raise Unreadable(Fault.NOT_GEOJSON, reason=str(error)[:120]) from error


def _gdal_layers(path: Path, ruian: int | None) -> Iterator[Layer]:
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError, FieldError, GeometryError
    from pyogrio.raw import read

    wanted = {".gpkg": "GPKG", ".shp": "ESRI Shapefile"}[path.suffix]
    try:
        for name, kind in pyogrio.list_layers(path):
            if kind is None:
                continue
            info = pyogrio.read_info(path, layer=name)
            if info["driver"] != wanted:
                raise Unreadable(Fault.UNREADABLE, reason=str(info["driver"]))
            fields = [str(f) for f, kind in zip(info["fields"], info["dtypes"], strict=True) if _is_plain(kind)][
                :100
            ]
            which = _which_rows(path, str(name), fields, ruian) if ruian else None
            rows_read = {"fids": which} if which is not None else {"max_features": MOST_AREAS + 1}
            meta, _, shapes, columns = read(path, layer=name, columns=fields, **rows_read)
            rows = [dict(zip(meta["fields"], values, strict=True)) for values in zip(*columns, strict=True)]
            yield Layer(
                str(name),
                info["crs"],
                list(shapely.from_wkb(shapes)),
                rows or [{}] * len(shapes),
            )
    except (
        DataSourceError, DataLayerError, FieldError, GeometryError, ShapelyError,
        ValueError, LookupError, TypeError, NameError,
    ) as error:  # fmt: skip
        raise Unreadable(Fault.UNREADABLE, reason=reason(error, path)) from error


def _which_rows(path: Path, layer: str, fields: Sequence[str], ruian: int) -> np.ndarray | None:
    """Of a layer of more areas than one can choose from, the rows that carry the town's code; None: all rows."""
    import pyogrio
    from pyogrio.raw import read

    if not fields or not pyogrio.read_info(path, layer=layer, force_feature_count=True)["features"] > MOST_AREAS:
        return None
    options = {"layer": layer, "columns": list(fields), "read_geometry": False, "return_fids": True}
    meta, fids, _, columns = read(path, max_features=MOST_ROWS, **options)
    by_name = dict(zip(meta["fields"], columns, strict=True))
    for field in sorted(by_name, key=_code_rank):
        hits = np.array([_number(value) == ruian for value in by_name[field]])
        if 0 < hits.sum() <= MOST_AREAS:
            found: np.ndarray = fids[hits]
            return found
    return None


def _is_plain(dtype: Any) -> bool:
    return str(dtype).startswith(("object", "int", "uint", "float"))


def _epsg(crs: str | None) -> int | None:
    if not crs:
        return None
    if crs.upper().startswith("EPSG:"):
        return int(crs[5:]) if crs[5:].isdigit() else None
    try:
        return CRS.from_user_input(crs).to_epsg(min_confidence=60)
    except ProjError:
        return None


def _name_field(rows: Sequence[Mapping[str, Any]]) -> str | None:
    """The field that calls areas by name: one of the usual names, else the first with words in it."""
    fields = list(rows[0]) if rows else []
    texts = [f for f in fields if any(isinstance(row.get(f), str) and row[f].strip() for row in rows)]
    for known in NAME_FIELDS:
        for field in texts:
            if field.lower().startswith(known):
                return field
    return texts[0] if texts else None


def _ranks(rows: Sequence[Mapping[str, Any]], ruian: int | None, town: str) -> list[int | None]:
    """How well each row answers to the town: by its code in the likeliest field that has it, else by its name."""
    fields = sorted(rows[0], key=_code_rank) if rows else []
    for field in fields if ruian else ():
        hits = [_number(row.get(field)) == ruian for row in rows]
        if any(hits):
            return [_code_rank(field) if hit else None for hit in hits]
    for field in fields:
        hits = [_text(row.get(field)).casefold() == town.casefold() for row in rows]
        if sum(hits) == 1:
            return [100 if hit else None for hit in hits]
    return [200 if len(rows) == 1 else None for _ in rows]


def _code_rank(field: str) -> int:
    return next((n for n, part in enumerate(CODE_FIELDS) if part in field.lower()), len(CODE_FIELDS))


def _only_best(found: Sequence[Found]) -> list[Found]:
    """Of several layers that know the town only the one that knows it best."""
    ranks = [one.rank for one in found if one.rank is not None]
    best = min(ranks, default=None)
    if best == 200 and len(found) > 1:  # several layers of one area each: nobody said which
        best = None
    return [replace(one, rank=0 if one.rank == best else None) if ranks else one for one in found]


def _number(value: Any) -> int | None:
    try:
        number = float(str(value).strip())
    except ValueError:
        return None
    return int(number) if number.is_integer() else None


def _text(value: Any) -> str:
    text = "" if value is None else " ".join(str(value).split())
    plain = "".join(char for char in text if char.isprintable() and not "\ud800" <= char <= "\udfff")
    return plain[:MOST_NAME_CHARACTERS]


def _answer(path: Path, ruian: int | None, town: str) -> dict[str, Any]:
    try:
        areas, turned = read_areas(path, ruian, town)
    except Unreadable as error:
        return {"problem": error.fault, "data": error.data}
    except MemoryError:
        return {"problem": Fault.TOO_HARD, "data": {}}
    return {
        "turned": turned,
        "areas": [_written(area) for area in areas],
    }


def _written(found: Found) -> dict[str, Any]:
    return {
        "name": found.name,
        "wkb": shapely.to_wkb(found.area, hex=True),
        "crossing": found.crossing,
        "chosen": found.rank is not None,
    }


def main() -> None:
    """Read the file named on the command line, with the town's code (or 0) and name; the answer goes to stdout."""
    confine(MOST_CPU_S)
    path, ruian, town = sys.argv[1:4]
    json.dump(_answer(Path(path), int(ruian) or None, town), sys.stdout)


if __name__ == "__main__":
    main()
