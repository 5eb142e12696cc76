"""Hot spots and clusters as the office reads them: place by place, with what each is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely import MultiPolygon
from sqlalchemy.orm import Session

from app.inputs.area import area_text
from app.inputs.filters import Scope
from app.queries.clusters import Cluster, find_clusters
from app.queries.heat import heat_version
from app.queries.heat_store import HeatStore
from app.queries.hot_spots import CategoryTest, Tested, find_hot_spots
from app.queries.maps import CategoryRecord, MapRecord
from app.queries.people_squares import OFFICE_COUNTS
from gis.analysis.density import SQUARE_METRES_PER_HECTARE
from gis.analysis.hot_spots import LEVELS, SIDE_M
from gis.crs import to_wgs84, transform_geometry
from gis.grid import square_polygons
from gis.outline import simplified

MOST_CORNERS = 40
"""Of an area in an address: browsers and proxies cut long ones."""
KEPT_BYTES = 2_000_000
HECTARES = SIDE_M**2 / SQUARE_METRES_PER_HECTARE


@dataclass(frozen=True)
class SpokenPlace:
    """One cluster on the page."""

    cluster: Cluster
    area: str
    """Its outline as the filter of the office's map takes it."""
    sure: int
    """99, 95 or 90 per cent where it lies on a hot spot of its category, else 0."""


@dataclass(frozen=True)
class CategoryAnalysis:
    """What one category comes to."""

    category: CategoryRecord
    test: CategoryTest
    hot_ha: float
    """Hectares of squares that are hot at 95 per cent."""
    hot_ground: MultiPolygon = field(repr=False)
    """Those squares, in the map's metric CRS."""
    places: Sequence[SpokenPlace]


@dataclass(frozen=True)
class Analysis:
    """Everything the page says."""

    tested: Tested
    clusters: Sequence[Cluster]
    categories: Sequence[CategoryAnalysis]

    def __bool__(self) -> bool:
        """Whether there is any place to speak of."""
        return any(one.places or one.hot_ha for one in self.categories)


def analyse(session: Session, store: HeatStore, the_map: MapRecord) -> Analysis:
    """The analysis of all pins that count for the office; made once while they stay as they are."""
    version = heat_version(session, the_map, OFFICE_COUNTS, Scope.OFFICE)
    return store.remember((the_map.id, version, "analysis"), lambda: _analysed(session, the_map), KEPT_BYTES)


def _analysed(session: Session, the_map: MapRecord) -> Analysis:
    tested = find_hot_spots(session, the_map, Scope.OFFICE)
    found = find_clusters(session, the_map, Scope.OFFICE)
    of: Mapping[str, list[Cluster]] = {key: [] for key in the_map.category_by_key}
    for cluster in found:
        of[cluster.category.key].append(cluster)
    categories = [_category(the_map, test, of[key]) for key, test in tested.categories.items()]
    return Analysis(tested, found, categories)


def _category(the_map: MapRecord, test: CategoryTest, clusters: Sequence[Cluster]) -> CategoryAnalysis:
    ground = {sure: _ground(test, sure) for sure in LEVELS}
    places = [SpokenPlace(cluster, _area(the_map, cluster), _sure(cluster, ground)) for cluster in clusters]
    likely = int((test.found.level >= 95).sum()) if test.found else 0
    return CategoryAnalysis(test.category, test, likely * HECTARES, ground[95], places)


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


def _area(the_map: MapRecord, cluster: Cluster) -> str:
    in_degrees = transform_geometry(cluster.outline, to_wgs84(the_map.metric_srid))
    outline = simplified(in_degrees, MOST_CORNERS).polygon.exterior.coords[:-1]
    return area_text(tuple((float(lon), float(lat)) for lon, lat in outline))
