"""What says which sheet it is: the title over the frame with the serial, and the slip to tear off."""

from __future__ import annotations

from gis.paper import fonts
from gis.paper.layout import Box
from gis.paper.order import SheetCopy, SheetOrder
from gis.paper.pen import Face, Pen
from gis.paper.prose import LEADING, draw_prose, prose_height, sentences, shrunk
from gis.paper.serial import shown_serial
from gis.paper.signs import draw_code
from gis.paper.tones import INK, LINE, SOFT


def draw_title(pen: Pen, order: SheetOrder) -> None:
    """The map's title and question, in its languages; the event."""
    left, top, width, height = order.sheet.layout.title
    unit = height / 13
    texts, room = order.words.texts, width - _serial_room(order, unit)
    title, face = shrunk(texts[0].title, Face(5.4 * unit, font=fonts.TITLE), room, 3.2 * unit)
    pen.text((left, top + 4.6 * unit), title, face)
    used = face.width(title) + 3 * unit
    others = "  ·  ".join(one.title for one in texts[1:] if one.title)
    other = Face(3.0 * unit, SOFT)
    if others and used + other.width(others) <= room:
        pen.text((left + used, top + 4.6 * unit), others, other)
    lead, face = sentences(texts[0].lead, Face(2.7 * unit), room, 2.0 * unit)
    pen.text((left, top + 8.5 * unit), lead, face)
    below, face = sentences(texts[1].lead if texts[1:] else "", Face(2.2 * unit, SOFT), room, 1.8 * unit)
    pen.text((left, top + 11.5 * unit), below, face)


def draw_serial(pen: Pen, order: SheetOrder, copy: SheetCopy) -> None:
    """Which sheet this is, at the right of the title."""
    left, top, width, height = order.sheet.layout.title
    unit, right = height / 13, left + width
    words = order.words
    large = Face(5.0 * unit, font=fonts.BOLD)
    pen.text((right, top + 4.6 * unit), shown_serial(copy.serial), large, align="right")
    count = words.numbered.format(n=copy.n, of=max(one.n for one in order.copies))
    pen.text((right, top + 8.3 * unit), _said(words.serial, count), Face(2.3 * unit, SOFT), align="right")
    if words.event:
        event, face = shrunk(words.event, Face(2.3 * unit), 0.45 * width, 1.8 * unit)
        pen.text((right, top + 11.5 * unit), event, face, align="right")


def draw_slip(pen: Pen, order: SheetOrder, copy: SheetCopy) -> None:
    """The receipt: the code with which somebody comes back to what they put on this sheet."""
    box = order.sheet.layout.slip
    if box is None:
        return
    left, top, width, height = box
    unit = height / 24
    pen.cut_line((left, top), (left + width, top), LINE, 0.3)
    inner: Box = (left, top + 2.2 * unit, width, height - 2.2 * unit)
    if copy.receipt_address:
        side = min(inner[3] - 2.5 * unit, 0.27 * width)
        draw_code(pen, copy.receipt_address, (left + width - side, inner[1] + 1.5 * unit), side)
        inner = (inner[0], inner[1], inner[2] - side - 3 * unit, inner[3])
    _receipt(pen, order, copy, inner, unit)


def _said(serial: str, count: str) -> str:
    """`Number of the sheet · Sheet 1 of 3`, or the latter alone where it begins with the former."""
    return count if not serial or count.startswith(serial) else f"{serial}  ·  {count}"


def _receipt(pen: Pen, order: SheetOrder, copy: SheetCopy, box: Box, unit: float) -> None:
    left, top, width, height = box
    words, y = order.words, top
    for i, one in enumerate(words.texts):
        face = Face(2.5 * unit, font=fonts.BOLD) if i == 0 else Face(2.0 * unit, SOFT)
        heading, face = shrunk(one.slip, face, width, 1.7 * unit)
        pen.text((left, y + face.size), heading, face)
        y += face.size * LEADING
    code = Face(5.0 * unit, font=fonts.BOLD)
    written, code = shrunk(copy.receipt, code, width, 0.1) if copy.receipt else ("", code)  # small, but whole
    y += 1.0 * unit
    label = Face(2.3 * unit, SOFT)
    before = label.width(f"{words.receipt} ") if words.receipt and written else 0.0
    before = before if before + code.width(written) <= width else 0.0
    if before:
        pen.text((left, y + code.size * 0.8), words.receipt, label)
    pen.text((left + before, y + code.size * 0.8), written, code)
    sheet = f"{words.serial} {shown_serial(copy.serial)}".strip()
    small = Face(2.0 * unit, SOFT)
    y += code.size * 1.05
    if before + code.width(written) + small.width(sheet) + 4 * unit <= width:
        pen.text((left + width, y - code.size * 0.25), sheet, small, align="right")
    else:
        pen.text((left, y + small.size), sheet, small)
        y += small.size * LEADING
    _help(pen, [one.slip_help for one in words.texts], (left, y + 0.6 * unit, width, top + height - y), unit)


def _help(pen: Pen, texts: list[str], box: Box, unit: float) -> None:
    """What the receipt is good for, in as many languages as there is room for."""
    left, y, width, height = box
    for i, text in enumerate(texts):
        tone = INK if i == 0 else SOFT
        face = Face(2.0 * unit, tone)
        while i == 0 and prose_height(text, face, width) > height and face.size > 1.5 * unit:
            face = Face(face.size - 0.1 * unit, tone)
        high = prose_height(text, face, width)
        if i and y + high > box[1] + height:
            return
        y += draw_prose(pen, (left, y), text, face, width)


def _serial_room(order: SheetOrder, unit: float) -> float:
    """How much of the title's width the serial takes."""
    of = max(one.n for one in order.copies)
    count = order.words.numbered.format(n=of, of=of)
    below = Face(2.3 * unit).width(_said(order.words.serial, count))
    event = shrunk(order.words.event, Face(2.3 * unit), 0.45 * order.sheet.layout.title[2], 1.8 * unit)
    serial = Face(5.0 * unit, font=fonts.BOLD).width("WWW WWW WWW")
    return max(below, serial, event[1].width(event[0])) + 5 * unit
