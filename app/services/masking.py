"""Covering words of a comment: the public reads dots in their stead, the original stays for officials.

Each covered character becomes one dot, so places in the comment stay where they were, and what is covered can be
seen by comparing the comment with its original.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.orm import Session

from app.errors import Problem, Unacceptable
from app.i18n import N_
from app.inputs.queue_forms import Masking, Target
from app.models import Pin, PinFlag, PinState
from app.queries.maps import MapRecord
from app.services.audit import Actor, Deed, record
from app.services.flags import must_wait, replace_text_flags, text_flags
from app.services.moderation import Outcome, any_of, deed_on, is_other, locked, now, only_one, settle

DOT = "•"
Span = tuple[int, int]

_MASK = (
    update(Pin)
    .where(Pin.map_id == bindparam("the_map"), Pin.id == bindparam("pin"))
    .values(
        comment=bindparam("masked"),
        original_comment=bindparam("original"),
        state=PinState.VISIBLE,
        hidden_reason=None,
        flagged=False,
        changed_at=bindparam("moment"),
    )
)


def mask(session: Session, the_map: MapRecord, target: Target, masking: Masking, *, by: Actor) -> Outcome:
    """Cover words of one pin's comment and let everybody see it; Unacceptable where there is nothing to cover.

    Unknown where there is no such pin, AlreadyDecided when it is not as it was read.
    """
    rows = locked(session, the_map, [target.id])
    row = rows.get(target.id)
    spans = (
        spans_to_mask(row.comment or "", _marked(session, the_map, [target.id]).get(target.id, ()), masking)
        if row
        else []
    )
    if row and not spans and not is_other(row, target):
        raise Unacceptable(Problem("words", N_("Nothing is marked in this comment. Write the words to cover.")))
    return only_one(rows, _mask(session, the_map, [target], rows, {target.id: spans}, by), target)


def mask_many(session: Session, the_map: MapRecord, targets: Sequence[Target], *, by: Actor) -> Outcome:
    """Cover the marked words of each of these pins; those in which nothing is marked stay."""
    pins = [target.id for target in targets]
    rows, marked = locked(session, the_map, pins), _marked(session, the_map, pins)
    spans = {pin: spans_to_mask(row.comment or "", marked.get(pin, ()), Masking()) for pin, row in rows.items()}
    return _mask(session, the_map, targets, rows, spans, by)


def unmask(session: Session, the_map: MapRecord, target: Target, *, by: Actor) -> Outcome:
    """Bring the original comment back; what was noticed in it is to be looked at again."""
    rows = locked(session, the_map, [target.id])
    row = rows.get(target.id)
    if row is None or is_other(row, target):
        return only_one(rows, Outcome("pin.unmask", None, stayed=[target.id]), target)
    before = PinState(row.state)
    if row.original_comment is None:
        return Outcome("pin.unmask", None, [target.id], before=before)
    flags = text_flags(the_map, row.original_comment, row.answers)
    waits = before is PinState.VISIBLE and must_wait(the_map, flags)
    session.execute(
        update(Pin)
        .where(Pin.map_id == the_map.id, Pin.id == target.id)
        .values(
            comment=row.original_comment,
            original_comment=None,
            state=PinState.PENDING if waits else row.state,
            changed_at=now(session),
        )
    )
    replace_text_flags(session, the_map, target.id, flags)
    record(session, by, Deed("pin.unmask", str(target.id)), the_map=the_map)
    return Outcome("pin.unmask", None, [target.id], before=before)


def restore_words(
    session: Session, the_map: MapRecord, rows: Iterable[Row[Any]], spans: dict[str, list[Span]], moment: datetime
) -> None:
    """Uncover what one decision had covered, and nothing that an earlier one had."""
    for row in rows:
        covered = spans.get(str(row.id))
        if not covered or row.original_comment is None:
            continue
        comment = row.comment
        for start, end in covered:
            comment = comment[:start] + row.original_comment[start:end] + comment[end:]
        original = None if comment == row.original_comment else row.original_comment
        session.execute(
            update(Pin)
            .where(Pin.map_id == the_map.id, Pin.id == row.id)
            .values(comment=comment, original_comment=original, changed_at=moment)
        )


def masked(comment: str, spans: Iterable[Span]) -> str:
    """The comment with a dot for each character of these places."""
    for start, end in spans:
        comment = comment[:start] + DOT * (end - start) + comment[end:]
    return comment


def spans_to_mask(comment: str, marked: Iterable[Span], masking: Masking) -> list[Span]:
    """The places to cover: the marked ones that are not to be kept, and every occurrence of the written words."""
    spans = {(start, end) for start, end in marked if (start, end) not in masking.keep and end <= len(comment)}
    for word in masking.words:
        spans |= {match.span() for match in re.finditer(re.escape(word), comment, re.IGNORECASE)}
    return sorted(span for span in spans if set(comment[span[0] : span[1]]) != {DOT})


def _mask(
    session: Session,
    the_map: MapRecord,
    targets: Sequence[Target],
    rows: dict[uuid.UUID, Row[Any]],
    spans: dict[uuid.UUID, list[Span]],
    by: Actor,
) -> Outcome:
    to_do: list[uuid.UUID] = []
    stayed: list[uuid.UUID] = []
    for target in targets:
        row = rows.get(target.id)
        fits = row is not None and row.state != PinState.HIDDEN and not is_other(row, target)
        (to_do if fits and spans.get(target.id) else stayed).append(target.id)
    before = PinState(rows[targets[0].id].state) if len(targets) == 1 and rows else None
    if not to_do:
        return Outcome("pin.mask", None, (), stayed, before)
    moment = now(session)
    session.connection().execute(
        _MASK,
        [
            {
                "the_map": the_map.id,
                "pin": pin,
                "masked": masked(rows[pin].comment, spans[pin]),
                "original": rows[pin].original_comment or rows[pin].comment,
                "moment": moment,
            }
            for pin in to_do
        ],
    )
    settle(session, the_map, to_do)
    covered = {str(pin): spans[pin] for pin in to_do}
    deed = deed_on([rows[pin] for pin in to_do], "pin.mask", moment, {}, spans=covered)
    entry = record(session, by, deed, the_map=the_map)
    return Outcome("pin.mask", entry, to_do, stayed, before)


def _marked(session: Session, the_map: MapRecord, pins: Sequence[uuid.UUID]) -> dict[uuid.UUID, list[Span]]:
    """The places in comments that are marked and not settled, by pin."""
    rows = session.execute(
        select(PinFlag.pin_id, PinFlag.detail).where(
            PinFlag.map_id == the_map.id, PinFlag.pin_id == any_of(pins), PinFlag.settled.is_(False)
        )
    )
    found: dict[uuid.UUID, list[Span]] = {}
    for pin, detail in rows:
        found.setdefault(pin, []).extend((start, end) for start, end in detail.get("spans", ()))
    return found
