"""Colours on paper as the eye compares them: CIELAB, hue counting more than lightness."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gis.paper.layout import Rgb

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

WEIGHTS: Final = np.array([0.5, 1, 1], np.float32)
"""Of lightness and the two hues: how bright the light is, is known less well than its colour."""


def lab_of(colours: Pixels) -> Floats:
    """CIELAB (L 0–100, a, b) of pixels, shape (n, 3)."""
    return np.asarray(cv2.cvtColor(colours[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0], np.float32)


def rgb_of_lab(lab: Floats) -> Rgb:
    """The pixel of one CIELAB colour; what no screen shows is clipped."""
    rgb = cv2.cvtColor(np.asarray(lab, np.float32)[None, None], cv2.COLOR_LAB2RGB)[0, 0]
    red, green, blue = (int(value) for value in np.round(np.clip(rgb, 0, 1) * 255))
    return red, green, blue


def colour_distance(one: Floats, other: Floats) -> Floats:
    """How far CIELAB colours, shape (…, 3), are apart."""
    return np.asarray(np.sqrt((((one - other) * WEIGHTS) ** 2).sum(axis=-1)), np.float32)
