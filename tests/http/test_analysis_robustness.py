"""The page on how sure the ranking is: what a mayor reads, in words beside every picture."""

from __future__ import annotations

import csv
import io
import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.models import TownMap
from app.queries.maps import MapRecord, read_map
from tests.builders import an_analysis, an_official
from tests.db.test_analysis_robustness import At, a_town, crowds
from tests.doors import sign_in

HUB = "/office/maps/testov/analysis"
PAGE = f"{HUB}/robustness"


def an_office(app: Flask, session: Session, pins: list[At]) -> FlaskClient:
    """An official of a map whose ranking has been computed."""
    an_analysis(session, a_town(session, pins), "robustness")
    return sign_in(app.test_client(), an_official(session))


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def read(official: FlaskClient, address: str = PAGE, lang: str = "en") -> str:
    answer = official.get(address, query_string={"lang": lang})
    assert answer.status_code == 200
    return answer.text


def the_map(session: Session) -> MapRecord:
    return read_map(session, "testov")


def test_a_sure_order_is_said_in_words_and_drawn_as_bars(app: Flask, session: Session) -> None:
    page = read(an_office(app, session, crowds(160, 80, 40, 20, 10)))
    text = words_of(page)
    assert "The first place stays first in 100 of 100 draws." in text
    assert "Places 1 to 3 stay the first 3, in whatever order, in 100 of 100 draws." in text
    assert "The order can be relied on down to place 5." in text
    assert "160 people , 160 pins" in text
    assert page.count('class="rank-span"') >= 5
    assert page.count("rank-cut") == 4
    assert "Efron 1979" in text
    assert "from the 310 people of the map" in text


def test_an_unsure_order_is_not_promised(app: Flask, session: Session) -> None:
    official = an_office(app, session, crowds(22, 21, 20, 20, 20, 19))
    text = words_of(read(official))
    assert "No order among these places is to be relied on." in text
    assert re.search(r"rank 1 to [4-6]", text)
    assert re.search(r"“Unsafe”: Places 1 to 3 all stay among the first [56]", words_of(read(official, HUB)))


def test_groups_are_told_whose_inner_order_is_not_sure(app: Flask, session: Session) -> None:
    text = words_of(read(an_office(app, session, crowds(100, 98, 30, 29, 28))))
    assert "Sure is this order: 1–2 › the others. Within a group no order is to be relied on." in text


def test_places_that_could_be_among_the_ten_are_set_apart(app: Flask, session: Session) -> None:
    text = words_of(read(an_office(app, session, crowds(*[30] * 9, 12, 11, 11, 5))))
    ten, others = text.split("Could as well be among the first ten")
    assert "among the first ten: 100 of 100" in ten
    assert others.count("among the first ten:") == 2


def test_where_the_busiest_repeat_themselves_counting_people_helps(app: Flask, session: Session) -> None:
    loud = [("unsafe", column, 110, "loud") for column in (40, 140) for _ in range(60)]
    text = words_of(read(an_office(app, session, [*crowds(50, 40, 30, 25), *loud])))
    assert "The busiest hundredth are 2 people" in text
    assert "counting people keeps a few from drawing the town’s map" in text
    assert "By pins, 2 of the ten highest places would be places of fewer than five people." in text


def test_where_the_busiest_speak_everywhere_it_is_said_that_counting_people_does_not_help(
    app: Flask, session: Session
) -> None:
    loud = [("unsafe", 20 + n % 200, 20 + n // 200 * 7, "loud") for n in range(120)]
    text = words_of(read(an_office(app, session, [*crowds(50, 40, 30, 25), *loud])))
    assert "about as much less" in text
    assert "many spots once" in text
    assert "counting people keeps" not in text
    assert "Were everybody given one voice" in text


@pytest.mark.parametrize("people", [0, 1, 4])
def test_a_map_of_few_people_has_words_and_no_picture(app: Flask, session: Session, people: int) -> None:
    official = an_office(app, session, crowds(people))
    page = read(official)
    assert "Too few people have pinned close together yet to rank any places." in words_of(page)
    assert "rank-bar" not in page
    assert "analysis-picture" not in page
    assert "top-places.gpkg" not in page
    assert "Too few people" in words_of(read(official, HUB))


def test_a_feeling_of_few_people_is_passed_over_in_words(app: Flask, session: Session) -> None:
    pins = [*crowds(40, 35), *crowds(6, category="safe")]
    alone = [("improve", 13 * (n % 15), 14 * (n // 15), f"r{n}") for n in range(40)]
    text = words_of(read(an_office(app, session, [*pins, *alone])))
    assert "Fewer than 30 people marked this: a ranking of its places would say nothing." in text
    assert "Nowhere did 5 people mark this close together: there is nothing to rank." in text


def test_one_place_alone_is_not_ranked_against_nothing(app: Flask, session: Session) -> None:
    official = an_office(app, session, crowds(40))
    assert "Only one place has people enough" in words_of(read(official))
    assert "Only one place has people enough" in words_of(read(official, HUB))


def test_a_map_whose_persons_were_taken_apart_says_why_there_is_none(app: Flask, session: Session) -> None:
    a_town(session, crowds(40, 35))
    session.execute(update(TownMap).values(anonymised_at="2026-09-14", version=TownMap.version + 1))
    session.commit()
    an_analysis(session, the_map(session), "robustness")
    page = read(sign_in(app.test_client(), an_official(session)))
    assert "The persons of this map have been taken apart since." in words_of(page)
    assert "rank-bar" not in page


def test_the_table_has_a_row_for_each_place(app: Flask, session: Session) -> None:
    official = an_office(app, session, crowds(60, 30, 20))
    answer = official.get(f"{PAGE}.csv")
    assert answer.mimetype == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    assert [(row["category"], row["rank"], row["people"]) for row in rows] == [
        ("unsafe", "1", "60"),
        ("unsafe", "2", "30"),
        ("unsafe", "3", "20"),
    ]
    assert rows[0]["rank_without"] == "1"
    assert float(rows[0]["among_ten"]) == 100
    assert float(rows[0]["value_low"]) < float(rows[0]["value"]) < float(rows[0]["value_high"])


def test_a_place_leads_to_its_pins_on_the_map(app: Flask, session: Session) -> None:
    official = an_office(app, session, crowds(60, 30, 20))
    link = re.search(r'class="analysis-place" href="([^"]+)"', read(official))
    assert link
    answer = official.get(unescape(link[1]))
    assert answer.status_code == 200
    assert "category=unsafe" in unescape(link[1])
