"""A large sheet printed in parts on smaller paper, to be cut, glued together and hung on a wall."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from gis.paper.layout import MARGIN_MM, PAPERS
from gis.paper.order import SheetCopy, SheetOrder
from gis.paper.pen import Face, Pen
from gis.paper.serial import shown_serial
from gis.paper.tones import INK, LINE, SOFT

EDGE_MM: Final = 7.0
"""What no office printer reaches, and room for the marks."""
OVERLAP_MM: Final = 10.0
"""The strip that is glued under the next part."""
_KEPT_MM: Final = 1.0
"""Of the sheet's own white margin."""
_TICK_MM: Final = 4.0


@dataclass(frozen=True)
class Part:
    """One page of a large sheet: which, and where on the sheet its drawing begins."""

    column: int
    row: int
    left: float
    top: float


@dataclass(frozen=True)
class Parts:
    """How a sheet is divided; all millimetres."""

    page: tuple[float, float]
    columns: int
    rows: int
    sheet: tuple[float, float]

    @property
    def shown(self) -> tuple[float, float]:
        """Width and height of the sheet that one page shows."""
        return self.page[0] - 2 * EDGE_MM, self.page[1] - 2 * EDGE_MM

    def all(self) -> list[Part]:
        """The parts row by row."""
        start = MARGIN_MM - _KEPT_MM
        wide, high = (side - OVERLAP_MM for side in self.shown)
        return [
            Part(column, row, start + column * wide, start + row * high)
            for row in range(self.rows)
            for column in range(self.columns)
        ]


def parts_on(paper: str, sheet: tuple[float, float]) -> Parts:
    """The division of a sheet that needs the fewest pages; ValueError for a paper that there is not."""
    if paper not in PAPERS:
        raise ValueError(paper)
    long, short = PAPERS[paper]
    ways = [Parts(page, *_needed(page, sheet), sheet) for page in ((long, short), (short, long))]
    return min(ways, key=lambda one: one.columns * one.rows)


def draw_marks(pen: Pen, order: SheetOrder, copy: SheetCopy, parts: Parts, part: Part) -> None:
    """Where to cut and where to glue, and which part this is."""
    (width, height), (wide, high) = parts.page, parts.shown
    right, foot = EDGE_MM + wide, EDGE_MM + high
    if part.column:
        pen.line(EDGE_MM, 0, EDGE_MM, height, SOFT, 0.15)
    if part.row:
        pen.line(0, EDGE_MM, width, EDGE_MM, SOFT, 0.15)
    if part.column < parts.columns - 1:
        for y in (EDGE_MM - _TICK_MM, foot):
            pen.line(right - OVERLAP_MM, y, right - OVERLAP_MM, y + _TICK_MM, INK, 0.25)
    if part.row < parts.rows - 1:
        for x in (EDGE_MM - _TICK_MM, right):
            pen.line(x, foot - OVERLAP_MM, x + _TICK_MM, foot - OVERLAP_MM, INK, 0.25)
    _name(pen, order, copy, parts, part)


def _name(pen: Pen, order: SheetOrder, copy: SheetCopy, parts: Parts, part: Part) -> None:
    """Which part this is, in the lower margin: a small plan and words."""
    foot, cell = parts.page[1] - 4.4, 1.3
    x = EDGE_MM + 2.0
    for row in range(parts.rows):
        for column in range(parts.columns):
            here = (column, row) == (part.column, part.row)
            box = (x + column * 1.4 * cell, foot - (parts.rows - row) * cell, 1.15 * cell, 0.75 * cell)
            pen.rectangle(box, INK if here else LINE)
    number = part.row * parts.columns + part.column + 1
    words = order.words.page.format(page=number, pages=parts.columns * parts.rows)
    said = [words, f"{order.words.serial} {shown_serial(copy.serial)}".strip()]
    if part.column or part.row:
        said.append(order.words.glue)
    face = Face(2.3, SOFT)
    pen.text((x + parts.columns * 1.4 * cell + 2, foot), "  ·  ".join(one for one in said if one), face)


def _needed(page: tuple[float, float], sheet: tuple[float, float]) -> tuple[int, int]:
    around = 2 * (MARGIN_MM - _KEPT_MM) + OVERLAP_MM
    columns, rows = (
        max(1, math.ceil((whole - around) / (side - 2 * EDGE_MM - OVERLAP_MM) - 1e-9))
        for whole, side in zip(sheet, page, strict=True)
    )
    return columns, rows
