"""Keeping who lives in a town: the table that coverage is measured against."""

from __future__ import annotations

from sqlalchemy.orm import Session

from app.inputs.census import CensusInput
from app.models import Town
from app.services.audit import Actor, Deed, record


def save_census(session: Session, town_id: int, census: CensusInput, by: Actor) -> None:
    """Store the table in the place of the one before."""
    row = session.get_one(Town, town_id, with_for_update=True)
    row.census = census.as_json()
    detail = {"people": census.people, "rows": len(census.rows), "source": census.source}
    record(session, by, Deed("census.change", row.slug, detail), town_id=town_id)
