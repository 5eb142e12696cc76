"""One event from all sides: its sheets and their photos, its pins by channel, people by group, what is to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.models import Channel, Event, Pin, PinState, Sheet, SheetPhoto, SheetPrint
from app.queries.coverage import AskedGroups, count_groups
from app.queries.events import EventTurnout, turnouts
from app.queries.maps import MapRecord
from app.queries.office import Crowd
from app.queries.sheet_states import PaperCount, PhotoCount, SheetState, next_to_check, paper_count, sheet_states
from app.queries.sheets import PrintRecord, prints_of


class Step(StrEnum):
    """Something that is still to do, in the order of an event."""

    PRINT = "print"
    PHOTOS = "photos"
    REFUSED = "refused"
    """Photos that could not be read: help by hand."""
    CHECK = "check"
    QUEUE = "queue"


@dataclass(frozen=True)
class ToDo:
    """A step, and of how many it speaks."""

    step: Step
    n: int


@dataclass(frozen=True)
class PrintOfEvent:
    """An order with how far its sheets are."""

    order: PrintRecord
    states: Sequence[SheetState]


@dataclass(frozen=True)
class EventRecord:
    """All that is known of an event."""

    turnout: EventTurnout
    prints: Sequence[PrintOfEvent]
    paper: PaperCount
    photos: PhotoCount
    """Those that are known to show a sheet of the event."""
    stray: PhotoCount
    """Photos of the map of which nobody knows yet what they show."""
    next_sheet: SheetState | None
    channels: dict[str, Crowd]
    """Who pinned, by how it came; people 0 once nobody knows any more whose pins are whose."""
    in_queue: int
    """Pins of the event that an official should look at."""
    groups: Sequence[AskedGroups]
    people_known: bool
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def event(self) -> Event:
        """The event itself."""
        return self.turnout.event

    @property
    def has_begun(self) -> bool:
        """Whether it takes place or did; what has no day may be today."""
        return self.event.starts_at is None or self.event.starts_at <= self.now

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        end = self.event.ends_at or self.event.starts_at
        return end is not None and end < self.now

    @property
    def online(self) -> Crowd:
        """Who came through a phone or a computer."""
        return self.channels.get(Channel.WEB, Crowd())

    @property
    def on_paper(self) -> Crowd:
        """Who came through paper: by photo, or written down by hand."""
        return self.channels.get(Channel.PAPER, Crowd())

    @property
    def to_come(self) -> int:
        """How many of those expected are still missing."""
        return max(0, (self.event.expected_people or 0) - self.turnout.crowd.people)

    @property
    def to_do(self) -> list[ToDo]:
        """What is still to do, in the order of an event."""
        wanted = (
            (Step.PRINT, not self.prints and not self.is_over, 0),
            (Step.PHOTOS, self.has_begun, self.paper.without_photo),
            (Step.REFUSED, True, self.photos.refused),
            (Step.CHECK, True, self.paper.to_check),
            (Step.QUEUE, True, self.in_queue),
        )
        return [ToDo(step, n) for step, may, n in wanted if may and (n or step is Step.PRINT)]

    @property
    def next_step(self) -> Step | None:
        """The one to do now: what lies here already comes before sheets that may never come back."""
        steps = {one.step for one in self.to_do}
        untouched = self.paper.without_photo == self.paper.sheets
        order = (
            Step.PRINT,
            *((Step.PHOTOS,) if untouched else ()),
            Step.CHECK,
            Step.REFUSED,
            Step.QUEUE,
            Step.PHOTOS,
        )
        return next((step for step in order if step in steps), None)


def event_record(session: Session, the_map: MapRecord, event: Event) -> EventRecord:
    """Everything about this event of the map."""
    turnout = next(one for one in turnouts(session, the_map) if one.event.code == event.code)
    states = [state for state in sheet_states(session, the_map.id) if state.event == event.code]
    orders = [one for one in prints_of(session, the_map.id) if one.event == event.code]
    photos, stray = _photos(session, the_map.id, event.code)
    groups = count_groups(session, the_map, event.code)
    return EventRecord(
        turnout=turnout,
        prints=[PrintOfEvent(one, [state for state in states if state.print_id == one.id]) for one in orders],
        paper=paper_count(states),
        photos=photos,
        stray=stray,
        next_sheet=next_to_check(states),
        channels=_channels(session, the_map, event.code),
        in_queue=_in_queue(session, the_map.id, event.code),
        groups=groups.asked,
        people_known=the_map.anonymised_at is None,
    )


def _photos(session: Session, map_id: int, code: str) -> tuple[PhotoCount, PhotoCount]:
    """Photos of the event's sheets; and those of the map that show no known sheet (yet)."""
    rows = session.execute(
        select(SheetPrint.event, SheetPhoto.serial.is_(None), SheetPhoto.state, func.count())
        .outerjoin(Sheet, (Sheet.map_id == SheetPhoto.map_id) & (Sheet.serial == SheetPhoto.serial))
        .outerjoin(SheetPrint, (SheetPrint.map_id == Sheet.map_id) & (SheetPrint.id == Sheet.print_id))
        .where(SheetPhoto.map_id == map_id, or_(SheetPrint.event == code, SheetPhoto.serial.is_(None)))
        .group_by(SheetPrint.event, SheetPhoto.serial.is_(None), SheetPhoto.state)
    ).all()
    ours, stray = (
        {str(state): n for _, is_stray, state, n in rows if is_stray is wanted} for wanted in (False, True)
    )
    return PhotoCount.of(ours), PhotoCount.of(stray)


def _channels(session: Session, the_map: MapRecord, code: str) -> dict[str, Crowd]:
    rows = session.execute(
        select(Pin.channel, func.count(Pin.respondent_id.distinct()), func.count())
        .where(Pin.map_id == the_map.id, Pin.event == code)
        .group_by(Pin.channel)
    )
    known = the_map.anonymised_at is None
    return {str(channel): Crowd(people if known else 0, pins) for channel, people, pins in rows}


def _in_queue(session: Session, map_id: int, code: str) -> int:
    waits = or_(Pin.state == PinState.PENDING, Pin.flagged & (Pin.state == PinState.VISIBLE))
    return session.scalar(select(func.count()).where(Pin.map_id == map_id, Pin.event == code, waits)) or 0
