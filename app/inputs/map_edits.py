"""What a button within a form does to its rows: add, remove, move, take a ready-made one. It saves nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from app.i18n import Texts
from app.inputs.defaults import ABOUT, CATEGORIES
from app.inputs.map_rows import MOST_OPTIONS, Row, Typed, category_row, question_row
from app.models import QuestionType

DEED = re.compile(r"(add|remove|up|down)(?::([a-z0-9_]{1,40}))?(?:\.(o[0-9]{1,4}|add))?")
STEP = {"up": -1, "down": 1}
MOST_TO_ADD = 40
"""More categories or questions than this no citizen will look at; a folder may bring more, and they stay."""


def _option(key: str, cs: str, en: str) -> dict[str, str | Texts]:
    return {"key": key, "label": {"cs": cs, "en": en}}


WHEN: Mapping[str, Any] = {
    "key": "when",
    "type": QuestionType.SINGLE,
    "label": {"cs": "Kdy to tak je?", "en": "When is it like that?"},
    "options": [
        _option("day", "hlavně ve dne", "mostly by day"),
        _option("night", "hlavně po setmění", "mostly after dark"),
        _option("always", "pořád", "always"),
    ],
    "categories": [],
    "published": True,
}
"""By day or by night: most of what people say of safety depends on it."""

READY: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "categories": {category.key: asdict(category) for category in CATEGORIES},
    "questions": {"when": WHEN},
    "about": {question.key: asdict(question) for question in ABOUT},
}
"""Ready-made rows of each section, by key."""


def ready_made(section: str, typed: Typed) -> list[Mapping[str, Any]]:
    """The ready-made rows that the form does not have yet."""
    there = {row["key"] for row in typed.get("rows", ())}
    return [one for key, one in READY.get(section, {}).items() if key not in there]


def edited(section: str, typed: Typed, deed: str) -> tuple[Typed, str | None]:
    """The rows after the deed of a button, and the row it was about; unchanged where the deed makes no sense.

    "add", "add:age" (a ready-made one), "remove:q2", "up:q2", "down:q2"; of options: "add:q2.add", "up:q2.o1".
    """
    known = DEED.fullmatch(deed)
    if known is None or "rows" not in typed:
        return typed, None
    verb, name, option = known.groups()
    rows = [dict(row) for row in typed["rows"]]
    if option:
        return typed | {"rows": rows}, _edit_options(rows, name, verb, option)
    if verb == "add":
        return typed | {"rows": rows}, _add(section, rows, name)
    return typed | {"rows": rows}, _move(rows, verb, name)


def _add(section: str, rows: list[Row], name: str | None) -> str | None:
    ready = READY.get(section, {}).get(name or "", {})
    if len(rows) >= MOST_TO_ADD or (name and not ready) or (name and any(row["key"] == name for row in rows)):
        return None
    fresh = fresh_row(rows)
    rows.append(category_row(ready, fresh) if section == "categories" else question_row(ready, fresh))
    return fresh


def fresh_row(rows: Sequence[Mapping[str, Any]], letter: str = "n") -> str:
    """A name that no row has."""
    numbers = [int(row["row"].lstrip("abcdefghijklmnopqrstuvwxyz")) for row in rows]
    return f"{letter}{max(numbers, default=-1) + 1}"


def _move(rows: list[Row], verb: str, name: str | None) -> str | None:
    """Take the row away, or let it change places with its neighbour."""
    here = next((n for n, row in enumerate(rows) if row["row"] == name), None)
    if here is None:
        return None
    if verb == "remove":
        del rows[here]
        return rows[min(here, len(rows) - 1)]["row"] if rows else None
    there = here + STEP[verb]
    if 0 <= there < len(rows):
        rows[here], rows[there] = rows[there], rows[here]
    return name


def _edit_options(rows: list[Row], name: str | None, verb: str, option: str) -> str | None:
    row = next((row for row in rows if row["row"] == name), None)
    if row is None:
        return None
    row["options"] = options = [dict(one) for one in row["options"]]
    if verb == "add":
        if len(options) < MOST_OPTIONS:
            options.append({"row": fresh_row(options, "o"), "key": "", "label": {}, "at": ""})
    else:
        _move(options, verb, option)
    return name
