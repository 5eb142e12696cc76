"""Hot spots and clusters of one map, place by place, with what they can't say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

import shapely
from flask import render_template
from shapely.geometry.base import BaseGeometry

from app.db import session
from app.inputs.filters import Scope
from app.queries.analysis import Analysis, CategoryAnalysis, SpokenPlace, analyse
from app.queries.heat import metric_boundary
from app.queries.hot_spots import LEAST_COUNTED
from app.queries.layers_analysis import cluster_notes, hot_spot_notes
from app.queries.maps import MapRecord
from app.security import require
from app.views.heat import heat_store
from app.views.office import blueprint
from app.views.office.access import office_map
from app.views.reader import reader_language

FIRST_SHOWN = 8
"""Places of a category that are seen at once; the others unfold."""
PICTURE_WIDTH = 400
MARK_PX = 9
"""Half a number's mark, in the picture's units."""


@dataclass(frozen=True)
class Mark:
    """The number of a place in the picture."""

    rank: int
    x: float
    y: float


@dataclass(frozen=True)
class Picture:
    """A little map of one category: SVG paths in a frame of this width and height."""

    width: int
    height: int
    town: str
    hot: str
    places: str
    marks: Sequence[Mark]


@dataclass(frozen=True)
class Part:
    """One category on the page."""

    found: CategoryAnalysis
    picture: Picture
    first: Sequence[SpokenPlace]
    others: Sequence[SpokenPlace]


@blueprint.get("/maps/<slug>/analysis")
def analysis(slug: str) -> str:
    """The places where more people spoke than by chance, and where many spoke close together."""
    the_map = office_map(slug)
    official = require()
    found = analyse(session(), heat_store(), the_map)
    return render_template(
        "office/analysis.html",
        the_map=the_map,
        official=official,
        found=found,
        parts=[_part(the_map, one) for one in found.categories],
        least_counted=LEAST_COUNTED,
        hot_notes=_notes(the_map, found)[0],
        cluster_notes=_notes(the_map, found)[1],
    )


def _notes(the_map: MapRecord, found: Analysis) -> tuple[list[str], list[str]]:
    """What is said of the method, of hot spots and of clusters."""
    words = reader_language()
    return (
        hot_spot_notes(session(), the_map, Scope.OFFICE, found.tested, words),
        cluster_notes(session(), the_map, Scope.OFFICE, found.clusters, words),
    )


def _part(the_map: MapRecord, found: CategoryAnalysis) -> Part:
    return Part(found, _picture(the_map, found), found.places[:FIRST_SHOWN], found.places[FIRST_SHOWN:])


def _picture(the_map: MapRecord, found: CategoryAnalysis) -> Picture:
    town = metric_boundary(the_map)
    west, south, east, north = town.bounds
    scale = PICTURE_WIDTH / max(east - west, 1.0)

    def placed(shape: BaseGeometry) -> BaseGeometry:
        return shapely.transform(shape, lambda at: (at - (west, north)) * (scale, -scale))

    places = [place.cluster.outline for place in found.places]
    middles = [place.cluster.outline.representative_point() for place in found.places[:FIRST_SHOWN]]
    return Picture(
        PICTURE_WIDTH,
        max(1, floor((north - south) * scale)),
        _path(placed(town)),
        _path(placed(found.hot_ground)),
        _path(placed(shapely.union_all(places))) if places else "",
        _apart([(placed(at).x, placed(at).y) for at in middles]),
    )


def _apart(middles: Sequence[tuple[float, float]]) -> list[Mark]:
    """Numbers where their places are; one that would cover a higher one is left out."""
    marks: list[Mark] = []
    for rank, (x, y) in enumerate(middles, 1):
        if all(abs(x - mark.x) >= 2 * MARK_PX or abs(y - mark.y) >= 2 * MARK_PX for mark in marks):
            marks.append(Mark(rank, round(x, 1), round(y, 1)))
    return marks


def _path(shape: BaseGeometry) -> str:
    """The rings of areas as one SVG path."""
    rings = []
    for polygon in shapely.get_parts(shape.simplify(0.4)):
        if polygon.geom_type != "Polygon":
            continue
        for ring in (polygon.exterior, *polygon.interiors):
            corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in ring.coords[:-1])
            rings.append(f"M{corners}Z")
    return "".join(rings)
