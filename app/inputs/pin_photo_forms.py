"""What an official decides of a photo: show it, refuse it for a reason, cover parts of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.errors import Malformed, Problem, Unacceptable
from app.i18n import N_, Language
from app.inputs.fields import storable
from app.inputs.pin_photos import parse_alt

MOST_BOXES: Final = 40
MOST_REASON_CHARACTERS: Final = 500
BOX: Final = re.compile(r"(\d{1,4}) (\d{1,4}) (\d{1,4}) (\d{1,4})")
PARTS: Final = 1000
"""Places in a photo are told in thousandths of its width and height."""
MARK: Final = "|"

PHOTO_REASONS: Mapping[str, str] = {
    "person": N_("People can be recognised in it."),
    "traces": N_("A number plate or somebody’s name can be read in it."),
    "elsewhere": N_("It does not show this place."),
    "rude": N_("It is vulgar or insulting."),
    "advert": N_("It is an advertisement."),
}
"""Reasons to refuse a photo that can be chosen."""


class PhotoWhat(StrEnum):
    """What may be done about a photo."""

    SHOW = "show"
    REFUSE = "refuse"
    COVER = "cover"


class PhotosOf(StrEnum):
    """Which photos that wait are refused at once."""

    AUTHOR = "author"
    HOUR = "hour"


@dataclass(frozen=True)
class ManyPhotos:
    """Photos to be refused at once, unseen, and why."""

    of: PhotosOf
    reason: str


@dataclass(frozen=True)
class Box:
    """A part of a photo, in thousandths of its width and height from the top left."""

    left: int
    top: int
    right: int
    bottom: int


@dataclass(frozen=True)
class PhotoDeed:
    """One decision about a photo, as it was seen."""

    what: PhotoWhat
    seen: str
    alt: str | None = None
    """What is to be seen, as the official leaves it."""
    reason: str | None = None
    """As it is stored: the key of a ready one, a mark, own words."""
    boxes: tuple[Box, ...] = ()


def parse_photo_deed(form: Mapping[str, str]) -> PhotoDeed:
    """What the pressed button means; Malformed for what no button says, Unacceptable for what is missing."""
    verb = form.get("deed", "")
    if verb not in set(PhotoWhat):
        allowed = {"allowed": ", ".join(PhotoWhat)}
        raise Malformed(Problem("deed", N_("This must be one of: %(allowed)s."), allowed))
    what = PhotoWhat(verb)
    alt = parse_alt(form.get("alt", ""))
    reason = _reason(form) if what is PhotoWhat.REFUSE else None
    boxes = _boxes(form.get("boxes", "")) if what is PhotoWhat.COVER else ()
    return PhotoDeed(what, form.get("seen", "")[:32], alt, reason, boxes)


def parse_many_photos(form: Mapping[str, str]) -> ManyPhotos:
    """Which photos to refuse at once; Malformed for what no button says, Unacceptable without a reason."""
    of = form.get("of", "")
    if of not in set(PhotosOf):
        raise Malformed(Problem("of", N_("This must be one of: %(allowed)s."), {"allowed": ", ".join(PhotosOf)}))
    return ManyPhotos(PhotosOf(of), _reason(form))


def photo_reason_words(stored: str | None, language: Language) -> str | None:
    """A stored reason as a reader of this language gets it; own words stay as they were written."""
    if not stored:
        return None
    key, mark, words = stored.partition(MARK)
    ready = language.gettext(PHOTO_REASONS[key]) if mark and key in PHOTO_REASONS else ""
    return " ".join(part for part in (ready, words if mark else stored) if part) or None


def _reason(form: Mapping[str, str]) -> str:
    ready, words = form.get("ready", ""), form.get("reason", "")
    if ready and ready not in PHOTO_REASONS:
        allowed = {"allowed": ", ".join(PHOTO_REASONS)}
        raise Malformed(Problem("ready", N_("This must be one of: %(allowed)s."), allowed))
    if not storable(words):
        raise Malformed(Problem("reason", N_("The text holds characters that can't be stored.")))
    words = words.strip()
    if not ready and not words:
        raise Unacceptable(Problem("reason", N_("Give a reason. The author will read it.")))
    if len(words) > MOST_REASON_CHARACTERS:
        most = {"most": MOST_REASON_CHARACTERS}
        raise Unacceptable(Problem("reason", N_("The reason has at most %(most)s characters."), most))
    return f"{ready}{MARK}{words}"


def _boxes(text: str) -> tuple[Box, ...]:
    """Boxes as "left top right bottom", parted by semicolons."""
    found: list[Box] = []
    for part in filter(None, (one.strip() for one in text.split(";"))):
        numbers = BOX.fullmatch(part)
        if numbers is None or len(found) == MOST_BOXES:
            raise Malformed(Problem("boxes", N_("These are not parts of the photo.")))
        left, top, right, bottom = (min(int(number), PARTS) for number in numbers.groups())
        if left < right and top < bottom:
            found.append(Box(left, top, right, bottom))
    if not found:
        raise Unacceptable(Problem("boxes", N_("Mark what to cover in the photo first.")))
    return tuple(found)
