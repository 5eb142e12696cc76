"""What the town says: for one pin, or for a place and all pins in it.

An answer for a place is written on every pin it reaches, with the place's id, so that whoever reads a pin reads
its answer. A pin answered by itself keeps its own answer; where places overlap, the one answered last is heard.
All answers of a map are given one after another, so two officials at once can't leave a pin with the wrong one.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from geoalchemy2.shape import from_shape
from sqlalchemy import Integer, cast, func, select, text, update
from sqlalchemy.orm import Session

from app.errors import AnswerChanged, Unknown
from app.inputs.answer_forms import Answer, PlaceInput, TemplateInput
from app.models import AnsweredPlace, AnswerTemplate, Pin, PinStatus
from app.queries.answers import IS_OWN, place_record
from app.queries.maps import MapRecord
from app.queries.towns import TownRecord
from app.services.audit import Actor, Deed, record

LOCK = 2_718_282
"""The first half of the advisory lock's key; the other one is the map's id."""

# Every touched pin without an answer of its own gets the answer of the newest place around it, or none.
_LAY = """
WITH touched AS ({touched}), said AS (
    SELECT DISTINCT ON (p.id) p.id, a.id AS place_id, COALESCE(a.status, 'received') AS status,
           NULLIF(a.answer, '') AS answer, a.answered_at
    FROM touched JOIN pin p ON p.map_id = :map AND p.id = touched.id
    LEFT JOIN answered_place a ON a.map_id = p.map_id AND ST_Covers(a.area, p.position)
        AND (a.categories = '{{}}' OR p.category = ANY(a.categories))
    WHERE NOT {own}
    ORDER BY p.id, a.answered_at DESC NULLS LAST, a.id
)
UPDATE pin SET place_id = said.place_id, status = said.status, answer = said.answer,
    answered_at = said.answered_at, changed_at = clock_timestamp()
FROM said WHERE pin.map_id = :map AND pin.id = said.id
    AND (pin.place_id, pin.status, pin.answer, pin.answered_at)
        IS DISTINCT FROM (said.place_id, said.status, said.answer, said.answered_at)
"""
_OF_PLACE = """
    SELECT id FROM pin WHERE map_id = :map AND place_id = :place
    UNION
    SELECT p.id FROM answered_place a JOIN pin p ON p.map_id = a.map_id AND ST_Covers(a.area, p.position)
    WHERE a.map_id = :map AND a.id = :place
"""
LAY_PLACE = text(_LAY.format(touched=_OF_PLACE, own=IS_OWN))
LAY_PIN = text(_LAY.format(touched="SELECT CAST(:pin AS uuid) AS id", own=IS_OWN))


def answer_pin(session: Session, the_map: MapRecord, pin_id: uuid.UUID, said: Answer, by: Actor) -> None:
    """Answer one pin by itself, whatever place it lies in; Unknown where there is none."""
    _one_after_another(session, the_map)
    before = _status_of(session, the_map, pin_id)
    session.execute(
        update(Pin)
        .where(Pin.map_id == the_map.id, Pin.id == pin_id)
        .values(
            status=said.status,
            answer=said.text or None,
            answered_at=func.clock_timestamp(),
            place_id=None,
            changed_at=func.clock_timestamp(),
        )
    )
    record(session, by, Deed("answer.pin", str(pin_id), {"status": [before, said.status]}), the_map=the_map)


def take_answer_back(session: Session, the_map: MapRecord, pin_id: uuid.UUID, by: Actor) -> None:
    """Leave the pin without an answer of its own: the answer for its place, if there is one, holds again."""
    _one_after_another(session, the_map)
    before = _status_of(session, the_map, pin_id)
    session.execute(
        update(Pin)
        .where(Pin.map_id == the_map.id, Pin.id == pin_id)
        .values(
            status=PinStatus.RECEIVED,
            answer=None,
            answered_at=None,
            place_id=None,
            changed_at=func.clock_timestamp(),
        )
    )
    session.execute(LAY_PIN, {"map": the_map.id, "pin": pin_id})
    record(session, by, Deed("answer.delete", str(pin_id), {"status": [before, None]}), the_map=the_map)


def add_place(session: Session, the_map: MapRecord, wanted: PlaceInput, by: Actor) -> uuid.UUID:
    """Answer an area as one: its new id; the answer stands on every pin there that had none of its own."""
    _one_after_another(session, the_map)
    place = AnsweredPlace(map_id=the_map.id, id=uuid.uuid4(), answered_at=_now(session))
    _fill(place, wanted)
    session.add(place)
    session.flush()
    _lay(session, place, "answer.place", by, the_map)
    return place.id


def change_place(
    session: Session, the_map: MapRecord, place_id: uuid.UUID, wanted: PlaceInput, by: Actor, *, seen: str | None
) -> None:
    """Answer the place otherwise, or another area: its pins follow, those that came since as well.

    `seen`: the `mark` of the place as the official read it; AnswerChanged if it is another one now.
    """
    _one_after_another(session, the_map)
    place = _place(session, the_map, place_id)
    if seen is not None and seen != place_record(place).mark:
        raise AnswerChanged
    if (place.status, place.answer) != (wanted.answer.status, wanted.answer.text):
        place.answered_at = _now(session)
    _fill(place, wanted)
    session.flush()
    _lay(session, place, "answer.change", by, the_map)


def take_in(session: Session, the_map: MapRecord, place_id: uuid.UUID, by: Actor) -> None:
    """Let the answer for a place reach the pins that came since it was given."""
    _one_after_another(session, the_map)
    _lay(session, _place(session, the_map, place_id), "answer.take_in", by, the_map)


def delete_place(session: Session, the_map: MapRecord, place_id: uuid.UUID, by: Actor) -> None:
    """Take the answer for a place back from all its pins; an older place around them is heard again."""
    _one_after_another(session, the_map)
    place = _place(session, the_map, place_id)
    detail = {"place": str(place_id), "status": [place.status, None]}
    name = place.name
    session.delete(place)
    session.flush()
    session.execute(LAY_PLACE, {"map": the_map.id, "place": place_id})
    record(session, by, Deed("answer.delete", name, detail), the_map=the_map)


def save_template(
    session: Session, town: TownRecord, wanted: TemplateInput, by: Actor, *, template_id: int | None = None
) -> int:
    """Keep a wording for the next time, a new one or instead of an old one; its id."""
    row = AnswerTemplate(town_id=town.id) if template_id is None else _template(session, town, template_id)
    row.title, row.status, row.text = wanted.title, wanted.answer.status, wanted.answer.text
    session.add(row)
    session.flush()
    action = "template.add" if template_id is None else "template.change"
    record(session, by, Deed(action, wanted.title), town_id=town.id)
    return row.id


def delete_template(session: Session, town: TownRecord, template_id: int, by: Actor) -> None:
    """Forget a wording."""
    row = _template(session, town, template_id)
    record(session, by, Deed("template.delete", row.title), town_id=town.id)
    session.delete(row)
    session.flush()


def _one_after_another(session: Session, the_map: MapRecord) -> None:
    """Wait until nobody else is answering on this map."""
    session.execute(select(func.pg_advisory_xact_lock(cast(LOCK, Integer), cast(the_map.id, Integer))))


def _lay(session: Session, place: AnsweredPlace, action: str, by: Actor, the_map: MapRecord) -> None:
    """Write the place's answer on its pins, and the deed into the log."""
    session.execute(LAY_PLACE, {"map": the_map.id, "place": place.id})
    reached = select(func.count()).where(Pin.map_id == the_map.id, Pin.place_id == place.id)
    detail = {
        "place": str(place.id),
        "status": place.status,
        "categories": list(place.categories),
        "pins": session.scalar(reached),
    }
    record(session, by, Deed(action, place.name, detail), the_map=the_map)


def _fill(place: AnsweredPlace, wanted: PlaceInput) -> None:
    place.name = wanted.name
    place.area = from_shape(wanted.area, srid=4326, extended=True)
    place.categories = list(wanted.categories)
    place.status, place.answer = wanted.answer.status, wanted.answer.text


def _place(session: Session, the_map: MapRecord, place_id: uuid.UUID) -> AnsweredPlace:
    found = session.scalar(
        select(AnsweredPlace)
        .where(AnsweredPlace.map_id == the_map.id, AnsweredPlace.id == place_id)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise Unknown
    return found


def _status_of(session: Session, the_map: MapRecord, pin_id: uuid.UUID) -> str:
    found = session.scalar(select(Pin.status).where(Pin.map_id == the_map.id, Pin.id == pin_id).with_for_update())
    if found is None:
        raise Unknown
    return found


def _template(session: Session, town: TownRecord, template_id: int) -> AnswerTemplate:
    found = session.scalar(
        select(AnswerTemplate).where(AnswerTemplate.town_id == town.id, AnswerTemplate.id == template_id)
    )
    if found is None:
        raise Unknown
    return found


def _now(session: Session) -> datetime:
    """The database's clock at this moment: of two answers the later one is the newer one."""
    found: datetime = session.scalar(select(func.clock_timestamp()))  # type: ignore[assignment]
    return found
