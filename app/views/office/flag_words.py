"""Words for what the queue noticed, and the comment cut into pieces so that the page can mark them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.i18n import N_
from app.inputs.queue_forms import WAITING
from app.models import FlagKind
from app.queries.queue import Flagged, Review
from app.services.flags import BURST_S, CLOSE_M
from app.views.reader import reader_language

WHY: Mapping[FlagKind, str] = {
    FlagKind.PHONE: N_("there is a phone number"),
    FlagKind.EMAIL: N_("there is an e-mail address"),
    FlagKind.BIRTH_NUMBER: N_("there is a birth number"),
    FlagKind.NUMBER_PLATE: N_("there is a number plate"),
    FlagKind.LINK: N_("there is a link"),
    FlagKind.VULGAR: N_("there is a vulgar word"),
    FlagKind.OUTSIDE: N_("it lies outside the boundary"),
    FlagKind.REPEATED: N_("the same text stands on the map several times"),
    FlagKind.BURST: N_("many pins at once"),
    FlagKind.CLOSE: N_("one person pinned this place several times"),
}
"""Why a pin is in the queue, as half a sentence; those with a number say it where it is known."""
SHORT: Mapping[str, str] = {
    FlagKind.PHONE: N_("phone"),
    FlagKind.EMAIL: N_("e-mail"),
    FlagKind.BIRTH_NUMBER: N_("birth number"),
    FlagKind.NUMBER_PLATE: N_("number plate"),
    FlagKind.LINK: N_("link"),
    FlagKind.VULGAR: N_("vulgar word"),
    FlagKind.REPEATED: N_("same text"),
    FlagKind.BURST: N_("many at once"),
    FlagKind.CLOSE: N_("same place"),
    FlagKind.OUTSIDE: N_("outside"),
    WAITING: N_("nothing noticed"),
}
"""The same as one chooses by it."""


@dataclass(frozen=True)
class Piece:
    """A part of a comment: plain, or marked for a reason."""

    text: str
    start: int
    kind: FlagKind | None = None

    @property
    def end(self) -> int:
        """Where it ends in the comment."""
        return self.start + len(self.text)


def why(flag: Flagged) -> str:
    """One reason in the reader's language."""
    words, n = reader_language(), flag.detail.get("n")
    if not isinstance(n, int):
        return words.gettext(WHY[flag.kind])
    if flag.kind is FlagKind.REPEATED:
        return words.ngettext("the same text %(n)s time", "the same text %(n)s times", n)
    if flag.kind is FlagKind.CLOSE:
        return words.gettext(N_("%(n)s pins of one person within %(metres)s m"), {"n": n, "metres": CLOSE_M})
    if flag.detail.get("people"):
        return words.gettext(N_("%(n)s new people in one place within seconds"), {"n": n})
    return words.gettext(N_("%(n)s pins of one person within %(seconds)s seconds"), {"n": n, "seconds": BURST_S})


def pieces(comment: str, flags: Iterable[Flagged], answer: str | None = None) -> list[Piece]:
    """The comment (or the answer of this key) in pieces, those marked that nobody has settled."""
    marked: list[tuple[int, int, FlagKind]] = []
    for flag in flags:
        if not flag.settled:
            marked += [(start, end, flag.kind) for start, end in _spans(flag.detail, answer)]
    found, at = [], 0
    for start, end, kind in sorted(marked):
        if start < at or end > len(comment):
            continue
        if start > at:
            found.append(Piece(comment[at:start], at))
        found.append(Piece(comment[start:end], start, kind))
        at = end
    if at < len(comment):
        found.append(Piece(comment[at:], at))
    return found


def has_marks(review: Review) -> bool:
    """Whether words of the comment are marked."""
    return any(flag.detail.get("spans") for flag in review.open_flags)


def _spans(detail: Mapping[str, Any], answer: str | None) -> list[tuple[int, int]]:
    given = detail.get("spans", ()) if answer is None else detail.get("answers", {}).get(answer, ())
    return [(start, end) for start, end in given]
