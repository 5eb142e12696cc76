"""How sharp and how bright a photo is: what is told where it can't be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gis.scan.failure import Failure, Reason

DARK: Final = 40.0
"""Of 255: where the brightest parts are darker, nothing is told from noise."""
SHARP: Final = 0.25
"""Of the variation at a scale of four pixels, how much is left at one: white noise has all, a blurred photo little."""

Floats = NDArray[np.float64]


def edge_width_px(grey: NDArray[np.uint8], markers: Sequence[Floats]) -> float:
    """Over how many pixels the edges of markers spread (their middle value): the step through the steepest slope."""
    widths = [width for corners in markers for width in _edge_widths(grey, corners)]
    return float(np.median(widths)) if widths else float("inf")


def _edge_widths(grey: NDArray[np.uint8], corners: Floats) -> list[float]:
    """The widths of a marker's four edges, each across its middle."""
    middle = corners.mean(axis=0)
    found = []
    for here, there in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        centre = (here + there) / 2
        outwards = centre - middle
        reach = float(np.linalg.norm(outwards)) / 4  # one module
        if reach < 1:
            continue
        outwards /= np.linalg.norm(outwards)
        along = (there - here) / 8
        steps = np.linspace(-reach, reach, max(9, int(reach * 8) | 1))
        at = centre + steps[:, None, None] * outwards + np.linspace(-1, 1, 9)[None, :, None] * along
        line = colours_at(grey, at).mean(axis=1)
        slope = float(np.abs(np.gradient(line, steps[1] - steps[0])).max())
        step = float(line[-3:].mean() - line[:3].mean())
        if step > 10 and slope > 0:  # noqa: PLR2004 - not an edge else
            found.append(max(1.0, step / slope))
    return found


def colours_at(picture: NDArray[np.uint8], at: Floats) -> Floats:
    """A picture's values at places between its pixels, (…, 2): x to the right, y downwards."""
    x, y = (np.ascontiguousarray(at[..., axis].reshape(len(at), -1), np.float32) for axis in (0, 1))
    values: NDArray[Any] = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return values.reshape(*at.shape[:-1], *picture.shape[2:]).astype(np.float64)


def without_a_sheet(grey: NDArray[np.uint8], serials: Sequence[str]) -> Failure:
    """Why a photo in which no marker was found may be so."""
    bright = float(np.percentile(grey[::4, ::4], 95))
    sharp = sharpness(grey)
    evidence: dict[str, Any] = {"markers": 0, "brightness": round(bright), "sharpness": round(sharp, 3)}
    if serials:
        return Failure(Reason.MARKERS_HIDDEN, {**evidence, "serials": list(serials)})
    if bright < DARK:
        return Failure(Reason.TOO_DARK, evidence)
    if sharp < SHARP:
        return Failure(Reason.BLURRED, evidence)
    return Failure(Reason.NOT_A_SHEET, evidence)


def sharpness(grey: NDArray[np.uint8]) -> float:
    """How much of a photo's variation is fine: 0 where it is wholly blurred, about 1 where it is crisp."""
    small = cv2.resize(grey, None, fx=(k := min(1.0, 2000 / max(grey.shape))), fy=k, interpolation=cv2.INTER_AREA)
    smooth = cv2.GaussianBlur(small, (0, 0), 1.0).astype(np.float32)  # noise of the sensor is no sharpness
    fine = np.abs(smooth - cv2.GaussianBlur(smooth, (0, 0), 1.5))
    coarse = np.abs(smooth - cv2.GaussianBlur(smooth, (0, 0), 6.0))
    top = float(np.percentile(coarse, 99))
    return float(np.percentile(fine, 99)) / top if top > 2 else 0.0  # noqa: PLR2004 - grey levels: an empty wall
