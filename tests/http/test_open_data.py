"""The open-data catalogue and its records, against the rules of DCAT-AP-CZ 2024-05-28 (tests/dcat_ap_cz.py)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from app import create_app
from app.config import Config
from app.db import EXTENSION, Database
from app.inputs.open_data_form import Terms, is_ico, parse_ico
from app.models import PinState, Town, TownMap
from app.queries.maps import read_map
from tests.builders import a_draft, a_map, a_pin, in_the_catalogue, moment
from tests.dcat_ap_cz import CATALOGUE, CONTEXT, DATA_SET, faults

HOST = "https://mapy.testov.example"
CATALOGUE_PATH = "/data/catalog.jsonld"
RECORD_PATH = "/data/testov/dataset.jsonld"
OPERATOR = "00064581"


def read(client: FlaskClient, path: str) -> Any:
    answer = client.get(path, base_url=HOST)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/ld+json"
    return answer.json


@pytest.fixture
def published(session: Session) -> None:
    the_map = a_map(session, ruian=554821)
    a_pin(session, the_map, comment="Chybí lampa", created_at=moment("2026-03-05T10:00:00Z"))
    in_the_catalogue(session, the_map)


def test_nothing_is_in_the_catalogue_before_the_town_publishes(client: FlaskClient, session: Session) -> None:
    a_pin(session, a_map(session))
    catalogue, record = client.get(CATALOGUE_PATH), client.get(RECORD_PATH)
    assert (catalogue.status_code, record.status_code) == (404, 404)
    assert catalogue.mimetype == "application/problem+json"
    assert catalogue.json["errors"][0]["message"]
    assert "<h1>" in client.get(CATALOGUE_PATH, headers={"Accept": "text/html"}).text


@pytest.mark.usefixtures("published")
def test_catalogue_keeps_the_standard(client: FlaskClient) -> None:
    catalogue = read(client, CATALOGUE_PATH)
    assert faults(catalogue, CATALOGUE) == []
    assert catalogue["iri"] == HOST + CATALOGUE_PATH
    assert catalogue["poskytovatel"].endswith("/00845451")


@pytest.mark.usefixtures("published")
def test_every_data_set_answers_at_its_address_with_its_whole_record(client: FlaskClient) -> None:
    addresses = read(client, CATALOGUE_PATH)["datová_sada"]
    assert addresses == [HOST + RECORD_PATH]
    for address in addresses:
        record = read(client, address.removeprefix(HOST))
        assert faults(record, DATA_SET) == []
        assert record["iri"] == address


@pytest.mark.usefixtures("published")
def test_record_says_what_the_town_and_the_map_are(client: FlaskClient) -> None:
    record = read(client, RECORD_PATH)
    assert record["název"] == {"cs": "Mapa testov", "en": "Map of testov"}
    assert record["prvek_rúian"] == ["https://linked.cuzk.cz/resource/ruian/obec/554821"]
    assert record["časové_pokrytí"]["začátek"] == "2026-03-05"
    assert "konec" not in record["časové_pokrytí"]
    assert "Testov" in record["klíčové_slovo"]["cs"]


@pytest.mark.usefixtures("published")
def test_context_stands_in_the_bytes_as_the_standard_writes_it(client: FlaskClient) -> None:
    for path in (CATALOGUE_PATH, RECORD_PATH):
        body = client.get(path).get_data()
        assert f'"@context": "{CONTEXT}"'.encode() in body
        assert b"%C5" not in body


@pytest.mark.usefixtures("published")
def test_record_names_all_forms_of_the_pins_the_heat_and_the_service(client: FlaskClient) -> None:
    distributions = read(client, RECORD_PATH)["distribuce"]
    files = {d["soubor_ke_stažení"].removeprefix(HOST) for d in distributions if "soubor_ke_stažení" in d}
    forms = ("geojson", "csv", "gpkg", "fgb", "shp.zip", "parquet")
    assert {f"/data/testov/pins.{form}" for form in forms} <= files
    assert {"/data/testov/everything.gpkg", "/m/testov/heat.tif", "/data/testov/heat-contours.geojson"} <= files
    services = [d["přístupová_služba"] for d in distributions if "přístupová_služba" in d]
    assert [s["přístupový_bod"] for s in services] == [f"{HOST}/api/"]
    assert services[0]["specifikace"] == "http://www.opengis.net/spec/ogcapi-features-1/1.0"
    assert len({d["iri"] for d in distributions}) == len(distributions)


@pytest.mark.usefixtures("published")
def test_every_file_of_the_record_is_there_and_is_what_it_is_said_to_be(client: FlaskClient) -> None:
    for distribution in read(client, RECORD_PATH)["distribuce"]:
        address = distribution["přístupové_url"].removeprefix(HOST)
        answer = client.get(address, buffered=True)
        assert (address, answer.status_code) == (address, 200)
        said = distribution.get("typ_média", "").rpartition("media-types/")[2]
        if said and said not in ("application/octet-stream", "application/vnd.shp"):
            assert (address, answer.mimetype) == (address, said)
        if "schéma" in distribution:
            assert client.get(distribution["schéma"].removeprefix(HOST)).status_code == 200


def test_map_that_keeps_its_pins_gives_only_its_heat(client: FlaskClient, session: Session) -> None:
    in_the_catalogue(session, a_map(session, publish={"pins": False}))
    record = read(client, RECORD_PATH)
    assert faults(record, DATA_SET) == []
    told = str(record["distribuce"])
    assert "/pins." not in told
    assert "/api/" not in told
    assert "heat.tif" in told


def test_finished_map_has_an_end(client: FlaskClient, session: Session) -> None:
    the_map = a_map(session, opens="2026-01-10T00:00:00Z", closes="2026-02-20T23:00:00Z")
    in_the_catalogue(session, the_map, periodicity="NEVER", contact_email="data@testov.example")
    record = read(client, RECORD_PATH)
    assert faults(record, DATA_SET) == []
    assert record["časové_pokrytí"]["konec"] == "2026-02-21", "midnight by the town's clocks"
    assert record["kontaktní_bod"]["e-mail"] == "mailto:data@testov.example"


def test_terms_that_want_an_author_name_the_town(client: FlaskClient, session: Session) -> None:
    in_the_catalogue(session, a_map(session), terms=Terms("cc-by", "cc-by", "none"))
    record = read(client, RECORD_PATH)
    assert faults(record, DATA_SET) == []
    assert record["distribuce"][0]["podmínky_užití"]["autor"] == {"cs": "Testov"}


@pytest.mark.parametrize(
    "values", [{"draft": True}, {"publish_pins": False, "publish_heat": False}, {"open_data": None}]
)
@pytest.mark.usefixtures("published")
def test_map_that_may_not_be_there_any_more_leaves_the_catalogue(
    client: FlaskClient, session: Session, values: dict[str, Any]
) -> None:
    assert client.get(RECORD_PATH).status_code == 200
    session.execute(update(TownMap).values(version=TownMap.version + 1, **values))
    session.commit()
    assert client.get(RECORD_PATH).status_code == 404
    assert client.get(CATALOGUE_PATH).status_code == 404


@pytest.mark.usefixtures("published")
def test_town_without_its_number_is_not_in_the_catalogue(client: FlaskClient, session: Session) -> None:
    session.execute(update(Town).values(ico=None))
    session.commit()
    assert client.get(CATALOGUE_PATH).status_code == 404


def test_drafts_are_never_there(client: FlaskClient, session: Session) -> None:
    a_draft(session)
    assert client.get("/data/koncept/dataset.jsonld").status_code == 404


def test_each_town_has_a_catalogue_of_its_own(client: FlaskClient, session: Session) -> None:
    in_the_catalogue(session, a_map(session))
    in_the_catalogue(session, a_map(session, "jinde"), ico="00270211")
    own = read(client, f"{CATALOGUE_PATH}?town=jinde")
    assert faults(own, CATALOGUE) == []
    assert own["iri"] == f"{HOST}{CATALOGUE_PATH}?town=jinde"
    assert own["datová_sada"] == [f"{HOST}/data/jinde/dataset.jsonld"]
    assert own["poskytovatel"].endswith("/00270211")
    assert client.get(f"{CATALOGUE_PATH}?town=nikde").status_code == 404


def test_several_towns_have_one_catalogue_only_where_an_operator_answers_for_it(
    session: Session, client: FlaskClient, config: Config, bound: Database
) -> None:
    in_the_catalogue(session, a_map(session))
    in_the_catalogue(session, a_map(session, "jinde"), ico="00270211")
    refused = client.get(CATALOGUE_PATH)
    assert refused.status_code == 404
    assert "town=jinde" in refused.text
    assert "town=testov" in refused.text
    operated = an_app(replace(config, operator_ico=OPERATOR, operator_name="Kraj"), bound)
    whole = read(operated.test_client(), CATALOGUE_PATH)
    assert faults(whole, CATALOGUE) == []
    assert len(whole["datová_sada"]) == 2
    assert whole["poskytovatel"].endswith(f"/{OPERATOR}")
    assert "Kraj" in whole["název"]["cs"]


@pytest.mark.usefixtures("published")
def test_addresses_are_those_that_the_proxy_is_asked_by(config: Config, bound: Database) -> None:
    address = "https://data.testov.example/p"
    behind = an_app(replace(config, trusted_proxies=1, address=address), bound).test_client()
    forwarded = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "data.testov.example",
        "X-Forwarded-Prefix": "/p",
    }
    record = behind.get(RECORD_PATH, headers=forwarded).json
    assert record["iri"] == "https://data.testov.example/p/data/testov/dataset.jsonld"
    assert faults(record, DATA_SET) == []


@pytest.mark.usefixtures("published")
def test_record_tells_nothing_of_the_pins_that_nobody_sees(client: FlaskClient, session: Session) -> None:
    before = client.get(RECORD_PATH)
    a_pin(session, read_map(session, "testov"), state=PinState.HIDDEN, created_at=moment("2020-01-01T00:00:00Z"))
    assert client.get(RECORD_PATH).data == before.data


@pytest.mark.usefixtures("published")
def test_record_is_not_sent_twice(client: FlaskClient) -> None:
    mark = client.get(RECORD_PATH).headers["ETag"]
    assert client.get(RECORD_PATH, headers={"If-None-Match": mark}).status_code == 304


Harm = Callable[[dict[str, Any]], object]


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("name", [*DATA_SET["required"]])
def test_checker_misses_no_member_of_a_record_that_is_gone(client: FlaskClient, name: str) -> None:
    record = read(client, RECORD_PATH)
    del record[name]
    assert faults(record, DATA_SET)


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize("name", [*CATALOGUE["required"]])
def test_checker_misses_no_member_of_a_catalogue_that_is_gone(client: FlaskClient, name: str) -> None:
    catalogue = read(client, CATALOGUE_PATH)
    del catalogue[name]
    assert faults(catalogue, CATALOGUE)


@pytest.mark.usefixtures("published")
@pytest.mark.parametrize(
    "harm",
    [
        lambda r: r.update({"@context": CONTEXT.replace("í", "%C3%AD")}),
        lambda r: r.update(iri="/data/testov/dataset.jsonld"),
        lambda r: r.update(iri="http://mapy.testov.example/data/testov/dataset.jsonld"),
        lambda r: r["název"].pop("cs"),
        lambda r: r["klíčové_slovo"].update(cs=[]),
        lambda r: r.update(poskytovatel="Testov"),
        lambda r: r.update(téma=["SOCI"]),
        lambda r: r.update(licence="CC0"),
        lambda r: r["časové_pokrytí"].pop("iri"),
        lambda r: r["distribuce"][0].pop("iri"),
        lambda r: r["distribuce"][0].pop("formát"),
        lambda r: r["distribuce"][0].update(typ_média="text/csv"),
        lambda r: r["distribuce"][0]["podmínky_užití"].pop("autorské_dílo"),
        lambda r: r["distribuce"][0]["podmínky_užití"].update(
            osobní_údaje="https://data.gov.cz/podmínky-užití/obsahuje-osobní-údaje/"
        ),
        lambda r: r["distribuce"][0]["podmínky_užití"].update(
            autorské_dílo="https://creativecommons.org/licenses/by/4.0/"
        ),
        lambda r: r["distribuce"][-1]["přístupová_služba"].pop("přístupový_bod"),
        lambda r: r["distribuce"][-1].pop("přístupová_služba"),
    ],
)
def test_checker_finds_what_breaks_the_standard(client: FlaskClient, harm: Harm) -> None:
    record = read(client, RECORD_PATH)
    broken = copy.deepcopy(record)
    harm(broken)
    assert broken != record
    assert faults(broken, DATA_SET)


@pytest.mark.parametrize("number", ["00845451", "00064581", "00270211", "00007064", "66003008", "70889546"])
def test_number_of_an_office_is_known_by_its_check_digit(number: str) -> None:
    assert is_ico(number)
    assert parse_ico(f" {number[:3]} {number[3:]} ") == number
    assert parse_ico(number.lstrip("0")) == number
    wrong = number[:7] + str((int(number[7]) + 1) % 10)
    assert not is_ico(wrong)


@pytest.mark.parametrize("number", ["", "1234567", "123456789", "1234567a", "٠٠٨٤٥٤٥١"])
def test_what_is_no_number_is_none(number: str) -> None:
    assert not is_ico(number)


def an_app(config: Config, bound: Database) -> Flask:
    """The app with other settings, on the test's transaction."""
    made = create_app(config)
    made.testing = True
    made.extensions[EXTENSION] = bound
    return made
