"""The desk: a clerk writes down what other people say, pin by pin, each stored at once, one person after another.

A person is new, and known to the page alone by a random key of which the respondent's id is a salted hash: neither
a device's token nor the id of anybody else can be reached by such a key.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.errors import Conflict, MapChanged, Problem, Unacceptable, Unknown
from app.inputs.answers import check_answers
from app.inputs.desk import DeskPin
from app.inputs.pins import PinInput
from app.models import Channel, Moderation, Pin, PinState, Respondent, TownMap
from app.queries.desk import ALL_GONE, PERSON, TAKE_BACK
from app.queries.maps import MapRecord, find_event
from app.services.audit import Actor, Deed, record
from app.services.flags import must_wait, replace_text_flags, text_flags
from app.services.moderation import now
from app.services.pins import pin_problems, square_of_pin
from app.services.respondents import refuse_anonymised

USUAL_LENGTH: Final = timedelta(hours=12)
"""So long an event lasts at most of which nobody said when it ends."""


def desk_person(the_map: MapRecord, key: uuid.UUID) -> uuid.UUID:
    """The respondent of a person whom a clerk writes down."""
    return uuid.UUID(bytes=hashlib.sha256(the_map.salt + b"\0desk\0" + key.bytes).digest()[:16])


def store_desk_pin(
    session: Session, by: Actor, the_map: MapRecord, key: uuid.UUID, written: DeskPin, about: Mapping[str, Any]
) -> bool:
    """Store a pin of the person under way and what is known of them; whether it is new: the same id is one pin.

    It may come while the map is closed, as paper does; Anonymised once the map has forgotten its people.
    Unacceptable with everything that the map's rules say against it.
    """
    refuse_anonymised(the_map)
    _hold(session, the_map)
    new = _ordered(the_map, written.pin)
    problems = [*pin_problems(session, the_map, new), *_about_problems(the_map, about)]
    if problems:
        raise Unacceptable(*problems)
    person = desk_person(the_map, key)
    _keep(session, the_map, person, about)
    is_first = not _pins(session, the_map, person)
    values = _values(session, the_map, new) | {"respondent_id": person, "precision_m": written.precision_m}
    flags = text_flags(the_map, new.comment, new.answers)
    waits = the_map.moderation == Moderation.PRE or must_wait(the_map, flags)
    values["state"] = PinState.PENDING if waits else PinState.VISIBLE
    stored = insert(Pin).values(values).on_conflict_do_nothing(index_elements=["map_id", "id"])
    if session.scalar(stored.returning(Pin.id)) is None:
        owner = session.scalar(select(Pin.respondent_id).where(Pin.map_id == the_map.id, Pin.id == new.id))
        if owner != person:
            raise Conflict
        return False
    if flags:
        replace_text_flags(session, the_map, new.id, flags)
    if is_first:
        record(session, by, Deed(PERSON, new.event), the_map=the_map)
    return True


def save_desk_about(session: Session, the_map: MapRecord, key: uuid.UUID, about: Mapping[str, Any]) -> None:
    """Keep what is known of the person under way, replacing what was known before."""
    refuse_anonymised(the_map)
    problems = _about_problems(the_map, about)
    if problems:
        raise Unacceptable(*problems)
    _keep(session, the_map, desk_person(the_map, key), about)


def take_back(session: Session, by: Actor, the_map: MapRecord, key: uuid.UUID, pin: uuid.UUID | None) -> None:
    """Take a pin of the person under way back, the last one where none is named; nothing of it stays.

    Unknown where they have none such.
    """
    person = desk_person(the_map, key)
    session.execute(select(Respondent.id).where(_is(the_map, person)).with_for_update())
    theirs = select(Pin.id).where(Pin.map_id == the_map.id, Pin.respondent_id == person)
    wanted = theirs.where(Pin.id == pin) if pin else theirs.order_by(Pin.changed_at.desc(), Pin.id).limit(1)
    found = session.scalar(wanted)
    if found is None:
        raise Unknown
    session.execute(delete(Pin).where(Pin.map_id == the_map.id, Pin.id == found))
    detail = {} if _pins(session, the_map, person) else {ALL_GONE: True}
    record(session, by, Deed(TAKE_BACK, str(found), detail), the_map=the_map)


def _hold(session: Session, the_map: MapRecord) -> None:
    """Have the map stay as it is until the end of the transaction; MapChanged where it is another one by now."""
    version = session.scalar(select(TownMap.version).where(TownMap.id == the_map.id).with_for_update(read=True))
    if version != the_map.version:
        raise MapChanged


def _ordered(the_map: MapRecord, pin: PinInput) -> PinInput:
    """The same pin, also of one who typed its coordinates in the other order, as most maps show them."""
    swapped = not the_map.covers(pin.lon, pin.lat) and the_map.covers(pin.lat, pin.lon)
    return replace(pin, lon=pin.lat, lat=pin.lon) if swapped else pin


def _about_problems(the_map: MapRecord, about: Mapping[str, Any]) -> list[Problem]:
    return [Problem(f"about.{p.field}", p.message, p.data) for p in check_answers(about, the_map.about)]


def _keep(session: Session, the_map: MapRecord, person: uuid.UUID, about: Mapping[str, Any]) -> None:
    """The person's row with these answers, locked: of two pins at once one is the first."""
    made = insert(Respondent).values(map_id=the_map.id, id=person, about=dict(about))
    session.execute(
        made.on_conflict_do_update(index_elements=["map_id", "id"], set_={"about": made.excluded.about})
    )


def _is(the_map: MapRecord, person: uuid.UUID) -> ColumnElement[bool]:
    return (Respondent.map_id == the_map.id) & (Respondent.id == person)


def _pins(session: Session, the_map: MapRecord, person: uuid.UUID) -> int:
    counted = select(func.count()).where(Pin.map_id == the_map.id, Pin.respondent_id == person)
    return session.scalar(counted) or 0


def _values(session: Session, the_map: MapRecord, new: PinInput) -> dict[str, Any]:
    square_x, square_y = square_of_pin(the_map, new)
    moment = now(session)
    return {
        "map_id": the_map.id,
        "id": new.id,
        "category": new.category,
        "position": func.ST_SetSRID(func.ST_MakePoint(new.lon, new.lat), 4326),
        "square_x": square_x,
        "square_y": square_y,
        "zoom": new.zoom,
        "comment": new.comment,
        "answers": dict(new.answers),
        "channel": Channel.PAPER,
        "event": new.event,
        "created_at": _said_at(session, the_map, new.event, moment),
        "changed_at": moment,
    }


def _said_at(session: Session, the_map: MapRecord, code: str | None, moment: datetime) -> datetime:
    """When the person said it: at the event where that is over, else now."""
    event = find_event(session, the_map.id, code) if code else None
    if event is None or event.starts_at is None:
        return moment
    end = event.ends_at or event.starts_at + USUAL_LENGTH
    return event.starts_at if end < moment else moment
