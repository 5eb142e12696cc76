"""Personal tokens as they come in: named in a form, shown in the Authorization header of a GIS client."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.accounts import MOST_PASSWORD_CHARACTERS
from app.inputs.fields import storable

PREFIX = "pocit_"
"""How every token begins: people and secret scanners recognise it, and no citizen's device has one like it."""
MOST_NAME_CHARACTERS = 100
MOST_HEADER_CHARACTERS = 1000
"""Several times what a user name and a token need."""


@dataclass(frozen=True)
class TokenInput:
    """A token that is wanted: what it is for, and the password of who wants it."""

    name: str
    password: str = ""


@dataclass(frozen=True)
class ShownToken:
    """What a client shows to read as an official; without a text it is nothing of ours, but meant as such."""

    text: str


def parse_token_form(form: Mapping[str, str]) -> TokenInput:
    """A token wanted on the page; InvalidInput for a name that is missing or too long."""
    return TokenInput(parse_token_name(form.get("name", "")), form.get("password", "")[:MOST_PASSWORD_CHARACTERS])


def parse_token_name(text: str) -> str:
    """The name of a token, its spaces tidied; InvalidInput for none or one too long."""
    name = " ".join(text.split())
    if not name:
        raise InvalidInput(Problem("name", N_("Please say what the token is for.")))
    if len(name) > MOST_NAME_CHARACTERS or not storable(name):
        words = N_("This has at most %(most)s characters, all of them printable.")
        raise InvalidInput(Problem("name", words, {"most": MOST_NAME_CHARACTERS}))
    return name


def shown_token(header: str) -> ShownToken | None:
    """The token in an Authorization header; None for a citizen's device, and for what is not about officials.

    Bearer is a device's unless it begins as ours do. Basic is always an official's client: the token stands for
    the password, whatever the user name, or for the user name of an empty password.
    """
    scheme, _, rest = header.strip().partition(" ")
    rest = rest.strip()
    match scheme.lower():
        case "bearer":
            return ShownToken(_bounded(rest)) if rest.startswith(PREFIX) else None
        case "basic":
            return ShownToken(_bounded(_of_basic(rest)))
        case _:
            return None


def _of_basic(rest: str) -> str:
    """The token in Basic credentials, or nothing for what holds none or can't be read."""
    if len(rest) > MOST_HEADER_CHARACTERS:
        return ""
    try:
        text = base64.b64decode(rest, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
    user, _, password = (part.strip() for part in text.partition(":"))
    if password.startswith(PREFIX):
        return password
    return user if not password and user.startswith(PREFIX) else ""


def _bounded(token: str) -> str:
    return token if len(token) <= MOST_HEADER_CHARACTERS else PREFIX
