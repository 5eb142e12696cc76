"""Names of places from a map's own vector layer: what people would call a spot, not its coordinates."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray

from gis.crs import to_metric, transform_geometry

WITHIN_M: Final = 120.0
"""Farther than this a name misleads."""

# A square or a station is what people say; a street only when nothing such is as near. Metres of start.
_PREFERENCE: Final = {
    "area": 60.0,
    "place": 45.0,
    "building": 25.0,
    "green": 25.0,
    "street": 0.0,
    "river": 0.0,
}
_NOT_NAMED: Final = frozenset({"district", "barrier", "lamp", "tree"})


@dataclass(frozen=True)
class Names:
    """Named features in a metric CRS, ready to be asked what is near."""

    names: Sequence[str]
    kinds: Sequence[str]
    shapes: NDArray[np.object_]
    tree: shapely.STRtree

    def near(self, x: float, y: float, within_m: float = WITHIN_M) -> str | None:
        """The name by which a metric place would be called; None where nothing named is near."""
        point = shapely.Point(x, y)
        near = self.tree.query(point, predicate="dwithin", distance=within_m)
        if not len(near):
            return None
        distances = shapely.distance(self.shapes[near], point)
        best = min(zip(near, distances, strict=True), key=lambda pair: (pair[1] - self._start(pair[0]), pair[0]))
        return str(self.names[int(best[0])])

    def _start(self, index: int) -> float:
        return _PREFERENCE.get(self.kinds[index], 0.0)


def names_of(features: Iterable[Mapping[str, Any]], srid: int) -> Names:
    """The named features of a GeoJSON layer in WGS 84."""
    named = [feature for feature in features if _is_named(feature)]
    degrees = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in named])
    shapes = transform_geometry(np.asarray(degrees, dtype=object), to_metric(srid))
    return Names(
        [feature["properties"]["name"] for feature in named],
        [feature["properties"]["kind"] for feature in named],
        shapes,
        shapely.STRtree(shapes),
    )


def _is_named(feature: Mapping[str, Any]) -> bool:
    properties = feature.get("properties") or {}
    return bool(properties.get("name")) and properties.get("kind") not in _NOT_NAMED
