"""Choosing pins through the API: boxes and shapes in every system, times, properties; and what nobody may ask."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.inputs.crs_parameters import offered_crs
from app.queries.maps import MapRecord
from gis.crs import transformer
from tests.builders import a_map, a_pin, a_token, an_event, an_official, bearer, moment

ITEMS = "/api/collections/testov/items"
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
QUESTIONS = [
    {
        "key": "reasons",
        "type": "multiple",
        "label": {"cs": "Proč?"},
        "options": [{"key": key, "label": {"cs": key}} for key in ("dark", "loud", "far")],
    },
    {
        "key": "when",
        "type": "single",
        "label": {"cs": "Kdy?"},
        "options": [{"key": key, "label": {"cs": key}} for key in ("day", "night")],
    },
    {"key": "slug", "type": "text", "label": {"cs": "Slug?"}},
    {"key": "secret", "type": "text", "label": {"cs": "Tajné?"}, "published": False},
]
ABOUT = [{"key": "age", "type": "text", "label": {"cs": "Věk?"}}]


@pytest.fixture
def the_map(session: Session) -> MapRecord:
    return a_map(session, questions=QUESTIONS, about=ABOUT)


@pytest.fixture
def named(session: Session, the_map: MapRecord) -> dict[str, str]:
    """Three pins, by name: the ids."""
    an_event(session, the_map, "FORUM1")
    lamp = a_pin(
        session, the_map, "unsafe", (15.51, 49.61), respondent="a", about={"age": "old"},
        comment="Večer je tu TMA", created_at=moment("2026-01-01T12:00:00Z"), supports=3,
        answers={"reasons": ["dark", "far"], "when": "night"}, event="FORUM1", status="planned",
        answer="Bude lampa.", answered_at=moment("2026-03-01T08:00:00Z"),
    )  # fmt: skip
    bench = a_pin(
        session, the_map, "safe", (15.52, 49.62), respondent="b", about={"age": "young"},
        comment="100% klid_tady", created_at=moment("2026-02-01T12:00:00Z"),
        answers={"reasons": ["loud"], "slug": "x", "secret": "s"},
    )  # fmt: skip
    bare = a_pin(
        session, the_map, "improve", (15.53, 49.63), respondent="c", created_at=moment("2026-02-01T23:30:00Z"),
        channel="import", supports=1,
    )  # fmt: skip
    return {str(lamp.id): "lamp", str(bench.id): "bench", str(bare.id): "bare"}


def found(client: FlaskClient, named: dict[str, str], **asked: Any) -> str:
    """The names of the pins that are answered, in the order of the alphabet."""
    answer = client.get(
        f"{ITEMS}?{urlencode({name.replace('_crs', '-crs'): value for name, value in asked.items()})}"
    )
    assert answer.status_code == 200, answer.text
    assert answer.json["numberMatched"] == answer.json["numberReturned"] == len(answer.json["features"])
    return " ".join(sorted(named[feature["id"]] for feature in answer.json["features"]))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("category = 'safe'", "bench"),
        ("category <> 'safe'", "bare lamp"),
        ("category IN ('safe', 'unsafe')", "bench lamp"),
        ("category NOT IN ('safe', 'unsafe')", "bare"),
        ("category > 'safe'", "lamp"),
        ("supports >= 1", "bare lamp"),
        ("supports = 2.5", ""),
        ("supports > 2.5", "lamp"),
        ("supports < 1e300 AND supports > -1e300", "bare bench lamp"),
        ("supports BETWEEN 1 AND 2", "bare"),
        ("supports NOT BETWEEN 1 AND 2", "bench lamp"),
        ("comment IS NULL", "bare"),
        ("comment IS NOT NULL AND answer IS NULL", "bench"),
        ("NOT comment = 'x'", "bench lamp"),  # what is not known is not unlike either
        ("comment <> 'x' OR comment IS NULL", "bare bench lamp"),
        ("comment LIKE '%tma%'", ""),
        ("CASEI(comment) LIKE CASEI('%tma%')", "lamp"),
        ("ACCENTI(comment) LIKE 'Vecer%'", "lamp"),
        ("ACCENTI(CASEI(comment)) LIKE ACCENTI(CASEI('VEČER%'))", "lamp"),
        ("ACCENTI(comment) LIKE ACCENTI('100％ %')", "bench"),
        ("ACCENTI(comment) LIKE ACCENTI('%＼')", ""),
        (r"comment LIKE '100\% klid\_%'", "bench"),
        (r"comment LIKE '1\_0%'", ""),
        ("comment LIKE '1_0%'", "bench"),
        ("comment NOT LIKE '1%'", "lamp"),
        ("comment = answer", ""),
        ("status = 'planned' OR channel = 'import'", "bare lamp"),
        ("event = 'FORUM1'", "lamp"),
        ("reasons = 'dark'", "lamp"),
        ("reasons <> 'dark'", "bench"),
        ("reasons IN ('loud', 'far')", "bench lamp"),
        ("reasons IS NULL", "bare"),
        ('"when" = \'night\'', "lamp"),
        ("slug = 'x'", "bench"),
        ("slug LIKE 'x%' AND slug IN ('x') AND CASEI(slug) = CASEI('X')", "bench"),
        ("created_at > TIMESTAMP('2026-01-01T12:00:00Z')", "bare bench"),
        ("created_at = DATE('2026-02-01')", "bare bench"),
        ("created_at IN (DATE('2026-01-01'), TIMESTAMP('2026-02-01T00:00:00Z'))", "bare bench lamp"),
        ("T_AFTER(created_at, DATE('2026-01-01'))", "bare bench"),
        ("T_BEFORE(created_at, TIMESTAMP('2026-02-01T12:00:00Z'))", "bare bench lamp"),
        ("T_DURING(created_at, INTERVAL('2026-01-01T12:00:00Z', '2026-02-01T13:00:00Z'))", "bare bench"),
        ("T_INTERSECTS(created_at, INTERVAL('2026-01-01T12:00:00Z', '..'))", "bare bench"),
        ("T_INTERSECTS(answered_at, INTERVAL('..', '..'))", "lamp"),
        ("NOT T_AFTER(answered_at, DATE('2026-01-01'))", ""),
        ("answered_at > created_at", "lamp"),
        ("TRUE", "bare bench lamp"),
        ("NOT TRUE", ""),
        ("S_INTERSECTS(geometry, POINT(15.51 49.61))", "lamp"),
        ("S_INTERSECTS(geometry, LINESTRING(15.51 49.6, 15.51 49.62))", "lamp"),
        ("S_INTERSECTS(geometry, BBOX(15.505, 49.6, 15.515, 49.615))", "lamp"),
        ("S_INTERSECTS(geometry, BBOX(179, 49, -179, 50))", ""),
        ("S_INTERSECTS(geometry, POLYGON((15.515 49.6, 15.525 49.6, 15.525 49.64, 15.515 49.6)))", "bench"),
        ("NOT S_INTERSECTS(geometry, ENVELOPE(15.505, 49.6, 15.515, 49.615))", "bare bench"),
        ("category = 'safe' AND (supports = 0 OR comment IS NULL) AND NOT supports > 5", "bench"),
    ],
)  # fmt: skip
def test_a_filter_chooses_what_it_says(client: FlaskClient, named: dict[str, str], text: str, names: str) -> None:
    assert found(client, named, filter=text) == names


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"category": "safe,improve"}, "bare bench"),
        ({"channel": "import"}, "bare"),
        ({"status": "planned"}, "lamp"),
        ({"event": "FORUM1"}, "lamp"),
        ({"event": "NOWHERE"}, ""),
        ({"supports": "3"}, "lamp"),
        ({"comment": "100% klid_tady"}, "bench"),
        ({"reasons": "far"}, "lamp"),
        ({"when": "night", "status": "planned"}, "lamp"),
        ({"slug": "x"}, "bench"),
        ({"created_at": "2026-01-01T12:00:00Z"}, ""),
        ({"created_at": "2026-01-01T00:00:00Z"}, "lamp"),
        ({"created_at": "2026-02-01"}, "bare bench"),
        ({"datetime": "2026-02-01T12:00:00Z"}, "bare bench"),
        ({"datetime": "2026-02-01T23:59:00Z/.."}, "bare bench"),
        ({"datetime": "../2026-02-01T00:00:00Z"}, "bare bench lamp"),
        ({"datetime": "2026-02-01"}, "bare bench"),
        ({"datetime": "2026-01-01/2026-02-01"}, "bare bench lamp"),
        ({"datetime": "../2026-01-31"}, "lamp"),
        ({"datetime": "0000-01-01T00:00:00Z/9999-12-31T00:00:00Z"}, "bare bench lamp"),
        ({"filter": "supports > 0", "filter-lang": "cql2-text", "channel": "web"}, "lamp"),
        ({"bbox": "15.505,49.6,15.515,49.615", "filter": "supports > 0"}, "lamp"),
    ],
)
def test_any_property_may_be_asked_for(
    client: FlaskClient, named: dict[str, str], asked: dict[str, str], names: str
) -> None:
    assert found(client, named, **asked) == names


def test_a_box_lies_in_the_system_it_says(client: FlaskClient, the_map: MapRecord, named: dict[str, str]) -> None:
    for crs in offered_crs(the_map):
        move = transformer(4326, crs.epsg)
        x, y = (float(number) for number in move(15.51, 49.61))
        reach = 0.002 if abs(x) <= 180 else 200
        box = (x - reach, y - reach, x + reach, y + reach)
        if crs.lat_first:
            box = (box[1], box[0], box[3], box[2])
        corners = ",".join(map(repr, box))
        assert found(client, named, bbox=corners, bbox_crs=crs.uri) == "lamp", crs
        assert (
            found(client, named, filter=f"S_INTERSECTS(geometry, BBOX({corners}))", filter_crs=crs.uri) == "lamp"
        )
        assert found(client, named, bbox=corners, bbox_crs=f"[EPSG:{crs.epsg}]") == "lamp" or crs.epsg == 4326


def test_an_edge_of_a_box_in_krovak_is_straight_in_krovak(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    """Pins a metre to either side of a box of forty kilometres, all along its northern edge."""
    there, back = transformer(4326, 5514), transformer(5514, 4326)
    x, y = (float(number) for number in there(15.52, 49.62))
    names = {}
    for step in range(-18, 19, 4):
        for side, name in ((-1, "in"), (1, "out")):
            lon, lat = (float(number) for number in back(x + step * 1000, y + side))
            names[str(a_pin(session, the_map, at=(lon, lat)).id)] = name
    box = f"{x - 20_000},{y - 40_000},{x + 20_000},{y}"
    assert found(client, names, bbox=box, bbox_crs=f"{EPSG}5514") == " ".join(["in"] * 10)


@pytest.mark.parametrize(
    "box", ["-1e300,-1e300,1e300,1e300", "-1e9,-1e9,1e9,1e9", "-904000,-1228000,-431000,-935000"]
)
def test_a_box_around_the_whole_world_holds_every_pin(
    client: FlaskClient, named: dict[str, str], box: str
) -> None:
    assert found(client, named, bbox=box, bbox_crs=f"{EPSG}5514") == "bare bench lamp"
    assert found(client, named, bbox="-180,-90,180,90") == "bare bench lamp"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("filter=supports = 'x'", "filter"), ("filter=", "filter"), ("filter=sqrt(supports) = 1", "filter"),
        ("filter-lang=cql2-json", "filter-lang"), ("filter-crs=EPSG:1", "filter-crs"), ("crs=EPSG:1", "crs"),
        ("bbox-crs=nonsense", "bbox-crs"), ("bbox=1,2,3", "bbox"), ("channel=post", "channel"),
        ("status=", "status"),
        ("supports=many", "supports"), ("supports=1e5", "supports"), ("reasons=cold", "reasons"),
        ("colour=red", "colour"),
        ("created_at=once", "created_at"), ("comment=%00", "comment"), ("f=xml", "f"),
        ("datetime=2026-02-30", "datetime"),
        ("datetime=0001-01-01T00:00:00%2B23:00", "datetime"), ("bbox=2,2,1,3&bbox-crs=EPSG:5514", "bbox"),
        ("after=00000000-0000-0000-0000-000000000000.5", "after"), ("after=" + "-" * 36, "after"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_by_its_name(
    client: FlaskClient, the_map: MapRecord, query: str, field: str
) -> None:
    answer = client.get(f"{ITEMS}?{quote(query, safe='=&%')}")
    assert answer.status_code == 400, answer.text
    assert [error["field"] for error in answer.json["errors"]] == [field]


PRIVATE = (
    "respondent",
    "state",
    "hidden_reason",
    "zoom",
    "precision_m",
    "about_age",
    "secret",
    "position",
    "map_id",
    "original_comment",
)


@pytest.mark.parametrize("name", PRIVATE)
def test_the_public_can_ask_nothing_about_what_it_can_not_read(
    client: FlaskClient, session: Session, the_map: MapRecord, named: dict[str, str], name: str
) -> None:
    """Whether a pin comes or not would tell its value: the very name is refused, as any that does not exist."""
    for query in (
        f"filter={name} = 'x'", f"filter={name} IS NULL", f"filter=category = {name}", f"{name}=x",
        f"filter=NOT (TRUE OR {name} LIKE '%')", f"filter=CASEI({name}) = 'x'", f"filter=\"{name}\" > 'a'",
        f"filter=T_AFTER({name}, DATE('2026-01-01'))", f"filter=S_INTERSECTS({name}, POINT(1 2))",
    ):  # fmt: skip
        for headers in ({}, bearer()):
            answer = client.get(f"{ITEMS}?{quote(query, safe='=')}", headers=headers)
            assert answer.status_code == 400, query
    unknown = client.get(f"{ITEMS}?filter=nothing_like_it = 'x'").json["detail"]
    assert client.get(f"{ITEMS}?filter={name} = 'x'").json["detail"] == unknown.replace("nothing_like_it", name)


def test_hidden_pins_stay_hidden_whatever_the_filter_says(
    client: FlaskClient, session: Session, the_map: MapRecord, named: dict[str, str]
) -> None:
    for state in ("hidden", "pending"):
        a_pin(session, the_map, state=state)
    assert found(client, named, filter="TRUE OR category = 'x' OR NOT category = 'x'") == "bare bench lamp"


def test_officials_choose_by_what_only_they_see(
    client: FlaskClient, session: Session, the_map: MapRecord, named: dict[str, str]
) -> None:
    hidden = a_pin(session, the_map, state="hidden", hidden_reason="personal:", zoom=15)
    names = named | {str(hidden.id): "hidden"}
    headers = bearer(a_token(session, an_official(session)))
    for text, expected in (
        ("state = 'hidden'", ["hidden"]),
        ("about_age = 'old'", ["lamp"]),
        ("CASEI(about_age) LIKE CASEI('%O%') AND state = 'visible'", ["bench", "lamp"]),
        ("hidden_reason IS NOT NULL", ["hidden"]),
        ("zoom > 10", ["hidden"]),
        ("secret = 's'", ["bench"]),
    ):
        answer = client.get(f"{ITEMS}?filter={quote(text)}", headers=headers)
        assert answer.status_code == 200, answer.text
        assert sorted(names[feature["id"]] for feature in answer.json["features"]) == expected, text
    person = client.get(f"{ITEMS}?about_age=old", headers=headers).json["features"][0]["properties"]["respondent"]
    again = client.get(f"{ITEMS}?respondent={person}", headers=headers).json
    assert [names[feature["id"]] for feature in again["features"]] == ["lamp"]


def test_the_next_page_keeps_every_parameter(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    for number in range(7):
        a_pin(session, the_map, comment=f"Lípa & {number}%", answers={"slug": "á/b?c"})
    asked = {
        "limit": "3", "filter": "comment LIKE 'Lípa & %'", "filter-lang": "cql2-text", "crs": f"{EPSG}5514",
        "bbox": "-1e6,-2e6,0,0", "bbox-crs": f"{EPSG}5514", "slug": "á/b?c",
        "datetime": "2020-01-01T00:00:00Z/..",
    }  # fmt: skip
    seen, address = [], f"{ITEMS}?{urlencode(asked)}"
    while address:
        answer = client.get(address)
        assert answer.json["numberMatched"] == 7
        assert answer.headers["Content-Crs"] == f"<{EPSG}5514>"
        seen += [feature["id"] for feature in answer.json["features"]]
        address = next((link["href"] for link in answer.json["links"] if link["rel"] == "next"), "")
    assert len(seen) == len(set(seen)) == 7


HOSTILE = st.sampled_from(
    [
        "category", "supports", "created_at", "reasons", "comment", "slug", "'x'", "''", "'%'", "'\\'", "1",
        "-1.5e9", "2.5",
        "9223372036854775807", "9223372036854775808", "1e308", "TRUE", "DATE('2026-01-01')",
        "DATE('0001-01-01')",
        "TIMESTAMP('9999-12-31T23:59:59Z')", "TIMESTAMP('0001-01-01T00:00:00Z')", "CASEI(comment)",
        "ACCENTI('＼＿％')",
        "CASEI(ACCENTI('İß'))", "'2026-01-01'", "'\ufdd0\ufffe'", "'🐍'", "('x', 'y')", "(1, 2.5)",
    ]
)  # fmt: skip
OPERATORS = st.sampled_from(
    ["=", "<>", "<", ">=", "LIKE", "NOT LIKE", "IN", "NOT IN", "BETWEEN 1 AND", "IS NULL OR"]
)
SHAPES = st.builds(
    lambda kind, corners: f"S_INTERSECTS(geometry, {kind.format(', '.join(f'{x!r} {y!r}' for x, y in corners))})",
    st.sampled_from(
        ["POINT({})", "LINESTRING({})", "POLYGON(({0}))", "MULTIPOINT({})", "BBOX({})", "ENVELOPE({})"]
    ),
    st.lists(st.tuples(st.floats(-200, 200) | st.floats(), st.floats(-100, 100) | st.floats()), max_size=5),
)
SIMPLE = st.builds(lambda one, op, two: f"{one} {op} {two}", HOSTILE, OPERATORS, HOSTILE) | SHAPES


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(SIMPLE, min_size=1, max_size=3).map(" AND NOT ".join),
    st.sampled_from(["CRS84", "4326", "5514", "3857", "32633"]),
)
def test_no_filter_breaks_the_server(client: FlaskClient, named: dict[str, str], text: str, system: str) -> None:
    asked = {"filter": text}
    with suppress(ValueError):
        asked["filter-crs"] = f"{EPSG}{int(system)}"
    answer = client.get(f"{ITEMS}?{urlencode(asked)}")
    assert answer.status_code in (200, 400), f"{text}: {answer.text}"


def test_a_filter_that_takes_too_long_is_refused(
    client: FlaskClient, named: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy import text

    from app.queries import item_pages

    monkeypatch.setattr(item_pages, "PATIENCE", text("SELECT set_config('statement_timeout', '1', true)"))
    # Each of these rows costs little; the database has a thousandth of a second for all of them.
    slow = " OR ".join(f"CASEI(ACCENTI(comment)) LIKE CASEI(ACCENTI('%{n}%x%y%z%'))" for n in range(120))
    answer = client.get(f"{ITEMS}?{urlencode({'filter': slow})}")
    assert answer.status_code == 400, answer.text
    assert answer.json["errors"][0]["field"] == "filter"
