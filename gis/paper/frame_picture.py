"""The picture of a sheet's frame as it was printed: what photos are compared with."""

from __future__ import annotations

import ctypes
import threading
from typing import Final

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
from numpy.typing import NDArray

from gis.paper.sheet import PaperSheet

_MM: Final = 72 / 25.4
_one_at_a_time: Final = threading.Lock()
"""PDFium may not be used by two threads at once."""


def frame_picture(pdf: bytes, sheet: PaperSheet) -> NDArray[np.uint8]:
    """RGB of the frame of a PDF's first page, of `sheet.picture_size`; pixel (0, 0) begins in the frame's corner.

    ValueError where the page is not the sheet's: of a sheet that is printed in parts, give the undivided drawing.
    """
    left, top, _, _ = sheet.layout.frame
    return page_picture(pdf, sheet.layout.page, (left, top), sheet.picture_px_per_mm, sheet.picture_size)


Pair = tuple[float, float]


def page_picture(
    pdf: bytes, page_mm: Pair, corner_mm: Pair, px_per_mm: float, size: tuple[int, int], number: int = 0
) -> NDArray[np.uint8]:
    """RGB of the part of a page that begins at a corner, so many pixels wide and high; `number` counts from 0.

    To the pixel: PDFium's own way to a picture stretches the page to whole pixels.
    """
    with _one_at_a_time:
        document = pypdfium2.PdfDocument(pdf)
        try:
            page = document[number]
            found = tuple(side / _MM for side in page.get_size())
            if any(abs(one - other) > 0.5 for one, other in zip(found, page_mm, strict=True)):
                raise ValueError(found)
            return _rendered(page, corner_mm, px_per_mm, size)
        finally:
            document.close()


def _rendered(
    page: pypdfium2.PdfPage, corner_mm: tuple[float, float], px_per_mm: float, size: tuple[int, int]
) -> NDArray[np.uint8]:
    width, height = size
    bitmap = pypdfium2.PdfBitmap.new_native(width, height, pdfium.FPDFBitmap_BGR)
    bitmap.fill_rect((255, 255, 255, 255), 0, 0, width, height)
    zoom = px_per_mm / _MM
    matrix = pdfium.FS_MATRIX(zoom, 0, 0, zoom, -corner_mm[0] * px_per_mm, -corner_mm[1] * px_per_mm)
    clip = pdfium.FS_RECTF(0, 0, width, height)
    pdfium.FPDF_RenderPageBitmapWithMatrix(
        bitmap, page, ctypes.byref(matrix), ctypes.byref(clip), pdfium.FPDF_REVERSE_BYTE_ORDER
    )
    pixels: NDArray[np.uint8] = bitmap.to_numpy()[:, :, :3].copy()
    return pixels
