"""No request asks over several maps: every statement that touches a growing table names one map, and one only.

So the data can be spread over machines by map (decision 0028). The statements are those that PostgreSQL gets while
every route is asked, by strangers, by citizens' devices and by an official; PostgreSQL's own parser reads them.
"""

# ruff: noqa: F811 - a fixture of another module goes by its name here
from __future__ import annotations

import gc
import io
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, event, text

from app.db import READ_BY_ALL, Database
from app.queries.maps import MapCache
from tests.builders import a_feature, bearer
from tests.db.test_schema import GROWING
from tests.doors import csrf_of, sign_in
from tests.http.test_permissions import MATRIX, there  # noqa: F401
from tests.one_map import Statement, queries_of_function, with_values
from tests.public_reading import reading_addresses

OVER_MAPS: Mapping[str, str] = {
    "SELECT pin.map_id, count(DISTINCT": "the first page of an official: their own maps, each named",
    "SELECT pin_photo.map_id, count(*)": "the same page",
    "UPDATE pin SET checked_at = NULL WHERE map_id = ANY(": "the maps of the one town whose words have changed",
    "SELECT min(coalesce(sheet_photo.begun_at": "photos wait in one queue of the whole server: few rows",
}
"""Statements, by how they begin, that ask over several maps all the same, and why that does no harm."""

Said = list[tuple[str, str]]
"""Who asked, and the statement with its values."""


@pytest.fixture
def said(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Said]:
    """What has been said to the database since; the first is told whom each is for."""
    found: Said = [("", "")]

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        for one in values if many else (values,):
            found.append((found[0][0], with_values(statement, one)))

    copy = psycopg.Cursor.copy

    def noted(cursor: Any, statement: Any, values: Any = None, **more: Any) -> Any:
        shown = statement if isinstance(statement, str) else statement.as_string(None)
        found.append((found[0][0], with_values(shown, values)))
        return copy(cursor, statement, values, **more)

    monkeypatch.setattr(psycopg.Cursor, "copy", noted)
    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize(
    ("sql", "loose"),
    [
        ("SELECT * FROM pin WHERE map_id = '5'", []),
        ("SELECT * FROM pin WHERE id = '5'", ["pin"]),
        ("SELECT * FROM pin WHERE map_id = '5' OR id = '5'", ["pin"]),
        ("SELECT 1 FROM pin p JOIN support s ON s.map_id = p.map_id AND s.pin_id = p.id WHERE p.map_id = '5'", []),
        ("SELECT * FROM pin p JOIN support s ON s.pin_id = p.id WHERE p.map_id = '5'", ["support"]),
        ("SELECT 1 FROM town_map m WHERE EXISTS (SELECT 1 FROM pin p WHERE p.map_id = m.id)", ["pin"]),
        (
            "WITH x AS (DELETE FROM pin WHERE map_id = '5' RETURNING *) SELECT FROM x JOIN support USING (map_id)",
            [],
        ),
        ("INSERT INTO pin (id) VALUES ('5')", ["INSERT pin"]),
        ("UPDATE pin SET comment = (SELECT max(comment) FROM pin) WHERE map_id = '5'", ["pin"]),
    ],
)
def test_the_reader_of_statements_tells_one_map_from_many(sql: str, loose: list[str]) -> None:
    assert Statement(sql, frozenset(GROWING)).loose == loose


def test_what_strangers_read_is_of_one_map(
    app: Flask,
    client: FlaskClient,
    there: Mapping[str, object],
    said: Said,
) -> None:
    values = {"slug": "testov", "pin_id": there["pin_id"], "item": there["pin_id"], "code": "FORUM1"}
    for endpoint, address in reading_addresses(app, READ_BY_ALL, values):
        said[0] = (endpoint, "")
        assert client.get(address, buffered=True).status_code < 500, address
    _is_of_one_map(said)


def test_what_devices_send_is_of_one_map(client: FlaskClient, there: Mapping[str, object], said: Said) -> None:
    items, person = "/api/collections/testov/items", "/api/collections/testov/respondent"
    pin, other = a_feature(comment="Chybí lampa"), bearer("another-device-token-of-enough-bits-987654")
    for name, method, address, body, headers in (
        ("create", "POST", items, pin, bearer()),
        ("once more", "POST", items, pin, bearer()),
        ("replace", "PUT", f"{items}/{pin['id']}", pin, bearer()),
        ("change", "PATCH", f"{items}/{pin['id']}", {"properties": {"comment": "Chybí dvě"}}, bearer()),
        ("read own", "GET", f"{items}/{pin['id']}", None, bearer()),
        ("support", "PUT", f"{items}/{pin['id']}/support", None, other),
        ("about", "PUT", person, {}, bearer()),
        ("read all", "GET", person, None, bearer()),
        ("receipt", "POST", f"{person}/receipt", None, bearer()),
        ("join", "POST", f"{person}/join", {"receipt": "ABCD-EFGH-JKLM"}, other),
        ("delete", "DELETE", f"{items}/{pin['id']}", None, bearer()),
        ("withdraw", "DELETE", person, None, bearer()),
    ):
        said[0] = (name, "")
        answer = client.open(address, method=method, json=body, headers=headers)
        assert answer.status_code not in {400, 405, 500}, (name, answer.text)
    _is_of_one_map(said)


def test_what_the_office_of_a_map_asks_is_of_one_map(
    app: Flask,
    bound: Database,
    client: FlaskClient,
    there: Mapping[str, object],
    said: Said,
) -> None:
    sign_in(client, "admin@testov.example")
    adapter = app.url_map.bind("localhost")
    rules = {rule.endpoint: rule for rule in app.url_map.iter_rules()}
    session_cookie = client.get_cookie("pocit_office")
    assert session_cookie is not None
    for endpoint in sorted(MATRIX):
        asked = MATRIX[endpoint]
        known = there | asked.values
        address = adapter.build(endpoint, {name: known[name] for name in rules[endpoint].arguments})
        form = {k: (io.BytesIO(v), "file") if isinstance(v, bytes) else v for k, v in asked.form.items()}
        if asked.method == "POST":
            form["csrf_token"] = csrf_of(client, "/office/account")
        said[0] = (endpoint, "")
        sent = partial(client.open, address, method=asked.method, data=form or None, buffered=True)
        _ask_and_undo(app, bound, sent)
        client.set_cookie("pocit_office", session_cookie.value)
    _is_of_one_map(said)


def _ask_and_undo(app: Flask, bound: Database, ask: Callable[[], Any]) -> None:
    """What it did is undone, so that the next finds all there is."""
    connection = bound.session.kw["bind"]
    deeds = connection.begin_nested()
    try:
        assert ask().status_code < 500
    finally:
        if connection.get_nested_transaction() is not deeds:
            gc.collect()  # the session of a streamed answer ends with its last reference
        deeds.rollback()
        app.extensions["pocit-maps"] = MapCache()


def test_the_functions_in_the_database_stay_with_the_map_they_are_called_for(engine: Engine) -> None:
    """The triggers of the counts: what they write is of the map of the rows that came or went."""
    ready = frozenset({"come", "gone"})
    with engine.connect() as connection:
        of_ours = text(
            "SELECT proname, pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_language l ON l.oid = prolang"
            " WHERE lanname = 'plpgsql' AND pronamespace = 'public'::regnamespace"
            " AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')"
        )
        functions = dict(connection.execute(of_ours).all())
    assert {"pin_changes_heat", "respondent_changes_heat"} <= set(functions)
    queries = [query for definition in functions.values() for query in queries_of_function(definition)]
    assert len(queries) >= 5
    assert [query for query in queries if Statement(query, frozenset(GROWING), ready=ready).loose] == []


def _is_of_one_map(said: Said) -> None:
    """Fails with every statement that is not bound to one map, and who asked for it."""
    wrong: dict[str, str] = {}
    read = 0
    for who, sql in dict.fromkeys(said[1:]):
        if sql.startswith(tuple(OVER_MAPS)):
            continue
        statement = Statement(sql, frozenset(GROWING))
        read += bool(statement.touched)
        if statement.loose or len(statement.values) > 1:
            wrong.setdefault(" ".join(sql.split()), f"{who}: {statement.loose or sorted(statement.values)}")
    assert not wrong, "\n".join(f"{found}: {sql}" for sql, found in wrong.items())
    assert read > 20
