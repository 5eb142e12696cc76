"""Accounts as people type them: forms of sign-in and of colleagues, the arguments of `pocit official add`."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.fields import storable
from app.models import Role

EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")
MOST_EMAIL_CHARACTERS = 254
LEAST_PASSWORD_CHARACTERS = 12
LEAST_BY_OPERATOR = 8
"""Who runs the command line has the whole database anyway."""
MOST_NEW_CHARACTERS = 128
MOST_PASSWORD_CHARACTERS = 1000
"""Of what is compared: an older password may be longer."""
LEAST_STRENGTH = 2
"""Of zxcvbn's 0 to 4: below it a password is on a list of leaked ones, or one guessed with the first million."""
MOST_MEASURED_CHARACTERS = 72
LOCAL_WORDS = (
    "heslo", "mapa", "mapy", "pocit", "pocitova", "pocitovamapa", "urad", "obec", "mesto", "starosta", "starostka",
    "radnice", "magistrat", "tajne", "nevim", "praha", "brno", "ostrava", "plzen", "liberec", "olomouc",
)  # fmt: skip
"""What Czech offices think of first; the lists of leaked passwords are mostly English."""
MOST_CODE_CHARACTERS = 60


@dataclass(frozen=True)
class Credentials:
    """What a sign-in form says; an address nobody can have stays in, and fails like any unknown one."""

    email: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class InvitationInput:
    """Who shall become an official, and as what."""

    email: str
    role: Role


@dataclass(frozen=True)
class PasswordChange:
    """A new password, and the one it replaces."""

    old: str = field(repr=False)
    new: str = field(repr=False)


@dataclass(frozen=True)
class Confirmation:
    """What a signed-in official gives once more before a change to their sign-in: password and code."""

    password: str = field(repr=False)
    code: str = field(repr=False)


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


def parse_invitation(form: Mapping[str, str], allowed: Collection[Role]) -> InvitationInput:
    """Who is invited and as what; InvalidInput with every problem found."""
    email = normal_email(form.get("email", ""))
    problems = []
    if not is_email(email):
        problems.append(Problem("email", N_("This is not an e-mail address.")))
    try:
        role = parse_role(form, allowed)
    except InvalidInput as refusal:
        problems += refusal.problems
    if problems:
        raise InvalidInput(*problems)
    return InvitationInput(email, role)


def parse_role(form: Mapping[str, str], allowed: Collection[Role]) -> Role:
    """The role chosen; InvalidInput for one that is not among those that may be given."""
    found = form.get("role", "")
    if found not in allowed:
        raise InvalidInput(Problem("role", N_("Please choose what they may do.")))
    return Role(found)


def parse_new_password(form: Mapping[str, str], own: str = "") -> str:
    """A new password typed twice; InvalidInput when it is too short, easy to guess, or the two differ.

    `own`: what others know of the person, such as the e-mail.
    """
    password = form.get("password", "")
    if problem := password_problem(password) or guessable_problem(password, own):
        raise InvalidInput(problem)
    if form.get("again", "") != password:
        raise InvalidInput(Problem("again", N_("The two passwords differ. Please type the new one twice.")))
    return password


def parse_password_change(form: Mapping[str, str], own: str = "") -> PasswordChange:
    """The old password and a new one typed twice."""
    return PasswordChange(form.get("old", "")[:MOST_PASSWORD_CHARACTERS], parse_new_password(form, own))


def parse_confirmation(form: Mapping[str, str]) -> Confirmation:
    """The password exactly as typed, and the code without what people put between its digits."""
    return Confirmation(form.get("password", "")[:MOST_PASSWORD_CHARACTERS], parse_code(form))


def parse_code(form: Mapping[str, str]) -> str:
    """A code of the second step, or a recovery code, without spaces and dashes and in lower case."""
    return re.sub(r"[\s-]", "", form.get("code", "")[:MOST_CODE_CHARACTERS]).lower()


def is_email(email: str) -> bool:
    """Whether somebody can have this address, as far as its form says."""
    return bool(EMAIL.fullmatch(email)) and len(email) <= MOST_EMAIL_CHARACTERS and storable(email)


def parse_account(
    email: str, role: str, *, town_slug: str | None = None, password: str | None = None
) -> AccountInput:
    """An account from the command line; InvalidInput with every problem found."""
    problems = []
    email = normal_email(email)
    if not is_email(email):
        problems.append(Problem("email", N_("This is not an e-mail address.")))
    if role not in tuple(Role):
        problems.append(Problem("role", N_("This must be one of: %(allowed)s."), {"allowed": ", ".join(Role)}))
    elif role != Role.ADMIN and not town_slug:
        problems.append(Problem("town", N_("Say of which town; only an admin is of the whole server.")))
    if password is not None and (problem := password_problem(password, least=LEAST_BY_OPERATOR)):
        problems.append(problem)
    if problems:
        raise InvalidInput(*problems)
    return AccountInput(email, Role(role), town_slug, password)


def password_problem(password: str, *, least: int = LEAST_PASSWORD_CHARACTERS) -> Problem | None:
    """What is wrong with the characters of a new password; which kinds there are is nobody's business."""
    if not storable(password):
        return Problem("password", N_("This password holds a character that can’t be typed again."))
    if len(password) < least:
        return Problem("password", N_("A password has at least %(least)s characters."), {"least": least})
    if len(password) > MOST_NEW_CHARACTERS:
        return Problem("password", N_("This password is too long."))
    return None


def guessable_problem(password: str, own: str = "") -> Problem | None:
    """What is wrong with a new password that stands on a list, or is made of what everybody tries."""
    from zxcvbn import zxcvbn  # its lists are read only where somebody sets a password

    own = own.lower()
    known = [*LOCAL_WORDS, own, own.partition("@")[0], *re.findall(r"\w{3,}", own)]
    if zxcvbn(password[:MOST_MEASURED_CHARACTERS], user_inputs=known)["score"] >= LEAST_STRENGTH:
        return None
    words = N_("This password is one of those that are tried first. Please take a few words that nobody expects.")
    return Problem("password", words)


def normal_email(text: str) -> str:
    """The spelling under which an e-mail is stored: no spaces around, lower case."""
    return text.strip().lower()
