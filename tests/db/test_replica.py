"""Anonymous readers on a real standby: what they see, who is not sent there, and what happens when it is gone."""

from __future__ import annotations

import signal
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine
from sqlalchemy.event import listen
from sqlalchemy.orm import Session

from app import create_app, db, replica
from app.config import Config
from app.db import EXTENSION, NEEDS_PRIMARY, READ_BY_ALL, WROTE, WROTE_HEADER, Database
from app.replica import AWAY, BEHIND, KEEPS_UP, OWN_MASTER, Replica
from tests.builders import a_basemap, a_feature, a_map, a_pin, an_event, an_official, bearer
from tests.doors import sign_in
from tests.public_reading import reading_addresses
from tests.standby import Pair, a_pair, eventually

ABSENT = uuid.UUID("6ba7b810-9dad-41d1-80b4-00c04fd430c8")
ITEMS = "/api/collections/testov/items"
SOON_S = 3.0
"""Within this an answer comes, whatever has become of the standby."""


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with a_pair() as made:
        engine = create_engine(made.primary.url())
        with Session(engine, expire_on_commit=False) as session:
            the_map = a_map(session, basemap_geojson=a_basemap())
            an_event(session, the_map)
            a_pin(session, the_map)
            a_map(session, "tajna", publish={"pins": False, "heat": True, "k": 1})
            a_pin(session, a_map(session, "jinde"))
            an_official(session)
        engine.dispose()
        yield made


@pytest.fixture
def app(pair: Pair, tmp_path: Path) -> Iterator[Flask]:
    made = create_app(
        Config(
            database_url=pair.primary.url(),
            replica_url=pair.standby.url(),
            home=tmp_path,
            secret_key="tests only",
        )
    )
    made.testing = True
    made.config["PROPAGATE_EXCEPTIONS"] = False
    eventually(lambda: _replica(made).state.is_usable)
    yield made
    _replica(made).close()
    database: Database = made.extensions[EXTENSION]
    database.engine.dispose()


def _replica(app: Flask) -> Replica:
    database: Database = app.extensions[EXTENSION]
    assert database.replica is not None
    return database.replica


def _pins(client: FlaskClient, **headers: str) -> set[str]:
    answer = client.get(ITEMS, query_string={"limit": 10_000}, headers=headers)
    assert answer.status_code == 200, answer.text
    return {feature["id"] for feature in answer.json["features"]}


def _pinned(client: FlaskClient, headers: dict[str, str] | None = None) -> str:
    pin = a_feature(id=str(uuid.uuid4()))
    answer = client.post(ITEMS, json=pin, headers=headers or bearer())
    assert answer.status_code == 201, answer.text
    return str(pin["id"])


def _timed(client: FlaskClient, address: str = ITEMS) -> int:
    began = time.monotonic()
    status = client.get(address).status_code
    assert time.monotonic() - began < SOON_S
    return status


def test_strangers_read_the_standby_and_who_has_written_reads_the_primary(app: Flask, pair: Pair) -> None:
    pair.standby.ask("SELECT pg_wal_replay_pause()")
    try:
        writer, stranger = app.test_client(), app.test_client()
        pin = _pinned(writer)
        assert pin not in _pins(stranger)
        assert pin in _pins(writer)
        assert pin in _pins(stranger, Authorization=bearer()["Authorization"])
        assert stranger.get(f"{ITEMS}/{pin}").status_code == 200  # what it does not know, the primary is asked for
        official = sign_in(app.test_client(), "urad@testov.example")
        official.delete_cookie(WROTE)
        assert pin in _pins(official)
    finally:
        pair.standby.ask("SELECT pg_wal_replay_resume()")
    eventually(lambda: pin in _pins(stranger))


def test_the_mark_of_a_writer_says_nothing_and_lasts_longer_than_a_replica_may_lag(app: Flask) -> None:
    client = app.test_client()
    assert client.get_cookie(WROTE) is None
    answer = client.post(ITEMS, json=a_feature(), headers=bearer())
    mark = client.get_cookie(WROTE)
    assert mark is not None
    assert mark.value == "1"
    assert mark.max_age == int(answer.headers[WROTE_HEADER])
    assert mark.max_age > replica.MOST_LAG_S + replica.FRESH_S + replica.PATIENCE_S + replica.EVERY_S
    assert WROTE_HEADER not in client.get(ITEMS).headers


def test_a_standby_that_lags_is_left_alone_until_it_has_caught_up(
    app: Flask, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "MOST_LAG_S", 0.5)
    pair.standby.ask("SELECT pg_wal_replay_pause()")
    try:
        pin = _pinned(app.test_client())
        eventually(lambda: _replica(app).state.word == BEHIND)
        assert pin in _pins(app.test_client())
    finally:
        pair.standby.ask("SELECT pg_wal_replay_resume()")
    eventually(lambda: _replica(app).state.word == KEEPS_UP)


def test_a_quiet_primary_makes_no_standby_old(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replica, "MOST_LAG_S", 0.4)
    time.sleep(1.5)
    state = _replica(app).state
    assert (state.word, state.lag_s) == (KEEPS_UP, 0.0)


def test_a_standby_killed_is_noticed_by_nobody_and_used_again_when_it_is_back(app: Flask, pair: Pair) -> None:
    client = app.test_client()
    assert _timed(client) == 200
    pair.standby.kill()
    assert [_timed(client) for _ in range(5)] == [200] * 5
    assert _replica(app).state.word == AWAY
    pair.standby.start()
    eventually(lambda: _replica(app).state.is_usable)
    assert _timed(client) == 200


def test_nobody_waits_for_a_standby_that_is_frozen(app: Flask, pair: Pair) -> None:
    client = app.test_client()
    assert _timed(client) == 200
    pair.standby.signal(signal.SIGSTOP)
    try:
        assert [_timed(client) for _ in range(5)] == [200] * 5
        assert not _replica(app).state.is_usable
    finally:
        pair.standby.signal(signal.SIGCONT)
    eventually(lambda: _replica(app).state.is_usable)


def test_with_the_primary_away_strangers_read_on_and_nobody_writes(app: Flask, pair: Pair) -> None:
    client = app.test_client()
    pin = _pinned(app.test_client())
    eventually(pair.has_caught_up)
    pair.primary.kill()
    try:
        assert pin in _pins(client)
        refused = client.post(ITEMS, json=a_feature(), headers=bearer())
        assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
        assert app.test_client().get("/readyz").status_code == 503
    finally:
        pair.primary.start()
    eventually(lambda: client.get("/readyz").status_code == 200)
    _pinned(app.test_client())
    eventually(lambda: _replica(app).state.is_usable)


def test_reading_that_has_to_write_does_so_on_the_primary(app: Flask, pair: Pair) -> None:
    taken = "SELECT count(*) FROM day_snapshot"
    assert pair.primary.ask(taken, "pocit") == 0
    answer = app.test_client().get("/m/tajna/heat.png")
    assert answer.status_code == 200
    assert pair.primary.ask(taken, "pocit") == 1


def test_a_view_that_writes_without_having_said_so_is_answered_by_the_primary(app: Flask, pair: Pair) -> None:
    def view() -> str:
        from sqlalchemy import text

        db.session().execute(text("UPDATE town SET name = name"))
        found = db.session().scalar(text("SELECT pg_is_in_recovery()"))
        return str(found)

    app.view_functions["pages.home"] = view
    assert app.test_client().get("/").text == "False"
    assert _replica(app).state.is_usable


def test_every_view_is_either_read_by_all_or_needs_the_primary(app: Flask) -> None:
    """A new group of views has to say which it is; both lists are in app/db.py."""
    decided = READ_BY_ALL | {name for name in NEEDS_PRIMARY if "." not in name}
    assert set(app.blueprints) == decided


def test_all_that_strangers_read_is_read_on_the_standby_alone(app: Flask, pair: Pair) -> None:
    primary: Database = app.extensions[EXTENSION]
    client = app.test_client()
    client.get("/m/tajna/heat.png")  # today's snapshot of that map is there now
    eventually(pair.has_caught_up)
    said: list[str] = []
    us = threading.current_thread()
    note = lambda *event: said.append(event[2]) if threading.current_thread() is us else None  # noqa: E731
    listen(primary.engine, "before_cursor_execute", note)
    listen(_replica(app).engine, "handle_error", lambda found: said.append(str(found.original_exception)))
    values = {"slug": "testov", "pin_id": ABSENT, "item": ABSENT, "code": "FORUM1"}
    asked = 0
    for slug in ("testov", "tajna"):
        for endpoint, address in reading_addresses(app, READ_BY_ALL, values | {"slug": slug}):
            answer = client.get(address)
            answer.get_data()
            assert answer.status_code < 500, address
            # What a standby does not know the primary is asked for; and that is where /readyz looks anyway.
            if answer.status_code != 404 and endpoint != "pages.readyz":
                assert said == [], address
                asked += 1
            said.clear()
    assert asked > 100


def test_a_crowd_that_asks_for_what_is_not_there_stays_with_the_standby(
    app: Flask, pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "MOST_SECOND_QUESTIONS", 3.0)
    monkeypatch.setattr(replica, "SECOND_QUESTIONS_A_S", 0.0)
    _replica(app).second_questions = replica.SecondQuestions()
    database: Database = app.extensions[EXTENSION]
    us, said = threading.current_thread(), []
    note = lambda *event: said.append(event[2]) if threading.current_thread() is us else None  # noqa: E731
    client = app.test_client()
    assert _timed(client) == 200
    listen(database.engine, "before_cursor_execute", note)
    assert [_timed(client, f"/m/nowhere-{n}") for n in range(40)] == [404] * 40
    assert len([one for one in said if "town_map" in one]) == 3
    assert _replica(app).state.is_usable
    # Whoever has just written is not among the crowd.
    pin = _pinned(client)
    assert client.get(f"{ITEMS}/{pin}").status_code == 200


def test_a_standby_with_its_hands_full_is_busy_and_not_away(app: Flask, pair: Pair) -> None:
    standby = _replica(app)
    client = app.test_client()
    assert _timed(client) == 200
    taken = [standby.engine.connect() for _ in range(16 - 1)]
    try:
        while standby.engine.pool.checkedout() < 16:
            taken.append(standby.engine.connect())
        assert _timed(client) == 200  # by the primary
        assert standby.state.word == KEEPS_UP
        standby.second_questions._left = -1000.0
        refused = client.get(ITEMS)
        assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
    finally:
        for line in taken:
            line.close()
    assert _timed(client) == 200


def test_a_replica_that_became_a_primary_of_its_own_is_not_asked(app: Flask, pair: Pair) -> None:
    """The last one here: this standby is none afterwards."""
    pair.standby.ask("SELECT pg_promote()")
    eventually(lambda: _replica(app).state.word == OWN_MASTER)
    pair.standby.ask("DELETE FROM support; DELETE FROM pin", "pocit")
    assert _pins(app.test_client()) == _pins(app.test_client(), Authorization=bearer()["Authorization"]) != set()
