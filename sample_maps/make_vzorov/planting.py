"""Lamps along the streets and trees in avenues, parks and along the water."""

from random import Random

from shapely.geometry import LineString, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union
from shapely.prepared import PreparedGeometry, prep

from sample_maps.make_vzorov.houses import STREET_HALF_WIDTH_M
from sample_maps.make_vzorov.lines import Lines, rounded
from sample_maps.make_vzorov.plan import XY, Plan, Row

TOWN_RADIUS_M = 1250.0
LAMP_EVERY_M, TREE_EVERY_M = (36.0, 46.0), 13
BANKS = (
    ("river", 17.0, 15),
    ("brook", 6.0, 16),
)  # row, metres from the middle of the water, metres between trees


def lamps(lines: Lines, plan: Plan, built: BaseGeometry, rng: Random) -> list[XY]:
    """Lamps at alternating sides of lit streets, none in the dark places and none out in the country."""
    dark = prep(unary_union([Polygon(row.points) for row in plan.all("unlit")]))
    lit_town = prep(built.buffer(45))
    found: list[XY] = []
    for street, line in lines:
        if "dark" in street.extras:
            continue
        aside = STREET_HALF_WIDTH_M[street.sort] - 0.8
        at, side = rng.uniform(8, 20), 1
        while at < line.length:
            spot = _beside(line, at, side * aside)
            if not dark.contains(spot) and lit_town.contains(spot):
                found.append((spot.x, spot.y))
            at, side = at + rng.uniform(*LAMP_EVERY_M), -side
    return found


def _beside(line: LineString, at_m: float, aside_m: float) -> Point:
    """The point to the left (or, if negative, right) of a line at a distance along it."""
    here, ahead = line.interpolate(at_m), line.interpolate(min(line.length, at_m + 2))
    length = here.distance(ahead) or 1.0
    dx, dy = (ahead.x - here.x) / length, (ahead.y - here.y) / length
    return Point(here.x - aside_m * dy, here.y + aside_m * dx)


def trees(lines: Lines, plan: Plan, taken: BaseGeometry, corridors: BaseGeometry, rng: Random) -> list[XY]:
    """Avenues at both sides of planted streets, rows along the water, loose groups in parks."""
    solid = prep(taken.buffer(2.5))
    found: list[XY] = []
    for street, line in lines:
        if "trees" in street.extras:
            found += _avenue(line, STREET_HALF_WIDTH_M[street.sort] + 0.4)
    for what, aside_m, step in BANKS:
        bank = LineString(rounded(plan.one(what).points))
        found += _avenue(bank, aside_m, step, rng)
    ways = prep(corridors)
    found = [
        xy for xy in found if not solid.contains(Point(xy)) and Point(xy).distance(Point(0, 0)) < TOWN_RADIUS_M
    ]
    found = [xy for xy in found if not ways.contains(Point(xy))]
    free_of = prep(unary_union([taken.buffer(3.5), corridors.buffer(1.5)]))
    for grove in plan.all("grove"):
        found += _grove(grove, list(found), free_of, rng)
    return found


def _avenue(line: LineString, aside_m: float, step_m: int = TREE_EVERY_M, rng: Random | None = None) -> list[XY]:
    """Trees at both sides of a line; with chance they stray along it and nearly half are missing."""
    found = []
    for side in ("left", "right"):
        row = line.parallel_offset(aside_m, side)
        for at in range(6, int(row.length), step_m):
            if rng and rng.random() > 0.55:
                continue
            spot = row.interpolate(at + (rng.uniform(-6, 6) if rng else 0))
            found.append((spot.x, spot.y))
    return found


def _grove(grove: Row, others: list[XY], free_of: PreparedGeometry, rng: Random) -> list[XY]:
    """Trees scattered over an area, none close to another, on a way or in the water."""
    area, count = Polygon(grove.points), int(grove.extras[0])
    minx, miny, maxx, maxy = area.bounds
    grown: list[XY] = []
    for _ in range(count * 6):
        x, y = rng.uniform(minx, maxx), rng.uniform(miny, maxy)
        crowded = any(abs(x - a) < 6.5 and abs(y - b) < 6.5 for a, b in others + grown)
        if not crowded and area.contains(Point(x, y)) and not free_of.contains(Point(x, y)):
            grown.append((x, y))
        if len(grown) == count:
            break
    return grown
