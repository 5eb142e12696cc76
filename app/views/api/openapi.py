"""The API's definition as OpenAPI 3.0, made of the routes, and the same as a page for people."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app
from werkzeug.routing import Rule

from app.i18n import N_, Language
from app.inputs.filters import Scope
from app.inputs.item_parameters import ITEM_PARAMETERS
from app.queries.columns import Column, pin_columns
from app.queries.maps import MapRecord
from app.views.api import blueprint
from app.views.api.bodies import known_parameters
from app.views.api.collections import readable_maps
from app.views.api.definitions import (
    EXAMPLES,
    HEADERS,
    PARAMETERS,
    PATH_PARAMETERS,
    PROBLEM_WORDS,
    SCHEMAS,
    TOO_LONG,
    Schema,
    ref,
    said,
)
from app.views.api.links import OPENAPI_TYPE, api_root
from app.views.api.metadata import metadata_response
from app.views.api.operations import CHAPTER_WORDS, OPERATIONS, Answer, Operation, Who
from app.views.reader import reader_language, say
from gis.formats.layer import Kind

VERSION = "1.0.0"
VARIABLE = re.compile(r"<(?:(?P<converter>[^:<>]+):)?(?P<name>\w+)>")
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

SECURITY: dict[str, tuple[dict[str, str], str]] = {
    "deviceToken": (
        {"type": "http", "scheme": "bearer"},
        N_("At least 128 random bits, made on the device and kept there: whoever has it may change these pins."),
    ),
    "officialToken": (
        {"type": "http", "scheme": "bearer"},
        N_("A personal token that an official makes in the office for a GIS client; it only reads."),
    ),
    "officialBasic": (
        {"type": "http", "scheme": "basic"},
        N_("The same token as the password, for clients that know no other way; any name."),
    ),
}
READER: list[dict[str, list[str]]] = [{}, {"officialToken": []}, {"officialBasic": []}]
NEEDED: dict[Who, list[dict[str, list[str]]]] = {
    Who.ANYBODY: [],
    Who.READER: READER,
    Who.AUTHOR_OR_READER: [*READER, {"deviceToken": []}],
    Who.AUTHOR: [{}, {"deviceToken": []}],
    Who.DEVICE: [{"deviceToken": []}],
}


@dataclass(frozen=True)
class Route:
    """One way into the API: a method and a path as OpenAPI writes it, and the view behind."""

    method: str
    path: str
    view: str
    variables: tuple[str, ...]


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The definition."""
    known_parameters("lang")
    return metadata_response(definition(), OPENAPI_TYPE)


def definition() -> dict[str, Any]:
    """The whole definition in the reader's language; beside the general paths those of each published map."""
    words = reader_language()
    return {
        "openapi": "3.0.3",
        "info": {
            "title": words.gettext(N_("Emotional maps: the API")),
            "description": words.gettext(
                N_(
                    "OGC API – Features (parts 1 to 4): one collection a map, one feature a pin. "
                    "Refusals are problem documents (RFC 9457) in the reader’s language."
                )
            ),
            "version": VERSION,
        },
        "servers": [{"url": api_root()}],
        "tags": [{"name": words.gettext(said_words)} for said_words in CHAPTER_WORDS.values()],
        "paths": _paths(words),
        "components": _components(words),
    }


def routes() -> Iterator[Route]:
    """All ways into the API, from the app's own map of addresses."""
    rules = [rule for rule in current_app.url_map.iter_rules() if rule.endpoint.startswith(f"{blueprint.name}.")]
    for rule in sorted(rules, key=lambda rule: rule.rule):
        for method in METHODS:
            if method in (rule.methods or ()):
                yield _route(rule, method)


def _route(rule: Rule, method: str) -> Route:
    prefix = blueprint.url_prefix or ""
    variables = tuple(found["name"] for found in VARIABLE.finditer(rule.rule))
    path = VARIABLE.sub(lambda found: "{" + variable_name(found["name"]) + "}", rule.rule.removeprefix(prefix))
    return Route(method, path, rule.endpoint.removeprefix(f"{blueprint.name}."), variables)


def variable_name(name: str) -> str:
    """The name that the definition has for a variable of a route."""
    return PATH_PARAMETERS[name][0] if name in PATH_PARAMETERS else name


def _paths(words: Language) -> dict[str, Any]:
    paths: dict[str, Any] = {}
    for route in routes():
        operation = OPERATIONS.get(route.view)
        if operation is not None:
            paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, operation, words)
    general = paths["/collections/{collectionId}/items"]["get"]
    for the_map in readable_maps():
        paths[f"/collections/{the_map.slug}/items"] = {"get": _of_map(the_map, general, words)}
    return paths


def _operation(route: Route, operation: Operation, words: Language) -> Schema:
    found: Schema = {
        "tags": [words.gettext(CHAPTER_WORDS[operation.chapter])],
        "operationId": route.view,
        "summary": words.gettext(operation.summary),
    }
    if operation.more:
        found["description"] = words.gettext(operation.more)
    names = operation.parameters if route.view != "read_items" else _item_parameters()
    parameters = [ref(variable_name(name), "parameters") for name in route.variables]
    parameters += [ref(name, "parameters") for name in names]
    if parameters:
        found["parameters"] = parameters
    if operation.body:
        content = {"schema": ref(operation.body.schema), "example": EXAMPLES[operation.body.example]}
        found["requestBody"] = {"required": True, "content": dict.fromkeys(operation.body.kinds, content)}
    found["responses"] = {str(status): _answer(one, words) for status, one in sorted(operation.answers.items())}
    problems = sorted({*operation.problems, TOO_LONG})
    found["responses"] |= {str(status): ref(f"problem{status}", "responses") for status in problems}
    found["security"] = NEEDED[operation.who]
    return found


def _item_parameters() -> tuple[str, ...]:
    """What may be asked of items, as the view itself says."""
    return tuple(name for name in PARAMETERS if name in (*ITEM_PARAMETERS, "category"))


def _answer(one: Answer, words: Language) -> Schema:
    found: Schema = {"description": words.gettext(one.words)}
    if one.headers:
        found["headers"] = {name: ref(name, "headers") for name in one.headers}
    if one.content:
        found["content"] = {
            kind: {"schema": ref(schema) if schema else {"type": "string"}} for kind, schema in one.content.items()
        }
    return found


def _of_map(the_map: MapRecord, general: Schema, words: Language) -> Schema:
    """The items of one map, with what its own pins can be chosen by: GIS clients look for it under this path."""
    found = {key: value for key, value in general.items() if key != "parameters"}
    found["operationId"] = f"{general['operationId']}_{the_map.slug}"
    found["summary"] = f"{general['summary']}: {say(the_map.title)}"
    shared = [
        one for one in general["parameters"] if one["$ref"].rpartition("/")[2] not in ("collectionId", "category")
    ]
    own = [
        _queryable(column, words)
        for column in pin_columns(the_map, Scope.PUBLIC)
        if column.name not in ITEM_PARAMETERS
    ]
    return found | {"parameters": shared + own}


def _queryable(column: Column, words: Language) -> Schema:
    """A column as a parameter by itself; for lists, one of their codes."""
    schema: Schema = {"type": "integer" if column.kind is Kind.INTEGER else "string"}
    if column.values:
        schema["enum"] = list(column.values)
    return {
        "name": column.name,
        "in": "query",
        "description": column.in_words(words),
        "required": False,
        "style": "form",
        "explode": False,
        "schema": schema,
    }


def _components(words: Language) -> dict[str, Any]:
    in_path = {
        name: {
            "name": name,
            "in": "path",
            "required": True,
            "description": words.gettext(meaning),
            "schema": schema,
        }
        for name, meaning, schema in PATH_PARAMETERS.values()
    }
    return {
        "schemas": dict(SCHEMAS),
        "parameters": in_path | {name: said(one, words) for name, one in PARAMETERS.items()},
        "headers": {
            name: {"description": words.gettext(meaning), "schema": schema}
            for name, (meaning, schema) in HEADERS.items()
        },
        "responses": {f"problem{status}": _problem(status, words) for status in PROBLEM_WORDS},
        "securitySchemes": {
            name: scheme | {"description": words.gettext(meaning)} for name, (scheme, meaning) in SECURITY.items()
        },
    }


def _problem(status: int, words: Language) -> Schema:
    found: Schema = {
        "description": words.gettext(PROBLEM_WORDS[status]),
        "content": {
            "application/problem+json": {"schema": ref("problem")},
            "text/html": {"schema": {"type": "string"}},
        },
    }
    if status == TOO_LONG:  # the server answers before it asks us
        del found["content"]["application/problem+json"]
    if status in (429, 503):
        found["headers"] = {"Retry-After": ref("Retry-After", "headers")}
    return found
