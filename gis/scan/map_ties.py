"""Ties inside the frame: where pieces of the printed map lie in a photo that has been laid flat by its markers.

Markers stand at the rim; a fold in the middle of the paper shows in the streets. Pieces of the clean picture are
looked for near where they should be by normalised cross-correlation of fine detail, so that light and colour
don't matter, and a sticker only spoils the piece on which it lies.
"""

from __future__ import annotations

import itertools
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gis.paper.sheet import PaperSheet
from gis.scan.surface import Surface, Ties

WIDTH_PX: Final = 1000
"""Of the longer side: five pixels a millimetre on A4, one on A0."""
PIECES: Final = 12
"""Along the longer side."""
LEAST_LIKENESS: Final = 0.4
LEAST_LEAD: Final = 0.08
"""By how much the best place must be likelier than any that is not beside it: along a street all are the same."""
NOISE_MM: Final = 0.15
FIRST_GROUP: Final = 1000
"""Groups of pieces are numbered from here, those of markers from 0."""

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]


def map_ties(frame: Pixels, clean: Pixels, sheet: PaperSheet, surface: Surface, reach_mm: float) -> Ties:
    """Ties of the pieces that were found within `reach_mm` of where the surface says; maybe none."""
    scale = min(1.0, WIDTH_PX / max(sheet.picture_size))
    px_per_mm = sheet.picture_px_per_mm * scale
    printed, shown = _detail(clean, scale), _detail(frame, scale)
    size = round(max(printed.shape) / PIECES)
    reach = max(3, round(reach_mm * px_per_mm))
    corner = np.array(sheet.layout.frame[:2])
    pages, moved = [], []
    for y, x in itertools.product(*(_starts(length, size, reach) for length in printed.shape)):
        piece = printed[y : y + size, x : x + size]
        around = shown[y - reach : y + size + reach, x - reach : x + size + reach]
        shift = _shift(piece, around, reach)
        if shift is not None:
            page = np.array([x + size / 2, y + size / 2]) / px_per_mm + corner
            pages.append(page)
            moved.append(page + shift / px_per_mm)
    if not pages:
        return Ties(np.empty((0, 2)), np.empty((0, 2)), np.empty(0, np.int64), np.empty(0))
    return Ties(
        np.array(pages),
        surface.to_photo(*np.array(moved).T),
        np.arange(len(pages), dtype=np.int64) + FIRST_GROUP,
        np.full(len(pages), NOISE_MM * surface.px_per_mm),
    )


def _starts(length: int, size: int, reach: int) -> list[int]:
    """Where pieces start so that they cover a length evenly, with room to be looked for on both sides."""
    room = length - size - 2 * reach
    if room < 0:
        return []
    n = max(1, round(room / size) + 1)
    return [reach + round(room * i / max(1, n - 1)) for i in range(n)]


def _detail(pixels: Pixels, scale: float) -> Any:
    """Fine detail, about as strong everywhere, so that neither shadow nor dark lettering rules."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.float32)
    fine = cv2.GaussianBlur(small, (0, 0), 1.0) - cv2.GaussianBlur(small, (0, 0), 6.0)
    usual = np.sqrt(cv2.GaussianBlur(fine * fine, (0, 0), 25.0)) + 0.5
    return np.clip(fine / usual, -2.0, 2.0)


def _shift(piece: Any, around: Any, reach: int) -> Floats | None:
    """By how many pixels a piece lies off, right and down; None where that is in doubt."""
    if float(piece.std()) < 0.15:
        return None
    likeness = cv2.matchTemplate(around, piece, cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(likeness)
    if best < LEAST_LIKENESS or not (0 < x < 2 * reach and 0 < y < 2 * reach):
        return None
    others = likeness.copy()
    near = max(2, reach // 3)
    others[max(0, y - near) : y + near + 1, max(0, x - near) : x + near + 1] = -1
    if best - float(others.max()) < LEAST_LEAD:
        return None
    across = _top(likeness[y, x - 1], best, likeness[y, x + 1])
    down = _top(likeness[y - 1, x], best, likeness[y + 1, x])
    return np.array([x + across - reach, y + down - reach], np.float64)


def _top(before: float, here: float, after: float) -> float:
    """Where the parabola through three neighbours has its top."""
    bow = before - 2 * here + after
    return float(0.5 * (before - after) / bow) if bow < -1e-9 else 0.0
