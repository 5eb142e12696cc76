"""What a town says of its pages in the accessibility statement: the form of the office as a frozen record."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from app.errors import InvalidInput, Problem
from app.i18n import N_, Texts
from app.inputs.fields import storable

STATES = ("full", "partial", "none")
"""How far the pages keep the law: wholly, in part, not at all (the three of decision (EU) 2018/1523)."""
METHODS = ("self", "expert")
"""Who judged it: the town by itself, or somebody from outside."""
LANGUAGES = ("cs", "en")
"""In which languages the town can name its own exceptions."""
MOST_LINE_CHARACTERS = 200
MOST_TEXT_CHARACTERS = 4000
EARLIEST = date(2019, 4, 9)
"""The law's first day (zákon č. 99/2019 Sb.); no statement by it is older."""
EMAIL = re.compile(r"[^\s@<>\"',;?&%/:#]+@[^\s@<>\"',;?&%/:#]+\.[^\s@<>\"',;?&%/:#]{2,}")
"""Nothing that would say more in a link to it than whom to write to: no ?bcc=."""
PHONE = re.compile(r"\+?[0-9][0-9 ()/-]{5,28}[0-9]", re.ASCII)
SPACES = re.compile(r"[^\S\n]+")


@dataclass(frozen=True)
class Statement:
    """The town's own part of the statement; the rest are the law's sentences and what our tests know."""

    state: str
    method: str
    made_on: date
    reviewed_on: date | None
    email: str
    phone: str
    post: str
    exceptions: Texts
    """What is not accessible beyond what every map says by itself: one a line, by language."""


def parse_statement(form: Mapping[str, str], today: date) -> Statement:
    """The statement of the form; InvalidInput names every field that is not right yet."""
    problems: list[Problem] = []
    made_on = _day(form, "made", today, problems)
    reviewed_on = _day(form, "reviewed", today, problems)
    if made_on is None and not any(problem.field == "made" for problem in problems):
        problems.append(Problem("made", N_("Say when the statement was made.")))
    if made_on and reviewed_on and reviewed_on < made_on:
        problems.append(Problem("reviewed", N_("A review comes after the statement was made.")))
    email = _text(form, "email", MOST_LINE_CHARACTERS, problems)
    phone = _text(form, "phone", MOST_LINE_CHARACTERS, problems)
    if email and not EMAIL.fullmatch(email):
        problems.append(Problem("email", N_("This is not an e-mail address.")))
    if phone and not PHONE.fullmatch(phone):
        problems.append(Problem("phone", N_("Write a phone number, for example +420 123 456 789.")))
    if not email and not phone and not any(problem.field in ("email", "phone") for problem in problems):
        problems.append(Problem("email", N_("Give an e-mail address or a phone number to turn to.")))
    exceptions = {
        language: text
        for language in LANGUAGES
        if (text := _text(form, f"exceptions_{language}", MOST_TEXT_CHARACTERS, problems))
    }
    found = Statement(
        state=_choice(form, "state", STATES, problems),
        method=_choice(form, "method", METHODS, problems),
        made_on=made_on or today,
        reviewed_on=reviewed_on,
        email=email,
        phone=phone,
        post=_text(form, "post", MOST_TEXT_CHARACTERS, problems),
        exceptions=exceptions,
    )
    if problems:
        raise InvalidInput(*problems)
    return found


def stored_statement(kept: Mapping[str, Any] | None) -> Statement | None:
    """The statement as the town's row keeps it; None where the town has not made one."""
    if kept is None:
        return None
    return Statement(
        state=kept["state"],
        method=kept["method"],
        made_on=date.fromisoformat(kept["made"]),
        reviewed_on=date.fromisoformat(kept["reviewed"]) if kept["reviewed"] else None,
        email=kept["email"],
        phone=kept["phone"],
        post=kept["post"],
        exceptions=dict(kept["exceptions"]),
    )


def statement_row(statement: Statement) -> dict[str, Any]:
    """The statement as the town's row keeps it."""
    return {
        "state": statement.state,
        "method": statement.method,
        "made": statement.made_on.isoformat(),
        "reviewed": statement.reviewed_on.isoformat() if statement.reviewed_on else None,
        "email": statement.email,
        "phone": statement.phone,
        "post": statement.post,
        "exceptions": dict(statement.exceptions),
    }


def typed_statement(statement: Statement | None, today: date) -> dict[str, str]:
    """The statement as the form shows it; honest beginnings where there is none yet."""
    if statement is None:
        return {"state": "partial", "method": "self", "made": today.isoformat()}
    row = statement_row(statement)
    texts = {f"exceptions_{language}": text for language, text in row.pop("exceptions").items()}
    return {name: value or "" for name, value in row.items()} | texts


def _choice(form: Mapping[str, str], name: str, known: tuple[str, ...], problems: list[Problem]) -> str:
    chosen = form.get(name, "")
    if chosen not in known:
        problems.append(Problem(name, N_("Choose one of these.")))
    return chosen


def _day(form: Mapping[str, str], name: str, today: date, problems: list[Problem]) -> date | None:
    typed = form.get(name, "").strip()
    if not typed:
        return None
    try:
        found = date.fromisoformat(typed)
    except ValueError:
        problems.append(Problem(name, N_("Write a date, for example 2026-09-14.")))
        return None
    if not EARLIEST <= found <= today:
        problems.append(Problem(name, N_("This day is too early, or still to come.")))
        return None
    return found


def _text(form: Mapping[str, str], name: str, most: int, problems: list[Problem]) -> str:
    lines = form.get(name, "").replace("\r\n", "\n").split("\n")
    text = "\n".join(line for line in (SPACES.sub(" ", line).strip() for line in lines) if line)
    if not storable(text):
        problems.append(Problem(name, N_("There is a sign in the text that we can't store.")))
        return ""
    if len(text) > most:
        problems.append(Problem(name, N_("This has at most %(most)s characters."), {"most": most}))
    return text
