"""Contrasts: where one feeling outweighs another, and where the two oppose; as a town office reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from sqlalchemy.orm import Session

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.area import area_text
from app.queries.analyses import Asked, Told
from app.queries.clusters import least_people
from app.queries.contested_places import Opposed, opposed_places
from app.queries.heat import metric_boundary
from app.queries.hot_spots import LEAST_COUNTED, SQUARES_PER_SIDE
from app.queries.maps import MapRecord
from app.queries.nearest_names import NearestNames, nearest_names
from app.queries.pin_table import chosen_questions, read_pins
from gis.analysis.contested import contested
from gis.analysis.contrast import (
    BANDWIDTH_M,
    MORE_ROUNDS,
    NONE,
    REACH,
    ROUNDS,
    Contrast,
    Sides,
    areas,
    contrast,
)
from gis.analysis.density import SQUARE_METRES_PER_HECTARE
from gis.analysis.hot_spots import SIDE_M, Ground, TownTooLarge, ground_of
from gis.analysis.voices import centres_of
from gis.crs import to_wgs84, transform_geometry
from gis.grid import SQUARE_M, Floats, Indices, square_polygons
from gis.outline import polygonal, simplified

BANDWIDTHS_M = (75, 100, 150, 250)
MOST_CORNERS = 40
"""Of an area in an address: browsers and proxies cut long ones."""
HECTARES = SIDE_M**2 / SQUARE_METRES_PER_HECTARE
_SEAM_M = 10.0
"""Squares that touch at a corner only are joined by so much."""

READS = N_("Reading who said what where")
DEALS = N_("Dealing opinions by lot, to see what chance would bring")
NAMES = N_("Putting squares together into areas, and naming them")
OPPOSES = N_("Looking for places where feelings oppose, and between whom")
TOO_LARGE = N_("The map is too large to be tested for contrasts.")
NOT_A_PAIR = N_("Please choose two different feelings of this map.")
NOT_A_BANDWIDTH = N_("Please choose one of the bandwidths offered.")


@dataclass(frozen=True)
class Squares:
    """The squares around which enough people spoke: columns of one length."""

    x_index: list[int] = field(repr=False)
    y_index: list[int] = field(repr=False)
    people_one: list[int] = field(repr=False)
    """Different people within reach who said the one, and the other; who said both is among both."""
    people_other: list[int] = field(repr=False)
    share: list[float] = field(repr=False)
    """The one's part in what is said around the square, the near weighing more."""
    log_ratio: list[float] = field(repr=False)
    """Above zero where the one outweighs more than in the town."""
    p: list[float] = field(repr=False)
    q: list[float] = field(repr=False)
    level: list[int] = field(repr=False)
    """99, 95 or 90 for the one, the same below zero for the other, else 0."""


@dataclass(frozen=True)
class Area:
    """Neighbouring squares in which one feeling outweighs by more than chance."""

    rank: int
    """1 for the one with most voices beyond the town's share, of its winner's areas."""
    winner: str
    """The category that outweighs."""
    sure: int
    """99 or 95 per cent: of its surest square."""
    name: str | None
    lon: float
    lat: float
    hectares: float
    people_one: int
    """Different people who said the one in the area's squares, the other, and both (these are in all three)."""
    people_other: int
    people_both: int
    voices_one: int
    """The same people, each once in a square and feeling."""
    voices_other: int
    area: str = field(repr=False)
    """Its outline as the filter of the office's map takes it."""
    outline: str = field(repr=False)
    """The same in the map's metric CRS, as WKT in whole metres."""

    @property
    def share(self) -> float:
        """The one's part in the voices here."""
        return self.voices_one / max(self.voices_one + self.voices_other, 1)


@dataclass(frozen=True)
class Result:
    """Everything the page says."""

    one: str
    """The two categories, by key."""
    other: str
    bandwidth_m: float
    reach_m: float
    """Within which people are counted."""
    least: int
    """So many people have to be within reach for a test …"""
    least_counted: int
    """… and so many in the whole town."""
    rounds: int
    more_rounds: int
    pins: int
    people_one: int
    people_other: int
    people: int
    """Who said either."""
    voices_one: int
    """Each person once in a square and feeling."""
    voices_other: int
    town_squares: int
    is_tested: bool
    """False where too few people said one of them."""
    squares: Squares
    areas: tuple[Area, ...]
    contested: tuple[Opposed, ...]
    group_tests: int

    @property
    def share(self) -> float:
        """The one's part in all voices of the town: the zero of the contrast."""
        return self.voices_one / max(self.voices_one + self.voices_other, 1)

    @property
    def tested(self) -> int:
        """How many squares were tested."""
        return len(self.squares.level)


def default_pair(the_map: MapRecord) -> tuple[str, str]:
    """Fear against safety where the map asks for them, else its first two categories; needs two."""
    keys = list(the_map.category_by_key)
    if {"unsafe", "safe"} <= set(keys):
        return "unsafe", "safe"
    return keys[0], keys[1]


def find(session: Session, the_map: MapRecord, asked: Asked, told: Told) -> Result:
    """The contrast of two categories and their contested places; InvalidInput for what can't be chosen."""
    one, other = _pair(the_map, asked)
    bandwidth_m = _bandwidth(asked)
    told(0.02, READS)
    questions = [question.key for question in chosen_questions(the_map)]
    pins = read_pins(session, the_map, asked=questions)
    codes = [pins.categories.index(one), pins.categories.index(other)]
    pins = pins.where(np.isin(pins.category, codes))
    is_one = pins.category == codes[0]
    sides = Sides.of(pins.x_index // SQUARES_PER_SIDE, pins.y_index // SQUARES_PER_SIDE, pins.person, is_one)
    ground = _ground(the_map)
    names = nearest_names(session, the_map)
    least = least_people(the_map)
    enough = min(sides.people[:2]) >= least and sides.people[2] >= LEAST_COUNTED
    told(0.1, DEALS)
    found = (
        contrast(
            ground,
            sides,
            least=least,
            bandwidth_m=bandwidth_m,
            told=lambda share: told(0.1 + 0.6 * share, DEALS),
        )
        if enough
        else None
    )
    told(0.7, NAMES)
    named = _areas(the_map, found, sides, (one, other), names) if found else ()
    told(0.75, OPPOSES)
    places = contested(
        _places(ground), Sides.of(pins.x_index, pins.y_index, pins.person, is_one, SQUARE_M), least=least
    )
    opposed = opposed_places(
        the_map, places, pins, is_one, names, lambda share: told(0.75 + 0.25 * share, OPPOSES)
    )
    people_one, people_other, people = sides.people
    return Result(
        one=one,
        other=other,
        bandwidth_m=bandwidth_m,
        reach_m=REACH * bandwidth_m,
        least=least,
        least_counted=LEAST_COUNTED,
        rounds=ROUNDS,
        more_rounds=MORE_ROUNDS,
        pins=len(pins),
        people_one=people_one,
        people_other=people_other,
        people=people,
        voices_one=sides.voices[0],
        voices_other=sides.voices[1],
        town_squares=int(ground.inside.sum()),
        is_tested=found is not None,
        squares=_squares(found),
        areas=named,
        contested=opposed,
        group_tests=sum(len(place.tests) for place in opposed),
    )


def _pair(the_map: MapRecord, asked: Asked) -> tuple[str, str]:
    known = the_map.category_by_key
    if len(known) < 2:
        raise InvalidInput(Problem("other", NOT_A_PAIR))
    one, other = default_pair(the_map)
    one, other = asked.get("one") or one, asked.get("other") or other
    if one == other or one not in known or other not in known:
        raise InvalidInput(Problem("other", NOT_A_PAIR))
    return one, other


def _bandwidth(asked: Asked) -> float:
    text = asked.get("bandwidth") or f"{BANDWIDTH_M:g}"
    if text not in {str(metres) for metres in BANDWIDTHS_M}:
        raise InvalidInput(Problem("bandwidth", NOT_A_BANDWIDTH))
    return float(text)


def _ground(the_map: MapRecord) -> Ground:
    try:
        return ground_of(metric_boundary(the_map))
    except TownTooLarge as error:
        raise InvalidInput(Problem("map", TOO_LARGE)) from error


def _places(ground: Ground) -> Floats:
    return centres_of(*ground.indices(), ground.side_m)


def _squares(found: Contrast | None) -> Squares:
    if found is None:
        return Squares([], [], [], [], [], [], [], [], [])
    return Squares(
        found.x_index.tolist(),
        found.y_index.tolist(),
        found.people_one.tolist(),
        found.people_other.tolist(),
        found.share.round(4).tolist(),
        found.log_ratio.round(4).tolist(),
        found.p.round(6).tolist(),
        found.q.round(6).tolist(),
        found.level.tolist(),
    )


def _areas(
    the_map: MapRecord, found: Contrast, sides: Sides, pair: tuple[str, str], names: NearestNames
) -> tuple[Area, ...]:
    """The areas of both winners, the strongest first; none with fewer winners in it than a test asks for."""
    label = areas(found)
    strength = np.zeros(int(label.max(initial=NONE)) + 1)
    np.maximum.at(strength, label[label != NONE], np.abs(found.excess[label != NONE]))
    row_of = {
        place: row for row, place in enumerate(zip(sides.x_index.tolist(), sides.y_index.tolist(), strict=True))
    }
    ranks = dict.fromkeys(pair, 1)
    made: list[Area] = []
    for which in np.argsort(-strength, kind="stable").tolist():
        squares = np.nonzero(label == which)[0]
        winner = pair[0] if found.level[squares[0]] > 0 else pair[1]
        places = zip(found.x_index[squares].tolist(), found.y_index[squares].tolist(), strict=True)
        said = _said(sides, [row_of[place] for place in places if place in row_of])
        winners = said.people_one if winner == pair[0] else said.people_other
        if winners >= least_people(the_map):
            area = _area(the_map, found, squares, said, names)
            made.append(replace(area, winner=winner, rank=ranks[winner]))
            ranks[winner] += 1
    return tuple(made)


@dataclass(frozen=True)
class _Said:
    """What is said in some squares: different people, and voices."""

    people_one: int
    people_other: int
    people_both: int
    voices_one: int
    voices_other: int


def _said(sides: Sides, rows: Sequence[int]) -> _Said:
    one, other = sides.one[rows].sum(axis=0), sides.other[rows].sum(axis=0)
    return _Said(
        int((one > 0).sum()),
        int((other > 0).sum()),
        int(((one > 0) & (other > 0)).sum()),
        int(one.sum()),
        int(other.sum()),
    )


def _area(the_map: MapRecord, found: Contrast, squares: Indices, said: _Said, names: NearestNames) -> Area:
    """One area, before anybody has said which it is."""
    shapes = square_polygons(found.x_index[squares], found.y_index[squares], SIDE_M)
    outline = shapely.union_all(shapes).buffer(_SEAM_M, join_style="mitre")
    peak = squares[int(np.argmax(np.abs(found.excess[squares])))]
    x, y = found.centres()[peak].tolist()
    way = to_wgs84(the_map.metric_srid)
    lon, lat = way(x, y)
    corners = simplified(polygonal(transform_geometry(outline, way)), MOST_CORNERS).polygon.exterior.coords[:-1]
    return Area(
        rank=0,
        winner="",
        sure=int(np.abs(found.level[squares]).max()),
        name=names.near(x, y),
        lon=round(float(lon), 6),
        lat=round(float(lat), 6),
        hectares=len(squares) * HECTARES,
        people_one=said.people_one,
        people_other=said.people_other,
        people_both=said.people_both,
        voices_one=said.voices_one,
        voices_other=said.voices_other,
        area=area_text(tuple((float(lon), float(lat)) for lon, lat in corners)),
        outline=str(shapely.to_wkt(polygonal(outline), rounding_precision=0)),
    )
