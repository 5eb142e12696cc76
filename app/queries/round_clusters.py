"""Clusters of one round that the other has not: told only where the test of the squares confirms it.

Outlines are drawn around the very pins of their round, so the other round finds fewer people in them by mere
luck. What is certain comes from the squares, which know nothing of outlines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon

from app.queries.nearest_names import NearestNames
from app.queries.round_pair import Pair, Side
from app.queries.round_results import Spot, Unanswered
from gis.analysis.clusters import NONE, clusters_of_voices, outline
from gis.analysis.voices import Voices
from gis.crs import to_wgs84
from gis.grid import SQUARE_M, Floats, Indices, square_polygons

FOUND_AGAIN = 0.1
"""A cluster of which the other round's clusters cover so much is there still."""
NEAR_ANSWER_M = 75.0
"""A cluster so near to an answered place is one that the town has answered."""

_Ground = tuple[NDArray[np.object_], Indices]
"""Squares, and the number of each one's area."""


@dataclass(frozen=True)
class ToldSquares:
    """The squares of the areas that have surely changed."""

    x: Indices
    y: Indices
    way: Indices
    """1 where they have grown, −1 where they have fallen."""
    area: Indices
    """The number of the area."""
    side_m: int

    def grown(self) -> _Ground:
        """Those that have grown."""
        return self._where(self.way > 0)

    def fallen(self) -> _Ground:
        """Those that have fallen."""
        return self._where(self.way < 0)

    def _where(self, chosen: NDArray[np.bool_]) -> _Ground:
        return square_polygons(self.x[chosen], self.y[chosen], self.side_m), self.area[chosen]


@dataclass(frozen=True)
class ClusterChanges:
    """What became of the clusters of one category."""

    gone: Sequence[Spot]
    new: Sequence[Spot]
    unsure_gone: int
    unsure_new: int
    stayed: int
    unanswered: Unanswered | None


@dataclass(frozen=True)
class _Outlines:
    """The clusters of one round."""

    shapes: list[MultiPolygon]
    middles: list[Floats]
    then: Indices
    """People within each outline, of both rounds."""
    now: Indices


def compare_clusters(
    pair: Pair, key: str, least: int, names: NearestNames, answered: NDArray[np.object_], told: ToldSquares
) -> ClusterChanges:
    """The clusters of both rounds; `answered` are the areas that the town answered after the earlier one."""
    then, now = (side.voices(SQUARE_M, [key]) for side in (pair.then, pair.now))
    earlier, later = _outlines(then, then, now, least), _outlines(now, then, now, least)
    lost, came = _unmatched(earlier, later), _unmatched(later, earlier)
    gone = _confirmed(pair, earlier, lost, names, told.fallen())
    new = _confirmed(pair, later, came, names, told.grown())
    return ClusterChanges(
        gone,
        new,
        int(lost.sum()) - len(gone),
        int(came.sum()) - len(new),
        int((~lost).sum()),
        _unanswered(pair, earlier, answered),
    )


def _outlines(voices: Voices, then: Voices, now: Voices, least: int) -> _Outlines:
    label = clusters_of_voices(voices, least_people=least).label
    shapes, middles = [], []
    for i in range(int(label.max(initial=NONE)) + 1):
        chosen = np.nonzero(label == i)[0]
        shapes.append(outline(voices.x_index[chosen], voices.y_index[chosen]))
        weights = voices.people[chosen].astype(np.float64)
        middles.append(np.average(voices.centres()[chosen], axis=0, weights=weights))
    return _Outlines(shapes, middles, _people_in(then, shapes), _people_in(now, shapes))


def _people_in(voices: Voices, shapes: list[MultiPolygon]) -> Indices:
    """How many different people spoke within each outline."""
    if not shapes:
        return np.zeros(0, dtype=np.int64)
    # The many squares are the tree: shapely prepares what it is asked with, and outlines have many corners.
    group, square = shapely.STRtree(shapely.points(voices.centres())).query(shapes, predicate="intersects")
    return voices.together(square.astype(np.int64), group.astype(np.int64), len(shapes))


def _unmatched(mine: _Outlines, others: _Outlines) -> NDArray[np.bool_]:
    """Which clusters the other round has not."""
    if not mine.shapes or not others.shapes:
        return np.ones(len(mine.shapes), dtype=np.bool_)
    shapes = np.array(mine.shapes, dtype=object)
    covered = shapely.area(shapely.intersection(shapes, shapely.union_all(others.shapes))) / shapely.area(shapes)
    lost: NDArray[np.bool_] = covered < FOUND_AGAIN
    return lost


def _confirmed(
    pair: Pair, clusters: _Outlines, wanted: NDArray[np.bool_], names: NearestNames, ground: _Ground
) -> list[Spot]:
    """The clusters whose middle lies on an area that has surely changed this way, those of most people first."""
    squares, number = ground
    found = []
    for i in np.nonzero(wanted)[0]:
        middle = shapely.Point(clusters.middles[i])
        under = np.nonzero(shapely.intersects(squares, middle))[0]
        if len(under):
            lon, lat = to_wgs84(pair.now.record.metric_srid)(middle.x, middle.y)
            then, now = int(clusters.then[i]), int(clusters.now[i])
            spot = Spot(names.near(middle.x, middle.y), float(lon), float(lat), then, now, int(number[under[0]]))
            found.append(spot)
    return sorted(found, key=lambda spot: -max(spot.then, spot.now))


def _unanswered(pair: Pair, earlier: _Outlines, answered: NDArray[np.object_]) -> Unanswered | None:
    """What the earlier clusters came to that no answer touches; None without answers, or without such clusters."""
    if not len(answered) or not earlier.shapes:
        return None
    near = shapely.buffer(shapely.union_all(answered), NEAR_ANSWER_M)
    free = ~shapely.intersects(np.array(earlier.shapes, dtype=object), near)
    then, now = int(earlier.then[free].sum()), int(earlier.now[free].sum())
    if not free.any() or not then:
        return None
    return Unanswered(int(free.sum()), then, now, (now / _people(pair.now)) / (then / _people(pair.then)))


def _people(side: Side) -> int:
    return max(side.people, 1)
