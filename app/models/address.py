"""Addresses of a town, from its RÚIAN list: what people look up when they can't find a place on the map."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, PointWgs84
from app.models.town import Town

LABEL_WORDS = text("to_tsvector('simple'::regconfig, plain_words(label))")
"""The words of an address without diacritics, as the search compares them."""


class Address(Base):
    """One address point."""

    __tablename__ = "address"
    __table_args__ = (Index("ix_address_words", LABEL_WORDS, postgresql_using="gin"),)

    town_id: Mapped[int] = mapped_column(ForeignKey(Town.id, ondelete="CASCADE"), primary_key=True)
    code: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    """RÚIAN code of the address point (Kód ADM)."""
    label: Mapped[str]
    """As people write it: "Široká 12/3, Chrudim II"."""
    street: Mapped[str | None]
    """The street, or None where a part of the town has no street names."""
    number: Mapped[str]
    part: Mapped[str | None]
    """The part of the municipality (část obce)."""
    position: Mapped[PointWgs84]
