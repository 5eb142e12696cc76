"""Little maps in pages: the town's outline with areas, squares and numbers on it, as paths of inline SVG."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import floor

import shapely
from shapely import Point
from shapely.geometry.base import BaseGeometry

from app.queries.heat import metric_boundary
from app.queries.maps import MapRecord

PICTURE_WIDTH = 400
"""In the picture's own units, about a pixel of a phone."""
MARK_PX = 9
"""Half a number's mark, in the picture's units."""
FINEST = 0.4
"""What is smaller than this, in the picture's units, is left out of an outline."""


@dataclass(frozen=True)
class Mark:
    """The number of a place in the picture."""

    rank: int
    x: float
    y: float


@dataclass(frozen=True)
class Sheet:
    """The paper of a picture: a frame of this width and height with the town's outline."""

    width: int
    height: int
    town: str
    """The outline as an SVG path."""
    scale: float = field(repr=False)
    """Units a metre."""
    origin: tuple[float, float] = field(repr=False)
    """The metric point of its top left corner."""

    @property
    def box(self) -> str:
        """The viewBox, with a margin for strokes and marks at the edge."""
        return f"-4 -4 {self.width + 8} {self.height + 8}"

    def path(self, shapes: BaseGeometry | Iterable[BaseGeometry], finest: float = FINEST) -> str:
        """Areas or lines in the map's metric CRS as one SVG path; fill it by the rule `evenodd`."""
        parts = [shapes] if isinstance(shapes, BaseGeometry) else list(shapes)
        return "".join(path_of(self.placed(shape), finest) for shape in parts)

    def placed(self, shape: BaseGeometry) -> BaseGeometry:
        """A shape in the map's metric CRS, in units of the picture."""
        west, north = self.origin
        return shapely.transform(shape, lambda at: (at - (west, north)) * (self.scale, -self.scale))

    def at(self, x: float, y: float) -> tuple[float, float]:
        """A metric point in units of the picture."""
        west, north = self.origin
        return round((x - west) * self.scale, 1), round((north - y) * self.scale, 1)

    def marks(self, middles: Sequence[Point | tuple[float, float]], half: float = MARK_PX) -> list[Mark]:
        """Numbers from 1 at these metric points; one that would cover a higher one is left out."""
        marks: list[Mark] = []
        for rank, middle in enumerate(middles, 1):
            x, y = self.at(*((middle.x, middle.y) if isinstance(middle, Point) else middle))
            if all(abs(x - mark.x) >= 2 * half or abs(y - mark.y) >= 2 * half for mark in marks):
                marks.append(Mark(rank, x, y))
        return marks


def sheet(the_map: MapRecord, width: int = PICTURE_WIDTH) -> Sheet:
    """The empty picture of a map: its boundary, north up."""
    town = metric_boundary(the_map)
    west, south, east, north = town.bounds
    scale = width / max(east - west, 1.0)
    empty = Sheet(width, max(1, floor((north - south) * scale)), "", scale, (west, north))
    return Sheet(empty.width, empty.height, empty.path(town), scale, (west, north))


def path_of(shape: BaseGeometry, finest: float = FINEST) -> str:
    """Areas or lines, in units of the picture already, as one SVG path."""
    drawn = []
    for part in shapely.get_parts(shape.simplify(finest)):
        if part.geom_type == "Polygon":
            drawn += [_line(ring.coords[:-1]) + "Z" for ring in (part.exterior, *part.interiors) if ring.coords]
        elif part.geom_type == "LineString":
            drawn.append(_line(part.coords))
    return "".join(drawn)


def _line(corners: Iterable[Sequence[float]]) -> str:
    return "M" + " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
