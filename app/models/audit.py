"""The log of what officials did: rows are added, never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Identity, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class AuditEntry(Base):
    """One thing an official did.

    It names officials, towns and maps by text and holds no foreign key, so that it outlives them; a trigger
    (migration 0002) refuses to change or delete it.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_town_id", "town_id", "id"),
        Index("ix_audit_entry_map_id", "map_id", "id"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=func.clock_timestamp())
    official_id: Mapped[int | None]
    official: Mapped[str]
    """The e-mail, or "server" for what happens by itself."""
    town_id: Mapped[int | None]
    map_id: Mapped[int | None]
    map_slug: Mapped[str | None]
    action: Mapped[str]
    """A key of services/audit.py: "pin.hide"."""
    subject: Mapped[str | None]
    """What it was done to: the id of a pin, an e-mail."""
    detail: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    """Before and after in few words; never what citizens wrote."""
