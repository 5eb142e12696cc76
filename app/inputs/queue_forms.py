"""What a moderator asks of the queue: a reason to filter by, and deeds on one pin, on ticked ones, or on all."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from app.errors import Malformed, Problem
from app.i18n import N_
from app.inputs.fields import storable
from app.inputs.reasons import Hiding, parse_hiding
from app.models import FlagKind

WAITING = "waiting"
"""The filter for pins that wait although nothing about them was noticed."""
FILTERS = (*FlagKind, WAITING)
MOST_MASK_WORDS = 20
MOST_TICKED = 2000
SPAN = re.compile(r"(\d{1,5})-(\d{1,5})")


class What(StrEnum):
    """What may be done to pins of the queue."""

    APPROVE = "approve"
    MASK = "mask"
    HIDE = "hide"
    HOLD = "hold"


@dataclass(frozen=True)
class Target:
    """A pin somebody decides about; `seen`: when it had last changed as they read it."""

    id: uuid.UUID
    seen: datetime | None = None


@dataclass(frozen=True)
class Masking:
    """Which words to cover: those that are marked, but for some, and others that were written down."""

    words: tuple[str, ...] = ()
    keep: frozenset[tuple[int, int]] = frozenset()


@dataclass(frozen=True)
class QueueDeed:
    """One decision: about these pins, or about all that stand in the queue for a reason, as it was then."""

    what: What
    targets: tuple[Target, ...]
    all_of: str | None = None
    """A filter whose every pin is meant; "" for the whole queue, None when it is about `targets`."""
    as_of: datetime | None = None
    hiding: Hiding | None = None
    masking: Masking = Masking()


def parse_reason(text: str | None) -> str | None:
    """The reason by which the queue is filtered, or None for all."""
    if not text:
        return None
    if text not in FILTERS:
        raise Malformed(
            Problem("reason", N_("This must be one of: %(allowed)s."), {"allowed": ", ".join(FILTERS)})
        )
    return str(text)


def parse_deed(form: Mapping[str, str], ticked: Sequence[str]) -> QueueDeed:
    """What the pressed button means: a verb, then a pin, "ticked" or "all", then the reason to hide, if any.

    "approve 0b7e…", "hide 0b7e… person", "mask ticked", "hide all".
    """
    verb, _, rest = form.get("deed", "").partition(" ")
    target, _, ready = rest.partition(" ")
    if verb not in set(What):
        raise Malformed(Problem("deed", N_("This must be one of: %(allowed)s."), {"allowed": ", ".join(What)}))
    what = What(verb)
    targets: tuple[Target, ...] = ()
    all_of = as_of = None
    if target == "all":
        all_of, as_of = parse_reason(form.get("only", "")) or "", parse_moment("as_of", form.get("as_of", ""))
        if as_of is None:
            raise Malformed(Problem("as_of", N_("This is missing.")))
    elif target == "ticked":
        targets = tuple(_target(form, text) for text in ticked[:MOST_TICKED])
    else:
        targets = (_target(form, target),)
    hiding = _hiding(form, target, ready) if what is What.HIDE else None
    masking = parse_masking(form.get(f"mask.{target}", ""), form.get(f"keep.{target}", ""))
    return QueueDeed(what, targets, all_of, as_of, hiding, masking)


def parse_masking(words: str, keep: str = "") -> Masking:
    """Words to cover, separated by commas or lines; and marked places to leave, as "3-14 20-31"."""
    if not storable(words):
        raise Malformed(Problem("words", N_("The text holds characters that can't be stored.")))
    found = tuple(word.strip() for word in re.split(r"[,\n]", words) if word.strip())
    spans = frozenset((int(start), int(end)) for start, end in SPAN.findall(keep))
    return Masking(found[:MOST_MASK_WORDS], spans)


def parse_seen(form: Mapping[str, str]) -> datetime | None:
    """When the pin had last changed as the official read it."""
    return parse_moment("seen", form.get("seen", ""))


def parse_entry(form: Mapping[str, str]) -> int:
    """The number of the deed that shall be taken back."""
    text = form.get("entry", "")
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise Malformed(Problem("entry", N_("This is not an id.")))
    return int(text)


def parse_moment(field: str, text: str) -> datetime | None:
    """A moment as our pages write it into forms."""
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise Malformed(Problem(field, N_("This must be a date and time like 2026-09-14T08:00:00Z."))) from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _target(form: Mapping[str, str], text: str) -> Target:
    try:
        pin = uuid.UUID(text)
    except ValueError as error:
        raise Malformed(Problem("pin", N_("This is not an id."))) from error
    return Target(pin, parse_moment("seen", form.get(f"seen.{pin}", "")))


def _hiding(form: Mapping[str, str], target: str, ready: str) -> Hiding:
    return parse_hiding(
        {"ready": ready or form.get(f"ready.{target}", ""), "reason": form.get(f"own.{target}", "")}
    )
