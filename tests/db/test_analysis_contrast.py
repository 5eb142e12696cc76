"""Contrasts and contested places of a map: what is found, between whom, and what is not said of a few people."""

from __future__ import annotations

from typing import Any

import pytest
import shapely
from sqlalchemy.orm import Session

from app.errors import InvalidInput, NotAllowed, NotComputed
from app.i18n import language
from app.inputs.area import parse_area
from app.inputs.filters import Scope
from app.models import PinState
from app.queries.analyses import Cancelled, nobody_told
from app.queries.analysis_contrast import Result, default_pair, find
from app.queries.analysis_runs import packed, unpacked
from app.queries.layers import LAYERS, all_layers, make_layer, refuse_uncomputed
from app.queries.layers_contrast import contested, contrast
from app.queries.maps import MapRecord
from gis.formats.layer import Layer, layer_schema
from tests.builders import a_basemap, a_map, a_pin, an_analysis

WORDS = language("en")
STATION, PARK, BRIDGE = (15.510, 49.6155), (15.530, 49.6155), (15.520, 49.625)
WHEN = {
    "key": "when",
    "type": "single",
    "label": {"en": "When?"},
    "options": [{"key": "day", "label": {"en": "By day"}}, {"key": "night", "label": {"en": "At night"}}],
}
GENDER = {
    "key": "gender",
    "type": "single",
    "label": {"en": "You are"},
    "options": [{"key": key, "label": {"en": key}} for key in ("woman", "man", "other")],
}


def a_town(session: Session, slug: str = "testov", **description: Any) -> MapRecord:
    """Unsafe at the station, safe in the park; at the bridge 16 feel unsafe at night and 16 others safe by day."""
    the_map = a_map(session, slug, questions=[WHEN], about=[GENDER], **description)
    for n in range(16):
        a_pin(session, the_map, "unsafe", near(STATION, n), f"station {n}")
        a_pin(session, the_map, "safe", near(PARK, n), f"park {n}")
        a_pin(
            session,
            the_map,
            "unsafe",
            near(BRIDGE, n),
            f"night {n}",
            answers={"when": "night"},
            about={"gender": "woman" if n < 14 else "other"},
        )
        a_pin(
            session,
            the_map,
            "safe",
            near(BRIDGE, n),
            f"day {n}",
            answers={"when": "day"},
            about={"gender": "man" if n < 14 else "woman"},
        )
    return the_map


def near(place: tuple[float, float], n: int) -> tuple[float, float]:
    return place[0] + 0.0002 * (n % 3), place[1] + 0.0002 * (n // 3 % 3)


def rows(layer: Layer) -> list[dict[str, Any]]:
    return [row for batch in layer.batches for row in batch.to_pylist()]


@pytest.fixture
def town(session: Session) -> MapRecord:
    return a_town(session, basemap_geojson=a_basemap("Mostní"))


def test_what_outweighs_where_is_told_with_people_of_both_sides(session: Session, town: MapRecord) -> None:
    a_pin(session, town, "safe", STATION, "station 3")
    a_pin(session, town, "unsafe", PARK, "hidden", state=PinState.HIDDEN)
    found = find(session, town, {}, nobody_told)
    assert (found.one, found.other, found.least) == ("unsafe", "safe", 5)
    assert (found.people_one, found.people_other, found.people) == (32, 33, 64)
    assert found.share == pytest.approx(found.voices_one / (found.voices_one + found.voices_other))
    station = next(area for area in found.areas if area.winner == "unsafe")
    park = next(area for area in found.areas if area.winner == "safe")
    assert (station.rank, station.people_one, station.people_other, station.people_both) == (1, 16, 1, 1)
    assert (park.rank, park.people_one, park.people_other) == (1, 0, 16)
    assert station.sure == 99
    assert station.share > 0.9 > 0.1 > park.share
    assert abs(station.lon - STATION[0]) < 0.003
    assert parse_area(station.area)
    assert shapely.from_wkt(station.outline).area >= station.hectares * 10_000


def test_contested_place_says_between_whom(session: Session, town: MapRecord) -> None:
    (place,) = find(session, town, {}, nobody_told).contested
    assert (place.people_one, place.people_other, place.people_both) == (16, 16, 0)
    assert place.is_even
    assert place.name == "Mostní" or place.name is None
    when = next(test for test in place.tests if test.question == "when")
    assert [(g.option, g.one, g.other) for g in when.groups] == [("day", 0, 16), ("night", 16, 0)]
    gender = next(test for test in place.tests if test.question == "gender")
    told = {group.option: (group.one, group.other) for group in gender.groups}
    assert told == {"woman": (14, 2), "man": (0, 14), "other": (None, None)}
    assert {test.question for test in place.differences} == {"when", "gender"}
    assert all(0 < test.p <= test.q <= 0.05 for test in place.differences)
    woman = next(group for group in gender.groups if group.option == "woman")
    assert woman.share == pytest.approx(14 / 16)
    assert woman.town_one >= 14


def test_people_who_say_both_differ_by_the_hour(session: Session) -> None:
    the_map = a_map(session, questions=[WHEN], about=[GENDER])
    for n in range(8):
        a_pin(session, the_map, "unsafe", near(BRIDGE, n), f"u{n}", answers={"when": "night"})
        a_pin(session, the_map, "safe", near(BRIDGE, n), f"s{n}", answers={"when": "day"})
        a_pin(session, the_map, "unsafe", near(BRIDGE, n), f"both {n}", answers={"when": "night"})
        a_pin(session, the_map, "safe", near(BRIDGE, n), f"both {n}", answers={"when": "day"})
    (place,) = find(session, the_map, {}, nobody_told).contested
    assert (place.people_one, place.people_other, place.people_both) == (8, 8, 8)
    (when,) = place.tests
    assert [(g.option, g.one, g.other) for g in when.groups] == [("day", 0, 16), ("night", 16, 0)]
    assert when.is_sure


@pytest.mark.parametrize("pins", [0, 1, 4])
def test_of_a_few_pins_nothing_is_concluded(session: Session, pins: int) -> None:
    the_map = a_map(session)
    for n in range(pins):
        a_pin(session, the_map, "unsafe" if n % 2 else "safe", near(PARK, n), f"r{n}")
    found = an_analysis(session, the_map, "contrast")
    assert not found.is_tested
    assert not found.areas
    assert not found.contested
    for make in (contrast, contested):
        layer = make(session, the_map, Scope.OFFICE, 5514, WORDS)
        assert rows(layer) == []
        assert layer.description.startswith("The layer is empty.")


def test_result_survives_being_stored_and_is_the_same_each_time(session: Session, town: MapRecord) -> None:
    found = find(session, town, {"bandwidth": "150"}, nobody_told)
    assert unpacked("contrast", packed(found)) == found
    assert find(session, town, {"bandwidth": "150"}, nobody_told) == found
    assert found.reach_m == 300


def test_any_two_categories_can_be_chosen_and_the_first_two_where_none_is_named(session: Session) -> None:
    named = [{"key": key, "label": {"en": key}} for key in ("good", "bad", "develop")]
    the_map = a_map(session, categories=named)
    assert default_pair(the_map) == ("good", "bad")
    found: Result = find(session, the_map, {"one": "develop", "other": "good"}, nobody_told)
    assert (found.one, found.other) == ("develop", "good")
    for wrong in ({"one": "bad"}, {"one": "safe"}, {"other": ""} | {"one": "bad"}, {"bandwidth": "7"}):
        with pytest.raises(InvalidInput):
            find(session, the_map, wrong, nobody_told)


def test_whoever_waits_is_told_and_can_cancel(session: Session, town: MapRecord) -> None:
    told: list[float] = []

    def hear(share: float, step: str) -> None:
        told.append(share)
        assert step
        if share > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        find(session, town, {}, hear)
    assert told == sorted(told)


def test_layers_hold_what_the_page_says_and_explain_each_field(session: Session, town: MapRecord) -> None:
    found = an_analysis(session, town, "contrast")
    squares = contrast(session, town, Scope.OFFICE, 4326, WORDS)
    places = contested(session, town, Scope.OFFICE, 4326, WORDS)
    for layer in (squares, places):
        assert all(field.meaning and len(field.short) <= 10 for field in layer.fields)
        assert len({field.short for field in layer.fields}) == len(layer.fields)
        assert layer.look is not None
    batches = list(squares.batches)
    assert batches[0].schema.equals(layer_schema((field.name, field.kind) for field in squares.fields))
    in_squares = [row for batch in batches for row in batch.to_pylist()]
    assert len(in_squares) == found.tested
    painted = {paint.value for paint in squares.look.paints} if squares.look else set()
    assert {row["class"] for row in in_squares} == painted
    assert {row["category"] for row in in_squares} == {"unsafe", "safe", None}
    assert "people are shuffled, not pins" in squares.description
    assert "Unsafe – people: 32; Safe – people: 32." in squares.description
    (place,) = rows(places)
    assert (place["people_one"], place["people_other"], place["people_both"]) == (16, 16, 0)
    assert "At night: 16 of 16" in place["between"]
    assert "other: fewer than 5 people" in place["between"]
    assert shapely.from_wkb(place["geometry"]).geom_type == places.geometry_type


def test_layers_of_an_analysis_are_the_office_s_and_there_once_it_was_made(
    session: Session, town: MapRecord
) -> None:
    for name in ("contrast", "contested"):
        with pytest.raises(NotComputed):
            make_layer(session, town, name, Scope.OFFICE, words=WORDS)
        with pytest.raises(NotAllowed):
            make_layer(session, town, name, Scope.PUBLIC, words=WORDS)
        with pytest.raises(NotComputed):
            refuse_uncomputed(session, town, name)
    an_analysis(session, town, "contrast")
    for scope in Scope:
        made = {layer.name for layer in all_layers(session, town, scope, words=WORDS)}
        assert ({"contrast", "contested"} <= made) is (scope is Scope.OFFICE)
    with pytest.raises(NotAllowed):
        make_layer(session, town, "contrast", Scope.PUBLIC, words=WORDS)
    assert all(kind.office_only for kind in LAYERS.values() if kind.analysis)


def test_categories_that_are_gone_make_the_result_old(session: Session, town: MapRecord) -> None:
    an_analysis(session, town, "contrast")
    named = [{"key": key, "label": {"en": key}} for key in ("safe", "dark")]
    changed = a_town_with(session, named)
    with pytest.raises(NotComputed):
        make_layer(session, changed, "contrast", Scope.OFFICE, words=WORDS)


def a_town_with(session: Session, categories: list[dict[str, Any]]) -> MapRecord:
    """A map whose newest result is of other categories than it has."""
    from sqlalchemy import text

    other = a_map(session, "jinak", categories=categories)
    session.execute(text("UPDATE analysis_run SET map_id = :id"), {"id": other.id})
    session.commit()
    return other
