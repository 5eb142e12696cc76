"""Retention and withdrawal on real rows: what goes, what stays exactly as it was, read from the whole database."""

from __future__ import annotations

import json
import random
import threading
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session, sessionmaker

from app.db import Database
from app.errors import Anonymised, InvalidInput, Unacceptable, Unknown
from app.inputs.filters import PUBLIC_FILTER, PinFilter, Scope
from app.inputs.heat import HeatQuery, Weight
from app.meters import HOUSE_FAILURES
from app.models import AuditEntry, Base, Pin, PinFlag, PinState, Respondent, RespondentDevice, Support
from app.queries.heat import heat_counts, make_surface
from app.queries.maps import MapRecord, read_map
from app.queries.summary import Summary, count_summary
from app.services.pins import support_pin
from app.services.respondents import (
    Person,
    device_id,
    join_by_receipt,
    make_receipt,
    person_of_receipt,
    save_about,
)
from app.services.retention import (
    anonymise,
    anonymise_next,
    due_at,
    keep_house,
    keep_house_once,
    refuse_reopening,
)
from app.services.withdrawal import withdraw
from gis.privacy import same_person_chance
from tests.builders import OTHER_TOKEN, TOKEN, a_map, a_pin, a_pin_photo
from tests.db.test_heat_squares import a_town, metric_place

CLOSED = datetime(2026, 3, 1, tzinfo=UTC)
LATER = CLOSED + timedelta(days=180)
ABOUT = [
    {
        "key": "age",
        "label": {"cs": "Kolik vám je?"},
        "type": "single",
        "options": [{"key": key, "label": {"cs": key}} for key in ("under30", "over30", "over65")],
    },
    {"key": "note", "label": {"cs": "Něco o sobě?"}, "type": "text"},
]
SECRET = "tests only"


def everything(session: Session) -> str:
    """All rows of all tables as text, but for the log of officials."""
    session.flush()
    tables = [table.name for table in Base.metadata.sorted_tables]
    return "\n".join(
        str(row[0]) for name in tables for row in session.execute(text(f"SELECT t::text FROM {name} AS t"))
    )


def a_campaign(session: Session, people: int = 40, **description: object) -> MapRecord:
    """A closed town where people pinned in many squares, some of them twice in one; some told who they are."""
    the_map = a_town(session, about=ABOUT, closes=CLOSED.isoformat(), **description)
    dice = random.Random(7)  # noqa: S311 - to be the same each time
    for n in range(people):
        about = {"age": "over65" if n < 3 else "under30", "note": f"poznámka {n}"} if n % 2 == 0 or n < 3 else {}
        for m in range(dice.randint(1, 9)):
            east, north = (dice.choice([5, 30, 30, 255, 260, 700]) for _ in "xy")
            moment = datetime(2026, 2, dice.randint(1, 27), 10, n, m, 1234 * n, tzinfo=UTC)
            a_pin(
                session,
                the_map,
                dice.choice(["safe", "unsafe", "improve"]),
                metric_place(east, north),
                respondent=f"person {n}",
                about=about,
                comment=f"slova {n} {m}",
                state="hidden" if dice.random() < 0.1 else "visible",
                channel=dice.choice(["web", "paper"]),
                created_at=moment,
                changed_at=moment,
                original_comment="tel. 123" if m == 0 else None,
            )
    return the_map


def surfaces(session: Session, the_map: MapRecord) -> list[np.ndarray]:
    """All heat there is: for the public and the office, people and pins, each category and all."""
    found = []
    for scope in Scope:
        for weight in Weight:
            for category in (None, "safe", "unsafe", "improve"):
                squares = heat_counts(session, the_map, PinFilter(), scope)
                found.append(make_surface(the_map, squares, HeatQuery(category, weight=weight), scope).values)
    return found


def people_of(session: Session, the_map: MapRecord) -> set[uuid.UUID]:
    return set(session.scalars(select(Respondent.id).where(Respondent.map_id == the_map.id)))


def without_moments(summary: Summary) -> Summary:
    return replace(summary, first=None, last=None, taken_at=CLOSED)


def test_heat_of_an_anonymised_map_is_the_same_to_the_last_cell(session: Session) -> None:
    the_map = a_campaign(session, publish={"k": 5})
    before = surfaces(session, the_map)
    assert any(values.any() for values in before[: len(before) // 2]), "the k-rule leaves nothing to compare"
    assert anonymise(session, the_map, LATER)
    after = surfaces(session, read_map(session, the_map.slug))
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))


def test_no_two_pins_of_a_person_stay_tied_but_those_of_one_feeling_in_one_square(session: Session) -> None:
    the_map = a_campaign(session)
    before = {pin.id: pin.respondent_id for pin in session.query(Pin)}
    persons = people_of(session, the_map)
    anonymise(session, the_map, LATER)
    tied: dict[uuid.UUID, set[tuple[object, ...]]] = {}
    was: dict[uuid.UUID, set[uuid.UUID]] = {}
    for pin in session.query(Pin):
        place = (pin.category, pin.square_x // 10, pin.square_y // 10)
        tied.setdefault(pin.respondent_id, set()).add(place)
        was.setdefault(pin.respondent_id, set()).add(before[pin.id])
    assert {len(places) for places in tied.values()} == {1}
    assert {len(persons) for persons in was.values()} == {1}
    assert people_of(session, the_map).isdisjoint(persons)
    assert len({(before[pin.id], *next(iter(tied[pin.respondent_id]))) for pin in session.query(Pin)}) == len(tied)


def test_nothing_of_the_persons_is_left_in_any_table(session: Session) -> None:
    the_map = a_campaign(session, people=6)
    pin = session.query(Pin).filter_by(state="visible").first()
    assert pin is not None
    the_map = read_map(session, the_map.slug)
    opened = replace(the_map, closes_at=None)
    save_about(session, opened, TOKEN, {"age": "over30", "note": "poznámka 99"})
    support_pin(session, opened, TOKEN, pin.id, on=True)
    receipt = make_receipt(session, opened, TOKEN, secret=SECRET)
    join_by_receipt(session, opened, OTHER_TOKEN, receipt)
    session.add(PinFlag(map_id=the_map.id, pin_id=pin.id, kind="close", detail={"n": 3}))
    session.add(PinFlag(map_id=the_map.id, pin_id=pin.id, kind="phone", detail={"spans": [[5, 8]]}))
    pin.flagged = True
    session.commit()
    persons = people_of(session, the_map)
    hashes = [one.hex() for one in session.scalars(select(Respondent.receipt_hash)) if one]
    traces = [*map(str, persons), str(device_id(the_map, OTHER_TOKEN)), *hashes, "poznámka", "tel. 123"]
    assert hashes
    assert [one for one in traces if one not in everything(session)] == []
    assert anonymise(session, opened, LATER)
    session.commit()
    assert [one for one in traces if one in everything(session)] == []
    session.expire_all()
    assert {json.dumps(person.about) for person in session.query(Respondent)} == {"{}"}
    assert pin.supports == 1
    assert [(flag.kind, flag.detail) for flag in session.query(PinFlag)] == [("phone", {})]
    assert pin.flagged
    for table in (Support, RespondentDevice):
        assert session.scalar(select(func.count()).select_from(table)) == 0


def test_moments_of_one_sitting_can_not_be_told_from_others_of_the_day(session: Session) -> None:
    the_map = a_campaign(session, people=10)
    days = count_summary(session, the_map, PinFilter()).days
    whose = {pin.id: pin.respondent_id for pin in session.query(Pin)}
    anonymise(session, the_map, LATER)
    session.commit()
    assert {pin.created_at.astimezone().minute for pin in session.query(Pin)} == {0}
    assert len({pin.changed_at for pin in session.query(Pin)}) == 1
    assert len({person.created_at for person in session.query(Respondent)}) == 1
    uncounted = replace(read_map(session, the_map.slug), anonymised_at=None)
    told = count_summary(session, uncounted, PinFilter()).days
    assert {day.day for day in told} <= {day.day for day in days}
    assert sum(day.pins for day in told) == sum(day.pins for day in days)
    # Of a quiet day all pins could be one person's: it has been joined with its neighbours.
    most = max(1 / the_map.k, same_person_chance(Counter(whose.values())))
    by_day: dict[object, Counter[object]] = defaultdict(Counter)
    for pin in session.query(Pin).filter(Pin.state == PinState.VISIBLE):
        by_day[pin.created_at][whose[pin.id]] += 1
    assert all(same_person_chance(people) <= most * 1.2 for people in by_day.values())


def test_numbers_of_people_stay_what_they_were(session: Session) -> None:
    the_map = a_campaign(session, publish={"k": 5})
    public, office = (without_moments(count_summary(session, the_map, f)) for f in (PUBLIC_FILTER, PinFilter()))
    anonymise(session, the_map, LATER)
    session.commit()
    ended = read_map(session, the_map.slug)
    assert (ended.version, ended.anonymised_at) == (the_map.version + 1, LATER)
    assert without_moments(count_summary(session, ended)) == public
    assert without_moments(count_summary(session, ended, PinFilter())) == office
    first = count_summary(session, ended).first
    assert first is not None
    assert first.minute == 0
    assert json.dumps(ended.final_summary), "it is plain JSON"
    assert ended.final_summary is not None
    assert ended.final_summary["groups"] == {"age": {"under30": 18}}, "over65 are fewer than k"


def test_daily_numbers_of_a_map_that_publishes_no_pins_are_those_of_before(session: Session) -> None:
    from app.services.snapshots import ensure_snapshot

    the_map = a_campaign(session, publish={"pins": False, "k": 5})
    ensure_snapshot(session, the_map)
    before = surfaces(session, the_map)
    anonymise(session, the_map, LATER)
    ended = read_map(session, the_map.slug)
    ensure_snapshot(session, ended)
    assert all(np.array_equal(one, other) for one, other in zip(before, surfaces(session, ended), strict=True))


def test_open_map_is_not_anonymised_and_a_closed_one_only_once(session: Session) -> None:
    the_map = a_campaign(session, people=2)
    with pytest.raises(Unacceptable):
        anonymise(session, the_map, CLOSED - timedelta(seconds=1))
    with pytest.raises(Unacceptable):
        anonymise(session, a_map(session, "bezkonce"), LATER)
    assert anonymise(session, the_map, LATER)
    persons = people_of(session, the_map)
    assert not anonymise(session, the_map, LATER)
    assert people_of(session, the_map) == persons
    assert [entry.action for entry in session.query(AuditEntry)] == ["map.anonymise"]
    assert session.query(AuditEntry).one().official == "server"


def test_maps_are_taken_when_their_time_has_come_the_longest_due_first(session: Session) -> None:
    late = a_map(session, "pozdni", closes=(CLOSED + timedelta(days=9)).isoformat())
    early = a_map(session, "brzky", closes=CLOSED.isoformat())
    a_map(session, "otevreny")
    assert due_at(early) == LATER
    assert due_at(read_map(session, "otevreny")) is None
    assert anonymise_next(session, LATER - timedelta(seconds=1)) is None
    assert anonymise_next(session, LATER + timedelta(days=10)) == "brzky"
    assert anonymise_next(session, LATER + timedelta(days=10)) == late.slug
    assert anonymise_next(session, LATER + timedelta(days=10)) is None


def test_of_two_processes_only_one_looks_after_the_maps(database_url: str) -> None:
    from app.db import open_database
    from app.services.retention import LOCK

    database = open_database(database_url)
    with database.session() as busy, database.session() as other:
        busy.execute(select(func.pg_advisory_xact_lock(LOCK)))
        assert anonymise_next(other, LATER) is None
    database.engine.dispose()


def test_housekeeping_works_until_it_is_told_to_stop(
    session: Session, bound: Database, caplog: pytest.LogCaptureFixture
) -> None:
    a_map(session, "brzky", closes="2020-01-01T00:00:00Z")
    stop, asked = threading.Event(), 0

    def opened() -> Session:
        nonlocal asked
        asked += 1
        if asked == 1:
            msg = "Key (respondent)=(6ba7b810)"
            raise RuntimeError(msg)
        if read_map(session, "brzky").anonymised_at is not None:
            stop.set()
        return bound.session()

    keep_house(opened, stop, first_after_s=0.001, every_s=0.001)
    assert read_map(session, "brzky").anonymised_at is not None
    assert "RuntimeError" in caplog.text
    assert "6ba7b810" not in caplog.text


def test_a_map_that_fails_keeps_no_other_from_being_anonymised(
    session: Session, bound: Database, caplog: pytest.LogCaptureFixture
) -> None:
    first = a_map(session, "prvni", closes="2019-01-01T00:00:00Z")
    a_map(session, "druha", closes="2020-01-01T00:00:00Z")
    a_map(session, "treti", closes="2020-02-01T00:00:00Z")
    a_pin(session, first)
    session.execute(
        text(
            "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'Key (respondent)=(6ba7b810)'; END $$"
        )
    )
    session.execute(
        text(
            "CREATE TRIGGER broken BEFORE UPDATE ON pin FOR EACH ROW"
            f" WHEN (OLD.map_id = {first.id}) EXECUTE FUNCTION broken()"
        )
    )
    session.commit()
    failures = HOUSE_FAILURES._value.get()
    assert not keep_house_once(bound.session, threading.Event())
    session.expire_all()
    assert read_map(session, "prvni").anonymised_at is None
    assert read_map(session, "druha").anonymised_at is not None
    assert read_map(session, "treti").anonymised_at is not None
    assert failures + 1 == HOUSE_FAILURES._value.get()
    assert "map prvni is not anonymised" in caplog.text
    assert "6ba7b810" not in caplog.text
    # The next round is for all again.
    session.execute(text("DROP TRIGGER broken ON pin"))
    session.commit()
    assert keep_house_once(bound.session, threading.Event())
    session.expire_all()
    assert read_map(session, "prvni").anonymised_at is not None


def test_a_step_that_fails_keeps_no_other_from_being_done(session: Session, bound: Database) -> None:
    the_map = a_map(session)
    pin = a_pin(session, the_map)
    a_pin_photo(session, pin, "refused", checked_at=CLOSED)
    session.execute(text("ALTER TABLE photo_picture RENAME TO gone"))
    session.commit()
    assert not keep_house_once(bound.session, threading.Event())
    assert session.scalar(text("SELECT count(*) FROM pin_photo")) == 0


def test_anonymised_map_never_opens_again() -> None:
    with pytest.raises(InvalidInput):
        refuse_reopening(LATER, None)
    with pytest.raises(InvalidInput):
        refuse_reopening(LATER, LATER + timedelta(days=9), LATER)
    refuse_reopening(LATER, CLOSED, LATER)
    refuse_reopening(None, None)


def left_of(session: Session, marks: Iterable[object]) -> list[str]:
    """Which of these marks are still somewhere in the database."""
    rows = everything(session)
    return [str(mark) for mark in marks if str(mark) in rows]


def a_giver(session: Session, the_map: MapRecord) -> tuple[Person, str, list[str]]:
    """A person with pins, a support, answers, a second device and a receipt; and all traces of them."""
    person = device_id(the_map, TOKEN)
    others = a_pin(session, the_map, respondent="somebody else")
    save_about(session, the_map, TOKEN, {"age": "over30", "note": "učím ve škole"})
    support_pin(session, the_map, TOKEN, others.id, on=True)
    receipt = make_receipt(session, the_map, TOKEN, secret=SECRET)
    join_by_receipt(session, the_map, OTHER_TOKEN, receipt)
    pins = [a_pin(session, the_map, respondent="tmp", comment=f"moje slova {n}") for n in range(2)]
    for pin in pins:
        pin.respondent_id = person
        session.add(PinFlag(map_id=the_map.id, pin_id=pin.id, kind="link", detail={}))
    session.flush()
    session.add(Support(map_id=the_map.id, pin_id=pins[0].id, respondent_id=others.respondent_id))
    session.commit()
    receipt_hash = session.scalars(select(Respondent.receipt_hash).where(Respondent.id == person)).one()
    assert receipt_hash is not None
    traces = [str(person), str(device_id(the_map, OTHER_TOKEN)), receipt_hash.hex(), "moje slova", "učím ve škole"]
    return Person(person), receipt, [*traces, *(str(pin.id) for pin in pins)]


@pytest.mark.parametrize("by", ["receipt", "device", "second device"])
def test_withdrawing_takes_everything_of_the_person_and_nothing_of_others(session: Session, by: str) -> None:
    the_map = a_map(session, about=ABOUT)
    person, receipt, traces = a_giver(session, the_map)
    assert len(left_of(session, traces)) == len(traces)
    author = {"receipt": person, "device": TOKEN, "second device": OTHER_TOKEN}[by]
    done = withdraw(session, the_map, author)
    session.commit()
    assert (done.pins, done.supports) == (2, 1)
    assert left_of(session, traces) == []
    session.expire_all()
    kept = session.query(Pin).one()
    assert kept.supports == 0
    with pytest.raises(Unknown):
        person_of_receipt(session, the_map, receipt)
    assert withdraw(session, the_map, author).pins == 0


def test_withdrawing_is_possible_after_the_end_until_nobody_knows_whose_pins_they_are(session: Session) -> None:
    the_map = a_map(session, about=ABOUT)
    person, receipt, traces = a_giver(session, the_map)
    session.execute(text("UPDATE town_map SET closes_at = :at, version = version + 1"), {"at": CLOSED})
    session.commit()
    closed = read_map(session, the_map.slug)
    anonymise(session, closed, LATER)
    session.commit()
    with pytest.raises(Anonymised):
        withdraw(session, closed, person)  # as a process that has not heard of it yet
    ended = read_map(session, the_map.slug)
    for refused in (
        lambda: person_of_receipt(session, ended, receipt),
        lambda: save_about(session, ended, TOKEN, {"age": "over30"}),
        lambda: make_receipt(session, ended, TOKEN, secret=SECRET),
    ):
        with pytest.raises(Anonymised):
            refused()
    assert session.query(Pin).count() == 3
    assert set(left_of(session, traces)).isdisjoint({str(person.id), "učím ve škole"})


def test_withdrawing_after_the_end_works(session: Session) -> None:
    the_map = a_map(session, about=ABOUT)
    person, _, traces = a_giver(session, the_map)
    session.execute(text("UPDATE town_map SET closes_at = :at, version = version + 1"), {"at": CLOSED})
    session.commit()
    withdraw(session, read_map(session, the_map.slug), person)
    assert left_of(session, traces) == []


def test_pin_that_arrives_while_its_author_withdraws_goes_too(session: Session, bound: Database) -> None:
    """The row of the person can't go while a pin holds it: the withdrawal is done once more."""
    the_map = a_map(session, about=ABOUT)
    person, _, traces = a_giver(session, the_map)
    maker: sessionmaker[Session] = bound.session
    late = uuid.uuid4()
    original, tried = Session.execute, 0

    class Racing(Session):
        """A session during whose first deletion of the person a pin of theirs arrives."""

        def execute(self, statement, *args, **kwargs):  # type: ignore[no-untyped-def]
            nonlocal tried
            if str(statement).startswith("DELETE FROM respondent ") and not tried:
                tried += 1
                pin = session.query(Pin).filter(Pin.respondent_id != person.id).first()
                assert pin is not None
                values = {"map": the_map.id, "id": late, "person": person.id}
                original(
                    self,
                    text(
                        "INSERT INTO pin"
                        " (map_id, id, respondent_id, category, position, square_x, square_y, channel)"
                        " SELECT :map, :id, :person, category, position, square_x, square_y, channel"
                        " FROM pin LIMIT 1"
                    ),
                    values,
                )
            return original(self, statement, *args, **kwargs)

    with Racing(bind=maker.kw["bind"], join_transaction_mode="create_savepoint") as racing:
        withdraw(racing, the_map, person)
        racing.commit()
    assert tried == 1
    assert left_of(session, [*traces, late]) == []
