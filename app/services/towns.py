"""Towns as whoever runs the server adds them."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.accessibility_form import Statement, statement_row
from app.inputs.maps import TownInput
from app.models import Town, TownMap
from app.queries.towns import TownRecord
from app.services.audit import Actor, Deed, record


def create_town(session: Session, by: Actor, wanted: TownInput) -> str:
    """The slug of the new town; InvalidInput where another has its code or its address."""
    known = _taken(session, wanted)
    if known:
        raise InvalidInput(*known)
    town = Town(slug=wanted.slug, name=wanted.name, ruian=wanted.ruian)
    try:
        with session.begin_nested():
            session.add(town)
    except IntegrityError as clash:  # two administrators at once: the other was first
        raise InvalidInput(*_taken(session, wanted)) from clash
    record(session, by, Deed("town.create", town.slug, {"name": town.name}), town_id=town.id)
    return town.slug


def save_statement(session: Session, town: TownRecord, statement: Statement, *, by: Actor) -> bool:
    """Keep the town's part of its accessibility statement; False when it is as it was."""
    row = statement_row(statement)
    if town.accessibility == row:
        return False
    session.execute(update(Town).where(Town.id == town.id).values(accessibility=row))
    # The statement is part of what every process keeps of a map.
    session.execute(update(TownMap).where(TownMap.town_id == town.id).values(version=TownMap.version + 1))
    record(session, by, Deed("town.accessibility"), town_id=town.id)
    return True


def _taken(session: Session, wanted: TownInput) -> list[Problem]:
    problems = []
    if wanted.ruian and (other := session.scalar(select(Town.name).where(Town.ruian == wanted.ruian))):
        problems.append(Problem("ruian", N_("%(town)s has this code."), {"town": other}))
    if other := session.scalar(select(Town.name).where(Town.slug == wanted.slug)):
        problems.append(
            Problem("slug", N_("%(town)s has this address; names repeat, so give another one."), {"town": other})
        )
    return problems
