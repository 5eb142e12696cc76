"""What officials answer, as their forms say it: a status with words, for a pin or for a place; ready answers."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import shapely
from shapely import MultiPolygon, Polygon

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.boundary_words import boundary_problem
from app.inputs.fields import storable
from app.inputs.visible import visible
from app.models import PinStatus
from gis.geojson import InvalidGeometry, read_boundary

MOST_ANSWER_CHARACTERS = 4000
MOST_NAME_CHARACTERS = 120
MOST_AREA_CHARACTERS = 200_000
"""Of GeoJSON: some thousand corners, more than anybody draws around a place."""
MOST_CORNERS = 2000
DEGREES = r"([+-]?[0-9]{1,3}(?:[.,][0-9]+)?)\s*"
CORNER = re.compile(rf"\s*{DEGREES}[°NS]?\s*[;, \t]\s*{DEGREES}[°EW]?\s*")
CONTROL = re.compile(r"[\x01-\x08\x0b\x0c\x0e-\x1f\x7f]")

STATUS_WORDS: Mapping[PinStatus, str] = {
    PinStatus.RECEIVED: N_("received"),
    PinStatus.PLANNED: N_("planned"),
    PinStatus.DONE: N_("done"),
    PinStatus.DECLINED: N_("can’t be done"),
}
"""What the town does about it, in the words that everybody reads."""


@dataclass(frozen=True)
class Answer:
    """What the town says: a status, and words in a little Markdown (may be empty but for what can't be)."""

    status: PinStatus
    text: str

    @property
    def is_nothing(self) -> bool:
        """Whether it says no more than what holds without any answer."""
        return self.status is PinStatus.RECEIVED and not self.text


@dataclass(frozen=True)
class PlaceInput:
    """An area that the town answers as one."""

    name: str
    area: MultiPolygon
    categories: Sequence[str]
    """Whose pins are meant, in the map's order; empty: all."""
    answer: Answer


@dataclass(frozen=True)
class TemplateInput:
    """A wording kept for the next time."""

    title: str
    answer: Answer


def parse_answer(form: Mapping[str, str]) -> Answer:
    """The answer of a form; InvalidInput with what is wrong, field by field."""
    problems: list[Problem] = []
    answer = _answer(form, "answer", problems)
    _refuse(problems)
    return answer


def parse_place(form: Mapping[str, str], chosen: Collection[str], known: Collection[str]) -> PlaceInput:
    """The place of a form whose checkboxes chose these of the map's `known` categories; InvalidInput otherwise."""
    problems: list[Problem] = []
    name = _line(form, "name", N_("Give the place a name that people use."), problems)
    area = MultiPolygon()
    try:
        area = parse_place_area(form)
    except InvalidInput as refusal:
        problems += refusal.problems
    categories = _categories(chosen, known, problems)
    answer = _answer(form, "answer", problems)
    _refuse(problems)
    return PlaceInput(name, area, categories, answer)


def parse_place_area(form: Mapping[str, str]) -> MultiPolygon:
    """The area of a form, GeoJSON or one corner a line; InvalidInput that says what to do."""
    text = form.get("area", "").strip()
    if not text:
        raise InvalidInput(Problem("area", N_("Draw the place on the map, or take one of the strong places.")))
    if len(text) > MOST_AREA_CHARACTERS:
        raise InvalidInput(Problem("area", N_("The area has too many corners; simplify it.")))
    area = _from_geojson(text) if text.startswith("{") else _from_lines(text)
    if len(shapely.get_coordinates(area)) > MOST_CORNERS:
        raise InvalidInput(Problem("area", N_("The area has too many corners; simplify it.")))
    return area


def parse_categories_of_place(chosen: Collection[str], known: Collection[str]) -> Sequence[str]:
    """The categories that are meant, in the map's order; none when all are."""
    problems: list[Problem] = []
    found = _categories(chosen, known, problems)
    _refuse(problems)
    return found


def parse_template(form: Mapping[str, str]) -> TemplateInput:
    """A ready answer of a form; InvalidInput with what is wrong."""
    problems: list[Problem] = []
    title = _line(form, "title", N_("Give it a name by which you will find it."), problems)
    answer = _answer(form, "text", problems)
    if not problems and not answer.text:
        problems.append(Problem("text", N_("Write the words that you want to keep.")))
    _refuse(problems)
    return TemplateInput(title, answer)


def plain(text: str) -> str:
    """A text of a form without what no page or feed can show: lines end in one way, control characters go."""
    return visible(CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))).strip()


def _answer(form: Mapping[str, str], field: str, problems: list[Problem]) -> Answer:
    """The status, and the words of this field."""
    status, text = form.get("status", ""), form.get(field, "")
    if status not in tuple(PinStatus):
        problems.append(Problem("status", N_("Say what the town does about it.")))
        status = PinStatus.RECEIVED
    if not storable(text):
        problems.append(Problem(field, N_("The text holds characters that can't be stored.")))
        text = ""
    text = plain(text)
    if len(text) > MOST_ANSWER_CHARACTERS:
        message = N_("The answer has at most %(most)s characters.")
        problems.append(Problem(field, message, {"most": MOST_ANSWER_CHARACTERS}))
    if status == PinStatus.DECLINED and not text:
        problems.append(Problem(field, N_("Say why it can’t be done. People will read it.")))
    return Answer(PinStatus(status), text)


def _line(form: Mapping[str, str], field: str, missing: str, problems: list[Problem]) -> str:
    """A text of one line."""
    text = form.get(field, "")
    if not storable(text):
        problems.append(Problem(field, N_("The text holds characters that can't be stored.")))
        return ""
    text = " ".join(plain(text).split())
    if not text:
        problems.append(Problem(field, missing))
    if len(text) > MOST_NAME_CHARACTERS:
        message = N_("A name has at most %(most)s characters.")
        problems.append(Problem(field, message, {"most": MOST_NAME_CHARACTERS}))
    return text


def _categories(chosen: Collection[str], known: Collection[str], problems: list[Problem]) -> Sequence[str]:
    if not set(chosen) <= set(known):
        problems.append(Problem("categories", N_("The map has no such choice.")))
    found = tuple(key for key in known if key in chosen)
    return () if len(found) == len(known) else found


def _from_geojson(text: str) -> MultiPolygon:
    try:
        return read_boundary(text)
    except InvalidGeometry as error:
        raise InvalidInput(boundary_problem(error, "area")) from error


def _from_lines(text: str) -> MultiPolygon:
    """Corners as map sites show them, latitude first, one a line."""
    corners = [_corner(line) for line in text.splitlines() if line.strip()]
    if len(set(corners)) < 3:
        raise InvalidInput(Problem("area", N_("An area needs at least three corners, one on each line.")))
    polygon = Polygon(corners)
    if not polygon.is_valid or polygon.area == 0:
        raise InvalidInput(Problem("area", N_("The outline crosses itself. Move or remove a corner.")))
    return MultiPolygon([polygon])


def _corner(line: str) -> tuple[float, float]:
    found = CORNER.fullmatch(line)
    lat, lon = (float(part.replace(",", ".")) for part in found.groups()) if found else (math.nan, math.nan)
    if not (abs(lat) <= 85 and abs(lon) <= 180):
        message = N_("“%(line)s” is not a corner. Write it like 49.62015, 15.52003.")
        raise InvalidInput(Problem("area", message, {"line": line.strip()[:60]}))
    return lon, lat


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise InvalidInput(*problems)
