"""Clusters: places where many different people spoke close together (DBSCAN, Ester and others 1996).

The points are the squares of 25 m in which heat counts, at their centres: pins are set by thumbs and are no
more exact, and the time then grows with the town and not with the pins. A square is a core when at least so
many *people* spoke within reach of it, however many pins each of them set. Cores within reach of each other
are one cluster; a square that is no core belongs to the cluster of the nearest core within reach, or to none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely import MultiPolygon, Polygon

from gis.analysis.voices import Voices, centres_of, near_pairs
from gis.grid import Cells, Floats, Indices, coarse_of, square_polygons
from gis.privacy import Crowd

REACH_M: Final = 75.0
"""As far as the heat's own bandwidth: a minute on foot, three squares."""
LEAST_PEOPLE: Final = 5
"""Fewer are a coincidence, and could be known by name."""
NONE: Final = -1
"""The label of a square that belongs to no cluster."""
MARGIN_M: Final = 25.0
"""By how much an outline goes beyond its squares: no side of it is anybody's pin."""
_BRIDGE_M: Final = 50.0
_LEAST_HOLE_M2: Final = 10_000.0


@dataclass(frozen=True, slots=True)
class Clustering:
    """To which cluster each square belongs, and which squares are cores: arrays in the order of the squares."""

    label: Indices
    """0, 1, 2 … as the clusters come from south-west; NONE for squares of no cluster."""
    is_core: NDArray[np.bool_]

    @property
    def count(self) -> int:
        """How many clusters there are."""
        return int(self.label.max(initial=NONE)) + 1


def clusters_of_voices(
    voices: Voices, *, reach_m: float = REACH_M, least_people: int = LEAST_PEOPLE
) -> Clustering:
    """The clusters of known voices: a person counts once within reach, in however many squares they spoke."""
    centres, people = voices.centres(), voices.people
    pairs = near_pairs(centres, reach_m)
    # Only where the sum says yes and no single square does, it matters who is the same person in two squares.
    is_core = _around(pairs, people) >= least_people
    unsure = np.nonzero(is_core & (_most_around(pairs, people) < least_people))[0]
    is_core[unsure] = voices.within(centres[unsure], reach_m) >= least_people
    return _grown(centres, pairs, is_core)


def clusters_of_cells(cells: Cells, *, reach_m: float = REACH_M, least_people: int = LEAST_PEOPLE) -> Clustering:
    """The clusters of mere counts, where nobody may know who spoke in two squares: there both count."""
    centres = centres_of(cells.x_index, cells.y_index)
    pairs = near_pairs(centres, reach_m)
    return _grown(centres, pairs, _around(pairs, cells.weight) >= least_people)


def surely_people(cells: Cells, crowd: Crowd, cell: Indices, cluster: Indices, count: int) -> Indices:
    """How many different people spoke in each of `count` clusters at the very least, as far as counts can tell.

    In a 250 m square of n different people, at most those counted outside the cluster are not in it; and in any
    one 25 m square nobody is counted twice. `cells` are all squares of the category that may be public; the rows
    (`cell`, `cluster`) say which of them lie in which cluster, each pair once.
    """
    sure = np.zeros(count, dtype=np.int64)
    if not len(cell):
        return sure
    people = cells.weight.astype(np.int64)
    np.maximum.at(sure, cluster, people[cell])
    named = _block_name(coarse_of(cells.x_index), coarse_of(cells.y_index))
    blocks, block = np.unique(named, return_inverse=True)
    there = np.zeros(len(blocks), dtype=np.int64)
    crowd_name = _block_name(crowd.x_index, crowd.y_index)
    known = np.isin(crowd_name, blocks)
    there[np.searchsorted(blocks, crowd_name[known])] = crowd.respondents[known]
    counted = np.bincount(block, people, minlength=len(blocks)).astype(np.int64)
    shared, which = np.unique(np.column_stack([cluster, block[cell]]), axis=0, return_inverse=True)
    mine = np.bincount(which, people[cell], minlength=len(shared)).astype(np.int64)
    np.maximum.at(sure, shared[:, 0], there[shared[:, 1]] - (counted[shared[:, 1]] - mine))
    return sure


def outline(x_index: ArrayLike, y_index: ArrayLike) -> MultiPolygon:
    """The ground of a cluster's squares in metres, with a margin, its gaps bridged and small holes filled."""
    squares = shapely.coverage_union_all(square_polygons(x_index, y_index))
    wide = squares.buffer(_BRIDGE_M, quad_segs=4).buffer(MARGIN_M - _BRIDGE_M, quad_segs=4)
    parts = [part for part in shapely.get_parts(wide.simplify(1.0)) if isinstance(part, Polygon)]
    return MultiPolygon([_without_small_holes(part) for part in parts])


def _around(pairs: Indices, counts: NDArray[Any]) -> Floats:
    """What was counted in each square and its neighbours together."""
    n = len(counts)
    one, other = pairs[:, 0], pairs[:, 1]
    sums = counts.astype(np.float64)
    sums += np.bincount(one, counts[other], minlength=n)
    sums += np.bincount(other, counts[one], minlength=n)
    return sums


def _most_around(pairs: Indices, counts: Indices) -> Indices:
    """The most that was counted in any one square of each square and its neighbours."""
    most = counts.copy()
    np.maximum.at(most, pairs[:, 0], counts[pairs[:, 1]])
    np.maximum.at(most, pairs[:, 1], counts[pairs[:, 0]])
    return most


def _grown(centres: Floats, pairs: Indices, is_core: NDArray[np.bool_]) -> Clustering:
    """Clusters from their cores."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    n = len(is_core)
    between = pairs[is_core[pairs].all(axis=1)]
    joined = csr_array((np.ones(len(between), dtype=np.int8), (between[:, 0], between[:, 1])), shape=(n, n))
    component = connected_components(joined, directed=False)[1] if n else np.zeros(0, dtype=np.int64)
    label = np.full(n, NONE, dtype=np.int64)
    _, label[is_core] = np.unique(component[is_core], return_inverse=True)
    ways = np.concatenate([pairs, pairs[:, ::-1]])
    ways = ways[~is_core[ways[:, 0]] & is_core[ways[:, 1]]]
    far = np.hypot(*(centres[ways[:, 0]] - centres[ways[:, 1]]).T)
    # The nearest core first; of two as near, the one that comes first.
    order = np.lexsort((ways[:, 1], far, ways[:, 0]))
    edge, first = np.unique(ways[order, 0], return_index=True)
    label[edge] = label[ways[order[first], 1]]
    return Clustering(label, is_core)


def _block_name(x: Indices, y: Indices) -> Indices:
    """One integer for a pair of indices."""
    named: Indices = x * np.int64(2**32) + y
    return named


def _without_small_holes(part: Polygon) -> Polygon:
    holes = [ring for ring in part.interiors if Polygon(ring).area >= _LEAST_HOLE_M2]
    return Polygon(part.exterior, holes)
