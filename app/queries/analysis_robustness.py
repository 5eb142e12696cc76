"""How sure the ranking of a map's places is: with other people of the same kind, and without the busiest few."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely import MultiPolygon
from sqlalchemy.orm import Session

from app.errors import InvalidInput, Malformed, Problem
from app.i18n import N_
from app.queries.analyses import Asked, Told
from app.queries.heat import metric_boundary
from app.queries.maps import MapRecord
from app.queries.nearest_names import NearestNames, nearest_names
from app.queries.pin_table import PinTable, read_pins
from gis.analysis.clusters import LEAST_PEOPLE
from gis.analysis.density import DEFAULT_BANDWIDTH_M, Surface, SurfaceTooLarge, density
from gis.analysis.places import WITHIN_M
from gis.analysis.robustness import (
    DRAWS,
    DRAWS_AT_ONCE,
    MOST_SITES,
    SURE,
    Difference,
    Ranks,
    Sites,
    difference,
    drawn_people,
    drawn_ranks,
    heights,
    most_active,
    people_cells,
    pin_cells,
    ranks_of,
    sites_of,
    together,
    voice_cells,
)
from gis.analysis.voices import Voices
from gis.crs import to_wgs84
from gis.grid import Cells, Floats, Indices

TOP = 10
LEAST_SPOKEN = 30
"""People of one category, below which a ranking of places says nothing: as many as a test for hot spots takes."""
SHARES = (0.01, 0.02, 0.05, 0.1)
"""Of the people, the busiest first: so many are left out. The first is the one that places are compared with."""
CONTENDER = 0.1
"""A place below the tenth is told where it comes into the first ten in so many of the draws."""
FIRST_ONES = (1, 3, 5, 10)
SEED = 20_230_914
"""The same pins always give the same answer."""

PEOPLE, PINS, VOICES = "people", "pins", "voices"
WEIGHTS = {PEOPLE: people_cells, PINS: pin_cells, VOICES: voice_cells}
"""What a surface counts, by the name it has in results."""

READING = N_("Reading the pins")
RANKING = N_("Ranking the places anew with people drawn by lot")
LEAVING = N_("Leaving out the busiest people")


@dataclass(frozen=True)
class Standing:
    """One place and how sure its rank is."""

    rank: int
    """By people per hectare, as on the heat map."""
    name: str | None
    lon: float
    lat: float
    people: int
    """Different people within `WITHIN_M`."""
    pins: int
    """Their pins there."""
    value: float
    """People per hectare at its top."""
    value_low: float
    value_high: float
    rank_low: int
    """It stays between these ranks in 90 of 100 draws."""
    rank_high: int
    among_three: float
    """The share of draws in which it is among the first three."""
    among_ten: float
    rank_without: int
    """By people, with the busiest left out."""
    rank_by_pins: int
    rank_by_pins_without: int
    rank_by_voices: int
    """Where everybody has one voice, shared among their squares."""


@dataclass(frozen=True)
class Effect:
    """What leaving out the busiest does to one surface."""

    weight: str
    share: float
    """Of the people, left out."""
    counted: float
    """What the surface counts with everybody."""
    lost: float
    """Of the heat, gone with them."""
    moved: float
    """Of the heat that is left, elsewhere than before."""
    correlation: float | None
    """Of the heights of the first ten places, before and after."""
    kept: int
    """Of the first ten, still among the first ten."""


@dataclass(frozen=True)
class Together:
    """In how many draws the first places all stay among the first few."""

    first: int
    among: int
    share: float


@dataclass(frozen=True)
class CategoryRanking:
    """One category; without places where too few spoke or nowhere enough of them close together."""

    category: str
    people: int
    pins: int
    ranked: int
    """How many places were put into a ranking."""
    places: tuple[Standing, ...]
    """The first ten, and after them those that could as well be among them."""
    cuts: tuple[int, ...]
    """After these ranks the order is sure: those above stay above in 90 of 100 draws."""
    together: tuple[Together, ...]
    effects: tuple[Effect, ...]
    of_few: int
    """How many of the ten highest places of the heat by pins are of fewer than `least_people` people."""
    near_people: int
    """Different people of the ten places, each place for itself, with everybody …"""
    near_people_without: int
    """… and with the busiest left out;"""
    near_pins: int
    near_pins_without: int
    """and their pins."""


@dataclass(frozen=True)
class Result:
    """What the page says."""

    people: int
    pins: int
    taken_apart: bool
    """Whether nobody can know any more who said several things: then no category has places."""
    busiest: int
    """How many people are the busiest per cent."""
    busiest_pins: int
    draws: int
    sure: float
    bandwidth_m: float
    within_m: float
    most_sites: int
    least_spoken: int
    least_people: int
    categories: tuple[CategoryRanking, ...]


@dataclass(frozen=True)
class _Town:
    """What all categories share."""

    table: PinTable
    boundary: MultiPolygon
    srid: int
    names: NearestNames
    busiest: Mapping[float, NDArray[np.bool_]]
    """By share, which pins are those of the busiest."""

    def surface(self, cells: Cells) -> Surface:
        """The heat over the town."""
        return density(cells, self.boundary, srid=self.srid, bandwidth_m=DEFAULT_BANDWIDTH_M)

    def voices(self, rows: NDArray[np.bool_]) -> Voices:
        """Who spoke where, of some of the pins."""
        return Voices.of(self.table.x_index[rows], self.table.y_index[rows], self.table.who[rows])

    def place(self, x: float, y: float) -> tuple[str | None, float, float]:
        """Name, longitude and latitude."""
        lon, lat = to_wgs84(self.srid)(x, y)
        return self.names.near(x, y), round(float(lon), 6), round(float(lat), 6)


def find(session: Session, the_map: MapRecord, asked: Asked, told: Told) -> Result:
    """The rankings of every category of the office's pins; nothing can be chosen: InvalidInput for any choice."""
    if asked:
        raise InvalidInput(*(Problem(name, N_("This can't be asked here.")) for name in asked))
    told(0.0, READING)
    table = read_pins(session, the_map)
    if the_map.anonymised_at:
        return _result(table, (), taken_apart=True)
    busiest = {share: np.isin(table.person, most_active(table.person, share)) for share in SHARES}
    town = _Town(table, metric_boundary(the_map), the_map.metric_srid, nearest_names(session, the_map), busiest)
    try:
        found = tuple(_ranking(town, i, told) for i in range(len(table.categories)))
    except SurfaceTooLarge as error:
        raise Malformed(Problem("map", N_("The map is too large for so fine a surface."))) from error
    return _result(table, found)


def _result(table: PinTable, categories: tuple[CategoryRanking, ...], *, taken_apart: bool = False) -> Result:
    busiest = np.isin(table.person, most_active(table.person, SHARES[0]))
    return Result(
        people=table.people,
        pins=len(table),
        taken_apart=taken_apart,
        busiest=len(np.unique(table.person[busiest])),
        busiest_pins=int(busiest.sum()),
        draws=DRAWS,
        sure=SURE,
        bandwidth_m=DEFAULT_BANDWIDTH_M,
        within_m=WITHIN_M,
        most_sites=MOST_SITES,
        least_spoken=LEAST_SPOKEN,
        least_people=LEAST_PEOPLE,
        categories=categories,
    )


def _ranking(town: _Town, number: int, told: Told) -> CategoryRanking:
    """One category: `number` counts from 0 in the table's."""
    rows = town.table.category == number
    voices = town.voices(rows)
    key, pins = town.table.categories[number], int(rows.sum())
    nothing = CategoryRanking(key, voices.total, pins, 0, (), (), (), (), 0, 0, 0, 0, 0)
    if voices.total < LEAST_SPOKEN:
        return nothing

    def step(share: float, words: str) -> None:
        told((number + share) / len(town.table.categories), words)

    step(0.0, RANKING)
    heat = {weight: town.surface(cells(voices)) for weight, cells in WEIGHTS.items()}
    sites = sites_of(heat[PEOPLE], voices)
    if not len(sites):
        return nothing
    ranks = _drawn(town, rows, voices, sites, lambda share: step(0.1 + 0.3 * share, RANKING))
    effects: list[Effect] = []
    by = {(weight, 0.0): ranks_of(heights(surface, sites)) for weight, surface in heat.items()}
    for n, share in enumerate(SHARES):
        left = town.voices(rows & ~town.busiest[share])
        for weight, cells in WEIGHTS.items():
            step(0.4 + 0.6 * n / len(SHARES), LEAVING)
            surface = town.surface(cells(left))
            by[weight, share] = ranks_of(heights(surface, sites))
            kept = int((by[weight, share][by[weight, 0.0] <= TOP] <= TOP).sum())
            found = difference(heat[weight], surface, sites.first(TOP))
            effects.append(_effect(weight, share, heat[weight].total, found, kept))
    near = _near(voices, sites.first(TOP))
    left_near = _near(town.voices(rows & ~town.busiest[SHARES[0]]), sites.first(TOP))
    return CategoryRanking(
        category=key,
        people=voices.total,
        pins=pins,
        ranked=len(sites),
        places=_standings(town, sites, ranks, by, voices),
        cuts=tuple(ranks.cuts(TOP)),
        together=tuple(Together(n, *ranks.stay_among(n)) for n in FIRST_ONES if n < len(sites)),
        effects=tuple(effects),
        of_few=_of_few(heat[PINS], voices),
        near_people=near[0],
        near_people_without=left_near[0],
        near_pins=near[1],
        near_pins_without=left_near[1],
    )


def _drawn(town: _Town, rows: NDArray[np.bool_], voices: Voices, sites: Sites, told: Any) -> Ranks:
    """The draws of one category; each draws the same people of the whole map, whoever spoke of this or not."""
    mine = np.unique(town.table.who[rows])

    def draws() -> Iterator[NDArray[Any]]:
        chance = np.random.default_rng(SEED)
        for n, drawn in enumerate(drawn_people(town.table.people, DRAWS, chance)):
            told(n * DRAWS_AT_ONCE / DRAWS)
            yield drawn[:, mine]

    return together(list(drawn_ranks(voices, sites, draws(), DEFAULT_BANDWIDTH_M)))


def _standings(
    town: _Town, sites: Sites, ranks: Ranks, by: Mapping[tuple[str, float], Indices], voices: Voices
) -> tuple[Standing, ...]:
    low, high = ranks.interval()
    value_low, value_high = ranks.value_interval()
    three, ten = ranks.among(3), ranks.among(TOP)
    pins = _pins_near(voices, sites)
    first = SHARES[0]
    shown = [i for i in range(len(sites)) if i < TOP or ten[i] >= CONTENDER or by[PEOPLE, first][i] <= TOP]
    return tuple(
        Standing(
            i + 1,
            *town.place(float(sites.x[i]), float(sites.y[i])),
            people=int(sites.people[i]),
            pins=int(pins[i]),
            value=round(float(sites.value[i]), 4),
            value_low=round(float(value_low[i]), 4),
            value_high=round(float(value_high[i]), 4),
            rank_low=int(low[i]),
            rank_high=int(high[i]),
            among_three=round(float(three[i]), 4),
            among_ten=round(float(ten[i]), 4),
            rank_without=int(by[PEOPLE, first][i]),
            rank_by_pins=int(by[PINS, 0.0][i]),
            rank_by_pins_without=int(by[PINS, first][i]),
            rank_by_voices=int(by[VOICES, 0.0][i]),
        )
        for i in shown
    )


def _effect(weight: str, share: float, counted: float, found: Difference, kept: int) -> Effect:
    return Effect(
        weight=weight,
        share=share,
        counted=round(counted, 3),
        lost=round(found.lost, 6),
        moved=round(found.moved, 6),
        correlation=None if isnan(found.correlation) else round(found.correlation, 6),
        kept=kept,
    )


def _of_few(by_pins: Surface, voices: Voices) -> int:
    """How many of the highest places by pins are those of very few people."""
    highest = sites_of(by_pins, voices, limit=TOP, least=0)
    return int((highest.people < LEAST_PEOPLE).sum())


def _near(voices: Voices, sites: Sites) -> tuple[int, int]:
    """People of the places, each place for itself, and their pins."""
    return int(voices.within(_middles(sites), WITHIN_M).sum()), int(_pins_near(voices, sites).sum())


def _middles(sites: Sites) -> Floats:
    return np.column_stack([sites.x, sites.y])


def _pins_near(voices: Voices, sites: Sites) -> Indices:
    """Pins in the squares within a place's reach."""
    from scipy.spatial import KDTree

    found = np.zeros(len(sites), dtype=np.int64)
    if len(voices.x_index):
        near = KDTree(voices.centres()).query_ball_point(_middles(sites), WITHIN_M + 1e-6)
        found[:] = [int(voices.pins[squares].sum()) for squares in near]
    return found
