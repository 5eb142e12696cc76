"""What all tables share: names of constraints, column types, enumerations kept as checked text."""

from __future__ import annotations

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from geoalchemy2 import Geometry, WKBElement
from sqlalchemy import BigInteger, CheckConstraint, DateTime, LargeBinary, MetaData, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

PointWgs84 = Annotated[WKBElement, mapped_column(Geometry("POINT", srid=4326, spatial_index=False))]
"""A point in EPSG:4326, longitude first; its GiST index is written out with the table."""

AreaWgs84 = Annotated[WKBElement, mapped_column(Geometry("MULTIPOLYGON", srid=4326, spatial_index=False))]
"""A MultiPolygon in EPSG:4326."""

Texts = dict[str, str]
"""One text in several languages: {"cs": …, "en": …}."""


class Base(DeclarativeBase):
    """The declarative base of every table."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        int: BigInteger,
        str: Text,
        bytes: LargeBinary,
        datetime: DateTime(timezone=True),
        uuid.UUID: Uuid,
        Texts: JSONB,
        dict[str, Any]: JSONB,
        dict[str, Any] | None: JSONB(none_as_null=True),
        list[dict[str, Any]]: JSONB,
        list[str]: ARRAY(Text),
        list[int] | None: ARRAY(BigInteger),
    }


def one_of(column: str, allowed: type[StrEnum]) -> CheckConstraint:
    """A check that the text column holds a member: a new member needs no ALTER TYPE."""
    members = ", ".join(f"'{member.value}'" for member in allowed)
    return CheckConstraint(f"{column} IN ({members})", name=column)
