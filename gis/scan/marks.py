"""The marks on a balanced frame: stickers, dots and crosses, with category, place on the page and confidence."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gis.paper.sheet import PaperSheet
from gis.scan.balance import Balanced
from gis.scan.blobs import Blob, blobs_of, outline, without
from gis.scan.circles import Circle, circles_of
from gis.scan.failure import Failure, Reason
from gis.scan.ink import ink_map, nearest_inks
from gis.scan.mark import Kind, Mark
from gis.scan.pens import PenMark, pen_marks
from gis.scan.strokes import CROSS_MM, Stroked, cross_of, dot_of

MOST_MARKS: Final = 1500
"""More than fit on the largest sheet side by side: the photo is not what it seems."""
STICKER_MM: Final = 5.6
"""From this diameter on a round mark is a sticker."""
LEAST_COVERED: Final = 0.6
"""A mark's ink covers the paper; a stain or a shadow only tints it."""
MARGIN: Final = 14.0
"""A colour this much nearer to its category than to the next is beyond doubt (in CIELAB's units)."""
RIM_MM: Final = 0.4


@dataclass(frozen=True)
class _Found:
    kind: Kind
    x: float
    y: float
    size: float
    shape: float
    error: float


def find_marks(balanced: Balanced, sheet: PaperSheet) -> tuple[Mark, ...] | Failure:
    """All marks on a frame, from the top down; a Failure where they cannot be told apart."""
    inks = ink_map(balanced)
    marks = [mark for pen in pen_marks(inks, balanced) if (mark := _pen(pen, balanced, sheet)) is not None]
    for number, ink in enumerate(balanced.inks, start=1):
        for blob in blobs_of(inks, number):
            marks += [
                mark
                for found in _marks_in(blob)
                if (mark := _mark(found, blob, ink.category, balanced, sheet)) is not None
            ]
            if len(marks) > MOST_MARKS:
                return Failure(Reason.TOO_MANY_MARKS, {"marks": len(marks)})
    if balanced.grey_print and not marks:
        return Failure(Reason.NO_COLOUR, {"marks": 0})
    return tuple(sorted(marks, key=lambda mark: (mark.y_mm, mark.x_mm)))


def _marks_in(blob: Blob, *, again: bool = True) -> Iterator[_Found]:
    """The marks that make up one blob."""
    if float(np.percentile(blob.cover[blob.ink], 75)) < LEAST_COVERED:
        return
    edge = outline(blob)
    dot = dot_of(blob, edge)
    if dot is not None:
        yield _stroked("dot", dot)
        return
    cross = cross_of(blob)
    if cross is not None and CROSS_MM[0] <= cross.size / blob.px_per_mm <= CROSS_MM[1]:
        yield _stroked("cross", cross)
        return
    circles = circles_of(blob, edge)
    yield from (_round(circle, blob) for circle in circles)
    if circles and again:
        for rest in without(blob, _under(circles, blob)):
            yield from _marks_in(rest, again=False)


def _stroked(kind: Kind, found: Stroked) -> _Found:
    return _Found(kind, found.x, found.y, found.size, found.fit, found.error)


def _round(circle: Circle, blob: Blob) -> _Found:
    kind: Kind = "sticker" if 2 * circle.radius >= STICKER_MM * blob.px_per_mm else "dot"
    shape = min(1.0, circle.whole) * min(1.0, 0.4 + circle.arc * 1.5)
    return _Found(kind, circle.x, circle.y, 2 * circle.radius, shape, circle.error)


def _under(circles: list[Circle], blob: Blob) -> NDArray[np.bool_]:
    y, x = np.mgrid[0 : blob.ink.shape[0], 0 : blob.ink.shape[1]]
    rim = RIM_MM * blob.px_per_mm
    taken = np.zeros(blob.ink.shape, bool)
    for circle in circles:
        taken |= np.hypot(x - circle.x, y - circle.y) < circle.radius + rim
    return taken


def _mark(found: _Found, blob: Blob, category: str, balanced: Balanced, sheet: PaperSheet) -> Mark | None:
    trust = _colour_trust(found, blob, category, balanced)
    return _placed(replace(found, x=found.x + blob.left, y=found.y + blob.top), category, trust, balanced, sheet)


def _pen(pen: PenMark, balanced: Balanced, sheet: PaperSheet) -> Mark | None:
    return _placed(_stroked(pen.kind, pen.at), pen.category, pen.trust, balanced, sheet)


def _placed(found: _Found, category: str, trust: float, balanced: Balanced, sheet: PaperSheet) -> Mark | None:
    """The mark in millimetres of the page; None where its middle is not within the frame."""
    left, top, width, height = sheet.layout.frame
    x_mm = (found.x + 0.5) / balanced.rgb.shape[1] * width
    y_mm = (found.y + 0.5) / balanced.rgb.shape[0] * height
    if not (0 <= x_mm <= width and 0 <= y_mm <= height):
        return None
    return Mark(
        category=category,
        kind=found.kind,
        x_mm=left + x_mm,
        y_mm=top + y_mm,
        diameter_mm=found.size / balanced.px_per_mm,
        confidence=round(found.shape * trust, 3),
        error_mm=float(np.hypot(found.error / balanced.px_per_mm, balanced.error_mm)),
    )


def _colour_trust(found: _Found, blob: Blob, category: str, balanced: Balanced) -> float:
    """0 to 1: how much nearer a mark's colour is to its category's than to any other's."""
    rows, columns = np.nonzero(blob.ink & (blob.cover > 0.6))
    near = np.hypot(columns - found.x, rows - found.y) < max(found.size * 0.42, 1.5)
    if not near.any():
        return 0.5
    pixels = balanced.rgb[rows[near] + blob.top, columns[near] + blob.left]
    red, green, blue = np.median(pixels, axis=0)
    ranked = nearest_inks((int(red), int(green), int(blue)), balanced.inks)
    own = next(far for far, name in ranked if name == category)
    other = next((far for far, name in ranked if name != category), own + MARGIN)
    return float(np.clip(0.5 + (other - own) / MARGIN / 2, 0.05, 1.0)) * float(np.clip(1.3 - own / 60, 0.3, 1.0))


