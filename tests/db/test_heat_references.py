"""The whole way from stored pins to the surface, against sets in plain Python, for choices drawn by lot.

Whether what is counted was kept by triggers or is counted now makes no difference here: it must be what the
definition in words says.
"""

from __future__ import annotations

import random
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from shapely import MultiPolygon, box
from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from app.inputs.filters import PUBLIC_FILTER, PinFilter, Scope
from app.inputs.heat import HeatQuery, Weight
from app.models import Channel, Pin, PinState, Respondent
from app.queries.heat import read_squares
from app.queries.heat_store import HeatStore
from app.queries.maps import MapRecord
from app.queries.pin_table import OFFICE_COUNTS
from app.services.snapshots import ensure_snapshot
from gis.crs import to_metric, to_wgs84
from tests.builders import a_map, an_event
from tests.crowds import CATEGORIES, a_crowd_of

WEST, SOUTH = -640_000, -1_080_000
"""A corner of a 250 m square, in EPSG:5514."""
WIDE, HIGH = 2_500, 2_000
MARGIN_M = 500
FIRST = datetime(2026, 5, 1, 6, 0, tzinfo=UTC)
WEIGHTS = list(Weight)
CHOICES = 40

Row = dict[str, Any]
Squares = dict[tuple[int, int], int]


@dataclass(frozen=True)
class Filled:
    """A map and what was stored in it, row by row."""

    the_map: MapRecord
    pins: list[Row]
    about: dict[uuid.UUID, dict[str, str]]


def question(key: str, *options: str) -> dict[str, Any]:
    return {
        "key": key,
        "type": "single",
        "label": {"cs": key},
        "options": [{"key": one, "label": {"cs": one}} for one in options],
    }


@pytest.fixture
def filled(session: Session) -> Filled:
    """About 1 500 pins of 110 people, in every state and channel, over two months."""
    return fill(session)


def fill(session: Session, **description: Any) -> Filled:
    west, south = (float(v) for v in to_wgs84(5514)(WEST, SOUTH))
    the_map = a_map(
        session,
        boundary=MultiPolygon([box(west - 0.04, south - 0.03, west + 0.07, south + 0.05)]),
        questions=[question("when", "day", "night")],
        about=[question("age", "young", "old")],
        **description,
    )
    an_event(session, the_map, "FORUM1")
    crowd = a_crowd_of(110, width_m=WIDE, height_m=HIGH, margin_m=MARGIN_M, seed=11)
    chance = random.Random(5)  # noqa: S311 - the same town every time
    people = [uuid.UUID(int=chance.getrandbits(128), version=4) for _ in range(110)]
    about = {one: {"age": chance.choice(["young", "old"])} if chance.random() < 0.7 else {} for one in people}
    lon, lat = to_wgs84(5514)(WEST + crowd.x, SOUTH + crowd.y)
    pins = [
        stored(the_map, chance, people[who], str(category), round(float(x), 7), round(float(y), 7))
        for who, category, x, y in zip(crowd.person, crowd.category, lon, lat, strict=True)
    ]
    session.execute(insert(Respondent), [{"map_id": the_map.id, "id": one, "about": about[one]} for one in people])
    session.execute(insert(Pin), [{k: v for k, v in pin.items() if k not in ("lon", "lat")} for pin in pins])
    session.commit()
    return Filled(the_map, pins, about)


def stored(
    the_map: MapRecord, chance: random.Random, who: uuid.UUID, category: str, lon: float, lat: float
) -> Row:
    x, y = to_metric(5514)(lon, lat)
    return {
        "map_id": the_map.id,
        "id": uuid.UUID(int=chance.getrandbits(128), version=4),
        "respondent_id": who,
        "category": category,
        "position": f"SRID=4326;POINT({lon} {lat})",
        "square_x": int(x // 25),
        "square_y": int(y // 25),
        "state": chance.choices(list(PinState), [8, 1, 1])[0],
        "channel": chance.choice([Channel.WEB, Channel.PAPER]),
        "event": chance.choice([None, None, "FORUM1"]),
        "answers": {"when": chance.choice(["day", "night"])} if chance.random() < 0.8 else {},
        "comment": chance.choice([None, "Tma."]),
        "created_at": FIRST + timedelta(minutes=chance.randrange(60 * 24 * 60)),
        "lon": lon,
        "lat": lat,
    }


def by_hand(filled: Filled, category: str | None, weight: Weight, holds: Callable[[Row], bool]) -> Squares:
    """Squares with what the definition counts: each person once in a square and category, or each pin."""
    found: dict[tuple[str, int, int], list[uuid.UUID]] = defaultdict(list)
    for pin in filled.pins:
        if holds(pin) and category in (None, pin["category"]):
            found[pin["category"], pin["square_x"], pin["square_y"]].append(pin["respondent_id"])
    whole: Squares = defaultdict(int)
    for (_, x, y), people in found.items():
        whole[x, y] += len(set(people)) if weight is Weight.PEOPLE else len(people)
    return dict(whole)


def allowed(filled: Filled, k: int) -> set[tuple[str, int, int]]:
    """The 250 m squares in which at least k people pinned a category for everybody to see."""
    crowd: dict[tuple[str, int, int], set[uuid.UUID]] = defaultdict(set)
    for pin in filled.pins:
        if pin["state"] is PinState.VISIBLE:
            block = (pin["category"], pin["square_x"] // 10, pin["square_y"] // 10)
            crowd[block].add(pin["respondent_id"])
    return {block for block, people in crowd.items() if len(people) >= k}


def counted(session: Session, filled: Filled, query: HeatQuery, wanted: PinFilter, scope: Scope) -> Squares:
    """What the app counts."""
    k = filled.the_map.k if scope is Scope.PUBLIC else None
    cells = read_squares(session, filled.the_map, wanted, scope).cells(query, k)
    rows = zip(cells.x_index, cells.y_index, cells.weight, strict=True)
    return {(int(x), int(y)): int(n) for x, y, n in rows if n}


def a_choice(chance: random.Random, filled: Filled) -> tuple[PinFilter, Callable[[Row], bool]]:
    """Some conditions, and the same in plain Python."""
    wanted, tests = OFFICE_COUNTS, [lambda pin: pin["state"] is not PinState.HIDDEN]

    def add(holds: Callable[[Row], bool], **asked: Any) -> None:
        nonlocal wanted
        wanted = replace(wanted, **asked)
        tests.append(holds)

    if chance.random() < 0.4:
        keys = frozenset(chance.sample(CATEGORIES, chance.choice([1, 2])))
        add(lambda pin: pin["category"] in keys, categories=keys)
    if chance.random() < 0.4:
        since = FIRST + timedelta(days=chance.randrange(40))
        add(lambda pin: pin["created_at"] >= since, since=since)
    if chance.random() < 0.3:
        until = FIRST + timedelta(days=chance.randrange(20, 60))
        add(lambda pin: pin["created_at"] <= until, until=until)
    if chance.random() < 0.3:
        channel = chance.choice([Channel.WEB, Channel.PAPER])
        add(lambda pin: pin["channel"] is channel, channel=channel)
    if chance.random() < 0.2:
        add(lambda pin: pin["event"] == "FORUM1", event="FORUM1")
    if chance.random() < 0.4:
        when = chance.choice(["day", "night"])
        add(lambda pin: pin["answers"].get("when") == when, answers=(("when", when),))
    if chance.random() < 0.4:
        age = chance.choice(["young", "old"])
        add(lambda pin: filled.about[pin["respondent_id"]].get("age") == age, about=(("age", age),))
    if chance.random() < 0.2:
        add(lambda pin: pin["comment"] is not None, commented=True)
    if chance.random() < 0.3:
        lon, lat = (float(v) for v in to_wgs84(5514)(WEST + chance.uniform(500, 2000), SOUTH + 1000))
        sides = (lon - 0.008, lat - 0.004, lon + 0.008, lat + 0.006)
        add(
            lambda pin: sides[0] <= pin["lon"] <= sides[2] and sides[1] <= pin["lat"] <= sides[3],
            bbox=sides,
        )
    if chance.random() < 0.2:
        states = frozenset(chance.sample(list(PinState), 2))
        tests[0] = lambda pin: pin["state"] in states
        wanted = replace(wanted, states=states)
    return wanted, lambda pin: all(test(pin) for test in tests)


def test_every_choice_of_pins_is_counted_as_by_hand(session: Session, filled: Filled) -> None:
    chance = random.Random(2027)  # noqa: S311 - the same choices every time
    sizes = []
    for _ in range(CHOICES):
        wanted, holds = a_choice(chance, filled)
        for category in (None, *CATEGORIES):
            for weight in WEIGHTS:
                expected = by_hand(filled, category, weight, holds)
                query = HeatQuery(category, weight=weight)
                assert counted(session, filled, query, wanted, Scope.OFFICE) == expected, wanted
                sizes.append(len(expected))
    assert max(sizes) > 400
    assert sum(size == 0 for size in sizes) < len(sizes) / 3


@pytest.mark.parametrize("k", [1, 3, 5])
def test_everybody_sees_what_the_rule_lets_through(session: Session, k: int) -> None:
    filled = fill(session, publish={"k": k})
    open_blocks = allowed(filled, k)

    def holds(pin: Row) -> bool:
        block = (pin["category"], pin["square_x"] // 10, pin["square_y"] // 10)
        return pin["state"] is PinState.VISIBLE and block in open_blocks

    for category in (None, *CATEGORIES):
        for weight in WEIGHTS:
            expected = by_hand(filled, category, weight, holds)
            query = HeatQuery(category, weight=weight)
            assert counted(session, filled, query, PUBLIC_FILTER, Scope.PUBLIC) == expected
            assert expected
    if k > 1:
        everything = by_hand(filled, None, Weight.PINS, lambda pin: pin["state"] is PinState.VISIBLE)
        assert sum(everything.values()) > sum(by_hand(filled, None, Weight.PINS, holds).values())


def test_a_map_that_keeps_its_pins_shows_the_morning_of_the_day(session: Session) -> None:
    filled = fill(session, publish={"k": 3, "pins": False})
    assert ensure_snapshot(session, filled.the_map, date(2026, 9, 14))
    session.commit()
    open_blocks = allowed(filled, 3)
    session.execute(delete(Pin).where(Pin.map_id == filled.the_map.id, Pin.category == "unsafe"))
    session.commit()

    def holds(pin: Row) -> bool:
        block = (pin["category"], pin["square_x"] // 10, pin["square_y"] // 10)
        return pin["state"] is PinState.VISIBLE and block in open_blocks

    for weight in WEIGHTS:
        expected = by_hand(filled, "unsafe", weight, holds)
        query = HeatQuery("unsafe", weight=weight)
        assert counted(session, filled, query, PUBLIC_FILTER, Scope.PUBLIC) == expected
        assert expected


def test_after_many_changes_it_is_still_what_is_stored(session: Session, filled: Filled) -> None:
    """Pins are hidden, moved, given another feeling, deleted and added, in any order."""
    chance = random.Random(77)  # noqa: S311 - the same changes every time
    pins = filled.pins
    for _ in range(120):
        pin = chance.choice(pins)
        here = (Pin.map_id == filled.the_map.id, Pin.id == pin["id"])
        match chance.choice(["hide", "move", "feel", "go", "come", "owner"]):
            case "hide":
                pin["state"] = chance.choice(list(PinState))
                session.execute(update(Pin).where(*here).values(state=pin["state"]))
            case "move":
                pin["square_x"] += chance.choice([-11, -1, 1, 10])
                session.execute(update(Pin).where(*here).values(square_x=pin["square_x"]))
            case "feel":
                pin["category"] = chance.choice(CATEGORIES)
                session.execute(update(Pin).where(*here).values(category=pin["category"]))
            case "owner":
                pin["respondent_id"] = chance.choice(list(filled.about))
                session.execute(update(Pin).where(*here).values(respondent_id=pin["respondent_id"]))
            case "go":
                pins.remove(pin)
                session.execute(delete(Pin).where(*here))
            case _:
                new = {**pin, "id": uuid.UUID(int=chance.getrandbits(128), version=4)}
                pins.append(new)
                session.execute(insert(Pin), [{k: v for k, v in new.items() if k not in ("lon", "lat")}])
    session.commit()
    for category in (None, *CATEGORIES):
        for weight in WEIGHTS:
            expected = by_hand(filled, category, weight, lambda pin: pin["state"] is not PinState.HIDDEN)
            query = HeatQuery(category, weight=weight)
            assert counted(session, filled, query, OFFICE_COUNTS, Scope.OFFICE) == expected


@pytest.mark.parametrize("bandwidth_m", [50.0, 75.0, 150.0])
def test_the_surface_is_the_sum_over_what_was_counted_by_hand(
    session: Session, filled: Filled, bandwidth_m: float
) -> None:
    chance = random.Random(3)  # noqa: S311 - the same choices every time
    choices = [(OFFICE_COUNTS, lambda pin: pin["state"] is not PinState.HIDDEN), a_choice(chance, filled)]
    for wanted, holds in choices:
        for weight in WEIGHTS:
            query = HeatQuery("unsafe", bandwidth_m, weight)
            surface = HeatStore().heat(session, filled.the_map, query, Scope.OFFICE, wanted).surface
            squares = by_hand(filled, "unsafe", weight, holds)
            expected = heat_by_hand(squares, surface.frame.x_centres(), surface.frame.y_centres(), bandwidth_m)
            assert np.abs(surface.values - expected).max() <= 1e-5 * expected.max()
            assert surface.total == sum(squares.values())
            assert surface.counted() == pytest.approx(sum(squares.values()), rel=1e-4)


def heat_by_hand(squares: Squares, x: np.ndarray, y: np.ndarray, bandwidth_m: float) -> np.ndarray:
    """Per hectare, each square's Gaussian added up in float64."""
    whole = np.zeros((len(y), len(x)))
    for (column, row), n in squares.items():
        east = np.exp(-0.5 * ((x - (column + 0.5) * 25) / bandwidth_m) ** 2)
        north = np.exp(-0.5 * ((y - (row + 0.5) * 25) / bandwidth_m) ** 2)
        whole += n * np.outer(north, east)
    return whole * 10_000 / (2 * np.pi * bandwidth_m**2)
