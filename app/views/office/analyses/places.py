"""Hot spots and clusters on the page: of each category a little map, and its places by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import shapely

from app.i18n import N_, Language
from app.inputs.filters import Scope
from app.queries.analysis_places import CategoryPlaces, Place, Result
from app.queries.clusters import least_people
from app.queries.hot_spots import LEAST_COUNTED
from app.queries.layer_notes import limits, listed, people_by_category, word_of
from app.queries.layers_analysis import (
    CLUSTER_LIMIT,
    CLUSTER_METHOD,
    HOT_LIMIT,
    HOT_METHOD,
    HOT_NONE,
    HOT_TOO_FEW,
)
from app.queries.maps import CategoryRecord, MapRecord
from app.views.office.analyses.frame import Choice, Table, place_name
from app.views.office.analyses.pictures import Mark, Sheet, sheet
from app.views.reader import number, reader_language, say
from gis.analysis.clusters import REACH_M
from gis.analysis.hot_spots import BAND_M, SIDE_M

FIRST_SHOWN = 5
"""Places of a category that are seen at once; the others unfold."""

TOO_FEW = N_("Too few people have pinned close together yet to speak of hot spots or clusters.")
STRONGEST = N_("The most people in one place: %(n)s, %(place)s, “%(word)s”.")
NOWHERE = N_("More people than chance would bring in some squares, but nowhere enough together for a place.")
OF_WHOM = N_("Counted are all pins that nobody has hidden: pins %(pins)s, people %(people)s.")
OF_WHAT = N_("Counted are all pins that nobody has hidden: %(pins)s.")


@dataclass(frozen=True)
class Picture:
    """A little map of one category: SVG paths on the sheet of all."""

    hot: str
    places: str
    marks: Sequence[Mark]


@dataclass(frozen=True)
class Part:
    """One category on the page."""

    category: CategoryRecord
    found: CategoryPlaces
    picture: Picture
    first: Sequence[Place]
    others: Sequence[Place]


def context(the_map: MapRecord, result: Result) -> dict[str, Any]:
    """A part for every category that the map still has, and the words on the method."""
    paper = sheet(the_map)
    words = reader_language()
    return {
        "found": result,
        "finding": headline(the_map, result),
        "counted": _of_whom(the_map, result, words),
        "paper": paper,
        "parts": [_part(the_map, paper, one) for one in _known(the_map, result)],
        "least_counted": LEAST_COUNTED,
        "hot_notes": _hot_notes(the_map, result, words),
        "cluster_notes": _cluster_notes(the_map, result, words),
    }


def headline(the_map: MapRecord, result: Result) -> str:
    """Where the most people said the same."""
    words = reader_language()
    places = [(one, place) for one in _known(the_map, result) for place in one.places]
    if not places:
        return words.gettext(NOWHERE if result.has_any else TOO_FEW)

    def strength(found: tuple[CategoryPlaces, Place]) -> int:
        spoken = found[1].spoken[found[0].category]
        return spoken.pins if the_map.anonymised_at else spoken.people

    part, place = max(places, key=strength)
    said = {
        "n": _people(the_map, part, place),
        "place": place_name(place),
        "word": say(the_map.category_by_key[part.category].word),
    }
    return words.gettext(STRONGEST, said)


def choices(the_map: MapRecord) -> Sequence[Choice]:
    """Nothing to choose."""
    return ()


def rows(the_map: MapRecord, result: Result) -> Table:
    """A row for each place, the columns named as in the layer of clusters."""
    keys = list(the_map.category_by_key)
    heading = ["category", "rank", "name", "sure", "people", "pins", "lon", "lat"]
    heading += [f"{what}_{key}" for key in keys for what in ("people", "pins")]
    return heading, _rows(the_map, result, keys)


def _rows(the_map: MapRecord, result: Result, keys: Sequence[str]) -> Iterator[list[Any]]:
    for part in _known(the_map, result):
        for place in part.places:
            own = place.spoken[part.category]
            around = [place.spoken.get(key) for key in keys]
            yield [
                *(part.category, place.rank, place.name, place.sure or None),
                *(own.people, own.pins, place.lon, place.lat),
                *(n for one in around for n in ((one.people, one.pins) if one else (None, None))),
            ]


def _known(the_map: MapRecord, result: Result) -> list[CategoryPlaces]:
    """What the result says of categories that the map still has."""
    return [one for one in result.categories if one.category in the_map.category_by_key]


def _part(the_map: MapRecord, paper: Sheet, found: CategoryPlaces) -> Part:
    outlines = shapely.from_wkt([place.outline for place in found.places])
    middles = [outline.representative_point() for outline in outlines[:FIRST_SHOWN]]
    whole = paper.path(shapely.union_all(outlines)) if len(outlines) else ""
    picture = Picture(paper.path(shapely.from_wkt(found.hot_ground)), whole, paper.marks(middles))
    category = the_map.category_by_key[found.category]
    return Part(category, found, picture, found.places[:FIRST_SHOWN], found.places[FIRST_SHOWN:])


def _people(the_map: MapRecord, part: CategoryPlaces, place: Place) -> str:
    words, spoken = reader_language(), place.spoken[part.category]
    one, many, n = ("%(n)s person", "%(n)s people", spoken.people)
    if the_map.anonymised_at:
        one, many, n = ("%(n)s pin", "%(n)s pins", spoken.pins)
    return words.translations.ungettext(one, many, n) % {"n": number(n)}


def _hot_notes(the_map: MapRecord, result: Result, words: Language) -> list[str]:
    parts = _known(the_map, result)
    method = {
        "side": number(SIDE_M),
        "band": number(BAND_M),
        "squares": number(result.squares),
        "least": least_people(the_map),
    }
    counted = [(the_map.category_by_key[one.category], one.counted) for one in parts]
    said = [words.gettext(HOT_METHOD, method), _of_whom(the_map, result, words)]
    said.append(people_by_category(counted, Scope.OFFICE, words))
    few = [_word(the_map, one, words) for one in parts if not one.is_tested]
    none = [_word(the_map, one, words) for one in parts if one.is_tested and not one.marked]
    if few:
        said.append(words.gettext(HOT_TOO_FEW, {"least": LEAST_COUNTED, "categories": listed(few)}))
    if none:
        said.append(words.gettext(HOT_NONE, {"categories": listed(none)}))
    return [*said, words.gettext(HOT_LIMIT), *limits(the_map, Scope.OFFICE, words)]


def _cluster_notes(the_map: MapRecord, result: Result, words: Language) -> list[str]:
    method = {"least": least_people(the_map), "reach": number(REACH_M)}
    each = [f"{_word(the_map, one, words)}: {number(len(one.places))}" for one in _known(the_map, result)]
    said = [words.gettext(CLUSTER_METHOD, method), _of_whom(the_map, result, words), listed(each)]
    return [*said, words.gettext(CLUSTER_LIMIT), *limits(the_map, Scope.OFFICE, words)]


def _of_whom(the_map: MapRecord, result: Result, words: Language) -> str:
    said = {"pins": number(result.pins), "people": number(result.people)}
    return words.gettext(OF_WHAT if the_map.anonymised_at else OF_WHOM, said)


def _word(the_map: MapRecord, one: CategoryPlaces, words: Language) -> str:
    return word_of(the_map.category_by_key[one.category], words)
