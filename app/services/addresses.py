"""The addresses of a town: its whole set replaced at once, or taken away."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import shapely
from sqlalchemy import delete, select, text, update
from sqlalchemy.orm import Session

from app.errors import Unknown
from app.inputs.address_files import AddressRow
from app.models import Town, TownMap
from app.models.address import Address
from app.services.audit import Actor, Deed, record

SOURCE = "© ČÚZK, RÚIAN"
"""Whose the addresses are; it stands wherever they are shown."""


@dataclass(frozen=True)
class Loaded:
    """How many addresses a town has now, and how many it had."""

    count: int
    before: int


_COPY = "COPY address (town_id, code, label, street, number, part, position) FROM STDIN"


def replace_addresses(session: Session, by: Actor, town_slug: str, rows: Sequence[AddressRow]) -> Loaded:
    """Store these addresses in the place of all that the town had; Unknown where there is no such town."""
    town = _locked(session, town_slug)
    before = session.execute(delete(Address).where(Address.town_id == town.id)).rowcount  # type: ignore[attr-defined]
    _copy(session, town.id, rows)
    town.addresses = {
        "source": SOURCE,
        "loaded_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "count": len(rows),
    }
    _tell_maps(session, town.id)
    record(session, by, Deed("addresses.load", town.slug, {"rows": len(rows), "source": SOURCE}), town_id=town.id)
    session.flush()
    # Until autovacuum comes by, the planner would know neither how many there are nor their words.
    session.execute(text("ANALYZE address"))
    return Loaded(len(rows), before)


def remove_addresses(session: Session, by: Actor, town_slug: str) -> int:
    """Take the town's addresses away; how many there were."""
    town = _locked(session, town_slug)
    before: int = session.execute(delete(Address).where(Address.town_id == town.id)).rowcount  # type: ignore[attr-defined]
    if town.addresses is None:
        return before
    town.addresses = None
    _tell_maps(session, town.id)
    record(session, by, Deed("addresses.remove", town.slug, {"rows": before}), town_id=town.id)
    session.flush()
    return before


def _locked(session: Session, slug: str) -> Town:
    """The town, for which nobody else loads addresses meanwhile."""
    town = session.scalar(
        select(Town).where(Town.slug == slug).with_for_update().execution_options(populate_existing=True)
    )
    if town is None:
        raise Unknown
    return town


def _tell_maps(session: Session, town_id: int) -> None:
    """Pages of the town's maps offer the search, or don't: processes that keep a map read it anew."""
    session.execute(update(TownMap).where(TownMap.town_id == town_id).values(version=TownMap.version + 1))


def _copy(session: Session, town_id: int, rows: Sequence[AddressRow]) -> None:
    points = shapely.points(np.array([(row.lon, row.lat) for row in rows]).reshape(-1, 2))
    positions = shapely.to_wkb(shapely.set_srid(points, 4326), hex=True, include_srid=True)
    driver = session.connection().connection.driver_connection
    assert driver is not None  # noqa: S101 - a session that just ran a statement has a connection
    with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
        for row, position in zip(rows, positions, strict=True):
            copy.write_row((town_id, row.code, row.label, row.street, row.number, row.part, position))
