"""The legend beside the office's heat: units, whom it counts, and words where a picture would lie."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.models import PinState
from app.queries.maps import MapRecord
from tests.builders import CENTRE, a_map, a_pin, an_official
from tests.doors import sign_in

PAGE = "/office/maps/testov"
GENDER = {
    "key": "gender",
    "label": {"cs": "pohlaví", "en": "gender"},
    "options": [{"key": "woman", "label": {"cs": "žena", "en": "a woman"}}],
}


@pytest.fixture
def town(session: Session) -> MapRecord:
    return a_map(session, about=[GENDER])


@pytest.fixture
def office(client: FlaskClient, session: Session, town: MapRecord) -> FlaskClient:
    """A viewer at the desk who reads English."""
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return sign_in(client, an_official(session, role="viewer"))


def legend(office: FlaskClient, query: str = "") -> str:
    answer = office.get(f"{PAGE}/legend?{query}")
    assert answer.status_code == 200
    return " ".join(answer.text.split())


def people(session: Session, town: MapRecord, number: int, category: str = "unsafe", each: int = 1) -> None:
    for n in range(number):
        for _ in range(each):
            a_pin(session, town, category, respondent=f"{category} {n}", about={"gender": "woman"})


@pytest.mark.parametrize(("number", "each"), [(0, 1), (1, 1), (4, 1), (1, 4), (4, 9)])
def test_fewer_than_five_people_get_words_and_no_picture(
    office: FlaskClient, session: Session, town: MapRecord, number: int, each: int
) -> None:
    people(session, town, number, each=each)
    for query in ("", "weight=pins", "category=unsafe", "measure=share&category=unsafe"):
        said = legend(office, query)
        assert 'data-drawn="no"' in said
        assert "per hectare" not in said
        assert ("Too few people to draw" in said) == bool(number)
        assert ("Nothing to draw" in said) == (not number)
        assert "office-legend-unit" not in said


def test_five_people_are_drawn_with_their_unit_and_number(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    people(session, town, 5, each=2)
    for query, unit in (
        ("", "people per hectare"),
        ("weight=pins", "pins per hectare"),
        ("measure=share&category=unsafe", "per cent of all feelings marked there"),
        ("measure=share&category=unsafe&weight=pins", "per cent of all pins there"),
    ):
        said = legend(office, query)
        assert 'data-drawn="yes"' in said
        assert f'<p class="office-legend-unit">{unit}</p>' in said
        assert "<strong>5 people</strong>, 10 pins" in said


def test_filter_that_leaves_too_few_takes_the_picture_away_and_names_itself(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    people(session, town, 4)
    for n in range(4):
        a_pin(session, town, "unsafe", respondent=f"silent {n}")
    assert 'data-drawn="yes"' in legend(office)
    said = legend(office, "about_gender=woman&category=unsafe")
    assert 'data-drawn="no"' in said
    assert "Only 4 people are counted here" in said
    assert "only: a woman" in said


def test_share_stands_on_all_who_spoke_and_wants_to_know_of_which_feeling(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    people(session, town, 5, "safe")
    people(session, town, 1, "unsafe")
    assert 'data-drawn="yes"' in legend(office, "measure=share&category=unsafe")
    said = legend(office, "measure=share")
    assert 'data-drawn="no"' in said
    assert "choose one of the feelings" in said


def test_share_scale_is_the_same_whatever_the_filter_and_the_reach(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    people(session, town, 30, "safe")
    people(session, town, 7, "unsafe")
    scales = {
        legend(office, f"measure=share&category=unsafe&{more}").split("<ol")[1].split("</ol>")[0]
        for more in ("", "bandwidth=20", "bandwidth=400", "about_gender=woman")
    }
    (scale,) = scales
    assert [number in scale for number in (">0<", ">20<", ">40<", ">60<", ">80<", ">100<")] == [True] * 6


def test_people_far_apart_have_no_share_anywhere(office: FlaskClient, session: Session, town: MapRecord) -> None:
    for n in range(8):
        a_pin(session, town, "unsafe", (CENTRE[0] + 0.004 * (n - 4), CENTRE[1]), f"r{n}")
    assert 'data-drawn="yes"' in legend(office, "category=unsafe")
    said = legend(office, "measure=share&category=unsafe")
    assert 'data-drawn="no"' in said
    assert "as much said close together as 5 people" in said


def test_hidden_pins_that_the_sentence_lists_and_heat_leaves_out_are_told(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    people(session, town, 6)
    a_pin(session, town, "unsafe", respondent="rude", state=PinState.HIDDEN)
    assert "1 hidden pin is not counted" in legend(office)
    assert "hidden pin" not in legend(office, "state=visible")
    assert "hidden pin" not in legend(office, "category=safe")


def test_standalone_map_says_what_was_chosen_and_leaves_out_what_is_too_little(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    people(session, town, 6)
    people(session, town, 3, "safe")
    a_pin(session, town, "unsafe", respondent="x", comment="waits", state=PinState.PENDING)
    share = office.get(f"{PAGE}/heat.html?measure=share&about_gender=woman").text
    assert "per cent of all feelings marked there" in share
    assert "Only a part of the pins is counted: a woman." in share
    dense = office.get(f"{PAGE}/heat.html?category=safe").text
    assert '"legend":[]' in dense
    assert "data:image/png" not in dense
    assert "data:image/png" in office.get(f"{PAGE}/heat.html?category=unsafe").text
    waiting = office.get(f"{PAGE}/heat.html?state=pending").text
    assert "waits" not in waiting
    assert "data:image/png" not in waiting


def test_page_offers_every_form_of_heat_with_the_filter_carried_along(
    office: FlaskClient, session: Session, town: MapRecord
) -> None:
    page = office.get(f"{PAGE}?about_gender=woman&category=unsafe").text
    for file in (
        "heat.html",
        "heat.tif",
        "heat.geojson",
        "heat.png",
        "heat-hexagons.geojson",
        "heat-hexagons.csv",
        "heat-cells.geojson",
    ):
        assert f"{PAGE}/{file}?about_gender=woman&amp;category=unsafe" in page, file
    assert f"{PAGE}/heat-hexagons.gpkg?crs=EPSG:" in page
