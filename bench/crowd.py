"""Made-up pins of one town of Ostrava's size, by a seed, with the heavy tails that Ostrava's map of 2023 had.

Ostrava: 1 633 people with 23 865 pins, half of them with 8 or fewer, the most active tenth with 41 % of all, one
with 401. A hundredth of the used 25 m squares holds 14 % of the pins, a tenth of them 41 %. With more people the
town stays the same: its places only get more pins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

from gis.crs import KROVAK, WGS84, transformer
from gis.grid import Floats, Indices, square_of

SEED = 2023
CATEGORIES = ("good", "bad", "develop", "recommend")
SHARES = (0.25, 0.29, 0.24, 0.22)
WHEN = ("day", "night", "always")
"""Answers to when it is like that; a third of the pins says nothing."""
AGES = ("child", "young", "middle", "senior")
AGE_SHARES = (0.05, 0.35, 0.5, 0.1)

AREA_KM2 = 214.0
CENTRE = (-471_500.0, -1_101_600.0)
"""In the middle of Ostrava, EPSG:5514."""
WAVES = ((2, 0.10, 0.4), (3, 0.08, 1.9), (5, 0.05, 0.7), (9, 0.02, 2.2))
"""The outline's turns: how many, how deep of the radius, where they begin. No town is a circle."""
CORNERS = 240

MEDIAN_PINS, TAIL, MOST_PINS = 8.0, 1.07, 1000
"""Pins a person: log-normal; with this tail the most active tenth gives 41 %. Nobody sets more than a thousand."""
PLACES = 9000
PLACE_TAIL, PLACE_TOP = 0.95, 1200.0
"""How unevenly places are loved: Pareto's exponent, cut off where the best known place is."""
QUARTERS, QUARTER_M, QUARTER_TAIL = 160, 320.0, 1.0
"""Places stand together: in so many quarters, so wide, so unevenly full."""
ANYWHERE = 0.08
"""Share of pins that lie at no place in particular."""
NEAR_HOME = 0.45
"""Share of a person's pins at places of the own quarter; the others go to places that all know."""
NEIGHBOURS = 40
"""Places of a quarter."""
STARTS, DAYS = 1_686_002_400, 56
"""The campaign: eight weeks from 5 June 2023, seconds since 1970."""
BETWEEN_S = 35.0
"""Seconds from one pin of a person to the next, on average."""
PIECE = 200_000
"""Pins made at once."""


@dataclass(frozen=True)
class Pins:
    """Columns of one length, a row a pin; the pins of one person stand together, by time."""

    person: Indices
    """Counted from 0 over the whole map."""
    category: NDArray[np.int16]
    lon: Floats
    lat: Floats
    x_index: Indices
    y_index: Indices
    created: Indices
    """Seconds since 1970."""
    when: NDArray[np.int16]
    """The place of the answer in WHEN; -1 for none."""
    comment: NDArray[np.int32]
    """A number to make a comment of; -1 for three quarters of the pins."""
    age: NDArray[np.int16]
    """The person's place in AGES; -1 for none."""

    def __len__(self) -> int:
        return len(self.person)


@dataclass(frozen=True)
class Places:
    """Where people pin: the middle of each place, how wide it is, how known, what is felt there."""

    middle: Floats
    """Metric (x, y), a row a place."""
    wide_m: Floats
    known: Floats
    """Cumulated shares, rising to 1."""
    feelings: Floats
    """Cumulated shares of the categories, a row a place."""
    near: Indices
    """The places of the same quarter, a row a place."""


def boundary() -> MultiPolygon:
    """The made-up town's boundary in WGS 84."""
    x, y = np.asarray(_outline().exterior.coords).T
    return MultiPolygon([Polygon(np.column_stack(transformer(KROVAK, WGS84)(x, y)))])


def made_up(n: int, seed: int = SEED) -> Iterator[Pins]:
    """So many pins, piece by piece; the same for the same number and seed."""
    dice = np.random.default_rng([seed, n])
    places = _places(seed)
    made = person = 0
    while made < n:
        counts = _pins_of_people(dice, max(64, int(min(PIECE, n - made) / 14)))
        counts = counts[: np.searchsorted(np.cumsum(counts), n - made, side="left") + 1]
        counts[-1] -= max(0, int(counts.sum()) - (n - made))
        yield _piece(dice, places, person, counts)
        made, person = made + int(counts.sum()), person + len(counts)


@cache
def comments() -> tuple[str, ...]:
    """The sentences that comments are made of: those of the sample map."""
    path = Path(__file__).parents[1] / "sample_maps" / "make_vzorov" / "comments.txt"
    lines = (line for line in path.read_text(encoding="utf-8").splitlines() if line[:1] not in ("", "#", "=", "-"))
    return tuple(line.partition("]")[2].strip() if line.startswith("[") else line.strip() for line in lines)


def said(number: int) -> str:
    """The comment of this number: two sentences, so that few are the same."""
    kinds = comments()
    return f"{kinds[number % len(kinds)]} {kinds[number // len(kinds) % len(kinds)]}"


@cache
def _outline() -> Polygon:
    turn = np.linspace(0, 2 * np.pi, CORNERS, endpoint=False)
    radius = 1 + sum(depth * np.sin(waves * turn + start) for waves, depth, start in WAVES)
    outline = Polygon(np.column_stack([radius * np.cos(turn), radius * np.sin(turn)]))
    scale = np.sqrt(AREA_KM2 * 1e6 / outline.area)
    corners = np.asarray(outline.exterior.coords) * scale + CENTRE
    shapely.prepare(made := Polygon(corners))
    return made


@cache
def _places(seed: int) -> Places:
    dice = np.random.default_rng([seed, 0])
    middle = _in_quarters(dice)
    known = np.minimum((1 - dice.random(PLACES)) ** (-1 / PLACE_TAIL), PLACE_TOP)
    leaning = dice.dirichlet(3.0 * np.array(SHARES), PLACES)
    near = _nearest(middle)
    wide = np.clip(dice.lognormal(np.log(22), 0.8, PLACES), 6, 150)
    return Places(middle, wide, np.cumsum(known) / known.sum(), np.cumsum(leaning, axis=1), near)


def _in_quarters(dice: np.random.Generator) -> Floats:
    """The middles of the places: they stand together in quarters, of which few are large."""
    quarters = _within(dice, QUARTERS, crowded=0.5)
    large = np.cumsum((1 - dice.random(QUARTERS)) ** (-1 / QUARTER_TAIL))
    of = np.searchsorted(large / large[-1], dice.random(PLACES))
    middle = quarters[of] + dice.normal(0, QUARTER_M, (PLACES, 2))
    lost = ~shapely.contains_xy(_outline(), middle)
    middle[lost] = _within(dice, int(lost.sum()), crowded=0.5)
    return middle


def _nearest(middle: Floats) -> Indices:
    from scipy.spatial import KDTree

    return np.asarray(KDTree(middle).query(middle, k=NEIGHBOURS)[1], dtype=np.int64)


def _within(dice: np.random.Generator, n: int, crowded: float) -> Floats:
    """So many places in the town; that share of them gathers around its middle."""
    found = np.empty((0, 2))
    low, high = np.array(_outline().bounds).reshape(2, 2)
    while len(found) < n:
        tried = dice.uniform(low, high, (2 * n, 2))
        close = dice.random(2 * n) < crowded
        tried[close] = dice.normal(CENTRE, 3300, (int(close.sum()), 2))
        found = np.concatenate([found, tried[shapely.contains_xy(_outline(), tried)]])
    return found[:n]


def _pins_of_people(dice: np.random.Generator, people: int) -> Indices:
    drawn = np.rint(dice.lognormal(np.log(MEDIAN_PINS), TAIL, people))
    return np.clip(drawn, 1, MOST_PINS).astype(np.int64)


def _piece(dice: np.random.Generator, places: Places, first: int, counts: Indices) -> Pins:
    who = np.repeat(np.arange(len(counts)), counts)
    x, y, category = _set_down(dice, places, who, len(counts))
    return _told(dice, first, counts, (x, y), category.astype(np.int16))


def _nth(counts: Indices) -> Indices:
    """For each pin, how many its person has before it."""
    return np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)


def _told(
    dice: np.random.Generator, first: int, counts: Indices, xy: tuple[Floats, Floats], category: NDArray[np.int16]
) -> Pins:
    """Pins at these places with all else that is told of them; `first` people came before these."""
    who = np.repeat(np.arange(len(counts)), counts)
    people, n = len(counts), len(who)
    begins = STARTS + dice.integers(0, DAYS * 86_400, people)
    age = dice.choice(np.arange(-1, 4), people, p=(0.2, *(0.8 * np.array(AGE_SHARES))))
    return Pins(
        first + who,
        category,
        *transformer(KROVAK, WGS84)(*xy),
        *square_of(*xy),
        begins[who] + np.rint(_nth(counts) * BETWEEN_S).astype(np.int64),
        dice.choice(np.arange(-1, 3), n, p=(0.34, 0.22, 0.28, 0.16)).astype(np.int16),
        np.where(dice.random(n) < 0.25, dice.integers(0, 2**31 - 1, n), -1).astype(np.int32),
        age[who].astype(np.int16),
    )


def _somewhere_else(dice: np.random.Generator, places: Places, who: Indices, place: Indices) -> None:
    """Send people who come to a place a second time to other places: few say the same twice."""
    for _ in range(3):
        order = np.lexsort((place, who))
        twice = order[1:][(np.diff(who[order]) == 0) & (np.diff(place[order]) == 0)]
        place[twice] = np.searchsorted(places.known, dice.random(len(twice)))


def _set_down(
    dice: np.random.Generator, places: Places, who: Indices, people: int
) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Where pins lie and what they feel: at known places, at those of the own quarter, or anywhere."""
    n = len(who)
    home = np.searchsorted(places.known, dice.random(people))
    place = np.searchsorted(places.known, dice.random(n))
    near = dice.random(n) < NEAR_HOME
    place[near] = places.near[home[who[near]], dice.integers(0, NEIGHBOURS, int(near.sum()))]
    _somewhere_else(dice, places, who, place)
    xy = places.middle[place] + dice.normal(0, 1, (n, 2)) * places.wide_m[place, None]
    lost = dice.random(n) < ANYWHERE
    lost |= ~shapely.contains_xy(_outline(), xy)
    xy[lost] = _within(dice, int(lost.sum()), crowded=0.5)
    category = (dice.random(n)[:, None] > places.feelings[place]).sum(axis=1).clip(max=len(CATEGORIES) - 1)
    return xy[:, 0], xy[:, 1], category


@dataclass(frozen=True)
class Sample:
    """The people of a file and where they pinned."""

    boundary: MultiPolygon
    """Around the pins, those far away from all others left out."""
    categories: tuple[str, ...]
    x: Floats
    """Metric; the pins of one person stand together."""
    y: Floats
    category: NDArray[np.int16]
    begins: Indices
    """Where the pins of each person begin; one more at the end."""


FAR_M = 15_000.0
"""Further from the middle of all pins nobody lives in the town."""
BESIDE_M = 30.0
"""How far beside its place a pin is set down again."""
AROUND_M = 300.0


def read_sample(path: Path, respondent_field: str, category_field: str) -> Sample:
    """The people of a file of points, as `pocit pins import` reads them."""
    from app.inputs.pin_files import open_pin_file
    from app.services.imports import placed

    opened = open_pin_file(path)
    parts = list(opened.parts)
    found = placed(np.concatenate([p.x for p in parts]), np.concatenate([p.y for p in parts]), opened.epsg)
    people, kinds = (
        np.array([str(value) for part in parts for value in part.values[name]])
        for name in (respondent_field, category_field)
    )
    x, y = transformer(WGS84, KROVAK)(found.lon, found.lat)
    near = np.hypot(x - np.nanmedian(x), y - np.nanmedian(y)) < FAR_M
    order = np.flatnonzero(near)[np.argsort(people[near], kind="stable")]
    categories, code = np.unique(kinds[order], return_inverse=True)
    begins = np.flatnonzero(np.r_[True, people[order][1:] != people[order][:-1], True])
    hull = shapely.convex_hull(shapely.multipoints(np.column_stack([x[order], y[order]]))).buffer(AROUND_M)
    lon_lat = np.column_stack(transformer(KROVAK, WGS84)(*np.asarray(hull.exterior.coords).T))
    keys = tuple(f"c{n}" for n in range(len(categories)))
    return Sample(MultiPolygon([Polygon(lon_lat)]), keys, x[order], y[order], code.astype(np.int16), begins)


def resampled(sample: Sample, n: int, seed: int = SEED) -> Iterator[Pins]:
    """So many pins: people of the sample drawn with replacement, each pin some tens of metres beside its place."""
    dice = np.random.default_rng([seed, n, 1])
    numbers = np.diff(sample.begins)
    made = person = 0
    while made < n:
        drawn = dice.integers(0, len(numbers), max(64, int(min(PIECE, n - made) / numbers.mean())))
        drawn = drawn[: np.searchsorted(np.cumsum(numbers[drawn]), n - made) + 1]
        counts = numbers[drawn].copy()
        counts[-1] -= max(0, int(counts.sum()) - (n - made))
        who = np.repeat(np.arange(len(drawn)), counts)
        of = sample.begins[drawn][who] + _nth(counts)
        x, y = (values[of] + dice.normal(0, BESIDE_M, len(of)) for values in (sample.x, sample.y))
        yield _told(dice, person, counts, (x, y), sample.category[of])
        made, person = made + len(of), person + len(drawn)
