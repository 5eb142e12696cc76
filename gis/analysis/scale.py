"""The classes of a heat map: round numbers, one scale for the whole town, so that a colour keeps its meaning.

Heat is heavy-tailed: a few squares are many times what a usual street is. Breaks therefore go up in
steps of about two (1, 2, 5, 10 …), so that the quiet quarters keep their differences and the peak its rank.
"""

from __future__ import annotations

from math import floor, isfinite, log10, pi
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.analysis.density import SQUARE_METRES_PER_HECTARE, Surface

CLASSES: Final = 6
_STEPS: Final = (1, 2, 5)
# The top class begins low enough to be seen as a place, not as a single pixel.
_TOP_SHARE: Final = 0.7
LONE_SHARE: Final = 0.5
"""A lone person's hill is drawn down to this share of its top, its shoulder."""

Breaks = tuple[float, ...]


def class_breaks(surface: Surface, *, classes: int = CLASSES) -> Breaks:
    """The lower edges of the classes, rising, in the surface's unit; () for a surface of nothing.

    No class begins below the shoulder of one lone person's hill: what lies lower is tails, and painting
    them would colour whole quarters where nobody put a pin.
    """
    lone_peak = SQUARE_METRES_PER_HECTARE / (2 * pi * surface.bandwidth_m**2)
    return breaks_below(surface.peak, classes=classes, at_least=lone_peak * LONE_SHARE)


def breaks_below(peak: float, *, classes: int = CLASSES, at_least: float = 0.0) -> Breaks:
    """Round lower edges of up to so many classes for values up to a peak, none lower than `at_least`.

    >>> breaks_below(69.5)
    (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
    """
    if not isfinite(peak) or peak <= 0:
        return ()
    exponent = floor(log10(peak)) + 1
    ladder = [step * 10.0**power for power in range(exponent - classes, exponent + 1) for step in _STEPS]
    below = [round(value, 12) for value in ladder if at_least <= value <= peak * _TOP_SHARE]
    return tuple(below[-classes:]) or (float(f"{peak * _TOP_SHARE:.1g}"),)


def class_ranges(breaks: Breaks) -> list[tuple[float, float | None]]:
    """(from, to) of every class; the highest is open upwards."""
    return list(zip(breaks, [*breaks[1:], None], strict=False))


def legend_labels(breaks: Breaks, *, decimal_comma: bool = False, top: float | None = None) -> list[str]:
    """What stands beside the swatches: `1–2`, `2–5`, … `20+`; numbers only, the unit is the caller's.

    A scale that ends, such as per cent, names its `top`: `80–100`.
    """

    def text(value: float) -> str:
        written = f"{value:,.10g}".replace(",", "\u00a0") if value >= 10_000 else f"{value:.10g}"
        return written.replace(".", ",") if decimal_comma else written

    ends = [(low, top if high is None else high) for low, high in class_ranges(breaks)]
    return [f"{text(low)}+" if high is None else f"{text(low)}–{text(high)}" for low, high in ends]


def positions(values: ArrayLike, breaks: Breaks) -> NDArray[np.float32]:
    """Where values lie on the ramp, 0 below the first break, 1 at the top; equal steps from break to break.

    The last class gets a step as well: it is full at the value where a next break would stand.
    """
    flat = np.asarray(values, dtype=np.float32)
    if not breaks:
        return np.zeros_like(flat)
    edges = [*breaks, breaks[-1] * 2]
    place = np.interp(flat, edges, np.linspace(0, 1, len(edges)))
    return np.asarray(np.nan_to_num(place), dtype=np.float32)
