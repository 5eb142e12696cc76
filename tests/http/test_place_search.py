"""`/m/<map>/places`: words in any order, without accents, unfinished; streets once; nothing from outside."""

from __future__ import annotations

import io
import json
import time
from types import SimpleNamespace
from typing import Any

import pytest
from flask.testing import FlaskClient
from shapely import MultiPolygon, Polygon
from sqlalchemy.orm import Session

from app.config import ROOT
from app.inputs.address_files import Wanted, read_address_file
from app.inputs.place_search import parse_places
from app.queries import place_search
from app.queries.maps import MapRecord
from app.services.addresses import remove_addresses, replace_addresses
from app.services.audit import BY_ITSELF
from gis.geojson import read_boundary
from tests.builders import CENTRE, OUTSIDE, a_basemap, a_draft, a_map
from tests.ruian import a_list, a_row

WEST = (15.505, 49.62)
EAST = (15.535, 49.62)
ROWS = [
    a_row(1, WEST, part="Chrudim II", orientation=3),
    a_row(2, WEST, part="Chrudim II", house=120),
    a_row(3, WEST, part="Chrudim II", house=7, orientation=12),
    a_row(4, CENTRE, street="28. října", house=5),
    a_row(5, CENTRE, street="nám. T. G. Masaryka", house=1),
    a_row(6, CENTRE, street="", part="Vlčnov", house=12),
    a_row(7, CENTRE, street="", part="Vlčnov", house=5, kind="č.ev."),
    a_row(8, OUTSIDE, street="Daleká", house=1),
    a_row(9, WEST, street="Nádražní", part="Chrudim II", house=1),
    a_row(10, EAST, street="Nádražní", part="Topol", house=1),
]


def with_addresses(session: Session, slug: str = "testov", **description: Any) -> MapRecord:
    the_map = a_map(session, slug, **({"ruian": 900001} | description))
    found = read_address_file(io.BytesIO(a_list(ROWS)), Wanted(900001, "Testov"))
    replace_addresses(session, BY_ITSELF, the_map.town_slug, found.rows)
    session.commit()
    return the_map


def places(client: FlaskClient, text: str, slug: str = "testov") -> list[dict[str, Any]]:
    answer = client.get(f"/m/{slug}/places", query_string={"q": text})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json
    return found


def labels(client: FlaskClient, text: str) -> list[str]:
    return [place["label"] for place in places(client, text)]


ASKED = {
    "siroka 12": ["Široká 7/12, Chrudim II", "Široká 12/3, Chrudim II", "Široká 120, Chrudim II"],
    "12 ŠIROKÁ": ["Široká 7/12, Chrudim II", "Široká 12/3, Chrudim II"],
    "Široká 12/3": ["Široká 12/3, Chrudim II"],
    "sir": [
        "Široká",
        "Široká 7/12, Chrudim II",
        "Široká 12/3, Chrudim II",
        "Široká 120, Chrudim II",
    ],
    "chrudim siroka 120": ["Široká 120, Chrudim II"],
    "28 rij": ["28. října", "28. října 5, Testov"],
    "28. října 5": ["28. října 5, Testov"],
    "náměstí t g masaryka": ["nám. T. G. Masaryka", "nám. T. G. Masaryka 1, Testov"],
    "nam mas 1": ["nám. T. G. Masaryka 1, Testov"],
    "ulice siroka": [
        "Široká",
        "Široká 7/12, Chrudim II",
        "Široká 12/3, Chrudim II",
        "Široká 120, Chrudim II",
    ],
    "č. p. 12 vlcnov": ["č. p. 12, Vlčnov"],
    "Vlčnov čp. 12": ["č. p. 12, Vlčnov"],
    "vlc": ["Vlčnov", "č. ev. 5, Vlčnov", "č. p. 12, Vlčnov"],
    "12": ["Široká 7/12, Chrudim II", "Široká 12/3, Chrudim II", "č. p. 12, Vlčnov"],
    "nadrazni": ["Nádražní, Chrudim II", "Nádražní, Topol", "Nádražní 1, Chrudim II", "Nádražní 1, Topol"],
    "dalek": [],
    "neexistuje 5": [],
}


@pytest.mark.parametrize(("text", "expected"), ASKED.items(), ids=ASKED)
def test_people_find_what_they_mean(client: FlaskClient, session: Session, text: str, expected: list[str]) -> None:
    with_addresses(session)
    found = labels(client, text)
    assert sorted(found) == sorted(expected)
    if expected and not text[0].isdigit() and "12" not in text:
        assert found[0] == expected[0]


def test_a_find_says_what_it_is_and_where(client: FlaskClient, session: Session) -> None:
    with_addresses(session)
    street, *_ = places(client, "siroka")
    assert street["kind"] == "street"
    assert (street["lon"], street["lat"]) == pytest.approx(WEST, abs=1e-5)
    (place, *_) = places(client, "vlcnov")
    assert place["kind"] == "place"
    (address,) = places(client, "28 rijna 5")
    assert address == {
        "label": "28. října 5, Testov",
        "kind": "address",
        "lon": pytest.approx(CENTRE[0], abs=1e-6),
        "lat": pytest.approx(CENTRE[1], abs=1e-6),
        "inside": True,
    }


def test_what_lies_in_the_box_and_not_in_the_boundary_says_so(client: FlaskClient, session: Session) -> None:
    triangle = MultiPolygon([Polygon([(15.50, 49.61), (15.54, 49.61), (15.50, 49.63)])])
    with_addresses(session, boundary=triangle)
    assert [(place["label"], place["inside"]) for place in places(client, "nadrazni 1")] == [
        ("Nádražní 1, Chrudim II", True),
        ("Nádražní 1, Topol", False),
    ]


def test_without_addresses_the_names_of_the_own_layer_are_found(client: FlaskClient, session: Session) -> None:
    a_map(session, basemap_geojson=a_basemap())
    (found,) = places(client, "lipov")
    assert (found["label"], found["kind"], found["inside"]) == ("Lipová", "street", True)
    assert (found["lon"], found["lat"]) == pytest.approx((15.52, 49.62), abs=1e-5)


def test_names_of_the_sample_town_are_found_whatever_shape_they_have(
    client: FlaskClient, session: Session
) -> None:
    layer = (ROOT / "sample_maps" / "vzorov" / "basemap.geojson").read_text()
    things = [one for one in json.loads(layer)["features"] if one["properties"].get("name")]
    # A district is an area without an edge: no place where a pin would be looked for.
    named = {
        one["properties"]["name"] for one in things if one["properties"]["kind"] not in ("district", "barrier")
    }
    assert {one["geometry"]["type"] for one in things} == {"Point", "LineString", "Polygon"}
    boundary = read_boundary((ROOT / "sample_maps" / "vzorov" / "boundary.geojson").read_text())
    a_map(session, boundary=boundary, basemap_geojson=layer)
    # The middle of two woods lies outside the map.
    assert [name for name in sorted(named) if name not in labels(client, name)] == ["Háj", "Kněžský les"]


def test_a_street_of_both_stands_there_once(client: FlaskClient, session: Session) -> None:
    with_addresses(session, basemap_geojson=a_basemap("Široká"))
    assert labels(client, "siroka").count("Široká") == 1


def test_there_are_eight_at_most(client: FlaskClient, session: Session) -> None:
    the_map = a_map(session, ruian=900001)
    rows = [a_row(n, house=n) for n in range(1, 40)]
    found = read_address_file(io.BytesIO(a_list(rows)), Wanted(900001, "Testov"))
    replace_addresses(session, BY_ITSELF, the_map.town_slug, found.rows)
    session.commit()
    assert labels(client, "siroka") == ["Široká", *(f"Široká {n}, Testov" for n in range(1, 8))]


def test_another_towns_addresses_are_not_found(client: FlaskClient, session: Session) -> None:
    with_addresses(session)
    a_map(session, "jinde")
    assert places(client, "siroka", "jinde") == []


def test_new_addresses_are_found_at_once_and_removed_ones_no_more(client: FlaskClient, session: Session) -> None:
    the_map = with_addresses(session)
    assert labels(client, "siroka")
    new = read_address_file(io.BytesIO(a_list([a_row(1, street="Nová")])), Wanted(900001, "Testov"))
    replace_addresses(session, BY_ITSELF, the_map.town_slug, new.rows)
    session.commit()
    assert labels(client, "siroka") == []
    assert labels(client, "nova")[0] == "Nová"
    remove_addresses(session, BY_ITSELF, the_map.town_slug)
    session.commit()
    assert labels(client, "nova") == []


HOSTILE = (
    "", " ", "'", "a' | 'b", "') OR 1=1 --", "\x00", "\\", "%_", "((((", "*:*", "!&|<->", "š" * 10_000,
    "a " * 5000, "0" * 5000, "\ud83d\ude00", "１２", "(a+)+$", "[", "\\m", "Ⅻ", "ﬁ", "12a'", "’’", "ß",
    "кириллица 5", "٣",
    "nam namesti sv", "1 2 3 4 5 6 7 8 9",
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_is_an_error(client: FlaskClient, session: Session, text: str) -> None:
    with_addresses(session)
    assert isinstance(places(client, text.encode(errors="replace").decode()), list)


def test_bytes_that_are_no_text_are_no_error(client: FlaskClient, session: Session) -> None:
    with_addresses(session)
    assert client.get("/m/testov/places?q=%ff%fe%00").status_code == 200
    assert client.get("/m/testov/places").json == []


def test_answers_are_kept_for_a_while_and_asked_for_again_by_their_mark(
    client: FlaskClient, session: Session
) -> None:
    with_addresses(session)
    answer = client.get("/m/testov/places?q=siroka")
    assert answer.headers["Cache-Control"] == "public, max-age=600"
    again = client.get("/m/testov/places?q=siroka", headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_a_drafts_places_are_nobodys(client: FlaskClient, session: Session) -> None:
    a_draft(session, basemap_geojson=a_basemap())
    assert client.get("/m/koncept/places?q=lipova").status_code == 404
    assert client.get("/m/nowhere/places?q=lipova").status_code == 404


def test_the_page_knows_whether_the_server_finds(client: FlaskClient, session: Session) -> None:
    a_map(session, "bez")
    with_addresses(session)
    assert '"placesUrl":"/m/testov/places"' in client.get("/m/testov").text
    assert '"placesUrl":null' in client.get("/m/bez").text


def test_words_beside_an_address_are_left_out() -> None:
    found = parse_places("ul. Široká č.p. 12")
    assert found
    assert (found.words, found.numbers, found.is_typing_number) == (("siroka",), ("12",), True)
    assert parse_places("široká 12 ") != found
    assert parse_places("a") is None
    assert json.dumps(parse_places("č")) == "null"


def pieces(places: list[tuple[float, float]], weights: list[int] | None = None) -> list[Any]:
    weights = weights or [1] * len(places)
    return [SimpleNamespace(lon=lon, lat=lat, n=n) for (lon, lat), n in zip(places, weights, strict=True)]


def near_each_other(rows: list[Any]) -> list[list[Any]]:
    return list(place_search._near_each_other(rows, 32633))


def test_pieces_of_a_street_gather_around_the_largest() -> None:
    kilometre = 0.0138  # of longitude, here
    rows = pieces([(15.52 + n * kilometre, 49.62) for n in (2, 1, 0, 9)], [3, 5, 10, 1])
    third, second, first, alone = rows
    assert near_each_other(rows) == [[first, second], [third], [alone]]
    assert near_each_other([alone]) == [[alone]]


@pytest.mark.parametrize("apart", [0.02, 0.0001], ids=["scattered", "in one place"])
def test_a_street_in_thousands_of_pieces_is_put_together_in_no_time(apart: float) -> None:
    rows = pieces([(14 + n % 64 * apart, 49 + n // 64 * apart) for n in range(4096)])
    begun = time.process_time()
    groups = near_each_other(rows)
    assert time.process_time() - begun < 1
    assert sum(map(len, groups)) == len(rows)
    assert (len(groups) > 2000) is (apart > 0.01)


def test_the_address_nearest_to_a_place_is_told_with_its_distance(client: FlaskClient, session: Session) -> None:
    with_addresses(session)
    answer = client.get(f"/m/testov/near?at={WEST[0] + 0.0005:.6f},{WEST[1]}")
    assert answer.status_code == 200, answer.text
    near = answer.json
    assert near is not None
    assert near["name"] == "Nádražní 1, Chrudim II"
    assert 34 <= near["distance_m"] <= 38
    assert client.get("/m/testov/near?at=15.515,49.615").json is None
    assert client.get(f"/m/testov/near?at={OUTSIDE[0]},{OUTSIDE[1]}").json is None


@pytest.mark.parametrize("spot", ["", "x", "15.5", "15.5,49.6,1", "999,49", "15.5,99", "1e5,49", "15%00,49"])
def test_a_place_that_is_none_is_refused(client: FlaskClient, session: Session, spot: str) -> None:
    with_addresses(session)
    assert client.get(f"/m/testov/near?at={spot}").status_code == 400


def test_an_address_is_chosen_in_words_and_is_exact(client: FlaskClient, session: Session) -> None:
    with_addresses(session)
    found = client.get("/m/testov/write?q=siroka 120&lang=en").text
    assert "place=address:%C5%A0irok%C3%A1+120,+Chrudim+II" in found or "address:%C5%A0irok%C3%A1%20120" in found
    chosen = {"place": "address:Široká 120, Chrudim II", "lang": "en"}
    page = client.get("/m/testov/write", query_string=chosen).text
    assert "within about 20 m" in page


def test_streets_of_the_register_say_how_long_they_are(client: FlaskClient, session: Session) -> None:
    with_addresses(session)
    page = client.get("/m/testov/write", query_string={"place": "street:Nádražní", "lang": "en"}).text
    # Two pieces, some two kilometres from each other: whoever says only the name may mean either.
    assert "within about 2,500 m" in page
    listed = client.get("/m/testov/write?kind=district&lang=en").text
    assert "Vlčnov" in listed
    assert "Daleká" not in client.get("/m/testov/write?kind=street&lang=en").text
