"""Events of a map with how many people and pins came through each."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.errors import Unknown
from app.inputs.filters import PinFilter
from app.models import Event, Pin
from app.queries.maps import MapRecord, find_event
from app.queries.office import Crowd, events_of
from app.queries.summary import final_summary


@dataclass(frozen=True)
class EventTurnout:
    """An event and who came through it, whatever became of their pins."""

    event: Event
    crowd: Crowd

    @property
    def share(self) -> float | None:
        """People against those expected, at most 1; None where nobody said how many."""
        expected = self.event.expected_people
        return min(1.0, self.crowd.people / expected) if expected else None


def turnouts(session: Session, the_map: MapRecord) -> list[EventTurnout]:
    """The events in the order they take place, each with its people and pins."""
    people = func.count(Pin.respondent_id.distinct())
    rows = session.execute(
        select(Pin.event, people, func.count())
        .where(Pin.map_id == the_map.id, Pin.event.is_not(None))
        .group_by(Pin.event)
    )
    counted = {str(row[0]): Crowd(row[1], row[2]) for row in rows}
    final = final_summary(the_map, PinFilter())
    if final is not None:
        # Whose pins are one person's is no longer known: the people are those counted before.
        counted |= {count.key: Crowd(count.people, count.pins) for count in final.events}
    return [EventTurnout(event, counted.get(event.code, Crowd())) for event in events_of(session, the_map.id)]


def event_of(session: Session, the_map: MapRecord, code: str) -> Event:
    """The event of this code; Unknown where there is none."""
    event = find_event(session, the_map.id, code)
    if event is None:
        raise Unknown
    return event


def pins_of_event(session: Session, map_id: int, code: str) -> int:
    """How many pins carry the code, in any state."""
    return session.scalar(select(func.count()).where(Pin.map_id == map_id, Pin.event == code)) or 0
