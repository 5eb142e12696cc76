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
from app.inputs.accounts import AccountInput, Credentials, PasswordChange
from app.models import AuditEntry, Official, Role, Town, TownRole
from app.queries.colleagues import towns_of_official
from app.services import audit, sessions
from app.services.audit import BY_ITSELF, Actor, Deed

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
class Person:
    """An account as the actor of its own deeds."""

    id: int
    email: str


@dataclass(frozen=True)
class SignIn:
    """Who showed who they are, the epoch their session belongs to, and whether a code is still to be asked for."""

    official_id: int
    email: str
    session_epoch: int
    needs_code: bool

    @property
    def person(self) -> Person:
        """The account itself."""
        return Person(self.official_id, self.email)


def save_official(session: Session, wanted: AccountInput, by: Actor = BY_ITSELF) -> SavedAccount:
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
        sessions.end_all(session, row.id)
    row.is_admin = wanted.role == Role.ADMIN
    if town is not None and wanted.role != Role.ADMIN:
        _give_role(session, row.id, town.id, wanted.role)
    session.flush()
    detail = {"role": wanted.role.value if isinstance(wanted.role, Role) else wanted.role, "new": created}
    audit.record(
        session,
        by,
        Deed("official.save", row.email, detail),
        town_id=town.id if town and not row.is_admin else None,
    )
    return SavedAccount(row.id, row.email, created, password if created and not wanted.password else None)


def check_password(session: Session, given: Credentials) -> SignIn | None:
    """The sign-in of these credentials, or None; an unknown e-mail takes as long as a wrong password.

    A wrong password of somebody we know is written down; for an unknown e-mail as much is written and undone.
    """
    row = session.scalar(select(Official).where(Official.email == given.email))
    stored = row.password_hash if row else _hash_of_nobody()
    fits = _fits(stored, given.password)
    if row is None:
        _write_nothing(session)
        return None
    if not fits:
        record_own(session, Person(row.id, row.email), Deed("account.sign_in_failed", detail={"step": "password"}))
        return None
    if hasher().check_needs_rehash(stored):
        row.password_hash = hasher().hash(given.password)
        session.flush()
    return SignIn(row.id, row.email, row.session_epoch, row.totp_secret is not None)


def is_password_of(session: Session, official_id: int, password: str) -> bool:
    """Whether this is the official's password: asked once more before a change to their sign-in."""
    stored = session.scalar(select(Official.password_hash).where(Official.id == official_id))
    return _fits(stored or _hash_of_nobody(), password) and stored is not None


def replace_password(session: Session, person: Person, wanted: PasswordChange) -> int:
    """The new epoch, once the password of who knows the old one is changed; InvalidInput for who does not."""
    if not is_password_of(session, person.id, wanted.old):
        raise InvalidInput(Problem("old", N_("This is not your password.")))
    epoch = set_password(session, person.id, wanted.new)
    record_own(session, person, Deed("account.password"))
    return epoch


def set_password(session: Session, official_id: int, password: str) -> int:
    """Give the official a new password; all their sessions end. The new epoch."""
    row = session.scalars(select(Official).where(Official.id == official_id).with_for_update()).one()
    row.password_hash = hasher().hash(password)
    row.session_epoch += 1
    session.flush()
    sessions.end_all(session, official_id)
    return row.session_epoch


def record_own(session: Session, person: Actor, deed: Deed) -> None:
    """Write down what somebody did with their own account: in each of their towns' logs, else the server's."""
    towns = towns_of_official(session, person.id) if person.id is not None else []
    for town_id in (*towns,) or (None,):
        audit.record(session, person, deed, town_id=town_id)


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


def end_sessions(session: Session, official_id: int) -> int:
    """End everything this official is signed in to, by a new epoch: cookies of the old one are worth nothing."""
    sessions.end_all(session, official_id)
    grown = update(Official).where(Official.id == official_id).values(session_epoch=Official.session_epoch + 1)
    return session.execute(grown.returning(Official.session_epoch)).scalar_one()


def _fits(stored: str, password: str) -> bool:
    try:
        return hasher().verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def _write_nothing(session: Session) -> None:
    """Write an entry of the log and undo it: a known and an unknown e-mail cost the database the same."""
    with session.begin_nested() as draft:
        session.execute(insert(AuditEntry).values(official="", action=""))
        draft.rollback()
