"""The front page: what is open, what comes, what came of it; with no map and with thirty."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from app.models import TownMap
from app.views import front_page
from tests.builders import a_map, a_pin

ENGLISH = {"Accept-Language": "en"}
NOW = datetime.now(UTC)
AGO, AHEAD = ((NOW + timedelta(days=days)).isoformat() for days in (-20, 20))


def page_of(client: FlaskClient) -> str:
    answer = client.get("/", headers=ENGLISH)
    assert answer.status_code == 200
    return answer.text


def told(session: Session, slug: str, text: str = "Opravili jsme **lampy**.") -> None:
    values = {"story": {"cs": text}, "story_published": True, "version": TownMap.version + 1}
    session.execute(update(TownMap).where(TownMap.slug == slug).values(**values))
    session.commit()


def test_without_maps_the_page_says_so(client: FlaskClient) -> None:
    page = page_of(client)
    assert "No map is open just now." in page
    assert "near-me" not in page
    assert "home.js" not in page.replace("#js/pages/home.js", "").replace("/static/js/pages/home.js?v=", "", 1)


def test_each_map_stands_where_it_belongs(client: FlaskClient, session: Session) -> None:
    for slug, frame in {
        "otevrena": {},
        "brzy": {"opens": AHEAD},
        "davno": {"closes": AGO},
        "pribeh": {"closes": AGO},
    }.items():
        a_map(session, slug, **frame)
    told(session, "pribeh")
    page = page_of(client)
    order = [page.index(mark) for mark in ("Open maps", "Opening soon", "What came of it", "Not open now")]
    assert order == sorted(order)
    places = {
        slug: page.index(f'href="{address}"')
        for slug, address in {
            "otevrena": "/m/otevrena",
            "brzy": "/m/brzy",
            "pribeh": "/stories/pribeh",
            "davno": "/m/davno/results",
        }.items()
    }
    assert list(places.values()) == sorted(places.values())
    assert "Opravili jsme lampy." in page


def test_only_two_or_more_open_maps_can_be_sorted(client: FlaskClient, session: Session) -> None:
    a_map(session, "jedna")
    assert 'id="near-me"' not in page_of(client)
    assert "cards-one" in page_of(client)
    a_map(session, "dve")
    page = page_of(client)
    assert 'id="near-me" aria-pressed="false" hidden' in page
    assert re.findall(r'data-box="([^"]+)"', page) == ["15.5 49.61 15.54 49.63"] * 2


def test_a_story_shows_its_picture_and_its_people(client: FlaskClient, session: Session) -> None:
    the_map = a_map(session, "pribeh", closes=AGO)
    for n in range(6):
        a_pin(session, the_map, "unsafe", respondent=f"r{n}")
    told(session, "pribeh")
    page = page_of(client)
    assert "/m/pribeh/results/heat/unsafe.png" in page
    assert re.search(r"6 people · 6\s+pins", page)


def test_thirty_maps_are_a_list_to_look_through_and_cost_a_few_looks_together(
    client: FlaskClient, session: Session
) -> None:
    for n in range(30):
        a_map(session, f"mesto-{n:02}", ruian=500_000 + n)
    assert page_of(client).count('class="card map-card"') == 30
    asked: list[str] = []
    connection = session.connection()

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    page = page_of(client)
    event.remove(connection, "before_cursor_execute", note)
    assert "cards-many" in page
    assert 1 <= len(asked) <= 8


@pytest.fixture
def many(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fourteen towns, where five cards are enough."""
    monkeypatch.setattr(front_page, "MOST_CARDS", 5)
    for number in range(14):
        town = {
            "name": f"{'ABCČHŠŽ'[number % 7]}áslavice {number}",
            "slug": f"t{number}",
            "ruian": 500_000 + number,
        }
        a_map(session, f"mesto-{number}", town=town)


@pytest.mark.usefixtures("many")
def test_more_maps_than_cards_are_a_directory_by_letters(client: FlaskClient) -> None:
    page = page_of(client)
    assert "map-card" not in page
    assert re.findall(r'<h3 id="letter-\d+">([^<]+)</h3>', page) == ["A", "B", "C", "Č", "H", "Š", "Ž"]
    assert len(re.findall(r'<li><a href="/m/mesto-\d+">', page)) == 14
    assert "14 open maps, by towns" in page


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("asked", ["caslavice 10", "  ČÁSLAVICE  10", "10"])
def test_a_town_is_found_without_accents_by_a_part_of_its_name(client: FlaskClient, asked: str) -> None:
    page = client.get("/", query_string={"town": asked}, headers=ENGLISH).text
    assert page.count('class="card map-card"') == 1
    assert 'href="/m/mesto-10"' in page


@pytest.mark.usefixtures("many")
def test_what_is_not_found_is_said(client: FlaskClient) -> None:
    for asked in ("Nikdov", "%", "\x00", "x" * 9000, "'; DROP TABLE town_map"):
        answer = client.get("/", query_string={"town": asked}, headers=ENGLISH)
        assert answer.status_code == 200
        assert "No map for" in answer.text


@pytest.mark.usefixtures("many")
def test_of_very_many_maps_one_letter_is_shown(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front_page, "MOST_LINES", 10)
    assert '<li><a href="/m/' not in page_of(client)
    page = client.get("/", query_string={"letter": "Č"}, headers=ENGLISH).text
    assert re.findall(r'<li><a href="/m/mesto-(\d+)">', page) == ["10", "3"]
    assert 'aria-current="page">Č</a>' in page


@pytest.mark.usefixtures("many")
def test_a_changed_map_changes_its_line_at_once(client: FlaskClient, session: Session) -> None:
    assert 'href="/m/mesto-3"' in page_of(client)
    session.execute(
        update(TownMap).where(TownMap.slug == "mesto-3").values(draft=True, version=TownMap.version + 1)
    )
    session.commit()
    assert 'href="/m/mesto-3"' not in page_of(client)


def test_boxes_of_the_open_maps_are_there_for_the_browser(client: FlaskClient, session: Session) -> None:
    a_map(session, "otevrena")
    a_map(session, "davno", closes=AGO)
    assert client.get("/maps.json", headers=ENGLISH).json == {
        "maps": [["otevrena", "Otevrena", "Map of otevrena", [15.5, 49.61, 15.54, 49.63]]]
    }


def test_towns_stand_in_the_order_of_the_czech_alphabet(client: FlaskClient, session: Session) -> None:
    names = ["Aš", "Cheb", "Hodonín", "Říčany", "Čáslav", "Písek", "Prachatice", "Rakovník", "Cvikov"]
    for n, name in enumerate(names):
        a_map(session, f"m{n}", town={"name": name, "slug": f"t{n}", "ruian": 500_000 + n})
    towns = re.findall(r'class="town">([^ ]+) ', page_of(client))
    assert towns == ["Aš", "Cvikov", "Čáslav", "Hodonín", "Cheb", "Písek", "Prachatice", "Rakovník", "Říčany"]
