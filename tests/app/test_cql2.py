"""Filters in CQL2: what is understood becomes a checked tree, everything else a refusal, and nothing breaks."""

from __future__ import annotations

import math
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.errors import Malformed
from app.inputs.cql2 import MOST_BRACKETS, MOST_CHARACTERS, parse_filter
from app.inputs.cql2_tree import (
    Always,
    Compared,
    Comparison,
    Condition,
    Every,
    Fold,
    Given,
    Has,
    Like,
    Missing,
    Named,
    Not,
    OneOf,
    Some,
    Touches,
)
from app.inputs.crs_parameters import CRS84, Crs, offered_crs, parse_crs
from gis.formats.layer import Kind


class Chrudim:
    """A map in Czechia."""

    boundary = shapely.MultiPolygon([shapely.box(15.7, 49.9, 15.9, 50.0)])
    metric_srid = 5514


KINDS = {
    "category": Kind.TEXT,
    "comment": Kind.TEXT,
    "status": Kind.TEXT,
    "supports": Kind.INTEGER,
    "created_at": Kind.TIME,
    "answered_at": Kind.TIME,
    "reasons": Kind.LIST,
}
CATEGORY, SUPPORTS = Named("category", Kind.TEXT), Named("supports", Kind.INTEGER)
CREATED, REASONS = Named("created_at", Kind.TIME), Named("reasons", Kind.LIST)
KROVAK = Crs("http://www.opengis.net/def/crs/EPSG/0/5514", 5514)
LAT_LON = Crs("http://www.opengis.net/def/crs/EPSG/0/4326", 4326, lat_first=True)


def parsed(text: str, crs: Crs = CRS84) -> Condition:
    return parse_filter(text, KINDS, Chrudim(), crs)


def refused(text: str, crs: Crs = CRS84) -> str:
    with pytest.raises(Malformed) as caught:
        parsed(text, crs)
    assert caught.value.problems[0].field == "filter"
    return str(caught.value)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def shape_of(condition: Condition) -> shapely.Geometry:
    assert isinstance(condition, Touches)
    return shapely.from_wkb(condition.wkb)


def compared(how: str, value: object, what: Named = SUPPORTS) -> Compared:
    return Compared(what, Comparison(how), Given(value))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("category = 'safe'", compared("=", "safe", CATEGORY)),
        ("'safe' = category", compared("=", "safe", CATEGORY)),
        ("category = 'it''s'", compared("=", "it's", CATEGORY)),
        ("3 < supports", compared(">", 3)),
        ("supports >= 2.5", compared(">=", 2.5)),
        ("category <> status", Compared(CATEGORY, Comparison.UNEQUAL, Named("status", Kind.TEXT))),
        ("category IN ('safe', 'unsafe')", OneOf(CATEGORY, (Given("safe"), Given("unsafe")))),
        ("supports NOT IN (1, 2)", Not(OneOf(SUPPORTS, (Given(1), Given(2))))),
        ("supports BETWEEN 1 AND 2", Every((compared(">=", 1), compared("<=", 2)))),
        ("comment IS NULL", Missing(Named("comment", Kind.TEXT))),
        ("comment IS NOT NULL", Not(Missing(Named("comment", Kind.TEXT)))),
        ("NOT supports = 1 OR TRUE", Some((Not(compared("=", 1)), Always(holds=True)))),
        (r"category LIKE 's\%f_%'", Like(CATEGORY, Given(r"s\%f_%"))),
        (
            "CASEI(ACCENTI(category)) LIKE CASEI(ACCENTI('Ž%'))",
            Like(Named("category", Kind.TEXT, (Fold.ACCENTS, Fold.CASE)), Given("Ž%", (Fold.ACCENTS, Fold.CASE))),
        ),
        ("reasons = 'dark'", Has(REASONS, "dark")),
        ("reasons <> 'dark'", Not(Has(REASONS, "dark"))),
        ("reasons IN ('dark', 'loud')", Some((Has(REASONS, "dark"), Has(REASONS, "loud")))),
    ],
)
def test_a_filter_becomes_a_tree(text: str, meant: Condition) -> None:
    assert parsed(text) == meant
    assert hash(parsed(text)) == hash(meant)


def when(how: str, text: str) -> Compared:
    return compared(how, moment(text), CREATED)


NEW_YEAR, NEXT = "2026-01-01T00:00:00", "2026-01-02T00:00:00"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        (f"created_at > TIMESTAMP('{NEW_YEAR}Z')", when(">", NEW_YEAR)),
        ("created_at >= TIMESTAMP('2026-01-01T01:00:00+01:00')", when(">=", NEW_YEAR)),
        (f"created_at <= '{NEW_YEAR}Z'", when("<=", NEW_YEAR)),
        ("created_at > DATE('2026-01-01')", when(">=", NEXT)),
        ("created_at <= DATE('2026-01-01')", when("<", NEXT)),
        ("created_at = DATE('2026-01-01')", Every((when(">=", NEW_YEAR), when("<", NEXT)))),
        (f"T_AFTER(created_at, TIMESTAMP('{NEW_YEAR}Z'))", when(">", NEW_YEAR)),
        ("T_AFTER(created_at, DATE('2026-01-01'))", when(">=", NEXT)),
        ("T_BEFORE(created_at, DATE('2026-01-01'))", when("<", NEW_YEAR)),
        ("T_BEFORE(DATE('2026-01-01'), created_at)", when(">=", NEXT)),
        ("T_BEFORE(created_at, INTERVAL('2026-01-01', '..'))", when("<", NEW_YEAR)),
        ("T_AFTER(created_at, INTERVAL('2026-01-01', '..'))", Always(holds=False)),
        (
            f"T_DURING(created_at, INTERVAL('{NEW_YEAR}Z', '{NEXT}Z'))",
            Every((when(">", NEW_YEAR), when("<", NEXT))),
        ),
        (
            "T_DURING(created_at, INTERVAL('2026-01-01', '2026-01-01'))",
            Every((when(">=", NEW_YEAR), when("<", NEXT))),
        ),
        (f"T_DURING(created_at, INTERVAL('..', '{NEXT}Z'))", Every((when("<", NEXT),))),
        (
            f"T_INTERSECTS(created_at, INTERVAL('{NEW_YEAR}Z', '{NEXT}Z'))",
            Every((when(">=", NEW_YEAR), when("<=", NEXT))),
        ),
        (f"T_EQUALS(created_at, TIMESTAMP('{NEW_YEAR}Z'))", Every((when(">=", NEW_YEAR), when("<=", NEW_YEAR)))),
        (f"T_EQUALS(created_at, INTERVAL('{NEW_YEAR}Z', '{NEXT}Z'))", Always(holds=False)),
    ],
)
def test_a_day_is_all_its_moments(text: str, meant: Condition) -> None:
    assert parsed(text) == meant


@pytest.mark.parametrize(
    "text",
    [
        "POINT(15.8 49.95)", "POINT Z(15.8 49.95 200)", "LINESTRING(15.8 49.95, 15.81 49.95)",
        "POLYGON((15.8 49.9, 15.9 49.9, 15.9 50, 15.8 49.9))", "MULTIPOINT(15.8 49.95, 15.81 49.95)",
        "MULTILINESTRING((15.8 49.95, 15.81 49.95))", "BBOX(15.8, 49.9, 15.9, 50)",
        "ENVELOPE(15.8, 49.9, 15.9, 50)",
        "MULTIPOLYGON(((15.8 49.9, 15.9 49.9, 15.9 50, 15.8 49.9)))", "BBOX(15.8, 49.9, 0, 15.9, 50, 9)",
        "GEOMETRYCOLLECTION(POINT(15.8 49.95), LINESTRING(15.8 49.95, 15.81 49.95))",
    ],
)  # fmt: skip
def test_every_shape_is_understood(text: str) -> None:
    drawn = shape_of(parsed(f"S_INTERSECTS(geometry, {text})"))
    assert not drawn.is_empty
    assert shape_of(parsed(f"S_INTERSECTS({text}, geometry)")).equals(drawn)


def test_a_shape_is_turned_from_its_own_system() -> None:
    turned = shape_of(parsed("S_INTERSECTS(geometry, POINT(49.9511 15.7955))", LAT_LON))
    assert turned == shapely.Point(15.7955, 49.9511)
    moved = shape_of(parsed("S_INTERSECTS(geometry, POINT(-647061.241 -1070586.506))", KROVAK))
    assert moved.distance(shapely.Point(15.7955, 49.9511)) < 1e-7
    box = shape_of(parsed("S_INTERSECTS(geometry, BBOX(-650000, -1080000, -640000, -1070000))", KROVAK))
    assert box.area == pytest.approx(0.0125, rel=0.01)  # 100 km² there, in square degrees
    assert len(shapely.get_coordinates(box)) > 100  # a straight edge there is bent here


def test_a_box_may_run_over_the_end_of_the_map() -> None:
    assert shape_of(parsed("S_INTERSECTS(geometry, BBOX(179, 40, -179, 50))")).geom_type == "MultiPolygon"
    assert parsed("S_INTERSECTS(geometry, BBOX(5e6, 5e6, 6e6, 6e6))", KROVAK) == Always(holds=False)
    whole = shape_of(parsed("S_INTERSECTS(geometry, BBOX(-9e300, -9e300, 9e300, 9e300))", KROVAK))
    assert whole.contains(Chrudim.boundary)


@pytest.mark.parametrize(
    "text",
    [
        # what is not there, or stands in the wrong place
        "", " ", "category", "'safe'", "1", "category =", "category = 'safe' AND", "category = NULL", "1 = 1",
        "respondent = 'x'", "state = 'hidden'", "about_age = 'x'", "constructor = 'x'", '"a b" = 1',
        "geometry = 1",
        "geometry IS NULL", "NOT category", "category = (category = 'x')", "category IN (status)",
        "category IN ()",
        # what is no comparison of alike
        "supports = 'one'", "category = 1", "category = TRUE", "supports = TRUE", "created_at = 5",
        "supports LIKE '1%'",
        "category LIKE 5", "category LIKE status", "created_at = supports", "created_at = 'yesterday'",
        "reasons > 'a'",
        "reasons LIKE 'a%'", "reasons = 1", "reasons = reasons", "CASEI(supports) = 1", "CASEI(reasons) = 'x'",
        "CASEI(category) IS NULL", "supports IN (1, 'x')", "supports BETWEEN 'a' AND 'b'", "supports = 1e400",
        "created_at BETWEEN 1 AND 2", "created_at = DATE('2026-02-30')", "created_at = DATE('9999-12-31')",
        "created_at > TIMESTAMP('0001-01-01T00:00:00+23:00')", "created_at = CASEI('2026-01-01')",
        # what is CQL2, but not understood here
        "supports + 1 = 2", "supports ^ 2 = 4", "sqrt(supports) = 2", "A_CONTAINS(reasons, ('dark'))",
        "S_WITHIN(geometry, POINT(1 2))", "S_DISJOINT(geometry, POINT(1 2))",
        "T_MEETS(created_at, DATE('2026-01-01'))",
        "T_DURING(created_at, DATE('2026-01-01'))", "T_DURING(INTERVAL('2026-01-01', '..'), created_at)",
        "T_AFTER(created_at, answered_at)", "T_AFTER(category, DATE('2026-01-01'))", "T_AFTER(created_at, 5)",
        "T_DURING(created_at, INTERVAL(created_at, answered_at))", "T_DURING(created_at, INTERVAL('x', '..'))",
        "T_DURING(created_at, INTERVAL('2026-02-01', '2026-01-01'))", "pg_sleep(9) = 1",
        # operators written as functions with the wrong number of arguments
        "between(supports)", "like(category)", "isNull(category, status)", "s_intersects(geometry)",
        "not(category, 1)",
        "t_after(created_at)", "casei(category, status) = 'x'", "eq(1)", "in(category)", "and(1)",
        # patterns
        r"category LIKE 'x\'", r"category LIKE 'x\y'", "category LIKE '" + "%a" * 21 + "'",
        # shapes
        "S_INTERSECTS(geometry, geometry)", "S_INTERSECTS(category, POINT(1 2))",
        "S_INTERSECTS(geometry, 'POINT(1 2)')",
        "S_INTERSECTS(POINT(1 2), POINT(1 2))", "S_INTERSECTS(geometry, CASEI('x'))",
        "S_INTERSECTS(geometry, TRUE)",
        "S_INTERSECTS(geometry, POLYGON((0 0, 1 1, 1 0, 0 1, 0 0)))",
        "S_INTERSECTS(geometry, POLYGON((0 0, 1 0)))",
        "S_INTERSECTS(geometry, POLYGON((0 0, 1 0, 1 1, 0 1)))"[:-1], "S_INTERSECTS(geometry, POLYGON EMPTY)",
        "S_INTERSECTS(geometry, POINT EMPTY)", "S_INTERSECTS(geometry, POINT(NaN 1))",
        "S_INTERSECTS(geometry, POINT(1))",
        "S_INTERSECTS(geometry, POINT(1e300 1))", "S_INTERSECTS(geometry, LINESTRING(0 0))",
        "S_INTERSECTS(geometry, LINESTRING(0 0, 0 0))", "S_INTERSECTS(geometry, BBOX(1, 2, 3))",
        "S_INTERSECTS(geometry, BBOX(0, 5, 1, 2))", "S_INTERSECTS(geometry, BBOX(category, 5, 1, 2))",
        "S_INTERSECTS(geometry, ENVELOPE('a', 5, 1, 2))",
        "S_INTERSECTS(geometry, CIRCULARSTRING(0 0, 1 1, 2 0))",
        "S_INTERSECTS(geometry, GEOMETRYCOLLECTION(GEOMETRYCOLLECTION(POINT(1 2))))", "BBOX(1, 2, 3, 4)",
        # texts that no text can hold, and brackets without partners
        "category = 'a\x00b'", "category = '\ud800'", "(category = 'x'", "category = 'x')", "category = 'x",
        ")(",
        '"category = 1',
    ],
)  # fmt: skip
def test_anything_else_is_refused_in_words(text: str) -> None:
    assert refused(text)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("respondent = 'x'", "respondent"), ("sqrt(supports) = 2", "SQRT"), ("S_WITHIN(geometry, POINT(1 2))",
        "S_WITHIN"),
        ("supports = 'one'", "one"), ("category = 'safe' AND", "character 22"), ("supports * 2 = 4", "*"),
    ],
)  # fmt: skip
def test_a_refusal_names_what_it_refuses(text: str, named: str) -> None:
    assert named in refused(text)


def test_only_boxes_in_degrees_run_over_the_180th_meridian() -> None:
    refused("S_INTERSECTS(geometry, BBOX(2, 0, 1, 1))", KROVAK)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000 + "supports = 1" + ")" * 5000,
        "(" * (MOST_BRACKETS + 1) + "supports = 1" + ")" * (MOST_BRACKETS + 1),
        "(" * 10 + "category = 'x' AND " * 400 + ")" * 10,
        "(" * 7 + "category IN (" + "'x'," * 1900 + "x" + ")" * 8,
        "NOT " * 1990 + "supports = 1",
        "supports = " + "-" * 7900 + "1",
        "supports" + " = supports" * 700,
        "x" + "=x" * 3900,
        "1" + "=(1,1)" * 1300,
        "'x'" + "='x'" * 1900,
        "supports" + " ^ supports" * 700 + " = 1",
        "category = '" + "'" * 7000,
        "CASEI(" * 12 + "category" + ")" * 12 + " = x y",
        " OR ".join(["supports = 1"] * 5000),
        "category IN (" + ",".join(["'x'"] * 1900) + ") x",
    ],
)  # fmt: skip
def test_a_huge_filter_is_refused_soon_and_without_breaking_a_small_thread(text: str) -> None:
    found: list[float] = []

    def work() -> None:
        start = time.perf_counter()
        refused(text)
        found.append(time.perf_counter() - start)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found
    assert found[0] < 5


def test_a_long_filter_that_is_right_is_read() -> None:
    texts = ", ".join(f"'street {n}'" for n in range(400))
    assert isinstance(parsed(f"category IN ({texts})"), OneOf)
    ring = ", ".join(f"{15 + math.cos(n / 50):.5f} {50 + math.sin(n / 50):.5f}" for n in range(315))
    assert shape_of(parsed(f"(S_INTERSECTS(geometry, POLYGON(({ring}, {ring.split(',')[0]}))))")).area > 3
    assert len(ring) < MOST_CHARACTERS


PIECES = st.sampled_from(
    [
        "category", "supports", "created_at", "reasons", "geometry", "comment", "x", '"', "'", "'x'", "''",
        "1", "-1.5e9",
        "1e400", "=", "<>", "<", ">=", "+", "-", "*", "/", "%", "^", "(", ")", ",", " ", "AND", "OR", "NOT",
        "IN", "LIKE",
        "BETWEEN", "IS NULL", "CASEI(", "ACCENTI(", "S_INTERSECTS(", "POINT(", "POLYGON((", "EMPTY", "BBOX(",
        "ENVELOPE(",
        "GEOMETRYCOLLECTION(", "LINESTRING(", "Z", "NaN", "inf", "T_AFTER(", "T_DURING(", "INTERVAL(", "DATE(",
        "TIMESTAMP(",
        "'2026-01-01'", "'..'", "'2026-01-01T00:00:00Z'", "TRUE", "NULL", "\\", "%", "é", "\x00", "🐍", ";",
        "--", "{", "}",
    ]
)  # fmt: skip
OPERANDS = st.sampled_from(
    [
        "category", "supports", "created_at", "reasons", "geometry", "1", "'x'", "TRUE", "POINT(1 2)",
        "BBOX(1,2,3,4)",
        "DATE('2026-01-01')", "INTERVAL('2026-01-01','..')", "TIMESTAMP('2026-01-01T00:00:00Z')", "(1, 2)",
        "('a', 'b')",
        "CASEI(category)", "ACCENTI('x')", "category = 'x'", "supports + 1", "POLYGON((0 0, 1 0, 1 1, 0 0))",
        "f(1)",
    ]
)  # fmt: skip
CALLS = st.builds(
    lambda name, args: f"{name}({', '.join(args)})",
    st.sampled_from(
        ["S_INTERSECTS", "T_AFTER", "T_BEFORE", "T_DURING", "T_EQUALS", "T_INTERSECTS", "CASEI", "like", "in",
        "between",
         "isNull", "not", "and", "INTERVAL", "BBOX", "ENVELOPE", "DATE"]
    ),
    st.lists(OPERANDS, max_size=4),
)  # fmt: skip
SIDES = st.builds(
    lambda left, op, right: f"{left} {op} {right}",
    OPERANDS,
    st.sampled_from(["=", "<>", "<", "LIKE", "IN", "NOT IN", "AND", "BETWEEN 1 AND", "IS NULL OR", "+"]),
    OPERANDS,
)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.lists(PIECES, max_size=14).map(" ".join), st.text(max_size=40), CALLS, SIDES))
def test_no_text_breaks_the_reading(text: str) -> None:
    for crs in (CRS84, KROVAK):
        with suppress(Malformed):
            hash(parsed(text, crs))


NUMBERS = st.one_of(
    st.floats(), st.sampled_from([0, -0.0, 1, 180, -180, 90.000001, 1e9, 1e10, 1e-320, 1e308, -1e308, 15.8, 49.95])
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(["POINT({})", "LINESTRING({})", "POLYGON(({}))", "MULTIPOINT({})", "MULTIPOLYGON((({})))"]),
    st.lists(st.tuples(NUMBERS, NUMBERS), max_size=6),
    st.sampled_from(offered_crs(Chrudim())),
)
def test_no_shape_breaks_the_reading(kind: str, corners: list[tuple[float, float]], crs: Crs) -> None:
    ring = ", ".join(f"{x!r} {y!r}" for x, y in (*corners, *corners[:1]))
    box = ", ".join(f"{x!r}, {y!r}" for x, y in corners[:2])
    for text in (f"S_INTERSECTS(geometry, {kind.format(ring)})", f"S_INTERSECTS(geometry, BBOX({box}))"):
        try:
            found = parsed(text, crs)
        except Malformed:
            continue
        if isinstance(found, Touches):
            assert not math.isnan(shapely.get_coordinates(shape_of(found)).sum())


def test_systems_are_named_as_the_standard_names_them() -> None:
    uris = [crs.uri for crs in offered_crs(Chrudim())]
    assert uris[0] == "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
    codes = [uri.rpartition("/")[2] for uri in uris[1:]]
    assert codes == ["4326", "5514", "4258", "3857", "32633"]
    assert [crs.lat_first for crs in offered_crs(Chrudim())] == [False, True, False, True, False, False]
    for text in ("http://www.opengis.net/def/crs/EPSG/0/5514", "[EPSG:5514]", "EPSG:5514"):
        assert parse_crs(text, Chrudim()).epsg == 5514
    assert parse_crs("[OGC:CRS84]", Chrudim()) == parse_crs(None, Chrudim()) == CRS84


@pytest.mark.parametrize(
    "text", ["", "5514", "EPSG:5513", "EPSG:999999", "urn:ogc:def:crs:EPSG::5514", "CRS84", "[EPSG:5514"]
)
def test_a_system_that_is_not_offered_is_refused(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        parse_crs(text, Chrudim(), "bbox-crs")
    assert caught.value.problems[0].field == "bbox-crs"
