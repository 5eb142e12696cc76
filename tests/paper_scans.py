"""Sheets that were really printed, with stickers on them, as a flat scanner sees them."""

from __future__ import annotations

import io
from collections.abc import Sequence

import pypdfium2
from PIL import Image, ImageDraw

from gis.paper.sheet import PaperSheet

DPI = 200
MM_PER_INCH = 25.4
STICKER_MM = 8.0

Sticker = tuple[str, float, float]
"""Category, and millimetres of the page."""


def scan_of(
    pdf: bytes, sheet: PaperSheet, stickers: Sequence[Sticker] = (), *, page: int = 1, dpi: int = DPI
) -> Image.Image:
    """A page of the PDF with round stickers on it."""
    document = pypdfium2.PdfDocument(pdf)
    try:
        picture = document[page - 1].render(scale=dpi / 72).to_pil().convert("RGB")
    finally:
        document.close()
    pen = ImageDraw.Draw(picture)
    colours = {one.key: one.rgb for one in sheet.stickers}
    for category, x_mm, y_mm in stickers:
        x, y, r = (value * dpi / MM_PER_INCH for value in (x_mm, y_mm, STICKER_MM / 2))
        pen.ellipse((x - r, y - r, x + r, y + r), fill=colours[category])
    return picture


def as_file(picture: Image.Image, form: str = "JPEG", *others: Image.Image) -> bytes:
    """The picture as a file: JPEG unless told, or a PDF with the others as further pages."""
    out = io.BytesIO()
    more = {"save_all": True, "append_images": list(others), "resolution": float(DPI)} if form == "PDF" else {}
    picture.save(out, form, **({"quality": 92} if form == "JPEG" else more))
    return out.getvalue()


def no_sheet() -> bytes:
    """A picture in which there is no sheet: waves of colour."""
    ramp = Image.linear_gradient("L").resize((2000, 1500))
    return as_file(Image.merge("RGB", (ramp, ramp.rotate(180), ramp.transpose(Image.Transpose.FLIP_LEFT_RIGHT))))
