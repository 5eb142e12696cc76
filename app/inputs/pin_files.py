"""Points from files: CSV by Python, everything else by GDAL; row by row, each with its number."""

from __future__ import annotations

import csv
import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from app.errors import InvalidInput, Problem
from app.i18n import N_
from gis.crs import KROVAK

MOST_CSV_CELL = 1_000_000
ROWS_AT_ONCE = 10_000

TABLE_ENDINGS = (".csv", ".txt", ".tsv")
GDAL_DRIVERS = {
    ".geojson": "GeoJSON",
    ".json": "GeoJSON",
    ".gpkg": "GPKG",
    ".shp": "ESRI Shapefile",
    ".fgb": "FlatGeobuf",
}
"""What GDAL may open, by the file's ending: its other drivers never get to see a stranger's file."""

X_NAMES = (
    "x", "lon", "lng", "long", "longitude", "easting", "souradnice_x", "souřadnice x", "souradnice x", "x_jtsk",
    "jtsk_x", "coord_x", "point_x", "delka", "zemepisna_delka", "zeměpisná délka",
)  # fmt: skip
Y_NAMES = (
    "y", "lat", "latitude", "northing", "souradnice_y", "souřadnice y", "souradnice y", "y_jtsk", "jtsk_y",
    "coord_y", "point_y", "sirka", "zemepisna_sirka", "zeměpisná šířka",
)  # fmt: skip
WKT_NAMES = ("wkt", "geometry", "geom")


@dataclass(frozen=True)
class PinRow:
    """One row of a file: where it stands, its point if it has one, and everything else as it was written."""

    number: int
    """Counted from 1; the heading is not counted."""
    line: int | None
    """The line of a text file on which the row begins."""
    x: float | None
    y: float | None
    values: Mapping[str, Any]


@dataclass(frozen=True)
class PinFile:
    """An opened file: its CRS if it says one, its field names, its rows."""

    epsg: int | None
    fields: tuple[str, ...]
    rows: Iterator[PinRow] = field(repr=False)
    count: int | None = None
    place: tuple[str, ...] = ()
    """The columns of a table that hold x and y, or the one with WKT."""
    unknown_crs: str | None = None
    """The name of the file's coordinate system, where it has no EPSG code."""


def open_pin_file(path: Path, x_field: str | None = None, y_field: str | None = None) -> PinFile:
    """The points of a CSV, GeoJSON, GeoPackage, Shapefile or FlatGeobuf; InvalidInput when it can't be read."""
    opened = look_into_pin_file(path, x_field, y_field)
    if path.suffix.lower() in TABLE_ENDINGS and not opened.place:
        raise InvalidInput(
            Problem(
                path.name,
                N_("Which columns hold x and y? Name them with --x and --y; there are: %(names)s."),
                {"names": ", ".join(opened.fields)},
            )
        )
    return opened


def look_into_pin_file(path: Path, x_field: str | None = None, y_field: str | None = None) -> PinFile:
    """The same; but a table whose place columns are not known comes with rows that have no place yet."""
    if path.suffix.lower() in TABLE_ENDINGS:
        return _open_csv(path, x_field, y_field)
    if path.suffix.lower() in GDAL_DRIVERS:
        return _open_gdal(path)
    raise InvalidInput(
        Problem(
            path.name,
            N_("We read files ending in: %(allowed)s."),
            {"allowed": ", ".join((".csv", *GDAL_DRIVERS))},
        )
    )


def _open_csv(path: Path, x_field: str | None, y_field: str | None) -> PinFile:
    encoding = _encoding(path)
    csv.field_size_limit(MOST_CSV_CELL)
    with path.open(encoding=encoding, newline="") as file:
        sample = file.read(64 * 1024)
    dialect = _delimiter(sample)
    with path.open(encoding=encoding, newline="") as file:
        heading = next(csv.reader(file, delimiter=dialect), None)
    if not heading:
        raise InvalidInput(Problem(path.name, N_("The file is empty.")))
    names = tuple(name.strip() for name in heading)
    place = _place_columns(path, names, x_field, y_field)
    return PinFile(None, names, _csv_rows(path, encoding, dialect, names, place), place=place)


def _csv_rows(
    path: Path, encoding: str, delimiter: str, names: tuple[str, ...], place: tuple[str, ...]
) -> Iterator[PinRow]:
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        next(reader)
        for number in itertools.count(1):
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise InvalidInput(
                    Problem(
                        path.name,
                        N_("Line %(line)s can't be read: %(reason)s"),
                        {"line": line, "reason": error},
                    )
                ) from error
            values = dict(zip(names, cells, strict=False))
            x, y = _place(values, place)
            yield PinRow(number, line, x, y, values)


def _place(values: Mapping[str, str], place: tuple[str, ...]) -> tuple[float | None, float | None]:
    if not place:
        return None, None
    if len(place) == 2:
        return decimal(values.get(place[0])), decimal(values.get(place[1]))
    try:
        point = shapely.from_wkt(values.get(place[0]) or "")
    except shapely.errors.GEOSException:
        return None, None
    return _xy(point)


def _place_columns(path: Path, names: tuple[str, ...], x: str | None, y: str | None) -> tuple[str, ...]:
    """The columns of x and y, or the one with WKT; none when nobody can tell."""
    if (x is None) != (y is None):
        raise InvalidInput(Problem("--x, --y", N_("Name both columns, or none.")))
    if x and y:
        for name in (x, y):
            if name not in names:
                raise InvalidInput(
                    Problem(
                        path.name,
                        N_("There is no column %(name)s; there are: %(names)s."),
                        {"name": name, "names": ", ".join(names)},
                    )
                )
        return x, y
    by_lower = {name.lower(): name for name in reversed(names)}
    found = [next((by_lower[n] for n in known if n in by_lower), None) for known in (X_NAMES, Y_NAMES, WKT_NAMES)]
    if found[2]:
        return (found[2],)
    if found[0] and found[1]:
        return found[0], found[1]
    return ()


def decimal(text: str | None) -> float | None:
    """A number with a decimal point or comma; nothing for anything else."""
    try:
        number = float((text or "").strip().replace("\u00a0", "").replace(" ", "").replace(",", "."))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _encoding(path: Path) -> str:
    """UTF-8, with or without its mark, or else Windows-1250, in which Czech offices save."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
            if start.startswith((b"\xff\xfe", b"\xfe\xff")):
                return "utf-16"
        with path.open(encoding="utf-8-sig") as text:
            while text.read(1 << 20):
                pass
    except UnicodeDecodeError:
        return "cp1250"
    except OSError as error:
        raise InvalidInput(Problem(path.name, N_("The file can't be read or is missing."))) from error
    return "utf-8-sig"


def _delimiter(sample: str) -> str:
    """The separator that the heading holds most of."""
    heading = sample.splitlines()[0] if sample else ""
    return max(",;\t|", key=heading.count)


def _open_gdal(path: Path) -> PinFile:
    import pyogrio  # GDAL takes half a second to load: only who reads such a file waits
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        info = pyogrio.read_info(path, force_feature_count=True)
    except (DataSourceError, DataLayerError, ValueError) as error:
        raise InvalidInput(
            Problem(path.name, N_("The file can't be read: %(reason)s"), {"reason": str(error)[:200]})
        ) from error
    if info["driver"] != GDAL_DRIVERS[path.suffix.lower()]:
        raise InvalidInput(Problem(path.name, N_("The file is not what its ending says.")))
    names = tuple(str(name) for name in info["fields"])
    epsg = _epsg(info["crs"])
    unknown = str(info["crs"])[:60] if info["crs"] and epsg is None else None
    rows = _gdal_rows(path, names, info["features"])
    return PinFile(epsg, names, rows, info["features"], unknown_crs=unknown)


def _gdal_rows(path: Path, names: tuple[str, ...], total: int) -> Iterator[PinRow]:
    from pyogrio.raw import read

    number = 0
    for start in range(0, total, ROWS_AT_ONCE):
        _, _, geometries, columns = read(
            path, skip_features=start, max_features=ROWS_AT_ONCE, datetime_as_string=True
        )
        points = shapely.from_wkb(geometries)
        for index, point in enumerate(points):
            number += 1
            x, y = _xy(point)
            values = {name: _plain(column[index]) for name, column in zip(names, columns, strict=True)}
            yield PinRow(number, None, x, y, values)


def _xy(shape: Any) -> tuple[float | None, float | None]:
    """The place of a Point, or of a MultiPoint that holds one."""
    if shape is not None and shape.geom_type == "MultiPoint" and len(shape.geoms) == 1:
        shape = shape.geoms[0]
    if shape is None or shape.geom_type != "Point" or shape.is_empty:
        return None, None
    return float(shape.x), float(shape.y)


def _plain(value: Any) -> Any:
    """A NumPy scalar as Python knows it; not-a-number is nothing, whole floats are whole."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return None if math.isnan(value) else int(value) if value.is_integer() else value
    return value


def _epsg(crs: str | None) -> int | None:
    """The EPSG code of GDAL's CRS text; None where it has none, or there is no text."""
    if not crs:
        return None
    from pyproj import CRS
    from pyproj.exceptions import CRSError

    if crs.startswith("EPSG:") and crs[5:].isdecimal():
        return int(crs[5:])
    try:
        found: int | None = CRS.from_user_input(crs).to_epsg(min_confidence=60)
    except CRSError:
        return None
    # Every GIS has its own names for S-JTSK; what order and sign it is in, the numbers tell.
    return KROVAK if found is None and "krovak" in crs.lower() else found
