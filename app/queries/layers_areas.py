"""The areas of a map as layers of a GIS: its boundary, and the places the town has answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.i18n import N_, Language, text_in
from app.inputs.filters import PUBLIC_FILTER, PinFilter, Scope
from app.models import AnsweredPlace, Pin, PinStatus
from app.queries.answers import PlaceRecord, list_places, people_of_places, pin_lies_in_place
from app.queries.columns import STATUS_WORDS
from app.queries.features import conditions
from app.queries.heat import uses_snapshot
from app.queries.layer_notes import note, word_of
from app.queries.maps import MapRecord
from app.queries.pin_table import OFFICE_COUNTS
from app.queries.summary import final_summary, stored_summary
from gis.crs import WGS84, transform_geometry, transformer
from gis.formats.layer import SEVERAL, Field, Kind, Layer, Look, Paint
from gis.formats.layer_rows import layer_batches
from gis.palette import palette

BOUNDARY_TITLE = N_("Boundary")
BOUNDARY_METHOD = N_("The area in which pins may be placed.")
MAP = N_("The map")
TOWN = N_("The town")
TOWN_CODE = N_("The town’s code in RÚIAN")

PLACES_TITLE = N_("Answered places")
PLACES_METHOD = N_("Areas that the town answered as one; the answer is meant for every pin in them.")
PLACES_PUBLIC = N_("People are told from %(k)s upwards; pins only where the map publishes its pins.")
NAME = N_("What people call the place")
ANSWER = N_("What the town answered")
STATUS = N_("What the town does about it")
ANSWERED_AT = N_("When the town answered (UTC)")
CATEGORIES = N_("Whose pins are meant")
PEOPLE = N_("People who placed such pins there")
PINS = N_("Such pins there")

TONES = {
    PinStatus.RECEIVED: "ink_soft",
    PinStatus.PLANNED: "warning",
    PinStatus.DONE: "success",
    PinStatus.DECLINED: "danger",
}


def boundary(session: Session, the_map: MapRecord, scope: Scope, epsg: int, words: Language) -> Layer:
    """The boundary of the map, one row."""
    del session, scope  # the same for everybody, and the map knows it
    fields = (
        Field("map", Kind.TEXT, "map", words.gettext(MAP)),
        Field("town", Kind.TEXT, "town", words.gettext(TOWN)),
        Field("ruian", Kind.INTEGER, "ruian", words.gettext(TOWN_CODE)),
    )
    title = text_in(the_map.title, words.code)
    way = transformer(WGS84, epsg)

    def shapes(run: slice) -> NDArray[np.object_]:
        return np.array([transform_geometry(the_map.boundary, way)], dtype=object)[run]

    return Layer(
        name="boundary",
        title=words.gettext(BOUNDARY_TITLE),
        geometry_type="MultiPolygon",
        epsg=epsg,
        fields=fields,
        batches=layer_batches(
            fields, [the_map.slug], {"map": [title], "town": [the_map.town], "ruian": [the_map.ruian]}, shapes
        ),
        look=Look([Paint("", words.gettext(BOUNDARY_TITLE), palette().light.ui["accent"])]),
        description=words.gettext(BOUNDARY_METHOD),
    )


def places(session: Session, the_map: MapRecord, scope: Scope, epsg: int, words: Language) -> Layer:
    """The answered places, the newest first; for everybody with people where they are enough to be told."""
    found = list_places(session, the_map.id)
    people = _people(session, the_map, scope) if found else {}
    pins = _pins(session, the_map, scope, found) if found else {}
    statuses = {status.value: words.gettext(said) for status, said in STATUS_WORDS.items()}
    fields = (
        Field("name", Kind.TEXT, "name", words.gettext(NAME)),
        Field("status", Kind.TEXT, "status", words.gettext(STATUS), statuses),
        Field("answer", Kind.TEXT, "answer", words.gettext(ANSWER)),
        Field("answered_at", Kind.TIME, "answered", words.gettext(ANSWERED_AT)),
        Field("categories", Kind.LIST, "categories", words.gettext(CATEGORIES), _category_words(the_map, words)),
        Field("people", Kind.INTEGER, "people", words.gettext(PEOPLE)),
        Field("pins", Kind.INTEGER, "pins", words.gettext(PINS)),
    )
    columns = {
        "name": [place.name for place in found],
        "status": [str(place.status) for place in found],
        "answer": [place.answer for place in found],
        "answered_at": [place.answered_at.astimezone(UTC) for place in found],
        "categories": [SEVERAL.join(_meant(place, the_map)) for place in found],
        "people": [people.get(place.ground) for place in found],
        "pins": [pins.get(place.ground) for place in found],
    }
    way = transformer(WGS84, epsg)

    def shapes(run: slice) -> NDArray[np.object_]:
        return np.array([transform_geometry(place.area, way) for place in found[run]], dtype=object)

    said = [words.gettext(PLACES_METHOD)]
    if scope is Scope.PUBLIC:
        said.append(words.gettext(PLACES_PUBLIC, {"k": the_map.k}))
    tones = palette().light.ui
    return Layer(
        name="places",
        title=words.gettext(PLACES_TITLE),
        geometry_type="MultiPolygon",
        epsg=epsg,
        fields=fields,
        batches=layer_batches(fields, [str(place.id) for place in found], columns, shapes),
        look=Look([Paint(s.value, statuses[s.value], tones[tone]) for s, tone in TONES.items()], "status"),
        description=note(said, is_empty=not found, words=words),
    )


def _people(session: Session, the_map: MapRecord, scope: Scope) -> Mapping[str, int]:
    """People by a place's ground; for everybody as the page of results tells them."""
    ended = final_summary(the_map)
    if ended is not None:
        counted: Mapping[str, int] = ended.places
    elif scope is Scope.OFFICE:
        return people_of_places(session, the_map, OFFICE_COUNTS)
    elif uses_snapshot(the_map):
        stored = stored_summary(session, the_map)
        counted = stored.places if stored else {}
    else:
        counted = people_of_places(session, the_map)
    return {ground: n for ground, n in counted.items() if n >= the_map.k or scope is Scope.OFFICE}


def _pins(session: Session, the_map: MapRecord, scope: Scope, found: Sequence[PlaceRecord]) -> Mapping[str, int]:
    """Pins by a place's ground; for everybody only where they could count them themselves."""
    if scope is Scope.PUBLIC and uses_snapshot(the_map):
        return {}
    wanted: PinFilter = OFFICE_COUNTS if scope is Scope.OFFICE else PUBLIC_FILTER
    query = (
        select(AnsweredPlace.id, func.count(Pin.id))
        .join(Pin, pin_lies_in_place())
        .where(*conditions(the_map.id, wanted))
        .group_by(AnsweredPlace.id)
    )
    counted = {row[0]: row[1] for row in session.execute(query)}
    return {place.ground: counted.get(place.id, 0) for place in found}


def _meant(place: PlaceRecord, the_map: MapRecord) -> Sequence[str]:
    """The categories whose pins are meant."""
    return place.categories or list(the_map.category_by_key)


def _category_words(the_map: MapRecord, words: Language) -> Mapping[str, str]:
    return {category.key: word_of(category, words) for category in the_map.categories}
