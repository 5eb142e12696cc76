"""What a browser keeps is known again, also where it came compressed: nothing is made only to be thrown away."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from tests.builders import a_map, a_pin

PHONE = {"Accept-Encoding": "gzip, deflate, br", "Accept-Language": "cs"}


@pytest.mark.parametrize(
    "path",
    [
        "/m/testov/pins.json",
        "/api/collections/testov/items?limit=500",
        "/api/collections/testov",
        "/m/testov/boundary.geojson",
        "/static/js/pages/citizen.js",
    ],
)
def test_a_compressed_answer_is_known_by_its_own_mark(client: FlaskClient, session: Session, path: str) -> None:
    the_map = a_map(session)
    for n in range(40):
        a_pin(session, the_map, comment=f"Chybí lampa {n}")
    first = client.get(path, headers=PHONE)
    mark = first.headers["ETag"]
    again = client.get(path, headers=PHONE | {"If-None-Match": mark})
    assert (again.status_code, again.data) == (304, b"")
    again.close()
    assert again.headers["ETag"] == mark


def test_pins_that_a_phone_has_are_not_read_again(client: FlaskClient, session: Session, engine: Engine) -> None:
    the_map = a_map(session)
    for n in range(40):
        a_pin(session, the_map, comment=f"Chybí lampa {n}")
    mark = client.get("/m/testov/pins.json", headers=PHONE).headers["ETag"]
    assert mark.endswith(':br"')
    said: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *found: said.append(found[2]))
    assert client.get("/m/testov/pins.json", headers=PHONE | {"If-None-Match": mark}).status_code == 304
    assert [statement for statement in said if "ST_X" in statement] == []
    a_pin(session, the_map)
    assert client.get("/m/testov/pins.json", headers=PHONE | {"If-None-Match": mark}).status_code == 200
