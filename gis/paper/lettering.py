"""Where names may stand on a printed ground: rooms that are taken, and stretches of lines that bear letters."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray

Corners = tuple[float, float, float, float]
"""Left, top, right, bottom in millimetres."""
_CELL_MM: Final = 8.0
_SAG: Final = 0.3
"""How far a line may stray from straight under a straight name, in heights of its letters."""
_BEND: Final = 0.3
"""Radians by which one letter may turn against the next on a bent name."""
_BEND_IN_ALL: Final = 1.3
_STEEPEST: Final = math.radians(100)
"""No letter stands on its head."""


class Room:
    """What of a page is taken by names."""

    def __init__(self, page: Corners) -> None:
        self.page = page
        self._cells: dict[tuple[int, int], list[Corners]] = defaultdict(list)
        self._shown: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def free(self, boxes: Iterable[Corners]) -> bool:
        """Whether none of the boxes touches what is taken, nor leaves the page."""
        return not any(self._touches(box) for box in boxes)

    def take(self, name: str, at: tuple[float, float], boxes: Iterable[Corners]) -> None:
        """Takes the room of a name's boxes, and remembers where it stands."""
        self._shown[name].append(at)
        for box in boxes:
            for cell in _cells(box):
                self._cells[cell].append(box)

    def near(self, name: str, x: float, y: float, apart: float) -> bool:
        """Whether the same words stand nearby already."""
        return any(math.hypot(x - px, y - py) < apart for px, py in self._shown.get(name, ()))

    def _touches(self, box: Corners) -> bool:
        left, top, right, bottom = self.page
        if box[0] < left or box[1] < top or box[2] > right or box[3] > bottom:
            return True
        return any(
            box[0] < other[2] and box[2] > other[0] and box[1] < other[3] and box[3] > other[1]
            for cell in _cells(box)
            for other in self._cells.get(cell, ())
        )


@dataclass(frozen=True)
class Letter:
    """A text, or one sign of it, centred at a place, turned clockwise by an angle in radians."""

    text: str
    x: float
    y: float
    angle: float


def along(
    line: shapely.LineString, centre: float, text: str, widths: Sequence[float], height: float
) -> list[Letter]:
    """A text along a line, its middle at a distance along it; empty where the line bends too much.

    `widths` are those of its signs. Where the line is straight enough the text is one piece.
    """
    whole = sum(widths)
    start, end = centre - whole / 2, centre + whole / 2
    if start < 0 or end > line.length:
        return []
    samples = np.linspace(start, end, max(3, math.ceil(whole / (height * 0.6)) + 1))
    places = _on(line, samples)
    if places[-1, 0] < places[0, 0]:
        line, centre, places = line.reverse(), line.length - centre, places[::-1]
    return _straight(places, text, height) or _bent(line, centre - whole / 2, text, widths, height)


def boxes_along(letters: Sequence[Letter], width: float, height: float) -> list[Corners]:
    """Small boxes that together cover a text along a line."""
    half = height * 0.62
    centres = [(one.x, one.y) for one in letters]
    if len(letters) == 1:
        one = letters[0]
        n = max(1, math.ceil(width / height))
        offs = [((i + 0.5) / n - 0.5) * width for i in range(n)]
        centres = [(one.x + math.cos(one.angle) * off, one.y + math.sin(one.angle) * off) for off in offs]
    return [(x - half, y - half, x + half, y + half) for x, y in centres]


def broken(text: str, longest: int = 15) -> list[str]:
    """A text in two lines, near its middle, when it is long; no one-letter preposition ends a line."""
    gaps = [i for i, sign in enumerate(text) if sign == " " and not (i >= 1 and (i == 1 or text[i - 2] == " "))]
    if len(text) <= longest or not gaps:
        return [text]
    gap = min(gaps, key=lambda i: max(i, len(text) - i - 1))
    return [text[:gap], text[gap + 1 :]]


def _straight(places: NDArray[np.float64], text: str, height: float) -> list[Letter]:
    (x0, y0), (x1, y1) = places[0], places[-1]
    chord = math.hypot(x1 - x0, y1 - y0)
    if chord == 0:
        return []
    ux, uy = (x1 - x0) / chord, (y1 - y0) / chord
    off = (places[:, 0] - x0) * -uy + (places[:, 1] - y0) * ux
    if off.max() - off.min() > 2 * _SAG * height:
        return []
    # The text lies in the middle of the line's sway, not on the chord.
    shift = (off.max() + off.min()) / 2
    return [Letter(text, float((x0 + x1) / 2 - uy * shift), float((y0 + y1) / 2 + ux * shift), math.atan2(uy, ux))]


def _bent(
    line: shapely.LineString, start: float, text: str, widths: Sequence[float], height: float
) -> list[Letter]:
    middles = start + np.cumsum(widths) - np.array(widths) / 2
    # The direction over two letters: a line's own corners would make the letters dance.
    back = _on(line, np.maximum(0, middles - height))
    ahead = _on(line, np.minimum(line.length, middles + height))
    at = (_on(line, middles) * 2 + back + ahead) / 4
    angles = np.unwrap(np.arctan2(*(ahead - back).T[::-1]))
    turns = np.abs(np.diff(angles))
    if (turns > _BEND).any() or np.ptp(angles) > _BEND_IN_ALL or np.abs(angles).max() > _STEEPEST:
        return []
    signs = zip(text, at.tolist(), angles.tolist(), strict=True)
    return [Letter(sign, x, y, angle) for sign, (x, y), angle in signs if sign != " "]


def _on(line: shapely.LineString, along_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places at distances along a line."""
    places: NDArray[np.float64] = shapely.get_coordinates(shapely.line_interpolate_point(line, along_mm))
    return places


def _cells(box: Corners) -> list[tuple[int, int]]:
    across = range(math.floor(box[0] / _CELL_MM), math.floor(box[2] / _CELL_MM) + 1)
    down = range(math.floor(box[1] / _CELL_MM), math.floor(box[3] / _CELL_MM) + 1)
    return [(x, y) for x in across for y in down]
