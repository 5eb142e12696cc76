"""Pixels of a photo laid flat: the frame as a picture, where it can be trusted, and the colours of the patches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gis.paper.layout import Layout, Patch, Rgb
from gis.paper.sheet import PaperSheet
from gis.scan.quality import colours_at
from gis.scan.surface import Surface

MOST_SPREAD_MM: Final = 1.0
"""Where a place is known less surely than that, nothing is read."""
COARSE_STEPS: Final = 64
"""The surface is worked out at so many places along the frame's longer side; between it is straight to some
hundredths of a pixel."""
OVERSAMPLED: Final = 1.3
"""Photos finer than that many times the picture are made smaller first, or streets would glitter."""
PATCH_CORE: Final = 0.6
"""Of a patch, what is looked at: not its blurred edge."""

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Photo:
    """A photo no finer than its frame will be drawn: streets would glitter else."""

    pixels: Pixels
    smaller: float
    """How many times it was made smaller."""


def fitting(pixels: Pixels, surface: Surface, sheet: PaperSheet) -> Photo:
    """The photo as fine as this sheet's picture needs it."""
    finer = surface.px_per_mm / sheet.picture_px_per_mm / OVERSAMPLED
    if finer <= 1:
        return Photo(pixels, 1.0)
    small = cv2.resize(pixels, None, fx=1 / finer, fy=1 / finer, interpolation=cv2.INTER_AREA)
    return Photo(small.astype(np.uint8, copy=False), finer)


def flattened(photo: Photo, surface: Surface, sheet: PaperSheet) -> Pixels:
    """The frame in the sheet's picture size."""
    x_mm, y_mm, enlarge = _coarse_places(sheet)
    at = (surface.to_photo(x_mm, y_mm) + 0.5) / photo.smaller - 0.5
    x, y = (_enlarged(at[..., axis], enlarge, sheet.picture_size) for axis in (0, 1))
    straight = cv2.remap(photo.pixels, x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(straight, np.uint8)


def certain(
    surface: Surface,
    sheet: PaperSheet,
    photo_px: tuple[int, int],
    others: Sequence[Floats] = (),
    most_spread_mm: float = MOST_SPREAD_MM,
) -> NDArray[np.bool_]:
    """Where in the frame's picture the photo shows the frame, and it is known well enough which place it is.

    `others` are outlines of what lies upon it.
    """
    x_mm, y_mm, enlarge = _coarse_places(sheet)
    at = surface.to_photo(x_mm, y_mm)
    inside = ((at >= 1) & (at <= np.array(photo_px) - 2)).all(axis=2)
    sure = surface.cautious().spread_mm(x_mm, y_mm) <= most_spread_mm
    for outline in others:
        hull = outline.astype(np.float32).reshape(-1, 1, 2)
        inside &= np.reshape(
            [cv2.pointPolygonTest(hull, (float(x), float(y)), False) < 0 for x, y in at.reshape(-1, 2)],
            inside.shape,
        )
    return _enlarged((inside & sure).astype(np.float64), enlarge, sheet.picture_size) > 0.99


def shares_shown(surface: Surface, sheet: PaperSheet, photo_px: tuple[int, int]) -> tuple[float, float]:
    """How much of the frame lies within the photo, and how much of it also between ties, not only beyond them."""
    x_mm, y_mm, _ = _coarse_places(sheet)
    at = surface.to_photo(x_mm, y_mm)
    shown = ((at >= 1) & (at <= np.array(photo_px) - 2)).all(axis=2)
    hull = cv2.convexHull(surface.ties.page_mm.astype(np.float32))
    places = zip(x_mm.ravel(), y_mm.ravel(), strict=True)
    between = [cv2.pointPolygonTest(hull, (float(x), float(y)), False) >= 0 for x, y in places]
    return float(shown.mean()), float((shown & np.reshape(between, shown.shape)).mean())


def _coarse_places(sheet: PaperSheet) -> tuple[Floats, Floats, int]:
    """Places on the page of every so many pixels of the frame's picture, and of how many."""
    left, top, _, _ = sheet.layout.frame
    width, height = sheet.picture_size
    every = -(-max(width, height) // COARSE_STEPS)
    columns = np.arange(0, width + every, every)
    rows = np.arange(0, height + every, every)
    fine = sheet.picture_px_per_mm
    x_mm, y_mm = np.meshgrid(left + (columns + 0.5) / fine, top + (rows + 0.5) / fine)
    return x_mm, y_mm, every


def _enlarged(values: NDArray[Any], times: int, size: tuple[int, int]) -> NDArray[np.float32]:
    """Values of every so many pixels for every pixel."""
    change = np.array([[1 / times, 0, 0], [0, 1 / times, 0]], np.float64)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    big = cv2.warpAffine(values.astype(np.float32), change, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return big.astype(np.float32, copy=False)


def patch_colours(pixels: Pixels, surface: Surface, layout: Layout) -> Iterator[tuple[Patch, Rgb]]:
    """The patches that the photo shows whole, each with the middle of its colours."""
    height, width = pixels.shape[:2]
    grid = (np.arange(7) - 3) / 6 * PATCH_CORE
    for patch in layout.patches:
        left, top, wide, high = patch.box
        x_mm, y_mm = np.meshgrid(left + wide * (0.5 + grid), top + high * (0.5 + grid))
        at = surface.to_photo(x_mm, y_mm)
        if (at < 1).any() or (at > (width - 2, height - 2)).any():
            continue
        shown = colours_at(pixels, at).reshape(-1, 3)
        red, green, blue = (round(float(value)) for value in np.median(shown, axis=0))
        yield patch, (red, green, blue)
