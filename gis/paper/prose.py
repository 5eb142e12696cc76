"""Sentences set in a width: where lines break, and how small letters must be."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from gis.paper.pen import Face, Pen

LEADING: Final = 1.28
"""From one line to the next, of the letters' size."""


def wrapped(text: str, face: Face, width: float) -> list[str]:
    """The lines of a text in a width in millimetres; non-breaking spaces hold, words that are too long are cut."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and face.width(longer) <= width:
            lines[-1] = longer
        else:
            lines += _cut(word, face, width)
    return lines


def shrunk(text: str, face: Face, width: float, least: float) -> tuple[str, Face]:
    """A text on one line: in smaller letters where it is too long, down to a size, and then cut with an ellipsis."""
    wide = face.width(text)
    if wide <= width:
        return text, face
    face = replace(face, size=max(least, face.size * width / wide))
    while text and face.width(f"{text}…") > width:
        text = text[:-1].rstrip()
        if face.width(f"{text}…") <= width:
            return f"{text}…", face
    return text, face


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
    pieces = [""]
    for sign in word:
        if pieces[-1] and face.width(pieces[-1] + sign) > width:
            pieces.append("")
        pieces[-1] += sign
    return pieces
