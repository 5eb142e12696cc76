"""Vzorov in local metres: every layer of its basemap as shapely geometries, composed from the drawn plan."""

from dataclasses import dataclass, field
from random import Random

from shapely import affinity
from shapely.geometry import LineString, MultiPoint, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import nearest_points, unary_union

from sample_maps.make_vzorov import houses, planting
from sample_maps.make_vzorov.lines import Lines, joined, line_of, river_surface, rounded
from sample_maps.make_vzorov.plan import BROOK_WIDTH_M, MILL_RACE_WIDTH_M, Plan, Row, read_plan

SPOKEN_OF_M = 280.0  # a comment that names a street means it only if the street is in the same quarter
RAIL_CLEAR_M, BANK_CLEAR_M, LANDMARK_CLEAR_M = 24.0, 9.0, 5.0
PANEL_DEPTH_M, GARAGE_DEPTH_M = 12.5, 6.0
OPEN_AREAS = ("square", "parking", "school", "railway", "industrial")
CLOSED = {
    "old": houses.Closed(frontage_m=(11, 17), depth_m=(11, 17), gap_share=0.05, wing_share=0.18),
    "young": houses.Closed(frontage_m=(18, 27), depth_m=(12, 14.5), gap_share=0.22, wing_share=0.06),
}


@dataclass
class Feature:
    """One thing on the basemap: its kind, geometry in local metres and the other properties."""

    kind: str
    shape: BaseGeometry
    properties: dict[str, object] = field(default_factory=dict)


@dataclass
class Town:
    """All that is drawn, with the shapes later steps ask for."""

    features: list[Feature]
    streets: Lines
    water: BaseGeometry
    boundary: Polygon

    def street_spoken_of(self, text: str, near: Point) -> Point | None:
        """The nearest point of the street (or the corner of two) a text names, if not far from here."""
        named = [line for s, line in self.streets if _stem(s.name) in text and line.distance(near) < SPOKEN_OF_M]
        if not named:
            return None
        if len(named) > 1 and named[0].distance(named[1]) < 1:
            return nearest_points(named[0], named[1])[0]
        return named[0].interpolate(named[0].project(near))


def _stem(name: str) -> str:
    """A street's name without the ending that Czech cases change."""
    return name.rstrip("aeiouyáéíýěů")


@dataclass
class Ground:
    """The drawn ground on which houses look for room."""

    plan: Plan
    streets: Lines
    ways: Lines
    corridors: BaseGeometry
    patches: list[Feature]
    river: Polygon
    race: LineString
    brook: LineString
    rails: list[LineString]

    @property
    def water(self) -> BaseGeometry:
        """All water as one shape."""
        ponds = [f.shape for f in self.patches if f.kind == "water"]
        race, brook = self.race.buffer(MILL_RACE_WIDTH_M / 2), self.brook.buffer(BROOK_WIDTH_M / 2)
        return unary_union([self.river, race, brook, *ponds])


def draw(seed: int) -> Town:
    """The whole town from one seed."""
    rng = Random(seed)
    ground = _ground(read_plan())
    buildings = _buildings(ground, rng)
    built = unary_union([f.shape for f in buildings])
    features = [*ground.patches, Feature("water", ground.river), *_line_features(ground), *buildings]
    features += _points(ground, built, rng)
    return Town(features, ground.streets, ground.water, Polygon(ground.plan.one("boundary").points))


def _ground(plan: Plan) -> Ground:
    streets = joined([(row, line_of(row)) for row in plan.all("street")])
    ways = joined(streets + [(row, line_of(row)) for row in plan.all("way")])[len(streets) :]
    corridors = unary_union([line.buffer(houses.STREET_HALF_WIDTH_M[row.sort]) for row, line in streets + ways])
    return Ground(
        plan,
        streets,
        ways,
        corridors,
        patches=[_patch(row) for row in plan.all("patch:")],
        river=river_surface(plan.one("river")),
        race=LineString(rounded(plan.one("race").points)).simplify(0.6),
        brook=LineString(rounded(plan.one("brook").points)).simplify(0.9),
        rails=[LineString(rounded(row.points)).simplify(0.5) for row in plan.all("rail")],
    )


def _patch(row: Row) -> Feature:
    coords = rounded(row.points, 3, closed=True) if row.curved else row.points
    kind = row.what.removeprefix("patch:")
    return Feature(kind, Polygon(coords).buffer(0).simplify(1.4), row.properties())


def _line_features(ground: Ground) -> list[Feature]:
    plan = ground.plan
    river, weir = plan.one("river"), plan.one("weir")
    middle = LineString(rounded(river.points)).simplify(1.5)
    found = [
        Feature("river", middle, river.properties() | {"width_m": 17}),
        Feature("river", ground.race, plan.one("race").properties() | {"width_m": MILL_RACE_WIDTH_M}),
        Feature("river", ground.brook, plan.one("brook").properties() | {"width_m": BROOK_WIDTH_M}),
        Feature("barrier", LineString(weir.points), weir.properties()),
    ]
    found += [Feature("rail", rail) for rail in ground.rails]
    found += [Feature("street", line, row.properties()) for row, line in ground.streets + ground.ways]
    found += [
        Feature("street", LineString(row.points), row.properties() | {"bridge": True})
        for row in plan.all("bridge")
    ]
    return found


def _buildings(ground: Ground, rng: Random) -> list[Feature]:
    """Single buildings first, then closed blocks and, where room is left, houses along streets and huts."""
    single = _single_buildings(ground.plan)
    marks = unary_union([f.shape.buffer(LANDMARK_CLEAR_M) for f in single])
    open_land = [f.shape for f in ground.patches if f.kind != "area" or f.properties.get("class") in OPEN_AREAS]
    kept = unary_union([*open_land, marks])
    closed = _closed_blocks(ground, kept, rng)
    rails = [rail.buffer(RAIL_CLEAR_M) for rail in ground.rails]
    regions = [Polygon(row.points) for row in ground.plan.all("region")]
    forbidden = unary_union([ground.corridors, ground.water.buffer(BANK_CLEAR_M), kept, *rails, *regions])
    room = houses.Ground(forbidden, [f.shape for f in closed if isinstance(f.shape, Polygon)])
    edge = Polygon(ground.plan.one("built_edge").points)
    rows: list[Polygon] = []
    for street, line in ground.streets:
        if street.houses:
            half_width, manner = houses.STREET_HALF_WIDTH_M[street.sort], houses.MANNERS[street.houses]
            rows += houses.street_houses(line.intersection(edge), half_width, manner, room, rng)
    gardens = houses.Ground(unary_union([ground.corridors, ground.water]))
    for patch in ground.patches:
        if str(patch.properties.get("name", "")).startswith("Zahrádky") and isinstance(patch.shape, Polygon):
            rows += houses.huts(patch.shape, gardens, rng)
    return single + closed + [Feature("building", house, {"class": "house"}) for house in rows]


def _single_buildings(plan: Plan) -> list[Feature]:
    found = []
    for row in plan.all("landmark"):
        x, y, width, depth, turn = row.numbers[0]
        shape = _placed(houses.landmark(row.extras[0], width, depth), x, y, turn)
        found.append(Feature("building", shape, row.properties()))
    for what, depth, sort in (("panel", PANEL_DEPTH_M, "block"), ("garage", GARAGE_DEPTH_M, "industry")):
        for row in plan.all(what):
            x, y, length, turn = row.numbers[0]
            shape = _placed(houses.landmark("rectangle", length, depth), x, y, turn)
            found.append(Feature("building", shape, {"class": sort}))
    return found


def _placed(shape: Polygon, x: float, y: float, turn_deg: float) -> Polygon:
    return affinity.translate(affinity.rotate(shape, turn_deg, origin=(0, 0)), x, y)


def _closed_blocks(ground: Ground, kept: BaseGeometry, rng: Random) -> list[Feature]:
    """Houses wall to wall around every block that streets and kept land leave in the closed regions."""
    found = []
    for region in ground.plan.all("region"):
        left = Polygon(region.points).difference(ground.corridors).difference(kept)
        for block in left.geoms if isinstance(left, MultiPolygon) else [left]:
            calm = block.buffer(-4).buffer(4, join_style="mitre").simplify(0.8)
            if isinstance(calm, Polygon) and calm.area > 350:
                row = houses.block_houses(calm, CLOSED[region.sort], rng)
                found += [Feature("building", house, {"class": "block"}) for house in row]
    return found


def _points(ground: Ground, built: BaseGeometry, rng: Random) -> list[Feature]:
    plan, lines = ground.plan, ground.streets + ground.ways
    labels = plan.all("place") + plan.all("district")
    found = [Feature(row.what, Point(row.points[0]), row.properties()) for row in labels]
    found.append(Feature("lamp", MultiPoint(planting.lamps(lines, plan, built, rng))))
    taken = unary_union([built, ground.water])
    found.append(Feature("tree", MultiPoint(planting.trees(lines, plan, taken, ground.corridors, rng))))
    return found
