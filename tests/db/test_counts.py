"""Counts kept with the pins: exact at every moment, whatever changes, whoever takes them in, and nobody waits."""

from __future__ import annotations

import random
import threading
import uuid
from collections import defaultdict

import pytest
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from app.db import open_database
from app.inputs.filters import PinFilter, Scope
from app.inputs.heat import COUNTED_STATES
from app.inputs.pins import PinInput
from app.models import HeatBlock, HeatChange, HeatState, Pin, PinState
from app.queries.counts import count_mark, counts_of, read_counts, visible_pins
from app.queries.heat import CountedSquares
from app.queries.maps import MapRecord
from app.queries.pin_table import OFFICE_COUNTS, read_pins
from app.services.counts import fold, keep_counts, rebuild, settle
from app.services.pins import create_pin
from app.services.withdrawal import withdraw
from tests.builders import BOX, TOKEN, a_map, a_pin

STATES = {Scope.PUBLIC: {PinState.VISIBLE}, Scope.OFFICE: set(COUNTED_STATES)}


Squares = dict[tuple[str, int, int], tuple[int, int, int]]
"""Category and square → people, pins, people of the 250 m square around."""


def by_hand(session: Session, the_map: MapRecord, scope: Scope) -> Squares:
    """Counted one pin after another."""
    people, crowds = defaultdict(list), defaultdict(set)
    for pin in session.scalars(select(Pin).where(Pin.map_id == the_map.id)):
        if pin.state in STATES[scope]:
            people[pin.category, pin.square_x, pin.square_y].append(pin.respondent_id)
            crowds[pin.category, pin.square_x // 10, pin.square_y // 10].add(pin.respondent_id)
    return {
        (c, x, y): (len(set(who)), len(who), len(crowds[c, x // 10, y // 10])) for (c, x, y), who in people.items()
    }


def kept(session: Session, the_map: MapRecord, scope: Scope) -> Squares:
    """The same as the blocks and the waiting changes have it."""
    found = CountedSquares.of_counts(read_counts(session, the_map.id, scope))
    rows = zip(found.category, found.x_index, found.y_index, found.people, found.pins, found.crowd, strict=True)
    return {(str(c), int(x), int(y)): (int(a), int(b), int(k)) for c, x, y, a, b, k in rows}


def visible(session: Session, the_map: MapRecord) -> int:
    """Visible pins, counted one after another."""
    mine = (Pin.map_id == the_map.id, Pin.state == PinState.VISIBLE)
    return session.scalar(select(func.count()).select_from(Pin).where(*mine)) or 0


def waiting(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(HeatChange)) or 0


class Life:
    """Everything that can happen to the pins of a map, by chance."""

    def __init__(self, session: Session, the_map: MapRecord, seed: int) -> None:
        self.session, self.the_map = session, the_map
        self.dice = random.Random(seed)  # noqa: S311 - the same every time

    def goes_on(self) -> None:
        deeds = [self.add, self.move, self.give_away, self.recolour, self.moderate, self.remove, self.all_at_once]
        self.dice.choices(deeds, weights=[8, 1, 1, 1, 3, 1, 1])[0]()
        self.session.commit()

    def add(self) -> None:
        at = (15.52 + self.dice.uniform(-0.004, 0.004), 49.62 + self.dice.uniform(-0.002, 0.002))
        state = self.dice.choice([PinState.VISIBLE, *PinState])
        a_pin(self.session, self.the_map, self.category(), at, f"r{self.dice.randrange(5)}", state=state)

    def move(self) -> None:
        by = {"square_x": Pin.square_x + self.dice.randrange(-11, 12), "square_y": Pin.square_y + 1}
        self.change(**by)

    def give_away(self) -> None:
        owners = self.session.scalars(select(Pin.respondent_id).distinct()).all()
        self.change(respondent_id=self.dice.choice(owners) if owners else None)

    def recolour(self) -> None:
        self.change(category=self.category())

    def moderate(self) -> None:
        self.change(state=self.dice.choice(list(PinState)))

    def remove(self) -> None:
        self.session.execute(delete(Pin).where(Pin.id == self.some_pin()))

    def all_at_once(self) -> None:
        state = self.dice.choice(list(PinState))
        self.session.execute(update(Pin).where(Pin.category == self.category()).values(state=state))

    def change(self, **values: object) -> None:
        self.session.execute(update(Pin).where(Pin.id == self.some_pin()).values(**values))

    def category(self) -> str:
        return self.dice.choice(["safe", "unsafe"])

    def some_pin(self) -> uuid.UUID | None:
        pins = self.session.scalars(select(Pin.id)).all()
        return self.dice.choice(sorted(pins)) if pins else None


@pytest.mark.parametrize("seed", range(4))
def test_counts_are_those_of_a_recount_after_whatever_happens(session: Session, seed: int) -> None:
    the_map = a_map(session)
    life = Life(session, the_map, seed)
    for turn in range(120):
        life.goes_on()
        if turn % 7 == 0:
            fold(session, the_map.id)
        session.expire_all()
        for scope in Scope:
            assert kept(session, the_map, scope) == by_hand(session, the_map, scope)
        known = visible_pins(session, the_map.id)
        # Nothing is kept before there was something to take in.
        assert known == visible(session, the_map) or (known is None and not session.get(HeatState, the_map.id))
    fold(session, the_map.id)
    assert waiting(session) == 0
    assert visible_pins(session, the_map.id) == visible(session, the_map)
    for scope in Scope:
        assert kept(session, the_map, scope) == by_hand(session, the_map, scope)


def test_a_version_that_does_not_count_visible_pins_leaves_them_unknown_not_wrong(session: Session) -> None:
    the_map = a_map(session)
    a_pin(session, the_map)
    fold(session, the_map.id)
    assert visible_pins(session, the_map.id) == 1
    # As the version before folds: it strikes off, and knows nothing of the number beside.
    a_pin(session, the_map, respondent="r2")
    session.execute(delete(HeatChange))
    session.execute(update(HeatState).values(folded=HeatState.folded + 1))
    assert visible_pins(session, the_map.id) is None
    a_pin(session, the_map, respondent="r3")
    fold(session, the_map.id)
    assert visible_pins(session, the_map.id) == 3


def test_taking_in_changes_neither_the_counts_nor_their_mark(session: Session) -> None:
    the_map = a_map(session)
    for i in range(6):
        a_pin(session, the_map, respondent=f"r{i}")
    before, mark = kept(session, the_map, Scope.PUBLIC), count_mark(session, the_map.id)
    assert fold(session, the_map.id)
    assert not fold(session, the_map.id)
    assert kept(session, the_map, Scope.PUBLIC) == before
    assert count_mark(session, the_map.id) == mark


@pytest.mark.parametrize(
    "values",
    [{"comment": "jinak"}, {"answers": {"when": "night"}}, {"status": "done"}, {"flagged": True}, {"event": None}],
)
def test_what_a_filter_asks_for_changes_the_mark(session: Session, values: dict[str, object]) -> None:
    the_map = a_map(session)
    pin = a_pin(session, the_map)
    before = count_mark(session, the_map.id)
    session.execute(update(Pin).where(Pin.id == pin.id).values(**values))
    assert (count_mark(session, the_map.id) != before) == (values != {"event": None})


def test_blocks_in_which_nothing_is_left_go(session: Session) -> None:
    the_map = a_map(session)
    pin = a_pin(session, the_map)
    fold(session, the_map.id)
    assert session.scalar(select(func.count()).select_from(HeatBlock)) == 1
    session.delete(pin)
    session.commit()
    fold(session, the_map.id)
    assert session.scalar(select(func.count()).select_from(HeatBlock)) == 0
    assert kept(session, the_map, Scope.OFFICE) == {}


def test_changes_of_one_map_are_no_concern_of_another(session: Session) -> None:
    one, other = a_map(session, "prvni"), a_map(session, "druhy")
    a_pin(session, one)
    before = count_mark(session, other.id)
    a_pin(session, one, respondent="second")
    assert count_mark(session, other.id) == before
    fold(session, one.id)
    assert kept(session, one, Scope.PUBLIC)
    assert kept(session, other, Scope.PUBLIC) == {}


def test_who_withdraws_leaves_nothing_in_what_waits(session: Session) -> None:
    the_map = a_map(session)
    create_pin(session, the_map, TOKEN, an_input())
    a_pin(session, the_map)
    withdraw(session, the_map, TOKEN)
    assert waiting(session) == 0
    assert sum(pins for _, pins, _ in kept(session, the_map, Scope.PUBLIC).values()) == 1


def test_a_choice_of_pins_is_counted_as_everything_is(session: Session) -> None:
    the_map = a_map(session)
    for i in range(30):
        a_pin(session, the_map, ("safe", "unsafe")[i % 2], (15.51 + i % 7 * 0.0004, 49.62), f"r{i % 4}")
    counted = CountedSquares.of_counts(counts_of(read_pins(session, the_map, OFFICE_COUNTS)))
    known = CountedSquares.of_counts(read_counts(session, the_map.id, Scope.OFFICE))
    for name in ("category", "x_index", "y_index", "people", "pins", "crowd"):
        assert (getattr(counted, name) == getattr(known, name)).all()
    assert len(read_pins(session, the_map, PinFilter(categories=frozenset({"safe"})))) == 15


def an_input(at: tuple[float, float] = (15.52, 49.62)) -> PinInput:
    return PinInput(uuid.uuid4(), at[0], at[1], "safe", None, None, None, {})


def test_a_rebuild_changes_nothing_and_repairs_what_was_broken(live_session: Session) -> None:
    the_map = a_map(live_session)
    for i in range(40):
        a_pin(live_session, the_map, "safe", (15.51 + i * 0.0005, 49.62), f"r{i % 7}")
    settle(live_session, the_map)
    found = rebuild(live_session, the_map)
    live_session.commit()
    assert found is not None
    assert (found.pins, found.different) == (40, 0)
    a_pin(live_session, the_map, "unsafe")
    live_session.commit()
    found = rebuild(live_session, the_map)
    live_session.commit()
    assert found is not None
    assert (found.pins, found.different) == (41, 0)
    # Somebody's hand in the tables.
    live_session.execute(delete(HeatBlock).where(HeatBlock.category == "safe"))
    live_session.commit()
    assert kept(live_session, the_map, Scope.PUBLIC) != by_hand(live_session, the_map, Scope.PUBLIC)
    live_session.commit()
    found = rebuild(live_session, the_map)
    live_session.commit()
    assert found is not None
    assert found.different > 0
    for scope in Scope:
        assert kept(live_session, the_map, scope) == by_hand(live_session, the_map, scope)


def test_a_crowd_that_pins_at_once_is_counted_exactly_while_changes_are_taken_in(
    live_session: Session, live_url: str
) -> None:
    the_map = a_map(live_session)
    database = open_database(live_url)
    stop, wrong = threading.Event(), []

    def pins(person: int) -> None:
        dice = random.Random(person)  # noqa: S311
        for _ in range(40):
            at = (BOX.bounds[0] + dice.choice([0.001, 0.0011, 0.004]), 49.62)
            with database.session() as session:
                # Two devices of one person do not exist here: two threads share a token instead.
                create_pin(session, the_map, f"{TOKEN}{person // 2}", an_input(at))
                session.commit()

    def looks() -> None:
        # Everything in one snapshot, so that both ways of counting see the same pins.
        while not stop.is_set():
            with database.session() as session:
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
                if kept(session, the_map, Scope.PUBLIC) != by_hand(session, the_map, Scope.PUBLIC):
                    wrong.append("squares")
                if visible_pins(session, the_map.id) not in (None, visible(session, the_map)):
                    wrong.append("visible pins")

    keeper = threading.Thread(target=keep_counts, args=(database.session, stop), kwargs={"every_s": 0.01})
    watcher = threading.Thread(target=looks)
    people = [threading.Thread(target=pins, args=(person,)) for person in range(8)]
    for thread in (keeper, watcher, *people):
        thread.start()
    for thread in people:
        thread.join()
    stop.set()
    keeper.join()
    watcher.join()
    assert not wrong
    with database.session() as session:
        assert fold(session, the_map.id) or not waiting(session)
        session.commit()
        assert kept(session, the_map, Scope.PUBLIC) == by_hand(session, the_map, Scope.PUBLIC)
        assert sum(pins for _, pins, _ in kept(session, the_map, Scope.PUBLIC).values()) == 320
    database.engine.dispose()


def test_nobody_waits_for_somebody_who_pins_in_the_same_square(live_session: Session, live_url: str) -> None:
    the_map = a_map(live_session)
    create_pin(live_session, the_map, TOKEN, an_input())  # not committed yet
    database = open_database(live_url)
    with database.session() as other:
        other.execute(text("SET lock_timeout = '500ms'"))
        create_pin(other, the_map, f"{TOKEN}2", an_input())
        other.commit()
        fold(other, the_map.id)  # nor does taking in wait for anybody
        other.commit()
        assert sum(pins for _, pins, _ in kept(other, the_map, Scope.PUBLIC).values()) == 1
    live_session.commit()
    assert sum(pins for _, pins, _ in kept(live_session, the_map, Scope.PUBLIC).values()) == 2
    live_session.commit()
    database.engine.dispose()
