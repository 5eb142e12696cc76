"""What the queue notices by comparing pins: repeated texts, bursts, the same place, the boundary."""

from __future__ import annotations

from datetime import timedelta

import pytest
from shapely import MultiPolygon, box
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from app.models import FlagKind, Pin, PinFlag, PinState, Respondent
from app.queries.maps import MapRecord, read_map
from app.queries.queue import IN_QUEUE
from app.services.flags import BURST_PINS, CROWD_PEOPLE, check_again, check_new
from tests.builders import CENTRE, a_map, a_pin, an_event, moment

NOON = moment("2026-09-14T12:00:00Z")
METRE_LON = 1 / 72_300
"""One metre to the east at 49.6°, in degrees."""


@pytest.fixture
def town(session: Session) -> MapRecord:
    """A map."""
    return a_map(session)


def flags_of(session: Session, pin: Pin) -> dict[str, object]:
    """The details of a pin's flags that nobody has settled, by kind."""
    session.expire_all()
    rows = session.query(PinFlag).filter_by(map_id=pin.map_id, pin_id=pin.id, settled=False)
    return {row.kind: row.detail for row in rows}


def check(session: Session, town: MapRecord) -> int:
    checked = check_new(session, town)
    session.commit()
    return checked


def test_third_pin_of_one_text_flags_all_three_whatever_its_case_and_signs(
    session: Session, town: MapRecord
) -> None:
    texts = ("Podpořte naši petici!", "podporte nasi petici", "Podpořte   naši petici…")
    pins = [a_pin(session, town, respondent=f"p{n}", comment=said) for n, said in enumerate(texts[:2])]
    assert check(session, town) == 2
    assert flags_of(session, pins[0]) == {}
    pins.append(a_pin(session, town, respondent="p2", comment=texts[2]))
    assert check(session, town) == 1
    assert [flags_of(session, pin) for pin in pins] == [{"repeated": {"n": 3}}] * 3
    assert all(pin.flagged for pin in pins)


def test_short_texts_are_the_same_by_chance(session: Session, town: MapRecord) -> None:
    pins = [a_pin(session, town, respondent=f"p{n}", comment="Hezký park") for n in range(4)]
    check(session, town)
    assert flags_of(session, pins[0]) == {}


def test_same_text_on_another_map_does_not_count(session: Session, town: MapRecord) -> None:
    other = a_map(session, "jinde")
    for n, the_map in enumerate((town, other, other)):
        pin = a_pin(session, the_map, respondent=f"p{n}", comment="Podpořte naši petici!")
    check(session, town)
    check(session, other)
    assert flags_of(session, pin) == {}


@pytest.mark.parametrize(("pins", "flagged"), [(BURST_PINS - 1, False), (BURST_PINS, True)])
def test_many_pins_of_one_person_within_a_minute_are_a_burst(
    session: Session, town: MapRecord, pins: int, flagged: bool
) -> None:
    made = [
        a_pin(
            session, town, at=(CENTRE[0] + n * 0.0005, CENTRE[1]), created_at=NOON + timedelta(seconds=5 * n),
        )
        for n in range(pins)
    ]  # fmt: skip
    check(session, town)
    wanted = {"burst": {"n": pins}} if flagged else {}
    assert [flags_of(session, pin) for pin in made] == [wanted] * pins


def test_slow_pins_of_one_person_and_pins_from_files_are_no_burst(session: Session, town: MapRecord) -> None:
    slow = [
        a_pin(session, town, at=(CENTRE[0] + n * 0.0005, CENTRE[1]), created_at=NOON + timedelta(seconds=6 * n))
        for n in range(2 * BURST_PINS)
    ]
    filed = [
        a_pin(
            session, town, "unsafe", (CENTRE[0] + n * 0.0005, CENTRE[1]), "file", channel="import", created_at=NOON
        )
        for n in range(2 * BURST_PINS)
    ]
    check(session, town)
    assert [flags_of(session, pin) for pin in (*slow, *filed)] == [{}] * 4 * BURST_PINS


def test_new_people_in_one_place_within_seconds_are_told_but_not_at_an_event(
    session: Session, town: MapRecord
) -> None:
    an_event(session, town, "TRIDA")
    crowd = [
        a_pin(session, town, respondent=f"c{n}", created_at=NOON + timedelta(seconds=n))
        for n in range(CROWD_PEOPLE)
    ]
    pupils = [
        a_pin(session, town, "unsafe", respondent=f"t{n}", event="TRIDA", created_at=NOON) for n in range(30)
    ]
    late = a_pin(session, town, respondent="late", created_at=NOON + timedelta(seconds=60))
    check(session, town)
    assert [flags_of(session, pin) for pin in crowd] == [
        {"burst": {"n": CROWD_PEOPLE, "people": True}}
    ] * CROWD_PEOPLE
    assert [flags_of(session, pin) for pin in (*pupils, late)] == [{}] * 31


def test_second_pin_of_a_person_and_category_within_fifteen_metres_is_told(
    session: Session, town: MapRecord
) -> None:
    def pin(metres: float, category: str = "safe", who: str = "me", minute: int = 0) -> Pin:
        at = (CENTRE[0] + metres * METRE_LON, CENTRE[1])
        return a_pin(session, town, category, at, who, created_at=NOON + timedelta(minutes=minute))

    first, near = pin(0), pin(14, minute=1)
    others = [pin(30.5, minute=2), pin(0, "unsafe", minute=3), pin(0, who="you", minute=4)]
    check(session, town)
    assert flags_of(session, near) == {"close": {"n": 2}}
    assert [flags_of(session, one) for one in (first, *others)] == [{}] * 4


def test_pin_outside_a_boundary_that_was_drawn_smaller_is_told(session: Session, town: MapRecord) -> None:
    pin = a_pin(session, town, at=(15.503, 49.62))
    check(session, town)
    assert flags_of(session, pin) == {}
    smaller = a_map(session, boundary=MultiPolygon([box(15.51, 49.61, 15.54, 49.63)]))
    check_again(session, [smaller.id])
    check(session, smaller)
    assert flags_of(session, pin) == {"outside": {}}
    a_map(session)
    check_again(session, [town.id])
    check(session, read_map(session, "testov"))
    assert flags_of(session, pin) == {}
    assert not session.get_one(Pin, (pin.map_id, pin.id)).flagged


def test_texts_from_files_are_looked_through_and_stay_shown(session: Session, town: MapRecord) -> None:
    pin = a_pin(session, town, channel="import", comment="Volejte 777 123 456")
    check(session, town)
    assert flags_of(session, pin) == {"phone": {"spans": [[8, 19]]}}
    assert pin.state == PinState.VISIBLE


def test_what_was_settled_stays_settled_until_other_words_are_meant(session: Session, town: MapRecord) -> None:
    pin = a_pin(session, town, comment="Volejte 777 123 456")
    check(session, town)
    session.execute(update(PinFlag).values(settled=True))
    session.execute(update(Pin).values(flagged=False))
    check_again(session, [town.id])
    check(session, town)
    assert flags_of(session, pin) == {}
    session.execute(update(Pin).values(comment="Zavolejte 777 123 456", checked_at=None))
    check(session, town)
    assert flags_of(session, pin).keys() == {FlagKind.PHONE}


def test_each_check_takes_only_what_is_new_and_no_more_than_asked(session: Session, town: MapRecord) -> None:
    for n in range(5):
        a_pin(session, town, at=(CENTRE[0] + n * 0.001, CENTRE[1]))
    assert [check_new(session, town, 2) for _ in range(4)] == [2, 2, 1, 0]


MANY_PINS = """
    INSERT INTO pin (map_id, id, respondent_id, category, position, square_x, square_y, channel, state, created_at)
    SELECT :map, gen_random_uuid(), :person, 'safe', ST_SetSRID(ST_MakePoint(15.52, 49.62), 4326), 0, 0, 'web',
           CASE WHEN n % 50 = 0 THEN 'pending' ELSE 'visible' END, now() - n * interval '1 s'
    FROM generate_series(1, 5000) AS n
"""


def test_queue_is_read_by_its_index(session: Session, town: MapRecord) -> None:
    """With a planner that has a choice: thousands of pins, few of which wait."""
    a_pin(session, town)
    person = session.query(Respondent.id).filter_by(map_id=town.id).scalar()
    session.execute(text(MANY_PINS), {"map": town.id, "person": person})
    session.execute(text("ANALYZE pin"))
    query = f"EXPLAIN SELECT id FROM pin WHERE map_id = :map AND {IN_QUEUE} ORDER BY created_at, id LIMIT 41"
    plan = "\n".join(session.scalars(text(query), {"map": town.id}))
    assert "ix_pin_queue" in plan
    assert "Sort" not in plan


def test_flood_is_flagged_whole_though_it_comes_in_parts(session: Session, town: MapRecord) -> None:
    flood = [a_pin(session, town, respondent=f"f{n}", comment="Podpořte naši petici!") for n in range(30)]
    for _ in range(3):
        check_new(session, town, 10)
    session.commit()
    assert {flag["repeated"]["n"] for flag in (flags_of(session, pin) for pin in flood)} == {30}
    late = a_pin(session, town, respondent="late", comment="Podpořte naši petici!")
    check(session, town)
    assert flags_of(session, late)["repeated"] == {"n": 31}
    assert flags_of(session, flood[0])["repeated"] == {"n": 30}
