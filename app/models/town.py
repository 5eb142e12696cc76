"""A town: the tenant, known by its RÚIAN municipality code."""

from __future__ import annotations

from datetime import datetime
from typing import Any

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
    ico: Mapped[str | None]
    """The municipality's identification number (IČO), eight digits: who publishes open data."""
    addresses: Mapped[dict[str, Any] | None]
    """Whence the rows of `address` are: {"source", "loaded_at", "count"}."""
    census: Mapped[dict[str, Any] | None]
    """Who lives here: {"source", "groups": [{"from", "to" (null: and over), "sex" ("f" or "m"), "people"}]}."""
    vulgar_words: Mapped[list[str]] = mapped_column(server_default="{}")
    """Words the queue minds here beside the built-in list, plain and in lower case."""
    ordinary_words: Mapped[list[str]] = mapped_column(server_default="{}")
    """Words of the built-in list that this town lets pass."""
    accessibility: Mapped[dict[str, Any] | None]
    """What its accessibility statement says beside the law's own sentences (inputs/accessibility_form.py)."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
