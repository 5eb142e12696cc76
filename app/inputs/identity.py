"""The identity provider of a town as an admin types it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.fields import storable

MOST_NAME_CHARACTERS = 60
MOST_ISSUER_CHARACTERS = 300
MOST_ID_CHARACTERS = 300
MOST_SECRET_CHARACTERS = 1000
THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class ProviderInput:
    """Where the officials of a town have their accounts; without a secret the one that is stored stays."""

    name: str
    issuer: str
    client_id: str
    client_secret: str | None = field(repr=False)


def parse_provider(form: Mapping[str, str], *, has_secret: bool) -> ProviderInput:
    """The form of the town's sign-in; InvalidInput with every problem found."""
    name, issuer, client_id, secret = (
        form.get(key, "").strip() for key in ("name", "issuer", "client_id", "client_secret")
    )
    problems = [
        *_text_problems("name", name, MOST_NAME_CHARACTERS),
        *_text_problems("client_id", client_id, MOST_ID_CHARACTERS),
    ]
    if not is_trusted_address(issuer) or len(issuer) > MOST_ISSUER_CHARACTERS or "?" in issuer or "#" in issuer:
        problems.append(Problem("issuer", N_("This must be an address that begins with https://.")))
    if secret or not has_secret:
        problems += _text_problems("client_secret", secret, MOST_SECRET_CHARACTERS)
    if problems:
        raise InvalidInput(*problems)
    return ProviderInput(name, issuer, client_id, secret or None)


def is_trusted_address(address: str) -> bool:
    """Whether what travels to this address can't be read on the way: https, or a program on this machine."""
    if not address.isascii() or any(char <= " " for char in address):
        return False
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or parts.username is not None or parts.password is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in THIS_MACHINE)


def _text_problems(key: str, value: str, most: int) -> list[Problem]:
    if not value:
        return [Problem(key, N_("This is missing."))]
    if len(value) > most or not storable(value) or not value.isprintable():
        return [Problem(key, N_("This has at most %(most)s characters, all of them printable."), {"most": most})]
    return []
