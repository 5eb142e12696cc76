"""Where a heat surface is highest: the few places that a story about it names first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from gis.analysis.density import Surface

APART_M: Final = 300.0
"""Two peaks nearer than this are one place to somebody who walks there."""


@dataclass(frozen=True, slots=True)
class Peak:
    """A local maximum of a surface: its metric place and its value per hectare."""

    x: float
    y: float
    value: float


def peaks(surface: Surface, *, least: float, limit: int = 5, apart_m: float = APART_M) -> list[Peak]:
    """The highest places of a surface, from the top, none under `least`, each at least `apart_m` from the others.

    A place is a cell that none beside it tops, unless a higher place is nearer than `apart_m`. What merely lies on
    the way between two places hides neither of them.
    """
    from scipy.ndimage import maximum_filter

    highest = maximum_filter(surface.values, size=3, mode="constant")
    rows, columns = np.nonzero((surface.values == highest) & (surface.values >= least) & (surface.values > 0))
    x, y = surface.frame.x_centres()[columns], surface.frame.y_centres()[rows]
    values = surface.values[rows, columns].astype(np.float64)
    # Equal values beside each other are one plateau: the first stands for it.
    order = np.lexsort((x, y, -values))
    x, y, values = x[order], y[order], values[order]
    is_free = np.ones(len(order), dtype=np.bool_)
    found: list[Peak] = []
    while len(found) < limit and is_free.any():
        i = int(np.argmax(is_free))
        found.append(Peak(float(x[i]), float(y[i]), float(values[i])))
        is_free &= np.hypot(x - x[i], y - y[i]) >= apart_m
    return found
