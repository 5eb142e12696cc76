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
from gis.scan.ink import InkMap, ink_map, nearest_inks
from gis.scan.mark import Kind, Mark
from gis.scan.pens import PenMark, pen_marks
from gis.scan.strokes import CROSS_MM, Stroked, cross_of, dot_of

MOST_MARKS: Final = 1500
"""More than fit on the largest sheet side by side: the photo is not what it seems."""
STICKER_MM: Final = 5.5
"""From this diameter on a round mark is a sticker."""
LEAST_COVERED: Final = 0.6
"""A mark's ink covers the paper; a stain or a shadow only tints it."""
MARGIN: Final = 14.0
"""A colour this much nearer to its category than to the next is beyond doubt (in CIELAB's units)."""
DOUBTFUL: Final = 0.5
RIM_MM: Final = 0.4


@dataclass(frozen=True)
class _Found:
    """A shape in pixels of a window, or of the frame."""

    kind: Kind
    x: float
    y: float
    size: float
    shape: float
    error: float


@dataclass(frozen=True)
class _Frame:
    balanced: Balanced
    inks: InkMap
    sheet: PaperSheet


def find_marks(balanced: Balanced, sheet: PaperSheet) -> tuple[Mark, ...] | Failure:
    """All marks on a frame, from the top down; a Failure where they cannot be told apart."""
    frame = _Frame(balanced, ink_map(balanced), sheet)
    marks = [_pen(pen, frame) for pen in pen_marks(frame.inks, balanced)]
    for number, ink in enumerate(frame.inks.inks, start=1):
        for blob in blobs_of(frame.inks, number):
            marks += [_mark(found, blob, ink.category, frame) for found in _marks_in(blob)]
            if len(marks) > MOST_MARKS:
                return Failure(Reason.TOO_MANY_MARKS, {"marks": len(marks)})
    if balanced.grey_print and not marks:
        return Failure(Reason.NO_COLOUR, {"marks": 0})
    within = [mark for mark in _distinct(marks) if _is_within(mark, sheet)]
    return tuple(sorted(within, key=lambda mark: (mark.y_mm, mark.x_mm)))


def _distinct(marks: list[Mark]) -> list[Mark]:
    """The marks without those that are but a part of another: glare on a sticker, writing, a rim."""
    kept: list[Mark] = []
    for mark in sorted(marks, key=lambda one: (one.kind != "sticker", -one.confidence)):
        if not any(_is_part(mark, other) for other in kept):
            kept.append(mark)
    return kept


def _is_part(mark: Mark, other: Mark) -> bool:
    """Whether a mark is the other once more, or lies within it and is too small or too doubtful."""
    far = float(np.hypot(mark.x_mm - other.x_mm, mark.y_mm - other.y_mm))
    same = far < 0.15 * other.diameter_mm and 0.75 < mark.diameter_mm / other.diameter_mm < 1.33
    doubtful = mark.confidence < DOUBTFUL and far < other.diameter_mm / 2 and mark.diameter_mm < other.diameter_mm
    small = mark.kind != "sticker" and far + mark.diameter_mm / 2 < 0.55 * other.diameter_mm
    return same or doubtful or small


def _is_within(mark: Mark, sheet: PaperSheet) -> bool:
    left, top, width, height = sheet.layout.frame
    return left <= mark.x_mm <= left + width and top <= mark.y_mm <= top + height


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


def _mark(found: _Found, blob: Blob, category: str, frame: _Frame) -> Mark:
    trust = _colour_trust(found, blob, category, frame)
    return _placed(replace(found, x=found.x + blob.left, y=found.y + blob.top), category, trust, frame)


def _pen(pen: PenMark, frame: _Frame) -> Mark:
    return _placed(_stroked(pen.kind, pen.at), pen.category, pen.trust, frame)


def _placed(found: _Found, category: str, trust: float, frame: _Frame) -> Mark:
    """The mark in millimetres of the page."""
    left, top, width, height = frame.sheet.layout.frame
    rows, columns = frame.balanced.seen.shape
    return Mark(
        category=category,
        kind=found.kind,
        x_mm=left + (found.x + 0.5) / columns * width,
        y_mm=top + (found.y + 0.5) / rows * height,
        diameter_mm=found.size / frame.balanced.px_per_mm,
        confidence=round(found.shape * trust, 3),
        error_mm=float(np.hypot(found.error / frame.balanced.px_per_mm, frame.balanced.error_mm)),
    )


def _colour_trust(found: _Found, blob: Blob, category: str, frame: _Frame) -> float:
    """0 to 1: how much nearer a mark's colour is to what was agreed for its category than for any other.

    The tone of this sheet's stickers may have decided; a colour between two categories still deserves an eye.
    """
    rows, columns = np.nonzero(blob.ink & (blob.cover > 0.6))
    near = np.hypot(columns - found.x, rows - found.y) < max(found.size * 0.42, 1.5)
    height, width = frame.balanced.seen.shape
    y, x = rows[near] + blob.top, columns[near] + blob.left
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    if not inside.any():
        return 0.5
    red, green, blue = np.median(frame.balanced.rgb[y[inside], x[inside]], axis=0)
    ranked = nearest_inks((int(red), int(green), int(blue)), frame.balanced.inks)
    own = next(far for far, name in ranked if name == category)
    other = next((far for far, name in ranked if name != category), own + MARGIN)
    return float(np.clip(0.5 + (other - own) / MARGIN / 2, 0.05, 1.0)) * float(np.clip(1.3 - own / 60, 0.3, 1.0))
