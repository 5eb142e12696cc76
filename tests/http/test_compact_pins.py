"""Pins as columns: sent whole, and not sent again while nothing changed."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from tests.builders import a_map, a_pin


def test_columns_are_not_even_read_for_who_has_them(client: FlaskClient, session: Session, engine: Engine) -> None:
    the_map = a_map(session)
    a_pin(session, the_map)
    mark = client.get("/m/testov/pins.json").headers["ETag"]
    asked: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(engine, "before_cursor_execute", listen)
    try:
        again = client.get("/m/testov/pins.json", headers={"If-None-Match": mark})
        unchanged = "".join(asked)
        a_pin(session, the_map)
        changed = client.get("/m/testov/pins.json", headers={"If-None-Match": mark})
    finally:
        event.remove(engine, "before_cursor_execute", listen)
    assert (again.status_code, again.data) == (304, b"")
    assert "st_x" not in unchanged.lower()
    assert (changed.status_code, changed.json["count"]) == (200, 2)
