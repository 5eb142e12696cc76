"""Ready sets of categories and questions, with the wording in all languages: a map can begin with one of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from app.i18n import Texts

FOLDER = Path(__file__).parent
KEYS = ("safety", "school", "seniors", "cycling", "green")
"""In the order in which they are offered; each is a file beside this one."""
PARTS = ("categories", "questions", "about")
"""What a set says of a map, in the words of map.json."""


@dataclass(frozen=True)
class ReadySet:
    """What to ask on one theme: its name, what it is good for, and the part of `map.json` that asks it."""

    key: str
    title: Texts
    why: Texts
    description: Mapping[str, Any] = field(repr=False)


@cache
def ready_sets() -> Sequence[ReadySet]:
    """The built-in sets."""
    return tuple(_read(key) for key in KEYS)


def _read(key: str) -> ReadySet:
    written = json.loads((FOLDER / f"{key}.json").read_text(encoding="utf-8"))
    return ReadySet(key, written["title"], written["why"], {part: written[part] for part in PARTS})
