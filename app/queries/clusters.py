"""The clusters of a map: places where many people said the same, with their names and what else is said there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import shapely
from shapely import MultiPolygon
from sqlalchemy.orm import Session

from app.inputs.filters import Scope
from app.queries.maps import CategoryRecord, MapRecord
from app.queries.nearest_names import NearestNames, nearest_names
from app.queries.people_squares import of_category, pin_squares, shown_squares
from gis.analysis.clusters import (
    LEAST_PEOPLE,
    NONE,
    Clustering,
    clusters_of_cells,
    clusters_of_voices,
    outline,
    surely_people,
)
from gis.analysis.voices import Voices, centres_of
from gis.crs import to_wgs84
from gis.grid import Cells, Floats, Indices, coarse_of
from gis.privacy import Crowd


@dataclass(frozen=True)
class Spoken:
    """How many people said something in a place, and with how many pins."""

    people: int
    pins: int


@dataclass(frozen=True)
class Cluster:
    """A place where many people said the same."""

    category: CategoryRecord
    rank: int
    """1 for the one with most people of its category."""
    name: str | None
    lon: float
    lat: float
    outline: MultiPolygon = field(repr=False)
    """In the map's metric CRS."""
    spoken: Mapping[str, Spoken]
    """By category, what is said within the outline; for everybody without those of fewer than k people."""

    @property
    def people(self) -> int:
        """Those who said what the cluster is made of; for everybody: at least so many."""
        return self.spoken[self.category.key].people

    @property
    def pins(self) -> int:
        """With so many pins."""
        return self.spoken[self.category.key].pins


class _Said(Protocol):
    """All that was said of one category, as a scope may know it."""

    centres: Floats
    fullness: Floats
    """What each square counts."""

    def clustering(self, least: int) -> Clustering:
        """The clusters of its squares."""

    def spoken(self, square: Indices, group: Indices, count: int) -> list[Spoken]:
        """Who spoke in each of `count` groups of squares: a row for each square of each."""

    def squares(self, chosen: Indices) -> tuple[Indices, Indices]:
        """The indices of some squares."""


class _Known:
    """For officials: different people are known to be different."""

    def __init__(self, voices: Voices) -> None:
        self._voices = voices
        self.centres = voices.centres()
        self.fullness = voices.people.astype(np.float64)

    def clustering(self, least: int) -> Clustering:
        return clusters_of_voices(self._voices, least_people=least)

    def spoken(self, square: Indices, group: Indices, count: int) -> list[Spoken]:
        people = self._voices.together(square, group, count)
        pins = np.bincount(group, self._voices.pins[square], minlength=count)
        return [Spoken(int(n), int(m)) for n, m in zip(people, pins, strict=True)]

    def squares(self, chosen: Indices) -> tuple[Indices, Indices]:
        return self._voices.x_index[chosen], self._voices.y_index[chosen]


class _Counted:
    """For everybody: counts of squares of the public heat, and how many different people there are at least.

    People are rounded down to steps of `least`: on a live map one more pin is then seldom another number.
    """

    def __init__(self, cells: Cells, pins: Indices, crowd: Indices, least: int) -> None:
        self._cells, self._pins, self._least = cells, pins, least
        self._crowd = Crowd(coarse_of(cells.x_index), coarse_of(cells.y_index), crowd)
        self.centres = centres_of(cells.x_index, cells.y_index)
        self.fullness = cells.weight

    def clustering(self, least: int) -> Clustering:
        return clusters_of_cells(self._cells, least_people=least)

    def spoken(self, square: Indices, group: Indices, count: int) -> list[Spoken]:
        people = surely_people(self._cells, self._crowd, square, group, count) // self._least * self._least
        pins = np.bincount(group, self._pins[square], minlength=count)
        return [Spoken(int(n), int(m)) for n, m in zip(people, pins, strict=True)]

    def squares(self, chosen: Indices) -> tuple[Indices, Indices]:
        return self._cells.x_index[chosen], self._cells.y_index[chosen]


@dataclass(frozen=True)
class _Place:
    """A cluster before anybody has looked what else is said there."""

    category: CategoryRecord
    outline: MultiPolygon
    centre: tuple[float, float]
    own: Spoken


def find_clusters(session: Session, the_map: MapRecord, scope: Scope) -> list[Cluster]:
    """The clusters of every category, those of most people first; NotAllowed where heat is not published."""
    least = least_people(the_map)
    said = _said(session, the_map, scope, least)
    places = [place for category in the_map.categories for place in _places(category, said[category.key], least)]
    if not places:
        return []
    names = nearest_names(session, the_map)
    around = {key: _around(one, places) for key, one in said.items()}
    ranks = {category.key: 0 for category in the_map.categories}
    found = []
    for i in sorted(range(len(places)), key=lambda i: (-places[i].own.people, -places[i].own.pins, i)):
        key = places[i].category.key
        ranks[key] += 1
        spoken = {
            other: one[i] for other, one in around.items() if scope is Scope.OFFICE or one[i].people >= least
        }
        found.append(_cluster(the_map, places[i], ranks[key], spoken | {key: places[i].own}, names))
    return found


def least_people(the_map: MapRecord) -> int:
    """How many people have to speak close together for a cluster: never fewer than the map's k."""
    return max(LEAST_PEOPLE, the_map.k)


def _said(session: Session, the_map: MapRecord, scope: Scope, least: int) -> Mapping[str, _Said]:
    if scope is Scope.OFFICE:
        pins = pin_squares(session, the_map)
        return {key: _Known(Voices.of(one.x_index, one.y_index, one.person)) for key, one in pins.items()}
    shown = shown_squares(session, the_map, scope)
    found: dict[str, _Said] = {}
    for category in the_map.categories:
        one = of_category(shown, category.key)
        found[category.key] = _Counted(Cells.of(one.x_index, one.y_index, one.people), one.pins, one.crowd, least)
    return found


def _places(category: CategoryRecord, said: _Said, least: int) -> list[_Place]:
    """The clusters of one category; none of fewer people than surely enough."""
    label = said.clustering(least).label
    square = np.nonzero(label != NONE)[0]
    count = int(label.max(initial=NONE)) + 1
    spoken = said.spoken(square, label[square], count)
    order = square[np.argsort(label[square], kind="stable")]
    runs = np.split(order, np.cumsum(np.bincount(label[square], minlength=count))[:-1]) if count else []
    found = []
    for chosen, own in zip(runs, spoken, strict=True):
        if own.people >= least:
            area = outline(*said.squares(chosen))
            middle = np.average(said.centres[chosen], axis=0, weights=said.fullness[chosen])
            found.append(_Place(category, area, _within(area, middle), own))
    return found


def _within(area: MultiPolygon, middle: Floats) -> tuple[float, float]:
    """The middle of a cluster, or a point of it where its middle lies outside."""
    if shapely.intersects_xy(area, *middle):
        return float(middle[0]), float(middle[1])
    inside = shapely.point_on_surface(area)
    return inside.x, inside.y


def _around(said: _Said, places: Sequence[_Place]) -> list[Spoken]:
    """Who said this within the outline of each place."""
    # The many squares are the tree: shapely prepares what it is asked with, and outlines have many corners.
    tree = shapely.STRtree(shapely.points(said.centres))
    group, square = tree.query([place.outline for place in places], predicate="intersects")
    return said.spoken(square.astype(np.int64), group.astype(np.int64), len(places))


def _cluster(
    the_map: MapRecord, place: _Place, rank: int, spoken: Mapping[str, Spoken], names: NearestNames
) -> Cluster:
    lon, lat = to_wgs84(the_map.metric_srid)(*place.centre)
    return Cluster(place.category, rank, names.near(*place.centre), float(lon), float(lat), place.outline, spoken)
