"""Shares: of all feelings spoken of a place, how many per cent are this one; the ratio of two heat surfaces.

Density shows where people are; a share shows what they say there. With one kernel and one bandwidth above and
below the line this is the Nadaraya–Watson estimate (Nadaraya 1964; Watson 1964) of the chance that a feeling
spoken of a place is this one, the sibling of the epidemiologists' relative risk (Bithell 1990, Statistics in
Medicine 9).
Where little was said the ratio is noise drawn as knowledge, so there is none: see `least_density`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import pi
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from gis.analysis.density import SQUARE_METRES_PER_HECTARE, Frame, Surface
from gis.analysis.scale import LONE_SHARE, Breaks

if TYPE_CHECKING:
    from shapely.geometry.base import BaseGeometry

WHOLE_PERCENT: Final = 100.0
PERCENT_BREAKS: Final[Breaks] = (0.0, 20.0, 40.0, 60.0, 80.0)
"""One scale for every map, bandwidth and zoom: a colour of shares means the same everywhere."""
LEAST_PEOPLE: Final = 5
"""Of fewer than a handful no share is told: one more voice would turn it over."""
SHOULDER_BANDWIDTHS: Final = float(np.sqrt(2 * np.log(1 / LONE_SHARE)))
"""How far from its top a Gaussian hill is half as high, in bandwidths: 1.18."""


@dataclass(frozen=True)
class Share:
    """Per cent of one feeling among all, at the cell centres of a frame; NaN where too little was said.

    `part` and `whole` count in the same way (people or pins). `voices` is the whole counted in people: whether
    enough was said is asked of people also where pins are counted, or one busy person would be enough.
    """

    part: Surface
    whole: Surface
    voices: Surface
    least: float
    """People per hectare in `voices` from which on a share is told."""

    @cached_property
    def values(self) -> NDArray[np.float32]:
        """The per cent, row 0 the northernmost."""
        return share_of(self.part.values, self.whole.values, self.voices.values >= self.least)

    @property
    def frame(self) -> Frame:
        """The raster."""
        return self.whole.frame

    @property
    def srid(self) -> int:
        """Its CRS."""
        return self.whole.srid

    @property
    def bandwidth_m(self) -> float:
        """The standard deviation of the Gaussians of both."""
        return self.whole.bandwidth_m

    @property
    def given(self) -> BaseGeometry:
        """Where it may be given at all: the boundary and three bandwidths around it."""
        return self.whole.given

    @property
    def total(self) -> float:
        """What was counted of this one feeling."""
        return self.part.total

    @property
    def peak(self) -> float:
        """The highest per cent; below zero where there is none."""
        return float(np.nanmax(self.values)) if self.is_told_anywhere else -1.0

    @property
    def is_told_anywhere(self) -> bool:
        """Whether there is any place of which enough was said."""
        return bool(np.isfinite(self.values).any())

    def masked(self, nodata: float = float("nan")) -> NDArray[np.float32]:
        """The values with `nodata` where too little was said, and beyond the area of the surfaces."""
        inside = np.isfinite(self.whole.masked()) & np.isfinite(self.values)
        return np.where(inside, self.values, np.float32(nodata))


def least_density(bandwidth_m: float, people: int = LEAST_PEOPLE) -> float:
    """The people per hectare from which on a share is told: what so many people give half-way down their hill.

    They all mark one place; 1.18 bandwidths from it (88 m at 75 m) the surface still is half of its top.

    >>> round(least_density(75.0), 3)
    0.707
    """
    top_of_one = SQUARE_METRES_PER_HECTARE / (2 * pi * bandwidth_m**2)
    return people * LONE_SHARE * top_of_one


def share_of(
    part: NDArray[np.float32], whole: NDArray[np.float32], told: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Per cent of `part` in `whole` where it is to be told, else NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.float32(WHOLE_PERCENT) * part / whole
    # A hair above 100 comes of adding 32-bit numbers in another order.
    return np.where(told & (whole > 0), np.clip(ratio, 0, WHOLE_PERCENT), np.float32("nan")).astype(np.float32)


def percent_positions(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Where per cent lie on the ramp: 0 % at its pale end, which still is ink, 100 % at its full one."""
    return np.asarray(np.nan_to_num(values) / WHOLE_PERCENT, dtype=np.float32)
