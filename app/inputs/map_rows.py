"""Rows of the map editor: categories, questions and their options, each known by a name of its own on the page.

The order of the rows on the page is the order on the map, so that moving one needs no renumbering.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.i18n import N_
from app.inputs.map_folder import RESERVED, slug_of
from app.inputs.map_sent import Noted, Sent, first_filled
from app.models import QuestionType

Row = dict[str, Any]
Typed = dict[str, Any]
Description = Mapping[str, Any]

ROW = re.compile(r"[a-z]{1,2}[0-9]{1,4}")
MOST_ROWS = 400
MOST_OPTIONS = 100
MOST_WORD_CHARACTERS = 40
MOST_SENTENCE_CHARACTERS = 160
MOST_KEY_CHARACTERS = 40
OWN_COLOR = "own"


def shown_categories(description: Description) -> Typed:
    """The categories as rows."""
    return {"rows": [category_row(category, f"c{n}") for n, category in enumerate(description["categories"])]}


def category_row(category: Mapping[str, Any], row: str) -> Row:
    """One category as a row of this name."""
    return {
        "row": row,
        "key": category.get("key") or "",
        **{name: dict(category.get(name) or {}) for name in ("word", "label", "prompt")},
        "color": category.get("color") or "",
        "own_color": category.get("color") or "",
        "shape": category.get("shape") or "",
        "at": "",
    }


def sent_categories(form: Sent) -> Typed:
    """The rows as they were typed."""
    return {
        "rows": [
            {
                "row": row,
                **{name: form.one(f"{row}.{name}") for name in ("key", "color", "own_color", "shape")},
                **{name: form.texts(f"{row}.{name}") for name in ("word", "label", "prompt")},
                "at": "",
            }
            for row in _names(form.all("row"), MOST_ROWS)
        ]
    }


def described_categories(typed: Typed, before: Description, noted: Noted) -> dict[str, Any]:
    """The rows as categories; questions that were asked only with a category that goes are a problem."""
    stored = {category["key"]: category for category in before["categories"]}
    taken = {row["key"] for row in typed["rows"]}
    found: list[dict[str, Any]] = []
    for row in typed["rows"]:
        if _is_blank(row, ("word", "label", "prompt")):
            continue
        row["at"] = at = f"categories[{len(found)}]"
        old = stored.get(row["key"], {})
        word = noted.texts(f"{at}.word", row["word"], old.get("word"), MOST_WORD_CHARACTERS)
        label = noted.texts(f"{at}.label", row["label"], old.get("label"), MOST_SENTENCE_CHARACTERS)
        _want_first(noted, f"{at}.word", row["word"], before, N_("Give the category one or two words."))
        found.append(
            {
                "key": row["key"] or _fresh_key(first_filled(word, before["languages"]), taken),
                "word": word,
                # Where no sentence was written, the word is the sentence.
                "label": {code: text for code, text in word.items() if code in row["label"] or not label} | label,
                "prompt": noted.texts(f"{at}.prompt", row["prompt"], old.get("prompt"), MOST_SENTENCE_CHARACTERS),
                "color": color_of(row) or None,
                "shape": row["shape"] or None,
            }
        )
    return {"categories": found, "questions": _still_asked(before, {one["key"] for one in found}, noted)}


def color_of(row: Row) -> str:
    """The colour a row says: one of the palette's, or its own."""
    return str(row["own_color"] if row["color"] == OWN_COLOR else row["color"])


def shown_questions(questions: Sequence[Mapping[str, Any]], scope: str) -> Typed:
    """The questions as rows."""
    return {"scope": scope, "rows": [question_row(question, f"q{n}") for n, question in enumerate(questions)]}


def question_row(question: Mapping[str, Any], row: str) -> Row:
    """One question as a row of this name."""
    return {
        "row": row,
        "key": question.get("key") or "",
        "type": question.get("type") or QuestionType.SINGLE,
        "label": dict(question.get("label") or {}),
        "options": [
            {"row": f"o{n}", "key": option["key"], "label": dict(option["label"]), "at": ""}
            for n, option in enumerate(question.get("options") or ())
        ],
        "categories": list(question.get("categories") or ()),
        "published": bool(question.get("published", True)),
        "at": "",
    }


def sent_questions(form: Sent, scope: str) -> Typed:
    """The rows as they were typed."""
    return {"scope": scope, "rows": [_sent_question(form, row) for row in _names(form.all("row"), MOST_ROWS)]}


def _sent_question(form: Sent, row: str) -> Row:
    return {
        "row": row,
        "key": form.one(f"{row}.key"),
        "type": form.one(f"{row}.type") or QuestionType.SINGLE,
        "label": form.texts(f"{row}.label"),
        "options": [
            {
                "row": option,
                "key": form.one(f"{row}.{option}.key"),
                "label": form.texts(f"{row}.{option}.label"),
                "at": "",
            }
            for option in _names(form.all(f"{row}.option"), MOST_OPTIONS)
        ],
        "categories": form.all(f"{row}.categories"),
        "published": bool(form.one(f"{row}.published")),
        "at": "",
    }


def described_questions(typed: Typed, before: Description, scope: str, noted: Noted) -> dict[str, Any]:
    """The rows as questions; rows and options in which nothing was typed fall away."""
    stored = {question["key"]: question for question in before[scope]}
    taken = {row["key"] for row in typed["rows"]} | RESERVED
    every = {category["key"] for category in before["categories"]}
    found: list[dict[str, Any]] = []
    for row in typed["rows"]:
        if _is_blank(row, ("label",)) and not any(any(o["label"].values()) for o in row["options"]):
            continue
        row["at"] = at = f"{scope}[{len(found)}]"
        old = stored.get(row["key"], {})
        label = noted.texts(f"{at}.label", row["label"], old.get("label"), MOST_SENTENCE_CHARACTERS)
        _want_first(noted, f"{at}.label", row["label"], before, N_("Write the question."))
        asked_with = [key for key in dict.fromkeys(row["categories"]) if key in every]
        found.append(
            {
                "key": row["key"] or _fresh_key(first_filled(label, before["languages"]), taken),
                "type": row["type"],
                "label": label,
                "options": _described_options(row, old, before, noted),
                # With every category is with all, also with those that come later.
                "categories": [] if set(asked_with) == every else asked_with,
                "published": row["published"] and scope == "questions",
            }
        )
    return {scope: found}


def _described_options(
    row: Row, old: Mapping[str, Any], before: Description, noted: Noted
) -> list[dict[str, Any]]:
    if row["type"] == QuestionType.TEXT:
        return []
    stored = {option["key"]: option for option in old.get("options", ())}
    taken = {option["key"] for option in row["options"]}
    found: list[dict[str, Any]] = []
    for option in row["options"]:
        if not any(text.strip() for text in option["label"].values()):
            continue
        option["at"] = at = f"{row['at']}.options[{len(found)}]"
        kept = stored.get(option["key"], {})
        label = noted.texts(f"{at}.label", option["label"], kept.get("label"), MOST_SENTENCE_CHARACTERS)
        _want_first(noted, f"{at}.label", option["label"], before, N_("Write the option in this language too."))
        key = option["key"] or _fresh_key(first_filled(label, before["languages"]), taken)
        found.append({"key": key, "label": label})
    return found


def _still_asked(before: Description, kept: set[str], noted: Noted) -> list[dict[str, Any]]:
    """The questions without the categories that go; one that would be asked with nothing is a problem."""
    questions = []
    for question in before["questions"]:
        asked_with = [key for key in question["categories"] if key in kept]
        if question["categories"] and not asked_with:
            label = first_filled(question["label"], before["languages"])
            noted.wrong(
                "categories",
                N_("The question “%(question)s” is asked only with a category you are removing. Change it first."),
                question=label,
            )
        questions.append({**question, "categories": asked_with})
    return questions


def _want_first(noted: Noted, field: str, typed: Mapping[str, str], before: Description, message: str) -> None:
    """The map's first language is the one that nothing may be missing in."""
    main = before["languages"][0]
    if main in typed and not typed[main].strip():
        noted.wrong(f"{field}.{main}", message)


def _is_blank(row: Row, texts: Iterable[str]) -> bool:
    """Whether a row was added and nothing written into it."""
    return not row["key"] and not any(text.strip() for name in texts for text in row[name].values())


def _fresh_key(text: str, taken: set[str]) -> str:
    """A key made of a text that none of those taken is; it is taken from now on."""
    plain = slug_of(text).replace("-", "_")[: MOST_KEY_CHARACTERS - 4].strip("_")
    stem = plain if plain[:1].isalpha() else f"k_{plain}".strip("_")
    key, n = stem, 1
    while key in taken:
        n += 1
        key = f"{stem}_{n}"
    taken.add(key)
    return key


def _names(sent: Iterable[str], most: int) -> list[str]:
    """The names of rows that could be ours, each once."""
    return [name for name in dict.fromkeys(sent) if ROW.fullmatch(name)][:most]
