"""Pins: created, changed, taken back and supported by those who made them."""

from __future__ import annotations

import json
import math
import uuid
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.errors import Conflict, MapChanged, MapClosed, NotYours, Problem, Refusal, Unacceptable, Unknown
from app.i18n import N_
from app.inputs.answers import check_answers
from app.inputs.filters import PinFilter, Scope
from app.inputs.pins import OURS, PinChange, PinInput, parse_pin
from app.models import Channel, Moderation, PhotoShown, Pin, PinPhoto, PinState, QuestionType, Support
from app.queries.features import FreshPin, own_feature, pin_query
from app.queries.maps import MapRecord, find_event
from app.services.flags import flags_json, must_wait, replace_text_flags, text_flags
from app.services.respondents import Author, device_id, ensure_respondent, respondent_of
from gis.crs import to_metric
from gis.grid import square_of

PHOTO_HOLDS_M = 50
"""A pin that moves farther may be of another place than its photo shows."""
SAME_PLACE = 1e-6
"""Degrees: a pin that is sent back has fewer decimals than the one that is stored."""

# One round trip: whom the device speaks for, that person's row, the pin, and its flags where there are any.
# Two equal posts at once store one pin.
_WHO = """
WITH who AS (
    SELECT COALESCE(
        (SELECT respondent_id FROM respondent_device WHERE map_id = %(map)s AND device_id = %(device)s),
        %(device)s
    ) AS id
    WHERE EXISTS (SELECT FROM town_map WHERE id = %(map)s AND version = %(version)s)
), person AS (
    INSERT INTO respondent (map_id, id) SELECT %(map)s, id FROM who ON CONFLICT DO NOTHING
)
"""
_PIN = """
INSERT INTO pin (
    map_id, id, respondent_id, category, position, square_x, square_y, zoom, precision_m, comment, answers,
    channel, event, state, flagged
)
SELECT %(map)s, %(id)s, who.id, %(category)s, ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326),
       %(square_x)s, %(square_y)s, %(zoom)s, %(precision_m)s, %(comment)s, CAST(%(answers)s AS jsonb), %(channel)s,
       %(event)s, %(state)s, %(flagged)s
FROM who
ON CONFLICT (map_id, id) DO NOTHING
RETURNING map_id, id, created_at
"""
_INSERT = _WHO + _PIN
_INSERT_FLAGGED = f"""{_WHO}, stored AS ({_PIN}), flags AS (
    INSERT INTO pin_flag (map_id, pin_id, kind, detail)
    SELECT stored.map_id, stored.id, found.kind, found.detail
    FROM stored, jsonb_to_recordset(CAST(%(flags)s AS jsonb)) AS found (kind text, detail jsonb)
)
SELECT map_id, id, created_at FROM stored
"""


def create_pin(session: Session, the_map: MapRecord, token: str, new: PinInput) -> tuple[dict[str, Any], bool]:
    """Store a pin from the web; its Feature, and whether it is new.

    The same id from the same person gives the stored pin back; from another one it is a Conflict.
    MapClosed and Unacceptable when the map does not take it, MapChanged when it is no longer that map.
    """
    _check(session, the_map, new)
    square_x, square_y = square_of_pin(the_map, new)
    flags = text_flags(the_map, new.comment, new.answers)
    waits = the_map.moderation == Moderation.PRE or must_wait(the_map, flags)
    state = PinState.PENDING if waits else PinState.VISIBLE
    values = {
        "map": the_map.id,
        "version": the_map.version,
        "device": device_id(the_map, token),
        "id": new.id,
        "category": new.category,
        "lon": new.lon,
        "lat": new.lat,
        "square_x": square_x,
        "square_y": square_y,
        "zoom": new.zoom,
        "precision_m": new.precision_m,
        "comment": new.comment,
        "answers": json.dumps(new.answers),
        "channel": Channel.WEB,
        "event": new.event,
        "state": state,
        "flagged": bool(flags),
        "flags": flags_json(flags),
    }
    statement = _INSERT_FLAGGED if flags else _INSERT
    stored_now = session.connection().exec_driver_sql(statement, values).first()
    if stored_now is None:
        try:
            stored = own_pin(session, the_map, token, new.id, error=Conflict)
        except Unknown:
            raise MapChanged from None
        return own_feature(stored, the_map), False
    fresh = FreshPin(
        new.id,
        new.lon,
        new.lat,
        new.category,
        new.comment,
        new.event,
        new.zoom,
        new.answers,
        Channel.WEB,
        state,
        stored_now.created_at,
        precision_m=new.precision_m,
    )
    return own_feature(fresh, the_map), True


def send_again(session: Session, the_map: MapRecord, token: Author, new: PinInput) -> bool:
    """Give one's own stored pin what its form says now; whether that is something else than what it said first.

    What the office had masked stays masked where the same words only come once more.
    """
    stored = own_pin(session, the_map, token, new.id, lock=True)
    masked = session.scalar(select(Pin.original_comment).where(Pin.map_id == the_map.id, Pin.id == new.id))
    stayed = math.hypot(new.lon - stored.lon, new.lat - stored.lat) < SAME_PLACE
    said = (stored.category, stored.comment if masked is None else masked, stored.answers, stored.event)
    if stayed and said == (new.category, new.comment, dict(new.answers), new.event):
        return False
    replace_pin(session, the_map, token, new)
    return True


def replace_pin(session: Session, the_map: MapRecord, token: Author, new: PinInput) -> dict[str, Any]:
    """Give one's own pin a new place, category, comment and answers."""
    stored = own_pin(session, the_map, token, new.id, lock=True)
    _check(session, the_map, new)
    square_x, square_y = square_of_pin(the_map, new)
    # What was hidden, or waits for a look first, is looked at again when its words change.
    reviewed = the_map.moderation == Moderation.PRE or stored.state == PinState.HIDDEN
    said, said_before = _words(the_map, new), _words(the_map, stored)
    said_anew = said != said_before and (bool(said - said_before) or stored.state == PinState.HIDDEN)
    flags = text_flags(the_map, new.comment, new.answers) if said != said_before else {}
    waits = said_anew and (reviewed or must_wait(the_map, flags))
    session.execute(
        update(Pin)
        .where(Pin.map_id == the_map.id, Pin.id == new.id)
        .values(
            category=new.category,
            position=func.ST_SetSRID(func.ST_MakePoint(new.lon, new.lat), 4326),
            square_x=square_x,
            square_y=square_y,
            zoom=new.zoom,
            precision_m=_precision_m(stored, new),
            comment=new.comment,
            answers=dict(new.answers),
            event=new.event,
            state=PinState.PENDING if waits else stored.state,
            checked_at=None,
            changed_at=func.clock_timestamp(),
            # What an official had masked is kept only as long as the masked words stand.
            **({"original_comment": None} if new.comment != stored.comment else {}),
        )
    )
    if said != said_before:
        replace_text_flags(session, the_map, new.id, flags)
    if new.category != stored.category or _moved_m(the_map, stored, new) > PHOTO_HOLDS_M:
        _look_at_photo_again(session, the_map, new.id)
    return own_feature(own_pin(session, the_map, token, new.id), the_map)


def change_pin(
    session: Session, the_map: MapRecord, token: Author, pin_id: uuid.UUID, change: PinChange
) -> dict[str, Any]:
    """Change what is named in the patch; a null takes the value away."""
    stored = own_feature(own_pin(session, the_map, token, pin_id, lock=True), the_map)
    if change.lon is not None:
        stored["geometry"] = {"type": "Point", "coordinates": [change.lon, change.lat]}
        stored["properties"].pop("precision_m", None)  # it was said of the place before
    stored["properties"] = _writable(stored["properties"]) | dict(change.properties)
    return replace_pin(session, the_map, token, parse_pin(stored, pin_id))


def delete_pin(session: Session, the_map: MapRecord, token: Author, pin_id: uuid.UUID) -> None:
    """Take one's own pin back; nothing of it stays."""
    own_pin(session, the_map, token, pin_id, lock=True)
    if not the_map.is_open():
        raise MapClosed
    session.execute(delete(Pin).where(Pin.map_id == the_map.id, Pin.id == pin_id))


def support_pin(session: Session, the_map: MapRecord, token: str, pin_id: uuid.UUID, *, on: bool) -> int:
    """Support somebody's pin, or take the support back; how many support it now."""
    if not the_map.is_open():
        raise MapClosed
    respondent = respondent_of(session, the_map, token)
    owner = session.scalar(
        select(Pin.respondent_id)
        .where(Pin.map_id == the_map.id, Pin.id == pin_id, Pin.state == PinState.VISIBLE)
        .with_for_update()
    )
    if owner is None:
        raise Unknown
    if owner == respondent:
        raise Unacceptable(Problem("id", N_("This pin is your own.")))
    ensure_respondent(session, the_map.id, respondent)
    if on:
        session.execute(
            insert(Support)
            .values(map_id=the_map.id, pin_id=pin_id, respondent_id=respondent)
            .on_conflict_do_nothing()
        )
    else:
        session.execute(
            delete(Support).where(
                Support.map_id == the_map.id, Support.pin_id == pin_id, Support.respondent_id == respondent
            )
        )
    # The pin's row is locked above, so counting its supporters can't miss one that comes at the same time.
    counted = select(func.count()).where(Support.map_id == the_map.id, Support.pin_id == pin_id)
    supports: int = session.execute(
        update(Pin)
        .where(Pin.map_id == the_map.id, Pin.id == pin_id)
        .values(supports=counted.scalar_subquery())
        .returning(Pin.supports)
    ).scalar_one()
    return supports


def own_pin(
    session: Session,
    the_map: MapRecord,
    token: Author,
    pin_id: uuid.UUID,
    *,
    lock: bool = False,
    error: type[Refusal] = NotYours,
) -> Row[Any]:
    """The row of a pin of this device's person; Unknown where there is none, `error` where it is another's."""
    query = pin_query(the_map, PinFilter(), Scope.OFFICE).where(Pin.id == pin_id)
    if lock:
        query = query.with_for_update(of=Pin)
    row = session.execute(query).first()
    if row is None:
        raise Unknown
    if row.respondent != respondent_of(session, the_map, token):
        raise error
    return row


def pin_problems(session: Session, the_map: MapRecord, new: PinInput) -> list[Problem]:
    """Everything wrong with a pin by the map's rules, whenever and however it comes."""
    problems = []
    if not the_map.covers(new.lon, new.lat):
        problems.append(Problem("geometry", N_("This place is outside the map.")))
    if new.category not in the_map.category_by_key:
        problems.append(Problem("category", N_("The map has no such choice.")))
    if new.event is not None and find_event(session, the_map.id, new.event) is None:
        problems.append(Problem("event", N_("The map has no event of this code.")))
    return problems + check_answers(new.answers, the_map.questions, new.category)


def _check(session: Session, the_map: MapRecord, new: PinInput) -> None:
    """Everything the map asks of a pin, all problems told at once."""
    if not the_map.is_open():
        raise MapClosed
    problems = pin_problems(session, the_map, new)
    if problems:
        raise Unacceptable(*problems)


def square_of_pin(the_map: MapRecord, new: PinInput) -> tuple[int, int]:
    """The 25 m square of a pin in the map's metric CRS."""
    x, y = to_metric(the_map.metric_srid)(new.lon, new.lat)
    column, row = square_of(x, y)
    return int(column), int(row)


def _precision_m(stored: Row[Any], new: PinInput) -> float | None:
    """As it is said anew; of a pin that stayed where it was as it was known, for clients that don't say it."""
    stayed = math.hypot(new.lon - stored.lon, new.lat - stored.lat) < SAME_PLACE
    known: float | None = stored.precision_m if stayed else None
    return known if new.precision_m is None else new.precision_m


def _moved_m(the_map: MapRecord, stored: Row[Any], new: PinInput) -> float:
    metric = to_metric(the_map.metric_srid)
    return math.dist(metric(stored.lon, stored.lat), metric(new.lon, new.lat))


def _look_at_photo_again(session: Session, the_map: MapRecord, pin_id: uuid.UUID) -> None:
    """Let a photo that is shown or waits be seen anew, with the pin as it is now: who saw it saw another.

    A refused one stays refused.
    """
    session.execute(
        update(PinPhoto)
        .where(PinPhoto.map_id == the_map.id, PinPhoto.pin_id == pin_id, PinPhoto.state != PhotoShown.REFUSED)
        .values(state=PhotoShown.WAITING, checked_by=None, checked_at=None, created_at=func.clock_timestamp())
    )


def _words(the_map: MapRecord, pin: PinInput | Row[Any]) -> set[tuple[str, str]]:
    """All that a pin says in the author's own words, by where it is said."""
    texts = {q.key: pin.answers.get(q.key) for q in the_map.questions if q.type == QuestionType.TEXT}
    return {(key, words) for key, words in {**texts, "comment": pin.comment}.items() if words}


def _writable(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in properties.items() if key not in OURS}
