"""The API's own description: what it promises is there, and what is there it describes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from app import create_app
from app.config import Config
from app.db import EXTENSION, Database
from app.inputs.filters import Scope
from app.inputs.item_parameters import ITEM_PARAMETERS
from app.queries.columns import pin_columns
from app.queries.maps import MapRecord
from app.views.api.definitions import PARAMETERS, PIN_PROPERTIES, PROBLEM_WORDS, TOO_LONG
from app.views.api.operations import OPERATIONS
from tests.builders import (
    CENTRE,
    TOKEN,
    a_draft,
    a_feature,
    a_map,
    a_pin,
    a_token,
    an_event,
    an_official,
    bearer,
    in_the_catalogue,
)

OPENAPI = "/api/openapi.json"
MAP = "/api/collections/testov"
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
QUESTIONS = [
    {
        "key": "when",
        "label": {"cs": "Kdy?", "en": "When?"},
        "type": "single",
        "options": [
            {"key": "day", "label": {"cs": "Ve dne", "en": "By day"}},
            {"key": "night", "label": {"cs": "V noci"}},
        ],
    },
    {"key": "why", "label": {"cs": "Proč?"}, "type": "text"},
    {"key": "secret", "label": {"cs": "Tajné?"}, "type": "text", "published": False},
]


@pytest.fixture
def town(session: Session) -> MapRecord:
    return a_map(session, questions=QUESTIONS)


def variables(path: str) -> str:
    """A path with its variables unnamed."""
    return re.sub(r"\{[^}]*\}|<[^>]*>", "{}", path)


def our_routes(app: Flask) -> set[tuple[str, str]]:
    rules: list[Rule] = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api")]
    return {
        (variables(rule.rule.removeprefix("/api")), method.lower())
        for rule in rules
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_the_definition_has_every_path_and_method_and_no_other(
    app: Flask, client: FlaskClient, town: MapRecord
) -> None:
    paths = client.get(OPENAPI).json["paths"]
    one_map = "/collections/testov/items"
    assert one_map in paths
    described = {(variables(p), method) for p, methods in paths.items() if p != one_map for method in methods}
    assert described == our_routes(app)
    views = {
        rule.endpoint.removeprefix("api.") for rule in app.url_map.iter_rules() if rule.rule.startswith("/api")
    }
    assert OPERATIONS.keys() == views


def test_the_definition_is_valid_openapi_in_the_type_that_qgis_looks_for(
    client: FlaskClient, town: MapRecord
) -> None:
    answer = client.get(OPENAPI, headers={"Accept": "application/json"})
    assert answer.headers["Content-Type"] == "application/vnd.oai.openapi+json;version=3.0"
    assert answer.json["openapi"] == "3.0.3"
    validate(answer.json)
    assert answer.json["components"]["parameters"]["limit"]["schema"] == {
        "type": "integer",
        "minimum": 1,
        "maximum": 10000,
        "default": 100,
    }


def test_every_operation_tells_its_answers_refusals_and_words(client: FlaskClient, town: MapRecord) -> None:
    document = client.get(OPENAPI).json
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            assert operation["summary"], where
            assert any(status.startswith("2") for status in operation["responses"]), where
            assert {"414", "503"} <= operation["responses"].keys(), where
            if method in ("put", "patch", "post") and "requestBody" in operation:
                assert {"400", "401", "413", "415", "422"} <= operation["responses"].keys(), where
                assert all("example" in content for content in operation["requestBody"]["content"].values()), where
    for status in PROBLEM_WORDS:
        kinds = document["components"]["responses"][f"problem{status}"]["content"]
        # Of an address that is too long the server tells by itself, before it asks us.
        assert ("application/problem+json" in kinds) == (status != TOO_LONG)


def test_the_definition_knows_the_parameters_that_items_take(client: FlaskClient, town: MapRecord) -> None:
    said = client.get(OPENAPI).json["paths"]["/collections/{collectionId}/items"]["get"]["parameters"]
    names = {one["$ref"].rpartition("/")[2] for one in said} - {"collectionId"}
    assert names == {*ITEM_PARAMETERS, "category"}
    assert names <= PARAMETERS.keys()


def test_the_general_pin_is_what_a_map_without_questions_gives(session: Session) -> None:
    columns = pin_columns(a_map(session), Scope.PUBLIC)
    assert PIN_PROPERTIES["required"] == [column.name for column in columns]


def test_gis_clients_find_under_a_maps_own_path_what_its_codes_are(client: FlaskClient, town: MapRecord) -> None:
    parameters = client.get(OPENAPI).json["paths"]["/collections/testov/items"]["get"]["parameters"]
    own = {one["name"]: one["schema"].get("enum") for one in parameters if "name" in one}
    assert own["category"] == ["safe", "unsafe", "improve"]
    assert own["when"] == ["day", "night"]
    assert "secret" not in own


def test_the_definition_speaks_the_readers_language(client: FlaskClient, town: MapRecord) -> None:
    english, czech = (client.get(f"{OPENAPI}?lang={code}") for code in ("en", "cs"))
    assert english.json["paths"]["/"]["get"]["summary"].startswith("What the API is")
    assert english.headers["ETag"] != czech.headers["ETag"] or english.json == czech.json
    assert "Accept-Language" in english.headers["Vary"]


def test_the_landing_page_leads_everywhere(client: FlaskClient) -> None:
    links = client.get("/api/").json["links"]
    by_rel = {link["rel"]: link for link in links}
    assert by_rel["service-desc"]["type"] == "application/vnd.oai.openapi+json;version=3.0"
    assert {"self", "alternate", "service-doc", "conformance", "data"} <= by_rel.keys()
    assert "http://www.opengis.net/def/rel/ogc/1.0/data" in by_rel
    for link in links:
        assert client.get(link["href"]).status_code == 200, link


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/conformance/", "/api/collections/", f"{MAP}/", f"{MAP}/queryables/"]
)
def test_a_slash_at_the_end_changes_nothing(client: FlaskClient, town: MapRecord, path: str) -> None:
    assert client.get(path).status_code == 200


def test_links_look_as_the_proxy_in_front_made_the_address_look(config: Config, bound: Database) -> None:
    import dataclasses

    behind = create_app(dataclasses.replace(config, trusted_proxies=1))
    behind.extensions[EXTENSION] = bound
    forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "mapy.testov.example"}
    links = behind.test_client().get("/api/", headers=forwarded).json["links"]
    assert all(link["href"].startswith("https://mapy.testov.example/api/") for link in links)


def test_the_standards_that_clients_look_for_are_named(client: FlaskClient) -> None:
    classes = client.get("/api/conformance").json["conformsTo"]
    features = "http://www.opengis.net/spec/ogcapi-features"
    for name in ("core", "geojson", "html", "oas30"):
        assert f"{features}-1/1.0/conf/{name}" in classes
    assert f"{features}-2/1.0/conf/crs" in classes
    assert f"{features}-3/1.0/conf/features-filter" in classes
    assert "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text" in classes
    assert len(set(classes)) == len(classes)


def test_a_collection_says_where_when_and_in_which_systems(
    client: FlaskClient, session: Session, town: MapRecord
) -> None:
    a_pin(session, town)
    found = client.get(MAP, headers={"Accept-Language": "en"}).json
    assert (found["id"], found["title"], found["itemType"]) == ("testov", "Map of testov", "feature")
    assert found["crs"][0] == found["storageCrs"] == "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
    assert "http://www.opengis.net/def/crs/EPSG/0/5514" in found["crs"]
    assert found["extent"]["spatial"]["bbox"] == [[15.5, 49.61, 15.54, 49.63]]
    first, last = found["extent"]["temporal"]["interval"][0]
    assert first.endswith("Z")
    assert last is None  # open: pins still come
    rels = [(link["rel"], link["type"]) for link in found["links"]]
    assert ("items", "application/geo+json") in rels
    assert ("items", "text/html") in rels
    assert ("enclosure", "application/geopackage+sqlite3") in rels


def test_every_link_of_a_collection_leads_somewhere(
    client: FlaskClient, session: Session, town: MapRecord
) -> None:
    a_pin(session, town)
    for link in client.get(MAP).json["links"]:
        with client.get(link["href"]) as answer:
            assert answer.status_code == 200, link
            assert answer.content_type.partition(";")[0] == link["type"].partition(";")[0], link


def test_a_map_in_the_catalogue_names_its_terms_and_record(client: FlaskClient, session: Session) -> None:
    in_the_catalogue(session, a_map(session))
    by_rel = {link["rel"]: link for link in client.get(MAP).json["links"]}
    assert by_rel["license"]["href"].startswith("https://creativecommons.org/")
    record = client.get(by_rel["describedby"]["href"])
    assert (record.status_code, record.mimetype) == (200, "application/ld+json")


def test_only_maps_that_publish_their_pins_are_listed(
    client: FlaskClient, session: Session, town: MapRecord
) -> None:
    a_map(session, "tichov", publish={"pins": False})
    a_draft(session)
    assert [one["id"] for one in client.get("/api/collections").json["collections"]] == ["testov"]
    assert client.get("/api/collections/koncept").status_code == 404


def test_a_map_that_keeps_its_pins_says_so_in_words(client: FlaskClient, session: Session) -> None:
    a_map(session, "tichov", publish={"pins": False})
    found = client.get("/api/collections/tichov?lang=en").json
    assert "does not publish its single pins" in found["description"]
    assert not any(link["rel"] in ("items", "enclosure") for link in found["links"])
    refused = client.get("/api/collections/tichov/items?lang=en")
    assert (refused.status_code, refused.mimetype) == (403, "application/problem+json")
    assert "does not publish its pins" in refused.json["detail"]


def test_a_token_opens_its_towns_maps_and_their_inner_columns(client: FlaskClient, session: Session) -> None:
    a_map(session, "tichov", publish={"pins": False})
    a_map(session, "jinde", publish={"pins": False})
    token = bearer(a_token(session, an_official(session, town="tichov")))
    assert [one["id"] for one in client.get("/api/collections", headers=token).json["collections"]] == ["tichov"]
    answer = client.get("/api/collections/tichov", headers=token)
    assert any(link["rel"] == "items" for link in answer.json["links"])
    assert "private" in answer.headers["Cache-Control"]
    public, office = (client.get("/api/collections/tichov/queryables", headers=h).json for h in ({}, token))
    assert {
        "state",
        "hidden_reason",
        "respondent",
        "zoom",
    } <= office["properties"].keys() - public["properties"].keys()


def test_queryables_are_the_public_columns_with_their_codes(client: FlaskClient, town: MapRecord) -> None:
    answer = client.get(f"{MAP}/queryables", headers={"Accept-Language": "en"})
    assert answer.mimetype == "application/schema+json"
    properties = answer.json["properties"]
    assert list(properties) == ["geometry", *(column.name for column in pin_columns(town, Scope.PUBLIC))]
    assert properties["geometry"]["format"] == "geometry-point"
    assert properties["category"]["enum"] == ["safe", "unsafe", "improve"]
    assert {"const": "day", "title": "By day"} in properties["when"]["oneOf"]
    assert properties["created_at"]["format"] == "date-time"
    assert "secret" not in properties


def test_what_the_schema_says_of_a_pin_is_true_of_a_pin(
    client: FlaskClient, session: Session, town: MapRecord
) -> None:
    from jsonschema import Draft202012Validator

    schema = client.get(f"{MAP}/schema").json
    Draft202012Validator.check_schema(schema)
    a_pin(session, town, "unsafe", answers={"when": "night"})
    pin = client.get(f"{MAP}/items").json["features"][0]
    Draft202012Validator(schema).validate({"id": pin["id"], "geometry": pin["geometry"], **pin["properties"]})
    assert schema["properties"]["supports"]["readOnly"]
    assert "readOnly" not in schema["properties"]["when"]


def test_an_unchanged_description_is_not_sent_again(client: FlaskClient, town: MapRecord) -> None:
    first = client.get(MAP)
    assert client.get(MAP, headers={"If-None-Match": first.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize("path", ["/api/nothing", "/api/collections/nowhere", "/api/collections/nowhere/items"])
def test_what_is_not_there_is_a_problem_document(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert {"Accept", "Accept-Language"} <= {name.strip() for name in answer.headers["Vary"].split(",")}
    assert client.get(path, headers={"Accept": "text/html"}).mimetype == "text/html"


def test_a_wrong_method_names_the_right_ones(client: FlaskClient, town: MapRecord) -> None:
    answer = client.delete(f"{MAP}/items", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")
    assert {"GET", "POST"} <= set(answer.headers["Allow"].replace(" ", "").split(","))


def test_what_nobody_can_answer_in_is_not_acceptable(client: FlaskClient, town: MapRecord) -> None:
    for path in ("/api/", MAP, f"{MAP}/items"):
        answer = client.get(path, headers={"Accept": "image/png"})
        assert (answer.status_code, answer.mimetype) == (406, "application/problem+json")


@pytest.mark.parametrize("query", ["f=xml", "unknown=1", "f=json&f=html"])
def test_an_unknown_parameter_or_form_is_malformed(client: FlaskClient, town: MapRecord, query: str) -> None:
    for path in ("/api/", "/api/conformance", "/api/collections", MAP, f"{MAP}/queryables", f"{MAP}/items"):
        assert client.get(f"{path}?{query}").status_code == 400, path


def test_head_and_options_answer_sanely(client: FlaskClient, town: MapRecord) -> None:
    for path in ("/api/", "/api/collections", MAP, f"{MAP}/items"):
        head, options = client.head(path), client.options(path)
        assert (head.status_code, head.data, options.status_code) == (200, b"", 200)
        assert "GET" in options.headers["Allow"]


def test_scripts_of_other_sites_may_read_what_is_public_and_nothing_else(
    client: FlaskClient, session: Session, town: MapRecord
) -> None:
    a_pin(session, town)
    elsewhere = {"Origin": "https://noviny.example"}
    for path in ("/api/", f"{MAP}/items", "/data/testov/pins.geojson", "/api/collections/nowhere"):
        with client.get(path, headers=elsewhere) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == "*", path
            assert "Access-Control-Allow-Credentials" not in answer.headers
    for path in ("/office/", "/m/testov", "/m/testov/receipt"):
        assert "Access-Control-Allow-Origin" not in client.get(path, headers=elsewhere).headers


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_no_other_site_may_send_a_token_or_a_pin(client: FlaskClient, town: MapRecord, method: str) -> None:
    asked = {
        "Origin": "https://noviny.example",
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    for path in (f"{MAP}/items", f"{MAP}/respondent"):
        granted = client.options(path, headers=asked).headers
        assert not [name for name, _ in granted if name.lower().startswith("access-control-allow")]
    sent = client.post(f"{MAP}/items", json=a_feature(), headers=bearer(TOKEN, Origin="https://noviny.example"))
    assert "Access-Control-Allow-Origin" not in sent.headers


def operations(app: Flask) -> Iterator[Any]:
    schema = schemathesis.openapi.from_wsgi(OPENAPI, app)
    for found in schema.get_all_operations():
        yield found.ok()


def probable(case: Any, pin: str, token: str | None) -> None:
    """Make of a random request one that gets past the first door: a map that is there, a pin, a token."""
    if "collectionId" in case.path_parameters:
        case.path_parameters["collectionId"] = "testov"
    if "featureId" in case.path_parameters:
        case.path_parameters["featureId"] = pin
    if token:
        case.headers["Authorization"] = f"Bearer {token}"
    body = case.body
    if isinstance(body, dict) and isinstance(body.get("properties"), dict) and body.get("type") == "Feature":
        body["properties"]["category"] = "safe"
        body["geometry"] = {"type": "Point", "coordinates": list(CENTRE)}


def test_no_random_request_breaks_the_server_or_its_description(
    app: Flask, session: Session, town: MapRecord
) -> None:
    an_event(session, town)
    sent = app.test_client().post(f"{MAP}/items", json=a_feature(when="day"), headers=bearer(TOKEN))
    pins = [sent.json["id"], str(a_pin(session, town, "unsafe").id)]
    tokens = [None, TOKEN, TOKEN, a_token(session, an_official(session))]
    for operation in operations(app):

        @settings(
            max_examples=20,
            derandomize=True,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(
            case=operation.as_strategy(),
            likely=st.booleans(),
            pin=st.sampled_from(pins),
            token=st.sampled_from(tokens),
        )
        def holds(case: Any, likely: bool, pin: str, token: str | None) -> None:
            if likely:
                probable(case, pin, token)
            case.headers["Accept-Encoding"] = "identity"
            case.validate_response(case.call(), checks=CHECKS)

        holds()
