"""Taking back the last decisions about pins, by what the log knows of them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.errors import AlreadyDecided, Unknown
from app.models import AuditEntry, Pin
from app.queries.maps import MapRecord
from app.services.audit import Actor, Deed, record
from app.services.flags import unsettle
from app.services.masking import restore_words
from app.services.moderation import UNDO, Outcome, any_of, locked, now

UNDONE = frozenset({"pin.approve", "pin.hide", "pin.show", "pin.hold", "pin.mask"})
"""Deeds that can be taken back."""


def take_back(session: Session, the_map: MapRecord, entry_id: int, *, by: Actor) -> Outcome:
    """Put the pins of one's own decision back as they stood; those that changed since then stay.

    Unknown for what is no decision of theirs on this map, AlreadyDecided when all of its pins have changed.
    """
    entry = own_entry(session, the_map, entry_id, by)
    detail: Mapping[str, Any] = entry.detail[UNDO]
    was = {uuid.UUID(pin): state for state, pins in detail["was"].items() for pin in pins}
    at = datetime.fromisoformat(detail["at"])
    rows = locked(session, the_map, list(was))
    to_do = [pin for pin in was if pin in rows and rows[pin].changed_at == at]
    stayed = list(was.keys() - set(to_do))
    if not to_do:
        raise AlreadyDecided
    moment = now(session)
    restore_words(session, the_map, [rows[pin] for pin in to_do], detail.get("spans", {}), moment)
    reasons: Mapping[str, str] = detail.get("reasons", {})
    flagged = {uuid.UUID(pin) for pin in detail.get("flagged", ())}
    groups: dict[tuple[str, str | None, bool], list[uuid.UUID]] = {}
    for pin in to_do:
        groups.setdefault((was[pin], reasons.get(str(pin)), pin in flagged), []).append(pin)
    for (state, reason, is_flagged), pins in groups.items():
        session.execute(
            update(Pin)
            .where(Pin.map_id == the_map.id, Pin.id == any_of(pins))
            .values(state=state, hidden_reason=reason, flagged=is_flagged, changed_at=moment)
        )
    unsettle(session, the_map, [pin for pin in to_do if pin in flagged])
    one = str(to_do[0]) if len(to_do) == 1 else None
    deed = Deed("pin.undo", one, {"action": entry.action, "entry": entry_id, **({} if one else {"n": len(to_do)})})
    record(session, by, deed, the_map=the_map)
    return Outcome("pin.undo", None, to_do, stayed)


def own_entry(session: Session, the_map: MapRecord, entry_id: int, by: Actor) -> AuditEntry:
    """The entry of one's own decision on this map; Unknown for any other."""
    entry = session.get(AuditEntry, entry_id)
    if entry is None or entry.map_id != the_map.id or entry.official_id != by.id or entry.action not in UNDONE:
        raise Unknown
    if UNDO not in entry.detail:
        raise Unknown
    return entry
