"""Colour ramps of heat: one hue a category, from transparent to full, in steps that look even on the map.

The colour one *sees* is what matters, and that is ink on land. So the seen colours are laid out first, evenly
in OKLab from the land's tone to a deep (in the dark: a glowing) shade of the category, and the inks are
solved from them: ink = (seen − (1 − alpha) · land) / alpha.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gis.analysis.scale import Breaks
from gis.colour import Floats, hex_of, oklab_of, oklch_of, rgb_of, rgb_of_oklab, rgb_of_oklch
from gis.palette import ThemeName, palette

LEVELS: Final = 256
_STREETS_SHOW: Final = 0.76  # the most that ink takes in the middle of a ramp; a little hue is given for it
EDGE_LEVELS: Final = 10  # how softly the lowest class begins, so that heat has no paper edge


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a theme's ramps run: lightness and chroma seen at the full end, alpha from low to high."""

    full_lightness: float
    full_chroma: float
    first_step: float
    alpha: tuple[float, float]


_MANNERS: Final[dict[ThemeName, _Manner]] = {
    "light": _Manner(full_lightness=0.40, full_chroma=0.150, first_step=0.09, alpha=(0.42, 0.88)),
    "dark": _Manner(full_lightness=0.84, full_chroma=0.145, first_step=0.09, alpha=(0.50, 0.88)),
}


@dataclass(frozen=True, slots=True)
class Ramp:
    """256 colours with transparency (uint8, shape (256, 4)); level 0 is nothing at all."""

    fill: str
    theme: ThemeName
    rgba: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Swatch:
    """One class in a legend: its values from and to, the ink with transparency, the colour seen on land."""

    low: float
    high: float | None
    rgba: tuple[int, int, int, float]
    seen: str

    @property
    def css(self) -> str:
        """The ink as CSS."""
        r, g, b, alpha = self.rgba
        return f"rgb({r} {g} {b} / {alpha:g})"


@cache
def ramp(fill: str, theme: ThemeName = "light") -> Ramp:
    """The ramp of a category colour `#rrggbb` in a theme."""
    manner = _MANNERS[theme]
    land = rgb_of(palette().theme(theme).map["land"])
    t = np.linspace(0, 1, LEVELS)
    seen = _seen(fill, land, manner, t)
    alpha = np.maximum(manner.alpha[0] + (manner.alpha[1] - manner.alpha[0]) * t, _needed(seen, land))
    ink = np.clip((seen - (1 - alpha[:, None]) * land) / alpha[:, None], 0, 1)
    alpha[:EDGE_LEVELS] *= np.linspace(0, 1, EDGE_LEVELS, endpoint=False)
    rgba = np.round(np.column_stack([ink, alpha]) * 255).astype(np.uint8)
    rgba[0] = 0
    rgba.setflags(write=False)
    return Ramp(fill, theme, rgba)


def seen_on_land(colours: Ramp) -> Floats:
    """The sRGB of every level as it looks on the map's land."""
    land = rgb_of(palette().theme(colours.theme).map["land"])
    rgba = colours.rgba / 255.0
    alpha = rgba[:, 3:]
    seen: Floats = rgba[:, :3] * alpha + land * (1 - alpha)
    return seen


def swatches(colours: Ramp, breaks: Breaks) -> list[Swatch]:
    """The legend of a ramp: the colour in the middle of every class."""
    seen = seen_on_land(colours)
    found = []
    for i, low in enumerate(breaks):
        level = round((i + 0.5) / len(breaks) * (LEVELS - 1))
        r, g, b, alpha = (int(v) for v in colours.rgba[level])
        high = breaks[i + 1] if i + 1 < len(breaks) else None
        found.append(Swatch(low, high, (r, g, b, round(alpha / 255, 3)), hex_of(seen[level])))
    return found


def _needed(seen: Floats, land: Floats) -> Floats:
    """The thinnest ink with which a colour can be seen on land, as far as streets below stay visible."""
    darker, lighter = 1 - seen / land, (seen - land) / (1 - land)
    needed = np.minimum(np.maximum(darker, lighter).max(axis=1), _STREETS_SHOW)
    rising: Floats = np.maximum.accumulate(needed)
    return rising


def _seen(fill: str, land: Floats, manner: _Manner, t: Floats) -> Floats:
    """Colours evenly spaced to the eye, from near the land to the category's fullest shade."""
    _, chroma, hue = oklch_of(fill)
    full_chroma = min(manner.full_chroma, max(chroma, 0.02))
    end = oklab_of(rgb_of_oklch(manner.full_lightness, full_chroma, hue))
    start = oklab_of(land)
    # Half-way the fill itself is richer than the straight line between land and the end: bend towards it.
    middle = oklab_of(rgb_of_oklch((start[0] + end[0]) / 2, max(chroma, 0.02), hue))
    at = manner.first_step + (1 - manner.first_step) * np.linspace(0, 1, 512)[:, None]
    control = 2 * middle - (start + end) / 2
    curve = (1 - at) ** 2 * start + 2 * at * (1 - at) * control + at**2 * end
    shown = oklab_of(np.clip(rgb_of_oklab(curve), 0, 1))
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(shown, axis=0), axis=1))])
    even = np.interp(t * length[-1], length, np.arange(len(length)))
    lab = np.column_stack([np.interp(even, np.arange(len(length)), shown[:, i]) for i in range(3)])
    return np.clip(rgb_of_oklab(lab), 0, 1)
