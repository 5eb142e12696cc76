"""Pins from files into a map: thousands a second, each row stored or refused with its number and reason."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.imports import ImportMap, ImportOptions, PartReader
from app.inputs.pin_files import PinRows
from app.models import Event
from app.queries.maps import MapRecord
from app.services.loading import Loading, Ready, copy_lines
from app.services.respondents import refuse_anonymised
from gis.crs import KROVAK, WGS84, UnknownCrs, recognise_krovak, to_metric, transformer
from gis.grid import Floats, square_of

KROVAK_KIN = frozenset({None, WGS84, 2065, 4156, 5221, 5513, KROVAK})
"""Systems whose numbers are looked at: many files name one of them and mean S-JTSK in another order or sign."""
NO_POINT = N_("There is no point.")
OUTSIDE = N_("This place is outside the map.")


@dataclass(frozen=True)
class RefusedRow:
    """A row that was not stored, and why."""

    number: int
    line: int | None
    problem: Problem


@dataclass
class ImportReport:
    """What became of a file's rows."""

    read: int = 0
    stored: int = 0
    known: int = 0
    """Rows that an earlier import had stored."""
    refused: list[RefusedRow] = field(default_factory=list)
    turned_krovak: str | None = None
    """How the coordinates were written, where S-JTSK was recognised and turned."""


@dataclass(frozen=True)
class Batch:
    """A part of a file with its places in WGS 84; places that are missing are not a number."""

    part: PinRows
    lon: Floats
    lat: Floats


def import_pins(
    session: Session,
    the_map: MapRecord,
    parts: Iterable[PinRows],
    options: ImportOptions,
    epsg: int | None = None,
) -> ImportReport:
    """Store the rows' points as pins; importing them again changes nothing.

    `epsg` is the CRS of x and y; None means WGS 84, unless the numbers are plainly S-JTSK. InvalidInput for an
    unknown CRS or for category keys that the map has not; Anonymised where no person may be noted any more.
    """
    refuse_anonymised(the_map)
    loading = Loading(session, the_map)
    reader = PartReader(_import_map(session, the_map, options), options, with_older=loading.has_older)
    report = ImportReport()
    # While the database stores one part, the next is read: the two take about as long.
    with ThreadPoolExecutor(1, "import") as storing:
        waiting: Future[int] | None = None
        for batch in _batches(parts, epsg, report):
            ready = _acceptable(batch, the_map, reader, report)
            lines = copy_lines(the_map, ready) if len(ready.pins) else None
            if waiting is not None:
                report.stored += waiting.result()
            waiting = None if lines is None else storing.submit(loading.store, lines)
            report.known += len(ready.pins)
        if waiting is not None:
            report.stored += waiting.result()
    report.known -= report.stored
    loading.finish(report.stored)
    return report


def _import_map(session: Session, the_map: MapRecord, options: ImportOptions) -> ImportMap:
    named = {*options.category_keys.values(), *([options.category] if options.category is not None else [])}
    unknown = named - the_map.category_by_key.keys()
    if unknown:
        raise InvalidInput(
            Problem("--category", N_("There is no category %(key)s."), {"key": ", ".join(sorted(unknown))})
        )
    names: dict[str, str] = {}
    for category in the_map.categories:
        for name in (category.key, *category.word.values(), *category.label.values()):
            names.setdefault(name.casefold(), category.key)
    events = session.scalars(select(Event.code).where(Event.map_id == the_map.id))
    questions, about = tuple(the_map.questions), tuple(the_map.about)
    return ImportMap(the_map.slug, the_map.salt, names, frozenset(events), questions, about)


def _batches(parts: Iterable[PinRows], epsg: int | None, report: ImportReport) -> Iterator[Batch]:
    order: str | None = None
    for part in parts:
        report.read += len(part)
        both = ~(np.isnan(part.x) | np.isnan(part.y))
        krovak = recognise_krovak(part.x[both], part.y[both]) if epsg in KROVAK_KIN else None
        if krovak is not None:
            order = krovak.order
            if not krovak.is_standard:
                report.turned_krovak = order
        yield Batch(part, *_to_wgs84(part.x, part.y, order, epsg))


@dataclass(frozen=True)
class Placed:
    """Points of a file in WGS 84; those without a place are not a number."""

    lon: np.ndarray
    lat: np.ndarray
    order: str | None
    """How the coordinates were written, where they were recognised as S-JTSK."""

    @property
    def is_turned(self) -> bool:
        """Whether S-JTSK had to be turned."""
        return self.order not in (None, "east_north")


def placed(x: np.ndarray, y: np.ndarray, epsg: int | None) -> Placed:
    """Where points lie that are written so; the same as their import does. InvalidInput for an unknown CRS."""
    both = ~(np.isnan(x) | np.isnan(y))
    krovak = recognise_krovak(x[both], y[both]) if epsg in KROVAK_KIN else None
    order = krovak.order if krovak else None
    return Placed(*_to_wgs84(x, y, order, epsg), order)


def _to_wgs84(x: np.ndarray, y: np.ndarray, order: str | None, epsg: int | None) -> tuple[np.ndarray, np.ndarray]:
    if order is not None:
        westing_first = order in ("east_north", "westing_southing")
        east, north = (x, y) if westing_first else (y, x)
        return transformer(KROVAK, WGS84)(-np.abs(east), -np.abs(north))
    try:
        return transformer(epsg or WGS84, WGS84)(x, y)
    except UnknownCrs as error:
        raise InvalidInput(
            Problem("--crs", N_("The coordinate system EPSG:%(epsg)s is not known."), {"epsg": epsg})
        ) from error


def _acceptable(batch: Batch, the_map: MapRecord, reader: PartReader, report: ImportReport) -> Ready:
    part = batch.part
    placed = np.isfinite(batch.lon) & np.isfinite(batch.lat)
    lon, lat = np.where(placed, batch.lon, 0.0), np.where(placed, batch.lat, 0.0)
    inside = shapely.intersects_xy(the_map.boundary, lon, lat) & placed
    here = np.flatnonzero(inside)
    pins, bad = reader.read(part if len(here) == len(part) else part.of(here), lon[here], lat[here])
    refused = {int(here[row]): problem for row, problem in bad.items()}
    for row in np.flatnonzero(~inside).tolist():
        refused[row] = Problem("geometry", OUTSIDE if placed[row] else NO_POINT)
    report.refused += [RefusedRow(part.numbers[row], part.line(row), refused[row]) for row in sorted(refused)]
    lon, lat = lon[here][pins.rows], lat[here][pins.rows]
    return Ready(pins, lon, lat, *square_of(*to_metric(the_map.metric_srid)(lon, lat)))
