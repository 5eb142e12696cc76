"""Facts from a stranger's file, read in its own process: `python -m app.inputs.fact_reader FILE FOLDER WANTED`.

GDAL opens the file here, with little memory, a minute, no secrets in the environment and few drivers; WANTED is a
`FactWanted` as JSON. What comes out is our own plain form: `facts.jsonl`, a line for each fact that is kept, and
on stdout one JSON object that tells what the file holds, row by row what could not be used, or what is wrong.

Of all columns only those two are kept that somebody named: whatever else a list of the police or of the registry
office says stays out of our database.
"""

from __future__ import annotations

import errno
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely.geometry.base import BaseGeometry

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.boundary_reader import KROVAK_KIN
from app.inputs.fields import storable
from app.inputs.pin_files import GDAL_DRIVERS, ROWS_AT_ONCE, TABLE_ENDINGS, look_into_pin_file
from app.inputs.reading_apart import confine, reason
from app.inputs.row_values import CZECH_MOMENT
from gis.crs import KROVAK, WGS84, UnknownCrs, recognise_krovak, transform_geometry, transformer
from gis.outline import mended

MOST_CPU_S: Final = 60
MOST_KEPT_BYTES: Final = 128 << 20
MOST_FACTS: Final = 100_000
"""Brno has 40 thousand lamps; a year of the police's records of a capital has 60 thousand."""
MOST_ROWS: Final = 500_000
"""Rows looked through for those of the town: a list of a whole region."""
MOST_VERTICES: Final = 2_000_000
MOST_REFUSED: Final = 1_000
MOST_LABEL: Final = 80
DECIMALS: Final = 7
FACTS_FILE: Final = "facts.jsonl"
FILE: Final = "file"
SHAPES: Final = ("points", "lines", "areas")
"""What features are, by their dimension."""
ODD: Final = (
    N_("The others are points, and this is something else."),
    N_("The others are lines, and this is something else."),
    N_("The others are areas, and this is something else."),
)
"""Why a feature of another kind than most is refused, by their dimension."""

Row = tuple[int, BaseGeometry | None, Mapping[str, Any]]


@dataclass(frozen=True)
class FactWanted:
    """What somebody says of a file, and where its facts are looked for."""

    label: str | None = None
    """The column whose words are kept with each fact."""
    happened: str | None = None
    """The column with the day on which it happened."""
    crs: int | None = None
    """The coordinate system, where the file says none or a wrong one."""
    near: tuple[float, float, float, float] | None = None
    """West, south, east, north: what lies outside is left out."""

    def as_json(self) -> str:
        """As the reading process gets it."""
        return json.dumps([self.label, self.happened, self.crs, self.near])


@dataclass
class Facts:
    """What is read so far."""

    numbers: list[int] = field(default_factory=list)
    places: list[BaseGeometry] = field(default_factory=list)
    labels: list[str | None] = field(default_factory=list)
    days: list[str | None] = field(default_factory=list)
    refused: list[tuple[int, str, Mapping[str, object]]] = field(default_factory=list)
    refused_count: int = 0
    undated: int = 0
    turned_krovak: bool = False

    def refuse(self, number: int, message: str, **data: object) -> None:
        """Note a bad row."""
        self.refused_count += 1
        if len(self.refused) < MOST_REFUSED:
            self.refused.append((number, message, data))


def main() -> None:
    """Read the file named on the command line into the folder named after it."""
    path, folder, wanted = Path(sys.argv[1]), Path(sys.argv[2]), FactWanted(*json.loads(sys.argv[3]))
    confine(MOST_CPU_S, MOST_KEPT_BYTES)
    json.dump(_answer(path, folder, wanted), sys.stdout)


def _answer(path: Path, folder: Path, wanted: FactWanted) -> dict[str, Any]:
    try:
        return _read(path, folder, wanted)
    except InvalidInput as refusal:
        first = refusal.problems[0]
        data = {key: value if isinstance(value, int) else str(value) for key, value in first.data.items()}
        return {"problem": first.message, "field": first.field, "data": data}
    except (
        ValueError,
        LookupError,
        TypeError,
        NameError,
        RuntimeError,
        OverflowError,
        MemoryError,
        shapely.GEOSException,
    ) as error:
        # Of GDAL's readers, each of which fails in its own way, and of broken texts.
        damaged = N_("The file can't be read: %(reason)s")
        return {"problem": damaged, "field": FILE, "data": {"reason": reason(error, path)}}
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        return {"problem": TOO_MUCH, "field": FILE, "data": {"limit": MOST_VERTICES}}


TOO_MUCH: Final = N_("The shapes have more than %(limit)s points together; simplify them in your GIS first.")


def _read(path: Path, folder: Path, wanted: FactWanted) -> dict[str, Any]:
    if path.suffix.lower() in TABLE_ENDINGS:
        columns, epsg, rows = _table(path)
    else:
        columns, epsg, rows = _layer(path)
    for role, name in (("label", wanted.label), ("happened", wanted.happened)):
        if name and name not in columns:
            missing = N_("There is no column %(name)s; there are: %(names)s.")
            raise InvalidInput(Problem(role, missing, {"name": name, "names": ", ".join(columns)[:300]}))
    found = Facts()
    _take(rows, wanted, found)
    if not found.places:
        raise _nothing(found)
    placed = _in_wgs84(np.array(found.places, dtype=object), wanted.crs or epsg, found)
    kept, shape = _kept(placed, wanted, found)
    _write(folder / FACTS_FILE, kept, placed, found)
    return {
        "shape": shape,
        "count": int(kept.sum()),
        "columns": list(columns),
        "refused": sorted(found.refused),
        "refused_count": found.refused_count,
        "undated": found.undated,
        "turned_krovak": found.turned_krovak,
    }


def _nothing(found: Facts) -> InvalidInput:
    if not found.refused:
        return InvalidInput(Problem(FILE, N_("There are no rows in the file.")))
    number, message, data = min(found.refused)
    return InvalidInput(Problem(FILE, message, data) if found.refused_count == 1 else Problem(
        FILE, N_("No row of the file has a place that can be used; the first is row %(n)s."), {"n": number}
    ))  # fmt: skip


def _table(path: Path) -> tuple[tuple[str, ...], int | None, Iterator[Row]]:
    opened = look_into_pin_file(path)
    if not opened.place:
        names = {"names": ", ".join(opened.fields)[:300]}
        raise InvalidInput(
            Problem(FILE, N_("No columns are called x and y, or lon and lat; there are: %(names)s."), names)
        )

    def rows() -> Iterator[Row]:
        for row in opened.rows:
            place = None if row.x is None or row.y is None else shapely.Point(row.x, row.y)
            yield row.number, place, row.values

    return opened.fields, None, rows()


def _layer(path: Path) -> tuple[tuple[str, ...], int | None, Iterator[Row]]:
    import pyogrio  # GDAL takes half a second to load: tables do without
    from pyogrio.errors import DataLayerError, DataSourceError

    unreadable = N_("The file can't be read: %(reason)s")
    try:
        layers = [str(name) for name, kind in pyogrio.list_layers(path) if kind is not None]
        if len(layers) > 1:
            several = N_("There are several layers in the file (%(names)s); save one of them by itself.")
            raise InvalidInput(Problem(FILE, several, {"names": ", ".join(layers)[:200]}))
        info = pyogrio.read_info(path, force_feature_count=True, **({"layer": layers[0]} if layers else {}))
    except (DataSourceError, DataLayerError, ValueError) as error:
        raise InvalidInput(Problem(FILE, unreadable, {"reason": reason(error, path)})) from error
    if info["driver"] != GDAL_DRIVERS[path.suffix.lower()]:
        raise InvalidInput(Problem(FILE, N_("The file is not what its ending says.")))
    names = tuple(str(name) for name in info["fields"])
    return names, _epsg(info["crs"]), _layer_rows(path, names, int(info["features"]))


def _layer_rows(path: Path, names: tuple[str, ...], total: int) -> Iterator[Row]:
    from pyogrio.raw import read

    number = 0
    for start in range(0, total, ROWS_AT_ONCE):
        _, _, shapes, columns = read(path, skip_features=start, max_features=ROWS_AT_ONCE, datetime_as_string=True)
        if shapes is None:  # a layer that says it has shapes, and has none
            shapes = np.full(len(columns[0]) if columns else 0, None)
        for index, shape in enumerate(shapely.force_2d(shapely.from_wkb(shapes, on_invalid="ignore"))):
            number += 1
            yield number, shape, {name: column[index] for name, column in zip(names, columns, strict=True)}


def _take(rows: Iterator[Row], wanted: FactWanted, found: Facts) -> None:
    """The rows that have a shape, points of a group each by itself."""
    vertices = 0
    for number, shape, values in rows:
        if number > MOST_ROWS:
            raise InvalidInput(
                Problem(FILE, N_("There are more than %(limit)s rows in the file."), {"limit": MOST_ROWS})
            )
        if shape is None or shape.is_empty:
            found.refuse(number, N_("The row has no place."))
            continue
        if not np.isfinite(shapely.get_coordinates(shape)).all():
            found.refuse(number, N_("The coordinates are not numbers."))
            continue
        vertices += int(shapely.get_num_coordinates(shape))
        if vertices > MOST_VERTICES:
            raise InvalidInput(Problem(FILE, TOO_MUCH, {"limit": MOST_VERTICES}))
        label, day = _label(values, wanted.label), _day(values, wanted.happened)
        found.undated += wanted.happened is not None and day is None
        for part in shape.geoms if shape.geom_type == "MultiPoint" else (shape,):
            found.numbers.append(number)
            found.places.append(part)
            found.labels.append(label)
            found.days.append(day)


def _in_wgs84(shapes: NDArray[Any], epsg: int | None, found: Facts) -> NDArray[Any]:
    """The shapes as they lie in WGS 84; S-JTSK is recognised in any order and sign."""
    x, y = shapely.get_coordinates(shapes).T
    krovak = recognise_krovak(x, y) if epsg in KROVAK_KIN else None
    if krovak is not None:
        found.turned_krovak = epsg != KROVAK or not krovak.is_standard
        lon, lat = transformer(KROVAK, WGS84)(krovak.east, krovak.north)
        placed: NDArray[Any] = shapely.set_coordinates(shapes.copy(), np.column_stack([lon, lat]))
        return placed
    if epsg is None:
        if np.median(np.abs(x)) > 180 or np.median(np.abs(y)) > 90:
            strange = N_("Which coordinate system are these numbers in (the first is %(x)s, %(y)s)? Name it.")
            raise InvalidInput(Problem("crs", strange, {"x": f"{x[0]:.10g}", "y": f"{y[0]:.10g}"}))
        return shapes
    try:
        return np.asarray(transform_geometry(shapes, transformer(epsg, WGS84)))
    except UnknownCrs as error:
        raise InvalidInput(Problem("crs", N_("EPSG:%(n)s is not known."), {"n": epsg})) from error


def _kept(placed: NDArray[Any], wanted: FactWanted, found: Facts) -> tuple[NDArray[np.bool_], str]:
    """Which facts are kept, and what they are: those near, of the kind that most are."""
    kept = np.ones(len(placed), dtype=bool)

    def refuse(which: NDArray[np.bool_], message: str, data: Callable[[int], Mapping[str, object]]) -> None:
        for n in np.nonzero(kept & which)[0].tolist():
            found.refuse(found.numbers[n], message, **data(n))
        kept[which] = False

    for n in np.nonzero((shapely.get_dimensions(placed) == 2) & ~shapely.is_valid(placed))[0]:
        placed[n] = mended(placed[n])
    refuse(shapely.is_empty(placed), N_("The area encloses nothing."), lambda _n: {})
    west, south, east, north = shapely.bounds(placed).T
    off = ~(np.isfinite(west) & (west >= -180) & (east <= 180) & (south >= -90) & (north <= 90))
    refuse(off, N_("These coordinates lie outside of the Earth."), lambda _n: {})
    if wanted.near:
        _refuse_swapped(placed[kept], wanted.near)
        left, bottom, right, top = wanted.near
        far = (west > right) | (east < left) | (south > top) | (north < bottom)
        refuse(far, N_("It lies far from all maps of the town."), lambda _n: {})
    collections = shapely.get_type_id(placed) == shapely.GeometryType.GEOMETRYCOLLECTION
    refuse(collections, N_("It mixes points, lines and areas."), lambda _n: {})
    if not kept.any():
        raise _nothing(found)
    dimensions = shapely.get_dimensions(placed)
    common = Counter(dimensions[kept].tolist()).most_common(1)[0][0]
    refuse(dimensions != common, ODD[common], lambda _n: {})
    if kept.sum() > MOST_FACTS:
        many = N_("More than %(limit)s of the facts lie in the town; take a shorter time, or fewer kinds.")
        raise InvalidInput(Problem(FILE, many, {"limit": MOST_FACTS}))
    return kept, SHAPES[common]


def _refuse_swapped(placed: NDArray[Any], near: tuple[float, float, float, float]) -> None:
    """InvalidInput where nothing lies near, but would if latitude and longitude changed places."""
    x, y = shapely.get_coordinates(shapely.centroid(placed)).T

    def share(one: NDArray[Any], other: NDArray[Any]) -> float:
        return float(np.mean((one > near[0]) & (one < near[2]) & (other > near[1]) & (other < near[3])))

    if len(placed) and not share(x, y) and share(y, x) > 0.5:
        swapped = N_("Latitude and longitude have changed places in this file: x, or lon, is the one to the east.")
        raise InvalidInput(Problem(FILE, swapped))


def _write(path: Path, kept: NDArray[np.bool_], placed: NDArray[Any], found: Facts) -> None:
    marked = shapely.to_wkb(shapely.set_srid(placed, WGS84), hex=True, include_srid=True)
    with path.open("w", encoding="utf-8") as file:
        for n in np.nonzero(kept)[0]:
            line = [found.numbers[n], marked[n], found.labels[n], found.days[n]]
            file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")


def _epsg(crs: str | None) -> int | None:
    """The EPSG code of GDAL's name or text of a system; whatever Krovak calls itself, its numbers tell."""
    if not crs:
        return None
    if "krovak" in crs.lower():
        return KROVAK
    try:
        code: int | None = CRS.from_user_input(crs).to_epsg(min_confidence=60)
    except CRSError:
        return None
    return code


def _label(values: Mapping[str, Any], name: str | None) -> str | None:
    value = values.get(name) if name else None
    text = " ".join(str(value).split()) if value is not None else ""
    plain = "".join(char for char in text if char.isprintable())[:MOST_LABEL]
    return plain if plain and storable(plain) else None


def _day(values: Mapping[str, Any], name: str | None) -> str | None:
    """The day of a date or moment, year first as ISO has it, or as Czech offices write it.

    >>> _day({"datum": "14. 9. 2026 8:00"}, "datum"), _day({"datum": "2026/09/14"}, "datum")
    ('2026-09-14', '2026-09-14')
    """
    text = str(values.get(name) or "").strip() if name else ""
    try:
        if czech := CZECH_MOMENT.fullmatch(text):
            return date(int(czech[3]), int(czech[2]), int(czech[1])).isoformat()
        return date.fromisoformat(text[:10].replace("/", "-")).isoformat()
    except ValueError:
        return None


if __name__ == "__main__":
    main()
