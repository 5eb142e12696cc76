"""The contested places of a map with their names, and for each question which answers lie behind the two sides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from app.inputs.area import area_text
from app.queries.maps import MapRecord
from app.queries.nearest_names import NearestNames
from app.queries.pin_table import PinTable, chosen_questions, options_of
from gis.analysis.contested import REACH_M, Answers, ContestedPlace, groups_differ
from gis.analysis.hot_spots import false_discovery
from gis.crs import to_wgs84, transform_geometry

SURE_Q = 0.05
"""A difference between groups counts if at most this share of those that count are there by luck."""
_CORNERS_PER_QUARTER = 6


@dataclass(frozen=True)
class Group:
    """People of one place who gave the same answer."""

    option: str
    one: int | None
    """How many of them say the one; None where the group has fewer than k people."""
    other: int | None
    town_one: int = 0
    """Voices of the whole town that go with this answer, a person once in a square of the test and side."""
    town_other: int = 0

    @property
    def share(self) -> float | None:
        """The one's part; None where the group is too small to be told."""
        return self.one / (self.one + self.other) if self.one is not None and self.other is not None else None

    @property
    def town_share(self) -> float | None:
        """The same for the whole town."""
        whole = self.town_one + self.town_other
        return self.town_one / whole if whole else None


@dataclass(frozen=True)
class GroupTest:
    """Whether the two sides of a place answer one question alike."""

    question: str
    is_about_person: bool
    groups: tuple[Group, ...]
    p: float
    q: float
    """The same among all tests of all places."""

    @property
    def is_sure(self) -> bool:
        """Whether the groups differ by more than luck."""
        return self.q <= SURE_Q


@dataclass(frozen=True)
class Opposed:
    """A place where feelings oppose."""

    rank: int
    """1 for the one whose weaker side is the strongest."""
    name: str | None
    lon: float
    lat: float
    people_one: int
    """Different people who say only the one …"""
    people_other: int
    """… only the other …"""
    people_both: int
    """… and both."""
    share: float
    """The one's part among those who take a side, and the interval around it."""
    low: float
    high: float
    is_even: bool
    tests: tuple[GroupTest, ...]
    area: str = field(repr=False)
    """Its outline as the filter of the office's map takes it."""
    outline: str = field(repr=False)
    """The same in the map's metric CRS, as WKT in whole metres."""

    @property
    def differences(self) -> tuple[GroupTest, ...]:
        """The questions behind which the two sides are, the surest first."""
        return tuple(sorted((test for test in self.tests if test.is_sure), key=lambda test: test.q))


def opposed_places(
    the_map: MapRecord,
    places: Sequence[ContestedPlace],
    pins: PinTable,
    is_one: NDArray[np.bool_],
    names: NearestNames,
    beat: Callable[[float], None],
) -> tuple[Opposed, ...]:
    """The places in their order, each with a test for every question; `pins` hold only the two sides.

    `beat` hears how much of 1 is done.
    """
    centres = pins.centres()
    found = []
    for rank, place in enumerate(places, 1):
        beat((rank - 1) / len(places))
        here = np.hypot(centres[:, 0] - place.x, centres[:, 1] - place.y) <= REACH_M + 1e-6
        tests = _tests(the_map, pins.where(here), is_one[here], np.random.default_rng(rank))
        found.append(_opposed(the_map, rank, place, names, tests))
    town = _town_voices(the_map, pins, is_one) if found else {}
    return tuple(_with_town(one, town) for one in _together(found))


def _opposed(
    the_map: MapRecord, rank: int, place: ContestedPlace, names: NearestNames, tests: tuple[GroupTest, ...]
) -> Opposed:
    lon, lat = to_wgs84(the_map.metric_srid)(place.x, place.y)
    outline = shapely.Point(place.x, place.y).buffer(REACH_M, quad_segs=_CORNERS_PER_QUARTER)
    corners = transform_geometry(outline, to_wgs84(the_map.metric_srid)).exterior.coords[:-1]
    return Opposed(
        rank=rank,
        name=names.near(place.x, place.y),
        lon=round(float(lon), 6),
        lat=round(float(lat), 6),
        people_one=place.people_one,
        people_other=place.people_other,
        people_both=place.people_both,
        share=place.share,
        low=place.low,
        high=place.high,
        is_even=place.is_even,
        tests=tests,
        area=area_text(tuple((float(x), float(y)) for x, y in corners)),
        outline=str(shapely.to_wkt(outline, rounding_precision=0)),
    )


def _tests(
    the_map: MapRecord, here: PinTable, is_one: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[GroupTest, ...]:
    """A test for every question that at least two groups of k people or more answered here."""
    about = {question.key for question in the_map.about}
    found = []
    for question in chosen_questions(the_map):
        options = options_of(the_map, question.key)
        answers = answers_of(here, is_one, question.key, len(options), person=question.key in about).given()
        enough = answers.people >= the_map.k
        ones, others = answers.counts
        if enough.sum() < 2 or not ones.any() or not others.any():
            continue
        groups = tuple(
            Group(option, int(one), int(other)) if told else Group(option, None, None)
            for option, one, other, told, some in zip(
                options, ones, others, enough, answers.people > 0, strict=True
            )
            if some
        )
        p = groups_differ(answers.of(enough), rng)
        found.append(GroupTest(question.key, question.key in about, groups, p, p))
    return tuple(found)


def answers_of(here: PinTable, is_one: NDArray[np.bool_], question: str, options: int, *, person: bool) -> Answers:
    """What those who say the one and those who say the other answered, from all pins of a place.

    Of a question about the `person`, who says both is left out: their answer is the same on both sides.
    """
    people, who = np.unique(here.person, return_inverse=True)
    bits = np.zeros((2, len(people)), dtype=np.int64)
    spoke = np.zeros((2, len(people)), dtype=bool)
    side = np.where(is_one, 0, 1)
    np.bitwise_or.at(bits, (side, who), here.answers[question])
    spoke[side, who] = True
    given = (bits[:, :, None] >> np.arange(options)) & 1 == 1
    both = spoke.all(axis=0)
    paired = both & ~np.full(len(people), person)
    return Answers(given[0, spoke[0] & ~both], given[1, spoke[1] & ~both], given[0, paired], given[1, paired])


def _together(found: Sequence[Opposed]) -> list[Opposed]:
    """The same with each test seen among all tests."""
    tests = [test for place in found for test in place.tests]
    q = iter(false_discovery([test.p for test in tests]).tolist())
    return [replace(place, tests=tuple(replace(test, q=next(q)) for test in place.tests)) for place in found]


def _town_voices(
    the_map: MapRecord, pins: PinTable, is_one: NDArray[np.bool_]
) -> dict[tuple[str, str], tuple[int, int]]:
    """By question and option, how many voices of the town go with it on either side."""
    found = {}
    for question in chosen_questions(the_map):
        for i, option in enumerate(options_of(the_map, question.key)):
            mine = (pins.answers[question.key] >> i) & 1 == 1
            voices = np.unique(
                np.column_stack([pins.x_index // 5, pins.y_index // 5, pins.who, is_one])[mine], axis=0
            )
            ones = int(voices[:, 3].sum())
            found[question.key, option] = (ones, len(voices) - ones)
    return found


def _with_town(place: Opposed, town: dict[tuple[str, str], tuple[int, int]]) -> Opposed:
    def beside(test: GroupTest) -> GroupTest:
        pairs = [(group, town[test.question, group.option]) for group in test.groups]
        return replace(
            test, groups=tuple(replace(group, town_one=one, town_other=other) for group, (one, other) in pairs)
        )

    return replace(place, tests=tuple(beside(test) for test in place.tests))
