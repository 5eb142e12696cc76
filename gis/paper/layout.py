"""Where everything lies on a sheet, in millimetres from the page's top left corner, y downwards.

A ring of white around the frame carries the markers and, in its corners, the codes with the serial. Beside it is
a column for the legend, the online map and the numbered table of comments; above it the title. All of it lies
`MARGIN_MM` within the page, so that an office printer loses nothing; whatever scale "fit to page" chose is
measured back from the markers.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

LAYOUT_VERSION: Final = 1
PAPERS: Final = {
    "A4": (297.0, 210.0),
    "A3": (420.0, 297.0),
    "A2": (594.0, 420.0),
    "A1": (841.0, 594.0),
    "A0": (1189.0, 841.0),
}
"""Width and height in landscape."""
MARGIN_MM: Final = 8.0
MARKER_MM: Final = {"A4": 9.0, "A3": 11.0, "A2": 15.0, "A1": 20.0, "A0": 28.0}
"""A phone's 8 megapixels of the whole sheet leave nine pixels or more for each of a marker's eight modules."""
CODE_MODULES: Final = 21
"""QR version 1."""
CODE_TO_MARKER: Final = 1.12
RING_TO_MARKER: Final = 1.6
"""Room for a code with the four white modules around it that ISO/IEC 18004 asks for."""
PATCH_TO_MARKER: Final = 0.55
MOST_MARKERS: Final = 64
ALONG_MM: Final = {"A4": 42.0, "A3": 55.0, "A2": 80.0, "A1": 110.0, "A0": 150.0}
"""About how far markers stand from each other."""
CODES_ALONG: Final = ("A2", "A1", "A0")
WHITE: Final = (255, 255, 255)
GREY: Final = (128, 128, 128)
BLACK: Final = (0, 0, 0)

Box = tuple[float, float, float, float]
"""Left, top, width, height in millimetres."""
Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Marker:
    """One marker: its place in the ring, its centre, the side of its black square."""

    place: int
    x: float
    y: float
    side: float

    def corners(self) -> tuple[tuple[float, float], ...]:
        """Top left, top right, bottom right, bottom left, as detectors name them."""
        half = self.side / 2
        return tuple((self.x + dx * half, self.y + dy * half) for dx, dy in ((-1, -1), (1, -1), (1, 1), (-1, 1)))


@dataclass(frozen=True)
class Code:
    """One small QR code with the serial: the centre and side of its modules, without the white around."""

    x: float
    y: float
    side: float


@dataclass(frozen=True)
class Patch:
    """One printed colour patch for white balance."""

    name: str
    """`white`, `grey`, `black`, or the key of a category."""
    rgb: Rgb
    box: Box


@dataclass(frozen=True)
class Layout:
    """A page, and where everything lies on it."""

    version: int
    paper: str
    page: tuple[float, float]
    frame: Box
    markers: tuple[Marker, ...]
    codes: tuple[Code, ...]
    patches: tuple[Patch, ...]
    title: Box
    column: Box
    """Legend, how to take part, online map, table of comments."""
    slip: Box | None
    """The receipt that is torn off; None where each row is a person."""


def lay_out(paper: str, *, landscape: bool, stickers: Sequence[tuple[str, Rgb]], with_slip: bool) -> Layout:
    """The layout of a sheet; `stickers` are the categories with the colour of their stickers, in order.

    ValueError for a paper that there is not.
    """
    if paper not in PAPERS:
        raise ValueError(paper)
    long, short = PAPERS[paper]
    width, height = (long, short) if landscape else (short, long)
    side = MARKER_MM[paper]
    code_side = side * CODE_TO_MARKER
    ring = side * RING_TO_MARKER
    size = math.sqrt(short / 210)  # people stand farther from a large sheet
    title_height = 13.0 * size
    inner: Box = (
        MARGIN_MM,
        MARGIN_MM + title_height,
        width - 2 * MARGIN_MM,
        height - 2 * MARGIN_MM - title_height,
    )
    slip: Box | None = None
    if landscape:
        column_width = 0.225 * width
        outer: Box = (inner[0], inner[1], inner[2] - column_width - 3, inner[3])
        column: Box = (inner[0] + inner[2] - column_width, inner[1], column_width, inner[3])
    else:
        column_height = 0.24 * height
        outer = (inner[0], inner[1], inner[2], inner[3] - column_height - 3)
        column = (inner[0], inner[1] + inner[3] - column_height, inner[2], column_height)
    if with_slip:
        column, slip = _cut(column, 24 * size)
    frame = _rounded((outer[0] + ring, outer[1] + ring, outer[2] - 2 * ring, outer[3] - 2 * ring))
    gaps = _gaps(outer, ring, side, ALONG_MM[paper])
    # Of a large sheet many photos show only a part: there each needs a code of its own.
    coded = gaps[::2] if paper in CODES_ALONG else []
    return Layout(
        LAYOUT_VERSION,
        paper,
        (width, height),
        frame,
        _markers(outer, ring, side, ALONG_MM[paper]),
        (*_corner_codes(outer, ring, code_side), *(Code(x, y, code_side) for x, y, _ in coded)),
        _patches([gap for gap in gaps if gap not in coded], side, stickers),
        (inner[0], MARGIN_MM, inner[2], title_height),
        column,
        slip,
    )


def layout_json(layout: Layout) -> dict[str, Any]:
    """The layout as it is kept with a print."""
    return {
        "version": layout.version,
        "paper": layout.paper,
        "page": list(layout.page),
        "frame": list(layout.frame),
        "markers": [[m.place, m.x, m.y, m.side] for m in layout.markers],
        "codes": [[c.x, c.y, c.side] for c in layout.codes],
        "patches": [[p.name, list(p.rgb), list(p.box)] for p in layout.patches],
        "title": list(layout.title),
        "column": list(layout.column),
        "slip": list(layout.slip) if layout.slip else None,
    }


def layout_from_json(kept: dict[str, Any]) -> Layout:
    """The layout of a print as it was kept: also of one that was made by an older version."""
    return Layout(
        kept["version"],
        kept["paper"],
        tuple(kept["page"]),
        tuple(kept["frame"]),
        tuple(Marker(*marker) for marker in kept["markers"]),
        tuple(Code(*code) for code in kept["codes"]),
        tuple(Patch(name, tuple(rgb), tuple(box)) for name, rgb, box in kept["patches"]),
        tuple(kept["title"]),
        tuple(kept["column"]),
        tuple(kept["slip"]) if kept["slip"] else None,
    )


def _cut(column: Box, height: float) -> tuple[Box, Box]:
    """The column without its lower end, and that end: it is torn off."""
    left, top, width, whole = column
    return (left, top, width, whole - height - 2), (left, top + whole - height, width, height)


def _rounded(box: Box) -> Box:
    left, top, width, height = (round(value, 2) for value in box)
    return left, top, width, height


def _edges(outer: Box, ring: float) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """The middle lines of the ring's four sides between its corners: rightwards, and downwards."""
    left, top, width, height = outer
    x0, x1, y0, y1 = left + ring, left + width - ring, top + ring, top + height - ring
    half = ring / 2
    return [
        ((x0, top + half), (x1, top + half)),
        ((left + width - half, y0), (left + width - half, y1)),
        ((x0, top + height - half), (x1, top + height - half)),
        ((left + half, y0), (left + half, y1)),
    ]


def _stations(
    edge: tuple[tuple[float, float], tuple[float, float]], side: float, along: float
) -> list[tuple[float, float]]:
    """Where markers stand on one side: the outermost beside the corners' codes, the others evenly between."""
    (x0, y0), (x1, y1) = edge
    length = math.hypot(x1 - x0, y1 - y0)
    first = side * 0.85
    n = max(3, round((length - 2 * first) / along) + 1)
    ways = [(first + (length - 2 * first) * i / (n - 1)) / length for i in range(n)]
    return [(x0 + (x1 - x0) * way, y0 + (y1 - y0) * way) for way in ways]


def _markers(outer: Box, ring: float, side: float, along: float) -> tuple[Marker, ...]:
    places = [at for edge in _edges(outer, ring) for at in _stations(edge, side, along)]
    return tuple(Marker(n, round(x, 3), round(y, 3), side) for n, (x, y) in enumerate(places))


def _gaps(outer: Box, ring: float, side: float, along: float) -> list[tuple[float, float, float]]:
    """The middles between neighbouring markers, and how long the white is: along x if positive, else along y."""
    found = []
    for edge in _edges(outer, ring):
        stations = _stations(edge, side, along)
        for (x0, y0), (x1, y1) in itertools.pairwise(stations):
            free = math.hypot(x1 - x0, y1 - y0) - 1.5 * side
            found.append((round((x0 + x1) / 2, 3), round((y0 + y1) / 2, 3), free if y0 == y1 else -free))
    return found


def _corner_codes(outer: Box, ring: float, side: float) -> list[Code]:
    left, top, width, height = outer
    half = ring / 2
    return [
        Code(round(x, 3), round(y, 3), side)
        for x, y in (
            (left + half, top + half),
            (left + width - half, top + half),
            (left + width - half, top + height - half),
            (left + half, top + height - half),
        )
    ]


def _patches(
    gaps: Sequence[tuple[float, float, float]], marker: float, stickers: Sequence[tuple[str, Rgb]]
) -> tuple[Patch, ...]:
    """All colours again and again around the ring, so that each lies near every part of the frame."""
    colours = [("white", WHITE), ("grey", GREY), ("black", BLACK), *stickers]
    side = marker * PATCH_TO_MARKER
    found: list[Patch] = []
    for x, y, free in gaps:
        room = int(abs(free) // (side * 1.1))
        for slot in range(room):
            name, rgb = colours[len(found) % len(colours)]
            off = (slot - (room - 1) / 2) * side * 1.1
            cx, cy = (x + off, y) if free > 0 else (x, y + off)
            found.append(Patch(name, rgb, _rounded((cx - side / 2, cy - side / 2, side, side))))
    return tuple(found)
