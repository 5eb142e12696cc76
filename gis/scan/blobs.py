"""Blobs of one category's ink, and their outlines: where ink ends on paper, and where something else hides it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gis.scan.ink import InkMap

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

LEAST_MM2: Final = 0.9
"""Half of what a pen's dot of 1.5 mm covers; less is a speck."""
PEN_ACROSS_MM: Final = 1.3
"""Handwriting on a sticker is no wider: ink so near on both sides is one sticker."""
LEAST_OWN: Final = 0.5
"""Of a blob is its category's ink itself: rims of handwriting are not."""
BESIDE_MM: Final = 0.7
"""So far outside an edge is looked what lies there: past the blur of the edge itself."""
PRINT_ACROSS_MM: Final = 2.6
PAD_MM: Final = 1.5


@dataclass(frozen=True)
class Outline:
    """Points on a blob's edges in pixels of the blob's window, edge by edge, with their outward normals."""

    points: Floats
    normals: Floats
    free: Mask
    """Whether paper lies beyond: there the edge is the mark's own."""
    own: Mask
    """The same, or whether another category's ink does: either lies above, so that the edge may be the mark's."""
    starts: tuple[int, ...]
    """Where each closed edge begins; the last number is how many points there are."""

    def edges(self) -> Iterator[slice]:
        """One slice for each closed edge."""
        for begin, end in zip(self.starts[:-1], self.starts[1:], strict=True):
            yield slice(begin, end)


@dataclass(frozen=True)
class Blob:
    """Ink of one category that hangs together, in a window of its own."""

    category: int
    """From 1, as in the map of inks."""
    left: int
    top: int
    ink: Mask
    cover: NDArray[np.float32]
    paper: Mask
    """Where nothing hides the paper: outside the ink, seen, and no other ink."""
    hidden: Mask
    """Where something lies that is no category's ink, or the photo shows nothing."""
    px_per_mm: float

    @property
    def area_mm2(self) -> float:
        """How much the ink covers."""
        return float(self.ink.sum()) / self.px_per_mm**2


def blobs_of(inks: InkMap, category: int) -> Iterator[Blob]:
    """All blobs of a category that are no specks."""
    own = inks.label == category
    if not own.any():
        return
    mended = _mended(own, inks, category)
    count, label, stats, _ = cv2.connectedComponentsWithStats(mended.astype(np.uint8), connectivity=8)
    least = LEAST_MM2 * inks.px_per_mm**2
    pad = round(PAD_MM * inks.px_per_mm)
    for number in range(1, count):
        x, y, width, height, area = (int(value) for value in stats[number])
        if area < least:
            continue
        inside = label[y : y + height, x : x + width] == number
        if own[y : y + height, x : x + width][inside].mean() >= LEAST_OWN:
            yield _blob(inks, label, (number, category), (x - pad, y - pad, x + width + pad, y + height + pad))


def without(blob: Blob, taken: Mask) -> Iterator[Blob]:
    """What is left of a blob where marks were found and taken away: blobs that touch them."""
    left = blob.ink & ~taken
    count, label, stats, _ = cv2.connectedComponentsWithStats(left.astype(np.uint8), connectivity=8)
    for number in range(1, count):
        if stats[number, cv2.CC_STAT_AREA] >= LEAST_MM2 * blob.px_per_mm**2:
            ink = label == number
            hidden = blob.hidden | (blob.ink & ~ink)
            yield Blob(blob.category, blob.left, blob.top, ink, blob.cover, blob.paper, hidden, blob.px_per_mm)


def outline(blob: Blob) -> Outline:
    """The edges of a blob, to a fraction of a pixel where its cover falls to half."""
    full = float(np.percentile(blob.cover[blob.ink], 80)) or 1.0
    soft = cv2.GaussianBlur(
        np.where(blob.ink, np.maximum(blob.cover, 0.3 * full), 0).astype(np.float32), (0, 0), 0.9
    )
    gx, gy = cv2.Sobel(soft, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(soft, cv2.CV_32F, 0, 1, scale=0.125)
    found, _ = cv2.findContours(blob.ink.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    rings = [ring[:, 0, :] for ring in found if len(ring) >= 8]
    if not rings:
        nothing = np.zeros((0, 2))
        return Outline(nothing, nothing, np.zeros(0, bool), np.zeros(0, bool), (0,))
    at = np.concatenate(rings)
    x, y = at[:, 0], at[:, 1]
    slope = np.stack([gx[y, x], gy[y, x]], axis=1).astype(float)
    steep = np.maximum(np.hypot(slope[:, 0], slope[:, 1]), 1e-3)
    normals = -slope / steep[:, None]
    shift = np.clip((soft[y, x] - full / 2) / steep, -1.0, 1.0)
    points = at + normals * shift[:, None]
    beside = np.round(points + normals * BESIDE_MM * blob.px_per_mm).astype(int)
    height, width = blob.ink.shape
    np.clip(beside, 0, (width - 1, height - 1), out=beside)
    free = blob.paper[beside[:, 1], beside[:, 0]]
    own = ~blob.hidden[beside[:, 1], beside[:, 0]]
    starts = tuple(int(n) for n in np.cumsum([0, *(len(ring) for ring in rings)]))
    return Outline(points, normals, free, own, starts)


def _mended(own: Mask, inks: InkMap, category: int) -> Mask:
    """Ink with the handwriting on it, and with the printed lines beneath it that have its own colour.

    What lies between ink of the category on both sides is taken for its part.
    """
    written = _closed(own, PEN_ACROSS_MM * inks.px_per_mm) & inks.foreign
    alike = inks.quiet == category
    if not alike.any():
        return own | written
    mended: Mask = own | written | (_closed(own, PRINT_ACROSS_MM * inks.px_per_mm) & alike)
    return mended


def _closed(mask: Mask, across: float) -> Mask:
    side = 2 * round(across / 2) + 1
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return np.asarray(cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, disc) > 0, bool)


def _blob(inks: InkMap, labels: NDArray[Any], which: tuple[int, int], window: tuple[int, int, int, int]) -> Blob:
    number, category = which
    ink = cut(labels, window, 0) == number
    label = cut(inks.label, window, 0)
    hidden = (cut(inks.foreign, window, 1) | (cut(inks.quiet, window, 0) == category)) & ~ink & (label == 0)
    cover = cut(inks.cover, window, 0)
    cover = np.where(ink, np.where((label == category) & (cover > 0), cover, 1), 0).astype(np.float32)
    paper = ~hidden & (label == 0) & ~ink
    return Blob(category, window[0], window[1], ink, cover, paper, hidden, inks.px_per_mm)


def cut(picture: NDArray[Any], window: tuple[int, int, int, int], beyond: float) -> NDArray[Any]:
    """A window of a picture that may reach past its edges."""
    left, top, right, bottom = window
    height, width = picture.shape
    found = np.full((bottom - top, right - left), beyond, picture.dtype)
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(right, width), min(bottom, height)
    found[y0 - top : y1 - top, x0 - left : x1 - left] = picture[y0:y1, x0:x1]
    return found
