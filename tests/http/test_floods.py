"""Floods from outside: a class is never held up, a flooding device waits, a flooding address does sums."""

from __future__ import annotations

import base64
import html
import io
import json
import re
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from altcha import Challenge, Payload, solve_challenge
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, func, select, text
from sqlalchemy.orm import Session

from app import create_app
from app.config import Config, networks
from app.db import EXTENSION, Database
from app.inputs.challenge import challenge_for, is_proof
from app.models import Pin, Respondent
from app.queries.maps import MapRecord
from app.services import flood, pin_photos
from app.services.flood import OF_PLACE, FloodWatch, Shared, Visit
from app.services.throttle import network, wider
from app.views import write_waiting
from app.views.api import photos
from app.views.challenge import EXTENSION as FLOODS
from tests.builders import TOKEN, a_feature, a_map, a_picture, a_pin, an_event, bearer, streets_and_places

ITEMS = "/api/collections/testov/items"
SCHOOL = "192.0.2.7"
ELSEWHERE = "198.51.100.9"
NEW_DEVICES = OF_PLACE[2].most


@pytest.fixture
def the_map(session: Session) -> MapRecord:
    return a_map(session, basemap_geojson=streets_and_places())


def a_device() -> str:
    return f"phone-{uuid.uuid4().hex}"


def post(client: FlaskClient, token: str, address: str = SCHOOL, proof: str = "", **more: Any) -> Any:
    feature = more.pop("feature", None) or a_feature("unsafe", **more)
    headers = bearer(token, **{"Accept-Language": "en"} | ({"Pocit-Proof": proof} if proof else {}))
    return client.post(ITEMS, json=feature, headers=headers, environ_base={"REMOTE_ADDR": address})


def flooded(app: Flask, the_map: MapRecord, address: str = SCHOOL) -> None:
    """Let an address send pins under more new tokens than any school has phones."""
    watch: FloodWatch = app.extensions[FLOODS]
    shared = Shared(app.extensions[EXTENSION].autocommit, b"tests only")
    now_s = time.time()
    for _ in range(NEW_DEVICES + 1):
        watch.meet(Visit(the_map.id, a_device(), address), shared, now_s=now_s)


def solved(answer: Any) -> str:
    """The proof of the sum in a refusal, made by the library's own hand."""
    challenge = Challenge.from_dict(answer.json["challenge"])
    solution = solve_challenge(challenge)
    assert solution is not None
    return Payload(challenge, solution).to_base64()


def stored(session: Session) -> int:
    session.expire_all()
    return session.scalar(select(func.count()).select_from(Pin)) or 0


# Who is never held up


def test_thirty_phones_that_empty_their_outboxes_at_once_all_get_in(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    phones = [a_device() for _ in range(30)]
    statuses = {post(client, phone).status_code for _ in range(20) for phone in phones}
    assert statuses == {201}
    assert stored(session) == 600


@pytest.mark.parametrize("phones", [30, 100])
@pytest.mark.parametrize("processes", [1, 8])
def test_a_school_that_goes_on_for_an_hour_does_no_sum(
    bound: Database, the_map: MapRecord, phones: int, processes: int
) -> None:
    watches = [FloodWatch() for _ in range(processes)]
    shared = Shared(bound.autocommit, b"tests only")
    began = 1_800_000_000.0
    # The burst of twenty pins each, then one pin every twenty seconds, then one every minute.
    moments = [began + n / 10 for n in range(20)] + [began + 20 * n for n in range(1, 30)]
    moments += [began + 600 + 60 * n for n in range(50)]
    asked = 0
    for n, moment in enumerate(moments):
        for phone in range(phones):
            watch = watches[(n + phone) % processes]
            asked += watch.meet(Visit(the_map.id, f"phone {phone}", SCHOOL), shared, now_s=moment)
    assert asked == 0


def test_a_quiet_day_costs_a_pin_no_statement_more(
    client: FlaskClient, engine: Engine, the_map: MapRecord
) -> None:
    post(client, TOKEN)
    said: list[str] = []
    with listening(engine, said):
        assert post(client, TOKEN).status_code == 201
    own = [one for one in said if not one.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK"))]
    assert len(own) == 1
    assert "INSERT INTO pin" in own[0]


def listening(engine: Engine, said: list[str]) -> Any:
    """Every statement that goes to the database, for as long as the block lasts."""

    class Listening:
        def __enter__(self) -> None:
            event.listen(engine, "before_cursor_execute", self.note)

        def __exit__(self, *_: object) -> None:
            event.remove(engine, "before_cursor_execute", self.note)

        def note(self, _c: object, _k: object, statement: str, *_: object) -> None:
            said.append(statement.strip())

    return Listening()


# One device


def test_a_flooding_device_waits_and_its_neighbours_do_not(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    answers = [post(client, TOKEN) for _ in range(250)]
    statuses = [answer.status_code for answer in answers]
    let_in = statuses.count(201)
    assert set(statuses) == {201, 429}
    assert statuses == sorted(statuses) or let_in > 240  # a new minute began meanwhile
    refused = answers[-1]
    assert refused.mimetype == "application/problem+json"
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert refused.json["title"] == "That is a lot at once. Please wait a moment; what you wrote is not lost."
    assert "challenge" not in refused.json
    assert post(client, a_device()).status_code == 201
    assert stored(session) == let_in + 1


def test_a_device_that_waited_goes_on(bound: Database, the_map: MapRecord) -> None:
    watch, shared = FloodWatch(), Shared(bound.autocommit, b"tests only")
    now_s = 1_800_000_000.0
    stored = 0
    waits = 0
    while stored < 600 and waits < 100:
        try:
            watch.meet(Visit(the_map.id, TOKEN, SCHOOL), shared, now_s=now_s)
            stored += 1
        except flood.TooFast as refusal:
            waits += 1
            now_s += refusal.retry_after_s
    assert (stored, waits) == (600, 2)


def test_a_device_is_counted_over_all_processes(bound: Database, the_map: MapRecord) -> None:
    watches = [FloodWatch() for _ in range(4)]
    shared = Shared(bound.autocommit, b"tests only")
    let_in = 0
    for n in range(600):
        try:
            watches[n % 4].meet(Visit(the_map.id, TOKEN, SCHOOL), shared, now_s=1_800_000_000.0)
            let_in += 1
        except flood.TooFast:
            pass
    assert 240 <= let_in <= 340  # each may be a twentieth of the limit behind


# A flooding address


def test_new_tokens_without_end_are_asked_for_sums_while_neighbours_elsewhere_are_not(
    app: Flask, client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    flooded(app, the_map)
    answer = post(client, a_device())
    assert answer.status_code == 429
    assert answer.json["title"].startswith("Many messages are coming in")
    assert int(answer.headers["Retry-After"]) == 30
    assert post(client, a_device(), ELSEWHERE).status_code == 201
    a_map(session, slug="jinde", town={"name": "Jinde", "ruian": 999_002})
    other = client.post(
        "/api/collections/jinde/items",
        json=a_feature(),
        headers=bearer(a_device()),
        environ_base={"REMOTE_ADDR": SCHOOL},
    )
    assert other.status_code == 201


def test_a_neighbour_of_the_flood_gets_in_with_a_sum(
    app: Flask, client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    flooded(app, the_map)
    feature, device = a_feature("safe"), a_device()
    asked = post(client, device, feature=feature)
    assert asked.status_code == 429
    answer = post(client, device, feature=feature, proof=solved(asked))
    assert answer.status_code == 201
    assert stored(session) == 1
    # The answer was lost on the way: the same again is the same pin.
    assert post(client, device, feature=feature, proof=solved(asked)).status_code == 200


def test_the_more_there_is_of_a_flood_the_harder_its_sums(bound: Database, the_map: MapRecord) -> None:
    watch, shared = FloodWatch(), Shared(bound.autocommit, b"tests only")
    now_s = 1_800_000_000.0
    found = [watch.meet(Visit(the_map.id, f"{n // 11}", SCHOOL), shared, now_s=now_s) for n in range(36_100)]
    assert found[11_998] == 0
    assert found[12_000] == 1
    assert found[36_001] == 3
    assert max(found) <= flood.HARDEST
    assert found == sorted(found)


@pytest.mark.parametrize("other", ["pin", "device", "map", "made easier", "garbage", "unsigned", "own"])
def test_a_proof_lets_nothing_else_pass(
    app: Flask,
    client: FlaskClient,
    session: Session,
    the_map: MapRecord,
    other: str,
) -> None:
    flooded(app, the_map)
    feature, device = a_feature(), a_device()
    asked = post(client, device, feature=feature)
    proof = solved(asked)
    if other == "pin":
        feature = a_feature()
    elif other == "device":
        device = a_device()
    elif other == "map":
        second = a_map(session, slug="druha")
        flooded(app, second)
        answer = client.post(
            "/api/collections/druha/items",
            json=feature,
            headers=bearer(device, **{"Pocit-Proof": proof}),
            environ_base={"REMOTE_ADDR": SCHOOL},
        )
        assert answer.status_code == 429
        return
    elif other == "garbage":
        proof = "x" * 3000
    else:
        proof = forged(proof, other)
    answer = post(client, device, feature=feature, proof=proof)
    assert answer.status_code == 429
    assert "challenge" in answer.json
    assert stored(session) == 0


def test_a_proof_holds_for_ten_minutes() -> None:
    deed, secret = ("testov", TOKEN, "a pin"), b"tests only"
    for age_s, holds in ((590, True), (610, False)):
        given = datetime.now(UTC) - timedelta(seconds=age_s)
        challenge = Challenge.from_dict(challenge_for(deed, 1, secret=secret, now=given))
        proof = Payload(challenge, solve_challenge(challenge)).to_base64()
        assert is_proof(proof, deed, secret=secret) is holds
        assert not is_proof(proof, deed, secret=b"another server's")


@pytest.mark.parametrize(
    "sent", ["", "e30=", "bnVsbA==", "W10=", "eyJjaGFsbGVuZ2UiOiAxfQ==", "é", "\x00", "A" * 1999]
)
def test_what_is_no_proof_is_none(sent: str) -> None:
    assert is_proof(sent, ("testov", TOKEN), secret=b"tests only") is False


def forged(proof: str, how: str) -> str:
    """A proof of a sum that is easier than ours, or is none of ours at all."""
    said = json.loads(base64.b64decode(proof))
    if how == "made easier":
        said["challenge"]["parameters"]["keyPrefix"] = ""
    elif how == "unsigned":
        said["challenge"].pop("signature")
    else:
        said["challenge"]["signature"] = "0" * 64
    return base64.b64encode(json.dumps(said).encode()).decode()


def test_what_one_address_does_not_get_in_makes_nobody_else_do_sums(
    app: Flask, client: FlaskClient, the_map: MapRecord
) -> None:
    for _ in range(5):
        flooded(app, the_map)
    assert post(client, a_device()).status_code == 429
    assert post(client, a_device(), ELSEWHERE).status_code == 201


def test_a_map_that_many_addresses_flood_is_held_up_whole(bound: Database, the_map: MapRecord) -> None:
    watch, shared = FloodWatch(), Shared(bound.autocommit, b"tests only")
    now_s = 1_800_000_000.0
    asked = 0
    for n in range(5 * NEW_DEVICES):
        visit = Visit(the_map.id, f"{n}", f"198.51.{n % 200}.1")
        asked = watch.meet(visit, shared, now_s=now_s)
        if not asked:
            watch.let_in(visit, shared, now_s=now_s)
    assert asked == 1
    assert watch.meet(Visit(the_map.id, "neighbour", ELSEWHERE), shared, now_s=now_s) == 1
    assert watch.meet(Visit(the_map.id + 1, "neighbour", ELSEWHERE), shared, now_s=now_s) == 0


def test_once_it_is_quiet_nobody_is_asked_any_more(bound: Database, the_map: MapRecord) -> None:
    watch, shared = FloodWatch(), Shared(bound.autocommit, b"tests only")
    began = 1_800_000_000.0
    for n in range(NEW_DEVICES + 1):
        asked = watch.meet(Visit(the_map.id, f"{n}", SCHOOL), shared, now_s=began)
    assert asked == 1

    def ask(after_s: float, device: str = "neighbour") -> int:
        return watch.meet(Visit(the_map.id, device, SCHOOL), shared, now_s=began + after_s)

    assert ask(299) == 1
    assert ask(301) == 1  # it may only be drawing breath
    assert ask(601) == 0


def test_a_flood_that_slows_down_a_little_is_still_one(bound: Database, the_map: MapRecord) -> None:
    watch, shared = FloodWatch(), Shared(bound.autocommit, b"tests only")
    began = 1_800_000_000.0
    for window, devices in enumerate((NEW_DEVICES + 1, NEW_DEVICES // 2, NEW_DEVICES // 2)):
        for n in range(devices):
            watch.meet(Visit(the_map.id, f"{window} {n}", SCHOOL), shared, now_s=began + 300 * window)
    assert watch.meet(Visit(the_map.id, "neighbour", SCHOOL), shared, now_s=began + 901) == 1


def test_other_processes_learn_of_a_flood(bound: Database, the_map: MapRecord) -> None:
    first, second = FloodWatch(), FloodWatch()
    shared = Shared(bound.autocommit, b"tests only")
    for n in range(NEW_DEVICES):
        first.meet(Visit(the_map.id, f"{n}", SCHOOL), shared, now_s=1_800_000_000.0)
    asked = [second.meet(Visit(the_map.id, f"b{n}", SCHOOL), shared, now_s=1_800_000_001.0) for n in range(110)]
    assert asked[-1] == 1


def test_addresses_of_one_house_or_one_customer_count_together(bound: Database, the_map: MapRecord) -> None:
    shared = Shared(bound.autocommit, b"tests only")
    house, customer = FloodWatch(), FloodWatch()
    for n in range(NEW_DEVICES + 1):
        asked = house.meet(Visit(the_map.id, f"{n}", f"2001:db8:1:1::{n:x}"), shared, now_s=1_800_000_000.0)
    assert asked == 1
    for n in range(4 * NEW_DEVICES + 1):
        asked = customer.meet(Visit(the_map.id, f"{n}", f"2001:db8:9:{n:x}::1"), shared, now_s=1_800_000_000.0)
    assert asked >= 1
    assert customer.meet(Visit(the_map.id, "x", "2001:db8:8::1"), shared, now_s=1_800_000_000.0) == 0


# At an event


def test_at_an_event_nobody_does_sums(
    app: Flask, client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    an_event(session, the_map, "TRIDA6A", expected_people=30, starts_at=datetime.now(UTC) - timedelta(hours=1))
    flooded(app, the_map)
    assert [post(client, a_device(), event="TRIDA6A").status_code for _ in range(60)] == [201] * 60
    assert post(client, a_device()).status_code == 429


@pytest.mark.parametrize("days", [-3, 3])
def test_the_code_of_an_event_of_another_day_opens_nothing(
    app: Flask, client: FlaskClient, session: Session, the_map: MapRecord, days: int
) -> None:
    an_event(session, the_map, "JINDY", starts_at=datetime.now(UTC) + timedelta(days=days))
    flooded(app, the_map)
    assert post(client, a_device(), event="JINDY").status_code == 429


def test_a_code_off_a_poster_lets_in_no_more_than_guests_can_send(
    app: Flask, client: FlaskClient, session: Session, the_map: MapRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flood, "A_MINUTE_AT_EVENT", 1)
    monkeypatch.setattr(flood, "LEAST_GUESTS", 20)
    an_event(session, the_map, "PLAKAT", expected_people=5)
    an_event(session, the_map, "VELKE", expected_people=15)
    flooded(app, the_map)
    for code, most in (("PLAKAT", 20), ("VELKE", 30)):
        statuses = [post(client, a_device(), event=code).status_code for _ in range(most + 10)]
        # At most twice as many where a minute ends meanwhile; as a rule just so many.
        assert most <= statuses.count(201) <= most + 10
        assert statuses.count(429) in (0, 10)


def test_a_code_opens_no_more_to_who_has_a_whole_network_or_many(bound: Database, the_map: MapRecord) -> None:
    shared, now_s = Shared(bound.autocommit, b"tests only"), 1_800_000_000.0
    room = flood.LEAST_GUESTS * flood.A_MINUTE_AT_EVENT
    event = flood.Gathering("PLAKAT", 30)

    def let_in(watch: FloodWatch, n: int, address: str) -> int:
        """Of so many pins from these places, each of which sends few."""
        visits = (Visit(the_map.id, f"{i}", address.format(i % 1_000)) for i in range(n))
        return sum(watch.has_room(visit, event, shared, now_s=now_s) for visit in visits)

    watch = FloodWatch()
    # One customer's /48, then as much again from elsewhere, then there is no more room from anywhere.
    assert let_in(watch, 2 * room, "2001:db8:1:{}::1") == room
    assert let_in(watch, 2 * room, "2001:db8:2:{}::1") == room
    assert let_in(watch, room, "2001:db8:3:{}::1") == 0
    assert let_in(watch, room, "198.51.{}.1") == 0


def test_who_sends_beyond_their_room_takes_none_of_the_guests(bound: Database, the_map: MapRecord) -> None:
    shared, now_s = Shared(bound.autocommit, b"tests only"), 1_800_000_000.0
    room = flood.LEAST_GUESTS * flood.A_MINUTE_AT_EVENT
    event, watch = flood.Gathering("PLAKAT", 30), FloodWatch()
    for n in range(5 * room):
        watch.has_room(Visit(the_map.id, f"{n}", "198.51.100.9"), event, shared, now_s=now_s)
    guests = [Visit(the_map.id, f"guest {n}", SCHOOL) for n in range(30)]
    assert all(watch.has_room(guest, event, shared, now_s=now_s) for guest in guests for _ in range(20))


def test_what_comes_by_a_code_makes_nobody_without_one_do_sums(
    app: Flask, client: FlaskClient, session: Session, the_map: MapRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flood, "OF_MAP", (flood.Guard("map pins", 20, 300),))
    an_event(session, the_map, "PLAKAT", expected_people=30)
    flooded(app, the_map)
    assert [post(client, a_device(), event="PLAKAT").status_code for _ in range(60)] == [201] * 60
    assert post(client, a_device(), ELSEWHERE).status_code == 201


# All ways in


def test_who_is_not_known_does_sums_for_answers_support_and_receipt_too(
    app: Flask, client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    pin = a_pin(session, the_map)
    session.commit()
    device = a_device()
    assert post(client, device).status_code == 201
    flooded(app, the_map)
    place = {"environ_base": {"REMOTE_ADDR": SCHOOL}}
    ways = (
        ("PUT", f"{ITEMS}/{pin.id}/support", None),
        ("PUT", "/api/collections/testov/respondent", {}),
        ("POST", "/api/collections/testov/respondent/receipt", None),
    )
    people = session.scalar(select(func.count()).select_from(Respondent))
    for method, path, body in ways:
        asked = client.open(path, method=method, json=body, headers=bearer(a_device()), **place)
        assert (asked.status_code, "challenge" in asked.json) == (429, True), path
        known = client.open(path, method=method, json=body, headers=bearer(device), **place)
        assert known.status_code in (200, 201), path
        stranger = a_device()
        asked = client.open(path, method=method, json=body, headers=bearer(stranger), **place)
        proof = bearer(stranger, **{"Pocit-Proof": solved(asked)})
        let_in = client.open(path, method=method, json=body, headers=proof, **place)
        assert let_in.status_code in (200, 201), path
    assert session.scalar(select(func.count()).select_from(Respondent)) == people + 3


def test_own_pins_are_changed_and_taken_back_without_a_sum(
    app: Flask, client: FlaskClient, the_map: MapRecord
) -> None:
    feature = a_feature()
    post(client, TOKEN, feature=feature)
    flooded(app, the_map)
    place = {"environ_base": {"REMOTE_ADDR": SCHOOL}}
    own = f"{ITEMS}/{feature['id']}"
    assert client.put(own, json=feature, headers=bearer(), **place).status_code == 200
    assert client.delete(own, headers=bearer(), **place).status_code == 204


FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
WRITE = "/m/testov/write"


def form_of(page: str) -> dict[str, str]:
    return {name: html.unescape(value) for name, value in FIELD.findall(page)}


def test_a_form_without_scripts_waits_and_gets_in_with_its_words(
    app: Flask, client: FlaskClient, session: Session, the_map: MapRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = {"environ_base": {"REMOTE_ADDR": SCHOOL}, "headers": {"Accept-Language": "en"}}
    form = form_of(client.get(f"{WRITE}?place=street:Lipová", **place).text)
    said = {"category": "unsafe", "comment": "Tma u schodů"}
    flooded(app, the_map)
    page = client.post(WRITE, data=form | said, **place)
    assert (page.status_code, page.headers["Retry-After"]) == (429, "20")
    assert "Please wait 20 seconds. Then press Send once more." in page.text
    assert "Tma u schodů" in page.text
    waiting = form_of(page.text)
    assert waiting["waited"]
    # Pressed at once it says the same, and the waiting does not begin anew.
    again = client.post(WRITE, data=waiting | said, **place)
    assert again.status_code == 429
    assert form_of(again.text)["waited"] == waiting["waited"]
    later = time.time() + 21
    monkeypatch.setattr(write_waiting.time, "time", lambda: later)
    other = waiting | {"id": str(uuid.uuid4())}
    assert client.post(WRITE, data=other | said, **place).status_code == 429
    assert client.post(WRITE, data=waiting | said, **place).status_code == 303
    assert stored(session) == 1


def test_only_so_many_forms_get_in_by_waiting(
    app: Flask, client: FlaskClient, session: Session, the_map: MapRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_waiting, "PASSING", flood.Limit("flood waited", 2, timedelta(minutes=5)))
    monkeypatch.setattr(write_waiting, "WAIT_S", 0)
    monkeypatch.setattr(write_waiting, "STAGES", 1)
    place = {"environ_base": {"REMOTE_ADDR": SCHOOL}, "headers": {"Accept-Language": "en"}}
    flooded(app, the_map)
    statuses = []
    for _ in range(3):
        form = form_of(client.get(f"{WRITE}?place=street:Lipová", **place).text) | {"category": "safe"}
        form = form_of(client.post(WRITE, data=form, **place).text) | {"category": "safe"}
        statuses.append(client.post(WRITE, data=form, **place).status_code)
    assert statuses == [303, 303, 429]
    assert stored(session) == 2


def test_who_takes_all_places_of_the_impatient_makes_their_neighbours_wait_longer_and_no_more(
    app: Flask, client: FlaskClient, session: Session, the_map: MapRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_waiting, "PASSING", flood.Limit("flood waited", 2, timedelta(hours=5)))
    place = {"environ_base": {"REMOTE_ADDR": SCHOOL}, "headers": {"Accept-Language": "en"}}
    flooded(app, the_map)
    began = time.time()

    def waiting() -> tuple[FlaskClient, dict[str, str]]:
        one = app.test_client()
        form = form_of(one.get(f"{WRITE}?place=street:Lipová", **place).text) | {"category": "safe"}
        return one, form_of(one.post(WRITE, data=form, **place).text) | {"category": "safe"}

    greedy, neighbour = [waiting() for _ in range(3)], waiting()
    monkeypatch.setattr(write_waiting.time, "time", lambda: began + 25)
    assert [one.post(WRITE, data=form, **place).status_code for one, form in greedy] == [303, 303, 429]
    one, form = neighbour
    refused = one.post(WRITE, data=form, **place)
    assert refused.status_code == 429
    assert 10 <= int(refused.headers["Retry-After"]) <= 16
    monkeypatch.setattr(write_waiting.time, "time", lambda: began + 41)
    assert one.post(WRITE, data=form_of(refused.text) | {"category": "safe"}, **place).status_code == 303
    assert stored(session) == 3


# Who is meant by an address


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("198.51.100.9:5678", "198.51.100.9"),
        (" 198.51.100.9 ", "198.51.100.9"),
        ('"[2001:db8:1:2::1]:443"', "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("[::ffff:198.51.100.9]:80", "198.51.100.9"),
        ("[]:1", "unknown"),
        ("[2001:db8::1", "unknown"),
        ("_hidden:80", "unknown"),
        ("1.2.3.4:5:6", "unknown"),
        ("\x00", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_port_and_brackets_are_no_part_of_an_address(said: str, meant: str) -> None:
    assert network(said) == meant
    assert wider(said) == (
        "2001:db8:1::/48" if meant.startswith("2001") else "fe80::/48" if "fe80" in meant else None
    )


def test_a_proxy_that_says_the_port_too_makes_no_town_one_address(
    config: Config, bound: Database, session: Session, the_map: MapRecord
) -> None:
    app = create_app(Config(config.database_url, config.home, "tests only", trusted_proxies=1))
    app.extensions[EXTENSION] = bound
    flooded(app, the_map, f"{SCHOOL}:4711")
    for said, status in ((f"{SCHOOL}:4712", 429), (f"{ELSEWHERE}:4711", 201), ("[2001:db8::1]:443", 201)):
        answer = app.test_client().post(
            ITEMS, json=a_feature(), headers=bearer(a_device(), **{"X-Forwarded-For": said})
        )
        assert answer.status_code == status, said


@pytest.mark.parametrize(("proxies", "behind"), [(0, 429), (1, 201)])
def test_only_a_proxy_that_is_trusted_says_who_is_behind_it(
    config: Config, bound: Database, session: Session, the_map: MapRecord, proxies: int, behind: int
) -> None:
    app = create_app(Config(config.database_url, config.home, "tests only", trusted_proxies=proxies))
    app.extensions[EXTENSION] = bound
    flooded(app, the_map, "127.0.0.1")
    answer = app.test_client().post(
        ITEMS, json=a_feature(), headers=bearer(a_device(), **{"X-Forwarded-For": ELSEWHERE})
    )
    assert answer.status_code == behind


def test_networks_that_the_operator_names_are_not_held_up(
    config: Config, bound: Database, session: Session, the_map: MapRecord
) -> None:
    named = networks("192.0.2.0/24, 2001:db8::/32")
    app = create_app(Config(config.database_url, config.home, "tests only", unlimited_networks=named))
    app.extensions[EXTENSION] = bound
    flooded(app, the_map)
    flooded(app, the_map, ELSEWHERE)
    client = app.test_client()
    assert post(client, a_device()).status_code == 201
    assert post(client, a_device(), "::ffff:192.0.2.99").status_code == 201
    assert post(client, a_device(), ELSEWHERE).status_code == 429


def test_what_is_no_network_is_named() -> None:
    with pytest.raises(RuntimeError, match=r"'skola'"):
        networks("192.0.2.1 skola")


def test_nothing_that_is_kept_names_an_address_or_a_device(
    app: Flask, client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    flooded(app, the_map)
    for _ in range(15):
        post(client, TOKEN)
    rows = session.execute(text("SELECT action, encode(key_hash, 'escape') FROM throttle")).all()
    assert {action for action, _ in rows} >= {
        "flood device minute",
        "flood place devices",
        "flood anywhere devices",
    }
    kept = repr(rows) + repr(app.extensions[FLOODS]._counts)
    assert SCHOOL not in kept
    assert TOKEN not in kept
    assert "192.0.2" not in kept


def test_memory_of_a_watch_is_bounded(
    bound: Database, the_map: MapRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flood, "MOST_KEPT", 500)
    watch, shared = FloodWatch(), Shared(bound.autocommit, b"tests only")
    for n in range(1_000):
        watch.meet(Visit(the_map.id, f"{n}", f"2001:db8:{n:x}::1"), shared)
    assert len(watch._counts) == 500


def test_the_script_that_does_sums_is_one_that_any_browser_runs(client: FlaskClient) -> None:
    answer = client.get("/challenge-worker.js")
    assert (answer.status_code, answer.mimetype) == (200, "text/javascript")
    assert "import " not in answer.text
    assert "openSearch" in answer.text
    assert client.get("/challenge-worker.js", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_one_address_fills_no_more_than_its_share_of_the_places_for_photos(
    client: FlaskClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pin_photos, "MOST_WAITING", 6)
    monkeypatch.setattr(photos, "OF_SHARE", flood.Limit("photo share", 2, timedelta(days=1)))
    a_map(session, photos=True)

    def add(address: str) -> Any:
        device = a_device()
        pin = post(client, device, address).json["id"]
        return client.put(
            f"{ITEMS}/{pin}/photo",
            data={"photo": (io.BytesIO(a_picture()), "x.jpg")},
            headers=bearer(device, **{"Accept-Language": "en"}),
            environ_base={"REMOTE_ADDR": address},
        )

    # Half of the places are for whoever comes; of the others each address has its share.
    answers = [add(SCHOOL) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [201] * 5 + [422]
    assert "Too many photos wait" in answers[-1].json["errors"][0]["message"]
    assert add(ELSEWHERE).status_code == 201
