"""What people write about one place, held against what is written of the same feeling in the rest of the town."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import shapely
from sqlalchemy.orm import Session

from app.inputs.filters import Scope
from app.queries.analysis_places import area_of
from app.queries.clusters import Cluster, find_clusters
from app.queries.maps import MapRecord
from app.queries.theme_parts import Heard, Word
from gis.analysis.keywords import LEAST_IN_PLACE, counted, key_words, without_doubles
from gis.analysis.voices import centres_of
from gis.grid import Floats

Told = Callable[[float], None]
"""Whom it tells which share of its work is done."""

MOST_PLACES = 12
"""Of each feeling, those of most people."""
MOST_WORDS = 6
MOST_NAMES = 3
MOST_QUOTES = 4


@dataclass(frozen=True)
class PlaceWords:
    """A place where many people feel the same, and what they write there."""

    category: str
    rank: int
    """Among the places of its feeling."""
    name: str | None
    lon: float
    lat: float
    area: str = field(repr=False)
    """As the filter of the office's map takes it."""
    people: int
    """All who pinned it, with or without a word."""
    commented: int
    writers: int
    elsewhere_of: int
    names: tuple[Word, ...]
    """What they call it, or what is there."""
    words: tuple[Word, ...]
    """What they say surely more often than those who write of it elsewhere."""
    common: tuple[Word, ...]
    """Where there is none: what most of them say, whether others do too or not."""
    quotes: tuple[str, ...] = field(repr=False)


def place_words(session: Session, the_map: MapRecord, heard: Heard, told: Told) -> tuple[PlaceWords, ...]:
    """The words of the largest places of each category; nothing of places where fewer than k people wrote."""
    centres = centres_of(heard.comments.x_index, heard.comments.y_index)
    number = {category.key: i for i, category in enumerate(the_map.categories)}
    found = []
    largest = [one for one in find_clusters(session, the_map, Scope.OFFICE) if one.rank <= MOST_PLACES]
    for i, cluster in enumerate(largest):
        told(i / len(largest))
        said = _place(the_map, heard, cluster, number[cluster.category.key], centres)
        if said is not None:
            found.append(said)
    return tuple(found)


def _place(
    the_map: MapRecord, heard: Heard, cluster: Cluster, category: int, centres: Floats
) -> PlaceWords | None:
    rows = np.nonzero(heard.comments.category == category)[0]
    inside = shapely.intersects_xy(cluster.outline, centres[rows, 0], centres[rows, 1])
    voices, part = heard.said.where(rows).voices_of(inside.astype(np.int64))
    mine, others = voices[part == 1], voices[part == 0]
    if mine.shape[0] < the_map.k:
        return None
    here, there = counted(mine), counted(others)
    told = key_words(here, mine.shape[0], there, others.shape[0], LEAST_IN_PLACE)
    told = without_doubles(heard.without_people(told), heard.said.units)
    names = [word for word in told if heard.is_name(word)][:MOST_NAMES]
    told = [word for word in told if not heard.is_name(word)][:MOST_WORDS]
    common = [] if told else heard.commonest(here, mine.shape[0], there, others.shape[0])
    weight = np.zeros(len(heard.said.units))
    for word in (*told, *common):
        weight[word.unit] = np.sqrt(max(word.g2, 1.0))
    units = [word.unit for word in (*told, *common)]
    return PlaceWords(
        category=cluster.category.key,
        rank=cluster.rank,
        name=cluster.name,
        lon=round(cluster.lon, 6),
        lat=round(cluster.lat, 6),
        area=area_of(the_map, cluster),
        people=cluster.people,
        commented=int(inside.sum()),
        writers=mine.shape[0],
        elsewhere_of=others.shape[0],
        names=tuple(heard.word(word) for word in names),
        words=tuple(heard.word(word) for word in told),
        common=tuple(heard.word(word) for word in common),
        quotes=heard.quotes(rows[inside], units, weight, MOST_QUOTES) if units else (),
    )
