"""The log of deeds, read: page by page, or whole."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.inputs.audit import AuditFilter
from app.models import AuditEntry, Town

PAGE_ENTRIES = 50
STREAM_ROWS = 1000


@dataclass(frozen=True)
class Entry:
    """One deed as it is written in the log."""

    id: int
    at: datetime
    official: str
    town: str | None
    """The name of the town, if it is still there."""
    map_slug: str | None
    action: str
    subject: str | None
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class EntryPage:
    """One page of the log, the newest first; `next` is where the next one begins."""

    entries: list[Entry]
    next: int | None


@dataclass(frozen=True)
class Choices:
    """What there is to filter by."""

    officials: list[str]
    maps: list[str]
    actions: list[str]


def list_entries(session: Session, town_id: int | None, wanted: AuditFilter, before: int | None) -> EntryPage:
    """One page of the log of a town, or of the whole server."""
    query = _query(town_id, wanted).order_by(AuditEntry.id.desc()).limit(PAGE_ENTRIES + 1)
    if before is not None:
        query = query.where(AuditEntry.id < before)
    found = [_entry(row) for row in session.execute(query)]
    shown = found[:PAGE_ENTRIES]
    return EntryPage(shown, shown[-1].id if len(found) > PAGE_ENTRIES else None)


def stream_entries(session: Session, town_id: int | None, wanted: AuditFilter) -> Iterator[Entry]:
    """All matching entries, the oldest first, read in batches."""
    query = _query(town_id, wanted).order_by(AuditEntry.id)
    for row in session.execute(query, execution_options={"yield_per": STREAM_ROWS}):
        yield _entry(row)


def choices(session: Session, town_id: int | None) -> Choices:
    """The people, maps and deeds that this log knows, each once."""
    rows = session.execute(
        _of_town(select(AuditEntry.official, AuditEntry.map_slug, AuditEntry.action), town_id).distinct()
    ).all()
    return Choices(
        sorted({official for official, _, _ in rows}),
        sorted({slug for _, slug, _ in rows if slug}),
        sorted({action for _, _, action in rows}),
    )


def _query(town_id: int | None, wanted: AuditFilter) -> Select[*tuple[Any, ...]]:
    query = _of_town(
        select(
            AuditEntry.id,
            AuditEntry.at,
            AuditEntry.official,
            Town.name,
            AuditEntry.map_slug,
            AuditEntry.action,
            AuditEntry.subject,
            AuditEntry.detail,
        ).outerjoin(Town, Town.id == AuditEntry.town_id),
        town_id,
    )
    conditions = {
        AuditEntry.official: wanted.official,
        AuditEntry.map_slug: wanted.map_slug,
        AuditEntry.action: wanted.action,
    }
    query = query.where(*(column == value for column, value in conditions.items() if value is not None))
    if wanted.since is not None:
        query = query.where(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(AuditEntry.at < wanted.until)
    return query


def _of_town(query: Select[*tuple[Any, ...]], town_id: int | None) -> Select[*tuple[Any, ...]]:
    return query if town_id is None else query.where(AuditEntry.town_id == town_id)


def _entry(row: Any) -> Entry:
    return Entry(*row)
