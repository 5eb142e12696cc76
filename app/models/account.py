"""Officials: people with an account, and what they may do for which town."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Identity, UniqueConstraint, func, text
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
    __table_args__ = (UniqueConstraint("oidc_issuer", "oidc_subject"),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    """In lower case."""
    password_hash: Mapped[str]
    is_admin: Mapped[bool] = mapped_column(server_default=text("false"))
    totp_secret: Mapped[bytes | None]
    """Sealed with the server's key (services/sealing.py); set once the second factor has been confirmed."""
    totp_last_step: Mapped[int | None]
    """The 30-second step of the last code taken: none works twice."""
    recovery_hashes: Mapped[list[str]] = mapped_column(server_default="{}")
    """Hashes of the codes that each replace the second factor once."""
    oidc_issuer: Mapped[str | None]
    oidc_subject: Mapped[str | None]
    """Who this is for the town's identity provider, kept at the first sign-in through it."""
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


class OfficialSession(Base):
    """One browser in which an official is signed in; its cookie holds the key, this row only the key's hash."""

    __tablename__ = "official_session"

    key_hash: Mapped[bytes] = mapped_column(primary_key=True)
    official_id: Mapped[int] = mapped_column(ForeignKey(Official.id, ondelete="CASCADE"), index=True)
    browser: Mapped[str]
    """In words a person knows: "Firefox, Windows"; never an address."""
    began_at: Mapped[datetime] = mapped_column(server_default=func.now())
    seen_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """To some minutes: not every answer writes it."""


class Invitation(Base):
    """A link by which somebody becomes an official; it works once, and not for ever."""

    __tablename__ = "invitation"
    __table_args__ = (one_of("role", Role),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    town_id: Mapped[int | None] = mapped_column(ForeignKey(Town.id, ondelete="CASCADE"), index=True)
    """None: for the whole server."""
    role: Mapped[str]
    email: Mapped[str]
    invited_by: Mapped[int | None] = mapped_column(ForeignKey(Official.id, ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class AccessToken(Base):
    """A personal token by which an official's GIS client reads; kept as its hash only."""

    __tablename__ = "access_token"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    official_id: Mapped[int] = mapped_column(ForeignKey(Official.id, ondelete="CASCADE"), index=True)
    name: Mapped[str]
    """What it is for, in the official's words: "QGIS on the planning desk"."""
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    towns: Mapped[list[int] | None]
    """The only towns it opens, as the session in which it was made opened no others; None: all of theirs."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime | None]


class IdentityProvider(Base):
    """Where the officials of a town sign in with the account they have anyway (OpenID Connect)."""

    __tablename__ = "identity_provider"

    town_id: Mapped[int] = mapped_column(ForeignKey(Town.id, ondelete="CASCADE"), primary_key=True)
    name: Mapped[str]
    """What the button calls it."""
    issuer: Mapped[str]
    client_id: Mapped[str]
    client_secret: Mapped[bytes]
    """Sealed with the server's key."""
