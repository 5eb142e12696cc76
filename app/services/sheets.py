"""Paper sheets: ordered, drawn, numbered and stored, so that photos of them can be read years later."""

from __future__ import annotations

import io
import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Unknown
from app.inputs.sheets import PrintInput
from app.models import Sheet, SheetPrint
from app.queries.maps import MapRecord, find_event
from app.services.audit import Actor, Deed, record
from app.services.respondents import hold_people, refuse_anonymised, sheet_receipt
from app.services.sheet_ground import sheet_ground
from app.services.sheet_words import sheet_words
from gis.crs import to_metric, transform_geometry
from gis.paper.order import SheetCopy, SheetOrder
from gis.paper.serial import make_serial
from gis.paper.sheet import PaperSheet, Sticker, sheet_json, sheet_of


@dataclass(frozen=True)
class PrintShop:
    """What printing needs of the server: its address, the secret of receipts, and where tiles are kept."""

    address: str
    secret: str
    home: Path
    inner_hosts: Collection[str] = ()


@dataclass(frozen=True)
class Printed:
    """Sheets that were just printed."""

    id: uuid.UUID
    pdf: bytes
    serials: tuple[str, ...]


def print_sheets(session: Session, by: Actor, the_map: MapRecord, wanted: PrintInput, shop: PrintShop) -> Printed:
    """Draw and store an order of sheets, each with a new serial.

    Anonymised once the map has forgotten its people: nobody's sheet could come back.
    """
    refuse_anonymised(the_map)
    sheet = paper_sheet(the_map, wanted)
    serials = tuple(make_serial() for _ in range(wanted.count))
    receipts = [
        None if wanted.by_row else sheet_receipt(the_map, serial, secret=shop.secret) for serial in serials
    ]
    address = map_address(shop, the_map, wanted.event)
    event = find_event(session, the_map.id, wanted.event) if wanted.event else None
    from gis.paper.frame_picture import frame_picture
    from gis.paper.pdf import sheets_pdf

    receipt_address = f"{map_address(shop, the_map, None)}/receipt"
    order = SheetOrder(
        sheet=sheet,
        ground=sheet_ground(session, the_map, sheet, shop.home, shop.inner_hosts),
        words=sheet_words(the_map, event, wanted, address),
        copies=[
            SheetCopy(serial, n, *((receipt[0], receipt_address) if receipt else ()))
            for n, (serial, receipt) in enumerate(zip(serials, receipts, strict=True), 1)
        ],
        address=address,
        by_row=wanted.by_row,
        pages_on=wanted.pages_on,
        shapes={category.key: category.shape for category in the_map.categories},
    )
    pdf = sheets_pdf(order)
    one = sheets_pdf(replace(order, pages_on=None, copies=order.copies[:1])) if wanted.pages_on else pdf
    made = SheetPrint(
        map_id=the_map.id,
        id=uuid.uuid4(),
        event=wanted.event,
        geometry=sheet_json(sheet),
        by_row=wanted.by_row,
        pages_on=wanted.pages_on,
        picture=_png(frame_picture(one, sheet)),
        pdf=pdf,
        made_by=by.email,
    )
    # Drawing takes a while, in which the map may have forgotten its people.
    hold_people(session, the_map)
    session.add(made)
    session.flush()
    session.add_all(
        Sheet(
            map_id=the_map.id, serial=serial, print_id=made.id, n=n, receipt_hash=receipt[1] if receipt else None
        )
        for n, (serial, receipt) in enumerate(zip(serials, receipts, strict=True), 1)
    )
    detail = {"paper": wanted.paper, "count": wanted.count, "event": wanted.event}
    record(session, by, Deed("sheet.print", str(made.id), detail), the_map=the_map)
    session.flush()
    return Printed(made.id, pdf, serials)


def printed_pdf(session: Session, the_map: MapRecord, print_id: uuid.UUID) -> bytes:
    """The sheets of an order once more, exactly as they were; Unknown where there is no such order."""
    pdf = session.scalar(select(SheetPrint.pdf).where(SheetPrint.map_id == the_map.id, SheetPrint.id == print_id))
    if pdf is None:
        raise Unknown
    return pdf


def paper_sheet(the_map: MapRecord, wanted: PrintInput) -> PaperSheet:
    """The sheet that an order means: its page and the ground that it shows."""
    way = to_metric(the_map.metric_srid)
    area = transform_geometry(the_map.boundary, way).bounds
    centre = None
    if wanted.centre:
        east, north = way(*wanted.centre)
        centre = (float(east), float(north))
    return sheet_of(
        area,
        the_map.metric_srid,
        [Sticker.of(category.key, category.color) for category in the_map.categories],
        paper=wanted.paper,
        scale=wanted.scale,
        centre=centre,
        with_slip=not wanted.by_row,
    )


def map_address(shop: PrintShop, the_map: MapRecord, event: str | None) -> str:
    """What the large code of a sheet opens: the online map, at the event where there is one."""
    page = f"{shop.address.rstrip('/')}/m/{quote(the_map.slug)}"
    return f"{page}?event={quote(event)}" if event else page


def _png(picture: np.ndarray) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(picture).save(out, "PNG", optimize=True)
    return out.getvalue()
