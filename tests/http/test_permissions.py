"""One matrix of who may ask what of the office, built from the app's routes: one without a row here fails."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models import PinState
from tests.builders import a_map, a_pin, an_official
from tests.doors import csrf_of, sign_in

WHO = NOBODY, VIEWER, MODERATOR, EDITOR, STRANGER, ADMIN = (
    "nobody",
    "viewer",
    "moderator",
    "editor",
    "stranger",
    "admin",
)
PIN = uuid.UUID("6ba7b810-9dad-41d1-80b4-00c04fd430c8")
VALUES = {"slug": "testov", "pin_id": PIN, "z": 14, "x": 8898, "y": 5597, "form": "png"}


@dataclass(frozen=True)
class Asked:
    """The statuses of one endpoint, in the order of WHO."""

    statuses: tuple[int, ...]
    method: str = "GET"


READ = Asked((303, 200, 200, 200, 404, 200))
READ_FILE = Asked((401, 200, 200, 200, 404, 200))
DECIDE = Asked((303, 403, 303, 303, 404, 303), "POST")

MATRIX: dict[str, Asked] = {
    "office.home": Asked((303, 200, 200, 200, 200, 200)),
    "office.sign_in_form": Asked((200, 303, 303, 303, 303, 303)),
    "office.sign_in": Asked((403, 403, 403, 403, 403, 403), "POST"),
    "office.sign_out": Asked((303, 303, 303, 303, 303, 303), "POST"),
    "office.map_page": READ,
    "office.pin_page": READ,
    "office.legend": READ,
    "office.pins_json": READ_FILE,
    "office.pins_geojson": READ_FILE,
    "office.hide": DECIDE,
    "office.show": DECIDE,
    "office.approve": DECIDE,
    "office.hold": DECIDE,
    "office.heat_of_map": READ_FILE,
    "office.dark_heat_of_map": READ_FILE,
    "office.heat_tile": READ_FILE,
    "office.dark_heat_tile": READ_FILE,
    "office.standalone": READ_FILE,
}


@pytest.fixture
def town(session: Session) -> None:
    """A town with a map and a waiting pin, a town beside it, and everybody who may come."""
    the_map = a_map(session)
    a_map(session, "jinde")
    a_pin(session, the_map, id=PIN, comment="Chybí lampa", state=PinState.PENDING)
    for role in (VIEWER, MODERATOR, EDITOR):
        an_official(session, f"{role}@testov.example", role=role)
    an_official(session, f"{STRANGER}@jinde.example", town="jinde", role=EDITOR)
    an_official(session, f"{ADMIN}@testov.example", town=None, role=ADMIN)


def test_every_route_of_the_office_has_its_row(app: Flask) -> None:
    routes = {rule.endpoint for rule in app.url_map.iter_rules() if rule.rule.startswith("/office")}
    assert routes == set(MATRIX)


def test_every_route_of_the_office_stands_behind_its_door(app: Flask) -> None:
    """A route of another blueprint under /office would miss the check before every view."""
    outside = [
        r.endpoint
        for r in app.url_map.iter_rules()
        if r.rule.startswith("/office") and r.endpoint.split(".")[0] != "office"
    ]
    assert outside == []


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("who", WHO)
def test_each_may_what_the_matrix_says(app: Flask, client: FlaskClient, who: str) -> None:
    addresses = _addresses(app)
    if who != NOBODY:
        sign_in(client, f"{who}@{'jinde' if who == STRANGER else 'testov'}.example")
    got, wanted = {}, {}
    for endpoint, asked in MATRIX.items():
        if endpoint == "office.sign_out" and who != NOBODY:
            continue  # last, below
        got[endpoint] = _status(client, asked.method, addresses[endpoint])
        wanted[endpoint] = asked.statuses[WHO.index(who)]
    assert got == wanted
    assert _status(client, "POST", addresses["office.sign_out"]) == 303


@pytest.mark.usefixtures("town")
def test_map_of_another_town_answers_as_if_it_were_not_there(client: FlaskClient) -> None:
    sign_in(client, f"{STRANGER}@jinde.example")
    there, nowhere = client.get("/office/maps/testov"), client.get("/office/maps/nowhere")
    assert there.status_code == nowhere.status_code == 404
    differ = [
        line
        for line, other in zip(there.text.splitlines(), nowhere.text.splitlines(), strict=True)
        if line != other and "nonce" not in line and "csrf_token" not in line
    ]
    assert differ == []
    assert "testov" not in client.get("/office/").text


@pytest.mark.usefixtures("town")
@pytest.mark.parametrize("endpoint", [name for name, asked in MATRIX.items() if asked.method == "POST"])
def test_nothing_is_done_without_the_forms_token(app: Flask, client: FlaskClient, endpoint: str) -> None:
    sign_in(client, f"{ADMIN}@testov.example")
    assert client.post(_addresses(app)[endpoint], data={"ready": "rude"}).status_code == 400


def _status(client: FlaskClient, method: str, address: str) -> int:
    accept = {"Accept": "text/html" if "." not in address else "*/*"}
    if method == "GET":
        return client.get(address, headers=accept).status_code
    form = {
        "csrf_token": csrf_of(client),
        "ready": "rude",
        "email": "nobody@testov.example",
        "password": "wrong",
    }
    return client.post(address, data=form, headers=accept).status_code


def _addresses(app: Flask) -> dict[str, str]:
    with app.test_request_context():
        adapter = app.create_url_adapter(None) or app.url_map.bind("localhost")
        found = {}
        for rule in app.url_map.iter_rules():
            if rule.endpoint in MATRIX:
                values = {name: VALUES[name] for name in rule.arguments}
                found[rule.endpoint] = adapter.build(rule.endpoint, values, force_external=False)
        return found
