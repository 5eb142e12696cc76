"""Officials as the pages need them: who they are and what they may do, whole and frozen."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.models import Official, Role

RANK = {role: rank for rank, role in enumerate(Role)}
"""Roles from the least to the most; each may do what those before it may."""


@dataclass(frozen=True)
class OfficialRecord:
    """One signed-in official; `roles` by the id of the town."""

    id: int
    email: str
    is_admin: bool
    session_epoch: int
    roles: Mapping[int, Role]
    has_second_factor: bool = False

    def role_in(self, town_id: int) -> Role | None:
        """The role in a town, or None for a stranger there."""
        return Role.ADMIN if self.is_admin else self.roles.get(town_id)

    def may(self, town_id: int, role: Role) -> bool:
        """Whether they may do in this town what the role may."""
        own = self.role_in(town_id)
        return own is not None and RANK[own] >= RANK[role]

    def within(self, towns: Collection[int]) -> OfficialRecord:
        """The same official with nothing but their roles in these towns."""
        return replace(
            self, is_admin=False, roles={town: self.roles[town] for town in towns if town in self.roles}
        )

    @property
    def town_ids(self) -> list[int] | None:
        """The towns whose maps they see; None for all."""
        return None if self.is_admin else sorted(self.roles)


def find_official(session: Session, official_id: int) -> OfficialRecord | None:
    """The official of this id with the roles of this moment."""
    row = session.scalar(select(Official).where(Official.id == official_id).options(selectinload(Official.roles)))
    if row is None:
        return None
    # "admin" of a town row would be more than a town can give: there it counts as editor.
    roles = {r.town_id: min(Role(r.role), Role.EDITOR, key=RANK.__getitem__) for r in row.roles}
    return OfficialRecord(row.id, row.email, row.is_admin, row.session_epoch, roles, row.totp_secret is not None)
