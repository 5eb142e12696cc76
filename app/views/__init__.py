"""The web's edge: each view parses, calls one function, commits, renders."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import IntegerConverter, UnicodeConverter, ValidationError

from app import security
from app.inputs.fields import storable
from app.views import (
    accessibility,
    answers_feed,
    api,
    challenge,
    citizen,
    data,
    discovery,
    event_door,
    headers,
    heat,
    hosts,
    kept,
    metrics,
    office,
    offline,
    open_data,
    page_files,
    pages,
    pin_photos,
    place_search,
    problems,
    reader,
    receipt,
    request_log,
    results,
    sharing,
    stories,
    tiles,
    write,
)

MOST_ID = 2**63 - 1


class StorableText(UnicodeConverter):
    """A text in an address: with a NUL in it there can be nothing by that name."""

    def to_python(self, value: str) -> str:
        """The text, or no match."""
        if not storable(value):
            raise ValidationError
        return value


class StorableNumber(IntegerConverter):
    """A number in an address: beyond what a column holds there can be nothing by it."""

    def to_python(self, value: str) -> int:
        """The number, or no match."""
        number: int = super().to_python(value)
        if number > MOST_ID:
            raise ValidationError
        return number


def init_app(app: Flask) -> None:
    """Give the app its pages, its words and its manners."""
    # A slash that somebody typed at the end is no other page.
    app.url_map.strict_slashes = False
    app.url_map.converters |= {"default": StorableText, "string": StorableText, "int": StorableNumber}
    request_log.init_app(app)
    hosts.init_app(app)
    reader.init_app(app)
    page_files.init_app(app)
    headers.init_app(app)
    problems.init_app(app)
    challenge.init_app(app)
    # Phones and programs sign with a token that no browser sends by itself: nothing to forge there.
    security.csrf.exempt(api.blueprint)
    for module in (
        pages,
        metrics,
        stories,
        citizen,
        kept,
        results,
        sharing,
        answers_feed,
        accessibility,
        receipt,
        heat,
        tiles,
        open_data,
        data,
        place_search,
        write,
        pin_photos,
        offline,
        discovery,
        api,
        office,
        challenge,
        event_door,
    ):
        app.register_blueprint(module.blueprint)
