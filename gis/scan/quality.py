"""How sharp and how bright a photo is: what is told where it can't be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gis.scan.failure import Failure, Reason

DARK: Final = 40.0
"""Of 255: where the brightest parts are darker, nothing is told from noise."""
BURNT: Final = 254
MOST_BURNT: Final = 0.3
"""Of a photo without markers so much may be wholly white; with more they may have been drowned in light."""
LEAST_CONTRAST: Final = 30.0
"""Of 255, between ink and paper: with fewer tones three colours are not told from one another."""
SHARP: Final = 0.2
"""Of the strongest variation over six pixels, what is left over one and a half: crisp photos have a third."""
EMPTY: Final = 60.0
"""Of 255: a picture without edges whose tones differ by less has nothing in it, an unsharp one of a sheet more."""
EMPTY_LOOK_PX: Final = 120
SHARPNESS_LOOK_PX: Final = 2000

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Edges:
    """The edges of a photo's markers, the middle values."""

    width_px: float
    """Over how many pixels they spread: one is perfectly sharp."""
    contrast: float
    """From black ink to white paper, of 255."""


def edges_of(grey: NDArray[np.uint8], markers: Sequence[Floats]) -> Edges:
    """How sharp and how strong the outer edges of these markers are."""
    seen = np.array([edge for corners in markers for edge in _edges(grey, corners)]).reshape(-1, 2)
    if not len(seen):
        return Edges(float("inf"), 0.0)
    width, contrast = np.median(seen, axis=0)
    return Edges(float(width), float(contrast))


def _edges(grey: NDArray[np.uint8], corners: Floats) -> list[tuple[float, float]]:
    """Width and step of a marker's four edges, each across its middle: the step through the steepest slope."""
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
        step = float(line.max() - line.min())
        if slope > 0:
            found.append((max(1.0, step / slope), step))
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
    if sharp == 0 and _tones(grey) < EMPTY:
        return Failure(Reason.NOT_A_SHEET, evidence)
    if float((grey[::4, ::4] >= BURNT).mean()) > MOST_BURNT:
        return Failure(Reason.TOO_BRIGHT, evidence)
    if sharp < SHARP:
        return Failure(Reason.BLURRED, evidence)
    return Failure(Reason.NOT_A_SHEET, evidence)


def _tones(grey: NDArray[np.uint8]) -> float:
    """How far the tones of a photo lie from one another, its noise left out."""
    look = min(1.0, EMPTY_LOOK_PX / max(grey.shape))
    small = cv2.resize(grey, None, fx=look, fy=look, interpolation=cv2.INTER_AREA)
    darkest, brightest = np.percentile(small, (0.5, 99.5))
    return float(brightest - darkest)


def sharpness(grey: NDArray[np.uint8]) -> float:
    """How much of a photo's variation is fine: 0 where it is wholly blurred, about a third where it is crisp."""
    look = min(1.0, SHARPNESS_LOOK_PX / max(grey.shape))
    small = cv2.resize(grey, None, fx=look, fy=look, interpolation=cv2.INTER_AREA).astype(np.float32)
    smooth = cv2.GaussianBlur(small, (0, 0), 1.0)
    fine = _beyond_noise(np.abs(smooth - cv2.GaussianBlur(smooth, (0, 0), 1.5)))
    coarse = _beyond_noise(np.abs(smooth - cv2.GaussianBlur(smooth, (0, 0), 6.0)))
    return fine / coarse if coarse > 1 else 0.0


def _beyond_noise(variation: NDArray[Any]) -> float:
    """The strongest variation beyond what a sensor's noise as strong as everywhere in the photo would do."""
    usual, top = np.percentile(variation, (50, 99.9))
    return max(0.0, float(top - usual * 4.9))  # of Gaussian noise the one is 4.9 times the other
