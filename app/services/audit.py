"""The log of what officials did: each deed is written down in the transaction that does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from app.i18n import N_
from app.models import AuditEntry

SERVER = "server"
"""The name in the log for what no official did."""

ACTIONS: Mapping[str, str] = {
    "pin.hide": N_("hid a pin"),
    "pin.show": N_("showed a pin again"),
    "pin.approve": N_("approved a pin"),
    "pin.hold": N_("put a pin back to wait"),
}
"""Every deed by its key, in words."""


class Place(Protocol):
    """Where something was done: a map."""

    @property
    def id(self) -> int:
        """Its id."""

    @property
    def slug(self) -> str:
        """Its address."""

    @property
    def town_id(self) -> int:
        """Its town."""


class Actor(Protocol):
    """Who does it: an official's record, or the server itself."""

    @property
    def id(self) -> int | None:
        """The official's id."""

    @property
    def email(self) -> str:
        """The name in the log."""


@dataclass(frozen=True)
class Server:
    """What happens by itself, or from the command line."""

    id: None = None
    email: str = SERVER


BY_ITSELF = Server()


@dataclass(frozen=True)
class Deed:
    """What was done, to what; `detail` never holds what citizens wrote."""

    action: str
    subject: str | None = None
    detail: Mapping[str, object] | None = None


def record(
    session: Session, actor: Actor, deed: Deed, *, the_map: Place | None = None, town_id: int | None = None
) -> None:
    """Write the deed down; it is kept if the transaction is.

    `town_id` is for what belongs to a town but to no map; neither: a deed on the whole server.
    """
    if deed.action not in ACTIONS:
        msg = f"unknown deed: {deed.action}"
        raise ValueError(msg)
    session.add(
        AuditEntry(
            official_id=actor.id,
            official=actor.email,
            town_id=the_map.town_id if the_map else town_id,
            map_id=the_map.id if the_map else None,
            map_slug=the_map.slug if the_map else None,
            action=deed.action,
            subject=deed.subject,
            detail=dict(deed.detail or {}),
        )
    )
    session.flush()
