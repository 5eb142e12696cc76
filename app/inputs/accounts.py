"""Accounts as people type them: sign-in forms, and the arguments of `pocit official add`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.fields import storable
from app.models import Role

EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
MOST_EMAIL_CHARACTERS = 254
LEAST_PASSWORD_CHARACTERS = 8
MOST_PASSWORD_CHARACTERS = 1000


@dataclass(frozen=True)
class Credentials:
    """What a sign-in form says; an address nobody can have stays in, and fails like any unknown one."""

    email: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class AccountInput:
    """An account to be made or brought to this role; without a password the old one stays."""

    email: str
    role: Role
    town_slug: str | None = None
    password: str | None = field(default=None, repr=False)


def parse_credentials(form: Mapping[str, str]) -> Credentials:
    """The e-mail in its stored spelling, and the password exactly as typed."""
    email = normal_email(form.get("email", "")[: MOST_EMAIL_CHARACTERS + 1])
    return Credentials(email if storable(email) else "", form.get("password", "")[:MOST_PASSWORD_CHARACTERS])


def parse_account(
    email: str, role: str, *, town_slug: str | None = None, password: str | None = None
) -> AccountInput:
    """An account from the command line; InvalidInput with every problem found."""
    problems = []
    email = normal_email(email)
    if not EMAIL.fullmatch(email) or len(email) > MOST_EMAIL_CHARACTERS or not storable(email):
        problems.append(Problem("email", N_("This is not an e-mail address.")))
    if role not in tuple(Role):
        problems.append(Problem("role", N_("This must be one of: %(allowed)s."), {"allowed": ", ".join(Role)}))
    elif role != Role.ADMIN and not town_slug:
        problems.append(Problem("town", N_("Say of which town; only an admin is of the whole server.")))
    if password is not None and (problem := password_problem(password)):
        problems.append(problem)
    if problems:
        raise InvalidInput(*problems)
    return AccountInput(email, Role(role), town_slug, password)


def password_problem(password: str) -> Problem | None:
    """What is wrong with a new password; length is all that is asked, as it is what protects."""
    if len(password) < LEAST_PASSWORD_CHARACTERS:
        return Problem(
            "password",
            N_("A password has at least %(least)s characters."),
            {"least": LEAST_PASSWORD_CHARACTERS},
        )
    if len(password) > MOST_PASSWORD_CHARACTERS:
        return Problem("password", N_("This password is too long."))
    return None


def normal_email(text: str) -> str:
    """The spelling under which an e-mail is stored: no spaces around, lower case."""
    return text.strip().lower()
