"""The letters of printed sheets: DejaVu, which has all of Europe's, found among the system's fonts."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path
from typing import Final

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

PLAIN: Final = "PaperSans"
BOLD: Final = "PaperSans-Bold"
TITLE: Final = "PaperSerif-Bold"
_FILES: Final = {
    PLAIN: ("DejaVuSans.ttf", "NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "Vera.ttf"),
    BOLD: ("DejaVuSans-Bold.ttf", "NotoSans-Bold.ttf", "LiberationSans-Bold.ttf", "VeraBd.ttf"),
    TITLE: ("DejaVuSerif-Bold.ttf", "NotoSerif-Bold.ttf", "LiberationSerif-Bold.ttf", "VeraBd.ttf"),
}
_FOLDERS: Final = (
    Path("/usr/share/fonts/truetype/dejavu"),
    Path("/usr/share/fonts/dejavu"),
    Path("/usr/share/fonts/TTF"),
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("/Library/Fonts"),
)
_STEERING: Final = frozenset({"Cc", "Cf", "Cs"})
NARROW: Final = 0.9
"""DejaVu is wide; its condensed sister is the same letters at nine tenths of their width."""


@cache
def register() -> None:
    """Makes the fonts known; the last resort is the one that comes with reportlab, which lacks some letters."""
    for name, files in _FILES.items():
        pdfmetrics.registerFont(TTFont(name, _found(files)))


def width_mm(text: str, font: str, size_mm: float) -> float:
    """How wide a text is."""
    register()
    return float(pdfmetrics.stringWidth(printable(text), font, size_mm)) * NARROW


def printable(text: str) -> str:
    """A text without what has no picture: line ends are spaces, signs that only steer are left out."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        " " if sign in "\n\r\t\u2028\u2029" else sign
        for sign in text
        if sign in "\n\r\t\u2028\u2029" or unicodedata.category(sign) not in _STEERING
    )


def _found(files: tuple[str, ...]) -> str:
    for file in files:
        for folder in _FOLDERS:
            if (folder / file).is_file():
                return str(folder / file)
    for file in files:
        for folder in _FOLDERS:
            there = next(iter(sorted(folder.rglob(file))), None) if folder.is_dir() else None
            if there is not None:
                return str(there)
    shipped = files[-1]
    if not shipped.startswith("Vera"):
        raise TTFError(shipped)
    return shipped
