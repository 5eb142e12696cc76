"""How a campaign goes, in numbers: course, ways, events, what waits, and how evenly people spoke."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.inputs.filters import PinFilter
from app.models import Pin, PinState, PinStatus
from app.queries.coverage import Groups, count_groups
from app.queries.events import EventTurnout, turnouts
from app.queries.maps import MapRecord
from app.queries.pin_photos import count_waiting
from app.queries.summary import Summary, count_summary

TENTHS = 10
FEWEST_PEOPLE = 20
"""Of fewer people a tenth is no group."""


@dataclass(frozen=True)
class Standing:
    """What became of the pins so far."""

    by_state: Mapping[str, int]
    flagged: int
    """Flagged and not settled, whether shown or waiting."""
    answered: int
    by_status: Mapping[str, int]
    photos: int = 0
    """Photos that wait to be looked at."""

    @property
    def waiting(self) -> int:
        """Pins that nobody but officials sees yet."""
        return self.by_state[PinState.PENDING]

    @property
    def hidden(self) -> int:
        """Pins that were hidden."""
        return self.by_state[PinState.HIDDEN]


@dataclass(frozen=True)
class Dashboard:
    """All of it; every pin counts, whatever its state."""

    summary: Summary
    standing: Standing
    turnouts: Sequence[EventTurnout]
    groups: Groups
    curve: Sequence[float]
    """The share of pins by the least active tenth of people, two tenths … all; empty where not known any more."""


def read_dashboard(session: Session, the_map: MapRecord) -> Dashboard:
    """The numbers as they are now."""
    return Dashboard(
        summary=count_summary(session, the_map, PinFilter()),
        standing=_standing(session, the_map.id),
        turnouts=turnouts(session, the_map),
        groups=count_groups(session, the_map),
        curve=[] if the_map.anonymised_at else _curve(session, the_map.id),
    )


def lorenz(pins: Sequence[int]) -> list[float]:
    """What share of all pins the least active 10, 20, … 100 % of people placed (Lorenz, 1905).

    People are not cut: between two of them the curve runs straight.

    >>> lorenz([1] * 10)[4], lorenz([0] * 9 + [5])[8]
    (0.5, 0.0)
    """
    if not sum(pins):
        return []
    placed = np.concatenate([[0.0], np.cumsum(np.sort(np.asarray(pins, dtype=np.float64)))])
    people = np.linspace(0, 1, len(placed))
    tenths = np.arange(1, TENTHS + 1) / TENTHS
    return [round(float(share), 4) for share in np.interp(tenths, people, placed / placed[-1])]


def _curve(session: Session, map_id: int) -> list[float]:
    counted = session.scalars(select(func.count()).where(Pin.map_id == map_id).group_by(Pin.respondent_id)).all()
    return lorenz(counted) if len(counted) >= FEWEST_PEOPLE else []


def _standing(session: Session, map_id: int) -> Standing:
    states, statuses = list(PinState), list(PinStatus)
    row = session.execute(
        select(
            func.count().filter(Pin.flagged),
            func.count(Pin.answer),
            *(func.count().filter(Pin.state == state) for state in states),
            *(func.count().filter(Pin.status == status) for status in statuses),
        ).where(Pin.map_id == map_id)
    ).one()
    by_state = dict(zip([str(state) for state in states], row[2 : 2 + len(states)], strict=True))
    by_status = dict(zip([str(status) for status in statuses], row[2 + len(states) :], strict=True))
    photos = count_waiting(session, [map_id])[map_id]
    return Standing(by_state, row[0], row[1], by_status, photos)
