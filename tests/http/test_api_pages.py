"""The API's documents as pages: for whom they are, what stands on them, and all of it without scripts."""

from __future__ import annotations

import html
import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.queries.maps import MapRecord
from tests.builders import CENTRE, a_map, a_pin, a_token, an_official, bearer

MAP = "/api/collections/testov"
ITEMS = f"{MAP}/items"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
DOCUMENTS = ["/api/", "/api/conformance", "/api/collections", MAP, f"{MAP}/queryables", f"{MAP}/schema", ITEMS]
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def town(session: Session) -> MapRecord:
    return a_map(session)


def page(client: FlaskClient, path: str, **headers: str) -> str:
    answer = client.get(path, headers={"Accept": BROWSER, "Accept-Language": "en", **headers})
    assert (answer.status_code, answer.mimetype) == (200, "text/html"), path
    return answer.text


def words(text: str) -> str:
    """What a reader reads."""
    body = text[text.index("<main") : text.index("</main>")]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


@pytest.mark.parametrize("path", DOCUMENTS)
def test_browsers_get_a_page_and_programs_a_document(client: FlaskClient, town: MapRecord, path: str) -> None:
    assert page(client, path)
    for accepted in ("*/*", "application/json", "application/geo+json, application/json;q=0.5", "", BROWSER):
        answer = client.get(path, headers={"Accept": accepted})
        assert (answer.mimetype == "text/html") == (accepted == BROWSER), (path, accepted)
        assert {"Accept", "Accept-Language"} <= {name.strip() for name in answer.headers["Vary"].split(",")}


@pytest.mark.parametrize("path", DOCUMENTS)
def test_the_address_wins_over_what_is_accepted(client: FlaskClient, town: MapRecord, path: str) -> None:
    assert client.get(f"{path}?f=html", headers={"Accept": "application/json"}).mimetype == "text/html"
    assert client.get(f"{path}?f=json", headers={"Accept": BROWSER}).mimetype != "text/html"


@pytest.mark.parametrize("path", [*DOCUMENTS, "/api/docs"])
def test_a_page_speaks_the_language_of_its_address(client: FlaskClient, town: MapRecord, path: str) -> None:
    for code in ("cs", "en"):
        assert f'<html lang="{code}">' in client.get(f"{path}?lang={code}", headers={"Accept": BROWSER}).text


@pytest.mark.parametrize("path", [*DOCUMENTS, "/api/docs"])
def test_a_page_shows_words_and_no_raw_json(
    client: FlaskClient, session: Session, town: MapRecord, path: str
) -> None:
    a_pin(session, town)
    if path == "/api/docs":
        return  # its examples are JSON
    said = words(page(client, path))
    assert '"type"' not in said
    assert "{" not in said


@pytest.mark.parametrize("path", [*DOCUMENTS, "/api/docs"])
def test_a_page_loads_nothing_from_elsewhere(client: FlaskClient, town: MapRecord, path: str) -> None:
    shown = page(client, path)
    loaded = re.findall(r'<(?:script|link|img|iframe)[^>]*(?:src|href)="([^"]+)"', shown)
    assert loaded
    assert all(address.startswith("/") for address in loaded)


def test_the_page_of_pins_is_all_there_without_scripts(
    client: FlaskClient, session: Session, town: MapRecord
) -> None:
    pins = [a_pin(session, town, "unsafe", comment=f"Tma {n}", status="planned") for n in range(3)]
    shown = page(client, f"{ITEMS}?limit=2")
    said = words(shown)
    assert "3 pins, 2 on this page" in said
    assert said.count("Tma ") == 2
    assert "Unsafe" in said
    assert "15.52, 49.62" in said
    following = re.search(r'rel="next" href="([^"]+)"', shown)
    assert following
    rest = page(client, html.unescape(following[1]))
    assert words(rest).count("Tma ") == 1
    assert {str(pin.id) for pin in pins} == set(re.findall(r'id="pin-([0-9a-f-]{36})"', shown + rest))


def test_one_pin_is_read_out_whole(client: FlaskClient, session: Session, town: MapRecord) -> None:
    pin = a_pin(session, town, "unsafe", comment="Tma", answer="Rozsvítíme.", status="planned")
    said = words(page(client, f"{ITEMS}/{pin.id}"))
    for shown in (str(pin.id), "Tma", "Rozsvítíme.", "15.52, 49.62"):
        assert shown in said


def test_what_people_wrote_is_text_on_every_page(client: FlaskClient, session: Session) -> None:
    town = a_map(session, intro={"cs": EVIL}, title={"cs": EVIL})
    pin = a_pin(session, town, comment=EVIL, answer=EVIL)
    for path in (*DOCUMENTS, f"{ITEMS}/{pin.id}", "/api/docs", f"{ITEMS}?datetime=../{EVIL}&category={EVIL}"):
        assert EVIL not in client.get(path, headers={"Accept": BROWSER}).text, path


def test_in_another_system_the_map_still_shows_the_pins_where_they_are(
    client: FlaskClient, session: Session, town: MapRecord
) -> None:
    import json

    a_pin(session, town)
    for code in (5514, 4326, 3857):
        shown = page(client, f"{ITEMS}?crs=http://www.opengis.net/def/crs/EPSG/0/{code}")
        config = json.loads(re.search(r'id="config">(.*?)</script>', shown)[1])  # type: ignore[index]
        assert config["pins"]["lon"] == pytest.approx([CENTRE[0]], abs=1e-5), code
        assert config["pins"]["lat"] == pytest.approx([CENTRE[1]], abs=1e-5), code


def test_fields_that_stayed_empty_in_the_form_ask_for_nothing(
    client: FlaskClient, session: Session, town: MapRecord
) -> None:
    a_pin(session, town, "unsafe", comment="Tma")
    sent = f"{ITEMS}?f=html&category=&datetime=&bbox=&limit=100&filter=category+%3D+%27unsafe%27"
    answer = client.get(sent, headers={"Accept": BROWSER})
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith("/items?f=html&limit=100&filter=category+%3D+%27unsafe%27")
    shown = client.get(answer.headers["Location"], headers={"Accept": BROWSER}).text
    assert "Tma" in shown
    assert "category = &#39;unsafe&#39;" in shown  # the filter stands in its field again


def test_an_address_that_no_header_holds_is_not_there(client: FlaskClient) -> None:
    answer = client.get("/api/collections/a%0D%0Ab/items?f=html&bbox=", follow_redirects=True)
    assert answer.status_code == 404


def test_the_filters_that_the_form_proposes_all_work(
    client: FlaskClient, session: Session, town: MapRecord
) -> None:
    a_pin(session, town, comment="Chybí lampa")
    shown = page(client, ITEMS)
    proposed = re.findall(r'<li><a href="([^"]+filter=[^"]+)"', shown)
    assert len(proposed) >= 5
    for address in proposed:
        assert page(client, html.unescape(address))


def test_a_choice_without_pins_says_what_to_do(client: FlaskClient, session: Session, town: MapRecord) -> None:
    a_pin(session, town, "safe")
    assert "No pin answers to this choice" in words(page(client, f"{ITEMS}?category=unsafe"))


def test_a_wrong_filter_is_a_page_that_says_what_is_wrong(client: FlaskClient, town: MapRecord) -> None:
    answer = client.get(f"{ITEMS}?filter=colour+%3D+1&lang=en", headers={"Accept": BROWSER})
    assert (answer.status_code, answer.mimetype) == (400, "text/html")
    assert "colour" in answer.text


def test_hidden_pins_and_inner_columns_are_on_nobodys_page_but_the_offices(
    client: FlaskClient, session: Session, town: MapRecord
) -> None:
    a_pin(session, town, comment="Vidět")
    a_pin(session, town, comment="Skryto", state="hidden")
    token = bearer(a_token(session, an_official(session)))
    public, office = page(client, ITEMS), page(client, ITEMS, **token)
    assert "Skryto" not in public
    assert "respondent" not in words(public)
    assert "Skryto" in office
    assert "respondent" in words(office)


def test_a_map_that_keeps_its_pins_says_so_on_its_page(client: FlaskClient, session: Session) -> None:
    a_map(session, "tichov", publish={"pins": False})
    said = words(page(client, "/api/collections/tichov"))
    assert "does not publish its single pins" in said
    assert "Look at the pins" not in said
    refused = client.get("/api/collections/tichov/items?lang=en", headers={"Accept": BROWSER})
    assert (refused.status_code, refused.mimetype) == (403, "text/html")


def test_the_documentation_tells_every_operation_once(client: FlaskClient, town: MapRecord) -> None:
    from app.views.api.operations import OPERATIONS

    told = re.findall(r'<article class="api-operation" id="(\w+)"', page(client, "/api/docs"))
    assert sorted(told) == sorted(OPERATIONS)
