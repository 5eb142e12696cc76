"""A sheet: its page, and the piece of ground that its frame shows true to scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gis.paper.layout import Layout, Rgb, lay_out, layout_from_json, layout_json

SCALES: Final = (
    500, 750, 1000, 1250, 1500, 2000, 2500, 3000, 4000, 5000, 6000, 7500, 8000, 10_000, 12_500, 15_000, 20_000,
    25_000, 30_000, 40_000, 50_000, 60_000, 75_000, 100_000, 125_000, 150_000, 200_000,
)  # fmt: skip
"""Numbers that people know from maps; the first that shows the whole town is taken."""
AROUND: Final = 1.03
"""How much more than the town's own extent the frame shows."""

Floats = NDArray[np.float64]
Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Sticker:
    """One category on paper: its key and the colour of its stickers and pens."""

    key: str
    rgb: Rgb

    @classmethod
    def of(cls, key: str, colour: str) -> Sticker:
        """Of a colour written #rrggbb."""
        red, green, blue = bytes.fromhex(colour.removeprefix("#"))
        return cls(key, (red, green, blue))

    @property
    def hex(self) -> str:
        """As #rrggbb."""
        return "#{:02x}{:02x}{:02x}".format(*self.rgb)


@dataclass(frozen=True)
class PaperSheet:
    """All that reading a photo of a sheet needs to know of it."""

    layout: Layout
    crs: int
    """EPSG code of the map's metric CRS; its grid north is up."""
    bounds: Bounds
    """West, south, east, north of the frame in that CRS."""
    scale: int
    """One millimetre on paper is so many millimetres on the ground."""
    stickers: tuple[Sticker, ...]

    def to_ground(self, x_mm: ArrayLike, y_mm: ArrayLike) -> tuple[Floats, Floats]:
        """Eastings and northings of places on the page."""
        left, top, _, _ = self.layout.frame
        metre = self.scale / 1000
        west, _, _, north = self.bounds
        return west + (np.asarray(x_mm, float) - left) * metre, north - (np.asarray(y_mm, float) - top) * metre

    def to_page(self, east: ArrayLike, north: ArrayLike) -> tuple[Floats, Floats]:
        """Millimetres on the page of places on the ground."""
        left, top, _, _ = self.layout.frame
        metre = self.scale / 1000
        return (
            left + (np.asarray(east, float) - self.bounds[0]) / metre,
            top + (self.bounds[3] - np.asarray(north, float)) / metre,
        )

    @property
    def picture_px_per_mm(self) -> float:
        """How finely photos are straightened, and the clean picture is drawn: what photos have, and no more."""
        return min(6.0, 3300 / max(self.layout.frame[2:]))

    @property
    def picture_size(self) -> tuple[int, int]:
        """Width and height of the frame's picture in pixels."""
        return tuple(round(side * self.picture_px_per_mm) for side in self.layout.frame[2:])  # type: ignore[return-value]


def sheet_of(  # noqa: PLR0913 - what somebody orders, by name
    area: Bounds,
    crs: int,
    stickers: Sequence[Sticker],
    *,
    paper: str,
    scale: int | None = None,
    centre: tuple[float, float] | None = None,
    with_slip: bool = True,
) -> PaperSheet:
    """A sheet for the ground of these bounds (metres in `crs`), upright or not, in the scale that fits.

    With a scale it shows what fits around `centre`, or around the middle of the bounds. ValueError for an unknown
    paper, or a scale that is not positive.
    """
    if scale is not None and scale <= 0:
        raise ValueError(scale)
    west, south, east, north = area
    colours = [(sticker.key, sticker.rgb) for sticker in stickers]
    ways = [lay_out(paper, landscape=way, stickers=colours, with_slip=with_slip) for way in (True, False)]
    needed = [
        max((east - west) * AROUND / layout.frame[2], (north - south) * AROUND / layout.frame[3]) * 1000
        for layout in ways
    ]
    layout, least = min(zip(ways, needed, strict=True), key=lambda one: one[1])
    chosen = scale or next((one for one in SCALES if one >= least), SCALES[-1])
    x, y = centre or ((west + east) / 2, (south + north) / 2)
    width, height = (side * chosen / 1000 for side in layout.frame[2:])
    bounds = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
    return PaperSheet(layout, crs, bounds, chosen, tuple(stickers))


def sheet_json(sheet: PaperSheet) -> dict[str, Any]:
    """The sheet as it is kept with its print."""
    return {
        "layout": layout_json(sheet.layout),
        "crs": sheet.crs,
        "bounds": list(sheet.bounds),
        "scale": sheet.scale,
        "stickers": [[sticker.key, list(sticker.rgb)] for sticker in sheet.stickers],
    }


def sheet_from_json(kept: dict[str, Any]) -> PaperSheet:
    """The sheet of a print as it was kept."""
    west, south, east, north = kept["bounds"]
    stickers = tuple(Sticker(key, (rgb[0], rgb[1], rgb[2])) for key, rgb in kept["stickers"])
    return PaperSheet(
        layout_from_json(kept["layout"]), kept["crs"], (west, south, east, north), kept["scale"], stickers
    )
