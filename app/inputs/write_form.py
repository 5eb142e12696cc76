"""A pin written without a map: the form that gives a place by its name, then the feeling and the words."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Final

from app.errors import Malformed, Problem, Unacceptable
from app.i18n import N_
from app.inputs.answer_forms import plain
from app.inputs.answers import Question
from app.inputs.fields import storable
from app.inputs.pins import PinInput, parse_pin
from app.models import QuestionType
from gis.named_places import NamedPlace

ANSWER: Final = "q."
"""Before the keys of the map's questions in names of fields, and before those about the person: `about.`."""
ABOUT: Final = "about."
MOST_LABEL: Final = 200
SEPARATOR: Final = ":"

Form = Mapping[str, Sequence[str]]

KIND_WORDS: Final[Mapping[str, str]] = {
    "street": N_("Streets"),
    "square": N_("Squares"),
    "stop": N_("Stops and stations"),
    "school": N_("Schools"),
    "green": N_("Parks and greenery"),
    "water": N_("Water"),
    "other": N_("Other places"),
    "district": N_("Quarters"),
}
"""Headings of the lists of places."""
ONE_OF_KIND: Final[Mapping[str, str]] = {
    "address": N_("address"),
    "corner": N_("corner of two streets"),
    "street": N_("street"),
    "square": N_("square"),
    "stop": N_("stop"),
    "school": N_("school"),
    "green": N_("greenery"),
    "water": N_("water"),
    "other": N_("place"),
    "district": N_("quarter"),
}
"""What a found place is, in a word."""


def place_key(place: NamedPlace) -> str:
    """A place as forms and addresses name it."""
    return f"{place.kind}{SEPARATOR}{place.label}"


def parse_place_key(text: str) -> tuple[str, str] | None:
    """Kind and label of a place; None for what can be neither."""
    kind, _, label = text[:MOST_LABEL].partition(SEPARATOR)
    return (kind, label) if kind in ONE_OF_KIND and label and storable(label) else None


def new_pin_id(text: str) -> uuid.UUID:
    """The id that the form carried; Malformed for another one, which nobody typed."""
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise Malformed(Problem("id", N_("This is not an id."))) from error


def parse_written(form: Form, place: NamedPlace, questions: Sequence[Question], event: str | None) -> PinInput:
    """The pin that the form gives at this place; Unacceptable with every problem beside its field.

    Answers to questions that this feeling does not ask are left out: without scripts the form can't hide them.
    """
    category = one(form, "category")
    asked = [q for q in questions if not q.categories or category in q.categories]
    properties: dict[str, Any] = {
        "category": category or None,
        "comment": one(form, "comment") or None,
        "event": event,
        "precision_m": place.precision_m,
        **answers_in(form, ANSWER, asked),
    }
    pin_id = new_pin_id(one(form, "id"))
    geometry = {"type": "Point", "coordinates": [place.lon, place.lat]}
    return parse_pin({"type": "Feature", "id": str(pin_id), "geometry": geometry, "properties": properties})


def answers_in(form: Form, before: str, questions: Sequence[Question]) -> dict[str, Any]:
    """Answers by question; what was left empty is not there."""
    found: dict[str, Any] = {}
    for question in questions:
        given = [value.strip() for value in form.get(before + question.key, ()) if value.strip()]
        if any(not storable(value) for value in given):
            raise Unacceptable(Problem(question.key, N_("The text holds characters that can't be stored.")))
        if given:
            found[question.key] = given if question.type == QuestionType.MULTIPLE else given[0]
    return found


def one(form: Form, name: str) -> str:
    """The first value of a field, without what no page can show."""
    return plain(next(iter(form.get(name, ())), ""))
