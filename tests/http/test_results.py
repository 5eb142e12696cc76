"""The results page: numbers first, honest words where there is too little, nothing but what is public."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models import PinState
from app.queries.maps import MapRecord
from tests.builders import a_basemap, a_map, a_pin

ENGLISH = {"Accept-Language": "en"}


def a_told_town(session: Session, people: int, **description: object) -> MapRecord:
    the_map = a_map(session, **description)
    for i in range(people):
        a_pin(session, the_map, "unsafe", respondent=f"r{i}", comment=f"Tady je tma {i} <b>")
    return the_map


def words_of(client: FlaskClient) -> str:
    answer = client.get("/m/testov/results", headers=ENGLISH)
    assert answer.status_code == 200
    text = re.sub(r"<(script|style).*?</\1>", "", answer.get_data(as_text=True), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def test_an_empty_map_says_so_and_invites(client: FlaskClient, session: Session) -> None:
    a_map(session)
    words = words_of(client)
    assert "Nobody has said anything yet" in words
    assert "Add your own" in words


@pytest.mark.parametrize(("people", "said"), [(1, "So far 1 person has"), (4, "So far 4 people have")])
def test_too_few_people_get_words_and_no_picture(
    client: FlaskClient, session: Session, people: int, said: str
) -> None:
    a_told_town(session, people)
    page = client.get("/m/testov/results", headers=ENGLISH).get_data(as_text=True)
    assert said in words_of(client)
    assert "results/heat/" not in page
    assert 'id="map"' not in page


def test_enough_people_get_the_number_first_and_pictures(client: FlaskClient, session: Session) -> None:
    a_told_town(session, 6)
    page = client.get("/m/testov/results", headers=ENGLISH).get_data(as_text=True)
    assert re.search(r"<h1>.*?6</span> people showed", page, re.DOTALL)
    assert "/m/testov/results/heat/unsafe.png" in page
    assert "/m/testov/results/heat/safe.png" not in page
    assert "Tady je tma 5 &lt;b&gt;" in page


def test_pictures_of_the_page_are_there(client: FlaskClient, session: Session) -> None:
    a_told_town(session, 6, basemap_geojson=a_basemap())
    page = client.get("/m/testov/results").get_data(as_text=True)
    pictures = re.findall(r'src(?:set)?="(/m/testov/results/[^"]+)"', page)
    assert len(pictures) >= 8
    for url in pictures:
        answer = client.get(url.replace("&amp;", "&"))
        assert (answer.status_code, answer.mimetype.split("/")[0]) == (200, "image")
        assert client.get(url, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_places_carry_the_names_of_the_maps_own_layer(client: FlaskClient, session: Session) -> None:
    a_told_town(session, 6, basemap_geojson=a_basemap("Lipová"))
    assert "Lipová" in words_of(client)


def test_hidden_and_waiting_pins_are_not_told(client: FlaskClient, session: Session) -> None:
    the_map = a_told_town(session, 6)
    a_pin(session, the_map, respondent="x", state=PinState.HIDDEN, comment="hidden words")
    a_pin(session, the_map, respondent="y", state=PinState.PENDING, comment="waiting words")
    words = words_of(client)
    assert "hidden words" not in words
    assert "waiting words" not in words
    assert "6 people showed" in words.replace("  ", " ")


def test_unpublished_pins_give_no_comments(client: FlaskClient, session: Session) -> None:
    a_told_town(session, 6, publish={"pins": False})
    words = words_of(client)
    assert "Tady je tma" not in words
    assert "Counted once a day" in words
    assert "pins.geojson" not in client.get("/m/testov/results").get_data(as_text=True)


def test_heat_that_is_kept_back_leaves_the_numbers(client: FlaskClient, session: Session) -> None:
    a_told_town(session, 6, publish={"heat": False})
    words = words_of(client)
    assert "does not publish a map of these feelings" in words
    assert "6 people" in words


def test_the_town_answers_are_told(client: FlaskClient, session: Session) -> None:
    the_map = a_told_town(session, 6)
    a_pin(session, the_map, "improve", respondent="z", comment="Lavičku!", answer="Bude na jaře.")
    assert "The town answers: received Bude na jaře." in re.sub(r"\s+", " ", words_of(client))


def test_the_page_speaks_czech(client: FlaskClient, session: Session) -> None:
    a_told_town(session, 6)
    page = client.get("/m/testov/results", headers={"Accept-Language": "cs"}).get_data(as_text=True)
    assert "lidí ukázalo" in page


def test_an_unknown_map_is_not_there(client: FlaskClient) -> None:
    assert client.get("/m/nowhere/results").status_code == 404
    assert client.get("/m/nowhere/heat.png").status_code == 404


def table_of(client: FlaskClient) -> list[list[str]]:
    """The rows of the map's table: place, people, pins."""
    page = client.get("/m/testov/results", headers=ENGLISH).get_data(as_text=True)
    part = page.partition('class="places-table"')[2].partition("</section>")[0]
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th>(.*?)</tr>", part)
    return [[place, *re.findall(r">(\d+)</td>", numbers)] for place, numbers in rows]


def test_the_map_is_told_as_a_table_of_places_with_people_and_pins(client: FlaskClient, session: Session) -> None:
    the_map = a_told_town(session, 6, basemap_geojson=a_basemap("Lipová"))
    a_pin(session, the_map, "unsafe", respondent="r1")
    assert table_of(client) == [["Lipová", "6", "7"]]


def test_a_place_without_a_name_is_told_by_its_way_from_the_middle(client: FlaskClient, session: Session) -> None:
    the_map = a_map(session)
    for i in range(6):
        a_pin(session, the_map, "unsafe", (15.53, 49.62), f"r{i}")
    ((place, *numbers),) = table_of(client)
    assert place == "720 m to the east from the middle of the map"
    assert numbers == ["6", "6"]


def test_the_table_tells_no_place_that_the_map_hides(client: FlaskClient, session: Session) -> None:
    the_map = a_told_town(session, 6, basemap_geojson=a_basemap("Lipová"))
    for i in range(4):
        a_pin(session, the_map, "unsafe", (15.505, 49.615), f"few{i}")
    assert table_of(client) == [["Lipová", "6", "6"]]


def test_published_pins_can_all_be_read_as_a_table(client: FlaskClient, session: Session) -> None:
    a_told_town(session, 6)
    page = client.get("/m/testov/results", headers=ENGLISH).get_data(as_text=True)
    assert 'href="/api/collections/testov/items?f=html"' in page
    assert client.get("/api/collections/testov/items?f=html").status_code == 200
