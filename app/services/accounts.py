"""Accounts of officials: made, given a role, signed in."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.accounts import AccountInput, Credentials
from app.models import Official, Role, Town, TownRole

PASSWORD_BYTES = 15
"""Of a generated password: 20 characters, 120 random bits."""


@dataclass(frozen=True)
class SavedAccount:
    """What became of an account; `password` only when it was made up here."""

    id: int
    email: str
    created: bool
    password: str | None = None


@dataclass(frozen=True)
class SignIn:
    """Who signed in, and the epoch their session belongs to."""

    official_id: int
    session_epoch: int


def save_official(session: Session, wanted: AccountInput) -> SavedAccount:
    """Make the account or bring it to this role; a new one without a password gets a random one.

    InvalidInput when there is no such town. A new password ends the sessions of the old one; a role of a town
    takes away that of the whole server.
    """
    town = _town(session, wanted.town_slug)
    password = wanted.password or secrets.token_urlsafe(PASSWORD_BYTES)
    new_id = session.execute(
        insert(Official)
        .values(email=wanted.email, password_hash=hasher().hash(password))
        .on_conflict_do_nothing(index_elements=["email"])
        .returning(Official.id)
    ).scalar()
    row = session.scalars(select(Official).where(Official.email == wanted.email).with_for_update()).one()
    created = new_id is not None
    if not created and wanted.password is not None:
        row.password_hash = hasher().hash(wanted.password)
        row.session_epoch += 1
    row.is_admin = wanted.role == Role.ADMIN
    if town is not None and wanted.role != Role.ADMIN:
        _give_role(session, row.id, town.id, wanted.role)
    session.flush()
    return SavedAccount(row.id, row.email, created, password if created and not wanted.password else None)


def check_password(session: Session, given: Credentials) -> SignIn | None:
    """The sign-in of these credentials, or None; an unknown e-mail takes as long as a wrong password."""
    row = session.scalar(select(Official).where(Official.email == given.email))
    stored = row.password_hash if row else _hash_of_nobody()
    try:
        hasher().verify(stored, given.password)
    except (VerificationError, InvalidHashError):
        return None
    if row is None:
        return None
    if hasher().check_needs_rehash(stored):
        row.password_hash = hasher().hash(given.password)
        session.flush()
    return SignIn(row.id, row.session_epoch)


@cache
def hasher() -> PasswordHasher:
    """Argon2id at the strength that argon2-cffi recommends today; older hashes are renewed at sign-in."""
    return PasswordHasher()


@cache
def _hash_of_nobody() -> str:
    """A hash that no password fits."""
    return hasher().hash(secrets.token_urlsafe(32))


def _town(session: Session, slug: str | None) -> Town | None:
    if slug is None:
        return None
    town = session.scalar(select(Town).where(Town.slug == slug))
    if town is None:
        raise InvalidInput(Problem("town", N_("There is no town %(slug)s."), {"slug": slug}))
    return town


def _give_role(session: Session, official_id: int, town_id: int, role: Role) -> None:
    row = insert(TownRole).values(official_id=official_id, town_id=town_id, role=role)
    session.execute(
        row.on_conflict_do_update(index_elements=["official_id", "town_id"], set_={"role": row.excluded.role})
    )


def end_sessions(session: Session, official_id: int) -> None:
    """End everything this official is signed in to: cookies of the epoch so far are worth nothing."""
    session.execute(
        update(Official).where(Official.id == official_id).values(session_epoch=Official.session_epoch + 1)
    )
