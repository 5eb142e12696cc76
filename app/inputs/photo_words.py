"""Why a photo was not read and what to do, in words: one pair of sentences for each reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from babel.numbers import format_decimal

from app.i18n import N_, Language
from gis.paper.serial import parse_serial, shown_serial
from gis.scan.failure import Reason


@dataclass(frozen=True)
class Words:
    """What is wrong with a photo, and what helps."""

    what: str
    do: str
    by_hand: bool = False
    """Whether typing the serial and clicking the corners may help."""


WORDS: Final[Mapping[Reason, Words]] = {
    Reason.NOT_A_PICTURE: Words(
        N_("This file is no picture that we can open."),
        N_("Send a photo as the phone takes it (JPEG or HEIC), a PNG, or a scan as PDF."),
    ),
    Reason.TOO_SMALL: Words(
        N_("The picture is too small to read marks from."),
        N_("Send the photo itself, not a preview: messengers make pictures smaller, e-mail and cable don’t."),
    ),
    Reason.TOO_LARGE: Words(
        N_("The picture is too large to be opened."),
        N_("Take it in the camera’s usual quality, or scan it at 300 dpi."),
    ),
    Reason.BLURRED: Words(
        N_("The photo is blurred."),
        N_("Hold the phone with both hands, tap the sheet so that it focuses, and take the photo once more."),
        by_hand=True,
    ),
    Reason.TOO_DARK: Words(
        N_("The photo is too dark to tell the colours."),
        N_("Take the sheet to a window or a lamp and photograph it once more."),
        by_hand=True,
    ),
    Reason.TOO_BRIGHT: Words(
        N_("Light has burnt out a part of the map; marks in it would be lost."),
        N_("Turn the flash off, step out of the sun, and photograph the sheet from another side."),
        by_hand=True,
    ),
    Reason.NOT_A_SHEET: Words(
        N_("No sheet of ours can be seen in it: none of the black-and-white squares around a map."),
        N_(
            "Photograph the whole map with the white edge around it. If it is our sheet all the same, type its "
            "serial and click the four corners of the map."
        ),
        by_hand=True,
    ),
    Reason.MARKERS_HIDDEN: Words(
        N_("Too few of the black-and-white squares around the map can be seen to be sure where the marks lie."),
        N_(
            "Take away hands, cups and pencils, photograph the map with its white edge all around, or type its "
            "serial and click the four corners."
        ),
        by_hand=True,
    ),
    Reason.NO_SERIAL: Words(
        N_("It is a sheet of ours, but the small codes with its serial can’t be read."),
        N_("Type the serial; it stands at the top right of the sheet."),
        by_hand=True,
    ),
    Reason.UNKNOWN_SHEET: Words(
        N_("A sheet with this serial was not printed here."),
        N_("Check the serial. A sheet from another server must be read there."),
        by_hand=True,
    ),
    Reason.OTHER_MAP: Words(
        N_("This is a sheet of another map."),
        N_("Send its photo to the map for which it was printed."),
    ),
    Reason.SEVERAL_SHEETS: Words(
        N_("Several sheets can be seen in one photo."),
        N_("Photograph each sheet by itself, or click the corners of one of them here."),
        by_hand=True,
    ),
    Reason.NOT_FLAT: Words(
        N_("The sheet is bent or folded so much that marks would land in wrong places."),
        N_("Lay it flat on a table, press the folds down, photograph it from above; or click its four corners."),
        by_hand=True,
    ),
    Reason.NO_COLOUR: Words(
        N_("The picture is grey; the colours of the marks can’t be told apart."),
        N_("Photograph the sheet itself in colour, not a copy of it."),
    ),
    Reason.TOO_MANY_MARKS: Words(
        N_("More was found on the map than people can have put there."),
        N_("Photograph the sheet in even light, without patterns or shadows over it; or enter its marks by hand."),
        by_hand=True,
    ),
    Reason.TOO_HARD: Words(
        N_("Reading it took too long or broke off."),
        N_("Try it once more; else save the photo anew as JPEG, or photograph the sheet once more."),
    ),
}
SERIAL_IS: Final = N_("The serial on it reads %(serial)s.")
NOT_AS_TYPED: Final = N_("The codes on the sheet say %(serial)s, you typed %(typed)s.")
FRAME_OFF: Final = N_("The squares around the map lie up to %(mm)s mm off their places.")
SEEN_OF: Final = N_("%(n)s of %(all)s squares can be seen.")
HIDDEN_SIDES: Final = N_("Hidden: %(sides)s.")
SIDES: Final[Mapping[str, str]] = {
    "top": N_("at the top"),
    "right": N_("on the right"),
    "bottom": N_("at the bottom"),
    "left": N_("on the left"),
}


@dataclass(frozen=True)
class Told:
    """A refusal in the reader's language."""

    what: str
    do: str
    more: str = ""
    """What was measured, where people can use it."""
    by_hand: bool = field(default=False)


def told_refusal(reason: str | None, evidence: Mapping[str, Any], words: Language) -> Told:
    """What is wrong and what to do, in words; a reason of another version is one that broke off."""
    known = WORDS.get(Reason(reason), None) if reason in set(Reason) else None
    said = known or WORDS[Reason.TOO_HARD]
    return Told(words.gettext(said.what), words.gettext(said.do), _more(reason, evidence, words), said.by_hand)


def _more(reason: str | None, evidence: Mapping[str, Any], words: Language) -> str:
    parts = []
    serial = parse_serial(str(evidence.get("serial", "")))
    typed = parse_serial(str(evidence.get("typed", "")))
    if typed and serial:
        both = {"serial": shown_serial(serial), "typed": shown_serial(typed)}
        parts.append(words.gettext(NOT_AS_TYPED, both))
    elif serial and reason in {Reason.UNKNOWN_SHEET, Reason.OTHER_MAP}:
        parts.append(words.gettext(SERIAL_IS, {"serial": shown_serial(serial)}))
    found, whole = evidence.get("found"), evidence.get("of")
    if reason == Reason.MARKERS_HIDDEN and isinstance(found, list) and isinstance(whole, int):
        parts.append(words.gettext(SEEN_OF, {"n": len(found), "all": whole}))
    sides = evidence.get("sides")
    if isinstance(sides, list) and sides:
        named = [words.gettext(SIDES[side]) for side in SIDES if side in sides]
        parts.append(words.gettext(HIDDEN_SIDES, {"sides": ", ".join(named)}))
    off = evidence.get("error_mm")
    if reason == Reason.NOT_FLAT and isinstance(off, (int, float)):
        parts.append(words.gettext(FRAME_OFF, {"mm": format_decimal(off, "0.0", words.locale)}))
    return " ".join(parts)
