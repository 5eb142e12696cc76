"""The roles of people: changed and taken away, in a town by its editors, on the server by its admins."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.errors import InvalidInput, NotAllowed, Problem, Unknown
from app.i18n import N_
from app.models import Invitation, Official, Role, TownRole
from app.queries.accounts import RANK, OfficialRecord
from app.queries.colleagues import colleague, may_mend_sign_in, roles_up_to
from app.services import audit
from app.services.accounts import Person, end_sessions, record_own, set_password
from app.services.audit import Deed
from app.services.invitations import take_back_all_of
from app.services.sealing import derived_key
from app.services.tokens import revoke_of_outsider

RESET_VALID = timedelta(hours=24)


def change_role(session: Session, by: OfficialRecord, town_id: int, official_id: int, role: Role) -> None:
    """Give a colleague another role in the town; InvalidInput for more than one has, or for the last editor."""
    row = _locked_role(session, town_id, official_id)
    if role == row.role:
        return
    own = by.role_in(town_id) or Role.VIEWER
    if role not in roles_up_to(own):
        raise InvalidInput(Problem("role", N_("You can’t give more than you have yourself.")))
    _keep_an_editor(session, by, row, role)
    before, row.role = row.role, role
    if RANK[role] < RANK[Role.EDITOR]:
        take_back_all_of(session, official_id, town_id)
    session.flush()
    deed = Deed("official.role", _email(session, official_id), {"from": before, "to": role.value})
    audit.record(session, by, deed, town_id=town_id)


def remove_colleague(session: Session, by: OfficialRecord, town_id: int, official_id: int) -> None:
    """Take the role in the town from somebody; their account stays. InvalidInput for the last editor."""
    row = _locked_role(session, town_id, official_id)
    _keep_an_editor(session, by, row, None)
    email, before = _email(session, official_id), row.role
    session.execute(delete(TownRole).where(TownRole.official_id == official_id, TownRole.town_id == town_id))
    take_back_all_of(session, official_id, town_id)
    _end_of_outsider(session, official_id)
    audit.record(session, by, Deed("official.remove", email, {"from": before}), town_id=town_id)


def set_admin(session: Session, by: OfficialRecord, official_id: int, *, admin: bool) -> None:
    """Make somebody an admin of the server, or no longer; InvalidInput for the last one."""
    if not by.is_admin:
        raise NotAllowed
    admins = session.scalars(
        select(Official).where(Official.is_admin).order_by(Official.id).with_for_update()
    ).all()
    row = session.get(Official, official_id)
    if row is None:
        raise Unknown
    if row.is_admin == admin:
        return
    if not admin and [one.id for one in admins] == [official_id]:
        raise InvalidInput(Problem("role", N_("This is the last admin: make somebody else one first.")))
    row.is_admin = admin
    if not admin:
        session.execute(
            delete(Invitation).where(Invitation.invited_by == official_id, Invitation.used_at.is_(None))
        )
    session.flush()
    _end_of_outsider(session, official_id)
    detail = {"from": None if admin else Role.ADMIN.value, "to": Role.ADMIN.value if admin else None}
    audit.record(session, by, Deed("official.role", row.email, detail))


def reset_token(
    session: Session, by: OfficialRecord, official_id: int, *, town_id: int | None, key: bytes, now: datetime
) -> str:
    """The token of a link by which a person sets a new password, once; NotAllowed for who is not theirs alone."""
    person = colleague(session, official_id, town_id)
    if not may_mend_sign_in(by, person):
        raise NotAllowed
    expires = int((now + RESET_VALID).timestamp())
    row = session.get_one(Official, official_id)
    audit.record(session, by, Deed("official.reset_link", person.email), town_id=town_id)
    mark = _reset_mark(key, row, expires)
    return f"{official_id}.{expires}.{mark}"


def account_of_reset(session: Session, token: str, *, key: bytes, now: datetime | None = None) -> Person:
    """Whose new password the link is for; Unknown when it was used, is too old, or is not ours."""
    parts = token.split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 16 for part in parts[:2]):
        raise Unknown
    official_id, expires = int(parts[0]), int(parts[1])
    row = session.get(Official, official_id)
    if row is None or not hmac.compare_digest(_reset_mark(key, row, expires).encode(), parts[2].encode()):
        raise Unknown
    if expires < (now or datetime.now(UTC)).timestamp():
        raise Unknown
    return Person(row.id, row.email)


def set_password_by_link(session: Session, token: str, password: str, *, key: bytes) -> Person:
    """Set the password of the link's account; the link is worth nothing afterwards, and sessions end."""
    person = account_of_reset(session, token, key=key)
    session.scalars(select(Official).where(Official.id == person.id).with_for_update()).one()
    session.expire_all()
    person = account_of_reset(session, token, key=key)  # of two that come at once the second finds it used
    set_password(session, person.id, password)
    record_own(session, person, Deed("account.new_password"))
    return person


def _reset_mark(key: bytes, row: Official, expires: int) -> str:
    """A mark that fits only until the password changes: the link works once and needs no row of its own.

    It also fits only this standing: who was somebody of one town when the link was made may be more by now, and
    whoever made the link would sign in with that.
    """
    standing = sorted((role.town_id, str(role.role)) for role in row.roles)
    text = f"{row.id}.{expires}.{row.password_hash}.{row.is_admin}.{standing}".encode()
    made = hmac.new(derived_key(key, "new password"), text, hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).rstrip(b"=").decode()


def _locked_role(session: Session, town_id: int, official_id: int) -> TownRole:
    """The role, with those of all colleagues locked: two editors can't remove each other at the same moment."""
    rows = session.scalars(
        select(TownRole).where(TownRole.town_id == town_id).order_by(TownRole.official_id).with_for_update()
    ).all()
    found = next((row for row in rows if row.official_id == official_id), None)
    if found is None:
        raise Unknown
    return found


def _keep_an_editor(session: Session, by: OfficialRecord, row: TownRole, role: Role | None) -> None:
    if by.is_admin or RANK[Role(row.role)] < RANK[Role.EDITOR] or role == Role.EDITOR:
        return
    others = session.scalar(
        select(TownRole.official_id)
        .where(
            TownRole.town_id == row.town_id,
            TownRole.official_id != row.official_id,
            TownRole.role.in_([Role.EDITOR, Role.ADMIN]),
        )
        .limit(1)
    )
    if others is None:
        raise InvalidInput(
            Problem("role", N_("This is the last editor of the town: make somebody else one first."))
        )


def _end_of_outsider(session: Session, official_id: int) -> None:
    """Who has no role left is signed in nowhere, and their tokens open nothing, also when a new role comes."""
    if revoke_of_outsider(session, official_id):
        end_sessions(session, official_id)


def _email(session: Session, official_id: int) -> str:
    return session.scalars(select(Official.email).where(Official.id == official_id)).one()
