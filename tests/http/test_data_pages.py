"""The pages of data for people, and the office's pages where a town publishes them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.models import AuditEntry, PinState, Town, TownMap
from app.queries.layers import LAYERS
from app.queries.maps import read_map
from tests.builders import a_draft, a_map, a_pin, an_official, in_the_catalogue
from tests.doors import csrf_of, sign_in

TOWN = "/office/towns/testov/open-data"
MAP = "/office/maps/testov/open-data"
RECORD = "/data/testov/dataset.jsonld"
FORMS = ("geojson", "csv", "gpkg", "fgb", "shp.zip", "parquet")
SAID = {
    "description_cs": "Kde se lidé cítí dobře.",
    "keywords_cs": "bezpečí, ulice ,  ulice,veřejný prostor",
    "themes": ["TRAN", "SOCI"],
    "periodicity": "MONTHLY",
    "work": "none",
    "database": "cc-by",
    "maker": "cc0",
}


@pytest.fixture
def editor(client: FlaskClient, session: Session) -> FlaskClient:
    """An editor of a town with a map that has a pin."""
    a_pin(session, a_map(session))
    return sign_in(client, an_official(session))


def say(client: FlaskClient, deed: str = "publish", **said: Any) -> TestResponse:
    form = {"csrf_token": csrf_of(client, MAP), "deed": deed, "person_free": "yes", **SAID, **said}
    return client.post(MAP, data={name: value for name, value in form.items() if value is not None})


def give_ico(client: FlaskClient, ico: str = "00845451") -> TestResponse:
    return client.post(TOWN, data={"csrf_token": csrf_of(client, TOWN), "ico": ico})


def deeds(session: Session) -> list[str]:
    actions = session.query(AuditEntry.action).order_by(AuditEntry.id)
    return [action for (action,) in actions if action.startswith(("open_data.", "town.ico"))]


def test_page_of_a_map_leads_to_every_layer_in_every_form(client: FlaskClient, session: Session) -> None:
    a_pin(session, a_map(session))
    page = client.get("/data/testov/", headers={"Accept-Language": "en"}).text
    for layer, kind in LAYERS.items():
        for form in FORMS:
            assert (f'href="/data/testov/{layer}.{form}"' in page) is not kind.office_only
    assert 'href="/data/testov/everything.gpkg"' in page
    assert 'href="/data/testov/columns"' in page
    assert 'value="http://localhost/api/"' in page
    assert "±1 m (7-parameter key EPSG:5239)" in page
    assert "fewer than 5 people" in page


def test_every_file_that_the_page_offers_is_there(client: FlaskClient, session: Session) -> None:
    the_map = a_map(session)
    a_pin(session, the_map)
    page = client.get("/data/testov/").text
    offered = re.findall(r'href="([^"]+)" download', page)
    assert len(offered) > 7 * len(FORMS)
    for address in offered:
        answer = client.get(address.replace("&amp;", "&"), buffered=True)
        assert (address, answer.status_code) == (address, 200)


def test_files_come_in_the_system_that_was_chosen(client: FlaskClient, session: Session) -> None:
    a_map(session)
    page = client.get("/data/testov/?crs=EPSG:5514").text
    assert 'href="/data/testov/pins.gpkg?crs=EPSG:5514"' in page
    assert re.search(r'crs=EPSG:5514#h-files" aria-current="true"', page)
    assert "EPSG:32633" in client.get("/data/testov/?crs=EPSG:32633").text
    assert client.get("/data/testov/?crs=EPSG:nonsense").status_code == 400


def test_map_that_keeps_its_pins_offers_only_heat(client: FlaskClient, session: Session) -> None:
    a_pin(session, a_map(session, publish={"pins": False}))
    page = client.get("/data/testov/").text
    assert "pins.geojson" not in page
    assert "/api/" not in page
    assert "heat-cells.gpkg" in page


def test_map_that_gives_nothing_has_no_page(client: FlaskClient, session: Session) -> None:
    a_map(session, publish={"pins": False, "heat": False})
    a_draft(session)
    assert client.get("/data/testov/").status_code == 404
    assert client.get("/data/koncept/").status_code == 404
    assert client.get("/data/nikde/").status_code == 404
    page = client.get("/data/").text
    assert "/data/testov/" not in page
    assert "/data/koncept/" not in page


def test_page_counts_what_everybody_sees(client: FlaskClient, session: Session) -> None:
    the_map = a_map(session)
    for state in (PinState.VISIBLE, PinState.VISIBLE, PinState.HIDDEN, PinState.PENDING):
        a_pin(session, the_map, state=state)
    assert "<dd>2</dd>" in client.get("/data/testov/").text


def test_list_tells_which_maps_are_in_the_catalogue(client: FlaskClient, session: Session) -> None:
    english = {"Accept-Language": "en"}
    a_map(session)
    nothing = client.get("/data/", headers=english).text
    assert "No town has published a map" in nothing
    assert "catalog.jsonld" not in nothing
    in_the_catalogue(session, a_map(session, "jinde"))
    page = client.get("/data/", headers=english).text
    assert 'href="/data/testov/"' in page
    assert 'href="/data/jinde/"' in page
    assert page.count(">open data</span>") == 1
    assert '<link rel="alternate" type="application/ld+json"' in page


def test_page_of_a_published_map_tells_terms_and_is_readable_for_search_engines(
    client: FlaskClient, session: Session
) -> None:
    the_map = a_map(session, title={"cs": "Mapa </script><b>"})
    assert "application/ld+json" not in client.get("/data/testov/").text
    in_the_catalogue(session, the_map, contact_email="data@testov.example")
    page = client.get("/data/testov/").text
    assert 'href="http://localhost/data/testov/dataset.jsonld"' in page
    assert "https://creativecommons.org/publicdomain/zero/1.0/" in page
    assert "mailto:data@testov.example" in page
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)
    assert block
    told = json.loads(block[1])
    assert told["@type"] == "Dataset"
    assert told["name"] == "Mapa </script><b>"
    assert "<b>" not in page.replace("&lt;b&gt;", "")


def test_results_and_front_page_lead_to_the_data(client: FlaskClient, session: Session) -> None:
    a_pin(session, a_map(session))
    assert 'href="/data/testov/"' in client.get("/m/testov/results").text
    assert 'href="/data/"' in client.get("/").text


def test_editor_publishes_a_map_and_takes_it_back(editor: FlaskClient, session: Session) -> None:
    version = session.query(TownMap.version).scalar()
    assert give_ico(editor).status_code == 303
    assert say(editor).status_code == 303
    record = editor.get(RECORD).json
    assert record["popis"] == {"cs": "Kde se lidé cítí dobře."}
    assert record["klíčové_slovo"] == {"cs": ["bezpečí", "ulice", "veřejný prostor"]}
    assert [theme.rpartition("/")[2] for theme in record["téma"]] == ["SOCI", "TRAN"]
    assert record["distribuce"][0]["podmínky_užití"]["autor_databáze"] == {"cs": "Testov"}
    session.expire_all()
    assert session.query(TownMap.version).scalar() == version + 1
    assert say(editor, "withdraw").status_code == 303
    assert editor.get(RECORD).status_code == 404
    assert "Kde se lidé cítí dobře." in editor.get(MAP).text, "what was written stays"
    assert deeds(session) == ["town.ico", "open_data.publish", "open_data.withdraw"]


def test_what_is_saved_is_not_published(editor: FlaskClient, session: Session) -> None:
    give_ico(editor)
    assert say(editor, "save", person_free=None).status_code == 303
    assert editor.get(RECORD).status_code == 404
    assert "Kde se lidé cítí dobře." in editor.get(MAP).text
    assert deeds(session) == ["town.ico", "open_data.change"]


def test_change_of_a_published_map_shows_at_once_and_keeps_its_first_day(
    editor: FlaskClient, session: Session
) -> None:
    give_ico(editor)
    say(editor)
    first = session.query(TownMap.open_data).scalar()["published_at"]
    assert say(editor, "save", description_en="Where people feel well.").status_code == 303
    assert editor.get(RECORD).json["popis"]["en"] == "Where people feel well."
    session.expire_all()
    assert session.query(TownMap.open_data).scalar()["published_at"] == first
    assert say(editor, "save", person_free=None).status_code == 422
    assert deeds(session) == ["town.ico", "open_data.publish", "open_data.change"]


def test_nothing_is_published_that_nobody_confirmed(editor: FlaskClient, session: Session) -> None:
    give_ico(editor)
    refused = say(editor, person_free=None)
    assert refused.status_code == 422
    assert 'id="person_free-error"' in refused.text
    assert "Kde se lidé cítí dobře." in refused.text, "what was typed stays"
    assert editor.get(RECORD).status_code == 404
    assert deeds(session) == ["town.ico"]


def test_town_without_its_number_publishes_nothing(editor: FlaskClient) -> None:
    assert say(editor).status_code == 422
    assert editor.get(RECORD).status_code == 404


def test_map_that_gives_nothing_is_not_published(client: FlaskClient, session: Session) -> None:
    a_map(session, publish={"pins": False, "heat": False})
    sign_in(client, an_official(session))
    give_ico(client)
    assert say(client).status_code == 422


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("description_cs", " "),
        ("description_cs", "x" * 2001),
        ("description_cs", "a\x00b"),
        ("keywords_cs", " , "),
        ("keywords_cs", ",".join(f"slovo{n}" for n in range(13))),
        ("themes", None),
        ("themes", ["NONSENSE"]),
        ("periodicity", "HOURLY"),
        ("work", "mine"),
        ("maker", None),
        ("contact_email", "nobody"),
        ("contact_email", 'a@b.cz"><script>'),
    ],
)
def test_what_is_not_right_is_told_beside_its_field(editor: FlaskClient, name: str, value: Any) -> None:
    give_ico(editor)
    refused = say(editor, **{name: value})
    assert refused.status_code == 422
    assert f'id="{name}-error"' in refused.text
    assert "<script>" not in refused.text
    assert editor.get(RECORD).status_code == 404


def test_preview_keeps_nothing(editor: FlaskClient, session: Session) -> None:
    give_ico(editor)
    shown = say(editor, "preview", description_cs="Jen tak na zkoušku.")
    assert shown.status_code == 200
    assert shown.text.count("Jen tak na zkoušku.") >= 2
    assert session.query(TownMap.open_data).scalar() is None


def test_form_is_filled_before_anybody_writes(editor: FlaskClient) -> None:
    page = editor.get(MAP).text
    assert "Mapa testov" in page
    assert re.search(r'value="SOCI" checked', page)
    assert re.search(r'value="cc0" checked', page)
    assert not re.search(r'name="person_free" value="yes" checked', page)


def test_checklist_tells_what_is_missing_and_warns_of_unread_pins(editor: FlaskClient, session: Session) -> None:
    english = {"Accept-Language": "en"}
    a_pin(session, read_map(session, "testov"), state=PinState.PENDING, comment="Čeká")
    page = editor.get(MAP, headers=english).text
    assert "IČO is missing" in page
    assert "1 pin waits to be looked at" in page
    assert "begins with http://" in page
    give_ico(editor)
    assert "IČO is missing" not in editor.get(MAP, headers=english).text
    assert say(editor).status_code == 303, "a warning does not forbid"


def test_wrong_number_is_refused_and_the_right_one_kept(editor: FlaskClient, session: Session) -> None:
    refused = give_ico(editor, "00845452")
    assert refused.status_code == 422
    assert 'value="00845452"' in refused.text
    assert give_ico(editor, "845 451").status_code == 303
    session.expire_all()
    assert session.query(Town.ico).filter(Town.slug == "testov").scalar() == "00845451"


def test_number_stays_while_the_catalogue_needs_it(editor: FlaskClient, session: Session) -> None:
    give_ico(editor)
    say(editor)
    assert give_ico(editor, "").status_code == 422
    say(editor, "withdraw")
    assert give_ico(editor, "").status_code == 303
    session.expire_all()
    assert session.query(Town.ico).filter(Town.slug == "testov").scalar() is None


def test_number_of_another_town_is_refused(editor: FlaskClient, session: Session) -> None:
    in_the_catalogue(session, a_map(session, "jinde"), ico="00270211")
    assert give_ico(editor, "00270211").status_code == 422


def test_page_of_the_town_gives_the_address_to_register(editor: FlaskClient) -> None:
    page = editor.get(TOWN).text
    assert 'value="http://localhost/data/catalog.jsonld?town=testov"' in page
    assert "https://data.gov.cz/formulář/registrace-lokálního-katalogu" in page
    assert f'href="{MAP}"' in page
