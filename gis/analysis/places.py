"""The ground around a gathering of pins: what somebody would draw who was asked to show the place."""

from __future__ import annotations

from typing import Final

import numpy as np
import shapely
from numpy.typing import ArrayLike
from shapely import MultiPolygon, Polygon

WITHIN_M: Final = 150.0
"""As far as one place reaches: two minutes of walking."""
MARGIN_M: Final = 15.0
"""Around the outermost pins: about as precise as people point."""
LEAST_POINTS: Final = 3


def area_around(
    x: ArrayLike, y: ArrayLike, at: tuple[float, float], *, within_m: float = WITHIN_M, margin_m: float = MARGIN_M
) -> MultiPolygon:
    """The hull of the metric points near `at`, with a margin; a circle where they are too few to make a shape.

    >>> area_around([0, 100, 100, 0], [0, 0, 100, 100], (50, 50), margin_m=0).area
    10000.0
    """
    points = np.column_stack([np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)])
    near = points[np.hypot(points[:, 0] - at[0], points[:, 1] - at[1]) <= within_m]
    hull = shapely.convex_hull(shapely.multipoints(near))
    if isinstance(hull, Polygon):
        return _as_area(hull.buffer(margin_m, quad_segs=2))
    # Too few, or all on one line.
    return _as_area(shapely.convex_hull(shapely.multipoints([*near, at])).buffer(2 * margin_m, quad_segs=4))


def _as_area(shape: shapely.Geometry) -> MultiPolygon:
    """The shape as a MultiPolygon with as few corners as its margin bears."""
    plain = shape.simplify(1.0)
    return plain if isinstance(plain, MultiPolygon) else MultiPolygon([plain])
