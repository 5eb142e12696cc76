"""The hot spots of a map: where more people said something than chance would bring there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from sqlalchemy.orm import Session

from app.errors import Malformed, Problem
from app.i18n import N_
from app.inputs.filters import Scope
from app.queries.clusters import least_people
from app.queries.heat import CountedSquares, metric_boundary
from app.queries.maps import CategoryRecord, MapRecord
from app.queries.people_squares import PinSquares, of_category, pin_squares, shown_squares
from gis.analysis.hot_spots import BAND_M, SIDE_M, Ground, HotSpots, TownTooLarge, ground_of, hot_spots
from gis.analysis.voices import Voices, centres_of
from gis.grid import SQUARE_M, Floats, Indices

LEAST_COUNTED = 30
"""People of one category, below which no sum around a square is worth a test."""
SQUARES_PER_SIDE = SIDE_M // SQUARE_M


@dataclass(frozen=True)
class CategoryTest:
    """The test of one category over all squares of the town."""

    category: CategoryRecord
    counted: int
    """What all squares count together; each person once in a square."""
    found: HotSpots | None = field(repr=False)
    """None where too few spoke."""

    def marked(self) -> Indices:
        """The squares that stand out."""
        return np.nonzero(self.found.level)[0] if self.found else np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Tested:
    """The tests of a map."""

    squares: int
    """How many squares the town has: so many tests were made of each category."""
    categories: Mapping[str, CategoryTest]


@dataclass(frozen=True)
class _Counts:
    """People in squares of the test."""

    x_index: Indices
    y_index: Indices
    people: Indices
    voices: Voices | None
    """Who they are; None where nobody may know."""


def find_hot_spots(session: Session, the_map: MapRecord, scope: Scope) -> Tested:
    """Every category put to the test; NotAllowed where heat is not published, Malformed for a map too large.

    For everybody no cold spots are told: what the k-rule holds back would look like silence.
    """
    by_category = _counts(session, the_map, scope)
    try:
        ground = ground_of(metric_boundary(the_map))
    except TownTooLarge as error:
        raise Malformed(Problem("map", N_("The map is too large to be tested for hot spots."))) from error
    least = least_people(the_map)
    tests = {
        category.key: _test(category, by_category[category.key], ground, least, scope)
        for category in the_map.categories
    }
    return Tested(int(ground.inside.sum()), tests)


def _counts(session: Session, the_map: MapRecord, scope: Scope) -> Mapping[str, _Counts]:
    if scope is Scope.OFFICE:
        return {key: _known(pins) for key, pins in pin_squares(session, the_map).items()}
    shown = shown_squares(session, the_map, scope)
    return {category.key: _counted(of_category(shown, category.key)) for category in the_map.categories}


def _known(pins: PinSquares) -> _Counts:
    voices = Voices.of(
        pins.x_index // SQUARES_PER_SIDE, pins.y_index // SQUARES_PER_SIDE, pins.person, side_m=SIDE_M
    )
    return _Counts(voices.x_index, voices.y_index, voices.people, voices)


def _counted(shown: CountedSquares) -> _Counts:
    """Counts of 25 m squares put together, but never more than there are people in the 250 m square around."""
    places = np.column_stack([shown.x_index // SQUARES_PER_SIDE, shown.y_index // SQUARES_PER_SIDE])
    squares, which = np.unique(places, axis=0, return_inverse=True)
    people = np.bincount(which, shown.people, minlength=len(squares)).astype(np.int64)
    most = np.zeros(len(squares), dtype=np.int64)
    np.maximum.at(most, which, shown.crowd)
    return _Counts(squares[:, 0], squares[:, 1], np.minimum(people, most), None)


def _test(category: CategoryRecord, counts: _Counts, ground: Ground, least: int, scope: Scope) -> CategoryTest:
    counted = counts.voices.total if counts.voices else int(counts.people.sum())
    if counted < LEAST_COUNTED:
        return CategoryTest(category, counted, None)
    found = hot_spots(ground, counts.x_index, counts.y_index, counts.people)
    level = found.level.copy()
    if scope is Scope.PUBLIC:
        level[level < 0] = 0
    hot = np.nonzero(level > 0)[0]
    enough = _people_near(counts, found, hot) >= least
    level[hot[~enough]] = 0
    return CategoryTest(category, counted, replace(found, level=level))


def _people_near(counts: _Counts, found: HotSpots, hot: Indices) -> Indices | Floats:
    """How many people spoke around each hot square: a single busy one does not make it hot."""
    if counts.voices is None:
        return found.near[hot]
    return counts.voices.within(centres_of(found.x_index[hot], found.y_index[hot], SIDE_M), BAND_M)
