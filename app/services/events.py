"""Events made, changed and taken away by officials; each is of use the moment it is stored."""

from __future__ import annotations

import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.maps import EventInput
from app.models import Event, TownMap
from app.queries.events import event_of, pins_of_event
from app.queries.maps import MapRecord
from app.services.audit import Actor, Deed, record

CONSONANTS, VOWELS, DIGITS = "DFHKLMNPRTV", "AEU", "34679"
"""Without what is mistaken for another sign in print or by hand: B 8, C G, I 1 J, O 0 Q, S 5, Z 2."""
ATTEMPTS = 50


def fresh_code(session: Session, map_id: int) -> str:
    """A code that no event of the map has: two syllables and two digits, to be read aloud and copied by hand."""
    taken = set(session.scalars(select(Event.code).where(Event.map_id == map_id)))
    code = _code()
    for _ in range(ATTEMPTS):
        if code not in taken:
            break
        code = _code()
    return code


def create_event(session: Session, by: Actor, the_map: MapRecord, wanted: EventInput) -> Event:
    """Store a new event; InvalidInput where the map has one of this code."""
    _lock(session, the_map)
    _refuse_taken(session, the_map, wanted.code)
    event = Event(map_id=the_map.id, code=wanted.code)
    _fill(event, wanted)
    session.add(event)
    session.flush()
    record(session, by, Deed("event.create", event.code, {"kind": event.kind}), the_map=the_map)
    return event


def change_event(session: Session, by: Actor, the_map: MapRecord, code: str, wanted: EventInput) -> Event:
    """Bring the event to this description. Its code stays once pins carry it: posters with it hang somewhere."""
    event = _locked(session, the_map, code)
    detail: dict[str, object] = {"kind": wanted.kind}
    if wanted.code != event.code:
        if pins_of_event(session, the_map.id, event.code):
            raise InvalidInput(
                Problem(
                    "code",
                    N_("People have already pinned with the code %(code)s, so it stays."),
                    {"code": event.code},
                )
            )
        _refuse_taken(session, the_map, wanted.code)
        detail["code_before"] = event.code
        event.code = wanted.code
    _fill(event, wanted)
    session.flush()
    record(session, by, Deed("event.change", event.code, detail), the_map=the_map)
    return event


def delete_event(session: Session, by: Actor, the_map: MapRecord, code: str) -> None:
    """Take the event away; InvalidInput once pins carry its code."""
    event = _locked(session, the_map, code)
    if pins_of_event(session, the_map.id, event.code):
        raise InvalidInput(
            Problem("delete", N_("People have pinned at this event, so it can't be deleted; their pins name it."))
        )
    session.delete(event)
    session.flush()
    record(session, by, Deed("event.delete", event.code, {"kind": event.kind}), the_map=the_map)


def _lock(session: Session, the_map: MapRecord) -> None:
    """One change of a map's events at a time, so that two officials can't take one code."""
    session.execute(select(TownMap.id).where(TownMap.id == the_map.id).with_for_update(key_share=True))


def _locked(session: Session, the_map: MapRecord, code: str) -> Event:
    """The event, with no pin on its way to it: one that is being stored holds the row until it can be counted."""
    _lock(session, the_map)
    event = event_of(session, the_map, code)
    session.refresh(event, with_for_update=True)
    return event


def _refuse_taken(session: Session, the_map: MapRecord, code: str) -> None:
    if session.get(Event, (the_map.id, code)) is not None:
        raise InvalidInput(Problem("code", N_("Another event of this map has the code %(code)s."), {"code": code}))


def _fill(event: Event, wanted: EventInput) -> None:
    event.kind = wanted.kind
    event.title = dict(wanted.title)
    event.place = wanted.place
    event.starts_at = wanted.starts_at
    event.ends_at = wanted.ends_at
    event.target_group = dict(wanted.target_group)
    event.expected_people = wanted.expected_people
    event.simple = wanted.simple


def _code() -> str:
    first, second = secrets.choice(CONSONANTS), secrets.choice(CONSONANTS)
    while second == first:
        # No syllable said twice: "KAKA" is not what a school wants on its door.
        second = secrets.choice(CONSONANTS)
    syllables = first + secrets.choice(VOWELS) + second + secrets.choice(VOWELS)
    return syllables + secrets.choice(DIGITS) + secrets.choice(DIGITS)
