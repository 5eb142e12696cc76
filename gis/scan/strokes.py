"""Marks that a pen makes: dots, that is small full blobs, and crosses, two strokes that cut each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from gis.scan.blobs import Blob, Outline

Floats = NDArray[np.float64]

DOT_MM: Final = (1.5, 5.5)
"""Smallest and largest diameter; a sticker has 6 mm at least."""
SPOT_MM: Final = 8.5
"""So small a sticker may be taken for one by its shape alone."""
ROUND: Final = 1.2
"""A sticker that stands alone is at most so many times as long as wide: two upon each other are longer."""
FULL: Final = 0.86
"""A dot covers this share of its convex hull: strokes, hooks and two dots together cover less."""
LONGEST: Final = 1.75
"""A dot is at most so many times as long as wide."""
MOSTLY_FREE: Final = 0.6
"""Of a dot's edge: what is left of a sticker under another is not a dot."""
CROSS_MM: Final = (3.6, 13.0)
FULLEST: Final = 0.85
"""A cross covers at most this share of its convex hull: a sticker with writing on it covers more."""
STROKE_MM: Final = (0.45, 2.6)
"""A felt pen's stroke: a ballpoint's is narrower, but seldom in a category's colour."""
EXPLAINED: Final = 0.8
"""Of a cross's ink lies on its two strokes."""
LEAST_ANGLE: Final = 42.0
LEAST_ARM: Final = 0.2
"""Of a stroke lies on each side of the other."""
TURNS: Final = 45


@dataclass(frozen=True)
class Stroked:
    """A dot or a cross in pixels of the blob's window."""

    x: float
    y: float
    size: float
    fit: float
    """0 to 1: how like a dot, or a cross, it is."""
    error: float


def dot_of(blob: Blob, edge: Outline, widest_mm: float = DOT_MM[1]) -> Stroked | None:
    """The dot, or small sticker, that a blob is; None where it is none."""
    mm = blob.px_per_mm
    diameter = 2 * (blob.area_mm2 / np.pi) ** 0.5
    if not DOT_MM[0] <= diameter <= widest_mm or not len(edge.free) or edge.free.mean() < MOSTLY_FREE:
        return None
    hull = cv2.convexHull(edge.points.astype(np.float32))
    full = blob.ink.sum() / max(cv2.contourArea(hull), 1.0)
    y, x = np.nonzero(blob.ink)
    weight = np.maximum(blob.cover[y, x], 0.05)
    centre = np.array([np.average(x, weights=weight), np.average(y, weights=weight)])
    spread = np.linalg.eigvalsh(np.cov(np.stack([x, y]), aweights=weight)) + 1 / 12
    longer = float((spread[1] / spread[0]) ** 0.5)
    if full < FULL or longer > (LONGEST if diameter <= DOT_MM[1] else ROUND):
        return None
    fit = min(1.0, 1.15 * min(full, 1.0) - 0.3 * (longer - 1))
    return Stroked(float(centre[0]), float(centre[1]), diameter * mm, float(fit), 0.05 * mm + 0.02 * diameter * mm)


def cross_of(blob: Blob) -> Stroked | None:
    """The cross that a blob is; None where it is none."""
    mm = blob.px_per_mm
    y, x = np.nonzero(blob.ink)
    reach = max(np.ptp(x), np.ptp(y)) + 1
    if not CROSS_MM[0] * mm * 0.7 <= reach <= CROSS_MM[1] * mm:
        return None
    if _fullness(blob.ink) > FULLEST:
        return None
    points, weight = np.stack([x, y], axis=1).astype(float), np.maximum(blob.cover[y, x].astype(float), 0.05)
    width = _stroke_width(blob, points)
    if not STROKE_MM[0] * mm <= width <= STROKE_MM[1] * mm:
        return None
    first = _stroke(points, weight, width, None)
    second = _stroke(points, weight, width, first)
    if second is None or first is None:
        return None
    first, second = _refined(points, weight, width, first, second)
    return _judged(points, weight, width, first, second)


def _fullness(ink: NDArray[np.bool_]) -> float:
    """Share of its convex hull that a blob fills, its holes filled too."""
    edges, _ = cv2.findContours(ink.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = cv2.contourArea(cv2.convexHull(np.concatenate(edges)))
    return sum(cv2.contourArea(edge) for edge in edges) / max(hull, 1.0)


def _stroke_width(blob: Blob, points: Floats) -> float:
    """Twice the mean distance from the edge along the strokes' middles, where it is greatest.

    The ink's area over the strokes' length says the same, whatever the blur.
    """
    depth = cv2.distanceTransform(blob.ink.astype(np.uint8), cv2.DIST_L2, 5)
    x, y = points[:, 0].astype(int), points[:, 1].astype(int)
    ridge = (depth >= cv2.dilate(depth, np.ones((3, 3), np.uint8)) - 1e-3)[y, x]
    return 2 * float(np.median(depth[y, x][ridge]))


def _stroke(points: Floats, weight: Floats, width: float, other: Floats | None) -> Floats | None:
    """The line (angle, offset) with most ink in a stroke's width; not near the angle of another.

    Offsets are from the blob's middle; the Hough transform (Duda and Hart, 1972), of the ink itself.
    """
    middle = points.mean(axis=0)
    angles = np.arange(TURNS) * np.pi / TURNS
    if other is not None:
        apart = np.abs((angles - other[0] + np.pi / 2) % np.pi - np.pi / 2)
        angles = angles[apart >= np.radians(LEAST_ANGLE)]
    across = (points - middle) @ np.stack([-np.sin(angles), np.cos(angles)])
    reach = float(np.abs(across).max()) + 1
    n = int(2 * reach) + 3
    bins = np.floor(across + reach + 1).astype(int)
    counts = np.stack([np.bincount(column, weights=weight, minlength=n + 2) for column in bins.T])
    side = max(1, round(width))
    sums = np.cumsum(np.pad(counts, ((0, 0), (side, 0))), axis=1)
    inside = sums[:, side:] - sums[:, :-side]
    turn, at = np.unravel_index(int(inside.argmax()), inside.shape)
    return np.array([angles[turn], at - (side - 1) / 2 - reach - 0.5])


def _refined(points: Floats, weight: Floats, width: float, first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Both lines through the middle of their own ink: that near the other line is left out."""
    middle = points.mean(axis=0)
    lines = [first, second]
    for _ in range(3):
        off = [np.abs(_across(points - middle, line)) for line in lines]
        for n in (0, 1):
            mine = (off[n] < 0.9 * width) & (off[1 - n] > 0.8 * width)
            if mine.sum() >= 6:
                lines[n] = _through(points[mine] - middle, weight[mine], lines[n])
    return lines[0], lines[1]


def _across(points: Floats, line: Floats) -> Floats:
    return np.asarray(points @ np.array([-np.sin(line[0]), np.cos(line[0])]) - line[1], float)


def _through(points: Floats, weight: Floats, line: Floats) -> Floats:
    """Total least squares through weighted points, turned at most a little from what it was."""
    centre = np.average(points, axis=0, weights=weight)
    _, axes = np.linalg.eigh(np.cov(points.T, aweights=weight))
    angle = float(np.arctan2(axes[1, 1], axes[0, 1]))
    turn = (angle - line[0] + np.pi / 2) % np.pi - np.pi / 2
    if abs(turn) > np.radians(20):
        return line
    angle = line[0] + turn
    return np.array([angle, centre @ np.array([-np.sin(angle), np.cos(angle)])])


def _judged(points: Floats, weight: Floats, width: float, first: Floats, second: Floats) -> Stroked | None:
    middle = points.mean(axis=0)
    rows = np.array([[-np.sin(line[0]), np.cos(line[0])] for line in (first, second)])
    if abs(np.linalg.det(rows)) < np.sin(np.radians(LEAST_ANGLE * 0.8)):
        return None
    meet = np.linalg.solve(rows, np.array([first[1], second[1]]))
    off = [np.abs(_across(points - middle, line)) for line in (first, second)]
    on = [one < 0.75 * width + 0.7 for one in off]
    explained = float(weight[on[0] | on[1]].sum() / weight.sum())
    lengths, arms = [], []
    for line, mine in zip((first, second), on, strict=True):
        along = (points[mine] - middle - meet) @ np.array([np.cos(line[0]), np.sin(line[0])])
        low, high = np.percentile(along, (1, 99))
        lengths.append(high - low)
        arms.append(min(-low, high) / max(high - low, 1e-6))
    if explained < EXPLAINED or min(arms) < LEAST_ARM or min(lengths) < 0.45 * max(lengths):
        return None
    if min(lengths) < 2.2 * width:
        return None
    fit = min(1.0, (explained - 0.5) / 0.45) * min(1.0, 0.6 + min(arms))
    at = middle + meet
    return Stroked(float(at[0]), float(at[1]), float(np.mean(lengths)), float(fit), 0.12 * width)
