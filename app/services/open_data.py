"""Into the open-data catalogue and out of it: nothing stands there that an editor has not confirmed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.open_data_form import OpenData, stored_open_data
from app.models import Town, TownMap
from app.queries.maps import MapRecord
from app.queries.open_data import lasting_checks, published_slugs
from app.queries.towns import TownRecord, find_town
from app.services.audit import Actor, Deed, record

REASONS = {
    "ico": N_("The town’s IČO is missing: the catalogue knows towns by it."),
    "ruian": N_("The town has no RÚIAN code: the catalogue knows places by it."),
    "open": N_("The map is a draft."),
    "gives": N_("The map publishes neither its pins nor its heat, so there is nothing to give away."),
}
"""Why a map can't be in the catalogue, by the key of its check."""


def save_ico(session: Session, by: Actor, town: TownRecord, ico: str | None) -> bool:
    """Keep the town's identification number; False when it is as it was.

    InvalidInput when it shall go while the catalogue names the town by it, or when another town has it.
    """
    row = session.scalars(select(Town).where(Town.id == town.id).with_for_update()).one()
    if row.ico == ico:
        return False
    if ico is None and published_slugs(session, town.slug):
        raise InvalidInput(
            Problem("ico", N_("Maps of the town are in the catalogue, which names the town by its IČO."))
        )
    if ico and session.scalar(select(func.count()).where(Town.ico == ico, Town.id != town.id)):
        raise InvalidInput(Problem("ico", N_("Another town here has this IČO.")))
    row.ico = ico
    record(session, by, Deed("town.ico", town.slug, {"ico": ico or ""}), town_id=town.id)
    return True


def write_open_data(session: Session, by: Actor, the_map: MapRecord, said: OpenData) -> None:
    """Keep what the catalogue says of the map; where the map is there, the change shows at once.

    InvalidInput when that would take back the confirmation of a published map.
    """
    row = _locked(session, the_map)
    first = _published_at(row)
    if first:
        _refuse_unconfirmed(said)
    if _store(row, said.published(first) if first else said):
        record(session, by, Deed("open_data.change", the_map.slug), the_map=the_map)


def publish_open_data(session: Session, by: Actor, the_map: MapRecord, said: OpenData) -> None:
    """Put the map into the catalogue; InvalidInput tells all that stands in the way."""
    row = _locked(session, the_map)
    missing = [c for c in lasting_checks(the_map, find_town(session, the_map.town_slug)) if not c.is_done]
    if missing:
        raise InvalidInput(*(Problem("publish", REASONS[check.key]) for check in missing))
    _refuse_unconfirmed(said)
    first = _published_at(row)
    if _store(row, said.published(first)):
        action = "open_data.change" if first else "open_data.publish"
        record(session, by, Deed(action, the_map.slug), the_map=the_map)


def withdraw_open_data(session: Session, by: Actor, the_map: MapRecord) -> None:
    """Take the map out of the catalogue; what was written about it stays for the next time."""
    row = _locked(session, the_map)
    said = stored_open_data(row.open_data)
    if said is not None and said.published_at is not None:
        _store(row, said.withdrawn())
        record(session, by, Deed("open_data.withdraw", the_map.slug), the_map=the_map)


def _refuse_unconfirmed(said: OpenData) -> None:
    if not said.person_free:
        raise InvalidInput(
            Problem(
                "person_free", N_("Confirm that the comments were read and say nothing about particular people.")
            )
        )


def _published_at(row: TownMap) -> datetime | None:
    said = stored_open_data(row.open_data)
    return said.published_at if said else None


def _store(row: TownMap, said: OpenData) -> bool:
    """Store it; False when it is as it was."""
    wanted = said.as_json()
    if row.open_data == wanted:
        return False
    row.open_data = wanted
    row.version += 1
    return True


def _locked(session: Session, the_map: MapRecord) -> TownMap:
    query = select(TownMap).where(TownMap.id == the_map.id).with_for_update(key_share=True)
    return session.scalars(query.execution_options(populate_existing=True)).one()
