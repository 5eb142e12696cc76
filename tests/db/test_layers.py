"""The layers made of what was counted: what stands in them, in which words, and what the public never gets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import shapely
from shapely import MultiPolygon, box
from sqlalchemy import delete
from sqlalchemy.orm import Session

from app.errors import NotAllowed
from app.i18n import Language, language
from app.inputs.filters import PUBLIC_FILTER, Scope
from app.inputs.heat import HeatQuery, Weight
from app.models import Address, Pin, PinState
from app.queries.heat import read_squares
from app.queries.layers_analysis import clusters, hot_spots
from app.queries.layers_areas import boundary, places
from app.queries.layers_heat import heat_cells, heat_contours
from app.queries.layers_hexagons import heat_hexagons
from app.queries.maps import MapRecord
from app.services.snapshots import ensure_snapshot
from gis.crs import to_wgs84, transform_geometry, transformer
from gis.formats.layer import Layer, layer_schema
from tests.builders import a_basemap, a_map, a_pin, an_answered_place

HOME = (-640_000, -1_080_000)
"""A corner of a 250 m square, in EPSG:5514."""
TODAY = date(2026, 9, 14)
WORDS = language("en")
Maker = Callable[[Session, MapRecord, Scope, int, Language], Layer]
OF_PINS: list[Maker] = [heat_cells, heat_hexagons, heat_contours, hot_spots, clusters]
ALL: list[Maker] = [*OF_PINS, boundary, places]


def at(east: float, north: float) -> tuple[float, float]:
    """Longitude and latitude of metres from HOME."""
    lon, lat = to_wgs84(5514)(HOME[0] + east, HOME[1] + north)
    return float(lon), float(lat)


def a_town(session: Session, slug: str = "testov", **description: Any) -> MapRecord:
    corners = [at(-1500, -1500), at(1500, 1500)]
    around = MultiPolygon([box(corners[0][0], corners[0][1], corners[1][0], corners[1][1])])
    return a_map(session, slug, boundary=around, **description)


def a_crowd(
    session: Session,
    the_map: MapRecord,
    people: int,
    *,
    east: float = 60,
    north: float = 60,
    category: str = "unsafe",
) -> None:
    """So many people within 50 m, all in one 250 m square."""
    for n in range(people):
        where = at(east + 25 * (n % 3) - 20, north + 25 * (n // 3 % 3) - 20)
        a_pin(session, the_map, category, where, respondent=f"{category} {east} {north} {n}")


def rows(layer: Layer) -> list[dict[str, Any]]:
    return [row for batch in layer.batches for row in batch.to_pylist()]


def everything(
    session: Session, the_map: MapRecord, scope: Scope = Scope.PUBLIC, makers: list[Maker] = ALL
) -> list[Any]:
    """All that the layers say."""
    made = [make(session, the_map, scope, 5514, WORDS) for make in makers]
    return [(layer.name, layer.description, layer.look, layer.fields, rows(layer)) for layer in made]


def shape(row: dict[str, Any]) -> shapely.Geometry:
    return shapely.from_wkb(row["geometry"])


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("make", ALL)
def test_every_layer_keeps_to_its_own_schema_and_explains_each_field(
    session: Session, make: Maker, scope: Scope
) -> None:
    the_map = a_town(session)
    a_crowd(session, the_map, 36)
    an_answered_place(session, the_map)
    layer = make(session, the_map, scope, 4326, WORDS)
    batches = list(layer.batches)
    schema = layer_schema((field.name, field.kind) for field in layer.fields)
    assert batches
    assert all(batch.schema.equals(schema) for batch in batches)
    assert all(field.meaning and len(field.short) <= 10 for field in layer.fields)
    assert len({field.short for field in layer.fields}) == len(layer.fields)
    found = [row for batch in batches for row in batch.to_pylist()]
    assert len({row["id"] for row in found}) == len(found)
    for row in found:
        assert shape(row).is_valid
        assert shape(row).geom_type == layer.geometry_type
        assert 10 < shape(row).bounds[0] < 20
    assert layer.look is not None
    if layer.look.field:
        painted = {paint.value for paint in layer.look.paints}
        assert {row[layer.look.field] for row in found} <= painted
    assert layer.description


@pytest.mark.parametrize("pins", [0, 1, 4])
@pytest.mark.parametrize("scope", list(Scope))
def test_of_a_few_pins_nothing_is_concluded_and_the_layer_says_so(
    session: Session, scope: Scope, pins: int
) -> None:
    the_map = a_town(session)
    a_crowd(session, the_map, pins)
    for make in (hot_spots, clusters):
        layer = make(session, the_map, scope, 5514, WORDS)
        assert rows(layer) == []
        assert layer.description.startswith("The layer is empty.")
    assert "Not tested, as fewer than 30 people" in hot_spots(session, the_map, scope, 5514, WORDS).description
    for make in (heat_cells, heat_hexagons, heat_contours):
        layer = make(session, the_map, scope, 5514, WORDS)
        is_empty = not pins or scope is Scope.PUBLIC
        assert (rows(layer) == []) == is_empty == layer.description.startswith("The layer is empty.")


def test_cells_are_what_heat_counts(session: Session) -> None:
    the_map = a_town(session)
    a_crowd(session, the_map, 7)
    a_crowd(session, the_map, 7, category="safe", east=65)
    a_pin(session, the_map, "unsafe", at(60, 60), respondent="unsafe 60 60 4")
    squares = read_squares(session, the_map, PUBLIC_FILTER, Scope.PUBLIC)
    found = rows(heat_cells(session, the_map, Scope.PUBLIC, 5514, WORDS))
    for category in ("unsafe", "safe"):
        mine = [row for row in found if row["category"] == category]
        for weight in Weight:
            cells = squares.cells(HeatQuery(category, weight=weight), the_map.k)
            by_place = dict(zip(zip(*cells.centres(), strict=True), cells.weight.tolist(), strict=True))
            assert {(shape(r).centroid.x, shape(r).centroid.y): r[weight.value] for r in mine} == by_place
        assert all(row["people_per_ha"] == 16 * row["people"] for row in mine)
    assert all(shape(row).area == 625 for row in found)


@pytest.mark.parametrize(("k", "least"), [(3, 5), (5, 5), (8, 8)])
@pytest.mark.parametrize("people", [3, 4, 5, 7, 8, 12, 16])
def test_a_map_that_keeps_its_pins_counts_in_squares_of_250_m_and_steps(
    session: Session, people: int, k: int, least: int
) -> None:
    """Different people, not the sum of the squares: everybody here speaks in three of them."""
    the_map = a_town(session, publish={"pins": False, "heat": True, "k": k})
    for n in range(people):
        for step in range(3):
            a_pin(session, the_map, "unsafe", at(-240 + 40 * step, 20 + 10 * n), respondent=f"r{n}")
    ensure_snapshot(session, the_map, TODAY)
    layer = heat_cells(session, the_map, Scope.PUBLIC, 5514, WORDS)
    sure = people // least * least
    found = rows(layer)
    assert [(row["people"], row["people_per_ha"], row["side_m"]) for row in found] == (
        [(sure, sure / 6.25, 250)] if sure else []
    )
    assert [shape(row).bounds for row in found] == (
        [(HOME[0] - 250, HOME[1], HOME[0], HOME[1] + 250)] if sure else []
    )
    assert f"a multiple of {least}" in layer.description
    assert "pins:" not in layer.description
    assert "250 m" in layer.title
    assert layer.look is not None
    assert all("250 m" in paint.label for paint in layer.look.paints)
    assert f"a multiple of {least}" in {field.name: field.meaning for field in layer.fields}["people"]


def test_squares_of_a_map_that_keeps_its_pins_are_told_feeling_by_feeling(session: Session) -> None:
    the_map = a_town(session, publish={"pins": False, "heat": True})
    a_crowd(session, the_map, 11)
    a_crowd(session, the_map, 6, category="safe", east=-60)
    a_crowd(session, the_map, 4, category="safe")
    ensure_snapshot(session, the_map, TODAY)
    found = rows(heat_cells(session, the_map, Scope.PUBLIC, 5514, WORDS))
    assert {(row["category"], row["people"], shape(row).bounds[0] - HOME[0]) for row in found} == {
        ("unsafe", 10, 0.0),
        ("safe", 5, -250.0),
    }


def test_who_comes_to_a_crowd_of_a_map_that_keeps_its_pins_is_not_seen_in_its_squares(session: Session) -> None:
    """The same file with and without one person and their many pins, wherever in the crowded square."""
    said = []
    for slug, pins in (("bezov", 0), ("sami", 4)):
        the_map = a_town(session, slug, publish={"pins": False, "heat": True})
        a_crowd(session, the_map, 12)
        for n in range(pins):
            a_pin(session, the_map, "unsafe", at(200, 150 + 20 * n), respondent="one more")
        ensure_snapshot(session, the_map, TODAY)
        said.append(everything(session, the_map, makers=[heat_cells]))
    assert said[0] == said[1]


def test_pins_that_are_hidden_count_in_no_layer_and_waiting_ones_only_for_the_office(session: Session) -> None:
    the_map = a_town(session)
    a_crowd(session, the_map, 6)
    a_pin(session, the_map, "unsafe", at(60, 60), respondent="troll", state=PinState.HIDDEN)
    a_pin(session, the_map, "unsafe", at(60, 60), respondent="fresh", state=PinState.PENDING)
    office = rows(heat_cells(session, the_map, Scope.OFFICE, 5514, WORDS))
    public = rows(heat_cells(session, the_map, Scope.PUBLIC, 5514, WORDS))
    assert sum(row["pins"] for row in public) == 6
    assert sum(row["pins"] for row in office) == 7
    (cluster,) = rows(clusters(session, the_map, Scope.OFFICE, 5514, WORDS))
    assert (cluster["people"], cluster["pins"]) == (7, 7)


def test_contours_nest_by_class_and_lie_where_people_are(session: Session) -> None:
    the_map = a_town(session)
    a_crowd(session, the_map, 9)
    found = rows(heat_contours(session, the_map, Scope.OFFICE, 5514, WORDS))
    assert [row["from"] for row in found] == sorted(row["from"] for row in found)
    assert all(row["from"] <= row["to"] for row in found)
    middle = shapely.Point(HOME[0] + 65, HOME[1] + 65)
    assert shape(found[-1]).buffer(10).covers(middle)
    assert shapely.union_all([shape(row) for row in found]).area > shape(found[-1]).area


def test_a_cluster_has_its_name_its_people_and_what_else_is_said_there(session: Session) -> None:
    the_map = a_town(session, basemap_geojson=_street_at(60, 60))
    a_crowd(session, the_map, 12)
    a_crowd(session, the_map, 3, category="safe")
    a_pin(session, the_map, "unsafe", at(60, 60), respondent="unsafe 60 60 0")
    (cluster,) = rows(clusters(session, the_map, Scope.OFFICE, 5514, WORDS))
    assert cluster["name"] == "Lipová"
    assert (cluster["category"], cluster["rank"]) == ("unsafe", 1)
    assert (cluster["people"], cluster["pins"]) == (12, 13)
    assert (cluster["people_unsafe"], cluster["people_safe"], cluster["people_improve"]) == (12, 3, 0)
    assert cluster["pins_safe"] == 3
    middle = transform_geometry(shapely.Point(cluster["lon"], cluster["lat"]), transformer(4326, 5514))
    assert shape(cluster).covers(middle)


def test_without_a_layer_of_its_own_a_map_names_clusters_by_the_nearest_address(session: Session) -> None:
    the_map = a_town(session)
    a_crowd(session, the_map, 6)
    a_crowd(session, the_map, 6, east=900)
    for code, east, street in ((1, 90, "Široká"), (2, 120, "Úzká")):
        lon, lat = at(east, 65)
        session.add(
            Address(
                town_id=the_map.town_id,
                code=code,
                label=f"{street} {code}",
                street=street,
                number=str(code),
                part=None,
                position=f"SRID=4326;POINT({lon} {lat})",
            )
        )
    session.commit()
    found = rows(clusters(session, the_map, Scope.OFFICE, 5514, WORDS))
    assert {row["name"] for row in found} == {"Široká", None}


def test_for_everybody_a_cluster_names_no_more_people_than_are_sure_and_no_few_at_all(session: Session) -> None:
    the_map = a_town(session)
    a_crowd(session, the_map, 12)
    a_crowd(session, the_map, 3, category="safe")
    (cluster,) = rows(clusters(session, the_map, Scope.PUBLIC, 5514, WORDS))
    assert cluster["people"] == 10
    assert cluster["people_safe"] is None
    assert cluster["pins_safe"] is None


def test_a_busy_person_beside_a_crowd_has_no_cluster_for_everybody(session: Session) -> None:
    the_map = a_town(session)
    for n in range(9):
        a_pin(session, the_map, "unsafe", at(10 + 25 * (n % 3), 10 + 25 * (n // 3)), respondent="busy")
    for n in range(4):
        a_pin(session, the_map, "unsafe", at(240, 240), respondent=f"other {n}")
    assert len(rows(heat_cells(session, the_map, Scope.PUBLIC, 5514, WORDS))) == 10
    assert rows(clusters(session, the_map, Scope.PUBLIC, 5514, WORDS)) == []


def test_a_hot_spot_is_where_the_crowd_is_and_nowhere_else(session: Session) -> None:
    the_map = a_town(session)
    a_crowd(session, the_map, 36)
    for scope in Scope:
        layer = hot_spots(session, the_map, scope, 5514, WORDS)
        found = rows(layer)
        assert found
        assert {row["category"] for row in found} == {"unsafe"}
        assert all(row["level"] > 0 and row["q"] <= 0.1 for row in found)
        crowd = shapely.Point(HOME[0] + 60, HOME[1] + 60)
        assert all(shape(row).distance(crowd) < 300 for row in found)
        assert sum(row["people"] for row in found) == 36
    assert "Not tested" in layer.description


def test_one_busy_person_makes_no_hot_spot(session: Session) -> None:
    the_map = a_town(session)
    for n in range(40):
        a_pin(session, the_map, "unsafe", at(1300 - 60 * n, -1300 + 65 * n), respondent=f"r{n}")
    for n in range(12):
        a_pin(session, the_map, "unsafe", at(-1200 + 130 * (n % 3), -1000 + 130 * (n // 3)), respondent="busy")
    found = rows(hot_spots(session, the_map, Scope.OFFICE, 5514, WORDS))
    far = shapely.Point(HOME[0] - 1070, HOME[1] - 800)
    assert not [row for row in found if shape(row).distance(far) < 400]


# What the public never gets


@pytest.mark.parametrize("publishes_pins", [True, False])
@pytest.mark.parametrize("where", [(-900.0, 700.0), (260.0, 60.0)])
@pytest.mark.parametrize("people", [1, 4])
def test_without_those_fewer_than_k_every_public_layer_is_the_same(
    session: Session, people: int, where: tuple[float, float], *, publishes_pins: bool
) -> None:
    """A lone person, or four, far off or just beside a crowd: no layer tells anybody that they are there."""
    publish = {"pins": publishes_pins, "heat": True}
    without = a_town(session, "bezov", publish=publish)
    a_crowd(session, without, 40)
    with_them = a_town(session, "sami", publish=publish)
    a_crowd(session, with_them, 40)
    for n in range(people):
        a_pin(session, with_them, "unsafe", at(where[0] + 5 * n, where[1]), respondent=f"lone {n}")
    for the_map in (without, with_them):
        ensure_snapshot(session, the_map, TODAY)
    assert everything(session, without, makers=OF_PINS) == everything(session, with_them, makers=OF_PINS)
    assert everything(session, without, Scope.OFFICE, OF_PINS) != everything(
        session, with_them, Scope.OFFICE, OF_PINS
    )


def test_downloads_around_a_new_pin_are_the_same_where_the_day_s_numbers_rule(session: Session) -> None:
    the_map = a_town(session, publish={"pins": False, "heat": True})
    a_crowd(session, the_map, 40)
    place = an_answered_place(session, the_map, area=_around_home())
    ensure_snapshot(session, the_map, TODAY)
    before = everything(session, the_map)
    a_pin(session, the_map, "unsafe", at(60, 60), respondent="new")
    a_pin(session, the_map, "safe", at(60, 60), respondent="new")
    ensure_snapshot(session, the_map, TODAY)
    assert everything(session, the_map) == before
    ensure_snapshot(session, the_map, TODAY + timedelta(days=1))
    assert everything(session, the_map) != before
    assert str(place.id) in str(before)


def test_on_a_map_that_keeps_its_pins_the_layers_are_made_of_the_day_s_numbers_alone(session: Session) -> None:
    the_map = a_town(session, publish={"pins": False, "heat": True})
    a_crowd(session, the_map, 40)
    an_answered_place(session, the_map, area=_around_home())
    ensure_snapshot(session, the_map, TODAY)
    before = everything(session, the_map)
    session.execute(delete(Pin).where(Pin.map_id == the_map.id))
    session.commit()
    assert everything(session, the_map) == before
    assert all(len(found) for _, _, _, _, found in before)


@pytest.mark.parametrize("make", OF_PINS)
def test_where_heat_is_not_published_everybody_is_refused_and_the_office_is_not(
    session: Session, make: Maker
) -> None:
    the_map = a_town(session, publish={"pins": True, "heat": False})
    a_crowd(session, the_map, 40)
    with pytest.raises(NotAllowed):
        make(session, the_map, Scope.PUBLIC, 5514, WORDS)
    assert rows(make(session, the_map, Scope.OFFICE, 5514, WORDS))


def test_people_and_pins_of_an_answered_place_are_told_as_the_map_publishes(session: Session) -> None:
    open_map = a_town(session, "otevrena")
    shut_map = a_town(session, "zavrena", publish={"pins": False, "heat": True})
    found = {}
    for the_map in (open_map, shut_map):
        a_crowd(session, the_map, 6)
        a_crowd(session, the_map, 2, category="safe")
        an_answered_place(session, the_map, area=_around_home(), categories=["unsafe"])
        an_answered_place(session, the_map, area=_around_home(), categories=["safe"])
        ensure_snapshot(session, the_map, TODAY)
        for scope in Scope:
            made = rows(places(session, the_map, scope, 5514, WORDS))
            found[the_map.slug, scope] = {row["categories"]: (row["people"], row["pins"]) for row in made}
    office = {"unsafe": (6, 6), "safe": (2, 2)}
    assert found["otevrena", Scope.OFFICE] == found["zavrena", Scope.OFFICE] == office
    assert found["otevrena", Scope.PUBLIC] == {"unsafe": (6, 6), "safe": (None, 2)}
    assert found["zavrena", Scope.PUBLIC] == {"unsafe": (6, None), "safe": (None, None)}


def test_the_boundary_is_the_map_s_in_any_system(session: Session) -> None:
    the_map = a_town(session)
    (row,) = rows(boundary(session, the_map, Scope.PUBLIC, 5514, WORDS))
    back = transform_geometry(shape(row), transformer(5514, 4326))
    assert back.hausdorff_distance(the_map.boundary) < 1e-7
    assert (row["town"], row["map"]) == ("Testov", "Map of testov")


def _around_home() -> str:
    (west, south), (east, north) = at(0, 0), at(250, 250)
    return f"SRID=4326;{MultiPolygon([box(west, south, east, north)])}"


def _street_at(east: float, north: float) -> str:
    """The basemap's street, moved to where the people are."""
    import json

    layer = json.loads(a_basemap("Lipová"))
    layer["features"][0]["geometry"]["coordinates"] = [list(at(east - 50, north)), list(at(east + 50, north))]
    return json.dumps(layer)
