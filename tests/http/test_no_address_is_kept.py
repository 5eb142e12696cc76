"""Nobody's network address stays anywhere: all is driven from a marked one, then all that is kept is searched."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterator

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.config import Config
from app.models import Base
from tests.builders import TOKEN, a_feature, a_map, a_pin, an_official, bearer
from tests.doors import sign_in, try_to_sign_in

MARKED = ("198.51.100.77", "2001:db8:77aa:77bb:77cc:77dd:77ee:77ff")
"""Of the networks for documentation (RFC 5737, RFC 3849)."""
SEEN = (*MARKED, "2001:db8:77aa", "198.51.100", ipaddress.ip_address(MARKED[0]).packed.hex(), "c633644d")


@pytest.fixture(params=MARKED)
def address(request: pytest.FixtureRequest) -> str:
    """One of the marked addresses."""
    return str(request.param)


@pytest.fixture
def broken(app: Flask) -> Iterator[str]:
    """A page that breaks with the address among what its function knows."""

    def fails() -> str:
        place = request.remote_addr
        return {"somewhere": str(place)}["nowhere"]

    app.add_url_rule("/breaks-here", view_func=fails)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.testing = False
    yield "/breaks-here"
    app.testing = True


def everything(session: Session) -> str:
    """All rows of all tables as text."""
    rows = []
    for table in Base.metadata.tables:
        rows += session.scalars(text(f'SELECT t::text FROM "{table}" t')).all()
    return "\n".join(rows)


def drive(client: FlaskClient, address: str) -> None:
    """All that a person may do, right and wrong, from one address, also behind a proxy."""
    client.environ_base["REMOTE_ADDR"] = address
    forwarded = {"X-Forwarded-For": address, "Forwarded": f"for={address}", "X-Real-IP": address}
    pin = client.post("/api/collections/testov/items", json=a_feature(), headers=bearer(TOKEN, **forwarded)).json
    client.put(f"/api/collections/testov/items/{pin['id']}", json=a_feature(), headers=bearer(TOKEN))
    client.put("/api/collections/testov/respondent", json={"about": {}}, headers=bearer(TOKEN))
    client.post("/api/collections/testov/respondent/receipt", headers=bearer(TOKEN))
    client.post("/api/collections/testov/items", data=b"{", headers=bearer(TOKEN))
    client.post(
        "/api/collections/testov/respondent/devices", json={"code": "ABCD-EFGH-JKLM"}, headers=bearer(TOKEN)
    )
    for _ in range(70):
        client.get("/m/testov/heat.png", headers=bearer("pocit_not-a-token-at-all-0123456789abcdef"))
    for path in (
        "/",
        "/m/testov",
        "/m/testov/write",
        "/m/testov/results",
        "/m/testov/receipt",
        "/nowhere",
        "/api/",
    ):
        client.get(path, headers=forwarded)
    for _ in range(12):
        try_to_sign_in(client, "urad@testov.example", "wrong")
    client.get("/breaks-here")


def test_a_marked_address_is_found_nowhere(
    client: FlaskClient,
    session: Session,
    config: Config,
    broken: str,
    address: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG)
    the_map = a_map(session)
    a_pin(session, the_map)
    an_official(session, "urad@testov.example")
    an_official(session, "jiny@testov.example")
    session.commit()
    drive(client, address)
    client.environ_base["REMOTE_ADDR"] = MARKED[1 - MARKED.index(address)]
    sign_in(client, "jiny@testov.example")
    session.expire_all()
    logged = caplog.text + "".join(capfd.readouterr())
    files = "".join(
        path.read_bytes().decode("utf-8", "replace") for path in config.home.rglob("*") if path.is_file()
    )
    for kept, name in ((everything(session), "database"), (logged, "log"), (files, "home")):
        assert [mark for mark in SEEN if mark in kept] == [], name
    assert "throttle" in Base.metadata.tables
    assert session.scalar(text("SELECT count(*) FROM throttle")) > 0
