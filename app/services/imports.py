"""Pins from files into a map: thousands a second, each row stored or refused with its number and reason."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.imports import ImportedPin, ImportMap, ImportOptions, RowReader
from app.inputs.pin_files import PinRow
from app.models import Event
from app.queries.maps import MapRecord
from app.services.respondents import refuse_anonymised
from gis.crs import KROVAK, WGS84, UnknownCrs, recognise_krovak, to_metric, transformer
from gis.grid import square_of

ROWS_AT_ONCE = 10_000
KROVAK_KIN = frozenset({None, WGS84, 2065, 4156, 5221, 5513, KROVAK})
"""Systems whose numbers are looked at: many files name one of them and mean S-JTSK in another order or sign."""
MANY = 500
"""Rows after which the planner's picture of the tables is wrong."""
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
    """Rows with their places in WGS 84; places that are missing are not a number."""

    rows: Sequence[PinRow]
    lon: np.ndarray
    lat: np.ndarray


def import_pins(
    session: Session,
    the_map: MapRecord,
    rows: Iterable[PinRow],
    options: ImportOptions,
    epsg: int | None = None,
) -> ImportReport:
    """Store the rows' points as pins; importing them again changes nothing.

    `epsg` is the CRS of x and y; None means WGS 84, unless the numbers are plainly S-JTSK. InvalidInput for an
    unknown CRS or for category keys that the map has not; Anonymised where no person may be noted any more.
    """
    refuse_anonymised(the_map)
    reader = RowReader(_import_map(session, the_map, options), options)
    report = ImportReport()
    session.execute(text(_INCOMING))
    for batch in _batches(rows, epsg, report):
        pins = list(_acceptable(batch, the_map, reader, report))
        _store(session, the_map, pins, report)
    session.execute(text("DROP TABLE incoming_pin"))
    if report.stored >= MANY:
        # Until autovacuum comes by, the planner would take the tables for nearly empty and loop over them.
        session.execute(text("ANALYZE pin, respondent"))
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
    return ImportMap(the_map.slug, names, frozenset(events), tuple(the_map.questions), tuple(the_map.about))


def _batches(rows: Iterable[PinRow], epsg: int | None, report: ImportReport) -> Iterator[Batch]:
    remaining = iter(rows)
    order: str | None = None
    while chunk := list(itertools.islice(remaining, ROWS_AT_ONCE)):
        x = np.array([np.nan if row.x is None else row.x for row in chunk])
        y = np.array([np.nan if row.y is None else row.y for row in chunk])
        report.read += len(chunk)
        both = ~(np.isnan(x) | np.isnan(y))
        krovak = recognise_krovak(x[both], y[both]) if epsg in KROVAK_KIN else None
        if krovak is not None:
            order = krovak.order
            if not krovak.is_standard:
                report.turned_krovak = order
        lon, lat = _to_wgs84(x, y, order, epsg)
        yield Batch(chunk, lon, lat)


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


def _acceptable(
    batch: Batch, the_map: MapRecord, reader: RowReader, report: ImportReport
) -> Iterator[tuple[ImportedPin, float, float, int, int]]:
    placed = np.isfinite(batch.lon) & np.isfinite(batch.lat)
    lon, lat = np.where(placed, batch.lon, 0.0), np.where(placed, batch.lat, 0.0)
    inside = shapely.intersects_xy(the_map.boundary, lon, lat) & placed
    columns, lines = square_of(*to_metric(the_map.metric_srid)(np.where(inside, lon, 0), np.where(inside, lat, 0)))
    for n, row in enumerate(batch.rows):
        if not inside[n]:
            why = OUTSIDE if placed[n] else NO_POINT
            report.refused.append(RefusedRow(row.number, row.line, Problem("geometry", why)))
            continue
        pin = reader.read(row, lon[n], lat[n])
        if isinstance(pin, Problem):
            report.refused.append(RefusedRow(row.number, row.line, pin))
        else:
            yield pin, lon[n], lat[n], int(columns[n]), int(lines[n])


# Where the database is spread by map, a temporary table stays on the coordinator and its rows go out by map id.
_INCOMING = """
    CREATE TEMPORARY TABLE incoming_pin (
        n bigint, id uuid, respondent_id uuid, category text, lon double precision, lat double precision,
        square_x integer, square_y integer, zoom smallint, comment text, answers jsonb, channel text, event text,
        state text, status text, answer text, answered_at timestamptz, created_at timestamptz, about jsonb
    ) ON COMMIT DROP
"""
_COPY = """
    COPY incoming_pin (
        n, id, respondent_id, category, lon, lat, square_x, square_y, zoom, comment, answers, channel, event,
        state, status, answer, answered_at, created_at, about
    ) FROM STDIN
"""
_PEOPLE = """
    INSERT INTO respondent (map_id, id, about)
    SELECT DISTINCT ON (respondent_id) :map, respondent_id, about FROM incoming_pin
    ORDER BY respondent_id, (about = '{}'), n
    ON CONFLICT (map_id, id) DO NOTHING
"""
_PINS = """
    INSERT INTO pin (
        map_id, id, respondent_id, category, position, square_x, square_y, zoom, comment, answers, channel, event,
        state, status, answer, answered_at, created_at, changed_at
    )
    SELECT :map, id, respondent_id, category, ST_SetSRID(ST_MakePoint(lon, lat), 4326), square_x, square_y, zoom,
           comment, answers, channel, event, state, status, answer, answered_at,
           COALESCE(created_at, now()), now()
    FROM incoming_pin ORDER BY n
    ON CONFLICT (map_id, id) DO NOTHING
"""


def _store(
    session: Session,
    the_map: MapRecord,
    pins: Sequence[tuple[ImportedPin, float, float, int, int]],
    report: ImportReport,
) -> None:
    if not pins:
        return
    driver = session.connection().connection.driver_connection
    assert driver is not None  # noqa: S101 - a session that just ran a statement has a connection
    with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
        for n, (pin, lon, lat, column, line) in enumerate(pins):
            copy.write_row(
                (
                    n, pin.id, pin.respondent_id, pin.category, lon, lat, column, line, pin.zoom, pin.comment,
                    pin.answers, pin.channel, pin.event, pin.state, pin.status, pin.answer, pin.answered_at,
                    pin.created_at, pin.about,
                )
            )  # fmt: skip
    session.execute(text(_PEOPLE), {"map": the_map.id})
    stored = session.execute(text(_PINS), {"map": the_map.id}).rowcount  # type: ignore[attr-defined]
    session.execute(text("TRUNCATE incoming_pin"))
    report.stored += stored
    report.known += len(pins) - stored
