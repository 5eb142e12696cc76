"""Signing in as a browser does: with the form's own token."""

from __future__ import annotations

import re

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.builders import PASSWORD

TOKEN_FIELD = re.compile(r'name="csrf_token" value="([^"]+)"')
SIGN_IN = "/office/sign-in"


def csrf_of(client: FlaskClient, address: str = SIGN_IN) -> str:
    """The token in the forms of a page."""
    found = TOKEN_FIELD.search(client.get(address, follow_redirects=True).text)
    assert found, f"no form on {address}"
    return found[1]


def try_to_sign_in(
    client: FlaskClient, email: str, password: str = PASSWORD, *, address: str = "203.0.113.7", **fields: str
) -> TestResponse:
    """The answer to the sign-in form, sent from this IP address."""
    return client.post(
        SIGN_IN,
        data={"email": email, "password": password, "csrf_token": csrf_of(client), **fields},
        environ_overrides={"REMOTE_ADDR": address},
    )


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD) -> FlaskClient:
    """The same client, signed in."""
    answer = try_to_sign_in(client, email, password)
    assert answer.status_code == 303, answer.text
    return client
