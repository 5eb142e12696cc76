"""A frame laid flat by its four corners as somebody clicked them, where the machine could not."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gis.paper.sheet import PaperSheet
from gis.scan.failure import Failure, Reason
from gis.scan.flattened import Pixels, fitting, flattened
from gis.scan.map_ties import map_ties
from gis.scan.proof import LEAST_PIECES
from gis.scan.straighten import LEAST_PX_PER_MM, Measured, Straightened, straightened
from gis.scan.surface import Surface, Ties, fit_flat, refitted

CLICK_MM: Final = 0.8
"""How far a click on a corner lies off, about: a corner on a screen is a few pixels."""
REACH_MM: Final = 6.0
"""How far off the map may lie after clicks, and is still found by what is printed in it."""
LEAST_QUAD: Final = 0.01
"""Of the photo: a frame smaller than that shows no marks."""

Floats = NDArray[np.float64]


def straighten_by_hand(
    pixels: Pixels, corners: Floats, sheet: PaperSheet, clean: Pixels | None = None
) -> Straightened | Failure:
    """The frame between four clicked corners: top left, top right, bottom right, bottom left, in pixels.

    With the clean picture the streets themselves pull it right where enough of them are recognised, and tell
    the error; else the error is that of clicks.
    """
    refused = _no_frame(corners, pixels.shape[1] * pixels.shape[0])
    if refused:
        return refused
    size = (pixels.shape[1], pixels.shape[0])
    surface = fit_flat(_clicked(corners, sheet), sheet.layout.page, size)
    if surface is None:
        return Failure(Reason.NOT_FLAT, {"corners": corners.round(1).tolist()})
    if surface.px_per_mm < LEAST_PX_PER_MM:
        return Failure(Reason.TOO_SMALL, {"px_per_mm": round(surface.px_per_mm, 2)})
    if clean is not None:
        surface = _pulled_right(pixels, surface, sheet, clean)
    # Whoever clicks sees the corners: all that lies between them is read, the error told as it is.
    believed = Measured(CLICK_MM, surface.px_per_mm / 2, most_spread_mm=float("inf"))
    return straightened(pixels, sheet, surface, clean, believed)


def _no_frame(corners: Floats, photo_px: int) -> Failure | None:
    """Why these can't be the corners of a frame in this order."""
    if corners.shape != (4, 2) or not np.isfinite(corners).all():
        return Failure(Reason.NOT_FLAT, {"corners": "four are needed"})
    area = cv2.contourArea(corners.astype(np.float32), oriented=True)
    convex = cv2.isContourConvex(corners.astype(np.float32).reshape(4, 1, 2))
    if not convex or area < LEAST_QUAD * photo_px:
        return Failure(Reason.NOT_FLAT, {"corners": corners.round(1).tolist()})
    return None


def _clicked(corners: Floats, sheet: PaperSheet) -> Ties:
    left, top, width, height = sheet.layout.frame
    page = np.array([[left, top], [left + width, top], [left + width, top + height], [left, top + height]])
    sides = np.linalg.norm(corners - np.roll(corners, -1, axis=0), axis=1)
    px_per_mm = float(sides.sum() / (2 * (width + height)))
    return Ties(page, corners.astype(np.float64), np.arange(-4, 0), np.full(4, CLICK_MM * px_per_mm))


def _pulled_right(pixels: Pixels, surface: Surface, sheet: PaperSheet, clean: Pixels) -> Surface:
    """The surface as the printed map says, where pieces of it are recognised around the clicks' idea of it."""
    ties = map_ties(flattened(fitting(pixels, surface, sheet), surface, sheet), clean, sheet, surface, REACH_MM)
    if len(ties.group) < LEAST_PIECES:
        return surface
    _, fits = cv2.findHomography(ties.page_mm, ties.photo_px, cv2.RANSAC, CLICK_MM * surface.px_per_mm)
    good = fits.ravel().astype(bool) if fits is not None else np.zeros(len(ties.group), bool)
    if good.sum() < LEAST_PIECES:
        return surface
    return refitted(surface, surface.ties.beside(ties.only(good))) or surface
