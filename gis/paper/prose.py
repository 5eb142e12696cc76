"""Sentences set in a width: where lines break, and how small letters must be."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from itertools import accumulate, takewhile
from typing import Final

from gis.paper.pen import Face, Pen

LEADING: Final = 1.28
"""From one line to the next, of the letters' size."""

_SAFE: Final = 0.999
_SENTENCE: Final = re.compile(r"(?<=[.!?…])\s+")


@lru_cache(maxsize=1024)
def wrapped(text: str, face: Face, width: float) -> tuple[str, ...]:
    """The lines of a text in a width in millimetres; non-breaking spaces hold, words that are too long are cut."""
    lines: list[str] = []
    room, space = 0.0, face.width(" ")
    for word in text.split(" "):
        wide = face.width(word)
        if lines and wide + space <= room:
            lines[-1] += f" {word}"
            room -= wide + space
            continue
        lines += _cut(word, face, width) if wide > width else [word]
        room = width - face.width(lines[-1])
    return tuple(lines)


def shrunk(text: str, face: Face, width: float, least: float) -> tuple[str, Face]:
    """A text on one line: in smaller letters where it is too long, down to a size, and then cut."""
    wide = face.width(text)
    if wide <= width:
        return text, face
    face = replace(face, size=max(least, face.size * width / wide * _SAFE))
    if face.width(text) <= width:
        return text, face
    room = width - face.width("…")
    kept = len(list(takewhile(lambda so_far: so_far <= room, accumulate(face.width(sign) for sign in text))))
    return f"{text[:kept].rstrip()}…", face


def sentences(text: str, face: Face, width: float, least: float) -> tuple[str, Face]:
    """As many of a text's first sentences as one line has room for; at least the first, shrunk or cut."""
    found = [one for one in _SENTENCE.split(text) if one]
    if not found:
        return "", face
    kept = found[0]
    for one in found[1:]:
        if face.width(f"{kept} {one}") > width:
            break
        kept = f"{kept} {one}"
    return shrunk(kept, face, width, least)


def prose_height(text: str, face: Face, width: float) -> float:
    """How high a text stands."""
    return len(wrapped(text, face, width)) * face.size * LEADING if text else 0.0


def draw_prose(pen: Pen, corner: tuple[float, float], text: str, face: Face, width: float) -> float:
    """Draws a text from its upper left corner; gives its height."""
    if not text:
        return 0.0
    lines = wrapped(text, face, width)
    for i, line in enumerate(lines):
        pen.text((corner[0], corner[1] + (i * LEADING + 0.98) * face.size), line, face)
    return len(lines) * face.size * LEADING


def _cut(word: str, face: Face, width: float) -> list[str]:
    """The pieces of a word that is too long for a line: of an address after a slash or dot, else anywhere."""
    pieces, wide = [""], 0.0
    for sign in word:
        its = face.width(sign)
        if pieces[-1] and wide + its > width:
            last = max(pieces[-1].rfind("/"), pieces[-1].rfind(".")) + 1 or len(pieces[-1])
            pieces[-1:] = [pieces[-1][:last], pieces[-1][last:]]
            wide = face.width(pieces[-1])
        pieces[-1] += sign
        wide += its
    return pieces
