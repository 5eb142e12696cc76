"""What each operation of the API is for: the part of its definition that no code can tell.

Paths and methods come from the routes (openapi.py); a route without its lines here fails a test, and so do lines
without a route.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from app.i18n import N_
from app.views.api.links import (
    GEOJSON_TYPE,
    HTML_TYPE,
    JPEG_TYPE,
    JSON_TYPE,
    MULTIPART_TYPE,
    MVT_TYPE,
    OPENAPI_TYPE,
    SCHEMA_TYPE,
)


class Chapter(StrEnum):
    """Under which heading an operation stands."""

    FRAME = "About the API"
    MAPS = "Maps"
    PINS = "Pins"
    TILES = "Tiles"
    PERSON = "The person behind a device"


CHAPTER_WORDS = {
    Chapter.FRAME: N_("About the API"),
    Chapter.MAPS: N_("Maps"),
    Chapter.PINS: N_("Pins"),
    Chapter.TILES: N_("Tiles"),
    Chapter.PERSON: N_("The person behind a device"),
}


class Who(StrEnum):
    """Whose token a request may or must carry."""

    ANYBODY = "anybody"
    READER = "reader"
    """Anybody; an official's token shows more."""
    AUTHOR_OR_READER = "author or reader"
    AUTHOR = "author"
    """Anybody; the author's device token shows more."""
    DEVICE = "device"


@dataclass(frozen=True)
class Answer:
    """One answer that is no refusal: its words, and which schema stands behind which media type."""

    words: str
    content: Mapping[str, str | None] = field(default_factory=dict)
    headers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Body:
    """What a request carries."""

    schema: str
    kinds: tuple[str, ...]
    example: str
    """The name of an example in examples.py."""


@dataclass(frozen=True)
class Operation:
    """One operation in words, with what can't be read from its route."""

    chapter: Chapter
    summary: str
    answers: Mapping[int, Answer]
    problems: tuple[int, ...]
    parameters: tuple[str, ...] = ()
    body: Body | None = None
    who: Who = Who.ANYBODY
    more: str = ""


PAGE = ("f", "lang")
DOCUMENT = ("f-document", "lang")
SENT = (GEOJSON_TYPE, JSON_TYPE)
OPEN = (400, 401, 429, 503)
"""Of what everybody may read: 401 and 429 only for who shows a wrong token."""
ASKED = (400, 401, 406, 429, 503)
"""What may go wrong with reading what is always there."""
READ = (400, 401, 403, 404, 406, 429, 503)
READ_AS_IS = (400, 401, 403, 404, 429, 503)
SINGLE_WRITE = (400, 401, 403, 404, 422, 429, 503)
WRITTEN = (400, 401, 403, 404, 409, 413, 415, 422, 429, 503)
UNCHANGED = Answer(N_("Nothing has changed since the ETag that was sent."))


def _document(words: str, schema: str, kind: str = JSON_TYPE) -> dict[int, Answer]:
    """The answers of a document that is also a page."""
    return {200: Answer(words, {kind: schema, HTML_TYPE: None}, ("ETag",)), 304: UNCHANGED}


def _pin(words: str, *headers: str) -> Answer:
    return Answer(words, {GEOJSON_TYPE: "ownPin"}, ("Content-Crs", *headers))


FRAME: Mapping[str, Operation] = {
    "landing": Operation(
        Chapter.FRAME,
        N_("What the API is, and the way to each of its documents"),
        _document(N_("Title, description and links."), "landingPage"),
        ASKED,
        PAGE,
    ),
    "conformance": Operation(
        Chapter.FRAME,
        N_("The standards that the API keeps to"),
        _document(N_("The conformance classes, each by its address."), "confClasses"),
        ASKED,
        PAGE,
    ),
    "openapi": Operation(
        Chapter.FRAME,
        N_("This definition"),
        {200: Answer(N_("An OpenAPI 3.0 document."), {OPENAPI_TYPE: "anything"}, ("ETag",)), 304: UNCHANGED},
        OPEN,
        ("lang",),
    ),
    "docs": Operation(
        Chapter.FRAME,
        N_("How to use the API, for people"),
        {200: Answer(N_("A page."), {HTML_TYPE: None})},
        OPEN,
        ("lang",),
    ),
    "collections": Operation(
        Chapter.MAPS,
        N_("The maps whose pins may be read, each a collection"),
        _document(N_("The collections."), "collections"),
        ASKED,
        PAGE,
        who=Who.READER,
        more=N_(
            "With an official’s token also the maps of their towns that are drafts, or don’t publish their pins."
        ),
    ),
    "collection": Operation(
        Chapter.MAPS,
        N_("One map: where, when, in which coordinate systems and files"),
        _document(N_("The collection."), "collection"),
        READ,
        PAGE,
        who=Who.READER,
    ),
    "queryables": Operation(
        Chapter.MAPS,
        N_("What the map’s pins can be chosen by"),
        _document(N_("A JSON Schema with one property for each queryable."), "jsonSchema", SCHEMA_TYPE),
        READ,
        PAGE,
        who=Who.READER,
    ),
    "schema": Operation(
        Chapter.MAPS,
        N_("What a pin of the map has, and what its codes mean"),
        _document(N_("A JSON Schema of a pin."), "jsonSchema", SCHEMA_TYPE),
        READ,
        PAGE,
        who=Who.READER,
    ),
}

PINS: Mapping[str, Operation] = {
    "read_items": Operation(
        Chapter.PINS,
        N_("The map’s pins, page by page"),
        {
            200: Answer(
                N_("One page of pins; the link “next” leads to those that follow."),
                {GEOJSON_TYPE: "pinCollection", HTML_TYPE: None},
                ("Content-Crs", "ETag"),
            ),
            303: Answer(N_("To the same address without the fields that stayed empty in its form.")),
            304: UNCHANGED,
        },
        READ,
        who=Who.READER,
        more=N_(
            "Follow the links: they stay right while pins arrive. With an official’s token also pins that wait "
            "or are hidden, and what only the office knows."
        ),
    ),
    "create_item": Operation(
        Chapter.PINS,
        N_("Place a pin"),
        {
            201: _pin(N_("The pin is stored."), "Location"),
            200: _pin(N_("It was stored before, by the same device: nothing new."), "Location"),
        },
        WRITTEN,
        body=Body("newPin", SENT, "pin"),
        who=Who.DEVICE,
        more=N_("Make the id yourself (a random UUID): what is sent twice is then stored once."),
    ),
    "read_item": Operation(
        Chapter.PINS,
        N_("One pin"),
        {
            200: Answer(
                N_("The pin; its author also reads what moderation did with it."),
                {GEOJSON_TYPE: "pin", HTML_TYPE: None},
                ("Content-Crs", "ETag"),
            ),
            304: UNCHANGED,
        },
        READ,
        ("crs", *PAGE),
        who=Who.AUTHOR_OR_READER,
    ),
    "replace_item": Operation(
        Chapter.PINS,
        N_("Give one’s own pin new content"),
        {200: _pin(N_("The pin as it is now."))},
        WRITTEN,
        body=Body("replacedPin", SENT, "pin"),
        who=Who.DEVICE,
    ),
    "change_item": Operation(
        Chapter.PINS,
        N_("Change a part of one’s own pin"),
        {200: _pin(N_("The pin as it is now."))},
        WRITTEN,
        body=Body("changedPin", (*SENT, "application/merge-patch+json"), "change"),
        who=Who.DEVICE,
    ),
    "delete_item": Operation(
        Chapter.PINS,
        N_("Take one’s own pin back"),
        {204: Answer(N_("It is gone."))},
        SINGLE_WRITE,
        who=Who.DEVICE,
    ),
    "support_item": Operation(
        Chapter.PINS,
        N_("Say “me too” to somebody’s pin"),
        {200: Answer(N_("How many support it now."), {JSON_TYPE: "supports"})},
        SINGLE_WRITE,
        who=Who.DEVICE,
    ),
    "unsupport_item": Operation(
        Chapter.PINS,
        N_("Take the “me too” back"),
        {200: Answer(N_("How many support it now."), {JSON_TYPE: "supports"})},
        SINGLE_WRITE,
        who=Who.DEVICE,
    ),
    "read_photo": Operation(
        Chapter.PINS,
        N_("The photo of a pin"),
        {
            200: Answer(N_("A JPEG."), {JPEG_TYPE: "bytes"}, ("ETag",)),
            304: UNCHANGED,
        },
        (400, 401, 403, 404, 429, 503),
        ("small",),
        who=Who.AUTHOR,
        more=N_("The author’s own in any state; others’ once an official has let it be shown."),
    ),
    "put_photo": Operation(
        Chapter.PINS,
        N_("Give one’s own pin a photo"),
        {
            201: _pin(N_("The photo is stored, and waits for an official to look at it.")),
            200: _pin(N_("It was stored before: nothing new.")),
        },
        WRITTEN,
        body=Body("sentPhoto", (MULTIPART_TYPE,), "photo"),
        who=Who.DEVICE,
        more=N_(
            "JPEG, PNG, WebP or HEIC of at most 12 MB, only where the map takes photos. It is made anew from its "
            "pixels: what the camera wrote beside them, its place above all, is not kept."
        ),
    ),
    "remove_photo": Operation(
        Chapter.PINS,
        N_("Take the photo of one’s own pin back"),
        {204: Answer(N_("It is gone."))},
        SINGLE_WRITE,
        who=Who.DEVICE,
    ),
}

TILES: Mapping[str, Operation] = {
    "tilesets": Operation(
        Chapter.TILES,
        N_("The map’s tilesets"),
        {200: Answer(N_("A list with links."), {JSON_TYPE: "tilesets"}, ("ETag",)), 304: UNCHANGED},
        READ_AS_IS,
        DOCUMENT,
        who=Who.READER,
    ),
    "tileset": Operation(
        Chapter.TILES,
        N_("What the tiles hold, and how to ask for one"),
        {
            200: Answer(N_("The tileset, which is a TileJSON as well."), {JSON_TYPE: "tileset"}, ("ETag",)),
            304: UNCHANGED,
        },
        READ_AS_IS,
        DOCUMENT,
        who=Who.READER,
    ),
    "tile": Operation(
        Chapter.TILES,
        N_("The pins in one square of web maps, as a vector tile"),
        {
            200: Answer(N_("A tile with the layer “pins”."), {MVT_TYPE: "bytes"}, ("ETag",)),
            204: Answer(N_("There are no pins in this square.")),
            304: UNCHANGED,
        },
        READ_AS_IS,
        ("category", "datetime", "filter", "filter-lang", "filter-crs", "f-tile"),
        who=Who.READER,
    ),
    "tile_matrix_set": Operation(
        Chapter.TILES,
        N_("The squares of web maps, zoom by zoom"),
        {200: Answer(N_("A tile matrix set."), {JSON_TYPE: "anything"}, ("ETag",)), 304: UNCHANGED},
        OPEN,
        DOCUMENT,
    ),
}

PERSON: Mapping[str, Operation] = {
    "read_respondent": Operation(
        Chapter.PERSON,
        N_("All that this person gave to the map"),
        {200: Answer(N_("Answers and pins."), {JSON_TYPE: "respondent"})},
        SINGLE_WRITE,
        who=Who.DEVICE,
    ),
    "save_respondent": Operation(
        Chapter.PERSON,
        N_("The optional answers about oneself"),
        {200: Answer(N_("The answers as they are stored."), {JSON_TYPE: "about"})},
        WRITTEN,
        body=Body("about", SENT, "about"),
        who=Who.DEVICE,
    ),
    "delete_respondent": Operation(
        Chapter.PERSON,
        N_("Delete all that this person gave, for good"),
        {204: Answer(N_("It is gone."))},
        SINGLE_WRITE,
        who=Who.DEVICE,
    ),
    "create_receipt": Operation(
        Chapter.PERSON,
        N_("A code that brings one’s pins to another device"),
        {201: Answer(N_("The code, shown once."), {JSON_TYPE: "receipt"})},
        SINGLE_WRITE,
        who=Who.DEVICE,
    ),
    "join_respondent": Operation(
        Chapter.PERSON,
        N_("Let this device speak for the person of the code"),
        {200: Answer(N_("Answers and pins."), {JSON_TYPE: "respondent"})},
        WRITTEN,
        body=Body("receipt", SENT, "receipt"),
        who=Who.DEVICE,
    ),
}

OPERATIONS: Mapping[str, Operation] = {**FRAME, **PINS, **TILES, **PERSON}
"""By the name of the view, without its blueprint."""
