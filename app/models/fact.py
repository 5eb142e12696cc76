"""Facts that a town lays beside the feelings: lamps, cameras, bus stops, records of the police."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import ForeignKey, Identity, Index, Integer, func
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base, one_of
from app.models.town import Town

AnyWgs84 = Annotated[WKBElement, mapped_column(Geometry("GEOMETRY", srid=4326, spatial_index=False))]
"""Points, lines or areas in EPSG:4326."""


class FactShape(StrEnum):
    """What the features of a layer are."""

    POINTS = "points"
    LINES = "lines"
    AREAS = "areas"


class FactLayer(Base):
    """One layer of a town; for its office only."""

    __tablename__ = "fact_layer"
    __table_args__ = (one_of("shape", FactShape),)

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    town_id: Mapped[int] = mapped_column(ForeignKey(Town.id, ondelete="CASCADE"), index=True)
    name: Mapped[str]
    """What one of them is called in a sentence, in the plural: "street lamps"."""
    shape: Mapped[str]
    source: Mapped[dict[str, Any]]
    """Whence it is: {"file"} or {"address"}, with {"note"}: who gave it, of which day, under which terms."""
    features: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(Integer, server_default="1")
    """Grows with every loading."""
    loaded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Fact(Base):
    """One feature of a layer."""

    __tablename__ = "fact"
    __table_args__ = (Index("ix_fact_place", "place", postgresql_using="gist"),)

    layer_id: Mapped[int] = mapped_column(ForeignKey(FactLayer.id, ondelete="CASCADE"), primary_key=True)
    n: Mapped[int] = mapped_column(Integer, primary_key=True)
    """Its number in the file."""
    place: Mapped[AnyWgs84]
    label: Mapped[str | None]
    happened_on: Mapped[date | None]
