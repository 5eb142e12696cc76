"""Curves through drawn points, streets joined into a network, and the river's surface."""

from shapely.geometry import LineString, Point, Polygon

from sample_maps.make_vzorov.plan import XY, Row

JOIN_M = 26.0  # an end of a street nearer than this to another street is meant to meet it
Lines = list[tuple[Row, LineString]]


def rounded(points: tuple[XY, ...], steps: int = 4, *, closed: bool = False) -> list[XY]:
    """A smooth curve through all the points (Catmull and Rom, 1974)."""
    pts = list(points)
    n = len(pts)
    curve: list[XY] = []
    for i in range(n if closed else n - 1):
        near = [pts[(i + k) % n if closed else max(0, min(n - 1, i + k))] for k in (-1, 0, 1, 2)]
        xs, ys = [p[0] for p in near], [p[1] for p in near]
        curve += [(_spline(xs, step / steps), _spline(ys, step / steps)) for step in range(steps)]
    return curve if closed else [*curve, pts[-1]]


def _spline(v: list[float], t: float) -> float:
    """One coordinate between the second and third of four values."""
    bend = (2 * v[0] - 5 * v[1] + 4 * v[2] - v[3]) * t**2 + (3 * v[1] - v[0] - 3 * v[2] + v[3]) * t**3
    return 0.5 * (2 * v[1] + (v[2] - v[0]) * t + bend)


def line_of(row: Row, thin_m: float = 0.9) -> LineString:
    """A drawn line, thinned where it hardly bends."""
    return LineString(rounded(row.points) if row.curved else row.points).simplify(thin_m)


def joined(lines: Lines) -> Lines:
    """The same streets with loose ends pulled onto the street they nearly reach."""
    result = []
    for street, line in lines:
        coords = list(line.coords)
        for end in (0, -1):
            tip = Point(coords[end])
            others = [other for s, other in lines if s is not street and other.distance(tip) < JOIN_M]
            if others:
                foot = _foot(tip, min(others, key=tip.distance))
                coords[end] = (foot.x, foot.y)
        result.append((street, LineString(coords)))
    return result


def _foot(tip: Point, other: LineString) -> Point:
    """Where a loose end meets the other line: its nearest point, or a bend right beside that."""
    foot = other.interpolate(other.project(tip))
    bend = min((Point(c) for c in other.coords), key=foot.distance)
    return bend if bend.distance(foot) < 4 else foot


def river_surface(river: Row) -> Polygon:
    """The river's water from bank to bank; its numbers are x, y and the width there."""
    middle = rounded(river.points, 6)
    widths = [w for w, _ in rounded(tuple((row[2], 0.0) for row in river.numbers), 6)]
    left, right = [], []
    for i, (x, y) in enumerate(middle):
        (xa, ya), (xb, yb) = middle[max(0, i - 1)], middle[min(len(middle) - 1, i + 1)]
        length = ((xb - xa) ** 2 + (yb - ya) ** 2) ** 0.5
        nx, ny = -(yb - ya) / length * widths[i] / 2, (xb - xa) / length * widths[i] / 2
        left.append((x + nx, y + ny))
        right.append((x - nx, y - ny))
    return Polygon([*left, *reversed(right)]).buffer(0).simplify(0.8)
