"""A pin as a client sends it: a GeoJSON Feature, read into a frozen dataclass."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from app.errors import Malformed, Problem, Unacceptable
from app.i18n import N_
from app.inputs.fields import storable
from app.inputs.visible import visible

MOST_COMMENT_CHARACTERS = 1000
LEAST_ZOOM, MOST_ZOOM = 0, 24
MOST_PRECISION_M = 5000.0
"""Who knows no better than this knows no place."""

OURS = frozenset(
    [
        "id",
        "created_at",
        "changed_at",
        "channel",
        "supports",
        "status",
        "answer",
        "answered_at",
        "state",
        "hidden_reason",
        "respondent",
        "photo",
        "photo_alt",
        "photo_state",
        "photo_reason",
    ]
)
"""Properties that the server sets; a client that sends a stored feature back may carry them along."""

OPTIONAL_TEXT = ("comment", "event")


@dataclass(frozen=True)
class PinInput:
    """A whole pin; `answers` holds what is left of the properties, checked against the map's questions."""

    id: uuid.UUID
    lon: float
    lat: float
    category: str
    comment: str | None = None
    event: str | None = None
    zoom: int | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    precision_m: float | None = None
    """How far from its place it may lie, where the place was named and not pointed at."""


@dataclass(frozen=True)
class PinChange:
    """What a PATCH names; what it does not name stays."""

    lon: float | None = None
    lat: float | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)


def parse_pin(feature: Mapping[str, Any], pin_id: uuid.UUID | None = None) -> PinInput:
    """The pin of a GeoJSON Feature; Malformed or Unacceptable with every problem found.

    `pin_id` is the id in the address of a PUT, which the Feature may leave out but not contradict.
    """
    _expect_feature(feature)
    problems: list[Problem] = []
    found_id = _pin_id(feature.get("id"), pin_id, problems)
    lon, lat = _point(feature.get("geometry"), problems)
    properties = _properties(feature.get("properties"))
    category = properties.get("category")
    if not isinstance(category, str) or not storable(category):
        problems.append(Problem("category", N_("Choose what you want to say here.")))
        category = ""
    comment, event = (_text(properties.get(key), key, problems) for key in OPTIONAL_TEXT)
    if event is not None:
        event = event.upper()  # codes are typed by people, and stored as the event has them
    zoom = _zoom(properties.get("zoom"), problems)
    precision_m = _precision_m(properties.get("precision_m"), problems)
    answers = _answers(properties)
    if problems:
        raise Unacceptable(*problems)
    return PinInput(found_id, lon, lat, category, comment, event, zoom, answers, precision_m)


def parse_change(feature: Mapping[str, Any]) -> PinChange:
    """The changes of a merge patch on a stored Feature."""
    problems: list[Problem] = []
    lon = lat = None
    if "geometry" in feature:
        lon, lat = _point(feature["geometry"], problems)
    if problems:
        raise Unacceptable(*problems)
    return PinChange(lon, lat, _properties(feature.get("properties", {})))


def _expect_feature(feature: Mapping[str, Any]) -> None:
    if feature.get("type") != "Feature":
        raise Malformed(Problem("type", N_("A pin is a GeoJSON Feature.")))


def _properties(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Malformed(Problem("properties", N_("This must be an object with named values.")))
    return value


def _pin_id(value: Any, expected: uuid.UUID | None, problems: list[Problem]) -> uuid.UUID:
    """The id as UUID; where a new one is needed it must be a random one (version 4)."""
    if value is None and expected is not None:
        return expected
    try:
        found = uuid.UUID(value)
    except (ValueError, TypeError, AttributeError):
        problems.append(Problem("id", N_("The id must be a UUID made by the sender.")))
        return uuid.UUID(int=0)
    if expected is not None and found != expected:
        problems.append(Problem("id", N_("The id in the body is not the one in the address.")))
    if expected is None and found.version != 4:
        problems.append(Problem("id", N_("The id must be a random UUID (version 4).")))
    return found


def _point(geometry: Any, problems: list[Problem]) -> tuple[float, float]:
    """Longitude and latitude of a GeoJSON Point."""
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        problems.append(Problem("geometry", N_("A pin is one point.")))
        return 0.0, 0.0
    position = geometry.get("coordinates")
    if (
        not isinstance(position, list)
        or len(position) not in (2, 3)
        or not all(isinstance(n, int | float) and not isinstance(n, bool) for n in position)
        or not (-180 <= position[0] <= 180 and -90 <= position[1] <= 90)
    ):
        problems.append(Problem("geometry", N_("A point is a longitude and a latitude in degrees.")))
        return 0.0, 0.0
    return float(position[0]), float(position[1])


def _text(value: Any, key: str, problems: list[Problem]) -> str | None:
    """A trimmed text, or nothing for an empty one."""
    if value is None:
        return None
    if not isinstance(value, str):
        problems.append(Problem(key, N_("This must be a text.")))
        return None
    if not storable(value):
        problems.append(Problem(key, N_("The text holds characters that can't be stored.")))
        return None
    text = visible(value).strip()
    if len(text) > MOST_COMMENT_CHARACTERS:
        problems.append(
            Problem(
                key,
                N_("The text has %(length)s characters; the most is %(most)s."),
                {"length": len(text), "most": MOST_COMMENT_CHARACTERS},
            )
        )
        return None
    return text or None


def _zoom(value: Any, problems: list[Problem]) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not LEAST_ZOOM <= value <= MOST_ZOOM:
        problems.append(Problem("zoom", N_("A zoom is a number from 0 to 24.")))
        return None
    return int(value)


def _precision_m(value: Any, problems: list[Problem]) -> float | None:
    if value is None:
        return None
    fits = isinstance(value, int | float) and not isinstance(value, bool)
    if not fits or not 0 <= value <= MOST_PRECISION_M:
        problems.append(Problem("precision_m", N_("A precision is a number of metres from 0 to 5000.")))
        return None
    # To the hand's breadth: what lies between nothing and that, the database's column may not hold.
    return abs(round(float(value), 1))


def _answers(properties: Mapping[str, Any]) -> dict[str, Any]:
    taken = OURS | {"category", "zoom", "precision_m", *OPTIONAL_TEXT}
    return {key: _seen(value) for key, value in properties.items() if key not in taken and value is not None}


def _seen(value: Any) -> Any:
    """An answer as everybody sees it; what can't be stored is refused where the question is known."""
    return visible(value) if isinstance(value, str) else value
