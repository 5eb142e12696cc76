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


def draw_ring(pen: Pen, layout: Layout, serial: str) -> None:
    """The markers and codes of one sheet; patches are the same on all, see `draw_patches`."""
    for marker in layout.markers:
        modules = marker_modules(marker_number(serial, marker.place))
        corner = (marker.x - marker.side / 2, marker.y - marker.side / 2)
        pen.fill(modules_shape(modules, corner, marker.side / MODULES), INK)
    modules = code_modules(code_text(serial))
    for code in layout.codes:
        pen.fill(
            modules_shape(modules, (code.x - code.side / 2, code.y - code.side / 2), code.side / CODE_MODULES), INK
        )


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
    pen.fill(modules_shape(modules, corner, side / len(modules)), INK)


def code_modules(text: str) -> NDArray[np.bool_]:
    """The modules of a sheet's small codes: QR version 1, a quarter of it may be dirty."""
    return _modules(segno.make_qr(text, version=1, error="q", boost_error=False))


def modules_shape(modules: ArrayLike, corner: tuple[float, float], module: float) -> BaseGeometry:
    """Dark modules joined into outlines: drawn one by one they would leave hairlines between them in print."""
    rows, columns = np.nonzero(np.asarray(modules))
    x, y = columns, rows
    joined = shapely.union_all(shapely.box(x, y, x + 1, y + 1))
    return shapely.transform(joined, lambda places: places * module + corner)


def _modules(code: Any) -> NDArray[np.bool_]:
    return np.array([[bool(one) for one in row] for row in code.matrix])
