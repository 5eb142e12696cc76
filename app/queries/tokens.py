"""Personal tokens of officials: whose one is, and which ones somebody has."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ARRAY, BigInteger, ColumnElement, bindparam, func, select
from sqlalchemy.orm import Session

from app.models import AccessToken, Official, Role, Town, TownRole
from app.queries.accounts import OfficialRecord

ASLEEP_AFTER = timedelta(days=365)
"""A token that nobody has used for so long opens nothing any more: forgotten keys shall not lie about."""
USE_NOTED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class TokenRecord:
    """A token as its owner sees it."""

    id: int
    name: str
    created_at: datetime
    last_used_at: datetime | None
    is_asleep: bool


@dataclass(frozen=True)
class TokenHolder:
    """Who reads by a token: an official who may only read, in the towns that the token opens."""

    token_id: int
    official: OfficialRecord
    use_to_note: bool
    """Whether it is a while since its last use was written down."""


def holder_of(session: Session, token_hash: bytes) -> TokenHolder | None:
    """The official of this token with the roles of this moment, none above a viewer's; None for no token.

    One statement, as every tile of a map asks it.
    """
    row = session.execute(_HOLDER, {"hash": token_hash}).first()
    if row is None:
        return None
    opened: Collection[int] = row.roles
    if row.towns is not None:
        opened = set(row.roles) & set(row.towns)
    elif row.is_admin:
        opened = session.scalars(select(Town.id)).all()
    official = OfficialRecord(
        row.official_id,
        row.email,
        is_admin=False,
        session_epoch=row.session_epoch,
        roles=dict.fromkeys(opened, Role.VIEWER),
        has_second_factor=row.has_second_factor,
    )
    return TokenHolder(row.id, official, row.use_to_note)


def tokens_of(session: Session, official_id: int) -> list[TokenRecord]:
    """The tokens somebody has, the newest first."""
    columns = (AccessToken.id, AccessToken.name, AccessToken.created_at, AccessToken.last_used_at, _is_asleep())
    query = select(*columns).where(AccessToken.official_id == official_id).order_by(AccessToken.id.desc())
    return [TokenRecord(*row) for row in session.execute(query)]


def token_counts(session: Session, official_ids: Sequence[int]) -> Mapping[int, int]:
    """How many tokens each of these officials has, where they have any."""
    query = (
        select(AccessToken.official_id, func.count())
        .where(AccessToken.official_id.in_(official_ids))
        .group_by(AccessToken.official_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _is_asleep() -> ColumnElement[bool]:
    return func.coalesce(AccessToken.last_used_at, AccessToken.created_at) < func.now() - ASLEEP_AFTER


def _use_to_note() -> ColumnElement[bool]:
    return func.coalesce(AccessToken.last_used_at < func.now() - USE_NOTED_EVERY, True)


_HOLDER = (
    select(
        AccessToken.id,
        AccessToken.official_id,
        AccessToken.towns,
        Official.email,
        Official.is_admin,
        Official.session_epoch,
        Official.totp_secret.is_not(None).label("has_second_factor"),
        func.array(
            select(TownRole.town_id).where(TownRole.official_id == AccessToken.official_id).scalar_subquery(),
            type_=ARRAY(BigInteger),
        ).label("roles"),
        _use_to_note().label("use_to_note"),
    )
    .join(Official, Official.id == AccessToken.official_id)
    .where(AccessToken.token_hash == bindparam("hash"), ~_is_asleep())
)
