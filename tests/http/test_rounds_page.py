"""The office's page of two rounds: two numbers of people first, then what has changed, in words."""

from __future__ import annotations

import re
from datetime import datetime
from html import unescape

from flask import Flask
from flask.testing import FlaskClient
from shapely import MultiPolygon, box
from sqlalchemy.orm import Session

from app.queries.maps import read_map
from tests.builders import a_basemap, a_map, an_analysis, an_answered_place, an_official
from tests.doors import sign_in
from tests.two_rounds import GONE, NOW, THEN, TOWN, follows, two_rounds

PAGE = f"/office/maps/{NOW}/analysis/rounds"


def an_office(app: Flask, session: Session) -> FlaskClient:
    return sign_in(app.test_client(), an_official(session))


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def answered(session: Session, slug: str, status: str = "done") -> None:
    x, y = GONE
    area = f"SRID=4326;{MultiPolygon([box(x - 0.0005, y - 0.0005, x + 0.0005, y + 0.0005)])}"
    moment = datetime.fromisoformat("2025-01-01T00:00:00Z")
    the_map = read_map(session, slug)
    an_answered_place(
        session, the_map, name="Podchod", area=area, status=status, categories=["unsafe"], answered_at=moment
    )


def test_the_page_begins_with_the_people_of_both_rounds_and_quotes_the_change(
    app: Flask, session: Session
) -> None:
    now = two_rounds(session, basemap_geojson=a_basemap("Lipová"))
    an_analysis(session, now, "rounds")
    page = an_office(app, session).get(PAGE, query_string={"lang": "en"})
    assert page.status_code == 200
    text = words_of(page.text)
    assert "80 people 120 pins" in text
    assert "60 people 91 pins" in text
    assert text.index("80 people") < text.index("Beyond chance")
    assert "Within 250 m: 40 of 80 people then, 1 of 60 now." in text
    assert "50.0 % → 1.7 %" in text
    assert "Whether the feeling has changed, or only how many speak of the place, can’t be told" in text
    assert "Clusters that have vanished" in text
    assert "Fisher" in text
    assert "that is no proof that all is as before" in text


def test_what_has_not_changed_is_said_so_and_its_picture_folded(app: Flask, session: Session) -> None:
    an_analysis(session, two_rounds(session), "rounds")
    page = an_office(app, session).get(PAGE, query_string={"lang": "en"}).text
    safe = page[page.index('aria-labelledby="h-safe"') : page.index('aria-labelledby="h-unsafe"')]
    assert "Nowhere has the share of people changed" in safe
    assert "<details" in safe
    assert "<ol" not in safe


def test_an_answered_place_is_bars_of_before_and_after_with_what_a_fall_may_mean(
    app: Flask, session: Session
) -> None:
    now = two_rounds(session)
    answered(session, THEN)
    an_analysis(session, now, "rounds")
    page = an_office(app, session).get(PAGE, query_string={"lang": "en"}).text
    text = words_of(page)
    assert "40 of 80 people before" in text
    assert "1 of 60 since" in text
    assert "Fewer than before, by more than chance." in text
    assert "regression to the mean" in text
    assert "A month of collecting" in text
    assert re.search(r'rounds-bar-before" width="100\.0"', page)


def test_too_few_people_get_words_and_no_picture(app: Flask, session: Session) -> None:
    then, now = (a_map(session, slug, town=TOWN) for slug in (THEN, NOW))
    an_analysis(session, follows(session, now, then), "rounds")
    page = an_office(app, session).get(PAGE, query_string={"lang": "en"}).text
    assert "too few to compare" in page
    assert "analysis-picture" not in page


def test_the_first_page_of_analyses_sums_it_up(app: Flask, session: Session) -> None:
    an_analysis(session, two_rounds(session), "rounds")
    hub = words_of(an_office(app, session).get(f"/office/maps/{NOW}/analysis", query_string={"lang": "en"}).text)
    assert "fewer people mark it in 1 area, more people mark it in 1 area" in hub


def test_any_other_map_of_the_town_is_offered_the_round_before_first(app: Flask, session: Session) -> None:
    two_rounds(session)
    page = an_office(app, session).get(PAGE, query_string={"lang": "en"}).text
    offered = re.findall(r'<option value="(\w+)"', page)
    assert offered == [THEN]
    assert "(the round before)" in page


def test_the_table_has_a_row_for_areas_clusters_and_answered_places(app: Flask, session: Session) -> None:
    now = two_rounds(session)
    answered(session, THEN)
    an_analysis(session, now, "rounds")
    table = an_office(app, session).get(f"{PAGE}.csv")
    assert table.status_code == 200
    heading, *rows = (line.split(";") for line in table.data.decode("utf-8-sig").splitlines())
    assert all(len(row) == len(heading) for row in rows)
    kinds = [(row[0], row[2]) for row in rows]
    assert kinds.count(("area", "vanished")) == 1
    assert kinds.count(("area", "appeared")) == 1
    assert kinds.count(("cluster", "vanished")) == 1
    assert kinds.count(("answered place", "")) == 1
    place = dict(zip(heading, rows[-1], strict=True))
    assert (place["people_then"], place["of_then"], place["reading"], place["status"]) == (
        "40",
        "80",
        "fell",
        "done",
    )


def test_the_page_is_whole_in_czech(app: Flask, session: Session) -> None:
    now = two_rounds(session)
    answered(session, NOW, status="planned")
    an_analysis(session, now, "rounds")
    assert an_office(app, session).get(PAGE, query_string={"lang": "cs"}).status_code == 200


def test_the_layer_can_be_taken_into_a_gis_once_computed(app: Flask, session: Session) -> None:
    now = two_rounds(session)
    official = an_office(app, session)
    address = f"/office/maps/{NOW}/changes.geojson"
    assert official.get(address).status_code == 409
    an_analysis(session, now, "rounds")
    layer = official.get(address)
    assert layer.status_code == 200
    assert {one["properties"]["category"] for one in layer.json["features"]} == {"safe", "unsafe"}
    assert app.test_client().get(f"/data/{NOW}/changes.geojson").status_code in (403, 404)
