"""The citizen's page and its privacy notice as the server sends them."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.builders import a_basemap, a_map, an_event


def config_of(client: FlaskClient, address: str) -> dict[str, object]:
    """The data that the page hands to its scripts."""
    page = client.get(address).text
    found = re.search(r'<script type="application/json" id="config">(.*?)</script>', page, re.DOTALL)
    assert found
    config: dict[str, object] = json.loads(found[1])
    return config


def test_the_page_speaks_the_reader_s_language(client: FlaskClient, session: Session) -> None:
    a_map(session)
    words = {
        lang: [c["word"] for c in config_of(client, f"/m/testov?lang={lang}")["categories"]]  # type: ignore[attr-defined]
        for lang in ("cs", "en")
    }
    assert words["cs"][0] == "Bezpečně"
    assert words["en"][0] == "Safe"


def test_addresses_of_boundary_and_basemap_change_with_their_content(
    client: FlaskClient, session: Session
) -> None:
    a_map(session, basemap={"kind": "vector"}, basemap_geojson=a_basemap("Lipová"))
    before = config_of(client, "/m/testov")
    a_map(session, basemap={"kind": "vector"}, basemap_geojson=a_basemap("Příčná"))
    after = config_of(client, "/m/testov")
    assert before["boundaryUrl"] != after["boundaryUrl"]
    assert before["basemap"]["url"] != after["basemap"]["url"]  # type: ignore[index]
    assert client.get(after["basemap"]["url"]).status_code == 200  # type: ignore[index]


def test_raster_tiles_come_through_our_own_server(client: FlaskClient, session: Session) -> None:
    a_map(
        session,
        basemap={"kind": "xyz", "url": "https://tiles.example/{z}/{x}/{y}.png", "attribution": "© Kdosi"},
    )
    config = config_of(client, "/m/testov")
    assert str(config["basemap"]["url"]).startswith("/m/testov/base/{z}/{x}/{y}?v=")  # type: ignore[index]
    assert "tiles.example" not in client.get("/m/testov").text


def test_an_event_is_found_in_any_case_and_an_unknown_one_is_told(client: FlaskClient, session: Session) -> None:
    an_event(session, a_map(session), "FORUM1")
    assert config_of(client, "/m/testov?event=forum1")["event"]["code"] == "FORUM1"  # type: ignore[index]
    unknown = config_of(client, "/m/testov?event=NIC")
    assert (unknown["event"], unknown["eventUnknown"]) == (None, True)
    assert config_of(client, "/m/testov")["eventUnknown"] is False


def test_a_map_knows_whether_it_is_open(client: FlaskClient, session: Session) -> None:
    day = timedelta(days=1)
    now = datetime.now(UTC)
    a_map(session, "brzy", opens=(now + day).isoformat())
    a_map(session, "davno", closes=(now - day).isoformat())
    seen = {slug: config_of(client, f"/m/{slug}") for slug in ("brzy", "davno")}
    assert [(c["open"], c["isOver"]) for c in seen.values()] == [(False, False), (False, True)]
    home = client.get("/").text
    assert 'href="/m/brzy"' in home
    assert 'href="/m/davno/results"' in home


def test_texts_of_a_map_can_t_become_markup(client: FlaskClient, session: Session) -> None:
    a_map(session, title={"cs": "</script><b>x</b>"}, intro={"cs": "<img src=x>"})
    page = client.get("/m/testov?lang=cs").text
    assert "<b>x" not in page
    assert "<img src=x>" not in page


def test_texts_of_the_town_may_have_a_little_markdown(client: FlaskClient, session: Session) -> None:
    a_map(session, intro={"cs": "Jde o **park**, viz [web](https://mesto.example)"}, thanks={"cs": "- Díky"})
    page = client.get("/m/testov?lang=cs").text
    link = '<a href="https://mesto.example" rel="noopener nofollow">web</a>'
    assert page.count(f"<p>Jde o <strong>park</strong>, viz {link}</p>") == 2  # before scripts come, and for them
    assert "<li>Díky</li>" in page
    assert '<meta name="description" content="Jde o park, viz web">' in page
    assert config_of(client, "/m/testov?lang=cs")["intro"] == "Jde o park, viz web"


def test_the_privacy_notice_says_whom_to_ask_and_what_the_map_does(client: FlaskClient, session: Session) -> None:
    a_map(session, privacy_contact="poverenec@testov.example", moderation="pre")
    page = client.get("/m/testov/privacy?lang=en").text
    assert "mailto:poverenec@testov.example" in page
    assert "before others can see it" in page


def test_an_unknown_map_is_a_friendly_page(client: FlaskClient) -> None:
    for address in ("/m/nikde", "/m/nikde/privacy"):
        answer = client.get(address)
        assert answer.status_code == 404
        assert 'href="/"' in answer.text


def test_nothing_on_the_page_comes_from_elsewhere(client: FlaskClient, session: Session) -> None:
    a_map(session)
    page = client.get("/m/testov").text
    loaded = re.findall(
        r'<(?:script|link(?! rel="(?:canonical|alternate|expect))|img)[^>]+(?:src|href)="([^"]+)"', page
    )
    assert loaded
    assert all(address.startswith("/") for address in loaded)
    assert "onclick=" not in page
    assert 'style="' not in page
