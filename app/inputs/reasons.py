"""Why a pin is hidden: a ready reason, own words, or both; stored so that each reads it in their language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.errors import Malformed, Problem, Unacceptable
from app.i18n import N_, Language
from app.inputs.fields import storable

MOST_REASON_CHARACTERS = 500

READY_REASONS: Mapping[str, str] = {
    "person": N_("The text names or points at a particular person."),
    "rude": N_("The text is vulgar or insulting."),
    "elsewhere": N_("It does not concern this place."),
    "repeated": N_("The same thing is on the map already."),
    "advert": N_("It is an advertisement."),
}
"""Reasons to hide a pin that can be chosen."""
MARK = "|"


@dataclass(frozen=True)
class Hiding:
    """Why a pin is hidden: one of the ready reasons, own words, or both."""

    ready: str | None
    words: str = ""

    @property
    def stored(self) -> str:
        """As it is kept with the pin: the key of the ready reason, a mark, own words; or own words alone."""
        if self.ready is None and self.words.partition(MARK)[0] not in READY_REASONS:
            return self.words
        return f"{self.ready or ''}{MARK}{self.words}"


def parse_hiding(form: Mapping[str, str]) -> Hiding:
    """The reason a form gives; Malformed for one nobody could choose, Unacceptable for none or too many words."""
    ready = form.get("ready") or None
    if ready is not None and ready not in READY_REASONS:
        raise Malformed(
            Problem("ready", N_("This must be one of: %(allowed)s."), {"allowed": ", ".join(READY_REASONS)})
        )
    words = form.get("reason", "")
    if not storable(words):
        raise Malformed(Problem("reason", N_("The text holds characters that can't be stored.")))
    words = words.strip()
    if not ready and not words:
        raise Unacceptable(Problem("reason", N_("Give a reason. The author will read it.")))
    if len(words) > MOST_REASON_CHARACTERS:
        raise Unacceptable(
            Problem("reason", N_("The reason has at most %(most)s characters."), {"most": MOST_REASON_CHARACTERS})
        )
    return Hiding(ready, words)


def stored_hiding(stored: str) -> Hiding:
    """A reason as it was stored; one from before there were keys is own words."""
    key, mark, words = stored.partition(MARK)
    if not mark or (key and key not in READY_REASONS):
        return Hiding(None, stored)
    return Hiding(key or None, words)


def reason_words(stored: str | None, language: Language) -> str | None:
    """A stored reason as a reader of this language gets it; own words stay as they were written."""
    if not stored:
        return None
    hiding = stored_hiding(stored)
    ready = language.gettext(READY_REASONS[hiding.ready]) if hiding.ready else ""
    return " ".join(part for part in (ready, hiding.words) if part)
