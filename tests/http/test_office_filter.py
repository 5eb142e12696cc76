"""One filter for list, dots, heat, legend and files; and nothing of it for the public."""

from __future__ import annotations

import csv
import io
import json

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models import PinState, PinStatus
from app.queries.maps import MapRecord
from tests.builders import CENTRE, a_map, a_pin, an_event, an_official, moment
from tests.doors import sign_in

PAGE = "/office/maps/testov"
GENDER = {"key": "gender", "options": [{"key": "woman"}, {"key": "man"}]}
WHEN = {"key": "when", "type": "multiple", "options": [{"key": "day"}, {"key": "night"}]}
NEAR = "15.515 49.615,15.525 49.615,15.525 49.625,15.515 49.625"
"""Around CENTRE."""


@pytest.fixture
def town(session: Session) -> MapRecord:
    """A map that asks who one is, and when it is so."""
    questions = [question | {"label": {"cs": question["key"]}} for question in (GENDER, WHEN)]
    for question in questions:
        question["options"] = [option | {"label": {"cs": option["key"]}} for option in question["options"]]
    return a_map(session, about=[questions[0]], questions=[questions[1]])


@pytest.fixture
def office(client: FlaskClient, session: Session, town: MapRecord) -> FlaskClient:
    """A viewer at the desk."""
    return sign_in(client, an_official(session, role="viewer"))


@pytest.fixture
def pins(session: Session, town: MapRecord) -> dict[str, str]:
    """Four pins that each filter tells apart, by name."""
    an_event(session, town)
    made = {
        "a": a_pin(session, town, comment="lavička", about={"gender": "woman"}, respondent="a"),
        "b": a_pin(session, town, "unsafe", (15.505, 49.612), "b", about={"gender": "man"}, flagged=True),
        "c": a_pin(session, town, at=(15.535, 49.628), respondent="c", answer="Opravíme", status="planned"),
        "d": a_pin(session, town, respondent="d", event="FORUM1", answers={"when": ["day", "night"]}),
    }
    return {name: str(pin.id) for name, pin in made.items()}


QUERIES = [
    ("words=lavicky", "a"),
    ("about_gender=man", "b"),
    ("flagged=yes", "b"),
    ("flagged=no", "acd"),
    ("answered=yes", "c"),
    ("answered=no&category=safe", "ad"),
    ("status=planned", "c"),
    ("status=received&about_gender=woman", "a"),
    ("answer_when=night", "d"),
    ("event=FORUM1", "d"),
    (f"area={NEAR}", "ad"),
    (f"area={NEAR}&words=lavicka", "a"),
]


@pytest.mark.parametrize(("query", "names"), QUERIES)
def test_dots_list_heat_and_files_follow_the_same_filter(
    office: FlaskClient, pins: dict[str, str], query: str, names: str
) -> None:
    wanted = {pins[name] for name in names}
    assert set(office.get(f"{PAGE}/pins.json?{query}").json["ids"]) == wanted
    features = json.loads(office.get(f"{PAGE}/pins.geojson?{query}").data)["features"]
    assert {feature["id"] for feature in features} == wanted
    rows = list(csv.reader(io.StringIO(office.get(f"{PAGE}/pins.csv?{query}").text), delimiter=";"))
    assert {row[0] for row in rows[1:]} == wanted
    page = office.get(f"{PAGE}?{query}&silent=1&view=table").text
    assert {part.split('"')[0] for part in page.split('class="office-row" data-pin="')[1:]} == wanted
    areas = json.loads(office.get(f"{PAGE}/heat.geojson?{query}").data)["features"]
    assert areas
    assert office.get(f"{PAGE}/legend?{query}").status_code == 200
    assert office.get(f"{PAGE}/heat.html?{query}").status_code == 200


def test_heat_of_one_filter_is_not_that_of_another(office: FlaskClient, pins: dict[str, str]) -> None:
    marks = [office.get(f"{PAGE}/heat.png?{query}").headers["ETag"] for query, _ in QUERIES]
    assert len(set(marks)) == len(QUERIES)
    assert marks == [office.get(f"{PAGE}/heat.png?{query}").headers["ETag"] for query, _ in QUERIES]


def test_filter_stays_the_same_heat_until_a_pin_of_the_map_changes(
    office: FlaskClient, session: Session, town: MapRecord, pins: dict[str, str]
) -> None:
    def mark() -> str:
        return office.get(f"{PAGE}/heat.png?words=lavicka").headers["ETag"]

    before = mark()
    assert mark() == before
    other = a_map(session, "jinde")
    a_pin(session, other, comment="lavičky")
    assert mark() == before
    a_pin(session, town, comment="lavičky")
    assert mark() != before


@pytest.mark.parametrize(
    "query",
    [
        "area=1",
        "area=15 49,16 49,15.5 48,15.5 50",
        "status=lost",
        "answered=perhaps",
        "flagged=1",
        "about_gender=nobody",
    ],
)
@pytest.mark.parametrize("address", ["", "/pins.json", "/pins.geojson", "/pins.csv", "/heat.png", "/legend"])
def test_nonsense_is_refused_everywhere(office: FlaskClient, address: str, query: str) -> None:
    assert office.get(f"{PAGE}{address}?{query}").status_code == 400


@pytest.mark.parametrize("address", ["/pins.geojson", "/pins.csv", "/heat.png", "/heat.html"])
@pytest.mark.parametrize("query", ["wrods=x", "about_age=65plus", "silent=1"])
def test_file_with_a_filter_it_does_not_know_is_refused_rather_than_whole(
    office: FlaskClient, address: str, query: str
) -> None:
    assert office.get(f"{PAGE}{address}?{query}").status_code == 400


@pytest.mark.parametrize(
    "query", ["words=x", f"area={NEAR}", "flagged=yes", "answered=yes", "status=planned", "about_gender=woman"]
)
def test_public_heat_can_not_be_narrowed(client: FlaskClient, town: MapRecord, query: str) -> None:
    for form in ("png", "tif", "geojson"):
        assert client.get(f"/m/testov/heat.{form}?{query}").status_code == 400
    assert client.get(f"/m/testov/heat/14/8898/5597.png?{query}").status_code == 400


@pytest.mark.parametrize("query", ["words=lavicka", "about_gender=woman", "person=1", f"area={NEAR}"])
def test_public_api_does_not_choose_pins_by_what_is_for_the_office(
    client: FlaskClient, pins: dict[str, str], query: str
) -> None:
    answer = client.get(f"/api/collections/testov/items?{query}")
    assert answer.status_code == 400 or len(answer.json["features"]) == len(pins)


def test_table_is_for_excel_and_for_a_gis(office: FlaskClient, session: Session, town: MapRecord) -> None:
    a_pin(
        session,
        town,
        comment='=HYPERLINK("http://evil.example")\nnext; line',
        about={"gender": "woman"},
        answers={"when": ["day", "night"]},
        created_at=moment("2026-09-01T10:00:00Z"),
    )
    answer = office.get(f"{PAGE}/pins.csv")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.data.startswith(b"\xef\xbb\xbfid;wkt;lon;lat;crs;category;comment;")
    row = next(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert row["wkt"] == f"POINT ({CENTRE[0]} {CENTRE[1]})"
    assert (float(row["lon"]), float(row["lat"])) == CENTRE
    assert row["comment"].startswith("'=HYPERLINK")
    assert row["comment"].endswith("next; line")
    assert row["when"] == "day; night"
    assert (row["state"], row["about_gender"]) == ("visible", "woman")
    feature = json.loads(office.get(f"{PAGE}/pins.geojson").data)["features"][0]
    assert list(row)[5:] == list(feature["properties"])


def test_page_offers_files_of_the_same_filter_without_scripts(office: FlaskClient, pins: dict[str, str]) -> None:
    page = office.get(f"{PAGE}?words=lavicky&view=table&silent=1").text
    assert "/pins.csv?words=lavicky" in page
    assert "/heat.html?words=lavicky" in page
    assert "pins.csv?words=lavicky&amp;view" not in page


def test_table_pages_by_the_same_place_in_the_list(office: FlaskClient, session: Session, town: MapRecord) -> None:
    for n in range(45):
        a_pin(session, town, comment=f"n {n}", created_at=moment(f"2026-09-01T10:00:{n:02}Z"))
    page = office.get(f"{PAGE}?view=table", headers={"X-Part": "list"}).text
    assert page.count('class="office-row"') == 40
    more = page.split('data-more href="')[1].split('"')[0].replace("&amp;", "&")
    assert "view=table" in more
    assert office.get(more, headers={"X-Part": "list"}).text.count('class="office-row"') == 5


def test_flagged_and_waiting_pins_are_listed_without_a_comment(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    a_pin(session, town, flagged=True)
    a_pin(session, town, state=PinState.PENDING)
    for query in ("flagged=yes", "state=pending"):
        assert office.get(f"{PAGE}?{query}").text.count("data-pin=") == 1


def test_area_has_its_edge(office: FlaskClient, session: Session, town: MapRecord) -> None:
    on_edge = a_pin(session, town, at=(15.515, 49.62))
    a_pin(session, town, at=(15.51499, 49.62))
    assert office.get(f"{PAGE}/pins.json?area={NEAR}").json["ids"] == [str(on_edge.id)]


def test_status_is_what_the_town_says(office: FlaskClient, session: Session, town: MapRecord) -> None:
    by_status = {status: str(a_pin(session, town, status=status).id) for status in PinStatus}
    for status, pin_id in by_status.items():
        assert office.get(f"{PAGE}/pins.json?status={status}").json["ids"] == [pin_id]
