"""Facts of the town to lay beside the feelings: the lamps that are drawn, and bus stops along its main streets."""

from dataclasses import dataclass
from random import Random

from shapely.geometry import MultiPoint, Point

from sample_maps.make_vzorov.town import Town

STOP_EVERY_M, STOP_ASIDE_M = (330.0, 460.0), 7.0
BUILT_UP_M = 1500.0  # buses go on into the country, but stop where people live


@dataclass(frozen=True)
class Layer:
    """One layer of facts: its file, what they are called in Czech, its points in local metres."""

    file: str
    name: str
    points: tuple[tuple[Point, str | None], ...]


def layers(town: Town, seed: int) -> list[Layer]:
    """The layers of the town from one seed; lamps are missing where the town is drawn dark."""
    lamps = [feature.shape for feature in town.features if feature.kind == "lamp"]
    lit = tuple((point, None) for shape in lamps if isinstance(shape, MultiPoint) for point in shape.geoms)
    return [
        Layer("poulicni-lampy", "pouliční lampy", lit),
        Layer("autobusove-zastavky", "autobusové zastávky", tuple(_stops(town, Random(seed)))),
    ]


def _stops(town: Town, rng: Random) -> list[tuple[Point, str | None]]:
    """A stop in each direction at every named place of buses, and further ones between them."""
    named = [
        (feature.shape, str(feature.properties["name"]))
        for feature in town.features
        if feature.kind == "place" and feature.properties.get("class") == "bus"
    ]
    found: list[tuple[Point, str | None]] = [(shape, name) for shape, name in named if isinstance(shape, Point)]
    for street, line in town.streets:
        if street.sort != "main":
            continue
        at = rng.uniform(60, 160)
        while at < line.length - 40:
            here = line.interpolate(at)
            if here.distance(Point(0, 0)) < BUILT_UP_M and all(here.distance(stop) > 180 for stop, _ in found):
                ahead = line.interpolate(at + 2)
                dx, dy = (ahead.x - here.x) / 2, (ahead.y - here.y) / 2
                both = (Point(here.x - m * dy, here.y + m * dx) for m in (STOP_ASIDE_M, -STOP_ASIDE_M))
                found += [(stop, street.name or None) for stop in both]
            at += rng.uniform(*STOP_EVERY_M)
    return found
