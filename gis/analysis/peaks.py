"""Where a heat surface is highest: the few places that a story about it names first."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np

from gis.analysis.density import Surface
from gis.grid import Floats

APART_M: Final = 300.0
"""Two peaks nearer than this are one place to somebody who walks there."""


@dataclass(frozen=True, slots=True)
class Peak:
    """A local maximum of a surface: its metric place and its value per hectare."""

    x: float
    y: float
    value: float


def peaks(surface: Surface, *, least: float, limit: int = 5, apart_m: float = APART_M) -> list[Peak]:
    """The highest places of a surface, from the top: the highest within `apart_m`, none under `least`."""
    from scipy.ndimage import maximum_filter

    reach = max(1, ceil(apart_m / surface.cell_m))
    highest = maximum_filter(surface.values, size=2 * reach + 1, mode="constant")
    rows, columns = np.nonzero((surface.values == highest) & (surface.values >= least) & (surface.values > 0))
    x, y = surface.frame.x_centres()[columns], surface.frame.y_centres()[rows]
    values = surface.values[rows, columns].astype(np.float64)
    found: list[Peak] = []
    # Equal values beside each other are one plateau: the first stands for it.
    for i in np.lexsort((x, y, -values)):
        if len(found) == limit:
            break
        if not _near_any(found, x[i], y[i], apart_m):
            found.append(Peak(float(x[i]), float(y[i]), float(values[i])))
    return found


def _near_any(found: list[Peak], x: Floats, y: Floats, apart_m: float) -> bool:
    return any(np.hypot(peak.x - x, peak.y - y) < apart_m for peak in found)
