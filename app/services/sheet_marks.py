"""Marks of paper sheets become pins: as an official reviewed them, each once, however often the form is sent.

A mark's id is its pin's. Once it is a pin, its comment is kept there alone: what is masked or taken back there is
nowhere else. A pin that its author took back never comes again from paper.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.errors import Problem, Unacceptable
from app.i18n import N_
from app.inputs.answers import check_answers
from app.inputs.sheet_marks import MarkInput, ReviewInput
from app.models import (
    Channel,
    Event,
    MarkKind,
    MarkState,
    Moderation,
    Pin,
    PinState,
    Respondent,
    Sheet,
    SheetMark,
)
from app.queries.maps import MapRecord
from app.queries.sheets import SheetRecord
from app.services.audit import Actor, Deed, record
from app.services.flags import Details, must_wait, replace_text_flags, text_flags
from app.services.moderation import any_of, locked, now
from app.services.respondents import hold_people, sheet_person
from gis.crs import to_wgs84
from gis.grid import square_of
from gis.scan.mark import precision_mm

BY_HAND_MM: Final = precision_mm(1.0)
"""Of a mark set by eye on the straightened picture of a sheet: to about a millimetre."""
MOST_ON_SHEET: Final = 600
"""Ten times what a crowded sheet of the wall has; they are stored in one transaction."""
SAME_MM: Final = 0.006
"""Places in forms have two decimals."""


@dataclass(frozen=True)
class Reviewed:
    """What became of a sheet's marks."""

    stored: int = 0
    changed: int = 0
    dropped: int = 0
    left: int = 0
    """Marks kept for later."""
    refused: Mapping[uuid.UUID, Sequence[Problem]] = field(default_factory=dict)


@dataclass(frozen=True)
class Place:
    """Where a mark lies on the ground."""

    lon: float
    lat: float
    square: tuple[int, int]


class _Desk:
    """One sheet under review: what is known of it, locked until the end of the transaction."""

    def __init__(self, session: Session, the_map: MapRecord, sheet: SheetRecord, by: Actor) -> None:
        self.session, self.the_map, self.sheet, self.by = session, the_map, sheet, by
        # Two officials with one sheet: the second one sees what the first did.
        self.row = session.scalars(
            select(Sheet)
            .where(Sheet.map_id == the_map.id, Sheet.serial == sheet.serial)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).one()
        marks = session.scalars(
            select(SheetMark)
            .where(SheetMark.map_id == the_map.id, SheetMark.serial == sheet.serial)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        self.marks = {mark.id: mark for mark in marks}
        self.pins = locked(session, the_map, [m.id for m in self.marks.values() if m.state == MarkState.ACCEPTED])
        self.moment = now(session)
        self.refused: dict[uuid.UUID, Sequence[Problem]] = {}

    def comment_of(self, mark: SheetMark) -> str | None:
        """What stands beside the mark, or in its pin."""
        pin = self.pins.get(mark.id)
        return pin.comment if pin else mark.comment

    def person_of(self, row: int | None) -> uuid.UUID:
        """Whose mark it is: the sheet's one person, or the one of the numbered row."""
        return sheet_person(self.the_map, self.sheet.serial, row if self.sheet.by_row else None)

    def place_of(self, mark: MarkInput) -> Place:
        """The mark's place on the ground."""
        east, north = self.sheet.sheet.to_ground(mark.x_mm, mark.y_mm)
        lon, lat = to_wgs84(self.sheet.sheet.crs)(east, north)
        column, line = square_of(east, north)
        return Place(float(lon), float(lat), (int(column), int(line)))


def review_sheet(
    session: Session, the_map: MapRecord, sheet: SheetRecord, wanted: ReviewInput, by: Actor
) -> Reviewed:
    """Do with a sheet's marks what the official decided; lines that can't be taken are told, the others are done.

    Sending the same form again changes nothing. Anonymised once the map has forgotten its people.
    """
    hold_people(session, the_map)
    problems = check_answers(wanted.about, the_map.about)
    if problems:
        raise Unacceptable(*[Problem(f"about.{one.field}", one.message, one.data) for one in problems])
    desk = _Desk(session, the_map, sheet, by)
    desk.refused.update(wanted.wrong)
    to_store: list[tuple[SheetMark, MarkInput]] = []
    changed = dropped = left = 0
    for given in wanted.marks:
        mark = _mark_for(desk, given)
        if mark is None:
            continue
        if not given.kept:
            dropped += _drop(desk, mark)
        elif mark.state == MarkState.ACCEPTED:
            changed += _change_pin(desk, mark, given)
        elif _is_acceptable(desk, given):
            _write(desk, mark, given)
            if wanted.store:
                to_store.append((mark, given))
            else:
                mark.state = MarkState.FOUND
                left += 1
    about_changed = _keep_about(desk, wanted)
    stored = _store(desk, to_store)
    if about_changed:
        _tell_about(desk)
    done = Reviewed(stored, changed, dropped, left, desk.refused)
    _sign(desk, wanted, done)
    session.flush()
    return done


def _mark_for(desk: _Desk, given: MarkInput) -> SheetMark | None:
    """The row of this line, made where it is new; None where there is nothing to do, or it must not be done."""
    mark = desk.marks.get(given.id)
    if mark is None:
        return _new_mark(desk, given) if given.kept and given.seen is None else None
    if mark.state == MarkState.ACCEPTED and mark.id not in desk.pins:
        return None  # its author has taken the pin back
    # What a further photo told meanwhile is no reason to ask again: the official has looked.
    if mark.changed_by and given.seen != mark.changed_at and _differs(desk, mark, given):
        told = N_("%(who)s changed this mark in the meantime. Please look at it once more.")
        desk.refused[given.id] = (Problem("mark", told, {"who": mark.changed_by}),)
        return None
    return mark


def _new_mark(desk: _Desk, given: MarkInput) -> SheetMark | None:
    """A mark that an official puts on the sheet."""
    if not _is_acceptable(desk, given):
        return None
    if len(desk.marks) >= MOST_ON_SHEET:
        full = N_("A sheet holds at most %(most)s marks.")
        desk.refused[given.id] = (Problem("mark", full, {"most": MOST_ON_SHEET}),)
        return None
    taken = select(SheetMark.serial).where(SheetMark.map_id == desk.the_map.id, SheetMark.id == given.id)
    if given.id.version != 4 or desk.session.scalar(taken) is not None:
        desk.refused[given.id] = (Problem("mark", N_("A pin with this id already exists.")),)
        return None
    mark = SheetMark(
        map_id=desk.the_map.id,
        id=given.id,
        serial=desk.sheet.serial,
        kind=MarkKind.HAND,
        state=MarkState.FOUND,
        category=given.category,
        x_mm=given.x_mm,
        y_mm=given.y_mm,
        confidence=1.0,
        precision_mm=BY_HAND_MM,
        changed_by=desk.by.email,
        changed_at=desk.moment,
    )
    desk.session.add(mark)
    desk.marks[mark.id] = mark
    return mark


def _is_acceptable(desk: _Desk, given: MarkInput) -> bool:
    """Whether the line can become a pin; if not, why is noted."""
    problems: list[Problem] = []
    left, top, width, height = desk.sheet.sheet.layout.frame
    if given.category not in desk.the_map.category_by_key:
        problems.append(Problem("category", N_("The map has no such choice.")))
    if not (left <= given.x_mm <= left + width and top <= given.y_mm <= top + height):
        problems.append(Problem("x", N_("This place is not on the sheet’s map.")))
    else:
        place = desk.place_of(given)
        if not desk.the_map.covers(place.lon, place.lat):
            problems.append(Problem("x", N_("This place is outside the map.")))
    if problems:
        desk.refused[given.id] = tuple(problems)
    return not problems


def _differs(desk: _Desk, mark: SheetMark, given: MarkInput) -> bool:
    if (mark.state != MarkState.DROPPED) != given.kept:
        return True
    same = (mark.category, mark.row, desk.comment_of(mark)) == (given.category, given.row, given.comment)
    return not same or _is_moved(mark, given)


def _is_moved(mark: SheetMark, given: MarkInput) -> bool:
    return abs(mark.x_mm - given.x_mm) > SAME_MM or abs(mark.y_mm - given.y_mm) > SAME_MM


def _write(desk: _Desk, mark: SheetMark, given: MarkInput) -> None:
    """Bring the row to what the form says."""
    if not _differs(desk, mark, given):
        return
    if _is_moved(mark, given):
        mark.x_mm, mark.y_mm = given.x_mm, given.y_mm
        mark.precision_mm = max(mark.precision_mm, BY_HAND_MM)
    mark.category, mark.row = given.category, given.row
    mark.comment = None if mark.id in desk.pins else given.comment
    mark.changed_by, mark.changed_at = desk.by.email, desk.moment


def _drop(desk: _Desk, mark: SheetMark) -> int:
    """Set the mark aside; a pin that it was goes. 1 where that is new."""
    if mark.state == MarkState.DROPPED:
        return 0
    if mark.id in desk.pins:
        mark.comment = desk.comment_of(mark)
        desk.session.execute(delete(Pin).where(Pin.map_id == desk.the_map.id, Pin.id == mark.id))
        del desk.pins[mark.id]
    mark.state = MarkState.DROPPED
    mark.changed_by, mark.changed_at = desk.by.email, desk.moment
    return 1


def _change_pin(desk: _Desk, mark: SheetMark, given: MarkInput) -> int:
    """Give the mark's pin what the form says and the pin does not yet. 1 where that is something."""
    if not _differs(desk, mark, given) or not _is_acceptable(desk, given):
        return 0
    pin = desk.pins[mark.id]
    values: dict[str, Any] = {"changed_at": desk.moment, "checked_at": None, "category": given.category}
    if _is_moved(mark, given):
        place = desk.place_of(given)
        exact = max(mark.precision_mm, BY_HAND_MM)
        values |= _place_values(place) | {"precision_m": _metres(desk, exact)}
    if desk.sheet.by_row and mark.row != given.row:
        values["respondent_id"] = desk.person_of(given.row)
        _ensure_people(desk, {desk.person_of(given.row)})
    if given.comment != pin.comment:
        values |= _said_anew(desk, pin, given)
    desk.session.execute(update(Pin).where(Pin.map_id == desk.the_map.id, Pin.id == mark.id).values(**values))
    if given.comment != pin.comment:
        replace_text_flags(
            desk.session, desk.the_map, mark.id, text_flags(desk.the_map, given.comment, pin.answers)
        )
    _write(desk, mark, given)
    return 1


def _said_anew(desk: _Desk, pin: Row[Any], given: MarkInput) -> dict[str, Any]:
    """What changes with a pin's words: what is hidden, or waits for a look first, is looked at again."""
    flags = text_flags(desk.the_map, given.comment, pin.answers)
    reviewed = desk.the_map.moderation == Moderation.PRE or pin.state == PinState.HIDDEN
    waits = reviewed or must_wait(desk.the_map, flags)
    return {
        "comment": given.comment,
        "original_comment": None,
        "state": PinState.PENDING if waits else pin.state,
    }


def _store(desk: _Desk, marks: Sequence[tuple[SheetMark, MarkInput]]) -> int:
    """Make pins of marks; how many are new."""
    if not marks:
        return 0
    desk.session.flush()
    _ensure_people(desk, {desk.person_of(given.row) for _, given in marks})
    flags = {given.id: text_flags(desk.the_map, given.comment, {}) for _, given in marks}
    made_at = _made_at(desk)
    rows = [_pin_values(desk, mark, given, flags[given.id]) | {"created_at": made_at} for mark, given in marks]
    statement = insert(Pin).values(rows).on_conflict_do_nothing(index_elements=["map_id", "id"]).returning(Pin.id)
    new = set(desk.session.scalars(statement))
    for mark, given in marks:
        if mark.id not in new:
            desk.refused[mark.id] = (Problem("mark", N_("A pin with this id already exists.")),)
            continue
        mark.state, mark.comment = MarkState.ACCEPTED, None
        mark.changed_by, mark.changed_at = desk.by.email, desk.moment
        if flags[given.id]:
            replace_text_flags(desk.session, desk.the_map, mark.id, flags[given.id])
    return len(new)


def _pin_values(desk: _Desk, mark: SheetMark, given: MarkInput, flags: Details) -> dict[str, Any]:
    waits = desk.the_map.moderation == Moderation.PRE or must_wait(desk.the_map, flags)
    return {
        "map_id": desk.the_map.id,
        "id": mark.id,
        "respondent_id": desk.person_of(given.row),
        "category": given.category,
        **_place_values(desk.place_of(given)),
        "precision_m": _metres(desk, mark.precision_mm),
        "comment": given.comment,
        "channel": Channel.PAPER,
        "event": desk.sheet.event,
        "state": PinState.PENDING if waits else PinState.VISIBLE,
        "changed_at": desk.moment,
    }


def _place_values(place: Place) -> dict[str, Any]:
    return {
        "position": func.ST_SetSRID(func.ST_MakePoint(place.lon, place.lat), 4326),
        "square_x": place.square[0],
        "square_y": place.square[1],
    }


def _metres(desk: _Desk, millimetres: float) -> float:
    """On the ground what is so long on the paper."""
    return millimetres * desk.sheet.sheet.scale / 1000


def _made_at(desk: _Desk) -> datetime:
    """When people put their stickers: at the event where its day is known, else now."""
    began = None
    if desk.sheet.event:
        event = desk.session.get(Event, (desk.the_map.id, desk.sheet.event))
        began = event.starts_at if event else None
    return began if began and began < desk.moment else desk.moment


def _ensure_people(desk: _Desk, people: set[uuid.UUID]) -> None:
    """The rows of these people, with the receipt of the sheet's slip and what the paper says of them."""
    whole = not desk.sheet.by_row
    rows = [
        {
            "map_id": desk.the_map.id,
            "id": person,
            "about": desk.row.about,
            "receipt_hash": desk.row.receipt_hash if whole else None,
        }
        for person in sorted(people)
    ]
    made = insert(Respondent).values(rows)
    desk.session.execute(made.on_conflict_do_nothing(index_elements=["map_id", "id"]))


def _keep_about(desk: _Desk, wanted: ReviewInput) -> bool:
    """Note on the sheet what it says of its person; whether that is something else than before."""
    if dict(wanted.about) == desk.row.about:
        return False
    desk.row.about = dict(wanted.about)
    return True


def _tell_about(desk: _Desk) -> None:
    """Give the people who have pins already what the paper says of them now."""
    rows = {mark.row for mark in desk.marks.values() if mark.state == MarkState.ACCEPTED}
    people = sorted({desk.person_of(row) for row in rows})
    desk.session.execute(
        update(Respondent)
        .where(Respondent.map_id == desk.the_map.id, Respondent.id == any_of(people))
        .values(about=desk.row.about)
    )


def _sign(desk: _Desk, wanted: ReviewInput, done: Reviewed) -> None:
    """Note who looked at the sheet, and write the deed down where there was one."""
    first = wanted.store and desk.row.checked_at is None
    if not (first or done.stored or done.changed or done.dropped):
        return
    if wanted.store:
        desk.row.checked_by, desk.row.checked_at = desk.by.email, desk.moment
    numbers = {"n": done.stored, "changed": done.changed, "dropped": done.dropped}
    detail = {key: value for key, value in numbers.items() if value}
    record(desk.session, desk.by, Deed("sheet.check", desk.sheet.serial, detail), the_map=desk.the_map)
