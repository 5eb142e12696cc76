"""Photos and scans of sheets as they are uploaded; and corners of a frame as somebody clicked them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import IO, Any, Final

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.fields import storable
from gis.paper.serial import parse_serial
from gis.scan.kind import HEAD_BYTES, kind_of

MOST_FILE_BYTES: Final = 40 << 20
MOST_FORM_BYTES: Final = 256 << 20
"""Of a form that sends many files at once; with JavaScript each goes by itself."""
MOST_FILES: Final = 100
MOST_NAME_CHARACTERS: Final = 80
FIELD: Final = "photos"
ACCEPTED: Final = "image/*,.heic,.heif,.pdf"
CORNERS: Final = ("top_left", "top_right", "bottom_right", "bottom_left")
"""Of the frame as the sheet is read, whichever way up it lies in the photo."""
MOST_PX: Final = 20_000
MOST_PHOTO_DAYS: Final = 3650

EMPTY: Final = N_("Choose a photo first; this file is empty or missing.")
TOO_LARGE: Final = N_("The file is larger than %(megabytes)s MB. Take the photo in the phone’s usual quality.")
NOT_A_PHOTO: Final = N_("This is no photo or scan that we read: send JPEG, PNG, HEIC, WebP, TIFF or PDF.")
NO_SERIAL: Final = N_(
    "This is not a serial of a sheet. It has nine signs and stands at the top right of the sheet."
)
FOUR_CORNERS: Final = N_("Mark all four corners, or none of them.")
BENT_CORNERS: Final = N_(
    "These corners cross each other. Begin at the top left of the sheet as it is read and go on clockwise."
)
DAYS: Final = N_("Days are a whole number from 0 to %(most)s.")


@dataclass(frozen=True)
class PhotoFile:
    """An uploaded file that may be a photo or scan."""

    filename: str
    content: bytes = field(repr=False)

    @property
    def digest(self) -> bytes:
        """By which the same file is known again."""
        return hashlib.sha256(self.content).digest()


@dataclass(frozen=True)
class ByHand:
    """What somebody says of a photo that did not tell it by itself."""

    serial: str
    corners: tuple[tuple[float, float], ...] | None
    """In pixels of the picture, in the order of CORNERS; None where only the serial was missing."""


@dataclass(frozen=True)
class PhotoRule:
    """How long photos of a map are kept, and how much of them."""

    days: int
    whole: bool


def read_photo_file(source: IO[bytes], filename: str | None) -> PhotoFile:
    """The file, which may be a photo; InvalidInput says why it can't be one."""
    content = source.read(MOST_FILE_BYTES + 1)
    if len(content) > MOST_FILE_BYTES:
        raise InvalidInput(Problem(FIELD, TOO_LARGE, {"megabytes": MOST_FILE_BYTES >> 20}))
    if not content:
        raise InvalidInput(Problem(FIELD, EMPTY))
    if kind_of(content[:HEAD_BYTES]) is None:
        raise InvalidInput(Problem(FIELD, NOT_A_PHOTO))
    return PhotoFile(shown_name(filename or ""), content)


def shown_name(filename: str) -> str:
    """A file's name as it may be kept and shown, without the folders it lay in."""
    name = PurePosixPath(filename.replace("\\", "/")).name
    plain = "".join(char for char in name if char.isprintable())
    return plain[:MOST_NAME_CHARACTERS] if plain and storable(plain) else "?"


def parse_by_hand(form: Mapping[str, str]) -> ByHand:
    """The serial that was typed and the corners that were clicked; InvalidInput with what is wrong."""
    serial = parse_serial(form.get("serial", "")[:40])
    if serial is None:
        raise InvalidInput(Problem("serial", NO_SERIAL))
    said = [form.get(f"{corner}_{axis}", "").strip() for corner in CORNERS for axis in "xy"]
    if not any(said):
        return ByHand(serial, None)
    numbers = [_pixel(text) for text in said]
    corners = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    if not _is_convex(corners):
        raise InvalidInput(Problem("corners", BENT_CORNERS))
    return ByHand(serial, corners)


def parse_photo_rule(form: Mapping[str, str]) -> PhotoRule:
    """The rule that was chosen; InvalidInput for days that are none."""
    days = form.get("days", "").strip()
    if not (days.isascii() and days.isdigit() and len(days) <= 9 and int(days) <= MOST_PHOTO_DAYS):
        raise InvalidInput(Problem("days", DAYS, {"most": MOST_PHOTO_DAYS}))
    return PhotoRule(int(days), form.get("whole", "") == "yes")


def kept_corners(hand: ByHand) -> list[dict[str, Any]] | None:
    """The corners as they are stored with their photo."""
    return [{"x": x, "y": y} for x, y in hand.corners] if hand.corners else None


def _pixel(text: str) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError as error:
        raise InvalidInput(Problem("corners", FOUR_CORNERS)) from error
    if not 0 <= value <= MOST_PX:
        raise InvalidInput(Problem("corners", FOUR_CORNERS))
    return value


def _is_convex(corners: tuple[tuple[float, float], ...]) -> bool:
    """Whether going on from corner to corner always turns right, as clockwise on paper does."""
    turns = []
    for n in range(4):
        (ax, ay), (bx, by), (cx, cy) = (corners[(n + step) % 4] for step in range(3))
        turns.append((bx - ax) * (cy - by) - (by - ay) * (cx - bx))
    return min(turns) > 1000
