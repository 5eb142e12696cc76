"""Colours by how eyes see them: OKLCH lightness and chroma, contrast, and shades that can be read.

OKLab is Björn Ottosson's (2020); contrast is the ratio of WCAG 2.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

_HEX = re.compile(r"#[0-9a-fA-F]{6}")

_LMS_FROM_RGB: Final = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LAB_FROM_LMS: Final = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_RGB_FROM_LMS: Final = np.linalg.inv(_LMS_FROM_RGB)
_LMS_FROM_LAB: Final = np.linalg.inv(_LAB_FROM_LMS)


def is_hex(text: str) -> bool:
    """Whether the text is a colour written `#rrggbb`."""
    return _HEX.fullmatch(text) is not None


def rgb_of(colour: str) -> Floats:
    """The sRGB of `#rrggbb`, three numbers from 0 to 1."""
    if not is_hex(colour):
        raise ValueError(f"not a colour of the form #rrggbb: {colour!r}")
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255.0


def hex_of(rgb: ArrayLike) -> str:
    """`#rrggbb` of three sRGB numbers; what lies outside 0–1 is clipped."""
    r, g, b = (round(float(v) * 255) for v in np.clip(np.asarray(rgb, dtype=float), 0, 1))
    return f"#{r:02x}{g:02x}{b:02x}"


def oklab_of(rgb: ArrayLike) -> Floats:
    """OKLab (lightness, a, b) of sRGB colours, shape (…, 3)."""
    lms = _linear(np.asarray(rgb, dtype=float)) @ _LMS_FROM_RGB.T
    lab: Floats = np.cbrt(lms) @ _LAB_FROM_LMS.T
    return lab


def rgb_of_oklab(lab: ArrayLike) -> Floats:
    """The sRGB of OKLab colours, shape (…, 3); may lie outside 0–1 where no screen can show the colour."""
    lms = (np.asarray(lab, dtype=float) @ _LMS_FROM_LAB.T) ** 3
    return _gamma(lms @ _RGB_FROM_LMS.T)


def oklch_of(colour: str) -> tuple[float, float, float]:
    """Lightness 0–1, chroma and hue in degrees of `#rrggbb`."""
    lightness, a, b = (float(v) for v in oklab_of(rgb_of(colour)))
    return lightness, float(np.hypot(a, b)), float(np.degrees(np.arctan2(b, a)) % 360)


def rgb_of_oklch(lightness: float, chroma: float, hue: float) -> Floats:
    """The sRGB of an OKLCH colour; where a screen can't show it, the chroma gives way and the rest stays."""
    low, high = 0.0, chroma
    rgb = _rgb_of_polar(lightness, chroma, hue)
    if _shown(rgb):
        return np.clip(rgb, 0, 1)
    for _ in range(24):
        middle = (low + high) / 2
        if _shown(_rgb_of_polar(lightness, middle, hue)):
            low = middle
        else:
            high = middle
    return np.clip(_rgb_of_polar(lightness, low, hue), 0, 1)


def contrast(one: str, other: str) -> float:
    """Contrast ratio of two `#rrggbb` colours, 1 to 21."""
    lighter, darker = sorted((_luminance(rgb_of(one)), _luminance(rgb_of(other))), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: str, grounds: Iterable[str], *, ratio: float = 4.5) -> str:
    """The shade of a colour nearest to it that reaches the contrast ratio on every one of the grounds.

    Darker on light grounds, lighter on dark ones; hue and, as far as a screen can, chroma stay.
    """
    grounds = tuple(grounds)
    if all(contrast(colour, ground) >= ratio for ground in grounds):
        return colour.lower()
    lightness, chroma, hue = oklch_of(colour)
    ground_is_light = np.mean([oklch_of(ground)[0] for ground in grounds]) > 0.6
    target = 0.0 if ground_is_light else 1.0
    for step in np.linspace(0, 1, 201):
        shade = hex_of(rgb_of_oklch(lightness + (target - lightness) * step, chroma, hue))
        if all(contrast(shade, ground) >= ratio for ground in grounds):
            return shade
    return "#000000" if ground_is_light else "#ffffff"


def mix(colour: str, ground: str, share: float) -> str:
    """The colour laid thinly on a ground: `share` of it, mixed evenly to the eye."""
    lab = oklab_of(rgb_of(colour)) * share + oklab_of(rgb_of(ground)) * (1 - share)
    return hex_of(rgb_of_oklab(lab))


def _linear(rgb: Floats) -> Floats:
    return np.where(rgb <= 0.04045, rgb / 12.92, ((np.maximum(rgb, 0) + 0.055) / 1.055) ** 2.4)


def _gamma(linear: Floats) -> Floats:
    safe = np.maximum(linear, 0)
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * safe ** (1 / 2.4) - 0.055)


def _rgb_of_polar(lightness: float, chroma: float, hue: float) -> Floats:
    angle = np.radians(hue)
    return rgb_of_oklab([lightness, chroma * np.cos(angle), chroma * np.sin(angle)])


def _shown(rgb: Floats) -> bool:
    return bool(np.all(rgb >= -1e-4) and np.all(rgb <= 1 + 1e-4))


def _luminance(rgb: Floats) -> float:
    return float(_linear(rgb) @ np.array([0.2126, 0.7152, 0.0722]))
