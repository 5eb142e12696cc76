"""An event as an official types it: the form's texts as a frozen event, or every problem beside its field."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from app.config import TOWN_CLOCK
from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs.fields import storable
from app.inputs.maps import EventInput
from app.models import Event, EventKind

CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,23}")
MOST_TEXT_CHARACTERS = 160
MOST_PEOPLE = 100_000
YEARS = range(2000, 2101)
CLOCK_FORMAT = "%Y-%m-%dT%H:%M"
"""How a browser writes a date with its time."""
WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
SPACES = re.compile(r"\s+")


def parse_event(form: Mapping[str, str], languages: Sequence[str], code: str) -> EventInput:
    """The event of a form whose texts are in these languages; `code` stands where the field was left empty."""
    problems: list[Problem] = []
    starts_at = _moment(form, "starts", problems)
    ends_at = _moment(form, "ends", problems)
    title = _texts(form, "title", languages, problems)
    if not title and not any(problem.field.startswith("title_") for problem in problems):
        problems.append(Problem(f"title_{languages[0]}", N_("Give the event a name.")))
    if starts_at and ends_at and ends_at <= starts_at:
        problems.append(Problem("ends", N_("The end must come after the beginning.")))
    if ends_at and not starts_at and not form.get("starts"):
        problems.append(Problem("starts", N_("Say also when it begins.")))
    kind = form.get("kind", EventKind.FORUM)
    if kind not in tuple(EventKind):
        problems.append(Problem("kind", N_("Choose one of these.")))
    found = EventInput(
        code=_code(form, code, problems),
        kind=kind,
        title=title,
        place=_line(form, "place", problems) or None,
        starts_at=starts_at,
        ends_at=ends_at,
        target_group=_texts(form, "target", languages, problems),
        expected_people=_people(form, problems),
        simple="simple" in form,
    )
    if problems:
        raise InvalidInput(*problems)
    return found


def typed_event(event: Event) -> dict[str, str]:
    """The stored event as the form shows it."""
    return {
        "code": event.code,
        "kind": event.kind,
        "place": event.place or "",
        "starts": _clock(event.starts_at),
        "ends": _clock(event.ends_at),
        "expected": "" if event.expected_people is None else str(event.expected_people),
        **({"simple": "1"} if event.simple else {}),
        **{f"title_{language}": text for language, text in event.title.items()},
        **{f"target_{language}": text for language, text in event.target_group.items()},
    }


def _code(form: Mapping[str, str], proposed: str, problems: list[Problem]) -> str:
    code = SPACES.sub("", form.get("code", "")).upper() or proposed
    if not CODE.fullmatch(code):
        problems.append(
            Problem("code", N_("A code has 2 to 24 letters without accents, digits or hyphens, and no spaces."))
        )
    return code


def _texts(
    form: Mapping[str, str], name: str, languages: Sequence[str], problems: list[Problem]
) -> dict[str, str]:
    said = {language: _line(form, f"{name}_{language}", problems) for language in languages}
    return {language: text for language, text in said.items() if text}


def _line(form: Mapping[str, str], name: str, problems: list[Problem]) -> str:
    text = SPACES.sub(" ", form.get(name, "")).strip()
    if not storable(text):
        problems.append(Problem(name, N_("There is a sign in the text that we can't store.")))
        return ""
    if len(text) > MOST_TEXT_CHARACTERS:
        problems.append(Problem(name, N_("This has at most %(most)s characters."), {"most": MOST_TEXT_CHARACTERS}))
    return text


def _moment(form: Mapping[str, str], name: str, problems: list[Problem]) -> datetime | None:
    """A moment by the town's clocks."""
    typed = form.get(name, "").strip()
    if not typed:
        return None
    try:
        found = datetime.fromisoformat(typed)
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None or found.year not in YEARS:
        problems.append(Problem(name, N_("Write a date and a time, for example 2026-09-14 17:00.")))
        return None
    return found.replace(tzinfo=TOWN_CLOCK)


def _people(form: Mapping[str, str], problems: list[Problem]) -> int | None:
    typed = SPACES.sub("", form.get("expected", ""))
    if not typed:
        return None
    if not WHOLE.fullmatch(typed) or int(typed) > MOST_PEOPLE:
        problems.append(Problem("expected", N_("Write a whole number, for example 60.")))
        return None
    return int(typed)


def _clock(moment: datetime | None) -> str:
    return moment.astimezone(TOWN_CLOCK).strftime(CLOCK_FORMAT) if moment else ""
