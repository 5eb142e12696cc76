"""The API's definition as a page: the same document, read out chapter by chapter."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import Response

from app.views.api import blueprint
from app.views.api.bodies import known_parameters
from app.views.api.collections import readable_maps
from app.views.api.openapi import definition
from app.views.api.operations import CHAPTER_WORDS, OPERATIONS
from app.views.api.pages import page


@blueprint.get("/docs")
def docs() -> Response:
    """How to use the API, for people."""
    known_parameters("lang")
    document = definition()
    return page(
        "docs.html",
        document=document,
        chapters=CHAPTER_WORDS,
        by_chapter=_by_chapter(document),
        maps=readable_maps(),
    )


def _by_chapter(document: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """The general operations under their chapters; those of single maps say nothing new."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if operation["operationId"] in OPERATIONS:
                told = _told(document, path, method, operation)
                found.setdefault(operation["tags"][0], []).append(told)
    return found


def _told(document: Mapping[str, Any], path: str, method: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {})
    example = next((content["example"] for content in body.values()), None)
    tokens = [name for one in operation["security"] for name in one]
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": f"/api{path}",
        "summary": operation["summary"],
        "description": operation.get("description", ""),
        "tokens": tokens,
        "token_optional": {} in operation["security"],
        "parameters": [_resolved(document, one) for one in operation.get("parameters", [])],
        "kinds": list(body),
        "example": json.dumps(example, ensure_ascii=False, indent=2) if example is not None else None,
        "answers": [
            {"status": status, "description": answer["description"], "kinds": list(answer.get("content", {}))}
            for status, answer in ((s, _resolved(document, a)) for s, a in operation["responses"].items())
        ],
    }


def _resolved(document: Mapping[str, Any], one: Mapping[str, Any]) -> Mapping[str, Any]:
    """A component, where the definition only refers to it."""
    if "$ref" not in one:
        return one
    found: Any = document
    for name in one["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    resolved: Mapping[str, Any] = found
    return resolved
