"""The people of a town's office and of the server: their roles, their invitations, their ways to sign in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from app.errors import Unknown
from app.models import AuditEntry, IdentityProvider, Invitation, Official, Role, Town, TownRole
from app.queries.accounts import RANK, OfficialRecord, find_official


@dataclass(frozen=True)
class Colleague:
    """One official as the list shows them; `towns` are the names of theirs, for the server's list."""

    id: int
    email: str
    role: Role
    has_second_factor: bool
    last_sign_in: datetime | None
    towns: Mapping[str, Role]


@dataclass(frozen=True)
class OpenInvitation:
    """An invitation that can still be accepted."""

    id: int
    email: str
    role: Role
    town_id: int | None
    town: str | None
    invited_by: str | None
    expires_at: datetime


@dataclass(frozen=True)
class TownDoor:
    """A town whose officials may sign in with the account they have anyway."""

    slug: str
    town: str
    name: str


def people_of_town(session: Session, town_id: int) -> list[Colleague]:
    """Everybody with a role in this town, by role and e-mail; of their other towns it says nothing."""
    last = _last_sign_ins(session, town_id)
    rows = session.execute(
        select(Official.id, Official.email, Official.totp_secret.is_not(None), TownRole.role)
        .join(TownRole, TownRole.official_id == Official.id)
        .where(TownRole.town_id == town_id)
    )
    found = [
        Colleague(id_, email, min(Role(role), Role.EDITOR, key=RANK.__getitem__), second, last.get(id_), {})
        for id_, email, second, role in rows
    ]
    return sorted(found, key=lambda one: (-RANK[one.role], one.email))


def people_of_server(session: Session) -> list[Colleague]:
    """Everybody with an account: admins first, then by e-mail, each with the towns they work for."""
    last = _last_sign_ins(session, None)
    towns: dict[int, dict[str, Role]] = {}
    for official_id, town, role in session.execute(
        select(TownRole.official_id, Town.name, TownRole.role).join(Town).order_by(Town.name, Town.id)
    ):
        towns.setdefault(official_id, {})[town] = Role(role)
    rows = session.execute(
        select(Official.id, Official.email, Official.totp_secret.is_not(None), Official.is_admin).order_by(
            Official.is_admin.desc(), Official.email
        )
    )
    return [
        Colleague(id_, email, Role.ADMIN if is_admin else Role.VIEWER, second, last.get(id_), towns.get(id_, {}))
        for id_, email, second, is_admin in rows
    ]


def colleague(session: Session, official_id: int, town_id: int | None = None) -> OfficialRecord:
    """The official of this id; Unknown where there is none, or none with a role in this town."""
    found = find_official(session, official_id)
    if found is None or (town_id is not None and town_id not in found.roles):
        raise Unknown
    return found


def may_mend_sign_in(by: OfficialRecord, person: OfficialRecord) -> bool:
    """Whether one may open the account of the other: an admin may, an editor only of who is theirs alone.

    Who can set a password can sign in with it: a person with a role in a further town, or on the server,
    would lend that to the editor of this one.
    """
    return by.is_admin or (
        not person.is_admin
        and bool(person.roles)
        and all(by.may(town_id, Role.EDITOR) for town_id in person.roles)
    )


def open_invitations(session: Session, town_id: int | None) -> list[OpenInvitation]:
    """The invitations into this town, or to the whole server, that can still be accepted; the newest first."""
    query = (
        _invitations()
        .where(Invitation.town_id == town_id if town_id is not None else Invitation.town_id.is_(None))
        .order_by(Invitation.id.desc())
    )
    return [_invitation(row) for row in session.execute(query)]


def invitation_of(session: Session, token_hash: bytes) -> OpenInvitation:
    """The invitation of a link; Unknown when it was used, taken back, is too old, or never was."""
    row = session.execute(_invitations().where(Invitation.token_hash == token_hash)).first()
    if row is None:
        raise Unknown
    return _invitation(row)


def has_account(session: Session, email: str) -> bool:
    """Whether somebody has an account with this e-mail."""
    return session.scalar(select(Official.id).where(Official.email == email)) is not None


def town_doors(session: Session) -> list[TownDoor]:
    """The towns that have a sign-in of their own, by name."""
    rows = session.execute(
        select(Town.slug, Town.name, IdentityProvider.name)
        .join(IdentityProvider, IdentityProvider.town_id == Town.id)
        .order_by(Town.name, Town.id)
    )
    return [TownDoor(*row) for row in rows]


def towns_of_official(session: Session, official_id: int) -> Sequence[int]:
    """The towns in which an official has a role."""
    return session.scalars(
        select(TownRole.town_id).where(TownRole.official_id == official_id).order_by(TownRole.town_id)
    ).all()


def roles_up_to(role: Role) -> Collection[Role]:
    """The roles in a town that somebody of this role may give: none above their own."""
    return [one for one in Role if one != Role.ADMIN and RANK[one] <= RANK[role]]


def _last_sign_ins(session: Session, town_id: int | None) -> dict[int, datetime]:
    query = (
        select(AuditEntry.official_id, func.max(AuditEntry.at))
        .where(AuditEntry.action == "account.sign_in", AuditEntry.official_id.is_not(None))
        .group_by(AuditEntry.official_id)
    )
    if town_id is not None:
        query = query.where(AuditEntry.town_id == town_id)
    return {official_id: at for official_id, at in session.execute(query) if official_id is not None}


def _invitations() -> Select[*tuple[Any, ...]]:
    return (
        select(Invitation, Town.name, Official.email)
        .outerjoin(Town, Town.id == Invitation.town_id)
        .outerjoin(Official, Official.id == Invitation.invited_by)
        .where(Invitation.used_at.is_(None), Invitation.expires_at > func.now())
    )


def _invitation(row: Row[*tuple[Any, ...]]) -> OpenInvitation:
    one, town, by = row
    return OpenInvitation(one.id, one.email, Role(one.role), one.town_id, town, by, one.expires_at)
