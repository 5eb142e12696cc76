"""The front page: what is open, what comes, what came of it; with no map and with thirty."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy import event, update
from sqlalchemy.orm import Session

from app.models import TownMap
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


def test_thirty_maps_are_a_list_to_look_through_and_cost_one_look_each(
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
    assert 30 <= len([statement for statement in asked if statement.startswith("SELECT")]) <= 35


def test_towns_stand_in_the_order_of_the_czech_alphabet(client: FlaskClient, session: Session) -> None:
    names = ["Aš", "Cheb", "Hodonín", "Říčany", "Čáslav", "Písek", "Prachatice", "Rakovník", "Cvikov"]
    for n, name in enumerate(names):
        a_map(session, f"m{n}", town={"name": name, "slug": f"t{n}", "ruian": 500_000 + n})
    towns = re.findall(r'class="town">([^ ]+) ', page_of(client))
    assert towns == ["Aš", "Cvikov", "Čáslav", "Hodonín", "Cheb", "Písek", "Prachatice", "Rakovník", "Říčany"]
