"""What the office sees in its heat never reaches the public, by no cache and no version."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.builders import a_map, a_pin, an_official
from tests.doors import sign_in

LONE = (15.535, 49.626)


@pytest.fixture
def official(app: Flask, session: Session) -> FlaskClient:
    """A crowd in the middle, one lone person far off, and an official who is signed in."""
    the_map = a_map(session)
    for n in range(6):
        a_pin(session, the_map, "unsafe", respondent=f"r{n}")
    a_pin(session, the_map, "unsafe", LONE, respondent="lone")
    return sign_in(app.test_client(), an_official(session))


@pytest.mark.parametrize("chosen", ["", "&state=visible"])
@pytest.mark.parametrize("form", ["heat.tif", "heat.geojson", "heat.png", "heat-dark.png"])
def test_public_heat_is_the_same_whether_or_not_the_office_looked_first(
    app: Flask, official: FlaskClient, client: FlaskClient, form: str, chosen: str
) -> None:
    private = official.get(f"/office/maps/testov/{form}?category=unsafe{chosen}")
    public = client.get(f"/m/testov/{form}?category=unsafe")
    assert private.status_code == public.status_code == 200
    assert private.data != public.data
    assert private.headers["ETag"] != public.headers["ETag"]


def test_tiles_of_the_public_and_of_the_office_are_kept_apart(official: FlaskClient, client: FlaskClient) -> None:
    at = "13/4449/2791.png?category=unsafe"
    private, public = official.get(f"/office/maps/testov/heat/{at}"), client.get(f"/m/testov/heat/{at}")
    assert private.data != public.data
