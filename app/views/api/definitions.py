"""The shapes that the API's definition speaks of: parameters, documents, pins, refusals, and examples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.i18n import N_, Language
from app.inputs.filters import DEFAULT_ITEMS, MOST_ITEMS
from app.inputs.pin_photos import MOST_ALT_CHARACTERS
from app.inputs.pins import LEAST_ZOOM, MOST_COMMENT_CHARACTERS, MOST_PRECISION_M, MOST_ZOOM
from app.models import Channel, PhotoShown, PinState, PinStatus

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
ADDRESS: Schema = {"type": "string", "format": "uri"}
MAYBE_TEXT: Schema = {"type": "string", "nullable": True}
MOMENT: Schema = {"type": "string", "format": "date-time"}
MAYBE_MOMENT: Schema = {**MOMENT, "nullable": True}
IDENTITY: Schema = {"type": "string", "format": "uuid"}
COUNT: Schema = {"type": "integer", "minimum": 0}
ZOOM: Schema = {"type": "number", "minimum": LEAST_ZOOM, "maximum": MOST_ZOOM, "nullable": True}
PRECISION: Schema = {"type": "number", "minimum": 0, "maximum": MOST_PRECISION_M, "nullable": True}
COMMENT: Schema = {"type": "string", "maxLength": MOST_COMMENT_CHARACTERS, "nullable": True}


def _list(items: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": items, **more}


def _object(required: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None) -> Schema:
    return {"type": "object", "required": list(required), "properties": {**required, **(optional or {})}}


def ref(name: str, kind: str = "schemas") -> Schema:
    """A reference to a component of the definition."""
    return {"$ref": f"#/components/{kind}/{name}"}


LINKS = _list(ref("link"))

PIN_PROPERTIES: Schema = _object(
    {
        "category": TEXT,
        "comment": MAYBE_TEXT,
        "created_at": MOMENT,
        "channel": {"type": "string", "enum": [str(one) for one in Channel]},
        "event": MAYBE_TEXT,
        "supports": COUNT,
        "status": {"type": "string", "enum": [str(one) for one in PinStatus]},
        "answer": MAYBE_TEXT,
        "answered_at": MAYBE_MOMENT,
    },
    {"photo": MAYBE_TEXT, "photo_alt": MAYBE_TEXT},
)
"""What every pin of every map has; the map's questions and, for officials, more come beside it."""

OWN_PROPERTIES: Schema = {
    "allOf": [
        ref("pinProperties"),
        _object(
            {
                "state": {"type": "string", "enum": [str(one) for one in PinState]},
                "hidden_reason": MAYBE_TEXT,
                "zoom": ZOOM,
                "precision_m": PRECISION,
            },
            {
                "photo_state": {**MAYBE_TEXT, "enum": [*(str(one) for one in PhotoShown), None]},
                "photo_reason": MAYBE_TEXT,
            },
        ),
    ]
}

SENT_PROPERTIES: Schema = {
    "type": "object",
    "properties": {
        "category": TEXT,
        "comment": COMMENT,
        "event": MAYBE_TEXT,
        "zoom": ZOOM,
        "precision_m": PRECISION,
    },
    "additionalProperties": True,
}
"""Further properties are answers to the map's questions."""


def _pin(properties: Schema, **more: Any) -> Schema:
    parts = {
        "type": {"type": "string", "enum": ["Feature"]},
        "id": IDENTITY,
        "geometry": ref("point"),
        "properties": properties,
    }
    return {"type": "object", "required": list(parts), "properties": parts, **more}


def _without_id(whole: Schema) -> Schema:
    return {**whole, "required": [name for name in whole["required"] if name != "id"]}


NEW_PIN: Schema = _pin({**SENT_PROPERTIES, "required": ["category"]})

SCHEMAS: Mapping[str, Schema] = {
    "anything": {"type": "object"},
    "link": _object({"href": TEXT, "rel": TEXT}, {"type": TEXT, "title": TEXT, "hreflang": TEXT}),
    "landingPage": _object({"title": TEXT, "description": TEXT, "links": LINKS}),
    "confClasses": _object({"conformsTo": _list(ADDRESS)}, {"links": LINKS}),
    "collections": _object({"links": LINKS, "collections": _list(ref("collection"))}),
    "collection": _object(
        {"id": TEXT, "links": LINKS, "extent": ref("extent"), "crs": _list(ADDRESS, minItems=1)},
        {
            "title": TEXT,
            "description": TEXT,
            "attribution": TEXT,
            "itemType": {"type": "string", "enum": ["feature"]},
            "storageCrs": ADDRESS,
        },
    ),
    "extent": _object(
        {"spatial": _object({"bbox": _list(_list({"type": "number"}, minItems=4, maxItems=4)), "crs": ADDRESS})},
        {"temporal": _object({"interval": _list(_list(MAYBE_MOMENT, minItems=2, maxItems=2)), "trs": ADDRESS})},
    ),
    "jsonSchema": _object(
        {"$schema": ADDRESS, "$id": ADDRESS, "type": TEXT, "properties": {"type": "object"}}, {"title": TEXT}
    ),
    "point": _object(
        {
            "type": {"type": "string", "enum": ["Point"]},
            "coordinates": _list({"type": "number"}, minItems=2, maxItems=3),
        }
    ),
    "pinProperties": PIN_PROPERTIES,
    "pin": _pin(ref("pinProperties")),
    "ownPin": _pin(OWN_PROPERTIES),
    "pinCollection": _object(
        {
            "type": {"type": "string", "enum": ["FeatureCollection"]},
            "features": _list(ref("pin")),
            "numberReturned": COUNT,
            "timeStamp": MOMENT,
            "links": LINKS,
        },
        {"numberMatched": COUNT},
    ),
    "newPin": NEW_PIN,
    "replacedPin": _without_id(NEW_PIN),
    "changedPin": {**_pin(SENT_PROPERTIES), "required": ["type"]},
    "about": {"type": "object", "additionalProperties": {"oneOf": [TEXT, _list(TEXT)]}},
    "bytes": {"type": "string", "format": "binary"},
    "tilesets": _object({"tilesets": _list(ref("tileset"))}, {"links": LINKS}),
    "tileset": _object(
        {"dataType": {"type": "string", "enum": ["vector"]}, "crs": ADDRESS, "links": LINKS}, {"title": TEXT}
    ),
    "supports": _object({"supports": COUNT}),
    "sentPhoto": _object(
        {"photo": {"type": "string", "format": "binary"}},
        {"alt": {"type": "string", "maxLength": MOST_ALT_CHARACTERS}},
    ),
    "receipt": _object({"receipt": {"type": "string", "minLength": 4, "maxLength": 40}}),
    "respondent": _object(
        {
            "about": ref("about"),
            "receipt": {"type": "boolean"},
            "pins": _object(
                {"type": {"type": "string", "enum": ["FeatureCollection"]}, "features": _list(ref("ownPin"))}
            ),
        }
    ),
    "problem": _object(
        {"type": TEXT, "title": TEXT, "status": {"type": "integer"}, "detail": TEXT},
        {"errors": _list(_object({"field": TEXT, "message": TEXT})), "challenge": {"type": "object"}},
    ),
}

TOO_LONG = 414
"""What gunicorn answers by itself, whatever was asked for (deploy/gunicorn.conf.py)."""
PROBLEM_WORDS: Mapping[int, str] = {
    400: N_("What was sent could not be read, or a parameter is unknown or wrong."),
    401: N_("The token is missing, or is none of ours."),
    403: N_("Not allowed: somebody else’s pin, or a map that does not publish its pins."),
    404: N_("There is nothing by this name."),
    406: N_("It is not to be had in any of the accepted forms."),
    409: N_("The id is taken by somebody else’s pin, or the map has just changed."),
    413: N_("The body is too large."),
    415: N_("The type of the body is not one of those we read."),
    422: N_("Understood, but not acceptable: outside the boundary, an unknown category, too long, a closed map."),
    429: N_(
        "Too many attempts; the header Retry-After says when to come again. In a flood the member “challenge” "
        "holds a sum (ALTCHA 2, SHA-256): the same request passes at once with its solution in the header "
        "Pocit-Proof, as base64 of {challenge, solution: {counter, derivedKey}}."
    ),
    TOO_LONG: N_("The address is longer than the server takes: about 8,000 characters."),
    503: N_("The database is resting; the header Retry-After says when to come again."),
}


def _asked(name: str, words: str, schema: Schema, **more: Any) -> Schema:
    return {"name": name, "in": "query", "description": words, "required": False, "schema": schema, **more}


def _listed(name: str, words: str, schema: Schema) -> Schema:
    return _asked(name, words, schema, style="form", explode=False)


PARAMETERS: Mapping[str, Schema] = {
    "f": _asked(
        "f",
        N_("A page or a document; without it what the header Accept prefers."),
        {"type": "string", "enum": ["json", "html"]},
    ),
    "lang": _asked(
        "lang",
        N_("The language, like cs or en; without it what the header Accept-Language prefers."),
        {"type": "string", "pattern": "^[a-z]{2,3}$"},
    ),
    "f-document": _asked("f", N_("There is a document only."), {"type": "string", "enum": ["json"]}),
    "f-tile": _asked("f", N_("There are vector tiles only."), {"type": "string", "enum": ["mvt"]}),
    "limit": _asked(
        "limit",
        N_("How many pins a page holds; more than the most is taken for the most."),
        {"type": "integer", "minimum": 1, "maximum": MOST_ITEMS, "default": DEFAULT_ITEMS},
    ),
    "bbox": _listed(
        "bbox",
        N_("Only pins in this box: west, south, east, north, in degrees or in the system of bbox-crs."),
        _list({"type": "number"}, minItems=4, maxItems=6),
    ),
    "bbox-crs": _asked(
        "bbox-crs", N_("The coordinate system of the box, by its URI; one that the collection lists."), ADDRESS
    ),
    "crs": _asked(
        "crs", N_("The coordinate system of the answer, by its URI; one that the collection lists."), ADDRESS
    ),
    "datetime": _asked(
        "datetime",
        N_("Only pins placed at this moment or in this interval, as from/to with .. for an open end (RFC 3339)."),
        TEXT,
    ),
    "category": _listed("category", N_("Only pins of these categories of the map."), _list(TEXT, minItems=1)),
    "filter": _asked("filter", N_("Only pins for which this holds, written in CQL2 text."), TEXT),
    "filter-lang": _asked(
        "filter-lang", N_("The language of the filter."), {"type": "string", "enum": ["cql2-text"]}
    ),
    "filter-crs": _asked(
        "filter-crs", N_("The coordinate system of geometries in the filter, by its URI."), ADDRESS
    ),
    "small": _asked("small", N_("The small picture, as for lists."), TEXT, allowEmptyValue=True),
    "after": _asked("after", N_("Where the page begins: comes with the link to the next one."), TEXT),
}

PATH_PARAMETERS: Mapping[str, tuple[str, str, Schema]] = {
    "slug": ("collectionId", N_("The map, by the last part of its address."), TEXT),
    "z": ("tileMatrix", N_("The zoom level."), {"type": "integer", "minimum": 0, "maximum": 30}),
    "row": ("tileRow", N_("The row, counted from the north."), COUNT),
    "col": ("tileCol", N_("The column, counted from the west."), COUNT),
    "item": ("featureId", N_("The id of the pin."), IDENTITY),
}
"""Variables of our routes: under which name the definition has them, what they are, and their shape."""

HEADERS: Mapping[str, tuple[str, Schema]] = {
    "ETag": (N_("A mark of this state; sent back in If-None-Match it saves the answer."), TEXT),
    "Content-Crs": (N_("The coordinate system of the answer, its URI in angle brackets."), TEXT),
    "Location": (N_("The address of the pin."), ADDRESS),
    "Retry-After": (N_("After how many seconds to come again."), {"type": "integer", "minimum": 0}),
}

EXAMPLES: Mapping[str, Any] = {
    "pin": {
        "type": "Feature",
        "id": "7b0f4f0e-6f6f-4d5e-9a57-0d8e9a4b3c21",
        "geometry": {"type": "Point", "coordinates": [15.7955, 49.9511]},
        "properties": {"category": "unsafe", "comment": "V podchodu nesvítí lampy."},
    },
    "change": {"type": "Feature", "properties": {"comment": "V podchodu už lampy svítí."}},
    "photo": {"photo": "podchod.jpg", "alt": "Podchod bez světla, na zemi střepy."},
    "about": {},
    "receipt": {"receipt": "ABCD-EFGH-JKLM"},
}


def said(parameter: Schema, words: Language) -> Schema:
    """A parameter with its description in the reader's language."""
    meaning = parameter["description"]
    return {**parameter, "description": words.gettext(meaning)}
