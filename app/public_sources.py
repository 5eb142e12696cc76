"""What citizens meet: the one list of sources that are said in every language, and the scripts behind each page.

The office, the data pages and the documents of the API speak the whole languages (Czech, English); all that is
named here speaks the further ones too. A new public page is a new line here; tests/app/test_words.py asks for its
words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import cache

from app.config import ROOT

SCRIPT_FOLDER = "static/js/"

PUBLIC_ENTRIES = (
    "js/pages/home.js",
    "js/pages/directory.js",
    "js/pages/citizen.js",
    "js/pages/results.js",
    "js/pages/write.js",
    "js/pages/share.js",
    "js/pages/offline.js",
)
"""Scripts with which a public page begins; what they import is public with them."""

PUBLIC_FILES = (
    "templates/base.html",
    "templates/parts.html",
    "templates/sharing.html",
    "templates/pages/*.html",
    "templates/citizen/*.html",
    "templates/receipt/*.html",
    "templates/results/*.html",
    "templates/stories/*.html",
    "app/errors.py",
    "app/inputs/fields.py",
    "app/inputs/geometries.py",
    "app/inputs/json_body.py",
    "app/inputs/answers.py",
    "app/inputs/pin_photos.py",
    "app/inputs/pins.py",
    "app/inputs/place_search.py",
    "app/inputs/write_form.py",
    "app/queries/map_description.py",
    "app/services/pins.py",
    "app/services/pin_photos.py",
    "app/services/respondents.py",
    "app/services/share_picture.py",
    "app/services/throttle.py",
    "app/services/withdrawal.py",
    "app/views/accessibility.py",
    "app/views/answers_feed.py",
    "app/views/api/bodies.py",
    "app/views/api/items.py",
    "app/views/api/photos.py",
    "app/views/api/respondent.py",
    "app/views/citizen.py",
    "app/views/event_door.py",
    "app/views/front_page.py",
    "app/views/negotiation.py",
    "app/views/offline.py",
    "app/views/pages.py",
    "app/views/pin_photos.py",
    "app/views/place_search.py",
    "app/views/problems.py",
    "app/views/receipt.py",
    "app/views/results.py",
    "app/views/sharing.py",
    "app/views/stories.py",
    "app/views/write.py",
    "app/views/write_waiting.py",
)
"""Templates and Python modules whose sentences a citizen can meet."""

PUBLIC_BLUEPRINTS = frozenset(
    {
        "accessibility",
        "citizen",
        "event_door",
        "offline",
        "pages",
        "pin_photos",
        "place_search",
        "receipt",
        "results",
        "sharing",
        "stories",
        "write",
    }
)
"""The views whose pages are said in every language."""

_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["']#(js/[\w./-]+\.js)["']""")


def is_public(file: str) -> bool:
    """Whether a citizen can meet the sentences of this source file, named from the project's root."""
    if file.startswith(SCRIPT_FOLDER):
        return file in _public_scripts()
    return any(fnmatchcase(file, pattern) for pattern in PUBLIC_FILES)


@cache
def scripts_behind(entry: str) -> frozenset[str]:
    """The script of a page and all that it imports, now or later, named from the project's root."""
    reached: set[str] = set()
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        path = ROOT / "static" / name
        if f"static/{name}" in reached or not path.is_file():
            continue
        reached.add(f"static/{name}")
        waiting += _IMPORT.findall(path.read_text(encoding="utf-8"))
    return frozenset(reached)


@cache
def _public_scripts() -> frozenset[str]:
    return union(scripts_behind(entry) for entry in PUBLIC_ENTRIES)


def union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    """All that is in any of them."""
    return frozenset().union(*sets)
