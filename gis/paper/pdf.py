"""Sheets as a PDF: all that copies share is drawn once, and each copy adds its serial."""

from __future__ import annotations

from io import BytesIO
from typing import Final

from reportlab import rl_config
from reportlab.pdfgen.canvas import Canvas

from gis.paper.column import draw_column
from gis.paper.fonts import printable
from gis.paper.furniture import draw_furniture
from gis.paper.ground_drawing import draw_ground, on_page
from gis.paper.margin import draw_serial, draw_slip, draw_title
from gis.paper.names import draw_names
from gis.paper.order import SheetCopy, SheetOrder, SheetText, SheetWords
from gis.paper.parts import EDGE_MM, draw_marks, parts_on
from gis.paper.pen import Pen
from gis.paper.signs import draw_patches, draw_ring, keep_signs
from gis.paper.tones import INK

__all__ = ["SheetCopy", "SheetOrder", "SheetText", "SheetWords", "sheets_pdf"]

_SHARED: Final = "shared"
# Streams as bytes, not as text: a fifth smaller, and no mail program of this century minds.
rl_config.useA85 = 0


def sheets_pdf(order: SheetOrder) -> bytes:
    """The sheets of an order, one page each, or several where a large sheet is printed in parts."""
    kept = BytesIO()
    main = order.words.texts[0]
    canvas = Canvas(kept, pageCompression=1, invariant=1, lang=main.language)
    canvas.setTitle(printable(main.title))
    canvas.setSubject(printable(main.lead))
    pen = Pen(canvas)
    with pen.form(_SHARED, *order.sheet.layout.page):
        draw_shared(pen, order)
    for copy in order.copies:
        keep_signs(pen, order.sheet.layout, copy.serial)
        if order.pages_on:
            _in_parts(pen, order, copy, order.pages_on)
        else:
            with pen.page(*order.sheet.layout.page):
                pen.put(_SHARED)
                draw_copy(pen, order, copy)
    canvas.save()
    return kept.getvalue()


def draw_shared(pen: Pen, order: SheetOrder) -> None:
    """What is the same on all copies: ground, names, patches, words."""
    page = on_page(order.ground, order.sheet)
    draw_ground(pen, page, order.ground.picture)
    with pen.within(order.sheet.layout.frame):
        taken = draw_furniture(pen, order, page.size)
        draw_names(pen, page, taken)
    pen.outline(order.sheet.layout.frame, INK, 0.25)
    draw_patches(pen, order.sheet.layout)
    draw_title(pen, order)
    draw_column(pen, order, page.size)


def draw_copy(pen: Pen, order: SheetOrder, copy: SheetCopy) -> None:
    """What differs from copy to copy: markers, codes, serial, receipt."""
    draw_ring(pen, order.sheet.layout, copy.serial)
    draw_serial(pen, order, copy)
    draw_slip(pen, order, copy)


def _in_parts(pen: Pen, order: SheetOrder, copy: SheetCopy, paper: str) -> None:
    own = f"copy-{copy.n}"
    with pen.form(own, *order.sheet.layout.page):
        draw_copy(pen, order, copy)
    parts = parts_on(paper, order.sheet.layout.page)
    wide, high = parts.shown
    for part in parts.all():
        with pen.page(*parts.page):
            with (
                pen.within((EDGE_MM, EDGE_MM, wide, high)),
                pen.moved(EDGE_MM - part.left, EDGE_MM - part.top),
            ):
                pen.put(_SHARED)
                pen.put(own)
            draw_marks(pen, order, copy, parts, part)
