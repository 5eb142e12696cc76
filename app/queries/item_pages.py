"""Pages of pins for the API: the Features are made by PostgreSQL as text and only joined here."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg.errors import QueryCanceled
from sqlalchemy import ColumnElement, func, text
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.orm import Session

from app.errors import Malformed, Problem
from app.i18n import N_
from app.inputs.crs_parameters import CRS84, Crs
from app.inputs.filters import PUBLIC_FILTER, PinFilter, Scope
from app.models import Pin
from app.queries.columns import pin_columns
from app.queries.counts import visible_pins
from app.queries.maps import MapRecord
from app.queries.pin_rows import json_feature, pins_from

PATIENCE = text("SET LOCAL statement_timeout = '5s'")
"""How long a stranger's filter may keep the database busy."""
ID_STANDS = slice(len('{"type":"Feature","id":"'), len('{"type":"Feature","id":"') + 36)


@dataclass(frozen=True)
class Reading:
    """Whose eyes read which map, in which coordinate system."""

    the_map: MapRecord
    scope: Scope
    crs: Crs = CRS84


@dataclass(frozen=True)
class FeaturePage:
    """One page of Features, and whether more follow."""

    features: bytes
    """Separated by commas."""
    returned: int
    last: uuid.UUID | None
    more: bool


def feature_page(
    session: Session, reading: Reading, wanted: PinFilter, *, after: uuid.UUID | None, limit: int
) -> FeaturePage:
    """Pins in the order of their ids, from behind `after`: pins that arrive meanwhile shift nobody."""
    query = pins_from(reading.the_map, wanted, reading.scope, _made(reading)).order_by(Pin.id).limit(limit + 1)
    if after is not None:
        query = query.where(Pin.id > after)
    with patience(session, wanted):
        rows = session.scalars(query).all()
    kept = rows[:limit]
    last = uuid.UUID(kept[-1][ID_STANDS]) if kept else None
    return FeaturePage(",\n".join(kept).encode(), len(kept), last, more=len(rows) > limit)


def one_feature(session: Session, reading: Reading, pin_id: uuid.UUID) -> bytes | None:
    """One pin's Feature, if this scope may see it."""
    query = pins_from(reading.the_map, PinFilter(), reading.scope, _made(reading))
    found: str | None = session.scalar(query.where(Pin.id == pin_id))
    return found.encode() if found is not None else None


def count_pins(session: Session, reading: Reading, wanted: PinFilter) -> int:
    """How many pins match."""
    if reading.scope is Scope.PUBLIC and wanted in (PinFilter(), PUBLIC_FILTER):
        known = visible_pins(session, reading.the_map.id)
        if known is not None:
            return known
    with patience(session, wanted):
        return session.scalar(pins_from(reading.the_map, wanted, reading.scope, func.count())) or 0


def _made(reading: Reading) -> ColumnElement[str]:
    columns = pin_columns(reading.the_map, reading.scope)
    return json_feature(columns, reading.crs.epsg, lat_first=reading.crs.lat_first)


@contextmanager
def patience(session: Session, wanted: PinFilter) -> Iterator[None]:
    """What somebody's own filter does wrong, or too slowly, is theirs to mend."""
    if wanted.where is None:
        yield
        return
    session.execute(PATIENCE)
    try:
        yield
    except OperationalError as error:
        if not isinstance(error.orig, QueryCanceled):
            raise
        session.rollback()
        raise Malformed(
            Problem("filter", N_("This filter takes too long. Please ask for less at once."))
        ) from error
    except DataError as error:
        session.rollback()
        raise Malformed(Problem("filter", N_("This filter can't be worked out."))) from error
