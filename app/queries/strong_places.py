"""Where most people said the same, as areas that can be answered with one click; for officials only."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely import MultiPolygon
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.inputs.filters import PUBLIC_FILTER, PinFilter, Scope
from app.inputs.heat import HeatQuery
from app.models import Pin
from app.queries.answers import PlaceRecord
from app.queries.features import conditions
from app.queries.heat_store import HeatStore
from app.queries.maps import CategoryRecord, MapRecord, basemap_layer
from gis.analysis.peaks import peaks
from gis.analysis.places import WITHIN_M, area_around
from gis.crs import to_metric, to_wgs84, transform_geometry
from gis.names import Names, names_of

STRONGEST = 5
"""Offered for each category."""
LEAST_PEOPLE = 2


@dataclass(frozen=True)
class StrongPlace:
    """A place that many people marked with one feeling."""

    category: CategoryRecord
    lon: float
    lat: float
    name: str | None
    area: MultiPolygon = field(repr=False)
    people: int
    pins: int


@dataclass(frozen=True)
class _Around:
    """The pins near a place, in metres."""

    x: Sequence[float]
    y: Sequence[float]
    people: int


def strong_places(
    session: Session, store: HeatStore, the_map: MapRecord, answered: Sequence[PlaceRecord]
) -> list[StrongPlace]:
    """The strongest places of each category that nobody has answered yet, those of most people first."""
    names = place_names(session, store, the_map)
    found = [
        place
        for category in the_map.categories
        for place in _of_category(session, store, the_map, category, names)
        if place.people >= LEAST_PEOPLE and not _is_answered(place, answered)
    ]
    return sorted(found, key=lambda place: -place.people)


def area_at(session: Session, the_map: MapRecord, lon: float, lat: float, category: str | None) -> MultiPolygon:
    """The ground of the pins around a place, of one category or of all."""
    x, y = to_metric(the_map.metric_srid)(lon, lat)
    at = (float(x), float(y))
    around = _around(session, the_map, at, category)
    return _in_degrees(the_map, area_around(around.x, around.y, at))


def name_of_area(session: Session, store: HeatStore, the_map: MapRecord, area: MultiPolygon) -> str | None:
    """What people would call the place, after what is named nearest to its middle."""
    names = place_names(session, store, the_map)
    if names is None:
        return None
    middle = shapely.point_on_surface(transform_geometry(area, to_metric(the_map.metric_srid)))
    return names.near(middle.x, middle.y)


def place_names(session: Session, store: HeatStore, the_map: MapRecord) -> Names | None:
    """The names of the map's own layer, read once; None where it has none."""
    if the_map.basemap_fingerprint is None:
        return None
    # The same names, under the same key, as the results page reads (queries/story.py).
    key = (the_map.id, the_map.basemap_fingerprint, the_map.metric_srid, "names")
    return store.remember(key, lambda: read_names(session, the_map), 500_000)


def read_names(session: Session, the_map: MapRecord) -> Names | None:
    """The names of the map's own layer as it is stored; None where it has none."""
    layer = basemap_layer(session, the_map.id)
    found = names_of(json.loads(layer.geojson)["features"], the_map.metric_srid) if layer else None
    return found if found and len(found.names) else None


def _of_category(
    session: Session, store: HeatStore, the_map: MapRecord, category: CategoryRecord, names: Names | None
) -> list[StrongPlace]:
    heat = store.heat(session, the_map, HeatQuery(category.key), Scope.OFFICE, PUBLIC_FILTER)
    if heat.is_empty:
        return []
    found = []
    for peak in peaks(heat.surface, least=heat.breaks[0], limit=STRONGEST):
        at = (peak.x, peak.y)
        around = _around(session, the_map, at, category.key)
        lon, lat = to_wgs84(the_map.metric_srid)(*at)
        area = _in_degrees(the_map, area_around(around.x, around.y, at))
        name = names.near(*at) if names else None
        found.append(StrongPlace(category, float(lon), float(lat), name, area, around.people, len(around.x)))
    return found


def _around(session: Session, the_map: MapRecord, at: tuple[float, float], category: str | None) -> _Around:
    """Visible pins as near as one place reaches."""
    corners_x = np.array([at[0] - WITHIN_M, at[0] + WITHIN_M])
    corners_y = np.array([at[1] - WITHIN_M, at[1] + WITHIN_M])
    lon, lat = to_wgs84(the_map.metric_srid)(corners_x[[0, 0, 1, 1]], corners_y[[0, 1, 0, 1]])
    box = (float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max()))
    wanted = PinFilter(
        states=PUBLIC_FILTER.states, bbox=box, categories=frozenset({category}) if category else None
    )
    rows = session.execute(
        select(func.ST_X(Pin.position), func.ST_Y(Pin.position), Pin.respondent_id).where(
            *conditions(the_map.id, wanted)
        )
    ).all()
    x, y = to_metric(the_map.metric_srid)([row[0] for row in rows], [row[1] for row in rows])
    near = np.hypot(x - at[0], y - at[1]) <= WITHIN_M
    people = {row[2] for row, is_near in zip(rows, near, strict=True) if is_near}
    return _Around(x[near].tolist(), y[near].tolist(), len(people))


def _in_degrees(the_map: MapRecord, area: MultiPolygon) -> MultiPolygon:
    found: MultiPolygon = transform_geometry(area, to_wgs84(the_map.metric_srid))
    return found


def _is_answered(place: StrongPlace, answered: Sequence[PlaceRecord]) -> bool:
    """Whether an answer for this feeling stands in the middle of the place already."""
    return any(
        shapely.intersects_xy(one.area, place.lon, place.lat)
        for one in answered
        if not one.categories or place.category.key in one.categories
    )
