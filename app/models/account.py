"""Officials: people with an account, and what they may do for which town."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Identity, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base, one_of
from app.models.town import Town


class Role(StrEnum):
    """What an official may do, each including what comes before it; `admin` is of the whole server."""

    VIEWER = "viewer"
    MODERATOR = "moderator"
    EDITOR = "editor"
    ADMIN = "admin"


class Official(Base):
    """A person with an account."""

    __tablename__ = "official"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    """In lower case."""
    password_hash: Mapped[str]
    is_admin: Mapped[bool] = mapped_column(server_default=text("false"))
    session_epoch: Mapped[int] = mapped_column(server_default=text("1"))
    """Grows when the password changes: signed-in sessions of an older epoch end."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    roles: Mapped[list[TownRole]] = relationship(cascade="all, delete-orphan", back_populates="official")


class TownRole(Base):
    """The role of one official in one town."""

    __tablename__ = "town_role"
    __table_args__ = (one_of("role", Role),)

    official_id: Mapped[int] = mapped_column(ForeignKey(Official.id, ondelete="CASCADE"), primary_key=True)
    town_id: Mapped[int] = mapped_column(ForeignKey(Town.id, ondelete="CASCADE"), primary_key=True)
    role: Mapped[str]

    official: Mapped[Official] = relationship(back_populates="roles")
    town: Mapped[Town] = relationship()
