"""Invitations: a link shown once to who invites, by which somebody becomes an official; it works once."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.errors import InvalidInput, NotAllowed, Problem, Unknown
from app.i18n import N_
from app.inputs.accounts import InvitationInput
from app.models import Invitation, Official, Role, TownRole
from app.queries.accounts import RANK, OfficialRecord
from app.queries.colleagues import OpenInvitation, invitation_of, roles_up_to
from app.services import audit
from app.services.accounts import Person, SignIn, hasher
from app.services.audit import Deed

VALID = timedelta(days=7)
TOKEN_BYTES = 32


def invite(session: Session, by: OfficialRecord, town_id: int | None, wanted: InvitationInput) -> str:
    """Invite somebody into a town, or as admin of the server; the token of the link, of which only a hash stays.

    An earlier invitation of the same person to the same place is replaced. InvalidInput for who is there already.
    """
    if not _may_invite(by, town_id, wanted.role):
        raise NotAllowed
    if _is_there(session, town_id, wanted.email):
        raise InvalidInput(Problem("email", N_("Whoever has this address works here already.")))
    session.execute(delete(Invitation).where(_of(town_id), Invitation.email == wanted.email, _unused()))
    token = secrets.token_urlsafe(TOKEN_BYTES)
    session.add(
        Invitation(
            token_hash=token_hash(token),
            town_id=town_id,
            role=wanted.role,
            email=wanted.email,
            invited_by=by.id,
            expires_at=func.now() + VALID,
        )
    )
    session.flush()
    deed = Deed("official.invite", wanted.email, {"role": wanted.role.value})
    audit.record(session, by, deed, town_id=town_id)
    return token


def revoke(session: Session, by: OfficialRecord, town_id: int | None, invitation_id: int) -> None:
    """Take an invitation back; Unknown where there is none of this place that could still be accepted."""
    gone = session.scalars(
        delete(Invitation)
        .where(Invitation.id == invitation_id, _of(town_id), _unused())
        .returning(Invitation.email)
    ).first()
    if gone is None:
        raise Unknown
    audit.record(session, by, Deed("invitation.revoke", gone), town_id=town_id)


def take_back_all_of(session: Session, official_id: int, town_id: int) -> None:
    """Take back what somebody invited into the town, as they may not any more."""
    session.execute(
        delete(Invitation).where(Invitation.invited_by == official_id, Invitation.town_id == town_id, _unused())
    )


def join_with_new_account(session: Session, token: str, password: str) -> SignIn:
    """Make the invited person's account with this password and role; Unknown if the link is worth nothing.

    InvalidInput when there is such an account by now: its owner signs in and accepts.
    """
    invitation = _used_up(session, token)
    made = session.execute(
        insert(Official)
        .values(email=invitation.email, password_hash=hasher().hash(password))
        .on_conflict_do_nothing(index_elements=["email"])
        .returning(Official.id, Official.session_epoch)
    ).first()
    if made is None:
        raise InvalidInput(
            Problem("password", N_("There is an account with this e-mail already. Please sign in with it."))
        )
    person = Person(made.id, invitation.email)
    _join(session, person, invitation)
    return SignIn(made.id, invitation.email, made.session_epoch, needs_code=False)


def join_as(session: Session, by: OfficialRecord, token: str) -> None:
    """Give the signed-in official what they are invited to; NotAllowed when somebody else is."""
    invitation = _used_up(session, token)
    if invitation.email != by.email:
        raise NotAllowed
    _join(session, Person(by.id, by.email), invitation)


def token_hash(token: str) -> bytes:
    """Under what the token is stored: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _used_up(session: Session, token: str) -> OpenInvitation:
    """The invitation, marked as used: of two who come at once only one gets it."""
    mark = token_hash(token)
    invitation = invitation_of(session, mark)
    used = session.scalars(
        update(Invitation)
        .where(Invitation.token_hash == mark, _unused(), Invitation.expires_at > func.now())
        .values(used_at=func.now())
        .returning(Invitation.id)
    ).first()
    if used is None:
        raise Unknown
    return invitation


def _join(session: Session, person: Person, invitation: OpenInvitation) -> None:
    if invitation.town_id is None:
        session.execute(update(Official).where(Official.id == person.id).values(is_admin=True))
    else:
        _raise_to(session, person.id, invitation.town_id, invitation.role)
    session.flush()
    deed = Deed("official.join", person.email, {"role": invitation.role.value, "by": invitation.invited_by})
    audit.record(session, person, deed, town_id=invitation.town_id)


def _raise_to(session: Session, official_id: int, town_id: int, role: Role) -> None:
    """Give the role unless they have more by now."""
    row = session.get(TownRole, (official_id, town_id), with_for_update=True)
    if row is None:
        session.add(TownRole(official_id=official_id, town_id=town_id, role=role))
    elif RANK[Role(row.role)] < RANK[role]:
        row.role = role


def _may_invite(by: OfficialRecord, town_id: int | None, role: Role) -> bool:
    if town_id is None:
        return by.is_admin and role == Role.ADMIN
    own = by.role_in(town_id)
    return own is not None and by.may(town_id, Role.EDITOR) and role in roles_up_to(own)


def _is_there(session: Session, town_id: int | None, email: str) -> bool:
    query = select(Official.id).where(Official.email == email)
    if town_id is None:
        query = query.where(Official.is_admin)
    else:
        query = query.join(TownRole).where(TownRole.town_id == town_id)
    return session.scalar(query) is not None


def _of(town_id: int | None) -> ColumnElement[bool]:
    return Invitation.town_id.is_(None) if town_id is None else Invitation.town_id == town_id


def _unused() -> ColumnElement[bool]:
    return Invitation.used_at.is_(None)
