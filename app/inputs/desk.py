"""What a clerk writes down for somebody else: a form read into frozen values, by the rules of pins of phones."""

from __future__ import annotations

import math
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from app.errors import Malformed, Problem, Unacceptable
from app.i18n import N_
from app.inputs.answers import Question
from app.inputs.pins import MOST_ZOOM, PinInput, parse_pin
from app.models import QuestionType

ABOUT: Final = "about."
ANSWER: Final = "answer."
EXACT_PX: Final = 6.0
"""How exactly a hand with a mouse points."""
EQUATOR_PX_M: Final = 156_543.034
"""Metres of one pixel at the equator and zoom 0 of a web map with tiles of 256 pixels."""
NAMED_M: Final[Mapping[str, float]] = {"address": 20.0, "place": 100.0, "street": 200.0}
"""How far from what somebody meant the middle of a named thing may be, by its kind."""
NO_PLACE: Final = N_("Say where: click into the map, look a place up, or type its coordinates.")
SPLIT: Final = re.compile(r"[\s,;]+")

Form = Mapping[str, Sequence[str]]


class DeskDeed(StrEnum):
    """What the pressed button does."""

    PIN = "pin"
    BACK = "back"
    """Take a pin back."""
    ABOUT = "about"
    """Keep what is known of the person."""
    NEXT = "next"
    FIND = "find"
    """Look up a place by its name."""


@dataclass(frozen=True)
class DeskInput:
    """The form of the desk, whatever it is to do; the pin itself is read by `parse_desk_pin`."""

    deed: DeskDeed
    key: uuid.UUID
    """By which the person under way is known to the clerk's page, and to nobody else."""
    event: str | None
    about: Mapping[str, Any] = field(default_factory=dict)
    taken: uuid.UUID | None = None
    """The pin to be taken back; None: the last one."""
    keep: bool = False
    """Whether the answers stay for the next person."""
    find: str = ""


@dataclass(frozen=True)
class DeskPin:
    """A pin as it was written down, and how far from its place it may lie."""

    pin: PinInput
    precision_m: float | None


def parse_desk(form: Form, about: Sequence[Question]) -> DeskInput:
    """What the form asks for; Malformed where it is none of ours."""
    deed, _, pin = _one(form, "deed").partition(" ")
    if deed not in tuple(DeskDeed):
        raise Malformed(Problem("deed", N_("Choose one of these.")))
    return DeskInput(
        DeskDeed(deed),
        parse_key(_one(form, "person")),
        _one(form, "event").upper() or None,
        _answers(form, ABOUT, about),
        _uuid(pin, "deed") if pin else None,
        bool(_one(form, "keep")),
        _one(form, "find"),
    )


def parse_key(text: str) -> uuid.UUID:
    """The key of the person under way; Malformed where it can be guessed."""
    key = _uuid(text, "person")
    if key.version != 4:
        raise Malformed(Problem("person", N_("The id must be a random UUID (version 4).")))
    return key


def parse_desk_pin(form: Form, questions: Sequence[Question], event: str | None) -> DeskPin:
    """The pin of the form; Unacceptable with every problem beside its field."""
    category = _one(form, "category")
    asked = [one for one in questions if not one.categories or category in one.categories]
    place, kind = _place(form)
    zoom = _one(form, "zoom")
    properties = {
        "category": category or None,
        "comment": _one(form, "comment") or None,
        "event": event,
        "zoom": int(zoom) if zoom.isascii() and zoom.isdigit() and int(zoom[:4]) <= MOST_ZOOM else None,
    }
    feature = {
        "type": "Feature",
        "id": _one(form, "pin"),
        "geometry": {"type": "Point", "coordinates": list(place)} if place else None,
        "properties": {**_answers(form, ANSWER, asked), **properties},
    }
    try:
        pin = parse_pin(feature)
    except Unacceptable as refusal:
        if place:
            raise
        others = [problem for problem in refusal.problems if problem.field != "geometry"]
        raise Unacceptable(Problem("geometry", NO_PLACE), *others) from None
    return DeskPin(pin, _precision_m(pin, kind))


def _place(form: Form) -> tuple[tuple[float, float] | None, str]:
    """Longitude and latitude, and of what kind the place is: chosen among those found, else typed or clicked."""
    typed = [one for one in SPLIT.split(_one(form, "at")) if one]
    chosen = _one(form, "place").split()
    parts = typed if typed or len(chosen) != 3 else chosen[:2]
    try:
        lon, lat = (float(one) for one in parts)
    except ValueError:
        return None, ""
    if not (math.isfinite(lon) and math.isfinite(lat)):
        return None, ""
    return (lon, lat), "" if typed else chosen[2]


def _precision_m(pin: PinInput, kind: str) -> float | None:
    if pin.zoom is not None:
        return EXACT_PX * EQUATOR_PX_M * math.cos(math.radians(pin.lat)) / 2.0**pin.zoom
    return NAMED_M.get(kind)


def _answers(form: Form, before: str, questions: Sequence[Question]) -> dict[str, Any]:
    """Answers by question; what was left empty is not there."""
    found: dict[str, Any] = {}
    for question in questions:
        given = [value.strip() for value in form.get(before + question.key, ()) if value.strip()]
        if given:
            found[question.key] = given if question.type == QuestionType.MULTIPLE else given[0]
    return found


def _uuid(text: str, name: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise Malformed(Problem(name, N_("This is not an id."))) from error


def _one(form: Form, name: str) -> str:
    return next(iter(form.get(name, ())), "").strip()
