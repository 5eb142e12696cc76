"""Round against round on real rows: what was planted is found, and what can't be said is not said."""

from __future__ import annotations

from datetime import datetime

import msgspec
import pytest
from shapely import MultiPolygon, box
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.errors import InvalidInput, NotAllowed, NotComputed
from app.i18n import language
from app.inputs.filters import Scope
from app.models import TownMap
from app.queries.analyses import nobody_told
from app.queries.analysis_rounds import Result, beside, find
from app.queries.layers import make_layer
from app.queries.maps import MapRecord, read_map
from app.queries.round_pair import other_rounds
from app.queries.round_results import CategoryChange, PlaceChange
from app.queries.round_words import notes
from app.services.retention import anonymise
from tests.builders import CENTRE, a_basemap, a_map, a_pin, an_analysis, an_answered_place
from tests.two_rounds import EARLIER, FRESH, GONE, LATER, NOW, THEN, TOWN, follows, set_pins, two_rounds

WORDS = language("en")


def around(at: tuple[float, float], degrees: float = 0.0005) -> str:
    x, y = at
    return f"SRID=4326;{MultiPolygon([box(x - degrees, y - degrees, x + degrees, y + degrees)])}"


def compared(session: Session, the_map: MapRecord, **asked: str) -> Result:
    return find(session, the_map, asked, nobody_told)


def of(result: Result, key: str) -> CategoryChange:
    return next(one for one in result.categories if one.key == key)


def place_of(result: Result, name: str, category: str = "unsafe") -> PlaceChange:
    return next(one for one in result.places if one.name == name and one.category == category)


def test_what_was_planted_is_found_and_nothing_else(session: Session) -> None:
    result = compared(session, two_rounds(session))
    assert result.state == "compared"
    assert result.then is not None
    assert (result.then.slug, result.then.people, result.then.pins) == (THEN, 80, 120)
    assert (result.now.slug, result.now.people, result.now.pins) == (NOW, 60, 91)
    unsafe = of(result, "unsafe")
    assert sorted(area.kind for area in unsafe.areas) == ["appeared", "vanished"]
    vanished = next(area for area in unsafe.areas if area.kind == "vanished")
    assert (vanished.people.then, vanished.people.of_then) == (40, 80)
    assert (vanished.people.now, vanished.people.of_now) == (1, 60)
    assert abs(vanished.lon - GONE[0]) < 0.002
    assert abs(vanished.lat - GONE[1]) < 0.002
    assert vanished.people.low is not None
    assert vanished.people.low < vanished.people.difference < (vanished.people.high or 0)
    assert not of(result, "safe").areas
    assert not of(result, "improve").areas


@pytest.mark.parametrize(("still_speak", "reading"), [("safe", "feeling"), ("", "open")])
def test_where_people_still_speak_of_the_place_it_is_the_feeling_that_changed(
    session: Session, still_speak: str, reading: str
) -> None:
    now = two_rounds(session)
    if still_speak:
        set_pins(session, read_map(session, THEN), [(f"r{n}", still_speak, GONE, EARLIER) for n in range(20, 60)])
        set_pins(session, now, [(f"r{n}", still_speak, GONE, LATER) for n in range(20, 50)])
    areas = of(compared(session, now), "unsafe").areas
    assert next(area for area in areas if area.kind == "vanished").reading == reading


def test_where_all_feelings_grow_alike_it_may_be_the_crowd(session: Session) -> None:
    now = two_rounds(session)
    rows = [(f"r{n}", "unsafe" if n % 2 else "safe", CENTRE) for n in range(60)]
    set_pins(session, now, [(*row, LATER) for row in rows])
    set_pins(session, read_map(session, THEN), [(*row, EARLIER) for row in rows[:24]])
    grown = [area for area in of(compared(session, now), "unsafe").areas if abs(area.lon - CENTRE[0]) < 0.003]
    assert [area.reading for area in grown] == ["crowd"]


def test_clusters_that_vanished_and_appeared_are_told_with_the_area_that_confirms_them(session: Session) -> None:
    unsafe = of(compared(session, two_rounds(session)), "unsafe")
    (gone,), (new,) = unsafe.gone, unsafe.new
    assert (gone.then, gone.now) == (40, 1)
    assert (new.then, new.now) == (0, 30)
    kinds = {area.rank: area.kind for area in unsafe.areas}
    assert (kinds[gone.area], kinds[new.area]) == ("vanished", "appeared")


def test_a_small_cluster_that_is_not_found_again_proves_no_change(session: Session) -> None:
    now = two_rounds(session)
    set_pins(session, read_map(session, THEN), [(f"r{n}", "improve", CENTRE, EARLIER) for n in range(6)])
    improve = of(compared(session, now), "improve")
    assert not improve.gone
    assert improve.unsure_gone == 1


def test_places_are_named(session: Session) -> None:
    now = two_rounds(session, basemap_geojson=a_basemap("Lipová"))
    set_pins(session, read_map(session, THEN), [(f"r{n}", "improve", CENTRE, EARLIER) for n in range(50)])
    assert [area.name for area in of(compared(session, now), "improve").areas] == ["Lipová"]


def test_a_pin_that_was_hidden_counts_in_neither_round(session: Session) -> None:
    now = two_rounds(session)
    a_pin(session, now, "unsafe", GONE, respondent="hidden", state="hidden")
    assert compared(session, now).now.people == 60


def test_without_another_round_it_says_so(session: Session) -> None:
    assert compared(session, a_map(session)).state == "no_round"


@pytest.mark.parametrize("people", [0, 1, 4])
def test_a_map_of_hardly_anybody_gives_words_and_no_areas(session: Session, people: int) -> None:
    then, now = (a_map(session, slug, town=TOWN) for slug in (THEN, NOW))
    for n in range(people):
        a_pin(session, then, "unsafe", respondent=f"r{n}")
        a_pin(session, now, "unsafe", respondent=f"r{n}")
    result = compared(session, follows(session, now, then))
    assert result.state == "too_few"
    assert result.now.people == people
    assert not result.categories


def test_any_other_map_of_the_town_can_be_asked_for_and_no_other(session: Session) -> None:
    now = two_rounds(session)
    then = read_map(session, THEN)
    a_map(session, "jinde")
    assert [one.slug for one in other_rounds(session, now)] == [THEN]
    assert compared(session, then, other=NOW).now.slug == THEN
    assert compared(session, then).then == compared(session, then, other=NOW).then
    for slug in ("jinde", NOW, "neni"):
        with pytest.raises(InvalidInput):
            compared(session, now, other=slug)


def test_categories_are_matched_by_key_and_those_alone_are_told(session: Session) -> None:
    label = {"cs": "Ticho", "en": "Quiet"}
    own = [
        {"key": "unsafe", "label": {"cs": "Bojím se"}, "color": "#D55E00", "shape": "triangle"},
        {"key": "safe", "label": {"cs": "Nebojím se"}, "color": "#009E73", "shape": "circle"},
        {"key": "quiet", "label": label, "word": label, "color": "#0072B2", "shape": "square"},
    ]
    now = two_rounds(session, categories=own)
    result = compared(session, now)
    assert [one.key for one in result.categories] == ["unsafe", "safe"]
    assert list(result.only_then) == ["improve"]
    assert result.only_now == ["quiet"]
    assert any("Quiet" in text for text in notes(now, result, WORDS))


def test_of_different_boundaries_only_the_common_ground_is_compared(session: Session) -> None:
    west = MultiPolygon([box(15.50, 49.61, 15.525, 49.63)])
    now = two_rounds(session, of_the_earlier={"boundary": west})
    result = compared(session, now)
    assert result.ground is not None
    assert not result.ground.is_same
    assert result.ground.share_now == pytest.approx(0.625, abs=0.01)
    assert result.ground.share_then == pytest.approx(1, abs=0.01)
    assert (result.now.beyond, result.then.beyond if result.then else None) == (30, 0)
    assert [area.kind for area in of(result, "unsafe").areas] == ["vanished"]
    assert any("do not cover the same ground" in text for text in notes(now, result, WORDS))


def test_an_anonymised_earlier_round_is_compared_in_the_squares_where_people_are_exact(session: Session) -> None:
    now = two_rounds(session, of_the_earlier={"closes": "2023-09-01T00:00:00Z"})
    before = compared(session, now)
    anonymise(session, read_map(session, THEN), LATER)
    session.commit()
    result = compared(session, read_map(session, NOW))
    assert before.is_exact
    assert not result.is_exact
    assert (result.side_m, result.band_m) == (250, 0)
    assert result.then is not None
    assert result.then.people == 80
    unsafe = of(result, "unsafe")
    assert sorted(area.kind for area in unsafe.areas) == ["appeared", "vanished"]
    vanished = next(area for area in unsafe.areas if area.kind == "vanished")
    assert (vanished.people.then, vanished.people.of_then) == (40, 80)
    assert (vanished.among, vanished.people.p, vanished.reading) == (None, None, "unknown")
    assert not unsafe.squares.all_then
    assert any("taken apart for good" in text for text in notes(read_map(session, NOW), result, WORDS))


def test_fear_near_a_place_answered_in_the_earlier_round_fell_by_more_than_chance(session: Session) -> None:
    now = two_rounds(session)
    then = read_map(session, THEN)
    moment = datetime.fromisoformat("2025-01-01T00:00:00Z")
    an_answered_place(
        session, then, name="Podchod", area=around(GONE), status="done", categories=["unsafe"], answered_at=moment
    )
    result = compared(session, now)
    place = place_of(result, "Podchod")
    assert place.is_earlier
    assert not result.by_round
    assert (place.people.then, place.people.of_then) == (40, 80)
    assert (place.people.now, place.people.of_now) == (1, 60)
    assert place.reading == "fell"
    assert place.months_before is not None
    assert [one.category for one in result.places] == ["unsafe"]
    assert of(result, "unsafe").unanswered is None


def test_what_places_without_an_answer_came_to_stands_beside(session: Session) -> None:
    now = two_rounds(session)
    then = read_map(session, THEN)
    set_pins(session, then, [(f"r{n}", "unsafe", FRESH, EARLIER) for n in range(20)])
    an_answered_place(session, then, area=around(GONE), status="done")
    beside_it = of(compared(session, now), "unsafe").unanswered
    assert beside_it is not None
    assert (beside_it.places, beside_it.then, beside_it.now) == (1, 20, 30)
    assert beside_it.ratio == pytest.approx((30 / 60) / (20 / 80))


def test_an_answer_of_this_round_parts_its_own_pins_and_each_person_counts_on_one_side(session: Session) -> None:
    now = two_rounds(session)
    moment = datetime.fromisoformat("2027-05-15T00:00:00Z")
    an_answered_place(session, now, name="Nové", area=around(FRESH), categories=["unsafe"], answered_at=moment)
    again = [(f"r{n}", "unsafe", FRESH, moment.replace(month=6)) for n in range(0, 10, 2)]
    set_pins(session, now, again)
    people = place_of(compared(session, now), "Nové").people
    # Even ones came in May before it, the others in June and pinned FRESH in May: first pin in May for all thirty.
    assert people.then == 30
    assert people.now == 0
    assert people.of_then + people.of_now == 60


def test_rounds_that_came_from_files_are_compared_as_wholes(session: Session) -> None:
    now = two_rounds(session)
    then = read_map(session, THEN)
    an_answered_place(session, then, name="Podchod", area=around(GONE), status="done", categories=["unsafe"])
    an_answered_place(session, now, name="Nové", area=around(FRESH))
    _without_days(session, now)
    _without_days(session, then)
    result = compared(session, now)
    assert result.by_round
    assert result.own_untold == 1
    place = place_of(result, "Podchod")
    assert (place.people.then, place.people.now, place.months_before) == (40, 1, None)
    assert result.now.since is None


def test_a_place_beyond_the_common_ground_is_counted_but_not_judged(session: Session) -> None:
    now = two_rounds(session)
    an_answered_place(session, now, area=around((15.7, 49.7)))
    result = compared(session, now)
    assert result.outside == 1
    assert not result.places


def test_a_pin_or_an_answer_in_the_other_round_makes_the_result_stale(session: Session) -> None:
    now = two_rounds(session)
    then = read_map(session, THEN)
    first = beside(session, now, {})
    a_pin(session, then, "unsafe", GONE, respondent="late")
    second = beside(session, now, {})
    an_answered_place(session, then, area=around(GONE))
    assert len({first, second, beside(session, now, {})}) == 3


def test_the_layer_has_every_tested_square_and_is_for_the_office_only(session: Session) -> None:
    now = two_rounds(session)
    with pytest.raises(NotComputed):
        make_layer(session, now, "changes", Scope.OFFICE, words=WORDS)
    result = an_analysis(session, now, "rounds")
    with pytest.raises(NotAllowed):
        make_layer(session, now, "changes", Scope.PUBLIC, words=WORDS)
    layer = make_layer(session, now, "changes", Scope.OFFICE, words=WORDS)
    rows = [row for batch in layer.batches for row in batch.to_pylist()]
    assert len(rows) == sum(len(one.squares.x) for one in result.categories)
    sure = [row for row in rows if row["class"] == "unsafe -"]
    assert sure
    assert all(row["points"] < 0 and row["q"] <= 0.05 and row["level"] <= -95 for row in sure)
    assert max(row["people_then"] for row in sure) == 40
    assert all(field.meaning and len(field.short) <= 10 for field in layer.fields)
    assert len({field.short for field in layer.fields}) == len(layer.fields)
    assert "Fisher" in layer.description
    assert layer.look is not None
    assert {row["class"] for row in rows} == {paint.value for paint in layer.look.paints}


def test_the_result_is_the_same_each_time_and_survives_being_stored(session: Session) -> None:
    now = two_rounds(session)
    stored = msgspec.json.encode(compared(session, now))
    assert stored == msgspec.json.encode(compared(session, now))
    assert msgspec.json.decode(stored, type=Result).categories[0].key == "safe"


def _without_days(session: Session, the_map: MapRecord) -> None:
    from app.models import Pin

    session.execute(update(Pin).where(Pin.map_id == the_map.id).values(created_at=LATER))
    session.execute(update(TownMap).where(TownMap.id == the_map.id).values(version=TownMap.version + 1))
    session.commit()
