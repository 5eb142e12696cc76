"""Signing out: a copy of the cookie is worth nothing afterwards."""

from __future__ import annotations

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.builders import a_map, an_official
from tests.doors import csrf_of, sign_in


def test_a_copied_cookie_ends_with_the_session(client: FlaskClient, session: Session) -> None:
    a_map(session)
    sign_in(client, an_official(session))
    copied = client.get_cookie("pocit_office")
    assert copied is not None
    client.post("/office/sign-out", data={"csrf_token": csrf_of(client, "/office/")})
    client.set_cookie("pocit_office", copied.value)
    assert (
        client.get("/office/maps/testov/pins.geojson", headers={"Accept": "application/json"}).status_code == 401
    )
