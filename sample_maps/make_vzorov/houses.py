"""Footprints of houses: closed blocks, detached houses along a street, single buildings, garden huts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from shapely import STRtree, affinity
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient
from shapely.ops import substring, unary_union
from shapely.prepared import prep


@dataclass(frozen=True)
class Manner:
    """How plots along a street are built up, in metres; `sizes` are (width along the street, depth)."""

    sizes: tuple[tuple[float, float], ...]
    setback_m: tuple[float, float]
    plot_m: tuple[float, float]
    ell_share: float
    empty_share: float
    turned_share: float = 0.0


MANNERS = {
    "villa": Manner(((14, 12), (15, 11), (13, 13), (17, 12)), (6, 10), (30, 41), 0.14, 0.05),
    "family": Manner(((10.5, 10), (12, 10), (10, 11), (13, 10)), (5, 8), (26.5, 34), 0.06, 0.06),
    "cottage": Manner(((8, 15), (16, 8), (13, 9), (9, 13)), (0.5, 2.5), (19, 31), 0.12, 0.10, 0.25),
    "new": Manner(((13, 10), (11, 11), (15, 9), (13, 10)), (6, 11), (25, 33), 0.14, 0.14, 0.15),
}
STREET_HALF_WIDTH_M = {
    "main": 7.5,
    "street": 5.5,
    "lane": 3.6,
    "path": 2.0,
    "steps": 1.5,
    "cycleway": 2.2,
    "track": 2.0,
}


@dataclass
class Ground:
    """What is already taken: a fixed forbidden shape and the houses placed so far."""

    forbidden: BaseGeometry
    placed: list[Polygon] = field(default_factory=list)
    _tree: STRtree | None = None
    _in_tree: int = 0

    def __post_init__(self) -> None:
        self._prepared = prep(self.forbidden)

    def free(self, house: Polygon, gap_m: float) -> bool:
        """Whether the house stands clear of what is forbidden and `gap_m` from every other house."""
        if self._prepared.intersects(house):
            return False
        near = house.buffer(gap_m)
        if self._tree is None or len(self.placed) - self._in_tree > 40:
            self._tree, self._in_tree = STRtree(self.placed), len(self.placed)
        if any(self.placed[i].intersects(near) for i in self._tree.query(near)):
            return False
        return not any(other.intersects(near) for other in self.placed[self._in_tree :])


def ell(width_m: float, depth_m: float, cut_x: float, cut_y: float) -> Polygon:
    """An L-shaped plan around its own middle; the cuts are shares of width and depth."""
    x0, y0, x1, y1 = -width_m / 2, -depth_m / 2, width_m / 2, depth_m / 2
    xc, yc = x1 - width_m * cut_x, y1 - depth_m * cut_y
    return Polygon([(x0, y0), (x1, y0), (x1, yc), (xc, yc), (xc, y1), (x0, y1)])


def landmark(plan: str, width_m: float, depth_m: float) -> Polygon:
    """The outline of a single building around its own middle."""
    w, d = width_m / 2, depth_m / 2
    if plan == "ell":
        return ell(width_m, depth_m, 0.62, 0.55)
    if plan == "court":
        wing = min(width_m, depth_m) * 0.26
        return Polygon(
            [
                (-w, -d),
                (w, -d),
                (w, d),
                (w - wing, d),
                (w - wing, -d + wing),
                (-w + wing, -d + wing),
                (-w + wing, d),
                (-w, d),
            ]
        )
    if plan == "tee":
        return Polygon([(-w, -d), (w, -d), (w, d), (8, d), (8, d + 24), (-9, d + 24), (-9, d), (-w, d)])
    if plan == "church":
        # nave with a tower to the west and a rounded choir to the east
        choir = [
            (w * 0.62, d * 0.62),
            (w * 0.88, d * 0.45),
            (w, 0.0),
            (w * 0.88, -d * 0.45),
            (w * 0.62, -d * 0.62),
        ]
        tower = [
            (-w * 0.7, -d),
            (-w * 0.7, -d * 0.5),
            (-w, -d * 0.5),
            (-w, d * 0.5),
            (-w * 0.7, d * 0.5),
            (-w * 0.7, d),
        ]
        return Polygon([(w * 0.55, d), *choir, (w * 0.55, -d), *tower])
    return box(-w, -d, w, d)


def _corners(ring: LineString) -> list[float]:
    """Distances along a closed ring at which it turns by more than a quarter of a right angle."""
    found = []
    coords = list(ring.coords)[:-1]
    for i, (x, y) in enumerate(coords):
        (xa, ya), (xb, yb) = coords[i - 1], coords[(i + 1) % len(coords)]
        cross = (x - xa) * (yb - y) - (y - ya) * (xb - x)
        lengths = ((x - xa) ** 2 + (y - ya) ** 2) ** 0.5 * ((xb - x) ** 2 + (yb - y) ** 2) ** 0.5
        if lengths and abs(cross) / lengths > 0.38:
            found.append(ring.project(Point(x, y)))
    return sorted(found)


def _frontages(ring: LineString, frontage_m: tuple[float, float], rng: Random) -> Iterator[tuple[float, float]]:
    """Cuts of a block's edge into house fronts, each corner belonging to one house."""
    corners = _corners(ring) or [0.0]
    for i, start in enumerate(corners):
        end = corners[(i + 1) % len(corners)] + (ring.length if i + 1 == len(corners) else 0.0)
        half = min(rng.uniform(*frontage_m) * 0.55, (end - start) / 2)
        yield start - min(half, (end - start) / 2), start + half
        free = end - start - half - min(frontage_m[0] * 0.6, (end - start) / 2)
        count = max(0, round(free / ((frontage_m[0] + frontage_m[1]) / 2)))
        at = start + half
        for share in _uneven_shares(count, rng):
            yield at, at + share * free
            at += share * free


def _uneven_shares(count: int, rng: Random) -> list[float]:
    weights = [rng.uniform(0.75, 1.3) for _ in range(count)]
    return [weight / sum(weights) for weight in weights]


def _front(ring: LineString, start: float, end: float) -> LineString:
    """The part of a closed ring between two distances, also across its first point."""
    if start < 0:
        head = substring(ring, ring.length + start, ring.length)
        return LineString([*head.coords[:-1], *substring(ring, 0, end).coords])
    if end > ring.length:
        head = substring(ring, start, ring.length)
        return LineString([*head.coords[:-1], *substring(ring, 0, end - ring.length).coords])
    return substring(ring, start, end)


@dataclass(frozen=True)
class Closed:
    """How a closed block is built up, in metres."""

    frontage_m: tuple[float, float]
    depth_m: tuple[float, float]
    gap_share: float
    wing_share: float


def block_houses(block: Polygon, manner: Closed, rng: Random) -> list[Polygon]:
    """Houses that stand wall to wall along the edge of a block, yards free but for some rear wings."""
    ring = LineString(orient(block).exterior.coords)
    taken: BaseGeometry = Polygon()
    houses = []
    for start, end in _frontages(ring, manner.frontage_m, rng):
        depth = rng.uniform(*manner.depth_m) * (1.5 if rng.random() < manner.wing_share else 1.0)
        if end - start < 4 or rng.random() < manner.gap_share:
            continue
        strip = _front(ring, start, end).buffer(depth, single_sided=True, cap_style="flat", join_style="mitre")
        # A centimetre of air keeps party walls from crossing once coordinates are rounded.
        house = _largest(strip.intersection(block).difference(taken.buffer(0.05)))
        if house is None:
            continue
        house = _largest(house.simplify(0.7).difference(taken)) or house
        if house.area < 45 or house.buffer(-2).is_empty:
            continue
        houses.append(house)
        taken = unary_union([taken, house])
    return houses


def _largest(shape: BaseGeometry) -> Polygon | None:
    parts = list(shape.geoms) if isinstance(shape, MultiPolygon) else [shape]
    polygons = [Polygon(part.exterior) for part in parts if isinstance(part, Polygon) and not part.is_empty]
    return max(polygons, key=lambda p: p.area, default=None)


def street_houses(
    line: LineString, half_width_m: float, manner: Manner, ground: Ground, rng: Random
) -> list[Polygon]:
    """Detached houses along both sides of a street; what would not fit moves on or is left out."""
    houses = []
    for side in (1, -1):
        at = rng.uniform(6, 14)
        while at < line.length - 5:
            house = _house_at(line, at, side * half_width_m, manner, rng)
            if rng.random() < manner.empty_share:
                at += rng.uniform(*manner.plot_m)
            elif ground.free(house, 2.2):
                ground.placed.append(house)
                houses.append(house)
                at += rng.uniform(*manner.plot_m)
            else:
                at += 3.5
    return houses


def huts(garden: Polygon, ground: Ground, rng: Random) -> list[Polygon]:
    """Garden huts scattered over allotments, each on a plot of its own."""
    minx, miny, maxx, maxy = garden.bounds
    found = []
    for x in range(int(minx) + 14, int(maxx), 31):
        for y in range(int(miny) + 12, int(maxy), 27):
            hut = affinity.translate(box(-2.5, -2, 2.5, 2), x + rng.uniform(-6, 6), y + rng.uniform(-6, 6))
            if garden.buffer(-4).contains(hut) and ground.free(hut, 3):
                found.append(hut)
    return found


def _house_at(line: LineString, at_m: float, edge_m: float, manner: Manner, rng: Random) -> Polygon:
    """A house facing the street at a distance along it; the sign of `edge_m` says on which side."""
    before, here, after = (line.interpolate(max(0.0, min(line.length, at_m + d))) for d in (-6, 0, 6))
    dx, dy = after.x - before.x, after.y - before.y
    length = (dx * dx + dy * dy) ** 0.5
    width, depth = rng.choice(manner.sizes)
    width, depth = width * rng.uniform(0.93, 1.1), depth * rng.uniform(0.93, 1.1)
    if rng.random() < manner.turned_share:
        width, depth = depth, width
    shape = (
        ell(width, depth + 2.5, rng.choice((0.4, 0.55)), 0.4)
        if rng.random() < manner.ell_share
        else box(-width / 2, -depth / 2, width / 2, depth / 2)
    )
    if rng.random() < 0.5:
        shape = affinity.scale(shape, -1, 1, origin=(0, 0))
    sign = 1 if edge_m > 0 else -1
    out = abs(edge_m) + rng.uniform(*manner.setback_m) + depth / 2
    a, b = dx / length, dy / length
    # the plan's y axis points away from the street
    return affinity.affine_transform(
        shape, [a, -b * sign, b, a * sign, here.x - b * sign * out, here.y + a * sign * out]
    )
