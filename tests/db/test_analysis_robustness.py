"""How sure the ranking of a stored map is: found as by hand, a layer, and silence where there is nothing."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec
import numpy as np
import pytest
import shapely
from shapely import MultiPolygon, box
from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app.errors import InvalidInput, NotAllowed, NotComputed
from app.i18n import language
from app.inputs.filters import Scope
from app.models import Pin, PinState, Respondent, TownMap
from app.queries.analyses import Cancelled, nobody_told
from app.queries.analysis_robustness import LEAST_SPOKEN, SHARES, TOP, CategoryRanking, Result, find
from app.queries.heat import metric_boundary
from app.queries.layers import make_layer
from app.queries.maps import MapRecord, read_map
from gis.analysis.density import density
from gis.analysis.peaks import peaks
from gis.crs import to_metric, to_wgs84
from gis.grid import Cells
from tests.builders import a_map, an_analysis

WEST, SOUTH = -640_000, -1_080_000
"""In EPSG:5514, on the grid."""
ENGLISH = language("en")

At = tuple[str, int, int, str]
"""A pin: category, column and row of its square from the corner, who."""


def a_town(session: Session, pins: list[At], **description: Any) -> MapRecord:
    """A map of 6 by 4 km with these pins, each in the middle of its square."""
    lon, lat = to_wgs84(5514)(np.array([WEST, WEST + 6000.0]), np.array([SOUTH, SOUTH + 4000.0]))
    boundary = MultiPolygon([box(float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max()))])
    the_map = a_map(session, boundary=boundary, **description)
    people = {who: uuid.uuid5(uuid.NAMESPACE_OID, who) for *_, who in pins}
    if pins:
        session.execute(insert(Respondent), [{"map_id": the_map.id, "id": one} for one in people.values()])
        session.execute(insert(Pin), [a_row(the_map, people, at) for at in pins])
    session.commit()
    return the_map


def a_row(the_map: MapRecord, people: dict[str, uuid.UUID], at: At) -> dict[str, Any]:
    category, column, row, who = at
    x, y = WEST // 25 + column, SOUTH // 25 + row
    lon, lat = to_wgs84(5514)((x + 0.5) * 25, (y + 0.5) * 25)
    return {
        "map_id": the_map.id,
        "id": uuid.uuid4(),
        "respondent_id": people[who],
        "category": category,
        "position": f"SRID=4326;POINT({lon} {lat})",
        "square_x": x,
        "square_y": y,
        "channel": "web",
        "state": PinState.VISIBLE,
    }


def crowds(*sizes: int, category: str = "unsafe") -> list[At]:
    """One place after another, 500 m apart, with so many people each, who speak of nothing else."""
    return [
        (category, 20 + 20 * (n % 10), 30 + 40 * (n // 10), f"{category}{n}-{i}")
        for n, size in enumerate(sizes)
        for i in range(size)
    ]


def ranking(result: Result, category: str = "unsafe") -> CategoryRanking:
    return next(one for one in result.categories if one.category == category)


def test_places_of_very_different_crowds_keep_their_order(session: Session) -> None:
    result = find(session, a_town(session, crowds(160, 80, 40, 20, 10)), {}, nobody_told)
    found = ranking(result)
    assert [(place.rank, place.people) for place in found.places] == [(1, 160), (2, 80), (3, 40), (4, 20), (5, 10)]
    assert [(place.rank_low, place.rank_high) for place in found.places[:2]] == [(1, 1), (2, 2)]
    assert found.cuts == (1, 2, 3, 4)
    assert (result.people, result.pins) == (310, 310)


def test_places_of_like_crowds_have_no_order(session: Session) -> None:
    found = ranking(find(session, a_town(session, crowds(22, 21, 20, 20, 20, 19)), {}, nobody_told))
    assert found.cuts == ()
    first = found.places[0]
    assert first.rank_low == 1
    assert first.rank_high >= 4
    assert first.value_low < first.value < first.value_high


def test_the_eleventh_place_is_told_where_it_could_as_well_be_among_the_ten(session: Session) -> None:
    found = ranking(find(session, a_town(session, crowds(*[30] * 9, 12, 11, 11, 5)), {}, nobody_told))
    assert found.ranked == 13
    assert [place.rank for place in found.places] == [*range(1, 13)]
    assert 0.1 < found.places[10].among_ten < 0.9
    assert found.places[0].among_ten == 1


def test_values_are_those_of_the_heat_and_places_those_of_its_peaks(session: Session) -> None:
    pins = crowds(60, 30, 20)
    the_map = a_town(session, pins)
    found = ranking(find(session, the_map, {}, nobody_told)).places
    squares = sorted({(column, row) for _, column, row, _ in pins})
    people = [len({who for _, c, r, who in pins if (c, r) == at}) for at in squares]
    x, y = (
        np.array(axis) + corner // 25
        for axis, corner in zip(zip(*squares, strict=True), (WEST, SOUTH), strict=True)
    )
    surface = density(Cells.of(x, y, people), metric_boundary(the_map), srid=the_map.metric_srid)
    tops = peaks(surface, least=0.1)
    assert [place.value for place in found] == pytest.approx([top.value for top in tops], rel=1e-3)
    metric = to_metric(the_map.metric_srid)
    for place, top in zip(found, tops, strict=True):
        assert metric(place.lon, place.lat) == pytest.approx((top.x, top.y), abs=0.2)


def test_who_pins_one_spot_again_and_again_moves_pins_but_not_people(session: Session) -> None:
    """One of 150 people sets 60 pins on each of two spots; leaving them out is seen in pins only."""
    loud = [("unsafe", column, 110, "loud") for column in (40, 140) for _ in range(60)]
    few = [("unsafe", column, 110, f"few{n}") for n in range(5) for column in (40, 140)]
    result = find(session, a_town(session, [*crowds(50, 40, 30, 25), *loud, *few]), {}, nobody_told)
    assert (result.busiest, result.busiest_pins) == (2, 122)
    found = ranking(result)
    lost = {effect.weight: effect.lost for effect in found.effects if effect.share == SHARES[0]}
    assert lost["pins"] == pytest.approx(122 / 275, abs=0.01)
    assert lost["people"] < 0.1 * lost["pins"]
    loudest = [place for place in found.places if place.rank_by_pins <= 2]
    assert [place.people for place in loudest] == [6, 6]
    assert all(place.rank > 4 and place.rank_by_pins_without > 4 for place in loudest)
    assert all(place.rank == place.rank_without for place in found.places)


def test_places_of_pins_without_people_are_told_of(session: Session) -> None:
    loud = [("unsafe", column, 110, "loud") for column in (40, 140, 200) for _ in range(60)]
    found = ranking(find(session, a_town(session, [*crowds(50, 20), *loud]), {}, nobody_told))
    assert found.ranked == 2
    assert found.of_few == 3


@pytest.mark.parametrize("people", [0, 1, 4, LEAST_SPOKEN - 1])
def test_few_people_make_no_ranking(session: Session, people: int) -> None:
    result = find(session, a_town(session, crowds(people)), {}, nobody_told)
    assert result.people == people
    assert not any(one.places or one.effects for one in result.categories)
    assert msgspec.json.decode(msgspec.json.encode(result), type=Result) == result


def test_many_people_nowhere_together_make_no_ranking(session: Session) -> None:
    alone = [("safe", 13 * (n % 15), 14 * (n // 15), f"r{n}") for n in range(150)]
    found = ranking(find(session, a_town(session, alone), {}, nobody_told), "safe")
    assert (found.people, found.places, found.ranked) == (150, (), 0)


def test_one_place_alone_has_nothing_to_be_ranked_against(session: Session) -> None:
    found = ranking(find(session, a_town(session, crowds(40)), {}, nobody_told))
    assert (len(found.places), found.cuts, found.together) == (1, (), ())


def test_hidden_pins_do_not_count(session: Session) -> None:
    the_map = a_town(session, crowds(40, 35))
    session.execute(update(Pin).where(Pin.square_x == WEST // 25 + 40).values(state=PinState.HIDDEN))
    session.commit()
    assert [place.people for place in ranking(find(session, the_map, {}, nobody_told)).places] == [40]


def test_the_same_pins_give_the_same_answer_to_the_last_digit(session: Session) -> None:
    the_map = a_town(session, crowds(40, 35, 30, 30, 25, 12, 11))
    assert find(session, the_map, {}, nobody_told) == find(session, the_map, {}, nobody_told)


def test_a_result_survives_being_stored(session: Session) -> None:
    result = find(session, a_town(session, crowds(40, 35, 30)), {}, nobody_told)
    assert msgspec.json.decode(msgspec.json.encode(result), type=Result) == result


def test_progress_rises_and_the_work_ends_when_nobody_waits(session: Session) -> None:
    the_map = a_town(session, crowds(40, 35, 30))
    told: list[float] = []
    find(session, the_map, {}, lambda share, step: told.append(share))
    assert told == sorted(told)
    assert 0 <= told[0] <= told[-1] <= 1

    def stop(share: float, step: str) -> None:
        if share > 0.1:
            raise Cancelled

    with pytest.raises(Cancelled):
        find(session, the_map, {}, stop)


def test_nothing_can_be_chosen(session: Session) -> None:
    with pytest.raises(InvalidInput):
        find(session, a_town(session, []), {"bandwidth": "75"}, nobody_told)


def test_persons_taken_apart_are_not_drawn(session: Session) -> None:
    the_map = a_town(session, crowds(40, 35))
    session.execute(
        update(TownMap)
        .where(TownMap.id == the_map.id)
        .values(anonymised_at="2026-09-14", version=TownMap.version + 1)
    )
    session.commit()
    result = find(session, read_map(session, the_map.slug), {}, nobody_told)
    assert result.taken_apart
    assert result.categories == ()


def test_the_layer_tells_places_with_their_ranks(session: Session) -> None:
    the_map = a_town(session, crowds(60, 30, 20))
    result: Result = an_analysis(session, the_map, "robustness")
    layer = make_layer(session, the_map, "top-places", Scope.OFFICE, epsg=5514, words=ENGLISH)
    rows = [row for batch in layer.batches for row in batch.to_pylist()]
    assert [(row["category"], row["rank"], row["people"]) for row in rows] == [
        ("unsafe", 1, 60),
        ("unsafe", 2, 30),
        ("unsafe", 3, 20),
    ]
    [first, *_] = rows
    place = ranking(result).places[0]
    assert (first["rank_low"], first["rank_high"], first["among_ten"]) == (place.rank_low, place.rank_high, 100)
    at = shapely.from_wkb(first["geometry"])
    assert (at.x, at.y) == pytest.approx((WEST + 512.5, SOUTH + 762.5), abs=0.5)
    assert "bootstrap" in layer.description
    assert "110 people" in layer.description
    assert all(field.meaning for field in layer.fields)
    assert {len(field.short) <= 10 for field in layer.fields} == {True}
    assert len({field.short for field in layer.fields}) == len(layer.fields)


def test_the_layer_is_for_the_office_and_only_once_it_is_computed(session: Session) -> None:
    the_map = a_town(session, crowds(60, 30, 20))
    with pytest.raises(NotComputed):
        make_layer(session, the_map, "top-places", Scope.OFFICE, words=ENGLISH)
    an_analysis(session, the_map, "robustness")
    with pytest.raises(NotAllowed):
        make_layer(session, the_map, "top-places", Scope.PUBLIC, words=ENGLISH)


def test_the_layer_of_a_map_with_few_people_is_empty_and_says_so(session: Session) -> None:
    the_map = a_town(session, crowds(4))
    an_analysis(session, the_map, "robustness")
    layer = make_layer(session, the_map, "top-places", Scope.OFFICE, words=ENGLISH)
    assert sum(len(batch) for batch in layer.batches) == 0
    assert layer.description.startswith("The layer is empty.")


def test_ten_is_what_the_words_say() -> None:
    assert TOP == 10
