"""The column beside a frame: what the stickers say, how to take part, the online map, the table of comments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from shapely import Polygon

from gis.paper import fonts
from gis.paper.layout import Box
from gis.paper.order import SheetOrder, SheetText
from gis.paper.pen import Face, Pen
from gis.paper.prose import draw_prose, prose_height
from gis.paper.signs import draw_code
from gis.paper.tones import INK, LINE, SOFT
from gis.shapes import CIRCLE_RADIUS, placed

GROWTHS: Final = (1.2, 1.12, 1.05, 1.0, 0.94, 0.88, 0.82, 0.76, 0.7, 0.64, 0.58, 0.52)
"""The words are as large as leaves the table its least rows."""
ROW_MM: Final = 7.5
"""Of the table at least, on every paper: hands don't grow with it."""
LEAST_ROWS: Final = {"tall": 6, "wide": 4}
TABLE_MM: Final = 80.0
"""A wider table is divided into several."""
_GAP: Final = 3.2
_HEAD_GAP: Final = 2.0
_SHARES: Final = (0.29, 0.33, 0.38)
"""Of the width of a column that lies under its frame: legend, how and online, table."""
_CODE: Final = 21.0
_QUIET: Final = 2.2


@dataclass(frozen=True)
class Words:
    """The words of a column at one size of letters."""

    pen: Pen
    order: SheetOrder
    grown: float

    @property
    def heading(self) -> Face:
        """Letters of a heading."""
        return Face(2.9 * self.grown, font=fonts.BOLD)

    @property
    def strong(self) -> Face:
        """Letters of what must be seen first."""
        return Face(2.6 * self.grown, font=fonts.BOLD)

    @property
    def plain(self) -> Face:
        """Letters of sentences."""
        return Face(2.5 * self.grown)

    @property
    def other(self) -> Face:
        """Letters of the further languages."""
        return Face(2.15 * self.grown, SOFT)

    @property
    def main(self) -> SheetText:
        """The words in the main language."""
        return self.order.words.texts[0]

    @property
    def others(self) -> tuple[SheetText, ...]:
        """The words in the further languages."""
        return self.order.words.texts[1:]


Part = Callable[[Words, tuple[float, float], float, bool], float]
"""Draws, or only measures, a part of the column from its corner in a width; gives its height."""


def draw_column(pen: Pen, order: SheetOrder, size: float) -> None:
    """All of the column, in letters as large as it has room for."""
    box = order.sheet.layout.column
    tall = box[3] > box[2]
    draw = _tall if tall else _wide
    least = LEAST_ROWS["tall" if tall else "wide"]
    for growth in GROWTHS:
        words = Words(pen, order, size * growth)
        if draw(words, box, least, False) or growth == GROWTHS[-1]:
            draw(words, box, 0, True)
            return


def _tall(words: Words, box: Box, least_rows: int, draw: bool) -> bool:
    """The parts one under the other; whether the table has its least rows."""
    left, top, width, height = box
    y = top + _HEAD_GAP
    for part in (legend, how, online):
        high = part(words, (left, y), width, draw)
        y += high + (_GAP * words.grown if high else 0)
    return table(words, (left, y, width, top + height - y), draw) >= least_rows


def _wide(words: Words, box: Box, least_rows: int, draw: bool) -> bool:
    """The parts beside each other; whether all have room."""
    left, top, width, height = box
    gap = 2 * _GAP * words.grown
    wide = [(width - 2 * gap) * share for share in _SHARES]
    x = [left, left + wide[0] + gap, left + wide[0] + wide[1] + 2 * gap]
    first = legend(words, (x[0], top), wide[0], draw)
    middle = how(words, (x[1], top), wide[1], draw) + _GAP * words.grown
    middle += online(words, (x[1], top + middle), wide[1], draw)
    rows = table(words, (x[2], top, wide[2], height), draw)
    return max(first, middle) <= height and rows >= least_rows


def legend(words: Words, corner: tuple[float, float], width: float, draw: bool) -> float:
    """What the stickers say."""
    x, y = corner
    y += _heading(words, corner, [one.legend for one in words.order.words.texts], width, draw)
    radius, beside = 3.3 * words.grown, 8.8 * words.grown
    for sticker in words.order.sheet.stickers:
        texts = [(words.main.categories.get(sticker.key, sticker.key), words.strong)]
        texts += [(one.categories.get(sticker.key, ""), words.other) for one in words.others]
        high = sum(prose_height(text, face, width - beside) for text, face in texts)
        row = max(2 * radius, high) + 1.1 * words.grown
        if draw:
            _sticker(words, sticker.key, sticker.hex, (x + radius, y + row / 2), radius)
            at = y + (row - high) / 2
            for text, face in texts:
                at += draw_prose(words.pen, (x + beside, at), text, face, width - beside)
        y += row
    return y - corner[1]


def how(words: Words, corner: tuple[float, float], width: float, draw: bool) -> float:
    """How to take part: steps in the main language, then in the others."""
    x, y = corner
    number = 4.0 * words.grown
    for n, step in enumerate(words.main.steps, 1):
        if draw:
            baseline = y + 0.98 * words.plain.size
            words.pen.text((x, baseline), str(n), words.strong)
            draw_prose(words.pen, (x + number, y), step, words.plain, width - number)
        y += prose_height(step, words.plain, width - number) + 0.5 * words.grown
    for one in words.others:
        text = " ".join(one.steps)
        y += 0.5 * words.grown
        y += (
            draw_prose(words.pen, (x, y), text, words.other, width)
            if draw
            else prose_height(text, words.other, width)
        )
    return y - corner[1]


def online(words: Words, corner: tuple[float, float], width: float, draw: bool) -> float:
    """The large code of the online map, and its address in words."""
    if not words.order.address:
        return 0.0
    x, y = corner
    side = min(_CODE * words.grown, 0.42 * width)
    beside = side + _QUIET * words.grown
    texts = [(words.main.online, words.strong), *((one.online, words.other) for one in words.others)]
    texts.append((words.order.words.shown_address, words.plain))
    if draw:
        draw_code(words.pen, words.order.address, corner, side)
    at = y
    for text, face in texts:
        high = prose_height(text, face, width - beside)
        if draw:
            draw_prose(words.pen, (x + beside, at), text, face, width - beside)
        at += high + (0.6 * words.grown if high else 0)
    return max(side, at - y)


def table(words: Words, box: Box, draw: bool) -> int:
    """The numbered table of comments, in several beside each other where it is wide; gives its rows."""
    left, top, width, height = box
    head = _heading(words, (left, top), [one.table for one in words.order.words.texts], width, draw)
    columns = max(1, int(width // TABLE_MM))
    gap = 5.0
    wide = (width - (columns - 1) * gap) / columns
    top_row = 1.7 * words.other.size
    room = height - head - top_row
    rows = int(room // ROW_MM)
    if not draw or rows < 1:
        return rows * columns
    for column in range(columns):
        corner = (left + column * (wide + gap), top + head)
        _rows(words, corner, wide, (column * rows + 1, rows, room / rows))
    return rows * columns


def _rows(words: Words, corner: tuple[float, float], width: float, numbers: tuple[int, int, float]) -> None:
    """Rows from a number on, so many of them, so high each."""
    pen, (x, y) = words.pen, corner
    first, n, high = numbers
    beside = max(7.5, words.other.width(words.main.number) + 2)
    pen.text((x, y + words.other.size), words.main.number, words.other)
    pen.text((x + beside, y + words.other.size), words.main.comment, words.other)
    y += 1.7 * words.other.size
    pen.line(x, y, x + width, y, INK, 0.25)
    for row in range(n):
        pen.text((x + beside - 2, y + high - 2.2), str(first + row), Face(3.2, font=fonts.BOLD), align="right")
        y += high
        pen.line(x, y, x + width, y, LINE, 0.15)
    pen.line(x + beside - 0.8, y - n * high, x + beside - 0.8, y, LINE, 0.15)


def _heading(words: Words, corner: tuple[float, float], texts: list[str], width: float, draw: bool) -> float:
    x, y = corner
    faces = [words.heading, *(words.other for _ in texts[1:])]
    for text, face in zip(texts, faces, strict=True):
        high = prose_height(text, face, width)
        if draw:
            draw_prose(words.pen, (x, y), text, face, width)
        y += high
    return y - corner[1] + 0.9 * words.grown


def _sticker(words: Words, key: str, tone: str, middle: tuple[float, float], radius: float) -> None:
    """A round sticker with the shape of its category in it, as on the screen."""
    words.pen.disc(*middle, radius, tone)
    shape = words.order.shapes.get(key)
    if shape == "circle":
        words.pen.disc(*middle, CIRCLE_RADIUS * 0.5 * radius, "#ffffff")
    elif shape:
        words.pen.fill(Polygon(placed(shape, centre=middle, radius=0.5 * radius)), "#ffffff")
