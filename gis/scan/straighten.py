"""The frame of a sheet as if it lay flat under a scanner; accepted only where leaving out proves it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.paper.layout import Layout, Rgb
from gis.paper.sheet import PaperSheet
from gis.scan.failure import Failure, Reason
from gis.scan.flattened import MOST_SPREAD_MM, Pixels, certain, fitting, flattened, patch_colours, shares_shown
from gis.scan.locate import Located
from gis.scan.markers_seen import LEAST_MARKERS, astray, looked_again, of_sheet, other_sheets, ties_of
from gis.scan.proof import MOST_ERROR_MM, by_the_map, proved
from gis.scan.surface import Surface, fit_flat

LEAST_SEEN: Final = 0.08
"""Of the frame. Of a wall map one photo shows a part."""
LEAST_SURE: Final = 0.6
"""Of what the photo shows of the frame: with markers on one side only, marks on the other would be lost unsaid."""
LEAST_BETWEEN: Final = 0.3
"""Of it must lie between markers: two sides of a frame enclose the half."""
LEAST_PX_PER_MM: Final = 1.2
"""A felt-pen dot of 2 mm has hardly more than two pixels then."""
MOST_EDGE_MM: Final = 2.0
"""So far may an edge be smeared: a felt-pen dot is no more than a breath beyond."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SeenPatch:
    """One printed colour patch: as it was ordered, and as the photo shows it."""

    name: str
    printed: Rgb
    seen: Rgb
    x_mm: float
    y_mm: float


@dataclass(frozen=True)
class Straightened:
    """The frame of a sheet, seen from straight above."""

    frame: Pixels
    """Red, green, blue in the sheet's picture size."""
    seen: NDArray[np.bool_]
    """Where the photo shows the frame, and it is known well enough which place it is."""
    patches: tuple[SeenPatch, ...]
    error_mm: float
    """How far markers lie from where all others say: the root of the mean square, on paper."""
    error_m: float
    """The same on the ground."""
    px_per_mm: float
    """Of the photo, in the middle of the page."""
    missing: tuple[int, ...]
    """Places of markers that were not found."""
    sharpness: float
    """How many edges side by side a millimetre of paper would show."""
    surface: Surface = field(repr=False)

    def to_photo(self, x_mm: ArrayLike, y_mm: ArrayLike) -> Floats:
        """Pixels of the photo of places on the page: (…, 2)."""
        return self.surface.to_photo(x_mm, y_mm)

    @property
    def share_seen(self) -> float:
        """How much of the frame the photo shows."""
        return float(self.seen.mean())


def straighten(
    pixels: Pixels, located: Located, sheet: PaperSheet, serial: str, clean: Pixels | None = None
) -> Straightened | Failure:
    """The frame of the sheet with this serial, or why it is not to be trusted.

    With the clean picture of the frame, what is printed in it tells of folds that the markers don't see.
    """
    layout = sheet.layout
    markers = of_sheet(located, layout, serial)
    if len(markers) < LEAST_MARKERS - 1:
        return _hidden(markers, layout)
    first = fit_flat(ties_of(markers, layout), layout.page, located.size)
    if first is not None:
        grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.uint8, copy=False)
        markers |= looked_again(grey, first, layout, serial, markers)
    if len(markers) < LEAST_MARKERS:
        return _hidden(markers, layout)
    tried = proved(markers, layout, located.size, astray(located, layout, serial, markers))
    if isinstance(tried, Failure):
        return tried
    surface, error_mm = tried
    edge_mm = located.edges.width_px / surface.px_per_mm
    refused = _too_coarse(surface.px_per_mm, edge_mm)
    if refused:
        return refused
    used = frozenset(int(place) for place in surface.ties.group)
    others = other_sheets(located, surface, layout, serial)
    seen = certain(surface, sheet, located.size, others)
    shown, between = shares_shown(surface, sheet, located.size)
    if seen.mean() < max(LEAST_SEEN, LEAST_SURE * shown) or between < LEAST_BETWEEN * shown:
        return _hidden(markers, layout, share_seen=round(float(seen.mean()), 3))
    return straightened(pixels, sheet, surface, clean, Measured(error_mm, 1 / edge_mm, others, used))


@dataclass(frozen=True)
class Measured:
    """What is known of a photo beside its surface."""

    error_mm: float
    sharpness: float
    others: tuple[Floats, ...] = ()
    """Outlines of other sheets that lie upon this one."""
    found: frozenset[int] = frozenset()
    """Places of the markers that were seen and used."""
    most_spread_mm: float = MOST_SPREAD_MM


def straightened(
    pixels: Pixels, sheet: PaperSheet, surface: Surface, clean: Pixels | None, measured: Measured
) -> Straightened | Failure:
    """The frame by an accepted surface, made better by the map that is printed in it."""
    layout, error_mm = sheet.layout, measured.error_mm
    photo = fitting(pixels, surface, sheet)
    if clean is None:
        frame = flattened(photo, surface, sheet)
    else:
        surface, by_map, frame = by_the_map(photo, surface, sheet, clean)
        error_mm = by_map or error_mm
    if error_mm > MOST_ERROR_MM:
        return Failure(Reason.NOT_FLAT, {"error_mm": round(error_mm, 2), "most_error_mm": MOST_ERROR_MM})
    patches = tuple(
        SeenPatch(patch.name, patch.rgb, rgb, patch.box[0] + patch.box[2] / 2, patch.box[1] + patch.box[3] / 2)
        for patch, rgb in patch_colours(pixels, surface, layout)
    )
    return Straightened(
        frame,
        certain(surface, sheet, (pixels.shape[1], pixels.shape[0]), measured.others, measured.most_spread_mm),
        patches,
        error_mm,
        error_mm * sheet.scale / 1000,
        surface.px_per_mm,
        tuple(marker.place for marker in layout.markers if marker.place not in measured.found),
        measured.sharpness,
        surface,
    )


def _too_coarse(px_per_mm: float, edge_mm: float) -> Failure | None:
    """Why marks of a few millimetres would be lost."""
    if px_per_mm < LEAST_PX_PER_MM:
        return Failure(Reason.TOO_SMALL, {"px_per_mm": round(px_per_mm, 2), "least_px_per_mm": LEAST_PX_PER_MM})
    if edge_mm > MOST_EDGE_MM:
        return Failure(Reason.BLURRED, {"edge_mm": round(edge_mm, 2), "most_edge_mm": MOST_EDGE_MM})
    return None


def _hidden(markers: Mapping[int, Floats], layout: Layout, **more: Any) -> Failure:
    every = [marker.place for marker in layout.markers]
    return Failure(
        Reason.MARKERS_HIDDEN,
        {
            "found": sorted(markers),
            "missing": [place for place in every if place not in markers],
            "of": len(every),
            "needed": LEAST_MARKERS,
            **more,
        },
    )
