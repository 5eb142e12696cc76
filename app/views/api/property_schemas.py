"""A pin's properties as JSON Schema: what to choose by (Features part 3), and what a pin has (part 5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.i18n import N_, Language
from app.queries.columns import Column
from gis.formats.layer import Kind

DIALECT = "https://json-schema.org/draft/2020-12/schema"
NEVER_EMPTY = frozenset({"category", "created_at", "channel", "supports", "status", "state", "respondent"})
"""Columns that every pin has a value in."""
SENT = frozenset({"category", "comment", "event", "zoom", "precision_m"})
"""What a client may send, beside the answers to questions; the rest the server sets."""

JsonSchema = dict[str, Any]


def queryables_document(address: str, title: str, columns: Sequence[Column], words: Language) -> JsonSchema:
    """What the pins of a map can be chosen by."""
    properties = {column.name: property_schema(column, words) for column in columns}
    return _document(address, title, {"geometry": _geometry(words), **properties})


def schema_document(address: str, title: str, columns: Sequence[Column], words: Language) -> JsonSchema:
    """What a pin of a map has; what may be empty says so, what only the server sets is read-only."""
    properties = {column.name: _with_nothing(column, property_schema(column, words)) for column in columns}
    identity = {
        "title": words.gettext(N_("The id, made by the sender")),
        "type": "string",
        "format": "uuid",
        "x-ogc-role": "id",
    }
    whole = _document(address, title, {"id": identity, "geometry": _geometry(words), **properties})
    return whole | {"required": ["category"]}


def property_schema(column: Column, words: Language) -> JsonSchema:
    """One column: its type, what it means, and the meaning of its codes."""
    found: JsonSchema = {"title": column.in_words(words)}
    codes = _codes(column, words)
    match column.kind:
        case Kind.INTEGER:
            found |= {"type": "integer"}
        case Kind.NUMBER:
            found |= {"type": "number"}
        case Kind.TIME:
            found |= {"type": "string", "format": "date-time"}
        case Kind.LIST:
            found |= {"type": "array", "items": {"type": "string", **codes}}
        case _:
            found |= {"type": "string", **codes}
    if column.name == "created_at":
        found["x-ogc-role"] = "primary-instant"
    return found


def _codes(column: Column, words: Language) -> JsonSchema:
    meanings = column.value_words(words)
    if not meanings:
        return {}
    titled = [{"const": key, "title": said} for key, said in meanings.items()]
    return {"enum": list(meanings), "oneOf": titled}


def _with_nothing(column: Column, found: JsonSchema) -> JsonSchema:
    """The same with null allowed, where a pin may have nothing there."""
    if column.name not in SENT and not column.label:
        found = found | {"readOnly": True}
    if column.name in NEVER_EMPTY:
        return found
    nullable = found | {"type": [found["type"], "null"]}
    if "enum" in found:
        nullable |= {"enum": [*found["enum"], None], "oneOf": [*found["oneOf"], {"const": None}]}
    return nullable


def _geometry(words: Language) -> JsonSchema:
    return {
        "title": words.gettext(N_("Where the pin is")),
        "x-ogc-role": "primary-geometry",
        "format": "geometry-point",
    }


def _document(address: str, title: str, properties: JsonSchema) -> JsonSchema:
    return {
        "$schema": DIALECT,
        "$id": address,
        "type": "object",
        "title": title,
        "properties": properties,
        "additionalProperties": False,
    }
