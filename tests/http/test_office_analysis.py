"""The office's page of hot spots and clusters."""

from __future__ import annotations

import re
from html import unescape

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.builders import CENTRE, a_basemap, a_map, a_pin, an_official
from tests.doors import sign_in

PAGE = "/office/maps/testov/analysis?lang=en"


def an_office(app: Flask, session: Session, people: int) -> FlaskClient:
    the_map = a_map(session, basemap_geojson=a_basemap("Lipová"))
    for n in range(people):
        where = (CENTRE[0] + 0.0003 * (n % 3), CENTRE[1] + 0.0002 * (n // 3 % 3))
        a_pin(session, the_map, "unsafe", where, respondent=f"r{n}")
    for n in range(min(people, 2)):
        a_pin(session, the_map, "safe", CENTRE, respondent=f"r{n}")
    return sign_in(app.test_client(), an_official(session))


def test_a_crowd_is_a_place_by_name_with_its_people_and_how_sure_it_is(app: Flask, session: Session) -> None:
    page = an_office(app, session, 40).get(PAGE)
    assert page.status_code == 200
    text = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page.text)))
    assert "Lipová 99 % 40 people , 40 pins" in text
    assert re.search(r"Here also: Safe 2", text)
    assert "Fewer than 30 people marked this" in text
    assert "Getis-Ord" in text
    assert "DBSCAN" in text


def test_the_name_leads_to_the_map_with_the_pins_of_that_place(app: Flask, session: Session) -> None:
    official = an_office(app, session, 40)
    link = re.search(r'class="analysis-place" href="([^"]+)"', official.get(PAGE).text)
    assert link
    there = official.get(unescape(link[1]).replace("/office/maps/testov", "/office/maps/testov/pins.json"))
    assert there.status_code == 200
    assert there.json["count"] == 40


def test_with_four_people_the_page_has_words_and_no_picture(app: Flask, session: Session) -> None:
    page = an_office(app, session, 4).get(PAGE).text
    assert "Too few people" in page
    assert '<svg class="analysis-picture"' not in page


def test_the_page_counts_a_pin_that_came_meanwhile(app: Flask, session: Session) -> None:
    from app.queries.maps import read_map

    official = an_office(app, session, 40)
    assert "40 people" in official.get(PAGE).text
    a_pin(session, read_map(session, "testov"), "unsafe", CENTRE, respondent="late")
    assert "41 people" in official.get(PAGE).text
