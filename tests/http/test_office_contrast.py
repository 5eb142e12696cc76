"""The page of contrasts, its table, and its layers: for the office only, and only once they were computed."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.inputs.file_forms import FORMS
from app.queries.maps import MapRecord
from tests.builders import a_map, a_pin, an_analysis, an_official
from tests.db.test_analysis_contrast import a_town
from tests.doors import csrf_of, sign_in
from tests.taken_files import taken

PAGE = "/office/maps/testov/analysis/contrast"


@pytest.fixture
def town(session: Session) -> MapRecord:
    return a_town(session)


@pytest.fixture
def office(app: Flask, session: Session, town: MapRecord) -> FlaskClient:
    return sign_in(app.test_client(), an_official(session, role="viewer"))


def words_of(answer: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer)))


def read(office: FlaskClient, address: str = PAGE) -> str:
    answer = office.get(address, query_string={"lang": "en"})
    assert answer.status_code == 200
    return answer.text


def test_page_tells_in_words_what_outweighs_where_and_between_whom(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    an_analysis(session, town, "contrast")
    page = read(office)
    text = words_of(page)
    assert "16 people say “Unsafe” , nobody says “Safe”." in text
    assert "Of 100 voices here 100 say “Unsafe”, in the whole town 50" in text
    assert "16 people say only “Unsafe” , 16 people only “Safe” ." in text
    assert re.search(r"At night 16 of 16 “Unsafe” in the whole town 100 of 100", text)
    assert re.search(r"woman 14 of 16 “Unsafe”", text)
    assert "other fewer than 5 people" in text
    assert "people are shuffled, not pins" in text
    assert "Unsafe – people: 32; Safe – people: 32." in text
    assert page.count('role="img"') == 2
    assert re.search(r'class="contrast-tone contrast-tone-3" data-category="unsafe" d="M', page)
    hub = words_of(read(office, "/office/maps/testov/analysis"))
    assert re.search(r"“(Unsafe|Safe)” outweighs most here: .* 100 of 100 voices, in the whole town 50\.", hub)


def test_names_lead_to_the_pins_of_the_place(office: FlaskClient, session: Session, town: MapRecord) -> None:
    an_analysis(session, town, "contrast")
    links = re.findall(r'class="analysis-place" href="([^"]+)"', read(office))
    assert len(links) >= 3
    for link in links:
        there = office.get(unescape(link).replace("/office/maps/testov", "/office/maps/testov/pins.json"))
        assert there.status_code == 200
        assert there.json["count"] >= 16


def test_of_too_few_people_there_are_words_and_no_picture(app: Flask, session: Session) -> None:
    the_map = a_map(session)
    for n in range(4):
        a_pin(session, the_map, "unsafe" if n % 2 else "safe", respondent=f"r{n}")
    an_analysis(session, the_map, "contrast")
    page = read(sign_in(app.test_client(), an_official(session)))
    assert "Too few people have said one or the other" in words_of(page)
    assert "analysis-picture" not in page


def test_another_pair_can_be_asked_for_and_nonsense_not(office: FlaskClient, town: MapRecord) -> None:
    page = read(office)
    for name in ("one", "other", "bandwidth"):
        assert f'name="{name}"' in page
    form = {"csrf_token": csrf_of(office, PAGE), "one": "improve", "other": "safe", "bandwidth": "150"}
    assert office.post(f"{PAGE}/start", data=form).status_code == 303
    assert office.post(f"{PAGE}/start", data=form | {"bandwidth": "1"}).status_code == 422


def test_table_has_a_row_for_each_area_and_contested_place(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    found = an_analysis(session, town, "contrast")
    answer = office.get(f"{PAGE}.csv", query_string={"lang": "en"})
    assert answer.status_code == 200
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))
    assert [row["kind"] for row in rows].count("contrast") == len(found.areas)
    (contested,) = [row for row in rows if row["kind"] == "contested"]
    assert (contested["people_one"], contested["people_other"]) == ("16", "16")
    assert "woman: 14 of 16" in contested["between"]


@pytest.mark.parametrize("layer", ["contrast", "contested"])
def test_layer_is_refused_until_it_was_computed_then_comes_in_every_form(
    office: FlaskClient, session: Session, town: MapRecord, layer: str
) -> None:
    address = f"/office/maps/testov/{layer}"
    assert office.get(f"{address}.geojson").status_code == 409
    assert office.head(f"{address}.gpkg").status_code == 409
    an_analysis(session, town, "contrast")
    for ending in (form.ending for form in FORMS.values()):
        answer = office.get(f"{address}.{ending}?crs=EPSG:5514")
        assert (ending, answer.status_code) == (ending, 200)
        assert taken(answer.data, ending, layer).rows


@pytest.mark.parametrize("layer", ["contrast", "contested"])
def test_public_never_gets_the_layer(client: FlaskClient, session: Session, town: MapRecord, layer: str) -> None:
    an_analysis(session, town, "contrast")
    for ending in ("geojson", "gpkg"):
        assert client.get(f"/data/testov/{layer}.{ending}").status_code == 403
        assert client.head(f"/data/testov/{layer}.{ending}").status_code == 403
    for page in ("/data/testov/", "/data/testov/columns"):
        assert f"{layer}.gpkg" not in client.get(page).text
    assert layer not in client.get("/api/collections").text
