"""Points from files: CSV by Python, everything else by GDAL; in parts of some thousand rows, column by column."""

from __future__ import annotations

import csv
import itertools
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.errors import ShapelyError

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.reading_apart import reason
from gis.crs import KROVAK

MOST_CSV_CELL = 1_000_000
ROWS_AT_ONCE = 20_000

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
FAILURES = (
    ValueError, LookupError, TypeError, NameError, RuntimeError, OverflowError, OSError, csv.Error, ShapelyError,
)  # fmt: skip
"""What GDAL, Arrow, GEOS and Python raise for a damaged file."""


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
class PinRows:
    """Rows of a file, as columns of one length."""

    numbers: Sequence[int]
    lines: Sequence[int] | None
    """The lines of a text file on which the rows begin."""
    x: NDArray[np.float64]
    """Not a number where a row has no place."""
    y: NDArray[np.float64]
    values: Mapping[str, Sequence[Any]]
    """By name what was written; None where a row ends before that column."""

    def __len__(self) -> int:
        return len(self.x)

    def of(self, rows: NDArray[np.int64]) -> PinRows:
        """Some of the rows, counted from 0."""
        some = rows.tolist()
        return PinRows(
            [self.numbers[n] for n in some],
            None if self.lines is None else [self.lines[n] for n in some],
            self.x[rows],
            self.y[rows],
            {name: [column[n] for n in some] for name, column in self.values.items()},
        )

    def line(self, n: int) -> int | None:
        """The line of one of the rows, counted from 0."""
        return None if self.lines is None else self.lines[n]

    def one_by_one(self) -> Iterator[PinRow]:
        """The same rows, each for itself."""
        names = list(self.values)
        x, y = (_or_none(values) for values in (self.x, self.y))
        cells = zip(*self.values.values(), strict=True) if names else itertools.repeat(())
        for n, row in zip(range(len(self)), cells, strict=False):
            yield PinRow(self.numbers[n], self.line(n), x[n], y[n], dict(zip(names, row, strict=True)))


@dataclass(frozen=True)
class PinFile:
    """An opened file: its CRS if it says one, its field names, its rows."""

    epsg: int | None
    fields: tuple[str, ...]
    parts: Iterator[PinRows] = field(repr=False)
    count: int | None = None
    place: tuple[str, ...] = ()
    """The columns of a table that hold x and y, or the one with WKT."""
    unknown_crs: str | None = None
    """The name of the file's coordinate system, where it has no EPSG code."""

    @property
    def rows(self) -> Iterator[PinRow]:
        """The rows one by one."""
        return itertools.chain.from_iterable(part.one_by_one() for part in self.parts)


def in_parts(rows: Iterable[PinRow]) -> Iterator[PinRows]:
    """Single rows drawn together; they follow each other and have the same columns."""
    remaining = iter(rows)
    while some := list(itertools.islice(remaining, ROWS_AT_ONCE)):
        lines = [row.line for row in some if row.line is not None]
        names = dict.fromkeys(itertools.chain.from_iterable(row.values for row in some))
        yield PinRows(
            [row.number for row in some],
            lines if len(lines) == len(some) else None,
            np.array([np.nan if row.x is None else row.x for row in some]),
            np.array([np.nan if row.y is None else row.y for row in some]),
            {name: [row.values.get(name) for row in some] for name in names},
        )


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
    with _readable(path):
        with path.open(encoding=encoding, newline="") as file:
            sample = file.read(64 * 1024)
        dialect = _delimiter(sample)
        with path.open(encoding=encoding, newline="") as file:
            heading = next(csv.reader(file, delimiter=dialect), None)
    if not heading:
        raise InvalidInput(Problem(path.name, N_("The file is empty.")))
    names = tuple(name.strip() for name in heading)
    place = _place_columns(path, names, x_field, y_field)
    return PinFile(None, names, _csv_parts(path, encoding, dialect, names, place), place=place)


def _csv_parts(
    path: Path, encoding: str, delimiter: str, names: tuple[str, ...], place: tuple[str, ...]
) -> Iterator[PinRows]:
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        next(reader)
        number = 1
        while True:
            lines, rows = [reader.line_num + 1], []
            try:
                for cells in itertools.islice(reader, ROWS_AT_ONCE):
                    rows.append(cells)
                    lines.append(reader.line_num + 1)
            except (csv.Error, UnicodeDecodeError) as error:
                raise InvalidInput(
                    Problem(
                        path.name,
                        N_("Line %(line)s can't be read: %(reason)s"),
                        {"line": lines[-1], "reason": reason(error, path)},
                    )
                ) from error
            if not rows:
                return
            columns = list(itertools.zip_longest(*rows)) or [(None,) * len(rows)]
            nothing = [(None,) * len(rows)] * (len(names) - len(columns))
            values = dict(zip(names, [*columns, *nothing], strict=False))
            numbers = range(number, number + len(rows))
            yield PinRows(numbers, lines[:-1], *_places(values, place, len(rows)), values)
            number = numbers.stop


def _places(
    values: Mapping[str, Sequence[Any]], place: tuple[str, ...], n: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if not place:
        return np.full(n, np.nan), np.full(n, np.nan)
    if len(place) == 2:
        return decimals(values[place[0]]), decimals(values[place[1]])
    return _points(shapely.from_wkt([text or None for text in values[place[0]]], on_invalid="ignore"))


def decimals(texts: Sequence[str | None]) -> NDArray[np.float64]:
    """Numbers with a decimal point or comma; not a number for anything else."""
    try:
        numbers = np.fromiter(map(float, texts), np.float64, len(texts))  # type: ignore[arg-type]
    except (ValueError, TypeError):
        found = map(decimal, texts)
        return np.array([np.nan if number is None else number for number in found], dtype=np.float64)
    return np.where(np.isfinite(numbers), numbers, np.nan)


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

    with _readable(path):
        info = pyogrio.read_info(path, force_feature_count=True)
    if info["driver"] != GDAL_DRIVERS[path.suffix.lower()]:
        raise InvalidInput(Problem(path.name, N_("The file is not what its ending says.")))
    names = tuple(str(name) for name in info["fields"])
    epsg = _epsg(info["crs"])
    unknown = str(info["crs"])[:60] if info["crs"] and epsg is None else None
    return PinFile(epsg, names, _gdal_parts(path, names), info["features"], unknown_crs=unknown)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """InvalidInput for whatever the libraries say of a damaged file: each part of them says it in its own way."""
    try:
        yield
    except FAILURES as error:
        raise InvalidInput(
            Problem(path.name, N_("The file can't be read: %(reason)s"), {"reason": reason(error, path)})
        ) from error


def _gdal_parts(path: Path, names: tuple[str, ...]) -> Iterator[PinRows]:
    """The rows as GDAL streams them: asked for by their numbers, it would begin the file anew each time."""
    import pyarrow as pa
    from pyogrio.raw import open_arrow

    number = 1
    with _readable(path), open_arrow(path, batch_size=ROWS_AT_ONCE, datetime_as_string=True) as (meta, stream):
        shapes = meta["geometry_name"] or "wkb_geometry"
        for part in pa.RecordBatchReader.from_stream(stream):
            n = part.num_rows
            wkb = part.column(shapes).to_numpy(zero_copy_only=False)
            points = _points(shapely.from_wkb(wkb, on_invalid="ignore"))
            values = {name: [_plain(value) for value in part.column(name).to_pylist()] for name in names}
            yield PinRows(range(number, number + n), None, *points, values)
            number += n


def _points(shapes: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The places of Points, and of MultiPoints that hold one; not a number for anything else."""
    is_many = shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOINT
    alone = is_many & (shapely.get_num_geometries(shapes) == 1)
    points = np.where(alone, shapely.get_geometry(shapes, 0), shapes)
    return shapely.get_x(points), shapely.get_y(points)


def _plain(value: Any) -> Any:
    """A value as a text or a number; not-a-number is nothing, whole floats are whole."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return int(value)  # GDAL's true is 1
    if isinstance(value, float):
        return None if math.isnan(value) else int(value) if value.is_integer() else value
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value)


def _or_none(values: NDArray[np.float64]) -> Sequence[float | None]:
    return [None if math.isnan(value) else value for value in values.tolist()]


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
