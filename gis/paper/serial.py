"""Serials of sheets: eight random signs and one that checks them, as people copy them and as codes hold them."""

from __future__ import annotations

import secrets
import zlib
from typing import Final

SIGNS: Final = "23456789ACDEFGHJKMNPQRSTVWXYZ"
"""29 of them. No 0 and O, 1, I and L, no U, no B beside 8: copied from paper without a doubt."""
RANDOM_SIGNS: Final = 8
"""39 bits: a made-up serial is that of a real sheet once in a hundred million tries, even with 5 000 printed."""
VERSION: Final = 1
CODE_PREFIX: Final = f"PM{VERSION}/"
CLASSES: Final = 9
"""Into so many kinds serials fall; the markers of a sheet are of its kind (gis/paper/markers.py)."""


def make_serial() -> str:
    """A new serial: nine signs."""
    body = "".join(secrets.choice(SIGNS) for _ in range(RANDOM_SIGNS))
    return body + _check(body)


def parse_serial(text: str) -> str | None:
    """The serial in what somebody typed, in any case and with any spaces or dashes; None where it is none.

    >>> shown_serial(make_serial()).count(" ")
    2
    >>> parse_serial("nonsense")
    """
    signs = "".join(sign for sign in text.upper() if sign.isalnum())
    whole = len(signs) == RANDOM_SIGNS + 1 and all(sign in SIGNS for sign in signs)
    return signs if whole and _check(signs[:-1]) == signs[-1] else None


def shown_serial(serial: str) -> str:
    """A serial in three groups, to be read aloud."""
    return " ".join(serial[start : start + 3] for start in range(0, len(serial), 3))


def code_text(serial: str) -> str:
    """What the codes in the corners of a sheet say: version, serial with its check."""
    return CODE_PREFIX + serial


def serial_in_code(text: str) -> str | None:
    """The serial that a code says; None where it is no code of a sheet of ours."""
    return parse_serial(text.removeprefix(CODE_PREFIX)) if text.startswith(CODE_PREFIX) else None


def serial_class(serial: str) -> int:
    """Of which kind a serial is, 0 to 8: two sheets in one photo can mostly be told apart by their markers."""
    return zlib.crc32(serial.encode()) % CLASSES


def _check(body: str) -> str:
    """One sign that differs for every single wrong sign and every two neighbours that changed places.

    The sum of the signs' numbers, each weighted by its place, modulo their number: a prime, as the ISBN has it.
    """
    total = sum((place + 2) * SIGNS.index(sign) for place, sign in enumerate(body))
    return SIGNS[total % len(SIGNS)]
