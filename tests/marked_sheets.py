"""Paper sheets with photos and marks as rows, for tests of what an official makes of them."""

from __future__ import annotations

import io
import uuid
from collections.abc import Sequence
from functools import cache
from typing import Any

from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from app.inputs.sheets import PrintInput
from app.models import PhotoPicture, Sheet, SheetMark, SheetPhoto, SheetPrint
from app.queries.maps import MapRecord
from app.services.respondents import sheet_receipt
from app.services.sheets import paper_sheet
from gis.crs import to_metric
from gis.paper.serial import make_serial
from gis.paper.sheet import PaperSheet, sheet_json

SECRET = "tests only"


def a_sheet_of(
    session: Session, the_map: MapRecord, count: int = 1, *, scale: int = 10_000, **values: Any
) -> list[str]:
    """Printed A4 sheets of the map with nothing drawn on them; their serials. Middle and scale are known."""
    by_row = bool(values.pop("by_row", False))
    sheet = paper_sheet(the_map, PrintInput(paper="A4", scale=scale, by_row=by_row))
    printed = SheetPrint(
        map_id=the_map.id,
        id=values.pop("id", None) or uuid.uuid4(),
        geometry=sheet_json(sheet),
        by_row=by_row,
        picture=picture_of(sheet.picture_size, "PNG"),
        pdf=b"%PDF-",
        **values,
    )
    session.add(printed)
    session.flush()
    serials = [make_serial() for _ in range(count)]
    for n, serial in enumerate(serials, 1):
        receipt = None if by_row else sheet_receipt(the_map, serial, secret=SECRET)[1]
        session.add(Sheet(map_id=the_map.id, serial=serial, print_id=printed.id, n=n, receipt_hash=receipt))
    session.commit()
    return serials


def geometry_of(the_map: MapRecord, *, scale: int = 10_000, by_row: bool = False) -> PaperSheet:
    """The page that `a_sheet_of` prints."""
    return paper_sheet(the_map, PrintInput(paper="A4", scale=scale, by_row=by_row))


def on_page(sheet: PaperSheet, lon: float, lat: float) -> tuple[float, float]:
    """Where a place lies on the page, in millimetres."""
    x, y = sheet.to_page(*to_metric(sheet.crs)(lon, lat))
    return float(x), float(y)


def a_photo_of(
    session: Session, the_map: MapRecord, serial: str, pictures: Sequence[str] = ("frame",)
) -> uuid.UUID:
    """A photo of the sheet that was read."""
    photo = uuid.uuid4()
    session.add(
        SheetPhoto(
            map_id=the_map.id, id=photo, digest=photo.bytes, filename="foto.jpg", state="read", serial=serial
        )
    )
    session.flush()
    content = picture_of(geometry_of(the_map).picture_size, "JPEG")
    session.add_all(
        PhotoPicture(map_id=the_map.id, photo_id=photo, what=what, content=content) for what in pictures
    )
    session.commit()
    return photo


def a_mark(session: Session, the_map: MapRecord, serial: str, at: tuple[float, float], **values: Any) -> uuid.UUID:
    """A sticker that a photo told, at millimetres of the page; its id."""
    mark_id = uuid.uuid4()
    category = values.get("category", "safe")
    defaults = {
        "kind": "sticker",
        "category": category,
        "found": {"x_mm": at[0], "y_mm": at[1], "category": category},
        "diameter_mm": 8.0,
        "confidence": 0.97,
        "precision_mm": 0.5,
    }
    session.add(
        SheetMark(map_id=the_map.id, id=mark_id, serial=serial, x_mm=at[0], y_mm=at[1], **(defaults | values))
    )
    session.commit()
    return mark_id


@cache
def picture_of(size: tuple[int, int], form: str) -> bytes:
    """A plain paper tone with one line across."""
    image = Image.new("RGB", size, (246, 243, 236))
    ImageDraw.Draw(image).line([(0, size[1] // 2), (size[0], size[1] // 2)], fill=(190, 180, 160), width=6)
    out = io.BytesIO()
    image.save(out, form)
    return out.getvalue()
