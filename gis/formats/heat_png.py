"""Heat as pictures in Web Mercator: the whole town at once, or tile by tile.

S-JTSK lies some seven degrees askew to a screen map, so every pixel is asked where on the surface it lies:
exactly on a coarse lattice, between its knots by interpolation (off by millimetres). The values are mixed,
not the colours, so a pixel shows what the legend says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from io import BytesIO
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import map_coordinates

from gis.analysis.density import Surface
from gis.analysis.scale import LONE_SHARE, Breaks, positions
from gis.analysis.share import Share, percent_positions, share_of
from gis.crs import to_metric, to_wgs84
from gis.mercator import TILE_PIXELS, Bounds, lon_lat_of, mercator_of, tile_bounds
from gis.ramp import EDGE_LEVELS, LEVELS, Ramp

LATTICE_PIXELS: Final = 64
MAX_PIXELS: Final = 4096 * 4096


@dataclass(frozen=True, slots=True)
class Picture:
    """A transparent PNG and the Web Mercator bounds it covers."""

    png: bytes
    bounds: Bounds
    width: int
    height: int


def town_picture(surface: Surface | Share, colours: Ramp, breaks: Breaks, *, longest_px: int = 1024) -> Picture:
    """The whole surface as one picture, its longer side `longest_px`."""
    bounds = mercator_bounds(surface)
    wide, high = bounds[2] - bounds[0], bounds[3] - bounds[1]
    per_pixel = max(wide, high) / longest_px
    width, height = max(1, round(wide / per_pixel)), max(1, round(high / per_pixel))
    return Picture(render(surface, bounds, (width, height), colours, breaks), bounds, width, height)


def tile(surface: Surface | Share, zxy: tuple[int, int, int], colours: Ramp, breaks: Breaks) -> bytes:
    """One XYZ tile of the surface as PNG; ValueError for a tile that isn't there."""
    return render(surface, tile_bounds(*zxy), (TILE_PIXELS, TILE_PIXELS), colours, breaks)


def render(
    surface: Surface | Share, bounds: Bounds, size: tuple[int, int], colours: Ramp, breaks: Breaks
) -> bytes:
    """PNG of (width, height) pixels over Web Mercator bounds; transparent where below the lowest class.

    A share is transparent where too little was said; where nobody of many spoke so, it has its palest ink.
    """
    width, height = size
    if width < 1 or height < 1 or width * height > MAX_PIXELS:
        raise ValueError(f"a picture of {width} × {height} pixels")
    if not breaks or surface.peak < breaks[0] or not _meets(bounds, mercator_bounds(surface)):
        return _png(np.zeros((height, width), dtype=np.uint8), colours)
    if isinstance(surface, Share):
        return _png(_share_levels(surface, bounds, size), colours)
    values = _sampled(surface, bounds, size)
    return _png(_levels(positions(values, breaks)), colours)


def _levels(places: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.asarray(np.rint(places * np.float32(LEVELS - 1)), dtype=np.uint8)


def _share_levels(share: Share, bounds: Bounds, size: tuple[int, int]) -> NDArray[np.uint8]:
    """The levels of a share's pixels: its surfaces are mixed and then divided, so no zoom invents a per cent."""
    voices = share.voices
    if _pixel_on_ground(voices, bounds, size) > share.bandwidth_m:
        # The mean over a pixel of whole hills would fall below the least: ask how much of the pixel is told.
        of_enough = replace(voices, values=(voices.values >= share.least).astype(np.float32))
        told = _sampled(of_enough, bounds, size) >= LONE_SHARE
    else:
        told = _sampled(voices, bounds, size) >= share.least
    percent = share_of(_sampled(share.part, bounds, size), _sampled(share.whole, bounds, size), told)
    levels = np.maximum(_levels(percent_positions(percent)), EDGE_LEVELS)
    return np.where(np.isfinite(percent), levels, 0).astype(np.uint8)


def mercator_bounds(surface: Surface | Share) -> Bounds:
    """The Web Mercator bounds of a surface's frame, its edges followed, not only its corners."""
    minx, miny, maxx, maxy = surface.frame.bounds
    along, up = np.linspace(minx, maxx, 9), np.linspace(miny, maxy, 9)
    x = np.concatenate([along, along, np.full(9, minx), np.full(9, maxx)])
    y = np.concatenate([np.full(9, miny), np.full(9, maxy), up, up])
    east, north = mercator_of(*to_wgs84(surface.srid)(x, y))
    return float(east.min()), float(north.min()), float(east.max()), float(north.max())


def _meets(one: Bounds, other: Bounds) -> bool:
    return one[0] < other[2] and one[2] > other[0] and one[1] < other[3] and one[3] > other[1]


def _sampled(surface: Surface, bounds: Bounds, size: tuple[int, int]) -> NDArray[np.float32]:
    """Surface values at the pixels' centres, mixed from the four cells around."""
    values, cell_m = surface.values, surface.cell_m
    pixel_m = _pixel_on_ground(surface, bounds, size)
    if pixel_m > surface.bandwidth_m:
        # Seen from afar a pixel holds whole hills: show their mean, or the picture flickers with every zoom.
        values, cell_m = _coarser(values, cell_m, ceil(pixel_m / cell_m / 2))
    column, row = _lattice(surface, bounds, size)
    cells = np.stack([_spread(row / cell_m, size), _spread(column / cell_m, size)]) - np.float32(0.5)
    sampled: NDArray[np.float32] = map_coordinates(
        values, cells, order=1, mode="constant", output=np.float32, prefilter=False
    )
    return sampled


def _lattice(
    surface: Surface, bounds: Bounds, size: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Metres east of the frame's west and south of its north edge, at the knots of the lattice."""
    minx, miny, maxx, maxy = bounds
    x = np.linspace(minx, maxx, _knots(size[0]))
    y = np.linspace(maxy, miny, _knots(size[1]))
    lon, lat = lon_lat_of(*np.meshgrid(x, y))
    east, north = to_metric(surface.srid)(lon, lat)
    return east - surface.west, surface.north - north


def _knots(pixels: int) -> int:
    return ceil(pixels / LATTICE_PIXELS) + 1


def _spread(knots: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.float32]:
    """Values at every pixel's centre, interpolated between the lattice's knots."""
    width, height = size
    down, across = _shares(knots.shape[0], height), _shares(knots.shape[1], width)
    # 32 bits hold a frame of 50 km to 4 mm.
    return np.asarray(down @ knots @ across.T, dtype=np.float32)


def _shares(knots: int, pixels: int) -> NDArray[np.float64]:
    """How much of each knot is in each pixel: rows sum to 1."""
    at = (np.arange(pixels) + 0.5) / pixels * (knots - 1)
    left = np.minimum(at.astype(int), knots - 2)
    shares = np.zeros((pixels, knots))
    shares[np.arange(pixels), left] = 1 - (at - left)
    shares[np.arange(pixels), left + 1] = at - left
    return shares


def _pixel_on_ground(surface: Surface, bounds: Bounds, size: tuple[int, int]) -> float:
    _, lat = lon_lat_of(0.0, (bounds[1] + bounds[3]) / 2)
    return float((bounds[2] - bounds[0]) / size[0] * np.cos(np.radians(lat)))


def _coarser(values: NDArray[np.float32], cell_m: float, times: int) -> tuple[NDArray[np.float32], float]:
    """Means of `times` × `times` cells."""
    if times < 2:
        return values, cell_m
    rows, columns = (-(-side // times) for side in values.shape)
    padded = np.zeros((rows * times, columns * times), dtype=np.float32)
    padded[: values.shape[0], : values.shape[1]] = values
    return padded.reshape(rows, times, columns, times).mean(axis=(1, 3)), cell_m * times


def _png(levels: NDArray[np.uint8], colours: Ramp) -> bytes:
    """A palette PNG: a byte a pixel, so small that it travels and fast to write."""
    picture = Image.fromarray(levels, mode=None)
    picture.putpalette(colours.rgba[:, :3].tobytes(), "RGB")
    out = BytesIO()
    picture.save(out, "PNG", transparency=colours.rgba[:, 3].tobytes(), compress_level=6)
    return out.getvalue()
