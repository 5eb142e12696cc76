"""What a map needs to be read: scale bar, north arrow, and who made the ground."""

from __future__ import annotations

import math
from typing import Final

import shapely

from gis.crs import to_metric, to_wgs84
from gis.formats.scale_bar import scale_bar
from gis.paper import fonts
from gis.paper.layout import Box
from gis.paper.order import SheetOrder
from gis.paper.pen import Face, Pen
from gis.paper.sheet import PaperSheet
from gis.paper.tones import INK, SOFT

_PAPER: Final = "#ffffff"
_PARTS: Final = 4
_A_LITTLE_DEG: Final = 0.01


def draw_furniture(pen: Pen, order: SheetOrder, size: float) -> list[Box]:
    """Scale bar and attribution at the frame's foot, the arrow in its upper right corner; gives their room."""
    left, top, width, height = order.sheet.layout.frame
    return [
        _scale(pen, order, (left, top + height), size),
        _north(pen, order, (left + width - 6 * size, top + 7.2 * size), size),
        _attribution(pen, order.ground.attribution, (left + width, top + height), size),
    ]


def north_angle(sheet: PaperSheet) -> float:
    """How far true north stands clockwise from the page's upper edge, in radians: the meridians' convergence."""
    west, south, east, north = sheet.bounds
    x, y = (west + east) / 2, (south + north) / 2
    lon, lat = to_wgs84(sheet.crs)(x, y)
    there_x, there_y = to_metric(sheet.crs)(lon, lat + _A_LITTLE_DEG)
    return math.atan2(float(there_x) - x, float(there_y) - y)


def spaced_scale(scale: int) -> str:
    """A scale as maps write it, on one line: 1 : 12 500."""
    return f"1 : {scale:,}".replace(",", " ").replace(" ", "\u00a0")


def _scale(pen: Pen, order: SheetOrder, corner: tuple[float, float], size: float) -> Box:
    x, foot = corner[0] + 2.5 * size, corner[1] - 2.2 * size
    bar = scale_bar(order.sheet.scale / 1000, 46 * size)
    high, face = 1.0 * size, Face(2.0 * size)
    comma = order.words.decimal_comma
    whole = f"{bar.written(1.0, decimal_comma=comma)} {bar.unit}"
    room = (corner[0], foot - 7.0 * size, bar.width + face.width(whole) + 4 * size, corner[1] - foot + 7.0 * size)
    pen.rectangle(room, _PAPER)
    pen.text((x, foot - 4.4 * size), spaced_scale(order.sheet.scale), Face(2.0 * size, font=fonts.BOLD))
    part = bar.width / _PARTS
    for i in range(_PARTS):
        pen.rectangle((x + i * part, foot - high, part, high), INK if i % 2 == 0 else _PAPER)
    pen.outline((x, foot - high, bar.width, high), INK, 0.15 * size)
    above = foot - high - 0.7 * size
    pen.text((x, above), "0", face)
    pen.text((x + bar.width / 2, above), bar.written(0.5, decimal_comma=comma), face, align="middle")
    pen.text((x + bar.width - face.size / 3, above), whole, face)
    return room


def _north(pen: Pen, order: SheetOrder, middle: tuple[float, float], size: float) -> Box:
    angle = north_angle(order.sheet)
    c, s = math.cos(angle), math.sin(angle)

    def turned(dx: float, dy: float) -> tuple[float, float]:
        return middle[0] + (dx * c - dy * s) * size, middle[1] + (dx * s + dy * c) * size

    pen.disc(*middle, 5.4 * size, _PAPER)
    left = shapely.Polygon([turned(0, -2.4), turned(-1.7, 3.8), turned(0, 2.5)])
    right = shapely.Polygon([turned(0, -2.4), turned(1.7, 3.8), turned(0, 2.5)])
    pen.fill(left, INK)
    pen.stroke(shapely.union(left, right), INK, 0.15 * size)
    pen.text(turned(0, -2.8), order.words.north, Face(2.1 * size, font=fonts.BOLD), align="middle", angle=angle)
    reach = 5.4 * size
    return middle[0] - reach, middle[1] - reach, 2 * reach, 2 * reach


def _attribution(pen: Pen, text: str, corner: tuple[float, float], size: float) -> Box:
    face = Face(1.5 * size, SOFT)
    if not text:
        return corner[0], corner[1], 0.0, 0.0
    wide = face.width(text) + 1.6 * size
    room = (corner[0] - wide, corner[1] - 2.5 * size, wide, 2.5 * size)
    pen.rectangle(room, _PAPER)
    pen.text((corner[0] - 0.8 * size, corner[1] - 0.8 * size), text, face, align="right")
    return room
