"""Hot spots and clusters as the office reads them: place by place, with what each is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely import MultiPolygon
from sqlalchemy.orm import Session

from app.i18n import N_
from app.inputs.area import area_text
from app.inputs.filters import Scope
from app.queries.analyses import Asked, Told
from app.queries.clusters import Cluster, Spoken, find_clusters
from app.queries.hot_spots import CategoryTest, find_hot_spots
from app.queries.maps import MapRecord
from app.queries.pin_table import read_pins
from gis.analysis.density import SQUARE_METRES_PER_HECTARE
from gis.analysis.hot_spots import LEVELS, SIDE_M
from gis.crs import to_wgs84, transform_geometry
from gis.grid import square_polygons
from gis.outline import simplified

MOST_CORNERS = 40
"""Of an area in an address: browsers and proxies cut long ones."""
HECTARES = SIDE_M**2 / SQUARE_METRES_PER_HECTARE

TESTS = N_("Testing every square of the town for more people than chance would bring")
GATHERS = N_("Looking for places where many people said the same close together")
NAMES = N_("Setting the places beside the hot squares")


@dataclass(frozen=True)
class Place:
    """One cluster."""

    rank: int
    """1 for the one with most people of its category."""
    name: str | None
    lon: float
    lat: float
    spoken: dict[str, Spoken]
    """By category, what is said within the outline."""
    sure: int
    """99, 95 or 90 per cent where it lies on a hot spot of its category, else 0."""
    area: str = field(repr=False)
    """Its outline as the filter of the office's map takes it."""
    outline: str = field(repr=False)
    """The same in the map's metric CRS, as WKT in whole metres."""


@dataclass(frozen=True)
class CategoryPlaces:
    """What one category comes to."""

    category: str
    counted: int
    """People, each once in every square of the test."""
    is_tested: bool
    """False where too few spoke."""
    marked: int
    """Squares that stand out, hot or cold."""
    hot_ha: float
    """Hectares of squares that are hot at 95 per cent."""
    places: tuple[Place, ...]
    hot_ground: str = field(repr=False)
    """Those squares, in the map's metric CRS, as WKT."""


@dataclass(frozen=True)
class Result:
    """Everything the page says."""

    people: int
    pins: int
    squares: int
    """How many squares the town has: so many tests were made of each category."""
    categories: tuple[CategoryPlaces, ...]

    @property
    def has_any(self) -> bool:
        """Whether there is any place to speak of."""
        return any(one.places or one.hot_ha for one in self.categories)


def find(session: Session, the_map: MapRecord, asked: Asked, told: Told) -> Result:
    """Hot spots and clusters of all pins that count for the office; there is nothing to choose."""
    pins = read_pins(session, the_map)
    people, number = pins.people, len(pins)
    del pins
    told(0.15, TESTS)
    tested = find_hot_spots(session, the_map, Scope.OFFICE)
    told(0.45, GATHERS)
    of: Mapping[str, list[Cluster]] = {key: [] for key in the_map.category_by_key}
    for cluster in find_clusters(session, the_map, Scope.OFFICE):
        of[cluster.category.key].append(cluster)
    told(0.9, NAMES)
    parts = tuple(_category(the_map, test, of[key]) for key, test in tested.categories.items())
    return Result(people, number, tested.squares, parts)


def _category(the_map: MapRecord, test: CategoryTest, clusters: Sequence[Cluster]) -> CategoryPlaces:
    ground = {sure: _ground(test, sure) for sure in LEVELS}
    likely = int((test.found.level >= 95).sum()) if test.found else 0
    return CategoryPlaces(
        category=test.category.key,
        counted=test.counted,
        is_tested=test.found is not None,
        marked=len(test.marked()),
        hot_ha=likely * HECTARES,
        places=tuple(_place(the_map, cluster, ground) for cluster in clusters),
        hot_ground=_text(ground[95]),
    )


def _place(the_map: MapRecord, cluster: Cluster, ground: Mapping[int, MultiPolygon]) -> Place:
    return Place(
        rank=cluster.rank,
        name=cluster.name,
        lon=round(cluster.lon, 6),
        lat=round(cluster.lat, 6),
        spoken=dict(cluster.spoken),
        sure=_sure(cluster, ground),
        area=area_of(the_map, cluster),
        outline=_text(cluster.outline),
    )


def _ground(test: CategoryTest, sure: int) -> MultiPolygon:
    """The squares that are hot at this certainty or a higher one."""
    if test.found is None:
        return MultiPolygon()
    hot = np.nonzero(test.found.level >= sure)[0]
    squares = square_polygons(test.found.x_index[hot], test.found.y_index[hot], SIDE_M)
    whole = shapely.coverage_union_all(squares)
    return MultiPolygon([part for part in shapely.get_parts(whole) if part.geom_type == "Polygon"])


def _sure(cluster: Cluster, ground: Mapping[int, MultiPolygon]) -> int:
    return next((sure for sure in LEVELS if shapely.intersects(ground[sure], cluster.outline)), 0)


def area_of(the_map: MapRecord, cluster: Cluster) -> str:
    """A cluster's outline as the filter of the office's map takes it."""
    in_degrees = transform_geometry(cluster.outline, to_wgs84(the_map.metric_srid))
    outline = simplified(in_degrees, MOST_CORNERS).polygon.exterior.coords[:-1]
    return area_text(tuple((float(lon), float(lat)) for lon, lat in outline))


def _text(shape: MultiPolygon) -> str:
    return str(shapely.to_wkt(shape, rounding_precision=0))
