"""The ring around a frame: markers, codes with the serial, and colour patches."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import segno
import shapely
from numpy.typing import ArrayLike, NDArray
from shapely.geometry.base import BaseGeometry

from gis.colour import hex_of
from gis.paper.layout import CODE_MODULES, Layout
from gis.paper.markers import MODULES, marker_modules, marker_number
from gis.paper.pen import Pen
from gis.paper.serial import code_text

INK: Final = "#000000"


def keep_signs(pen: Pen, layout: Layout, serial: str) -> None:
    """Keeps what a sheet's ring is made of: sheets of one kind share their markers."""
    side = layout.markers[0].side
    for marker in layout.markers:
        number = marker_number(serial, marker.place)
        if not pen.keeps(f"marker-{number}"):
            with pen.form(f"marker-{number}", side, side):
                pen.fill(_in_square(modules_shape(marker_modules(number)), side, MODULES), INK)
    side = layout.codes[0].side
    if not pen.keeps(f"code-{serial}"):
        with pen.form(f"code-{serial}", side, side):
            pen.fill(_in_square(modules_shape(code_modules(code_text(serial))), side, CODE_MODULES), INK)


def draw_ring(pen: Pen, layout: Layout, serial: str) -> None:
    """The markers and codes of one sheet, after `keep_signs`; patches are the same on all, see `draw_patches`."""
    for marker in layout.markers:
        with pen.moved(marker.x - marker.side / 2, marker.y - marker.side / 2):
            pen.put(f"marker-{marker_number(serial, marker.place)}")
    for code in layout.codes:
        with pen.moved(code.x - code.side / 2, code.y - code.side / 2):
            pen.put(f"code-{serial}")


def draw_patches(pen: Pen, layout: Layout) -> None:
    """The colours that tell what light a photo was taken in."""
    for patch in layout.patches:
        tone = hex_of(np.array(patch.rgb) / 255)
        pen.rectangle(patch.box, tone)
        if tone == "#ffffff":
            pen.outline(patch.box, "#c9c4bb", 0.1)


def draw_code(pen: Pen, text: str, corner: tuple[float, float], side: float) -> None:
    """A QR code of any text: the corner and side are those of its modules, without the white around."""
    modules = _modules(segno.make_qr(text, error="m"))
    with pen.moved(*corner):
        pen.fill(_in_square(modules_shape(modules), side, len(modules)), INK)


def code_modules(text: str) -> NDArray[np.bool_]:
    """The modules of a sheet's small codes: QR version 1, a quarter of it may be dirty."""
    return _modules(segno.make_qr(text, version=1, error="q", boost_error=False))


def modules_shape(modules: ArrayLike) -> BaseGeometry:
    """Dark modules, a unit each, joined: drawn one by one they leave hairlines between them in print."""
    y, x = np.nonzero(np.asarray(modules))
    return shapely.union_all(shapely.box(x, y, x + 1, y + 1))


def _in_square(shape: BaseGeometry, side: float, modules: int) -> BaseGeometry:
    """A shape of so many modules in a square of so many millimetres."""
    return shapely.transform(shape, lambda places: places * (side / modules))


def _modules(code: Any) -> NDArray[np.bool_]:
    return np.array([[bool(one) for one in row] for row in code.matrix])
