"""The shapes that say a category beside its colour: one outline each, for screen, paper and GIS alike.

Every outline lies in a box from −1 to 1 with y down, as in SVG, and covers about the same area, so that
no category looks louder than another. A new shape is one entry in `_OUTLINES`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from math import cos, pi, sin
from typing import Final

Point = tuple[float, float]

CIRCLE_RADIUS: Final = 0.74  # a circle of the area of the widest triangle that fits the box


def _circle() -> list[Point]:
    return _regular(48, CIRCLE_RADIUS)


def _triangle() -> list[Point]:
    return [(0.0, -1.0), (1.0, 0.73), (-1.0, 0.73)]


def _square() -> list[Point]:
    half = 0.66
    return [(-half, -half), (half, -half), (half, half), (-half, half)]


def _diamond() -> list[Point]:
    return [(0.0, -0.98), (0.9, 0.0), (0.0, 0.98), (-0.9, 0.0)]


def _pentagon() -> list[Point]:
    return _regular(5, 0.86)


def _hexagon() -> list[Point]:
    return _regular(6, 0.82)


def _star() -> list[Point]:
    outer, inner = 1.0, 0.56
    return [_polar(outer if i % 2 == 0 else inner, i * pi / 5) for i in range(10)]


def _cross() -> list[Point]:
    arm, half = 0.92, 0.27
    corner = [(half, -arm), (half, -half), (arm, -half), (arm, half), (half, half), (half, arm)]
    return corner + [(-x, -y) for x, y in corner]


def _heart() -> list[Point]:
    def at(t: float) -> Point:
        x = 16 * sin(t) ** 3
        y = 13 * cos(t) - 5 * cos(2 * t) - 2 * cos(3 * t) - cos(4 * t)
        return x / 17.5, -(y + 2.5) / 17.5

    return [at(i * 2 * pi / 48) for i in range(48)]


_OUTLINES: Final[dict[str, Callable[[], list[Point]]]] = {
    "circle": _circle,
    "triangle": _triangle,
    "square": _square,
    "diamond": _diamond,
    "star": _star,
    "cross": _cross,
    "pentagon": _pentagon,
    "hexagon": _hexagon,
    "heart": _heart,
}

SHAPES: Final = tuple(_OUTLINES)


@cache
def outline(shape: str) -> tuple[Point, ...]:
    """The shape's outline, not closed, in the box from −1 to 1, y down; KeyError for an unknown shape."""
    return tuple((round(x, 4), round(y, 4)) for x, y in _OUTLINES[shape]())


def placed(shape: str, *, centre: Point = (0.0, 0.0), radius: float = 1.0) -> list[Point]:
    """The outline around a centre, its box reaching `radius` to every side."""
    return [(centre[0] + x * radius, centre[1] + y * radius) for x, y in outline(shape)]


def svg_path(shape: str, *, centre: Point = (0.0, 0.0), radius: float = 1.0) -> str:
    """The outline as the `d` of an SVG path (also for canvas `Path2D`); a circle is a true circle.

    >>> svg_path("square", centre=(12, 12), radius=10)
    'M5.4 5.4L18.6 5.4L18.6 18.6L5.4 18.6Z'
    """
    if shape == "circle":
        r = CIRCLE_RADIUS * radius
        start = f"M{_number(centre[0] - r)} {_number(centre[1])}"
        half = f"a{_number(r)} {_number(r)} 0 1 0 "
        return f"{start}{half}{_number(2 * r)} 0{half}{_number(-2 * r)} 0Z"
    return (
        "M" + "L".join(f"{_number(x)} {_number(y)}" for x, y in placed(shape, centre=centre, radius=radius)) + "Z"
    )


def css_polygon(shape: str) -> str:
    """The shape as a CSS `clip-path` value, so that any element can wear it."""
    if shape == "circle":
        return f"circle({_number(CIRCLE_RADIUS * 50)}%)"
    return "polygon(" + ",".join(_percent(point) for point in outline(shape)) + ")"


def _percent(point: Point) -> str:
    return " ".join(f"{_number(50 + 50 * v)}%" for v in point)


def _number(value: float) -> str:
    return f"{round(value, 3):g}"


def _polar(radius: float, angle: float) -> Point:
    return radius * sin(angle), -radius * cos(angle)


def _regular(corners: int, radius: float) -> list[Point]:
    return [_polar(radius, i * 2 * pi / corners) for i in range(corners)]


def area(points: Sequence[Point]) -> float:
    """The area inside an outline (shoelace)."""
    pairs = zip(points, [*points[1:], points[0]], strict=True)
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs)) / 2
