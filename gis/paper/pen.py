"""Drawing on a page of a PDF in millimetres from its top left corner, y downwards."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject
from shapely.geometry.base import BaseGeometry

from gis.colour import rgb_of
from gis.paper import fonts
from gis.paper.layout import Box
from gis.paper.tones import INK

POINTS_PER_MM: Final = 72 / 25.4
_EVEN_ODD: Final = 0
_SLANT: Final = 0.2
_HALF_HEIGHT: Final = 0.36
"""From the baseline to the middle of the letters, of their size."""
_LINE, _RING, _POLYGON = 1, 2, 3
"""Kinds of shapes as shapely numbers them; those above are collections."""
Shapes = NDArray[np.object_]
Align = Literal["left", "middle", "right"]


@dataclass(frozen=True)
class Face:
    """How letters look; sizes in millimetres."""

    size: float
    tone: str = INK
    font: str = fonts.PLAIN
    slanted: bool = False
    halo: str | None = None
    halo_mm: float = 0.0

    def width(self, text: str) -> float:
        """How wide a text is."""
        return fonts.width_mm(text, self.font, self.size)


class Pen:
    """A canvas whose units are millimetres; colours are `#rrggbb`."""

    def __init__(self, canvas: Canvas) -> None:
        fonts.register()
        self.canvas = canvas

    @contextmanager
    def page(self, width: float, height: float) -> Iterator[None]:
        """What is drawn inside is a page of this size."""
        self.canvas.setPageSize((width * POINTS_PER_MM, height * POINTS_PER_MM))
        self.canvas.saveState()
        self.canvas.transform(POINTS_PER_MM, 0, 0, -POINTS_PER_MM, 0, height * POINTS_PER_MM)
        yield
        self.canvas.restoreState()
        self.canvas.showPage()

    @contextmanager
    def form(self, name: str, width: float, height: float) -> Iterator[None]:
        """What is drawn inside is kept once, in millimetres, and drawn with `put` as often as wanted."""
        self.canvas.beginForm(name, 0, 0, width, height)
        yield
        self.canvas.endForm()

    def keeps(self, name: str) -> bool:
        """Whether something is kept under a name already."""
        return bool(self.canvas.hasForm(name))

    def put(self, name: str) -> None:
        """Draws what is kept under a name."""
        self.canvas.doForm(name)

    @contextmanager
    def moved(self, x: float, y: float) -> Iterator[None]:
        """What is drawn inside is moved."""
        self.canvas.saveState()
        self.canvas.translate(x, y)
        yield
        self.canvas.restoreState()

    @contextmanager
    def within(self, box: Box) -> Iterator[None]:
        """What is drawn inside is cut at a box."""
        self.canvas.saveState()
        path = self.canvas.beginPath()
        path.rect(*box)
        self.canvas.clipPath(path, stroke=0, fill=0)
        yield
        self.canvas.restoreState()

    @contextmanager
    def within_shape(self, shape: BaseGeometry) -> Iterator[None]:
        """What is drawn inside is cut at the edge of areas."""
        self.canvas.saveState()
        self.canvas.clipPath(path_of(shape), stroke=0, fill=0, fillMode=_EVEN_ODD)
        yield
        self.canvas.restoreState()

    def fill(self, shape: BaseGeometry, tone: str) -> None:
        """Areas filled."""
        if shapely.is_empty(shape):
            return
        self.canvas.setFillColorRGB(*rgb_of(tone).tolist())
        self.canvas.drawPath(path_of(shape), stroke=0, fill=1, fillMode=_EVEN_ODD)

    def stroke(
        self, shape: BaseGeometry, tone: str, width: float, *, dash: Sequence[float] = (), cap: int = 1
    ) -> None:
        """Lines and edges drawn; caps are 0 butt, 1 round."""
        if shapely.is_empty(shape):
            return
        self.canvas.setStrokeColorRGB(*rgb_of(tone).tolist())
        self.canvas.setLineWidth(width)
        self.canvas.setLineCap(cap)
        self.canvas.setLineJoin(1)
        self.canvas.setDash(list(dash))
        self.canvas.drawPath(path_of(shape), stroke=1, fill=0)

    def line(self, x0: float, y0: float, x1: float, y1: float, tone: str, width: float = 0.2) -> None:
        """A straight line."""
        self.stroke(shapely.LineString([(x0, y0), (x1, y1)]), tone, width, cap=0)

    def cut_line(self, start: tuple[float, float], end: tuple[float, float], tone: str, width: float) -> None:
        """A dashed line to cut or tear along."""
        self.stroke(shapely.LineString([start, end]), tone, width, dash=(1.6, 1.2), cap=0)

    def rectangle(self, box: Box, tone: str) -> None:
        """A filled rectangle."""
        self.canvas.setFillColorRGB(*rgb_of(tone).tolist())
        self.canvas.rect(*box, stroke=0, fill=1)

    def outline(self, box: Box, tone: str, width: float) -> None:
        """A rectangle's edge, drawn just outside of it."""
        left, top, wide, high = box
        half = width / 2
        self.canvas.setDash([])
        self.canvas.setLineJoin(0)
        self.canvas.setLineWidth(width)
        self.canvas.setStrokeColorRGB(*rgb_of(tone).tolist())
        self.canvas.rect(left - half, top - half, wide + width, high + width, stroke=1, fill=0)

    def disc(self, x: float, y: float, radius: float, tone: str) -> None:
        """A filled circle."""
        self.canvas.setFillColorRGB(*rgb_of(tone).tolist())
        self.canvas.circle(x, y, radius, stroke=0, fill=1)

    def picture(self, content: bytes, box: Box) -> None:
        """A JPEG or PNG that fills a box."""
        from io import BytesIO

        left, top, wide, high = box
        self.canvas.saveState()
        self.canvas.transform(1, 0, 0, -1, left, top + high)
        self.canvas.drawImage(ImageReader(BytesIO(content)), 0, 0, wide, high)
        self.canvas.restoreState()

    def text(
        self, at: tuple[float, float], text: str, face: Face, *, align: Align = "left", angle: float = 0.0
    ) -> None:
        """A line of text, its baseline beginning, in the middle, or ending at a place; the angle is clockwise."""
        text = fonts.printable(text)
        off = {"left": 0.0, "middle": 0.5, "right": 1.0}[align] * face.width(text)
        c, s = math.cos(angle), math.sin(angle)
        slant = _SLANT if face.slanted else 0.0
        place = (at[0] - off * c, at[1] - off * s)
        matrix = (c * fonts.NARROW, s * fonts.NARROW, s + slant * c, -c + slant * s, *place)
        written = self.canvas.beginText()
        written.setFont(face.font, face.size)
        if face.halo:
            self.canvas.setStrokeColorRGB(*rgb_of(face.halo).tolist())
            self.canvas.setLineWidth(2 * face.halo_mm)
            self.canvas.setLineJoin(1)
            self.canvas.setDash([])
            written.setTextRenderMode(1)
            written.setTextTransform(*matrix)
            written.textOut(text)
            # Set back here: the mode outlives its text, and reportlab forgets it.
            written.setTextRenderMode(0)
        self.canvas.setFillColorRGB(*rgb_of(face.tone).tolist())
        written.setTextTransform(*matrix)
        written.textOut(text)
        self.canvas.drawText(written)

    def text_around(
        self, middle: tuple[float, float], text: str, face: Face, *, align: Align = "middle", angle: float = 0.0
    ) -> None:
        """A line of text whose small letters stand around a place, not on it."""
        down = _HALF_HEIGHT * face.size
        at = (middle[0] - math.sin(angle) * down, middle[1] + math.cos(angle) * down)
        self.text(at, text, face, align=align, angle=angle)


def path_of(shape: BaseGeometry) -> PDFPathObject:
    """The lines and rings of a shape as a path of a PDF; points that fall together on paper are one.

    Written here and not by reportlab's own path, which takes four times as long: a town has a million corners.
    """
    lines, rings = lines_and_rings(shape)
    every = np.concatenate([lines, rings])
    places, index = shapely.get_coordinates(every, return_index=True)
    places = np.round(places, 2)
    begins = np.r_[True, np.diff(index) != 0]
    kept = begins | (np.diff(places, axis=0, prepend=np.nan) != 0).any(axis=1)
    places, index = places[kept], index[kept]
    code = []
    for line, points in zip(*_by_line(index, places), strict=True):
        closed = line >= len(lines)
        if len(points) < (4 if closed else 2):
            continue
        corners = [f"{x:.2f} {y:.2f}" for x, y in (points[:-1] if closed else points)]
        code.append(f"{corners[0]} m {' l '.join(corners[1:])} l{' h' if closed else ''}")
    return PDFPathObject(code)


def lines_and_rings(shape: BaseGeometry) -> tuple[Shapes, Shapes]:
    """The open lines of a shape, and the rings of its areas; points are neither."""
    parts = np.atleast_1d(np.asarray(shape, dtype=object))
    while (shapely.get_type_id(parts) > _POLYGON).any():
        parts = shapely.get_parts(parts)
    kinds = shapely.get_type_id(parts)
    closed = parts[kinds == _RING]
    return parts[kinds == _LINE], np.concatenate([closed, shapely.get_rings(parts[kinds == _POLYGON])])


def _by_line(index: NDArray[np.int64], places: NDArray[np.float64]) -> tuple[list[int], list[list[list[float]]]]:
    """The numbers of the lines, and the points of each."""
    if not len(index):
        return [], []
    starts = np.r_[0, np.nonzero(np.diff(index))[0] + 1]
    ends = np.r_[starts[1:], len(index)]
    listed = places.tolist()
    return index[starts].tolist(), [listed[i:j] for i, j in zip(starts.tolist(), ends.tolist(), strict=True)]
