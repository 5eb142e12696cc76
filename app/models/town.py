"""A town: the tenant, known by its RÚIAN municipality code."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Identity, func
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class Town(Base):
    """A municipality. Its boundary is that of its maps, which may cover only a part of it."""

    __tablename__ = "town"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    ruian: Mapped[int | None] = mapped_column(unique=True)
    """RÚIAN code of the municipality, six digits; names repeat, codes don't."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
