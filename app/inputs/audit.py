"""What of the log an official asks for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from app.config import TOWN_CLOCK
from app.errors import Malformed, Problem
from app.i18n import N_
from app.inputs.fields import storable

MOST_CHARACTERS = 300
LATEST_ID = 2**63 - 1


@dataclass(frozen=True)
class AuditFilter:
    """Whose deeds, which ones, on which map, from when until when; None is all of them."""

    official: str | None = None
    map_slug: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """The first moment that is not asked for any more."""


def parse_audit_filter(arguments: Mapping[str, str], actions: Collection[str]) -> AuditFilter:
    """The filter in the address; Malformed for a deed or a day that there is not."""
    action = _text(arguments, "action")
    if action is not None and action not in actions:
        raise Malformed(Problem("action", N_("There is no such deed.")))
    until = _day(arguments, "until")
    return AuditFilter(
        official=_text(arguments, "official"),
        map_slug=_text(arguments, "map"),
        action=action,
        since=_midnight(_day(arguments, "since")),
        until=_midnight(until + timedelta(days=1)) if until else None,
    )


def parse_before(text: str | None) -> int | None:
    """The entry a page begins before; Malformed for what is no number of one."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or not 0 < int(text[:20]) <= LATEST_ID:
        raise Malformed(Problem("before", N_("This is not a place in the list.")))
    return int(text)


def _text(arguments: Mapping[str, str], key: str) -> str | None:
    found = arguments.get(key, "").strip()
    if len(found) > MOST_CHARACTERS or not storable(found):
        raise Malformed(Problem(key, N_("This can't be asked here.")))
    return found or None


def _day(arguments: Mapping[str, str], key: str) -> date | None:
    text = arguments.get(key, "")
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if not 1900 <= found.year <= 9000:
        raise Malformed(Problem(key, N_("This is not a day.")))
    return found


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), TOWN_CLOCK) if day else None
