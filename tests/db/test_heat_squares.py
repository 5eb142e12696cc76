"""What is counted, against counting by hand; the k-rule; the daily snapshot."""

from __future__ import annotations

import random
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import numpy as np
import pytest
from shapely import MultiPolygon, box
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db import open_database
from app.inputs.filters import PUBLIC_FILTER, PinFilter, Scope
from app.inputs.heat import HeatQuery, Weight
from app.models import Channel, DaySnapshot, HeatSnapshot, PinState
from app.queries.heat import heat_counts, heat_version, make_surface, read_squares
from app.queries.heat_store import HeatStore
from app.queries.maps import MapRecord
from app.queries.story import tell
from app.queries.summary import Summary, count_summary, stored_summary
from app.services.snapshots import ensure_snapshot
from gis.crs import to_wgs84
from tests.builders import a_map, a_pin

TODAY = date(2026, 9, 14)
HOME = (-640_000, -1_080_000)
"""A corner of a 250 m square, in EPSG:5514."""


def metric_place(east: float, north: float) -> tuple[float, float]:
    """Longitude and latitude of metres from HOME."""
    lon, lat = to_wgs84(5514)(HOME[0] + east, HOME[1] + north)
    return float(lon), float(lat)


def a_town(session: Session, **description: object) -> MapRecord:
    lon, lat = metric_place(0, 0)
    around = MultiPolygon([box(lon - 0.03, lat - 0.02, lon + 0.03, lat + 0.02)])
    return a_map(session, boundary=around, **description)


def a_crowd(session: Session, the_map: MapRecord, n: int, category: str = "safe", **values: object) -> None:
    """Pins of n different people within one 250 m square, each in a 25 m square of their own row."""
    east = values.pop("east", 5)
    for i in range(n):
        a_pin(
            session,
            the_map,
            category,
            metric_place(east, 5 + 25 * i),
            respondent=f"{category}{east}{i}",
            **values,
        )


def test_people_and_pins_are_counted_as_by_hand(session: Session) -> None:
    the_map = a_town(session)
    chance = random.Random(7)  # noqa: S311 - the same pins every time
    by_hand: dict[tuple[str, int, int], list[str]] = defaultdict(list)
    for _ in range(150):
        category, who = chance.choice(["safe", "unsafe"]), f"r{chance.randrange(12)}"
        pin = a_pin(
            session,
            the_map,
            category,
            metric_place(chance.uniform(-60, 60), chance.uniform(-60, 60)),
            respondent=who,
            state=PinState.HIDDEN if chance.random() < 0.1 else PinState.VISIBLE,
        )
        if pin.state == PinState.VISIBLE:
            by_hand[category, pin.square_x, pin.square_y].append(who)
    crowds: dict[tuple[str, int, int], set[str]] = defaultdict(set)
    for (category, x, y), people in by_hand.items():
        crowds[category, x // 10, y // 10] |= set(people)

    found = read_squares(session, the_map, PUBLIC_FILTER, Scope.PUBLIC)

    rows = zip(found.category, found.x_index, found.y_index, found.people, found.pins, found.crowd, strict=True)
    counted = {(str(c), int(x), int(y)): (int(a), int(b), int(k)) for c, x, y, a, b, k in rows}
    assert counted == {
        (c, x, y): (len(set(people)), len(people), len(crowds[c, x // 10, y // 10]))
        for (c, x, y), people in by_hand.items()
    }


def test_without_a_category_a_person_counts_once_in_each_category(session: Session) -> None:
    the_map = a_town(session, publish={"k": 1})
    for category in ("safe", "safe", "unsafe"):
        a_pin(session, the_map, category, metric_place(5, 5))
    squares = read_squares(session, the_map, PUBLIC_FILTER, Scope.PUBLIC)
    assert squares.cells(HeatQuery(), 1).total == 2
    assert squares.cells(HeatQuery(weight=Weight.PINS), 1).total == 3
    assert squares.cells(HeatQuery("safe"), 1).total == 1


def test_a_large_square_with_too_few_people_of_a_category_gives_nothing(session: Session) -> None:
    the_map = a_town(session)
    a_crowd(session, the_map, 5, "safe")
    a_crowd(session, the_map, 4, "unsafe")
    a_crowd(session, the_map, 4, "safe", east=255)  # the next 250 m square
    squares = heat_counts(session, the_map, PUBLIC_FILTER, Scope.PUBLIC)
    public = {c: make_surface(the_map, squares, HeatQuery(c), Scope.PUBLIC).total for c in ("safe", "unsafe")}
    assert public == {"safe": 5, "unsafe": 0}
    # The whole is the sum of what the categories show: nothing is left to subtract.
    assert make_surface(the_map, squares, HeatQuery(), Scope.PUBLIC).total == 5
    assert make_surface(the_map, squares, HeatQuery(), Scope.OFFICE).total == 13


def test_pins_of_one_busy_person_make_no_crowd(session: Session) -> None:
    the_map = a_town(session)
    for i in range(9):
        a_pin(session, the_map, "safe", metric_place(5, 5 + 25 * i), respondent="busy")
    squares = read_squares(session, the_map, PUBLIC_FILTER, Scope.PUBLIC)
    assert squares.cells(HeatQuery("safe", weight=Weight.PINS), the_map.k).total == 0


def test_the_surface_adds_up_to_what_was_counted(session: Session) -> None:
    the_map = a_town(session)
    a_crowd(session, the_map, 7)
    heat = HeatStore().heat(session, the_map, HeatQuery("safe"), Scope.PUBLIC)
    assert heat.surface.counted() == pytest.approx(7, rel=1e-3)
    x, y = heat.surface.frame.x_centres(), heat.surface.frame.y_centres()
    squares = read_squares(session, the_map, PUBLIC_FILTER, Scope.PUBLIC)
    cx, cy = (squares.x_index + 0.5) * 25, (squares.y_index + 0.5) * 25
    away = (x[None, :, None] - cx) ** 2 + (y[:, None, None] - cy) ** 2
    by_hand = (np.exp(-away / (2 * 75**2)) / (2 * np.pi * 75**2) * 10_000).sum(axis=2)
    assert np.abs(by_hand - heat.surface.values).max() < 1e-4


@pytest.mark.parametrize("change", ["hide", "delete and add", "move", "other category"])
def test_the_version_changes_with_every_change_of_a_pin(session: Session, change: str) -> None:
    the_map = a_town(session)
    a_pin(session, the_map)
    pin = a_pin(session, the_map, respondent="second")
    before = heat_version(session, the_map, PUBLIC_FILTER, Scope.PUBLIC)
    match change:
        case "hide":
            pin.state = PinState.HIDDEN
        case "delete and add":
            session.delete(pin)
            session.commit()
            a_pin(session, the_map, respondent="second", created_at=pin.created_at, changed_at=pin.changed_at)
        case "move":
            pin.square_x += 1
        case _:
            pin.category = "unsafe"
    session.commit()
    assert heat_version(session, the_map, PUBLIC_FILTER, Scope.PUBLIC) != before


def test_the_version_stays_while_nothing_that_counts_changes(session: Session) -> None:
    the_map = a_town(session)
    pin = a_pin(session, the_map)
    before = heat_version(session, the_map, PUBLIC_FILTER, Scope.PUBLIC)
    pin.supports = 3
    session.commit()
    assert heat_version(session, the_map, PUBLIC_FILTER, Scope.PUBLIC) == before


def test_officials_choose_pins(session: Session) -> None:
    the_map = a_town(session)
    a_pin(session, the_map, channel=Channel.PAPER)
    a_pin(session, the_map, respondent="other")
    store = HeatStore()
    paper = PinFilter(channel=Channel.PAPER)
    assert store.heat(session, the_map, HeatQuery(), Scope.OFFICE, PinFilter()).surface.total == 2
    assert store.heat(session, the_map, HeatQuery(), Scope.OFFICE, paper).surface.total == 1


def test_all_categories_share_their_breaks(session: Session) -> None:
    the_map = a_town(session)
    a_crowd(session, the_map, 9, "safe")
    a_crowd(session, the_map, 5, "unsafe")
    store = HeatStore()
    breaks = {store.heat(session, the_map, HeatQuery(c), Scope.PUBLIC).breaks for c in ("safe", "unsafe")}
    assert len(breaks) == 1
    assert breaks != {()}


def test_a_surface_is_kept_and_made_anew_when_a_pin_goes(session: Session) -> None:
    the_map = a_town(session, publish={"k": 1})
    a_pin(session, the_map)
    pin = a_pin(session, the_map, respondent="second")
    store = HeatStore()
    first = store.heat(session, the_map, HeatQuery(), Scope.PUBLIC)
    assert store.heat(session, the_map, HeatQuery(), Scope.PUBLIC).surface is first.surface
    session.delete(pin)
    session.commit()
    assert store.heat(session, the_map, HeatQuery(), Scope.PUBLIC).surface.total == 1


def test_a_map_without_published_pins_shows_one_state_all_day(session: Session) -> None:
    the_map = a_town(session, publish={"pins": False, "k": 1})
    a_crowd(session, the_map, 5)
    assert ensure_snapshot(session, the_map, TODAY)
    store = HeatStore()
    before = store.heat(session, the_map, HeatQuery("safe"), Scope.PUBLIC)
    told = tell(session, store, the_map).summary

    a_crowd(session, the_map, 3, east=30)
    assert not ensure_snapshot(session, the_map, TODAY)

    after = store.heat(session, the_map, HeatQuery("safe"), Scope.PUBLIC)
    assert after.version == before.version
    assert (after.surface.values == before.surface.values).all()
    assert tell(session, store, the_map).summary == told
    assert store.heat(session, the_map, HeatQuery("safe"), Scope.OFFICE, PinFilter()).surface.total == 8


def test_the_next_day_is_counted_anew_and_the_old_one_forgotten(session: Session) -> None:
    the_map = a_town(session, publish={"pins": False, "k": 1})
    a_crowd(session, the_map, 5)
    ensure_snapshot(session, the_map, TODAY)
    a_crowd(session, the_map, 3, east=30)
    assert ensure_snapshot(session, the_map, TODAY + timedelta(days=1))
    assert read_squares(session, the_map, PUBLIC_FILTER, Scope.PUBLIC).people.sum() == 8
    assert stored_summary(session, the_map).people == 8
    assert session.scalars(select(DaySnapshot.taken_on)).all() == [TODAY + timedelta(days=1)]
    assert set(session.scalars(select(HeatSnapshot.taken_on))) == {TODAY + timedelta(days=1)}
    # A process whose clock is behind brings nothing back.
    assert not ensure_snapshot(session, the_map, TODAY)


def test_two_processes_take_one_snapshot(live_session: Session, live_url: str) -> None:
    the_map = a_town(live_session, publish={"pins": False})
    a_crowd(live_session, the_map, 6)
    database = open_database(live_url)

    def take(_: int) -> bool:
        with database.session() as own:
            taken = ensure_snapshot(own, the_map, TODAY)
            own.commit()
            return taken

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(take, range(6))) == 1
    database.engine.dispose()
    assert read_squares(live_session, the_map, PUBLIC_FILTER, Scope.PUBLIC).people.sum() == 6


def test_a_published_map_needs_no_snapshot(session: Session) -> None:
    assert not ensure_snapshot(session, a_town(session), TODAY)


def test_the_summary_counts_as_by_hand_and_survives_storing(session: Session) -> None:
    the_map = a_town(session)
    for i in range(10):
        a_pin(session, the_map, "safe", respondent=f"r{i}", comment="Hezké." if i < 3 else None)
    for _ in range(10):
        a_pin(session, the_map, "unsafe", respondent="r0", channel=Channel.PAPER)
    a_pin(session, the_map, "safe", respondent="unseen", state=PinState.PENDING)
    summary = count_summary(session, the_map)
    assert (summary.people, summary.pins, summary.comments) == (10, 20, 3)
    assert summary.category("unsafe").people == 1
    assert summary.category("improve").pins == 0
    assert {c.key: (c.people, c.pins) for c in summary.channels} == {"web": (10, 10), "paper": (1, 10)}
    assert (summary.most_active_people, summary.most_active_pins, summary.median_pins) == (1, 11, 1)
    assert Summary.from_json(summary.as_json()) == summary
    assert sum(day.pins for day in summary.days) == 20
