"""Moderation: what everybody may see, decided by an official, with a reason the author can read.

Every decision locks its pins, so of two officials at once the second one sees what the first did: a pin that
changed since it was read stays as it is, and is told. Deciding the same again changes nothing. Each decision is
one entry of the log, which knows how its pins stood before: by its number it is taken back.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, CollectionAggregate, Row, Uuid, any_, func, literal, select, text, update
from sqlalchemy.orm import Session

from app.errors import AlreadyDecided, Unknown
from app.inputs.queue_forms import Target
from app.inputs.reasons import Hiding
from app.models import Pin, PinState
from app.queries.maps import MapRecord
from app.services.audit import Actor, Deed, record
from app.services.flags import lock_many

UNDO = "_undo"
"""The part of an entry's detail that is for taking it back, and not for reading."""


@dataclass(frozen=True)
class Verdict:
    """What is to become of pins, and from which states that may be."""

    action: str
    """The deed's name in the log."""
    state: PinState
    reason: str | None = None
    only_from: Collection[PinState] = frozenset(PinState)
    settles: bool = True
    """Whether the official has thereby looked at what was flagged."""


@dataclass(frozen=True)
class Outcome:
    """What became of a decision."""

    action: str
    entry: int | None
    """Its number in the log, by which it can be taken back; None where nothing had to change."""
    done: Sequence[uuid.UUID] = ()
    stayed: Sequence[uuid.UUID] = ()
    """Pins that changed since they were read, or are gone: nothing was done to them."""
    before: PinState | None = None
    """How a single pin stood."""


def approval() -> Verdict:
    """Everybody may see the pin, and what was flagged is settled."""
    return Verdict("pin.approve", PinState.VISIBLE, only_from=(PinState.PENDING, PinState.VISIBLE))


def hiding(why: Hiding) -> Verdict:
    """The pin leaves everything public; the reason is for its author. Hiding again renews the reason."""
    return Verdict("pin.hide", PinState.HIDDEN, why.stored)


def showing() -> Verdict:
    """Everybody sees the pin again."""
    return Verdict("pin.show", PinState.VISIBLE)


def holding() -> Verdict:
    """The pin waits (again)."""
    return Verdict("pin.hold", PinState.PENDING, settles=False)


def decide(session: Session, the_map: MapRecord, target: Target, verdict: Verdict, *, by: Actor) -> Outcome:
    """Decide about one pin; Unknown where there is none, AlreadyDecided when it is not as it was read."""
    outcome = decide_many(session, the_map, [target], verdict, by=by)
    return _of_one(session, the_map, target, outcome)


def decide_many(
    session: Session, the_map: MapRecord, targets: Sequence[Target], verdict: Verdict, *, by: Actor
) -> Outcome:
    """Decide about pins, in as many statements for one as for thousands."""
    rows = locked(session, the_map, [target.id for target in targets])
    to_do, same, stayed = [], [], []
    for target in targets:
        row = rows.get(target.id)
        if row is not None and _is_so(row, verdict):
            same.append(target.id)
        elif row is None or PinState(row.state) not in verdict.only_from or is_other(row, target):
            stayed.append(target.id)
        else:
            to_do.append(target.id)
    before = PinState(rows[targets[0].id].state) if len(targets) == 1 and rows else None
    if not to_do:
        return Outcome(verdict.action, None, same, stayed, before)
    moment = now(session)
    session.execute(
        update(Pin)
        .where(Pin.map_id == the_map.id, Pin.id == any_of(to_do))
        .values(
            state=verdict.state,
            hidden_reason=verdict.reason,
            changed_at=moment,
            **({"flagged": False} if verdict.settles else {}),
        )
    )
    if verdict.settles:
        settle(session, the_map, to_do)
    detail = {"reason": verdict.reason} if verdict.reason else {}
    deed = deed_on([rows[pin] for pin in to_do], verdict.action, moment, detail)
    entry = record(session, by, deed, the_map=the_map)
    return Outcome(verdict.action, entry, [*to_do, *same], stayed, before)


def locked(session: Session, the_map: MapRecord, pins: Sequence[uuid.UUID]) -> dict[uuid.UUID, Row[Any]]:
    """The pins as they are, by id, which nobody else changes until the end."""
    if len(pins) > 1:
        lock_many(session, the_map)
    columns = (
        Pin.id, Pin.state, Pin.hidden_reason, Pin.changed_at, Pin.flagged,
        Pin.comment, Pin.original_comment, Pin.answers,
    )  # fmt: skip
    query = select(*columns).where(Pin.map_id == the_map.id, Pin.id == any_of(pins)).order_by(Pin.id)
    return {row.id: row for row in session.execute(query.with_for_update())}


def any_of(pins: Sequence[uuid.UUID]) -> CollectionAggregate[Any]:
    """One of these ids, sent as one array however many they are."""
    return any_(literal(list(pins), ARRAY(Uuid())))


def is_other(row: Row[Any], target: Target) -> bool:
    """Whether the pin has changed since it was read."""
    return target.seen is not None and row.changed_at != target.seen


def settle(session: Session, the_map: MapRecord, pins: Sequence[uuid.UUID]) -> None:
    """Note that somebody has looked at what was flagged about these pins."""
    session.execute(_SETTLE, {"map": the_map.id, "pins": list(pins)})


def deed_on(
    rows: Sequence[Row[Any]], action: str, moment: datetime, detail: Mapping[str, Any], **more: Any
) -> Deed:
    """A decision as the log keeps it; under UNDO how its pins stood, so that it can be taken back."""
    was: dict[str, list[str]] = {}
    for row in rows:
        was.setdefault(row.state, []).append(str(row.id))
    undo = {
        "at": moment.isoformat(),
        "was": was,
        "flagged": [str(row.id) for row in rows if row.flagged],
        "reasons": {str(row.id): row.hidden_reason for row in rows if row.hidden_reason},
        **more,
    }
    one = str(rows[0].id) if len(rows) == 1 else None
    number = {} if one else {"n": len(rows)}
    return Deed(action, one, {**detail, **number, UNDO: {key: value for key, value in undo.items() if value}})


def now(session: Session) -> datetime:
    """The database's own clock: one moment for all pins of a decision, by which they are known again."""
    moment: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return moment


def only_one(rows: Mapping[uuid.UUID, Row[Any]], outcome: Outcome, target: Target) -> Outcome:
    """The outcome of a decision about one pin; raises what stood in its way."""
    if target.id not in rows:
        raise Unknown
    if outcome.stayed:
        raise AlreadyDecided
    return outcome


def _of_one(session: Session, the_map: MapRecord, target: Target, outcome: Outcome) -> Outcome:
    return only_one(locked(session, the_map, [target.id]), outcome, target) if outcome.stayed else outcome


def _is_so(row: Row[Any], verdict: Verdict) -> bool:
    settled = not (verdict.settles and row.flagged)
    return bool(row.state == verdict.state and row.hidden_reason == verdict.reason and settled)


_SETTLE = text("UPDATE pin_flag SET settled = true WHERE map_id = :map AND pin_id = ANY(:pins) AND NOT settled")
