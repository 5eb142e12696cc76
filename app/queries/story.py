"""The results page of a map as data: counts, where each feeling is strongest, and what was said there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np
from sqlalchemy.orm import Session

from app.inputs.filters import PUBLIC_FILTER, Scope
from app.inputs.heat import HeatQuery, Weight
from app.queries.heat import CountedSquares, read_squares, shown_version, uses_snapshot
from app.queries.heat_store import Heat, HeatStore
from app.queries.maps import CategoryRecord, MapRecord, basemap_layer
from app.queries.summary import (
    Comment,
    Count,
    Summary,
    comments_near,
    count_summary,
    latest_comments,
    stored_summary,
)
from gis.analysis.peaks import APART_M, peaks
from gis.analysis.scale import Breaks
from gis.crs import to_metric, to_wgs84
from gis.grid import SQUARE_M, SQUARES_PER_PRIVACY_SQUARE
from gis.names import Names, names_of

PLACES = 3
"""Named for each category."""
LISTED = 12
"""In the table of places, for each category."""
OUTERMOST = 0.01
LEAST_FOCUS_M = 1000.0
MARGIN_M = 300.0
MARK_SHARE = 0.08
"""Of a picture's width: numbers nearer to each other than this would overlap."""
DEGREE_M = 70_000.0
"""Of longitude, about, at our latitudes."""
SPOKEN_WITHIN_M = 150
"""Comments this near to a peak speak of it."""


@dataclass(frozen=True)
class Place:
    """Where one feeling is strongest."""

    x: float
    y: float
    lon: float
    lat: float
    name: str | None
    people: int
    """Distinct respondents of the category in the fixed 250 m square around, never fewer than k."""
    pins: int
    """Their pins of the category in that square."""
    comment: Comment | None = None


@dataclass(frozen=True)
class CategoryStory:
    """What there is to tell of one category."""

    record: CategoryRecord
    count: Count
    has_heat: bool
    places: Sequence[Place]
    listed: Sequence[Place] = ()
    """The same and more of them, for the table: what the map shows, in words."""


@dataclass(frozen=True)
class Legend:
    """The class breaks of one heat layer that the page can show."""

    category: str | None
    weight: Weight
    breaks: Breaks
    is_empty: bool


@dataclass(frozen=True)
class Story:
    """Everything the results page tells."""

    summary: Summary
    categories: Sequence[CategoryStory]
    legends: Sequence[Legend]
    comments: Sequence[Comment]
    names: Names | None = field(repr=False)
    srid: int
    focus: tuple[float, float, float, float]
    """West, south, east, north of where nearly all that may be shown lies; else the boundary's box."""

    @property
    def has_heat(self) -> bool:
        """Whether any heat may be shown at all."""
        return any(not legend.is_empty for legend in self.legends)

    @property
    def first_shown(self) -> str | None:
        """The category whose heat the page opens with: the one most people spoke of."""
        with_heat = [story for story in self.categories if story.has_heat]
        return max(with_heat, key=lambda story: story.count.people).record.key if with_heat else None

    def near(self, lon: float, lat: float) -> str | None:
        """The name of what is near a place."""
        if self.names is None:
            return None
        x, y = to_metric(self.srid)(lon, lat)
        return self.names.near(float(x), float(y))


def tell(session: Session, store: HeatStore, the_map: MapRecord) -> Story:
    """The story of a map as everybody may read it; numbers and places are kept while pins stay the same.

    Of very many pins they are kept for a while in any case: counting a million at each new one would be all we do.
    """
    version = shown_version(session, the_map)
    # The day as well: what came today is told as it is, and tomorrow perhaps together with its neighbours.
    key = (the_map.id, version, the_map.publish_heat, datetime.now(UTC).date(), "story")
    story = store.remember(key, lambda: _counted(session, store, the_map, version))
    if uses_snapshot(the_map):
        return story
    return replace(
        story,
        categories=[_with_comments(session, the_map, one) for one in story.categories],
        comments=latest_comments(session, the_map),
    )


def _counted(session: Session, store: HeatStore, the_map: MapRecord, version: str) -> Story:
    """The part of the story that only pins' places, categories and people make."""
    stored = stored_summary(session, the_map) if uses_snapshot(the_map) else None
    summary = stored or count_summary(session, the_map)
    names = _names(session, store, the_map)
    legends: list[Legend] = []
    categories = []
    shown = the_map.publish_heat and summary.people >= the_map.k
    squares = read_squares(session, the_map, PUBLIC_FILTER, Scope.PUBLIC) if shown else None
    focus = _focus(the_map, squares)
    apart_m = max(APART_M, (focus[2] - focus[0]) * DEGREE_M * MARK_SHARE)
    for record in the_map.categories:
        count = summary.category(record.key)
        if squares is None:
            categories.append(CategoryStory(record, count, has_heat=False, places=[]))
            continue
        heat = store.heat(session, the_map, HeatQuery(record.key), Scope.PUBLIC, version=version)
        has_heat = not heat.is_empty
        listed = _places(heat, squares, the_map, names, APART_M, LISTED) if has_heat else []
        places = _places(heat, squares, the_map, names, apart_m, PLACES) if has_heat else []
        categories.append(CategoryStory(record, count, has_heat, places, listed))
    if squares is not None:
        queries = [HeatQuery(key, weight=weight) for weight in Weight for key in _keys(the_map)]
        legends = [_legend(store.heat(session, the_map, one, Scope.PUBLIC, version=version)) for one in queries]
    return Story(summary, categories, legends, [], names, the_map.metric_srid, focus)


def _focus(the_map: MapRecord, squares: CountedSquares | None) -> tuple[float, float, float, float]:
    """The box that holds all but the outermost hundredths of what the public may see, with a margin."""
    cells = squares.cells(HeatQuery(), the_map.k) if squares else None
    if cells is None or not len(cells):
        west, south, east, north = the_map.boundary.bounds
        return west, south, east, north
    x, y = cells.centres()
    (west, east), (south, north) = (np.quantile(one, [OUTERMOST, 1 - OUTERMOST]) for one in (x, y))
    middle = ((west + east) / 2, (south + north) / 2)
    # A box that is neither a ribbon nor a spot, so that the pictures have a good shape.
    half = [max(east - west, LEAST_FOCUS_M) / 2 + MARGIN_M, max(north - south, LEAST_FOCUS_M) / 2 + MARGIN_M]
    half = [max(half[0], half[1]), max(half[1], half[0] * 0.75)]
    corners_x = np.array([middle[0] - half[0], middle[0] + half[0]])
    corners_y = np.array([middle[1] - half[1], middle[1] + half[1]])
    lon, lat = to_wgs84(the_map.metric_srid)(corners_x, corners_y)
    return float(lon[0]), float(lat[0]), float(lon[1]), float(lat[1])


def _keys(the_map: MapRecord) -> list[str | None]:
    return [*(category.key for category in the_map.categories), None]


def _legend(heat: Heat) -> Legend:
    return Legend(heat.query.category, heat.query.weight, heat.breaks, heat.is_empty)


def _places(
    heat: Heat, squares: CountedSquares, the_map: MapRecord, names: Names | None, apart_m: float, most: int
) -> list[Place]:
    """The strongest places of a category, those first where most people spoke."""
    found: list[Place] = []
    for peak in peaks(heat.surface, least=heat.breaks[0], limit=most * 3, apart_m=apart_m):
        people, pins = _counted_around(squares, str(heat.query.category), peak.x, peak.y)
        name = names.near(peak.x, peak.y) if names else None
        # Two hills of one street or park are told once, by the higher one.
        if people < the_map.k or (name and any(place.name == name for place in found)):
            continue
        lon, lat = to_wgs84(the_map.metric_srid)(peak.x, peak.y)
        found.append(Place(peak.x, peak.y, float(lon), float(lat), name, people, pins))
    return sorted(found, key=lambda place: -place.people)[:most]


def _counted_around(squares: CountedSquares, category: str, x: float, y: float) -> tuple[int, int]:
    """People and pins of a category in the privacy square of the counted square next to a place."""
    mine = squares.category == category
    dx = (squares.x_index[mine] + 0.5) * SQUARE_M - x
    dy = (squares.y_index[mine] + 0.5) * SQUARE_M - y
    near = np.hypot(dx, dy) <= SQUARE_M * SQUARES_PER_PRIVACY_SQUARE / 2
    if not near.any():
        return 0, 0
    crowd = np.where(near, squares.crowd[mine], -1)
    best = int(crowd.argmax())
    column = squares.x_index[mine] // SQUARES_PER_PRIVACY_SQUARE
    row = squares.y_index[mine] // SQUARES_PER_PRIVACY_SQUARE
    together = (column == column[best]) & (row == row[best])
    return int(crowd[best]), int(squares.pins[mine][together].sum())


def _with_comments(session: Session, the_map: MapRecord, story: CategoryStory) -> CategoryStory:
    """The places of a category with a comment each that was made there."""
    places = [
        replace(
            place,
            comment=comments_near(session, the_map, story.record.key, (place.x, place.y), SPOKEN_WITHIN_M),
        )
        for place in story.places
    ]
    return replace(story, places=places)


def _names(session: Session, store: HeatStore, the_map: MapRecord) -> Names | None:
    """The names of the map's own layer; None where it has none."""
    if the_map.basemap_fingerprint is None:
        return None

    def read() -> Names | None:
        layer = basemap_layer(session, the_map.id)
        found = names_of(json.loads(layer.geojson)["features"], the_map.metric_srid) if layer else None
        return found if found and len(found.names) else None

    key = (the_map.id, the_map.basemap_fingerprint, the_map.metric_srid, "names")
    return store.remember(key, read, 500_000)
