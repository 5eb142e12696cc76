"""Towns as the office needs them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Unknown
from app.models import Town


@dataclass(frozen=True)
class TownRecord:
    """A town with what its maps share."""

    id: int
    slug: str
    name: str
    ruian: int | None
    census: Mapping[str, Any] | None = field(repr=False)
    vulgar_words: Sequence[str]
    ordinary_words: Sequence[str]
    ico: str | None
    addresses: Mapping[str, Any] | None
    accessibility: Mapping[str, Any] | None = None
    """Its part of the accessibility statement (inputs/accessibility_form.py)."""


def find_town(session: Session, slug: str) -> TownRecord:
    """The town of this slug; Unknown where there is none."""
    row = session.scalar(select(Town).where(Town.slug == slug))
    if row is None:
        raise Unknown
    return _record(row)


def list_towns(session: Session, ids: Sequence[int] | None = None) -> list[TownRecord]:
    """All towns, or these, by name."""
    query = select(Town).order_by(Town.name, Town.id)
    if ids is not None:
        query = query.where(Town.id.in_(ids))
    return [_record(row) for row in session.scalars(query)]


def _record(row: Town) -> TownRecord:
    return TownRecord(
        row.id,
        row.slug,
        row.name,
        row.ruian,
        row.census,
        tuple(row.vulgar_words),
        tuple(row.ordinary_words),
        row.ico,
        row.addresses,
        row.accessibility,
    )
