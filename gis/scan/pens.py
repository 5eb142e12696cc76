"""Free-standing small marks, pens' before all, told by their shape first and by the light that they took away.

Strokes are so thin that blur and JPEG leave no pixel of their true colour. So whatever was not printed is looked
at together, whatever colour its pixels seem to have: if its shape is that of a dot or a cross, all the light that
is missing there says whose ink it was. Ballpoint is told apart in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gis.scan.balance import Balanced
from gis.scan.blobs import LEAST_MM2, PAD_MM, Blob, cut, outline
from gis.scan.ink import InkMap, absorbed_ink
from gis.scan.mark import Kind
from gis.scan.strokes import CROSS_MM, DOT_MM, SPOT_MM, Stroked, cross_of, dot_of

Pixels = NDArray[np.uint8]
Mask = NDArray[np.bool_]

WIDEST_MM: Final = CROSS_MM[1] + 1.0
MOST_MM2: Final = 75.0
DARK: Final = 0.4
"""Of the ink's own darkness: smeared colour beside a stroke takes away less light."""
IN_ONE_PIECE: Final = 0.85
"""Of all the dark: a word falls into letters."""
DOUBTED: Final = 0.75
"""Below this trust a dot's category is what its pixels look like."""
LABELLED: Final = 0.5
DISPUTED: Final = 0.6
"""How sure a category is where the light that is missing points to another."""
TWO_COLOURS: Final = 0.12
"""A second category's share of a small mark's ink: the rim's mixed colours have less."""
LEAST_MISSING: Final = 0.22
"""Of all light must be missing in the middle of a stroke: a felt pen's, not a stain's."""
AROUND_MM: Final = 0.8
"""So far beside a mark its smeared colour still lies."""


@dataclass(frozen=True)
class PenMark:
    """One dot or cross: whose ink, and its place in pixels of the frame."""

    category: str
    trust: float
    kind: Kind
    at: Stroked


def pen_marks(inks: InkMap, balanced: Balanced) -> Iterator[PenMark]:
    """Free-standing pens' marks; what they cover is taken out of the map of inks."""
    count, label, stats, _ = cv2.connectedComponentsWithStats(inks.anything.astype(np.uint8), connectivity=8)
    mm, pad = inks.px_per_mm, round(PAD_MM * inks.px_per_mm)
    boxes = stats[:, :4] + np.array([-pad, -pad, 2 * pad, 2 * pad])
    small = (stats[:, 2:4].max(axis=1) <= WIDEST_MM * mm) & (stats[:, 4] <= MOST_MM2 * mm**2)
    small &= stats[:, 4] >= LEAST_MM2 * mm**2
    for number in np.flatnonzero(small[1:count]) + 1:
        left, top, width, height = (int(value) for value in boxes[number])
        window = (left, top, left + width, top + height)
        mine = cut(label, window, 0) == number
        found = _pen_mark(_Window(inks, balanced, window), mine)
        if found is not None:
            inks.label[label == number] = 0
            yield found


@dataclass(frozen=True)
class _Window:
    inks: InkMap
    balanced: Balanced
    box: tuple[int, int, int, int]

    def of(self, picture: NDArray[np.uint8] | Mask, beyond: float) -> NDArray[np.uint8]:
        return cut(picture, self.box, beyond)


def _pen_mark(window: _Window, mine: Mask) -> PenMark | None:
    photo, ground = (np.stack([window.of(picture[..., n], 255) for n in range(3)], axis=-1)
                     for picture in (window.balanced.rgb, window.balanced.ground))  # fmt: skip
    missing = (ground.astype(np.float32) - photo).sum(axis=-1) / 765
    full = float(np.percentile(missing[mine], 90))
    if full < LEAST_MISSING:
        return None
    blob = _dark_part(window, mine, missing / full)
    shape = _shape_of(blob)
    if shape is None:
        return None
    side = 2 * round(AROUND_MM * blob.px_per_mm) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    others = window.of(window.inks.anything, 0).astype(bool) & ~mine
    around = (cv2.dilate(mine.astype(np.uint8), disc) > 0) & ~others
    told = absorbed_ink(photo[around], ground[around], window.inks.inks)
    if told is None:
        return None
    kind, at = shape
    if kind == "sticker" and _has_another(window, blob.ink):
        return None
    if kind == "sticker" or (kind == "dot" and told[1] < DOUBTED):
        told = _label_of(window, blob.ink, told)
    return PenMark(told[0], told[1], kind, Stroked(at.x + blob.left, at.y + blob.top, at.size, at.fit, at.error))


def _has_another(window: _Window, ink: Mask) -> bool:
    """Whether two colours lie upon each other."""
    counts = np.bincount(window.of(window.inks.label, 0)[ink], minlength=2)[1:]
    return bool(counts.sum() - counts.max() > TWO_COLOURS * counts.sum())


def _label_of(window: _Window, ink: Mask, told: tuple[str, float]) -> tuple[str, float]:
    """The category that most of a mark's pixels look like, if they are many; else what the missing light told."""
    counts = np.bincount(window.of(window.inks.label, 0)[ink], minlength=2)[1:]
    category = window.inks.inks[int(counts.argmax())].category
    if category == told[0] or counts.sum() < LABELLED * ink.sum():
        return told
    return category, DISPUTED


def _dark_part(window: _Window, mine: Mask, darkness: NDArray[np.float32]) -> Blob:
    ink = mine & (darkness > DARK)
    _, label, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    if len(stats) > 2:
        main = label == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
        ink = main if main.sum() >= IN_ONE_PIECE * ink.sum() else np.zeros_like(ink)
    lost = window.of(window.inks.foreign & ~window.inks.anything, 1).astype(bool) & ~mine
    cover = np.where(ink, np.clip(darkness, 0, 1), 0).astype(np.float32)
    return Blob(0, window.box[0], window.box[1], ink, cover, ~lost & ~ink, lost, window.inks.px_per_mm)


def _shape_of(blob: Blob) -> tuple[Kind, Stroked] | None:
    if not blob.ink.any():
        return None
    dot = dot_of(blob, outline(blob), SPOT_MM)
    if dot is not None:
        return ("dot" if dot.size <= DOT_MM[1] * blob.px_per_mm else "sticker"), dot
    cross = cross_of(blob)
    if cross is not None and CROSS_MM[0] <= cross.size / blob.px_per_mm <= CROSS_MM[1]:
        return "cross", cross
    return None
