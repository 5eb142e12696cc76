"""Answers for places: whom they reach, what stays its own, who is heard where places overlap."""

from __future__ import annotations

import uuid

import pytest
from shapely import MultiPolygon, box
from sqlalchemy.orm import Session

from app.errors import AnswerChanged, Unknown
from app.inputs.answer_forms import Answer, PlaceInput
from app.models import AuditEntry, Pin, PinState, PinStatus
from app.queries.answers import counts_of_places, find_place, public_places, reach
from app.queries.maps import MapRecord
from app.services.answers import (
    add_place,
    answer_pin,
    change_place,
    delete_place,
    take_answer_back,
    take_in,
)
from app.services.audit import BY_ITSELF
from tests.builders import CENTRE, a_map, a_pin

WEST = (CENTRE[0] - 0.002, CENTRE[1])
EAST = (CENTRE[0] + 0.002, CENTRE[1])


def around(*places: tuple[float, float], reach_deg: float = 0.0005) -> MultiPolygon:
    """An area with a box around each place."""
    return MultiPolygon([box(x - reach_deg, y - reach_deg, x + reach_deg, y + reach_deg) for x, y in places])


def a_place(
    session: Session,
    the_map: MapRecord,
    area: MultiPolygon,
    text: str = "Lampy vyměníme.",
    *,
    status: PinStatus = PinStatus.PLANNED,
    categories: tuple[str, ...] = (),
    name: str = "Lipová",
) -> uuid.UUID:
    """An answered place."""
    made = add_place(session, the_map, PlaceInput(name, area, categories, Answer(status, text)), BY_ITSELF)
    session.commit()
    return made


def now(session: Session, pin: Pin) -> tuple[str, str | None]:
    """The status and the answer of a pin as they are stored."""
    session.expire_all()
    return pin.status, pin.answer


def test_answer_for_a_place_reaches_all_pins_in_it_whatever_their_state(session: Session) -> None:
    the_map = a_map(session)
    pins = [a_pin(session, the_map, "unsafe", WEST, f"r{n}", state=state) for n, state in enumerate(PinState)]
    outside = a_pin(session, the_map, "unsafe", EAST)
    changed_at = pins[0].changed_at
    place_id = a_place(session, the_map, around(WEST))
    assert {now(session, pin) for pin in pins} == {("planned", "Lampy vyměníme.")}
    assert {(pin.place_id, pin.answered_at is not None, pin.changed_at > changed_at) for pin in pins} == {
        (place_id, True, True)
    }
    assert now(session, outside) == ("received", None)


def test_answer_for_a_feeling_leaves_the_others_alone(session: Session) -> None:
    the_map = a_map(session)
    dark, nice = a_pin(session, the_map, "unsafe", WEST), a_pin(session, the_map, "safe", WEST)
    a_place(session, the_map, around(WEST), categories=("unsafe",))
    assert now(session, dark) == ("planned", "Lampy vyměníme.")
    assert now(session, nice) == ("received", None)


def test_pin_answered_by_itself_keeps_its_own_answer(session: Session) -> None:
    the_map = a_map(session)
    own, done = a_pin(session, the_map, at=WEST), a_pin(session, the_map, at=WEST, status="done")
    answer_pin(session, the_map, own.id, Answer(PinStatus.DECLINED, "Není to náš pozemek."), BY_ITSELF)
    place_id = a_place(session, the_map, around(WEST))
    assert now(session, own) == ("declined", "Není to náš pozemek.")
    assert now(session, done) == ("done", None)
    delete_place(session, the_map, place_id, BY_ITSELF)
    assert now(session, own) == ("declined", "Není to náš pozemek.")


def test_own_answer_taken_back_gives_way_to_that_of_the_place(session: Session) -> None:
    the_map = a_map(session)
    pin = a_pin(session, the_map, at=WEST)
    a_place(session, the_map, around(WEST))
    answer_pin(session, the_map, pin.id, Answer(PinStatus.DONE, "Hotovo."), BY_ITSELF)
    assert now(session, pin) == ("done", "Hotovo.")
    take_answer_back(session, the_map, pin.id, BY_ITSELF)
    assert now(session, pin) == ("planned", "Lampy vyměníme.")


def test_changed_area_lets_pins_go_and_takes_in_others(session: Session) -> None:
    the_map = a_map(session)
    west, east = a_pin(session, the_map, at=WEST), a_pin(session, the_map, at=EAST)
    place_id = a_place(session, the_map, around(WEST))
    before = find_place(session, the_map.id, place_id)
    wanted = PlaceInput("Lipová", around(EAST), (), Answer(PinStatus.PLANNED, "Lampy vyměníme."))
    change_place(session, the_map, place_id, wanted, BY_ITSELF, seen=before.mark)
    assert now(session, west) == ("received", None)
    assert west.answered_at is None
    assert now(session, east) == ("planned", "Lampy vyměníme.")
    assert find_place(session, the_map.id, place_id).answered_at == before.answered_at


def test_changed_words_are_said_anew_to_all(session: Session) -> None:
    the_map = a_map(session)
    pin = a_pin(session, the_map, at=WEST)
    place_id = a_place(session, the_map, around(WEST))
    before = find_place(session, the_map.id, place_id)
    wanted = PlaceInput("Lipová", around(WEST), (), Answer(PinStatus.DONE, "Svítí se."))
    change_place(session, the_map, place_id, wanted, BY_ITSELF, seen=before.mark)
    assert now(session, pin) == ("done", "Svítí se.")
    assert pin.answered_at is not None
    assert pin.answered_at > before.answered_at


def test_two_officials_at_once_do_not_overwrite_each_other(session: Session) -> None:
    the_map = a_map(session)
    place_id = a_place(session, the_map, around(WEST))
    read = find_place(session, the_map.id, place_id).mark
    for n, wanted in enumerate(("Jedna.", "Dvě.")):
        change = PlaceInput("Lipová", around(WEST), (), Answer(PinStatus.DONE, wanted))
        if n == 0:
            change_place(session, the_map, place_id, change, BY_ITSELF, seen=read)
        else:
            with pytest.raises(AnswerChanged):
                change_place(session, the_map, place_id, change, BY_ITSELF, seen=read)
    assert find_place(session, the_map.id, place_id).answer == "Jedna."


def test_where_places_overlap_the_newest_is_heard_and_the_older_one_after_it(session: Session) -> None:
    the_map = a_map(session)
    both, west = a_pin(session, the_map, at=CENTRE), a_pin(session, the_map, at=WEST)
    older = a_place(session, the_map, around(WEST, CENTRE), "Starší.")
    newer = a_place(session, the_map, around(CENTRE, EAST), "Novější.")
    assert now(session, both)[1] == "Novější."
    assert now(session, west)[1] == "Starší."
    take_in(session, the_map, older, BY_ITSELF)  # not said anew: it stays the older one
    assert now(session, both)[1] == "Novější."
    assert counts_of_places(session, the_map.id)[older].pins == 1
    delete_place(session, the_map, newer, BY_ITSELF)
    assert now(session, both)[1] == "Starší."
    delete_place(session, the_map, older, BY_ITSELF)
    assert now(session, both) == now(session, west) == ("received", None)


def test_pins_that_come_later_wait_to_be_taken_in(session: Session) -> None:
    the_map = a_map(session)
    a_pin(session, the_map, at=WEST, respondent="first")
    place_id = a_place(session, the_map, around(WEST))
    late = a_pin(session, the_map, at=WEST, respondent="second")
    a_pin(session, the_map, at=EAST, respondent="third")
    counts = counts_of_places(session, the_map.id)[place_id]
    assert (counts.pins, counts.people, counts.fresh) == (1, 1, 1)
    take_in(session, the_map, place_id, BY_ITSELF)
    counts = counts_of_places(session, the_map.id)[place_id]
    assert (counts.pins, counts.people, counts.fresh) == (2, 2, 0)
    assert now(session, late) == ("planned", "Lampy vyměníme.")


def test_reach_is_told_before_anything_is_said(session: Session) -> None:
    the_map = a_map(session)
    for n in range(3):
        a_pin(session, the_map, "unsafe", WEST, f"r{n // 2}")
    a_pin(session, the_map, "safe", WEST, "r9")
    a_pin(session, the_map, "unsafe", WEST, "r8", answer="Už je to hotové.")
    a_place(session, the_map, around(CENTRE, WEST), categories=("safe",))
    found = reach(session, the_map, around(WEST), ())
    assert (found.pins, found.people, found.own, found.elsewhere) == (4, 3, 1, 1)
    assert reach(session, the_map, around(WEST), ("unsafe",)).pins == 3


def test_every_deed_is_written_down_without_what_citizens_wrote(session: Session) -> None:
    the_map = a_map(session)
    pin = a_pin(session, the_map, at=WEST, comment="Bydlím v čísle 12")
    place_id = a_place(session, the_map, around(WEST))
    take_in(session, the_map, place_id, BY_ITSELF)
    answer_pin(session, the_map, pin.id, Answer(PinStatus.DONE, "Hotovo."), BY_ITSELF)
    take_answer_back(session, the_map, pin.id, BY_ITSELF)
    delete_place(session, the_map, place_id, BY_ITSELF)
    entries = session.query(AuditEntry).order_by(AuditEntry.id).all()
    assert [entry.action for entry in entries] == [
        "answer.place",
        "answer.take_in",
        "answer.pin",
        "answer.delete",
        "answer.delete",
    ]
    assert entries[0].subject == "Lipová"
    assert entries[0].detail["pins"] == 1
    assert not any("čísle" in f"{entry.subject} {entry.detail}" for entry in entries)


def test_place_of_another_map_is_not_there(session: Session) -> None:
    the_map, other = a_map(session), a_map(session, "jinde")
    place_id = a_place(session, the_map, around(WEST))
    with pytest.raises(Unknown):
        delete_place(session, other, place_id, BY_ITSELF)
    with pytest.raises(Unknown):
        answer_pin(session, other, a_pin(session, the_map).id, Answer(PinStatus.DONE, ""), BY_ITSELF)


def test_number_of_people_is_public_only_from_k_on_and_of_visible_pins(session: Session) -> None:
    the_map = a_map(session)
    for n in range(5):
        a_pin(session, the_map, "unsafe", WEST, f"r{n}", state="hidden" if n == 4 else "visible")
    a_place(session, the_map, around(WEST))
    assert [place.people for place in public_places(session, the_map)] == [None]
    a_pin(session, the_map, "unsafe", WEST, "r5")
    assert [place.people for place in public_places(session, the_map)] == [5]
