"""The highest places of each category as points of a GIS, with how sure their ranks are; for the office only."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from app.errors import NotComputed
from app.i18n import N_, Language, text_in
from app.inputs.filters import Scope
from app.queries.analysis_robustness import Result
from app.queries.analysis_runs import newest_result
from app.queries.layer_notes import limits, note, number
from app.queries.layers_heat import category_field
from app.queries.maps import MapRecord
from gis.crs import WGS84, transformer
from gis.formats.layer import Field, Kind, Layer, Look, Paint
from gis.formats.layer_rows import layer_batches

TITLE = N_("Top places")
METHOD_PLACES = N_(
    "Places are where the heat by people is highest (bandwidth %(bandwidth)s m), at least 300 m apart, with at"
    " least %(least)s different people within %(within)s m; the %(most)s highest of each category are ranked."
)
METHOD_DRAWS = N_(
    "How sure a rank is: %(draws)s times, as many people as there are were drawn by lot from the %(people)s people"
    " of the map, with replacement, each with all their pins, and the places were ranked anew (bootstrap, Efron"
    " 1979). A rank from 4 to 7 means that the place stays between the 4th and the 7th in 90 of 100 draws."
)
METHOD_BUSIEST = N_(
    "Left out are those who set most pins on the whole map: %(busiest)s of %(people)s people, who set %(pins)s of"
    " all pins, %(share)s %%."
)
LIMIT_DRAWS = N_(
    "The draws say how much hangs on who happened to answer. They say nothing of those who never had a chance to:"
    " who is missing on the map is missing in every draw."
)
RANK = N_("Its rank within the category, by people per hectare")
NAME = N_("What is named nearest to it: a place, a square, else a street")
RANK_LOW = N_("In 90 of 100 draws it does not come higher than this rank …")
RANK_HIGH = N_("… and not lower than this one")
AMONG_TEN = N_("In how many of 100 draws it is among the first ten")
AMONG_THREE = N_("In how many of 100 draws it is among the first three")
PEOPLE = N_("Different people who marked it within %(within)s m")
PINS = N_("Their pins there")
VALUE = N_("People per hectare at its top")
VALUE_LOW = N_("The same, in 90 of 100 draws not lower than this …")
VALUE_HIGH = N_("… and not higher than this")
RANK_WITHOUT = N_("Its rank with the busiest hundredth of people left out")
RANK_PINS = N_("Its rank where pins are counted, not people")
RANK_PINS_WITHOUT = N_("The same with the busiest hundredth of people left out")
RANK_VOICES = N_("Its rank where everybody has one voice, shared evenly among the squares they marked")


def top_places(session: Session, the_map: MapRecord, scope: Scope, epsg: int, words: Language) -> Layer:
    """The places of the newest result; NotComputed before there is one."""
    del scope  # only the office gets here
    kept = newest_result(session, the_map, "robustness")
    if kept is None:
        raise NotComputed
    result: Result = kept.result
    found = [
        (part.category, place)
        for part in result.categories
        if part.category in the_map.category_by_key
        for place in part.places
    ]
    way = transformer(WGS84, epsg)
    fields = place_fields(the_map, result, words)

    def shapes(run: slice) -> NDArray[np.object_]:
        lon, lat = (np.array([getattr(place, axis) for _, place in found[run]]) for axis in ("lon", "lat"))
        points: NDArray[np.object_] = shapely.points(*way(lon, lat))
        return points

    columns = {field.name: [_value(key, place, field.name) for key, place in found] for field in fields}
    paints = [Paint(c.key, text_in(c.label, words.code), c.color, c.shape) for c in the_map.categories]
    return Layer(
        name="top-places",
        title=words.gettext(TITLE),
        geometry_type="Point",
        epsg=epsg,
        fields=fields,
        batches=layer_batches(fields, [f"{key}-{place.rank}" for key, place in found], columns, shapes),
        look=Look(paints, "category"),
        description=note(notes(the_map, result, words), is_empty=not found, words=words),
    )


def place_fields(the_map: MapRecord, result: Result, words: Language) -> tuple[Field, ...]:
    """What is told of each place; the names are those of `Standing`, but for the shares, which are of 100."""
    within = {"within": number(result.within_m, words)}
    return (
        category_field(the_map, words),
        Field("rank", Kind.INTEGER, "rank", words.gettext(RANK)),
        Field("name", Kind.TEXT, "name", words.gettext(NAME)),
        Field("rank_low", Kind.INTEGER, "rank_low", words.gettext(RANK_LOW)),
        Field("rank_high", Kind.INTEGER, "rank_high", words.gettext(RANK_HIGH)),
        Field("among_ten", Kind.NUMBER, "among_ten", words.gettext(AMONG_TEN)),
        Field("among_three", Kind.NUMBER, "among_3", words.gettext(AMONG_THREE)),
        Field("people", Kind.INTEGER, "people", words.gettext(PEOPLE, within)),
        Field("pins", Kind.INTEGER, "pins", words.gettext(PINS)),
        Field("value", Kind.NUMBER, "value", words.gettext(VALUE)),
        Field("value_low", Kind.NUMBER, "value_low", words.gettext(VALUE_LOW)),
        Field("value_high", Kind.NUMBER, "value_high", words.gettext(VALUE_HIGH)),
        Field("rank_without", Kind.INTEGER, "rank_wo", words.gettext(RANK_WITHOUT)),
        Field("rank_by_pins", Kind.INTEGER, "rank_pins", words.gettext(RANK_PINS)),
        Field("rank_by_pins_without", Kind.INTEGER, "rank_pi_wo", words.gettext(RANK_PINS_WITHOUT)),
        Field("rank_by_voices", Kind.INTEGER, "rank_voice", words.gettext(RANK_VOICES)),
    )


def notes(the_map: MapRecord, result: Result, words: Language) -> list[str]:
    """The method, its numbers and its limits."""
    data = {
        "bandwidth": number(result.bandwidth_m, words),
        "least": number(result.least_people, words),
        "within": number(result.within_m, words),
        "most": number(result.most_sites, words),
        "draws": number(result.draws, words),
        "people": number(result.people, words),
    }
    busiest = {
        "busiest": number(result.busiest, words),
        "people": number(result.people, words),
        "pins": number(result.busiest_pins, words),
        "share": number(round(100 * result.busiest_pins / max(result.pins, 1)), words),
    }
    return [
        words.gettext(METHOD_PLACES, data),
        words.gettext(METHOD_DRAWS, data),
        words.gettext(METHOD_BUSIEST, busiest),
        words.gettext(LIMIT_DRAWS),
        *limits(the_map, Scope.OFFICE, words),
    ]


def _value(category: str, place: Any, name: str) -> Any:
    if name == "category":
        return category
    value = getattr(place, name)
    return round(100 * value, 1) if name in ("among_ten", "among_three") else value
