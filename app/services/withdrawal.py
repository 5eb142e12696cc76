"""Withdrawal: all that a person gave to a map, taken back at once and for good."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from sqlalchemy import delete, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.models import Pin, Respondent, RespondentDevice, Support, TownMap
from app.queries.maps import MapRecord, read_map
from app.services.counts import fold
from app.services.respondents import Author, refuse_anonymised, respondent_of

TRIES = 3
"""A pin may arrive from the same person while they withdraw: then once more, and it goes too."""

_RECOUNT = text(
    """
    UPDATE pin SET supports = (SELECT count(*) FROM support s WHERE s.map_id = pin.map_id AND s.pin_id = pin.id)
    WHERE map_id = :map AND id = ANY(:pins)
    """
)


@dataclass(frozen=True)
class Withdrawn:
    """What was taken away."""

    pins: int
    supports: int


def withdraw(session: Session, the_map: MapRecord, author: Author) -> Withdrawn:
    """Delete the person's pins, supports, answers, devices and receipt, whether the map is open or not.

    Who gave nothing has nothing to take back. Anonymised once nobody can tell what was theirs.
    """
    # The map must not be anonymised meanwhile: its pins would then be nobody's, and stay.
    locked = select(TownMap.slug).where(TownMap.id == the_map.id).with_for_update(read=True)
    refuse_anonymised(read_map(session, session.scalars(locked).one()))
    person = respondent_of(session, the_map, author)
    for left in reversed(range(TRIES)):
        try:
            with session.begin_nested():
                return _delete(session, the_map.id, person)
        except IntegrityError:
            if not left:
                raise
    raise AssertionError


def _delete(session: Session, map_id: int, person: uuid.UUID) -> Withdrawn:
    own_support = (Support.map_id == map_id, Support.respondent_id == person)
    supported = list(session.scalars(select(Support.pin_id).where(*own_support)))
    session.execute(delete(Support).where(*own_support))
    if supported:
        session.execute(_RECOUNT, {"map": map_id, "pins": supported})
    own_pins = delete(Pin).where(Pin.map_id == map_id, Pin.respondent_id == person).returning(Pin.id)
    pins = len(session.execute(own_pins).all())
    session.execute(
        delete(RespondentDevice).where(RespondentDevice.map_id == map_id, RespondentDevice.respondent_id == person)
    )
    session.execute(delete(Respondent).where(Respondent.map_id == map_id, Respondent.id == person))
    fold(session, map_id)  # what waits to be counted says whose pins they were
    return Withdrawn(pins, len(supported))
