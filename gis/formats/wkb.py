"""Points as WKB, many at once: what GDAL takes without a Python object for each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_POINT = np.dtype([("order", "u1"), ("type", "<u4"), ("x", "<f8"), ("y", "<f8")])


def point_wkb(x: NDArray[np.float64], y: NDArray[np.float64]) -> Any:
    """An Arrow array of little-endian WKB points.

    >>> point_wkb(np.array([1.0]), np.array([2.0]))[0].as_py().hex()
    '0101000000000000000000f03f0000000000000040'
    """
    import pyarrow as pa

    points = np.zeros(len(x), dtype=_POINT)
    points["order"], points["type"], points["x"], points["y"] = 1, 1, x, y
    data = pa.py_buffer(points)
    offsets = pa.py_buffer(np.arange(len(x) + 1, dtype=np.int32) * _POINT.itemsize)
    return pa.Array.from_buffers(pa.binary(), len(x), [None, offsets, data])


def bounds_of(geometries: Any) -> NDArray[np.float64]:
    """The least and largest x and y of an Arrow array of WKB: (minx, miny, maxx, maxy), not-a-number for none.

    >>> bounds_of(point_wkb(np.array([1.0, 3.0]), np.array([2.0, 0.5])))
    array([1. , 0.5, 3. , 2. ])
    """
    import shapely

    bounds: NDArray[np.float64] = shapely.total_bounds(shapely.from_wkb(np.array(geometries.to_pylist(), object)))
    return bounds
