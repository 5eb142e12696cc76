"""However many ask for however many surfaces, memory and threads stay within bounds."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.queries.heat_store import HeatStore, Shelf
from app.views.heat import EXTENSION
from tests.builders import a_map, a_pin, an_official
from tests.doors import sign_in


@pytest.fixture
def full_house(app: Flask, session: Session) -> None:
    """A town whose server has no place left for bandwidths of people's own."""
    the_map = a_map(session)
    for n in range(6):
        a_pin(session, the_map, "unsafe", respondent=f"r{n}")
    app.extensions[EXTENSION] = HeatStore(room=0, patience_s=0)


@pytest.mark.usefixtures("full_house")
@pytest.mark.parametrize("path", ["heat.png?bandwidth=80", "heat/13/4449/2791.png?bandwidth=75.001"])
def test_too_many_bandwidths_at_once_are_asked_to_come_again(client: FlaskClient, path: str) -> None:
    answer = client.get(f"/m/testov/{path}")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.usefixtures("full_house")
def test_what_pages_and_officials_ask_for_always_has_its_place(client: FlaskClient, session: Session) -> None:
    for path in ("heat.png", "heat.png?category=unsafe&bandwidth=75", "results", "results/heat/unsafe.png"):
        assert client.get(f"/m/testov/{path}").status_code == 200
    sign_in(client, an_official(session))
    assert client.get("/office/maps/testov/heat.png").status_code == 200
    # What an official alone asks for has its places too, and no more than those.
    assert client.get("/office/maps/testov/heat.png?bandwidth=200").status_code == 429
    assert client.get("/office/maps/testov/heat.png?channel=web").status_code == 429


def test_places_get_free_again(app: Flask, session: Session, client: FlaskClient) -> None:
    a_pin(session, a_map(session), "unsafe")
    app.extensions[EXTENSION] = HeatStore(room=1, patience_s=0)
    for bandwidth in (80, 90, 100):
        assert client.get(f"/m/testov/heat.png?bandwidth={bandwidth}&category=unsafe").status_code == 200
    refused = client.get("/m/testov/heat.png?bandwidth=20000")
    assert refused.status_code == 400
    assert client.get("/m/testov/heat.png?bandwidth=110").status_code == 200


def test_even_empty_things_are_not_kept_without_end() -> None:
    shelf = Shelf(most_bytes=20_000)
    for n in range(1000):
        shelf.get(n, bytes, len)
    assert 0 not in shelf
    assert 999 in shelf
    assert shelf.bytes <= shelf.most_bytes
