"""Names written on a printed ground: districts, streets along their lines, water, green, and what people know."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import shapely
from shapely.geometry.base import BaseGeometry

from gis.paper import fonts
from gis.paper.ground_drawing import Page
from gis.paper.layout import Box
from gis.paper.lettering import Corners, Letter, Room, along, boxes_along, broken
from gis.paper.pen import Align, Face, Pen
from gis.paper.tones import faded, ground_tone

PLACES: Final = {
    "townhall": 11, "square": 10, "station": 10, "hospital": 9, "church": 8, "castle": 8, "park": 7, "pond": 7,
    "school": 6, "culture": 6, "library": 6, "kindergarten": 5, "police": 5, "sport": 5, "swimming": 5,
    "cemetery": 5, "post": 4, "shop": 3, "bus": 2,
}  # fmt: skip
"""What people know the town by, the weightiest first."""
OTHER_PLACE: Final = 3
WITHOUT_SIGN: Final = {"park": "green.label", "pond": "water.label", "cemetery": "green.label"}
"""Their name lies on their own ground."""
STREETS: Final = {"main": 2.0, "street": 1.75, "lane": 1.6, "cycleway": 1.5, "path": 1.5, "steps": 1.5}
"""Millimetres of the letters' size on A4, in the order in which names are placed."""
_APART_MM: Final = 95.0
"""Between two showings of one street's name."""
_SHARES: Final = (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.12, 0.88)
_HALO_MM: Final = 0.3
_LINE: Final = 1.14
"""Of the letters' size, from one line to the next."""
_INTO_FRAME_MM: Final = 1.5
_NAMED_MM2: Final = 60.0
"""A park that is smaller on A4 has no room for its name."""
_BEYOND: Final = 0.4
_THIN: Final = "\u2009"
_NUDGES: Final = ((0, 0), (0, -1), (0, 1), (-1, 0), (1, 0), (-1, -1), (1, 1), (0, -2), (0, 2))


def draw_names(pen: Pen, page: Page, taken: Sequence[Box]) -> None:
    """All names that find room, in the order of their weight; nothing is written over what is taken."""
    left, top, width, height = page.sheet.layout.frame
    inset = _INTO_FRAME_MM
    room = Room((left + inset, top + inset, left + width - inset, top + height - inset))
    for x, y, wide, high in taken:
        room.take("", (x, y), [(x, y, x + wide, y + high)])
    lettering = _Lettering(pen, page, room)
    small = page.thinned < 1
    if small:  # a whole city: its parts are what people look for first
        lettering.districts()
    lettering.places(8, 99)
    lettering.streets(("main",))
    if not small:
        lettering.districts()
    lettering.lines("river", lettering.face(1.9, "water.label", slanted=True))
    lettering.places(6, 8)
    lettering.streets(("street",))
    lettering.grounds()
    lettering.places(3, 6)
    lettering.streets(("lane", "cycleway", "path", "steps"))
    lettering.places(0, 3)


class _Lettering:
    def __init__(self, pen: Pen, page: Page, room: Room) -> None:
        self.pen = pen
        self.page = page
        self.room = room

    def face(self, size: float, tone: str, font: str = fonts.PLAIN, *, slanted: bool = False) -> Face:
        """Letters that are so large on A4, with a pale rim that parts them from the ground."""
        grown = self.page.size
        halo = ground_tone("label.halo")
        return Face(size * grown, ground_tone(tone), font, slanted, halo, _HALO_MM * grown)

    def streets(self, sorts: tuple[str, ...]) -> None:
        """The names of streets of these classes."""
        for sort in sorts:
            font = fonts.BOLD if sort == "main" else fonts.PLAIN
            self.lines("street", self.face(STREETS[sort], "street.label", font), (sort,))

    def lines(self, kind: str, face: Face, sorts: tuple[str, ...] | None = None) -> None:
        """The names of lines, the longest first, as often as there is room."""
        named: dict[str, list[BaseGeometry]] = defaultdict(list)
        for feature, shape in self.page.of(kind, sorts):
            if feature.name:
                named[feature.name].append(shape)
        joined = [(name, line) for name, shapes in named.items() for line in shapely.get_parts(_joined(shapes))]
        for name, line in sorted(joined, key=lambda one: -one[1].length):
            self._along(name, line, face)

    def places(self, least: int, most: int) -> None:
        """What people know the town by, within these weights."""
        wanted = [(PLACES.get(one.sort, OTHER_PLACE), one, shape) for one, shape in self.page.of("place")]
        for weight, feature, shape in sorted(wanted, key=lambda one: -one[0]):
            if not least <= weight < most or not feature.name or shape.geom_type != "Point":
                continue
            ground = WITHOUT_SIGN.get(feature.sort)
            if feature.sort == "square":
                self._centred(feature.name, (shape.x, shape.y), self.face(2.0, "label.ink", fonts.BOLD))
            elif ground:
                self._centred(feature.name, (shape.x, shape.y), self.face(1.8, ground, slanted=True))
            else:
                face = self.face(1.75 if weight >= 8 else 1.6, "label.ink")
                self._signed(feature.name, (shape.x, shape.y), face)

    def districts(self) -> None:
        """The parts of the town, in wide capitals."""
        for feature, shape in self.page.of("district"):
            if feature.name and shape.geom_type == "Point":
                text = _THIN.join(feature.name.upper())
                self._centred(text, (shape.x, shape.y), self.face(2.1, "label.soft", fonts.BOLD))

    def grounds(self) -> None:
        """Parks, woods and waters whose name has room within them."""
        tones = {"green": "green.label", "water": "water.label", "area": "label.soft"}
        for kind, tone in tones.items():
            for feature, shape in self.page.of(kind):
                if feature.name and shape.area > _NAMED_MM2 * self.page.size**2:
                    middle = shapely.point_on_surface(shape)
                    self._centred(feature.name, (middle.x, middle.y), self.face(1.8, tone, slanted=True))

    def _along(self, name: str, line: shapely.LineString, face: Face) -> None:
        apart = _APART_MM * self.page.size
        widths = [face.width(sign) for sign in name]
        if line.length < sum(widths) * 1.02:
            return
        pieces = max(1, int(line.length // apart))
        for piece in range(pieces):
            for share in _SHARES:
                letters = along(line, line.length * (piece + share) / pieces, name, widths, face.size)
                if letters and self._set(name, letters, sum(widths), face):
                    break

    def _set(self, name: str, letters: list[Letter], width: float, face: Face) -> bool:
        middle, boxes = letters[len(letters) // 2], boxes_along(letters, width, face.size)
        apart = 0.6 * _APART_MM * self.page.size
        if self.room.near(name, middle.x, middle.y, apart) or not self.room.free(boxes):
            return False
        self.room.take(name, (middle.x, middle.y), boxes)
        face = self._seen((middle.x, middle.y), face)
        # All rims first: a letter's rim must not cover its neighbour.
        for letter in letters if len(letters) > 1 else ():
            self.pen.text_around((letter.x, letter.y), letter.text, face, angle=letter.angle)
        plain = face if len(letters) == 1 else replace(face, halo=None)
        for letter in letters:
            self.pen.text_around((letter.x, letter.y), letter.text, plain, angle=letter.angle)
        return True

    def _centred(self, name: str, at: tuple[float, float], face: Face) -> None:
        lines = broken(name, 26 if _THIN in name else 15)
        half = max(face.width(line) for line in lines) / 2
        high = len(lines) * face.size * _LINE / 2
        for dx, dy in _NUDGES:
            x, y = at[0] + dx * 1.8 * self.page.size, at[1] + dy * 1.8 * self.page.size
            box = (x - half - 0.4, y - high, x + half + 0.4, y + high)
            if self.room.free([box]) and not self.room.near(name, x, y, 40 * self.page.size):
                self.room.take(name, (x, y), [box])
                self._stack(lines, (x, y), face, "middle")
                return

    def _signed(self, name: str, at: tuple[float, float], face: Face) -> None:
        """A small sign and its name beside, above or below it."""
        x, y = at
        reach = 0.75 * self.page.size
        sign = (x - reach, y - reach, x + reach, y + reach)
        lines = broken(name)
        wide, high = max(face.width(line) for line in lines), len(lines) * face.size * _LINE
        spots: tuple[tuple[Align, tuple[float, float], Corners], ...] = (
            ("left", (x + reach + 0.5, y), (x + reach, y - high / 2, x + reach + wide + 1, y + high / 2)),
            ("right", (x - reach - 0.5, y), (x - reach - wide - 1, y - high / 2, x - reach, y + high / 2)),
            ("middle", (x, y + reach + high / 2), (x - wide / 2, y + reach, x + wide / 2, y + reach + high)),
            ("middle", (x, y - reach - high / 2), (x - wide / 2, y - reach - high, x + wide / 2, y - reach)),
        )
        for align, middle, box in spots:
            if self.room.free([sign, box]) and not self.room.near(name, x, y, 20 * self.page.size):
                self.room.take(name, at, [sign, box])
                half = reach * 0.62
                edge = shapely.box(x - half, y - half, x + half, y + half)
                self.pen.fill(edge, ground_tone("label.halo"))
                self.pen.stroke(edge, ground_tone("label.soft"), 0.2 * self.page.size)
                self._stack(lines, middle, face, align)
                return

    def _seen(self, at: tuple[float, float], face: Face) -> Face:
        """Letters paler beyond the boundary, as the ground is."""
        inside = shapely.intersects_xy(self.page.boundary, *at)
        return face if inside else replace(face, tone=faded(face.tone, _BEYOND))

    def _stack(self, lines: list[str], at: tuple[float, float], face: Face, align: Align) -> None:
        face = self._seen(at, face)
        for i, line in enumerate(lines):
            y = at[1] + (i - (len(lines) - 1) / 2) * face.size * _LINE
            self.pen.text_around((at[0], y), line, face, align=align)


def _joined(shapes: list[BaseGeometry]) -> BaseGeometry:
    """The lines of one name, joined where they meet."""
    lines = [part for shape in shapes for part in shapely.get_parts(shape) if part.geom_type == "LineString"]
    return shapely.line_merge(shapely.MultiLineString(lines)) if len(lines) > 1 else shapely.MultiLineString(lines)
