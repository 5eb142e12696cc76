"""A stranger's text without what nobody sees: characters that turn, hide or join what stands around them.

With them a comment may read otherwise than it is stored ("Trojan Source", 2021; Unicode TR 36), slip a minded word
past the list, or break the line of a table. Emoji that are joined out of several stay whole, and so do the joiners
of Persian and of the scripts of India.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

JOINERS: Final = "\u200c\u200d"
"""They shape emoji and some scripts; between Latin, Greek and Cyrillic letters they only hide."""
FIRST_JOINED: Final = 0x0590
"""Hebrew: what comes before in Unicode is written without joiners."""
CONTROL: Final = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
PLAIN: Final = re.compile(r"[\x09\x0a\x0d\x20-\x7e\xa0-\xac\xae-\u05ff]*")
"""By far the most comments: nothing to look for."""


def visible(text: str) -> str:
    """The text as everybody sees it; lines stay lines."""
    if PLAIN.fullmatch(text):
        return text
    shown = "".join(one for one in CONTROL.sub("", text) if one in JOINERS or unicodedata.category(one) != "Cf")
    return "".join(one for at, one in enumerate(shown) if one not in JOINERS or _joins(shown, at))


def _joins(text: str, at: int) -> bool:
    """Whether the joiner stands where one has work to do: between signs that are no European letters or digits."""
    beside = text[at - 1 : at] if at else "", text[at + 1 : at + 2]
    return all(one and ord(one) >= FIRST_JOINED and not one.isspace() for one in beside)
